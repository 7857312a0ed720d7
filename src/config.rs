//! The configuration, read once an upload from the table of settings.

use core::fmt;
use core::slice;
use core::time::Duration;
use std::rc::Rc;

use js_sys::Reflect;
use logpush_delivery::destination::{Destination, Kind};
use logpush_delivery::setting::{self, Given, Lookup, Problem, Setting, Values};
use logpush_delivery::settings;
use logpush_normalizer::{Dataset, Limits, Shape};
use logpush_status::health::AlertLimits;
use wasm_bindgen::JsValue;
use worker::Env;

use crate::http::secrets::Secrets;

/// Where variables and secrets come from.
#[derive(Clone)]
pub(crate) struct Variables {
    lookup: Rc<Lookup<'static>>,
}

impl Variables {
    pub(crate) fn new(env: &Env) -> Self {
        let env = JsValue::from(env.clone());
        Self {
            lookup: Rc::new(move |name| given(&Reflect::get(&env, &name.into()).ok()?)),
        }
    }
}

/// All that an upload is handled by, but for the secrets that let it in.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) shape: Shape,
    pub(crate) limits: Limits,
    /// Bytes of an upload as received.
    pub(crate) upload_max: u64,
    pub(crate) deliveries_in_flight: usize,
    pub(crate) keep_original: bool,
    pub(crate) unmask: bool,
    pub(crate) retry: Retry,
    /// 0: as many as there are.
    pub(crate) intake_requests_per_second: u64,
    pub(crate) durable: Durable,
    /// Where documents go.
    pub(crate) kind: &'static Kind,
    /// With the settings of the kind among them.
    variables: Variables,
}

/// How deliveries are tried again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Retry {
    /// How long one request may take.
    pub(crate) timeout: Duration,
    /// The first wait; each next one is twice as long.
    pub(crate) base: Duration,
    /// How long an upload goes on trying while every request fails.
    pub(crate) budget: Duration,
}

/// What only the durable route is handled by.
#[derive(Debug)]
pub(crate) struct Durable {
    /// The first wait before an upload is delivered again, and the longest.
    pub(crate) redelivery_base: Duration,
    pub(crate) redelivery_max: Duration,
    /// How long an upload is tried before it becomes a dead letter.
    pub(crate) retry_for: Duration,
    /// How long delivered uploads are kept; zero: not at all.
    pub(crate) keep_delivered: Duration,
    /// How long one invocation goes on delivering an upload.
    pub(crate) invocation_max: Duration,
    /// How long an upload must have been left alone before the sweep takes it up.
    pub(crate) sweep_after: Duration,
}

/// What is told to the operator without being asked, and from where on.
pub(crate) struct Alerts {
    pub(crate) limits: AlertLimits,
    /// Takes the news. A secret: who knows the address can write there.
    pub(crate) webhook: Option<String>,
    pub(crate) cloudflare: Option<Cloudflare>,
}

/// Where to ask for Logpush jobs.
pub(crate) struct Cloudflare {
    pub(crate) url: String,
    pub(crate) token: String,
    /// `zones/ID` and `accounts/ID`.
    pub(crate) places: Vec<String>,
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The secrets that let an upload in, or what is wrong with them.
pub(crate) fn secrets(variables: &Variables) -> Result<Secrets, String> {
    secrets_of(variables, &settings::LOGPUSH_SECRET)
}

/// The secrets that let the operator in, or what is wrong with them.
pub(crate) fn operator_secrets(variables: &Variables) -> Result<Secrets, String> {
    secrets_of(variables, &settings::OPERATOR_SECRET)
}

/// Reads the configuration, the secrets' soundness included.
///
/// # Errors
///
/// All problems, each naming its variable and never a value of a secret.
pub(crate) fn read(variables: &Variables) -> Result<Config, Vec<String>> {
    let reading = settings::for_uploads(&*variables.lookup);
    let kind = settings::kind(&reading.values);
    let mut problems = reading.problems;
    problems.extend(kind.problems(&*variables.lookup));
    if !problems.is_empty() {
        return Err(sentences(&problems));
    }
    let values = reading.values;
    let size = |name| values.integer(name) as usize;
    let millis = |name| Duration::from_millis(values.integer(name));
    let seconds = |name| Duration::from_secs(values.integer(name));
    let days = |name| DAY * values.integer(name) as u32;
    Ok(Config {
        shape: shape(&values),
        limits: Limits {
            line_bytes: size("LINE_MAX_BYTES"),
            document_bytes: size("DOCUMENT_MAX_BYTES"),
            batch_bytes: size("BATCH_MAX_BYTES"),
            batch_records: size("BATCH_MAX_RECORDS"),
            upload_bytes: values.integer("UPLOAD_MAX_PLAIN_BYTES"),
        },
        upload_max: values.integer("UPLOAD_MAX_BYTES"),
        deliveries_in_flight: size("DELIVERIES_IN_FLIGHT"),
        keep_original: values.flag("KEEP_ORIGINAL"),
        unmask: values.word("SENSITIVE_VALUES") == "shown",
        retry: Retry {
            timeout: millis("INTAKE_TIMEOUT_MS"),
            base: millis("RETRY_BASE_MS"),
            budget: millis("RETRY_BUDGET_MS"),
        },
        intake_requests_per_second: values.integer("INTAKE_MAX_REQUESTS_PER_SECOND"),
        durable: Durable {
            redelivery_base: seconds("REDELIVERY_BASE_SECONDS"),
            redelivery_max: seconds("REDELIVERY_MAX_SECONDS"),
            retry_for: days("RETRY_DAYS"),
            keep_delivered: days("KEEP_DELIVERED_DAYS"),
            invocation_max: millis("INVOCATION_MAX_MS"),
            sweep_after: seconds("SWEEP_AFTER_SECONDS"),
        },
        kind,
        variables: variables.clone(),
    })
}

/// Reads the settings of alerts, with what is wrong with them: no upload waits for these.
pub(crate) fn alerts(variables: &Variables) -> (Alerts, Vec<String>) {
    let reading = settings::for_alerts(&*variables.lookup);
    let values = reading.values;
    let minutes = |name| Duration::from_secs(values.integer(name) * 60);
    let alerts = Alerts {
        limits: AlertLimits {
            silent: minutes("ALERT_SILENT_MINUTES"),
            lag: minutes("ALERT_LAG_MINUTES"),
            backlog: values.integer("ALERT_BACKLOG_UPLOADS"),
        },
        webhook: values.text("ALERT_WEBHOOK_URL").map(str::to_owned),
        cloudflare: cloudflare(&values),
    };
    (alerts, sentences(&reading.problems))
}

impl Config {
    /// Where documents of a dataset go.
    ///
    /// # Errors
    ///
    /// Names the variables that are missing or wrong.
    pub(crate) fn destination(
        &self,
        dataset: Option<&'static Dataset>,
    ) -> Result<Box<dyn Destination>, String> {
        let name = dataset.map(|dataset| dataset.name);
        self.kind
            .open(name, &*self.variables.lookup)
            .map_err(|problems| sentences(&problems).join("; "))
    }
}

impl fmt::Debug for Variables {
    /// Without the values: secrets are among them.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Variables").finish_non_exhaustive()
    }
}

