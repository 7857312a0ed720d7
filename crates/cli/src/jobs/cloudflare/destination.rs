//! The destination of a job: `destination_conf`, which contains the secret.

use std::env;

use logpush_normalizer::Dataset;
use ureq::http::Uri;

use crate::mask::Mask;
use crate::percent::{decode, encode};
use crate::worker_client::target::{self, Secret};

/// The parameter that becomes the header with the Worker's secret.
pub(crate) const SECRET_PARAMETER: &str = "header_X-Logpush-Secret";

/// Cloudflare's limit on the length of a destination.
const DESTINATION_MAX: usize = 4096;

/// The parameters that are not secrets, of all kinds of destinations that Logpush knows.
const OPEN_PARAMETERS: [&str; 5] = ["account-id", "region", "sse", "endpoint", "bucket-path"];

/// Destinations whose paths are not secrets. The path of others, such as Sumo Logic's, is the key.
const OPEN_PATHS: [&str; 4] = ["r2://", "s3://", "gs://", "azure://"];

/// The variables of the environment that have the keys of an R2 bucket: id and secret.
pub(crate) const R2_KEYS: [&str; 2] = ["R2_ACCESS_KEY_ID", "R2_SECRET_ACCESS_KEY"];

const HIDDEN: &str = "[secret]";

/// `destination_conf`, taken apart without decoding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Destination {
    /// Everything before the question mark.
    pub(crate) base: String,
    parameters: Vec<(String, String)>,
}

/// A secret, and the shell expression that replaces it in a printed command.
pub(crate) type Substitution = (String, String);

impl Destination {
    pub(crate) fn parse(text: &str) -> Self {
        let (base, query) = text.split_once('?').unwrap_or((text, ""));
        Self {
            base: base.to_owned(),
            parameters: query
                .split('&')
                .filter(|parameter| !parameter.is_empty())
                .map(|parameter| {
                    let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
                    (name.to_owned(), value.to_owned())
                })
                .collect(),
        }
    }

    /// The destination of a dataset at the Worker.
    pub(crate) fn worker(url: &str, dataset: &Dataset, secret: &Secret) -> Result<Self, String> {
        let url = target::url("--worker", url, Some(dataset))?;
        let mut destination = Self::parse(&url.to_string());
        destination.set(SECRET_PARAMETER, secret.first());
        destination.checked()
    }

    /// The destination of a dataset in a bucket: the folder where the Worker looks for the dataset, and
    /// in it a folder for each day.
    pub(crate) fn r2(
        bucket: &str,
        dataset: &str,
        account: &str,
        keys: &R2Keys,
    ) -> Result<Self, String> {
        let mut destination = Self::parse(&format!("r2://{bucket}/logpush/{dataset}/{{DATE}}"));
        destination.set("account-id", account);
        destination.set_r2_keys(keys);
        destination.checked()
    }

    fn checked(self) -> Result<Self, String> {
        let len = self.text().len();
        if len > DESTINATION_MAX {
            return Err(format!(
                "the destination has {len} characters, and Cloudflare accepts {DESTINATION_MAX}: shorten the URL or the secret"
            ));
        }
        Ok(self)
    }

