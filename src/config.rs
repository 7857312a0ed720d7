//! Variables and secrets, read once an upload: every problem is named at once.

use core::fmt;
use core::time::Duration;
use std::rc::Rc;

use js_sys::Reflect;
use logpush_delivery::destination::{self, Destination, KINDS, Kind, Opened};
use logpush_delivery::setting::Given;
use logpush_delivery::url;
use logpush_normalizer::{Dataset, Limits, Shape};
use logpush_status::health::AlertLimits;
use wasm_bindgen::JsValue;
use worker::Env;

use crate::http::secrets::Secrets;

/// The value of a name.
type Lookup = dyn Fn(&str) -> Option<String>;

/// Where variables and secrets come from.
#[derive(Clone)]
pub(crate) struct Variables {
    read: Rc<Lookup>,
}

impl Variables {
    pub(crate) fn new(env: &Env) -> Self {
        let env = JsValue::from(env.clone());
        Self {
            read: Rc::new(move |name| {
                let value = Reflect::get(&env, &name.into()).ok()?;
                // A number or a boolean in wrangler.toml arrives as one.
                value
                    .as_string()
                    .or_else(|| value.as_f64().map(|number| number.to_string()))
                    .or_else(|| value.as_bool().map(|boolean| boolean.to_string()))
            }),
        }
    }