/// What stands in the environment: a number or a boolean of `wrangler.toml` arrives as one.
fn given(value: &JsValue) -> Option<Given> {
    if value.is_undefined() || value.is_null() {
        return None;
    }
    let text = value
        .as_string()
        .or_else(|| value.as_f64().map(|number| number.to_string()))
        .or_else(|| value.as_bool().map(|boolean| boolean.to_string()));
    Some(text.map_or(Given::Object, Given::Text))
}

fn secrets_of(variables: &Variables, setting: &'static Setting) -> Result<Secrets, String> {
    let values = setting::read(slice::from_ref(setting), None, &*variables.lookup)
        .finish()
        .map_err(|problems| sentences(&problems).join("; "))?;
    let text = values
        .text(setting.name)
        .ok_or_else(|| format!("{} is not set", setting.name))?;
    Secrets::parse(text).map_err(|problem| format!("{} {problem}", setting.name))
}

fn shape(values: &Values) -> Shape {
    match values.word("SHAPE") {
        "native" => Shape::Native,
        other => {
            debug_assert_eq!(other, "ecs", "the table has a shape that is not read");
            Shape::Ecs
        }
    }
}

/// Where to ask for jobs; nowhere without a token and something to ask about.
fn cloudflare(values: &Values) -> Option<Cloudflare> {
    let token = values.text("CLOUDFLARE_API_TOKEN")?;
    let url = values.text("CLOUDFLARE_API_BASE_URL")?;
    let places: Vec<String> = [
        ("zones", "CLOUDFLARE_ZONE_IDS"),
        ("accounts", "CLOUDFLARE_ACCOUNT_ID"),
    ]
    .iter()
    .flat_map(|(kind, name)| {
        values
            .ids(name)
            .iter()
            .map(move |id| format!("{kind}/{id}"))
    })
    .collect();
    (!places.is_empty()).then(|| Cloudflare {
        url: url.trim_end_matches('/').to_owned(),
        token: token.to_owned(),
        places,
    })
}