    /// Sets a parameter to the encoded form of this value.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        let value = encode(value);
        match self.parameters.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = value,
            None => self.parameters.push((name.to_owned(), value)),
        }
    }

    pub(crate) fn set_r2_keys(&mut self, keys: &R2Keys) {
        self.set("access-key-id", &keys.id);
        self.set("secret-access-key", &keys.secret);
    }

    /// The whole destination, as Cloudflare expects it.
    pub(crate) fn text(&self) -> String {
        self.join(&self.base, |_, value| value.to_owned())
    }

    /// The destination without its secrets.
    pub(crate) fn shown(&self) -> String {
        self.join(&self.shown_base(), |name, value| {
            match OPEN_PARAMETERS.contains(&name) {
                true => value.to_owned(),
                false => HIDDEN.to_owned(),
            }
        })
    }

    /// Adds its secrets to the mask.
    pub(crate) fn hide(&self, mask: &Mask) {
        for (name, value) in &self.parameters {
            if !OPEN_PARAMETERS.contains(&name.as_str()) {
                mask.add(value);
                mask.add(&decode(value));
            }
        }
    }

    /// Whether the URL looks like that of a Worker of this project.
    pub(crate) fn is_worker(&self) -> bool {
        self.is_http()
            && (self.header("X-Logpush-Secret").is_some()
                || self.uri().is_some_and(|uri| is_logpush(uri.path())))
    }

    pub(crate) fn is_r2(&self) -> bool {
        self.base.starts_with("r2://")
    }

    /// Whether a Worker that reads the bucket takes the objects there for the dataset's.
    pub(crate) fn is_read_as(&self, dataset: &str) -> bool {
        let path = self.base.strip_prefix("r2://");
        path.and_then(|path| path.split_once('/'))
            .is_some_and(|(_, key)| key.starts_with(&format!("logpush/{dataset}/")))
    }

    fn is_http(&self) -> bool {
        self.base.starts_with("https://") || self.base.starts_with("http://")
    }

    /// The URL that uploads are sent to, with the parameters that are not headers.
    pub(crate) fn url(&self) -> Option<Uri> {
        let others: Vec<_> = self
            .parameters
            .iter()
            .filter(|(name, _)| !name.starts_with("header_"))
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        match others.is_empty() {
            true => self.uri(),
            false => format!("{}?{}", self.base, others.join("&")).parse().ok(),
        }
    }

    /// The headers that uploads carry.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&str, String)> {
        self.parameters.iter().filter_map(|(name, value)| {
            let name = name.strip_prefix("header_")?;
            Some((name, decode(value)))
        })
    }

    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.headers()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// Whether both are equal apart from the order and the encoding of parameters.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.base == other.base && self.decoded() == other.decoded()
    }

    fn decoded(&self) -> Vec<(&str, String)> {
        let mut decoded: Vec<_> = self
            .parameters
            .iter()
            .map(|(name, value)| (name.as_str(), decode(value)))
            .collect();
        decoded.sort();
        decoded
    }

    fn uri(&self) -> Option<Uri> {
        self.base.parse().ok()
    }

    fn join(&self, base: &str, value: impl Fn(&str, &str) -> String) -> String {
        let parameters: Vec<_> = self
            .parameters
            .iter()
            .map(|(name, raw)| format!("{name}={}", value(name, raw)))
            .collect();
        match parameters.is_empty() {
            true => base.to_owned(),
            false => format!("{base}?{}", parameters.join("&")),
        }
    }

    fn shown_base(&self) -> String {
        let (scheme, rest) = self.base.split_once("://").unwrap_or(("", &self.base));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let host = match authority.rsplit_once('@') {
            Some((_, host)) => format!("{HIDDEN}@{host}"),
            None => authority.to_owned(),
        };
        let is_open = path.is_empty()
            || OPEN_PATHS.iter().any(|open| self.base.starts_with(open))
            || is_logpush(&format!("/{path}"));
        let path = match (path, is_open) {
            ("", _) => String::new(),
            (path, true) => format!("/{path}"),
            (_, false) => format!("/{HIDDEN}"),
        };
        format!("{scheme}://{host}{path}")
    }
}

/// The keys with which Logpush writes to an R2 bucket.
pub(crate) struct R2Keys {
    id: String,
    secret: String,
}

impl R2Keys {
    /// Takes the keys from the environment, their only source.
    pub(crate) fn from_environment() -> Result<Self, String> {
        let read = |name: &str| {
            env::var(name)
                .ok()
                .map(|value| value.trim().to_owned())
                .filter(|value| !value.is_empty())
                .ok_or_else(|| {
                    format!(
                        "{name} is not set: create an R2 API token with Object Read & Write for the bucket, and export what it shows"
                    )
                })
        };
        let [id, secret] = R2_KEYS;
        Ok(Self {
            id: read(id)?,
            secret: read(secret)?,
        })
    }

    /// The shell expressions for the keys, in the same environment.
    pub(crate) fn substitutions(&self) -> Vec<Substitution> {
        vec![
            (encode(&self.id), "$R2_ACCESS_KEY_ID".to_owned()),
            (encode(&self.secret), "$R2_SECRET_ACCESS_KEY".to_owned()),
        ]
    }
}

