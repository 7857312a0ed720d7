//! The URL that uploads are sent to, and the secret that they carry.

use core::net::IpAddr;
use std::env;

use logpush_delivery::settings;
use logpush_normalizer::Dataset;
use ureq::http::{HeaderName, HeaderValue, Uri};

/// The URL of the uploads: the Worker's with the path of the dataset, or the whole URL as given.
///
/// The messages name the option and do not repeat the URL, since it may contain a secret.
pub(crate) fn url(option: &str, text: &str, dataset: Option<&Dataset>) -> Result<Uri, String> {
    const SECRET: &str = "the secret belongs in the environment variable LOGPUSH_SECRET";
    let url: Uri = text
        .parse()
        .map_err(|error| format!("{option} is not a URL: {error}"))?;
    let (Some(scheme), Some(authority)) = (url.scheme_str(), url.authority()) else {
        return Err(format!(
            "{option} needs a scheme and a host: https://logs.example.com"
        ));
    };
    if authority.port_u16().is_none() && !authority.as_str().ends_with(authority.host()) {
        return Err(format!(
            "{option} has an invalid port: a port is a number up to 65535"
        ));
    }
    if authority.as_str().contains('@') {
        return Err(format!(
            "{option} contains a user name or a password: {SECRET}"
        ));
    }
    if url.query().is_some_and(has_header) {
        return Err(format!(
            "{option} has a header_ parameter, which only Cloudflare understands: {SECRET}"
        ));
    }
    match scheme {
        "https" => {}
        "http" if is_loopback(authority.host()) => {}
        "http" => {
            return Err(format!(
                "{option} is http, which would expose the secret on the way: use https (http is for this machine only)"
            ));
        }
        _ => return Err(format!("{option} is neither https nor http")),
    }
    let path = match (url.path().trim_matches('/'), dataset) {
        ("", None) => "/logpush".to_owned(),
        ("" | "logpush", Some(dataset)) => format!("/logpush/{}", dataset.name),
        (path, Some(dataset)) if path.rsplit('/').next() != Some(dataset.name) => {
            return Err(format!(
                "{option} has a path that is not the dataset's: leave out one of the two"
            ));
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
        .map_err(|error| format!("{option} is not a URL: {error}"))
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

/// A secret that uploads carry. It is never shown.
#[derive(Clone)]
pub(crate) struct Secret {
    /// The value of the variable: one secret, or two separated by a comma.
    all: String,
    first: String,
    header: HeaderValue,
}

impl Secret {
    pub(crate) fn from_environment() -> Result<Self, String> {
        const NAME: &str = settings::LOGPUSH_SECRET.name;
        Self::read(NAME)?.ok_or_else(|| {
            format!("{NAME} is not set: export the secret that the Worker has under this name")
        })
    }

    /// The operator's secret, which opens the Worker's `/api/`, if the environment has it.
    pub(crate) fn of_operator() -> Result<Option<Self>, String> {
        Self::read(settings::OPERATOR_SECRET.name)
    }

    fn read(name: &str) -> Result<Option<Self>, String> {
        match env::var(name) {
            Ok(all) => Self::parse(name, all),
            Err(env::VarError::NotPresent) => Ok(None),
            Err(env::VarError::NotUnicode(_)) => Err(format!(
                "{name} is not valid text, so that no header can carry it"
            )),
        }
    }

    /// The secret in the value of a variable; none if the value is empty.
    pub(crate) fn parse(name: &str, all: String) -> Result<Option<Self>, String> {
        let Some(first) = parts(&all).next() else {
            return Ok(None);
        };
        let header = sensitive(first)
            .ok_or_else(|| format!("{name} has characters that a header cannot carry"))?;
        let first = first.to_owned();
        Ok(Some(Self { all, first, header }))
    }

    /// The secret that is sent.
    pub(crate) fn first(&self) -> &str {
        &self.first
    }

    /// Every secret in the value, all of which must be hidden.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &str> {
        parts(&self.all)
    }

    /// Whether the value is this one secret and nothing else.
    pub(crate) fn is_alone(&self) -> bool {
        self.first() == self.all
    }
}

/// The headers that carry secrets. Their values are never shown.
#[derive(Default)]
pub(crate) struct Headers {
    list: Vec<(HeaderName, HeaderValue)>,
    hidden: Vec<String>,
}

impl Headers {
    /// Adds a header, and returns whether HTTP can carry it.
    pub(crate) fn add(&mut self, name: &str, value: &str) -> bool {
        let (Ok(name), Some(header)) = (name.parse::<HeaderName>(), sensitive(value)) else {
            return false;
        };
        self.hidden.push(value.to_owned());
        self.list.push((name, header));
        true
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &(HeaderName, HeaderValue)> {
        self.list.iter()
    }

    /// A text of the other side, with the secrets in it masked.
    pub(crate) fn hide_in(&self, text: &str) -> String {
        self.hidden
            .iter()
            .filter(|value| !value.is_empty())
            .fold(text.to_owned(), |text, value| {
                text.replace(value, "[secret]")
            })
    }
}

impl From<Secret> for Headers {
    fn from(secret: Secret) -> Self {
        Self {
            hidden: secret.parts().map(str::to_owned).collect(),
            list: vec![(HeaderName::from_static("x-logpush-secret"), secret.header)],
        }
    }
}

fn sensitive(value: &str) -> Option<HeaderValue> {
    let mut header = HeaderValue::from_str(value).ok()?;
    header.set_sensitive(true);
    Some(header)
}

fn parts(all: &str) -> impl Iterator<Item = &str> {
    all.split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use logpush_normalizer::datasets::by_name;

    use super::*;

    #[test]
    fn the_path_is_completed_with_the_dataset() {
        for (text, dataset, expected) in [
            (
                "https://w.example.com",
                None,
                Ok("https://w.example.com/logpush"),
            ),
            (
                "https://w.example.com/",
                Some("dns_logs"),
                Ok("https://w.example.com/logpush/dns_logs"),
            ),
            (
                "https://w.example.com/logpush?a=b",
                Some("dns_logs"),
                Ok("https://w.example.com/logpush/dns_logs?a=b"),
            ),
            (
                "https://w.example.com/in/dns_logs",
                Some("dns_logs"),
                Ok("https://w.example.com/in/dns_logs"),
            ),
            (
                "https://w.example.com/in",
                None,
                Ok("https://w.example.com/in"),
            ),
            ("http://[::1]:8787", None, Ok("http://[::1]:8787/logpush")),
            (
                "https://w.example.com/logpush/dns_logs",
                Some("http_requests"),
                Err("leave out one"),
            ),
            ("w.example.com", None, Err("a scheme and a host")),
            ("http://w.example.com", None, Err("use https")),
            ("ftp://w.example.com", None, Err("neither https nor http")),
            (
                "https://me:pw@w.example.com",
                None,
                Err("a user name or a password"),
            ),
            (
                "https://w.example.com?header_A=b",
                None,
                Err("header_ parameter"),
            ),
        ] {
            let dataset = dataset.map(|name| by_name(name).unwrap());
            match (url("--url", text, dataset), expected) {
                (Ok(url), Ok(expected)) => assert_eq!(url.to_string(), expected),
                (Err(message), Err(expected)) => {
                    assert!(message.contains(expected), "{text}: {message}");
                    assert!(!message.contains("w.example"), "{message} repeats the URL");
                }
                (found, expected) => panic!("{text}: {found:?}, not {expected:?}"),
            }
        }
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for (host, expected) in [
            ("localhost", true),
            ("w.localhost", true),
            ("127.0.0.2", true),
            ("[::1]", true),
            ("localhost.example.com", false),
            ("192.0.2.1", false),
        ] {
            assert_eq!(is_loopback(host), expected, "{host}");
        }
    }

    #[test]
    fn the_first_of_two_secrets_is_sent_and_both_are_hidden() {
        for (value, first, is_alone) in [
            ("one", Some("one"), true),
            (" new , old ", Some("new"), false),
            (",", None, false),
            ("", None, false),
        ] {
            let secret = Secret::parse("NAME", value.to_owned()).unwrap();
            assert_eq!(secret.as_ref().map(Secret::first), first);
            assert_eq!(secret.is_some_and(|secret| secret.is_alone()), is_alone);
        }
        assert!(Secret::parse("NAME", "a\nb".to_owned()).is_err());
        let both = Secret::parse("NAME", "new,old".to_owned())
            .unwrap()
            .unwrap();
        let hidden = Headers::from(both).hide_in("new and old");
        assert_eq!(hidden, "[secret] and [secret]");
    }
}