fn sentences(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const SECRET: (&str, &str) = ("LOGPUSH_SECRET", "0123456789abcdef");
    const KEY: (&str, &str) = ("SEKOIA_INTAKE_KEY", "key");

    fn variables(values: &[(&'static str, &'static str)]) -> Variables {
        let values: BTreeMap<_, _> = values.iter().copied().collect();
        Variables {
            lookup: Rc::new(move |name| {
                let value = values.get(name);
                value.map(|value| Given::Text((*value).to_owned()))
            }),
        }
    }

    fn problems(values: &[(&'static str, &'static str)]) -> Vec<String> {
        read(&variables(values)).err().unwrap_or_default()
    }

    #[test]
    fn sound_configurations_have_no_problem() {
        for values in [
            vec![SECRET, KEY],
            vec![SECRET, ("SEKOIA_INTAKE_KEY_FIREWALL_EVENTS", "key")],
            vec![
                SECRET,
                KEY,
                (
                    "SEKOIA_INTAKE_URL",
                    "https://intake.fra2.sekoia.io/api/v1/intake-http/",
                ),
            ],
            vec![SECRET, KEY, ("SEKOIA_INTAKE_URL", "http://127.0.0.1:9000")],
            vec![
                SECRET,
                ("DESTINATION", "http"),
                ("HTTP_URL", "https://siem.example/in?x=1"),
            ],
            vec![
                SECRET,
                KEY,
                ("SHAPE", "native"),
                ("KEEP_ORIGINAL", "true"),
                ("RETRY_BUDGET_MS", "0"),
            ],
        ] {
            assert_eq!(problems(&values), Vec::<String>::new(), "{values:?}");
        }
    }

    #[test]
    fn every_problem_is_named() {
        for (name, value) in [
            ("LOGPUSH_SECRET", "short"),
            ("SHAPE", "ECS"),
            ("DESTINATION", "splunk"),
            ("SEKOIA_INTAKE_URL", "http://intake.sekoia.io"),
            ("SEKOIA_INTAKE_URL", "http://127.0.0.1.example"),
            (
                "SEKOIA_INTAKE_URL",
                "https://user:password@intake.sekoia.io",
            ),
            ("BATCH_MAX_BYTES", "10485761"),
            ("BATCH_MAX_RECORDS", "0"),
            ("DELIVERIES_IN_FLIGHT", "7"),
            ("DOCUMENT_MAX_BYTES", "5000000"),
            ("KEEP_ORIGINAL", "yes"),
            ("RETRY_BASE_MS", "-1"),
        ] {
            let found = problems(&[SECRET, KEY, (name, value)]);
            assert!(
                found.len() == 1 && found[0].starts_with(name),
                "{name}={value}: {found:?}"
            );
            assert!(
                name != "LOGPUSH_SECRET" || !found[0].contains(value),
                "{found:?}"
            );
        }
        for headers in ["x", "{\"a b\":\"c\"}", "{\"a\":\"b\\r\\nc\"}", "[1]"] {
            let found = problems(&[
                SECRET,
                ("DESTINATION", "http"),
                ("HTTP_URL", "https://a.example"),
                ("HTTP_HEADERS", headers),
            ]);
            assert!(
                found.len() == 1 && found[0].starts_with("HTTP_HEADERS"),
                "{headers}: {found:?}"
            );
        }
    }

    #[test]
    fn what_is_set_arrives_in_the_configuration() {
        let config = read(&variables(&[
            SECRET,
            KEY,
            ("SHAPE", "native"),
            ("SENSITIVE_VALUES", "shown"),
            ("KEEP_ORIGINAL", "true"),
            ("RETRY_DAYS", "2"),
            ("INTAKE_TIMEOUT_MS", "7"),
            ("BATCH_MAX_RECORDS", "9"),
        ]))
        .unwrap();
        assert_eq!(config.shape, Shape::Native);
        assert!(config.unmask && config.keep_original);
        assert_eq!(config.durable.retry_for, DAY * 2);
        assert_eq!(config.retry.timeout, Duration::from_millis(7));
        assert_eq!(config.limits.batch_records, 9);
        assert_eq!(config.kind.name, "sekoia");
    }

    #[test]
    fn the_settings_of_alerts_are_checked_without_stopping_uploads() {
        for (name, value) in [
            ("ALERT_SILENT_MINUTES", "0"),
            ("ALERT_LAG_MINUTES", "soon"),
            ("ALERT_BACKLOG_UPLOADS", "-1"),
            ("ALERT_WEBHOOK_URL", "http://hooks.example/secret"),
            ("CLOUDFLARE_API_TOKEN", "token"),
        ] {
            let (_, found) = alerts(&variables(&[(name, value)]));
            assert!(
                found.len() == 1 && found[0].starts_with(name),
                "{name}: {found:?}"
            );
            assert!(!found[0].contains("secret"), "{found:?}");
            assert_eq!(
                problems(&[SECRET, KEY, (name, value)]),
                Vec::<String>::new()
            );
        }
        let (sound, found) = alerts(&variables(&[
            ("CLOUDFLARE_API_TOKEN", "token"),
            ("CLOUDFLARE_ZONE_IDS", "0a, 0b"),
            ("CLOUDFLARE_ACCOUNT_ID", "0c"),
        ]));
        assert_eq!(found, Vec::<String>::new());
        let cloudflare = sound.cloudflare.unwrap();
        assert_eq!(cloudflare.places, ["zones/0a", "zones/0b", "accounts/0c"]);
        assert_eq!(cloudflare.url, "https://api.cloudflare.com/client/v4");
    }

    #[test]
    fn all_problems_are_named_at_once() {
        let found = problems(&[
            ("SHAPE", "x"),
            ("LINE_MAX_BYTES", "many"),
            ("DESTINATION", "http"),
        ]);
        for name in ["SHAPE", "LINE_MAX_BYTES", "HTTP_URL", "LOGPUSH_SECRET"] {
            assert!(
                found.iter().any(|problem| problem.starts_with(name)),
                "{name}: {found:?}"
            );
        }
    }
}
