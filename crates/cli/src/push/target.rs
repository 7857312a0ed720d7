//! Where uploads go, and the secret that they carry.

use core::net::IpAddr;
use std::env;

use logpush_normalizer::Dataset;
use ureq::http::{HeaderValue, Uri};

/// The URL of the uploads: the Worker's with the path for the dataset, or the whole URL as it is.
///
/// The messages do not repeat the URL: it may carry what it should not.
pub(crate) fn url(text: &str, dataset: Option<&Dataset>) -> Result<Uri, String> {
    const SECRET: &str = "the secret belongs into the environment, into LOGPUSH_SECRET";
    let url: Uri = text
        .parse()
        .map_err(|error| format!("--url is no URL: {error}"))?;
    let (Some(scheme), Some(authority)) = (url.scheme_str(), url.authority()) else {
        return Err("--url needs a scheme and a host: https://logs.example.com".to_owned());
    };
    if authority.port_u16().is_none() && !authority.as_str().ends_with(authority.host()) {
        return Err("--url has a port that is none: it is a number up to 65535".to_owned());
    }
    if authority.as_str().contains('@') {
        return Err(format!("--url has a user or a password in it: {SECRET}"));
    }
    if url.query().is_some_and(has_header) {
        return Err(format!(
            "--url has a header_ parameter, which only Cloudflare understands: {SECRET}"
        ));
    }
    match scheme {
        "https" => {}
        "http" if is_loopback(authority.host()) => {}
        "http" => {
            return Err(
                "--url is http, where the secret could be read on the way: use https (http is for this machine only)"
                    .to_owned(),
            );
        }
        _ => return Err("--url is neither https nor http".to_owned()),
    }
    let path = match (url.path().trim_matches('/'), dataset) {
        ("", None) => "/logpush".to_owned(),
        ("" | "logpush", Some(dataset)) => format!("/logpush/{}", dataset.name),
        (path, Some(dataset)) if path.rsplit('/').next() != Some(dataset.name) => {
            return Err(
                "--url has a path that is not the dataset's: leave one of the two out".to_owned(),
            );
        }
        _ => return Ok(url),
    };
    let path = match url.query() {
        Some(query) => format!("{path}?{query}"),
        None => path,
    };
    Uri::builder()
        .scheme(scheme)
        .authority(authority.as_str())
        .path_and_query(path)
        .build()
        .map_err(|error| format!("--url is no URL: {error}"))
}

fn has_header(query: &str) -> bool {
    query
        .split('&')
        .any(|parameter| parameter.starts_with("header_"))
}

pub(crate) fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host.ends_with(".localhost")
        || host
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback())
}

/// The secret, which is shown nowhere.
pub(crate) struct Secret {
    pub(crate) header: HeaderValue,
    /// As the environment has it: one, or two separated by a comma.
    all: String,
}

impl Secret {
    pub(crate) fn from_environment() -> Result<Self, String> {
        let all = match env::var("LOGPUSH_SECRET") {
            Ok(all) => all,
            Err(env::VarError::NotPresent) => String::new(),
            Err(env::VarError::NotUnicode(_)) => {
                return Err("LOGPUSH_SECRET is no text: a header cannot carry it".to_owned());
            }
        };
        let Some(first) = parts(&all).next() else {
            return Err(
                "LOGPUSH_SECRET is not set: export the secret that the Worker has under this name"
                    .to_owned(),
            );
        };
        let mut header = HeaderValue::from_str(first).map_err(|_| {
            "LOGPUSH_SECRET has characters in it that a header cannot carry".to_owned()
        })?;
        header.set_sensitive(true);
        Ok(Self { header, all })
    }

    /// A text of the other side, without the secret in it.
    pub(crate) fn hide_in(&self, text: &str) -> String {
        parts(&self.all).fold(text.to_owned(), |text, secret| {
            text.replace(secret, "[secret]")
        })
    }
}

fn parts(all: &str) -> impl Iterator<Item = &str> {
    all.split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
}
