//! Cloudflare's API: calls, the envelope of their answers, and pages of lists.

use core::time::Duration;
use std::env;
use std::io::Read as _;
use std::rc::Rc;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use ureq::http::{HeaderValue, Response, Uri};
use ureq::{Agent, Body};

use crate::jobs::cloudflare::error::JobsError;
use crate::jobs::cloudflare::explain;
use crate::mask::Mask;
use crate::terminal::printable;
use crate::worker_client::target::is_loopback;

pub(crate) const BASE: &str = "https://api.cloudflare.com/client/v4";

/// A client of the API, with the token.
pub(crate) struct Api {
    agent: Agent,
    base: String,
    authorization: HeaderValue,
    mask: Rc<Mask>,
}

/// A call, and the dataset that it concerns.
pub(crate) struct Call<'a> {
    path: String,
    dataset: Option<&'a str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Post,
    Put,
    Delete,
}

impl Method {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

#[derive(Deserialize)]
struct Envelope {
    success: bool,
    /// The API sometimes answers null instead of an empty list.
    errors: Option<Vec<Complaint>>,
    #[serde(default)]
    result: Value,
    result_info: Option<ResultInfo>,
}

#[derive(Deserialize)]
struct Complaint {
    code: Option<i64>,
    #[serde(default)]
    message: String,
    #[serde(default)]
    error_chain: Vec<Self>,
}

#[derive(Deserialize)]
struct ResultInfo {
    total_pages: Option<u64>,
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest wait for an answer. To create a job, Cloudflare sends a test upload and waits for its
/// answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(90);

/// Bytes of an answer that are read. 50 zones, or all jobs of one, are some 100 kB.
const ANSWER_MAX: u64 = 8 * 1024 * 1024;

/// Characters that are shown of an answer that is not the API's.
const SHOWN_MAX: usize = 200;

/// Zones of a page, the most that the API allows.
const PER_PAGE: u64 = 50;

/// Pages that are read, 10,000 zones. An API with more repeats itself.
const PAGES_MAX: u64 = 200;

impl<'a> Call<'a> {
    pub(crate) fn new(path: String) -> Self {
        Self {
            path,
            dataset: None,
        }
    }

    /// A call that concerns a dataset, which makes errors easier to explain.
    pub(crate) fn about(path: String, dataset: Option<&'a str>) -> Self {
        Self { path, dataset }
    }
}

impl Api {
    /// Takes the token from the environment variable `CLOUDFLARE_API_TOKEN`.
    pub(crate) fn from_environment(base: &str, mask: &Rc<Mask>) -> Result<Self, JobsError> {
        let base = base.trim_end_matches('/').to_owned();
        let url: Uri = base
            .parse()
            .map_err(|error| JobsError::Usage(format!("--api is not a URL: {error}")))?;
        let local = url.host().is_some_and(is_loopback);
        if url.host().is_none() || !(url.scheme_str() == Some("https") || local) {
            return Err(JobsError::Usage(
                "--api must be https, which protects the token on the way (http is for this machine only)"
                    .to_owned(),
            ));
        }
        let config = Agent::config_builder()
            .user_agent(concat!("logpush-ecs/", env!("CARGO_PKG_VERSION")))
            .http_status_as_error(false)
            // Following a redirect would give the token away.
            .max_redirects(0)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_recv_response(Some(ANSWER_TIMEOUT))
            .timeout_recv_body(Some(ANSWER_TIMEOUT));
        // No proxy stands between this machine and itself.
        let config = match local {
            true => config.proxy(None),
            false => config,
        };
        Ok(Self {
            agent: config.build().into(),
            base,
            authorization: token(mask)?,
            mask: Rc::clone(mask),
        })
    }

    /// The whole URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.base)
    }

    pub(crate) fn get<T: DeserializeOwned>(&self, call: &Call<'_>) -> Result<T, JobsError> {
        let envelope = self.read(call)?;
        typed(self.name("GET", call), envelope.result)
    }

    /// Reads all pages of a list. The path must have a query already.
    pub(crate) fn pages<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, JobsError> {
        let mut all = Vec::new();
        for page in 1..=PAGES_MAX {
            let call = Call::new(format!("{path}&per_page={PER_PAGE}&page={page}"));
            let envelope = self.read(&call)?;
            let items: Vec<T> = typed(self.name("GET", &call), envelope.result)?;
            let is_last = items.is_empty()
                || envelope
                    .result_info
                    .and_then(|info| info.total_pages)
                    .is_none_or(|pages| page >= pages);
            all.extend(items);
            if is_last {
                break;
            }
        }
        Ok(all)
    }