/// The shell expression for the secret, in the same environment.
pub(crate) fn substitution(secret: &Secret) -> Substitution {
    let encoded = encode(secret.first());
    let variable = match secret.is_alone() {
        true => "$LOGPUSH_SECRET",
        false => "${LOGPUSH_SECRET%%,*}",
    };
    let shell = match encoded == secret.first() {
        true => variable.to_owned(),
        false => format!("$(printf %s \"{variable}\" | jq -sRr @uri)"),
    };
    (encoded, shell)
}

fn is_logpush(path: &str) -> bool {
    path == "/logpush" || path.starts_with("/logpush/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_shown() {
        for (text, shown) in [
            (
                "https://w.example.workers.dev/logpush/firewall_events?header_X-Logpush-Secret=abc&tags=a",
                "https://w.example.workers.dev/logpush/firewall_events?header_X-Logpush-Secret=[secret]&tags=[secret]",
            ),
            (
                "https://collectors.example.com/receiver/v1/http/abc",
                "https://collectors.example.com/[secret]",
            ),
            (
                "https://me:abc@logs.example.com?header_A=b",
                "https://[secret]@logs.example.com?header_A=[secret]",
            ),
            (
                "r2://bucket/firewall_events/{DATE}?account-id=1&access-key-id=2&secret-access-key=3",
                "r2://bucket/firewall_events/{DATE}?account-id=1&access-key-id=[secret]&secret-access-key=[secret]",
            ),
            ("", "://"),
        ] {
            assert_eq!(Destination::parse(text).shown(), shown);
        }
    }

    #[test]
    fn setting_one_parameter_keeps_the_others() {
        let text = "https://w.example.com/logpush/x?header_CF-Access-Client-Id=a%2Db&header_X-Logpush-Secret=old&tag=1";
        let mut destination = Destination::parse(text);
        assert_eq!(destination.text(), text);
        destination.set(SECRET_PARAMETER, "new one+");
        assert_eq!(
            destination.text(),
            "https://w.example.com/logpush/x?header_CF-Access-Client-Id=a%2Db&header_X-Logpush-Secret=new%20one%2B&tag=1"
        );
        assert_eq!(
            destination.header("x-logpush-secret").as_deref(),
            Some("new one+")
        );
        assert_eq!(
            destination.url().unwrap().to_string(),
            "https://w.example.com/logpush/x?tag=1"
        );
    }

    #[test]
    fn order_and_encoding_make_no_difference() {
        let one = Destination::parse("https://w.example.com/logpush?a=1%2D&b=2");
        let other = Destination::parse("https://w.example.com/logpush?b=2&a=1-");
        assert!(one.is_same(&other));
        assert!(!one.is_same(&Destination::parse("https://w.example.com/logpush?a=1&b=2")));
    }

    #[test]
    fn a_bucket_is_read_below_logpush_and_the_dataset() {
        for (text, is_read) in [
            ("r2://bucket/logpush/dns_logs/{DATE}?account-id=1", true),
            ("r2://bucket/logpush/dns_logs/", true),
            ("r2://bucket/logpush/dns_logs", false),
            ("r2://bucket/dns_logs/{DATE}", false),
            ("r2://logpush/dns_logs/{DATE}", false),
            ("s3://bucket/logpush/dns_logs/{DATE}", false),
        ] {
            let destination = Destination::parse(text);
            assert_eq!(destination.is_read_as("dns_logs"), is_read, "{text}");
        }
    }

    #[test]
    fn a_worker_is_recognised_by_its_path_or_its_header() {
        for (text, is_worker) in [
            ("https://w.example.com/logpush/firewall_events", true),
            ("https://w.example.com/in?header_x-logpush-secret=1", true),
            ("https://w.example.com/logpushed", false),
            ("https://intake.example.com/plain/batch?header_KEY=1", false),
            ("r2://bucket/logpush", false),
        ] {
            assert_eq!(Destination::parse(text).is_worker(), is_worker, "{text}");
        }
    }
}
