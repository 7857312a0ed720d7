//! The configuration, read once an upload from the table of settings.

use core::fmt;
use core::slice;
use core::time::Duration;
use std::rc::Rc;

use js_sys::{JSON, Reflect};
use logpush_delivery::configuration::setup::{Ingest, Setup, shape_word};
use logpush_delivery::configuration::{self, Configuration, Entry, name};
use logpush_delivery::destination::Destination;
use logpush_delivery::setting::{self, Given, Lookup, Problem, Setting, Values};
use logpush_delivery::settings;
use logpush_normalizer::{Dataset, Rules};
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

/// All that uploads are handled by, but for the secrets that let them in.
#[derive(Debug)]
pub(crate) struct Config {
    /// How they are taken in and stored.
    pub(crate) ingest: Ingest,
    /// Where they go, by name; what is wrong where nobody can tell.
    destinations: Result<Vec<Entry>, Vec<Problem>>,
    variables: Variables,
}

/// A destination whose configuration is sound.
#[derive(Debug)]
pub(crate) struct Target<'a> {
    pub(crate) setup: &'a Setup,
    pub(crate) ingest: &'a Ingest,
    pub(crate) rules: Rules,
    variables: &'a Variables,
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
/// What is wrong with taking uploads in, each problem naming its variable and never a value of a
/// secret. A wrong destination is no error: it stops nothing but itself.
pub(crate) fn read(variables: &Variables) -> Result<Config, Vec<String>> {
    let Configuration {
        ingest,
        destinations,
    } = configuration::read(&*variables.lookup);
    Ok(Config {
        ingest: ingest.map_err(|problems| sentences(&problems))?,
        destinations,
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
    /// To whom an upload of a dataset is owed, in the order of their names. Nothing where the tables of
    /// destinations cannot be read: then the first configuration decides that can be.
    pub(crate) fn owed(&self, dataset: Option<&Dataset>) -> Option<Vec<&str>> {
        let entries = self.destinations.as_ref().ok()?.iter();
        let owed = entries.filter(|entry| entry.datasets.have(dataset));
        Some(owed.map(|entry| &*entry.name).collect())
    }

    /// A destination by its name, or all that is wrong with it; nothing where there is none of this name.
    pub(crate) fn target(&self, name: &str) -> Option<Result<Target<'_>, String>> {
        let entries = match &self.destinations {
            Ok(entries) => entries,
            // It may be among those that cannot be read.
            Err(problems) => return Some(Err(sentences(problems).join("; "))),
        };
        let entry = entries.iter().find(|entry| entry.name == name)?;
        Some(match &entry.setup {
            Ok(setup) => self.rules(setup).map(|rules| Target {
                setup,
                ingest: &self.ingest,
                rules,
                variables: &self.variables,
            }),
            Err(problems) => Err(sentences(problems).join("; ")),
        })
    }

    /// The one destination that there is, as the direct route needs it.
    ///
    /// # Errors
    ///
    /// All that is wrong with it, or that there are several.
    pub(crate) fn only_target(&self) -> Result<Target<'_>, String> {
        let names = self.owed(None).unwrap_or_default();
        if let [_, _, ..] = names[..] {
            return Err(format!(
                "several destinations ({}) need the durable route, with the bindings UPLOADS, WORK and LEDGER",
                names.join(", ")
            ));
        }
        let name = names.first().copied().unwrap_or(name::DEFAULT);
        let target = self.target(name);
        target.unwrap_or_else(|| Err(format!("there is no destination {name}")))
    }

    /// The destinations by name, each with its kind and shape where its settings are sound; nothing where
    /// nobody can tell which there are.
    pub(crate) fn described(
        &self,
    ) -> Option<impl Iterator<Item = (&str, Option<(&'static str, &'static str)>)>> {
        let entries = self.destinations.as_ref().ok()?.iter();
        Some(entries.map(|entry| {
            let setup = entry.setup.as_ref().ok();
            let setup = setup.map(|setup| (setup.kind.name, shape_word(setup.shape)));
            (&*entry.name, setup)
        }))
    }

    fn rules(&self, setup: &Setup) -> Result<Rules, String> {
        let rules = setup.ready_rules(&*self.variables.lookup);
        rules.map_err(|problem| problem.to_string())
    }

    /// All that is wrong with destinations, by name; under no name what is wrong with all.
    pub(crate) fn wrong_destinations(&self) -> Vec<(Option<&str>, Vec<String>)> {
        match &self.destinations {
            Ok(entries) => entries
                .iter()
                .filter_map(|entry| {
                    let problems = match &entry.setup {
                        Ok(setup) => vec![self.rules(setup).err()?],
                        Err(problems) => sentences(problems),
                    };
                    Some((Some(&*entry.name), problems))
                })
                .collect(),
            Err(problems) => vec![(None, sentences(problems))],
        }
    }
}