    /// Makes a call that changes something or makes Cloudflare act.
    pub(crate) fn send(
        &self,
        method: Method,
        call: &Call<'_>,
        body: Option<&Value>,
    ) -> Result<Value, JobsError> {
        let url = self.url(&call.path);
        let request = match method {
            Method::Post => self.agent.post(&url),
            Method::Put => self.agent.put(&url),
            Method::Delete => self.agent.delete(&url).force_send_body(),
        }
        .header("Authorization", &self.authorization);
        let answer = match body {
            Some(body) => request
                .content_type("application/json")
                .send(body.to_string()),
            None => request.send_empty(),
        };
        Ok(self.envelope(method.name(), call, answer)?.result)
    }

    fn read(&self, call: &Call<'_>) -> Result<Envelope, JobsError> {
        let answer = self
            .agent
            .get(self.url(&call.path))
            .header("Authorization", &self.authorization)
            .call();
        self.envelope("GET", call, answer)
    }

    fn envelope(
        &self,
        method: &str,
        call: &Call<'_>,
        answer: Result<Response<Body>, ureq::Error>,
    ) -> Result<Envelope, JobsError> {
        let name = self.name(method, call);
        let no_answer = |source| JobsError::NoAnswer {
            call: name.clone(),
            source,
        };
        let mut answer = answer.map_err(no_answer)?;
        let status = answer.status().as_u16();
        let mut bytes = Vec::new();
        answer
            .body_mut()
            .as_reader()
            .take(ANSWER_MAX)
            .read_to_end(&mut bytes)
            .map_err(|error| no_answer(error.into()))?;
        let Ok(envelope) = serde_json::from_slice::<Envelope>(&bytes) else {
            let text = self.mask.hide(&String::from_utf8_lossy(&bytes));
            return Err(match status {
                // Cloudflare's edge answers these itself, in HTML.
                429 | 500.. => explain::refused(name, status, &[], call.dataset),
                _ => JobsError::NotTheApi {
                    call: name,
                    status,
                    text: printable(text.trim()).chars().take(SHOWN_MAX).collect(),
                },
            });
        };
        if envelope.success && (200..300).contains(&status) {
            return Ok(envelope);
        }
        let mut complaints = Vec::new();
        flatten(
            envelope.errors.as_deref().unwrap_or_default(),
            &mut complaints,
        );
        let complaints: Vec<_> = complaints
            .into_iter()
            .map(|(code, message)| (code, printable(&self.mask.hide(message))))
            .collect();
        Err(explain::refused(name, status, &complaints, call.dataset))
    }

    fn name(&self, method: &str, call: &Call<'_>) -> String {
        self.mask.hide(&format!("{method} {}", call.path))
    }
}

fn token(mask: &Mask) -> Result<HeaderValue, JobsError> {
    const WHERE: &str = "create an API token at dash.cloudflare.com/profile/api-tokens";
    let token = env::var("CLOUDFLARE_API_TOKEN").unwrap_or_default();
    let token = token.trim();
    if token.is_empty() {
        return Err(JobsError::Usage(format!(
            "CLOUDFLARE_API_TOKEN is not set: {WHERE}, with Logs > Edit for the zone or account, and export it under this name"
        )));
    }
    mask.add(token);
    let unusable = || {
        JobsError::Usage(format!(
            "CLOUDFLARE_API_TOKEN is not a token, which has only letters, digits, - and _: {WHERE}"
        ))
    };
    let is_sound = token
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    if !is_sound {
        return Err(unusable());
    }
    let mut header = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| unusable())?;
    header.set_sensitive(true);
    Ok(header)
}

fn typed<T: DeserializeOwned>(call: String, result: Value) -> Result<T, JobsError> {
    serde_json::from_value(result).map_err(|source| JobsError::Shape { call, source })
}

fn flatten<'a>(complaints: &'a [Complaint], all: &mut Vec<(Option<i64>, &'a str)>) {
    for complaint in complaints {
        all.push((complaint.code, &complaint.message));
        for inner in &complaint.error_chain {
            all.push((inner.code, &inner.message));
        }
    }
}