    /// The value of a variable; an empty one is none.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        (self.read)(name)
            .map(|value| value.trim().to_owned())
            .filter(|value| !value.is_empty())
    }

    fn given(&self, name: &str) -> Option<Given> {
        self.get(name).map(Given::Text)
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
    pub(crate) shows_secrets: bool,
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

/// SEKOIA.IO's limit of a request, taken before compression. 10 MiB.
const BATCH_BYTES_MAX: u64 = 10 * 1024 * 1024;

/// 100 MiB: what Cloudflare lets through on its smaller plans.
const UPLOAD_BYTES: u64 = 100 * 1024 * 1024;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The secrets that let an upload in, or what is wrong with them.
pub(crate) fn secrets(variables: &Variables) -> Result<Secrets, String> {
    secrets_of(variables, "LOGPUSH_SECRET")
}

/// The secrets that let the operator in, or what is wrong with them.
pub(crate) fn operator_secrets(variables: &Variables) -> Result<Secrets, String> {
    secrets_of(variables, "OPERATOR_SECRET")
}

fn secrets_of(variables: &Variables, name: &str) -> Result<Secrets, String> {
    let text = variables
        .get(name)
        .ok_or_else(|| format!("{name} is not set"))?;
    Secrets::parse(&text).map_err(|problem| format!("{name} {problem}"))
}

/// Reads the configuration, the secrets' soundness included.
///
/// # Errors
///
/// All problems, each naming its variable and never a value of a secret.
pub(crate) fn read(variables: &Variables) -> Result<Config, Vec<String>> {
    let mut reader = Reader {
        variables,
        problems: Vec::new(),
    };
    if let Err(problem) = secrets(variables) {
        reader.problems.push(problem);
    }
    let defaults = Limits::default();
    let config = Config {
        shape: reader.one_of("SHAPE", &[("ecs", Shape::Ecs), ("native", Shape::Native)]),
        limits: Limits {
            line_bytes: reader.number("LINE_MAX_BYTES", defaults.line_bytes as u64, 1024, 16 << 20)
                as usize,
            // The smallest holds a pipeline_error document with the beginning of its record.
            document_bytes: reader.number(
                "DOCUMENT_MAX_BYTES",
                defaults.document_bytes as u64,
                8192,
                BATCH_BYTES_MAX,
            ) as usize,
            batch_bytes: reader.number(
                "BATCH_MAX_BYTES",
                defaults.batch_bytes as u64,
                8192,
                BATCH_BYTES_MAX,
            ) as usize,
            batch_records: reader.number(
                "BATCH_MAX_RECORDS",
                defaults.batch_records as u64,
                1,
                100_000,
            ) as usize,
            upload_bytes: reader.number(
                "UPLOAD_MAX_PLAIN_BYTES",
                defaults.upload_bytes,
                1024,
                1 << 40,
            ),
        },
        upload_max: reader.number("UPLOAD_MAX_BYTES", UPLOAD_BYTES, 1024, 5 << 30),
        // Six connections may wait for their headers at once, a limit of the platform.
        deliveries_in_flight: reader.number("DELIVERIES_IN_FLIGHT", 4, 1, 6) as usize,
        keep_original: reader.one_of("KEEP_ORIGINAL", &[("false", false), ("true", true)]),
        shows_secrets: reader.one_of("SENSITIVE_VALUES", &[("masked", false), ("shown", true)]),
        retry: Retry {
            timeout: Duration::from_millis(reader.number("INTAKE_TIMEOUT_MS", 15_000, 1, 600_000)),
            base: Duration::from_millis(reader.number("RETRY_BASE_MS", 500, 1, 60_000)),
            budget: Duration::from_millis(reader.number("RETRY_BUDGET_MS", 25_000, 0, 600_000)),
        },
        intake_requests_per_second: reader.number("INTAKE_MAX_REQUESTS_PER_SECOND", 0, 0, 10_000),
        durable: Durable {
            redelivery_base: Duration::from_secs(reader.number(
                "REDELIVERY_BASE_SECONDS",
                10,
                0,
                3_600,
            )),
            // Queues take delays of up to 12 hours.
            redelivery_max: Duration::from_secs(reader.number(
                "REDELIVERY_MAX_SECONDS",
                3_600,
                0,
                43_200,
            )),
            retry_for: DAY * reader.number("RETRY_DAYS", 7, 1, 90) as u32,
            keep_delivered: DAY * reader.number("KEEP_DELIVERED_DAYS", 0, 0, 365) as u32,
            // A consumer may run for 15 minutes.
            invocation_max: Duration::from_millis(reader.number(
                "INVOCATION_MAX_MS",
                600_000,
                0,
                840_000,
            )),
            sweep_after: Duration::from_secs(reader.number("SWEEP_AFTER_SECONDS", 900, 0, 86_400)),
        },
        kind: reader.kind(),
        variables: variables.clone(),
    };
    reader.problems.extend(config.destination_problems());
    if config.limits.document_bytes > config.limits.batch_bytes {
        reader
            .problems
            .push("DOCUMENT_MAX_BYTES is larger than BATCH_MAX_BYTES".to_owned());
    }
    if reader.problems.is_empty() {
        Ok(config)
    } else {
        Err(reader.problems)
    }
}

/// Reads the settings of alerts, with what is wrong with them: no upload waits for these.
pub(crate) fn alerts(variables: &Variables) -> (Alerts, Vec<String>) {
    let mut reader = Reader {
        variables,
        problems: Vec::new(),
    };
    let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
    let alerts = Alerts {
        limits: AlertLimits {
            silent: minutes(reader.number("ALERT_SILENT_MINUTES", 1_440, 1, 20_000)),
            lag: minutes(reader.number("ALERT_LAG_MINUTES", 30, 1, 5_256_000)),
            backlog: reader.number("ALERT_BACKLOG_UPLOADS", 1_000, 0, 1_000_000_000),
        },
        webhook: reader.url("ALERT_WEBHOOK_URL"),
        cloudflare: reader.cloudflare(),
    };
    (alerts, reader.problems)
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
        self.open(dataset).map_err(|problems| {
            let words: Vec<_> = problems.iter().map(ToString::to_string).collect();
            words.join("; ")
        })
    }

    fn open(&self, dataset: Option<&Dataset>) -> Opened {
        let name = dataset.map(|dataset| dataset.name);
        self.kind.open(name, &|name| self.variables.given(name))
    }

    fn destination_problems(&self) -> Vec<String> {
        let problems = self.kind.problems(&|name| self.variables.given(name));
        problems.iter().map(ToString::to_string).collect()
    }
}

impl fmt::Debug for Variables {
    /// Without the values: secrets are among them.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Variables").finish_non_exhaustive()
    }
}

struct Reader<'a> {
    variables: &'a Variables,
    problems: Vec<String>,
}