impl Target<'_> {
    /// What tells two configurations of the destination apart.
    pub(crate) fn fingerprint(&self) -> u128 {
        self.setup.fingerprint(&*self.variables.lookup)
    }

    /// Opens the destination for documents of a dataset.
    ///
    /// # Errors
    ///
    /// Names the variables that are missing or wrong.
    pub(crate) fn open(
        &self,
        dataset: Option<&'static Dataset>,
    ) -> Result<Box<dyn Destination>, String> {
        let name = dataset.map(|dataset| dataset.name);
        self.setup
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
    Some(text.map_or_else(|| object(value), Given::Text))
}

/// A table or a list of `wrangler.toml` as JSON. A binding has nothing to show.
fn object(value: &JsValue) -> Given {
    let text = JSON::stringify(value)
        .ok()
        .and_then(|text| text.as_string());
    Given::Object(text.unwrap_or_default())
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

    use logpush_normalizer::datasets;

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

    /// What is wrong with uploads, and with the one destination.
    fn problems(values: &[(&'static str, &'static str)]) -> Vec<String> {
        match read(&variables(values)) {
            Ok(config) => {
                let wrong = config.wrong_destinations().into_iter();
                wrong.flat_map(|(_, problems)| problems).collect()
            }
            Err(problems) => problems,
        }
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
            ("DESTINATION", "siem"),
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
    fn uploads_are_owed_to_those_who_get_their_dataset() {
        let tables = r#"{
            "a": { "kind": "http", "url": "https://a.example", "datasets": ["dns_logs"] },
            "b": { "kind": "http" }
        }"#;
        let config = read(&variables(&[SECRET, ("DESTINATIONS", tables)])).unwrap();
        let dns_logs = datasets::by_name("dns_logs");
        assert_eq!(config.owed(dns_logs), Some(vec!["a", "b"]));
        assert_eq!(
            config.owed(datasets::by_name("http_requests")),
            Some(vec!["b"])
        );
        assert_eq!(config.owed(None), Some(vec!["a", "b"]));
        assert!(config.target("a").unwrap().unwrap().open(dns_logs).is_ok());
        let wrong = "DESTINATIONS.b.url is not set".to_owned();
        assert_eq!(config.target("b").unwrap().unwrap_err(), wrong);
        assert!(config.target("c").is_none());
        assert_eq!(config.wrong_destinations(), [(Some("b"), vec![wrong])]);
        let several = config.only_target().unwrap_err();
        assert!(several.starts_with("several destinations (a, b) need the durable route"));

        let unreadable = read(&variables(&[SECRET, ("DESTINATIONS", "{")])).unwrap();
        assert_eq!(unreadable.owed(dns_logs), None);
        assert!(unreadable.target("a").unwrap().is_err());
        assert!(unreadable.only_target().is_err());
        assert_eq!(unreadable.wrong_destinations()[0].0, None);
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
        let found = problems(&[SECRET, ("SHAPE", "x"), ("DESTINATION", "http")]).join("; ");
        assert!(
            found.contains("SHAPE") && found.contains("HTTP_URL"),
            "{found}"
        );
        let found = problems(&[("LINE_MAX_BYTES", "many")]).join("; ");
        assert!(
            found.contains("LINE_MAX_BYTES") && found.contains("LOGPUSH_SECRET"),
            "{found}"
        );
    }
}