impl Reader<'_> {
    fn number(&mut self, name: &str, default: u64, min: u64, max: u64) -> u64 {
        let Some(text) = self.variables.get(name) else {
            return default;
        };
        match text.parse::<u64>() {
            Ok(number) if (min..=max).contains(&number) => number,
            _ => {
                self.problems
                    .push(format!("{name} is not an integer from {min} to {max}"));
                default
            }
        }
    }

    /// The first of the choices is the default.
    fn one_of<T: Copy>(&mut self, name: &str, choices: &[(&str, T); 2]) -> T {
        let [(first, default), (second, other)] = *choices;
        match self.variables.get(name).as_deref() {
            None => default,
            Some(text) if text == first => default,
            Some(text) if text == second => other,
            Some(_) => {
                self.problems
                    .push(format!("{name} is neither {first} nor {second}"));
                default
            }
        }
    }

    fn kind(&mut self) -> &'static Kind {
        let Some(name) = self.variables.get("DESTINATION") else {
            return destination::DEFAULT;
        };
        destination::kind(&name).unwrap_or_else(|| {
            let names: Vec<_> = KINDS.iter().map(|kind| kind.name).collect();
            self.problems
                .push(format!("DESTINATION is none of {}", names.join(", ")));
            destination::DEFAULT
        })
    }

    fn url(&mut self, name: &str) -> Option<String> {
        let url = self.variables.get(name)?;
        self.check_url(name, &url);
        Some(url)
    }

    fn cloudflare(&mut self) -> Option<Cloudflare> {
        let token = self.variables.get("CLOUDFLARE_API_TOKEN")?;
        let ids = |name: &str| self.variables.get(name).unwrap_or_default();
        let (zones, account) = (ids("CLOUDFLARE_ZONE_IDS"), ids("CLOUDFLARE_ACCOUNT_ID"));
        let listed = [("zones", &zones), ("accounts", &account)]
            .into_iter()
            .flat_map(|(kind, ids)| ids.split(',').map(move |id| (kind, id.trim())))
            .filter(|(_, id)| !id.is_empty());
        let places: Vec<String> = listed.map(|(kind, id)| format!("{kind}/{id}")).collect();
        // They stand in a path.
        let is_id = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'/';
        if places.is_empty() || !places.iter().all(|place| place.bytes().all(is_id)) {
            self.problems.push(
                "CLOUDFLARE_API_TOKEN is set, and neither CLOUDFLARE_ZONE_IDS nor CLOUDFLARE_ACCOUNT_ID has ids"
                    .to_owned(),
            );
            return None;
        }
        let url = self.url("CLOUDFLARE_API_BASE_URL");
        Some(Cloudflare {
            url: url
                .as_deref()
                .unwrap_or("https://api.cloudflare.com/client/v4")
                .trim_end_matches('/')
                .to_owned(),
            token,
            places,
        })
    }

    fn check_url(&mut self, name: &str, url: &str) {
        if let Err(problem) = url::check(url) {
            self.problems.push(format!("{name} {problem}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const SECRET: (&str, &str) = ("LOGPUSH_SECRET", "0123456789abcdef");
    const KEY: (&str, &str) = ("SEKOIA_INTAKE_KEY", "key");

    fn problems(values: &[(&'static str, &'static str)]) -> Vec<String> {
        let values: BTreeMap<_, _> = values.iter().copied().collect();
        let variables = Variables {
            read: Rc::new(move |name| values.get(name).map(|value| (*value).to_owned())),
        };
        read(&variables).err().unwrap_or_default()
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
    fn the_settings_of_alerts_are_checked_without_stopping_uploads() {
        let values = |values: &[(&'static str, &'static str)]| {
            let values: BTreeMap<_, _> = values.iter().copied().collect();
            let variables = Variables {
                read: Rc::new(move |name| values.get(name).map(|value| (*value).to_owned())),
            };
            alerts(&variables)
        };
        for (name, value) in [
            ("ALERT_SILENT_MINUTES", "0"),
            ("ALERT_LAG_MINUTES", "soon"),
            ("ALERT_BACKLOG_UPLOADS", "-1"),
            ("ALERT_WEBHOOK_URL", "http://hooks.example/secret"),
            ("CLOUDFLARE_API_TOKEN", "token"),
        ] {
            let (_, found) = values(&[(name, value)]);
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
        let (sound, found) = values(&[
            ("CLOUDFLARE_API_TOKEN", "token"),
            ("CLOUDFLARE_ZONE_IDS", "0a, 0b"),
            ("CLOUDFLARE_ACCOUNT_ID", "0c"),
        ]);
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
