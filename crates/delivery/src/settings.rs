//! The settings of the whole Worker, by what they are for. The Worker reads them, the documentation
//! and the command line list them.
//!
//! Those of one kind of destination stand in the kind's file.

use logpush_normalizer::Limits;

use crate::destination::{KIND_NAMES, KINDS};
use crate::setting::{Accepts, Lookup, Problem, Reading, Setting, read};

/// Settings that belong together.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// What they are for.
    pub scope: Scope,
    /// The settings, in the order in which they are read and listed.
    pub settings: &'static [Setting],
}

/// What settings are for, and so what stops where one is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Taking uploads in.
    Ingest,
    /// What a destination gets, and how, whatever its kind.
    Destination,
    /// Destinations of one kind; its name.
    Kind(&'static str),
    /// What is stored, and worked off later.
    Durable,
    /// What the operator can see and do.
    Operator,
    /// What is reported to the operator unasked.
    Alerts,
}

impl Group {
    /// Whether each destination has its own.
    #[must_use]
    pub fn is_of_destinations(&self) -> bool {
        matches!(self.scope, Scope::Destination | Scope::Kind(_))
    }
}

/// Taking uploads in.
pub static INGEST: Group = Group {
    scope: Scope::Ingest,
    settings: &[
        LOGPUSH_SECRET,
        PSEUDONYM_KEY,
        Setting::integer(
            "UPLOAD_MAX_BYTES",
            // What Cloudflare lets through on its smaller plans.
            100 << 20,
            1024..=5 << 30,
            "an upload as received; more is answered 413",
        ),
        Setting::integer(
            "UPLOAD_MAX_PLAIN_BYTES",
            Limits::DEFAULT.upload_bytes,
            1024..=1 << 40,
            "an upload after gunzip; more is answered 413",
        ),
        Setting::integer(
            "LINE_MAX_BYTES",
            Limits::DEFAULT.line_bytes as u64,
            1024..=16 << 20,
            "how much is kept of a record: of a longer line, the fields that are too long give way",
        ),
    ],
};

/// What a destination gets, and how, whatever its kind.
pub static DESTINATION: Group = Group {
    scope: Scope::Destination,
    settings: &[
        KIND_OF_DESTINATION,
        Setting::new(
            SHAPE,
            Accepts::OneOf(&["ecs", "native", "raw"]),
            "ECS events, Cloudflare's records repaired for SEKOIA.IO's own format, or the records as they came, but for what is masked",
        ),
        Setting::new(
            "KEEP_ORIGINAL",
            Accepts::Flag { default: false },
            "with `ecs`: the record as received in `event.original`",
        ),
        Setting::new(
            "SENSITIVE_VALUES",
            Accepts::OneOf(&["masked", "shown"]),
            "whether passwords, cookies and the like stand as `[masked]` or as they came",
        ),
        Setting::new(
            MATCHED_DATA_PRIVATE_KEYS,
            Accepts::PrivateKeys,
            "decrypt the payloads that matched a WAF rule, in `cloudflare.metadata.matched_data` of `firewall_events`; shown with `SENSITIVE_VALUES=shown` only",
        )
        .secret(),
        Setting::integer(
            DOCUMENT_MAX_BYTES,
            Limits::DEFAULT.document_bytes as u64,
            // The smallest holds a pipeline_error document with the beginning of its record.
            8192..=BATCH_BYTES_MOST,
            "a longer event has its longest texts cut, and says so in `tags` and `labels`; SEKOIA.IO drops events above 250 KiB",
        ),
        Setting::integer(
            BATCH_MAX_BYTES,
            Limits::DEFAULT.batch_bytes as u64,
            8192..=BATCH_BYTES_MOST,
            "one delivery, before compression",
        ),
        Setting::integer(
            BATCH_MAX_RECORDS,
            Limits::DEFAULT.batch_records as u64,
            1..=100_000,
            "events in one delivery",
        ),
        Setting::integer(
            "DELIVERIES_IN_FLIGHT",
            4,
            // Six connections may wait for their headers at once, a limit of the platform.
            1..=6,
            "deliveries of one upload at the same time",
        ),
        Setting::integer(
            "INTAKE_TIMEOUT_MS",
            15_000,
            1..=600_000,
            "how long one request to the destination may take",
        ),
        Setting::integer(
            "INTAKE_MAX_REQUESTS_PER_SECOND",
            0,
            0..=10_000,
            "requests to the destination, of all invocations together; 0 is no limit",
        ),
        Setting::integer(
            "RETRY_BASE_MS",
            500,
            1..=60_000,
            "the first wait before a retry; doubles up to 8 s; the destination's `Retry-After` counts where it is longer",
        ),
        Setting::integer(
            "RETRY_BUDGET_MS",
            25_000,
            0..=600_000,
            "how long an upload goes on retrying without a success in between",
        ),
        Setting::integer(
            "REDELIVERY_BASE_SECONDS",
            10,
            0..=3_600,
            "the first wait before an upload is delivered again; doubles",
        ),
        Setting::integer(
            "REDELIVERY_MAX_SECONDS",
            3_600,
            // Queues take delays of up to 12 hours.
            0..=43_200,
            "the longest of these waits",
        ),
        Setting::integer(
            "RETRY_DAYS",
            7,
            1..=90,
            "after so many days an upload that cannot be delivered becomes a dead letter",
        ),
    ],
};

/// What is stored, and worked off later.
pub static DURABLE: Group = Group {
    scope: Scope::Durable,
    settings: &[
        Setting::integer(
            "KEEP_DELIVERED_DAYS",
            0,
            0..=365,
            "how long delivered uploads are kept in R2, to be replayed",
        ),
        Setting::integer(
            "INVOCATION_MAX_MS",
            600_000,
            // A consumer may run for 15 minutes.
            0..=840_000,
            "how long one invocation goes on with an upload before another one continues",
        ),
        Setting::integer(
            "SWEEP_AFTER_SECONDS",
            900,
            0..=86_400,
            "how long a stored upload must have been left alone before the sweep takes it up",
        ),
    ],
};

/// What the operator can see and do.
pub static OPERATOR: Group = Group {
    scope: Scope::Operator,
    settings: &[OPERATOR_SECRET],
};

/// What is reported to the operator unasked.
pub static ALERTS: Group = Group {
    scope: Scope::Alerts,
    settings: &[
        Setting::new(
            "ALERT_WEBHOOK_URL",
            Accepts::Url { default: None },
            "takes alerts as Slack's webhooks do, `{\"text\": \"...\"}`; without it there are none",
        )
        .secret(),
        Setting::integer(
            "ALERT_SILENT_MINUTES",
            // A quiet zone has quiet nights.
            1_440,
            1..=20_000,
            "how long a dataset that was seen before may send nothing; less than a day for a busy zone",
        ),
        Setting::integer(
            "ALERT_LAG_MINUTES",
            30,
            1..=5_256_000,
            "how late events may be delivered, and how long an upload may wait",
        ),
        Setting::integer(
            "ALERT_BACKLOG_UPLOADS",
            1_000,
            0..=1_000_000_000,
            "how many uploads of a dataset may wait",
        ),
        Setting::new(
            CLOUDFLARE_API_TOKEN,
            Accepts::HeaderValue,
            "to look at the Logpush jobs too, with the permission Logs Edit, which Cloudflare asks for to read them too",
        )
        .secret(),
        Setting::new(
            CLOUDFLARE_ZONE_IDS,
            Accepts::Ids,
            "whose jobs; ids of zones",
        ),
        Setting::new(
            CLOUDFLARE_ACCOUNT_ID,
            Accepts::Ids,
            "whose jobs, of datasets of the account",
        ),
        Setting::new(
            "CLOUDFLARE_API_BASE_URL",
            Accepts::Url {
                default: Some("https://api.cloudflare.com/client/v4"),
            },
            "where Cloudflare's API is",
        ),
    ],
};

/// Which kind the destination of the flat variables is.
pub(crate) static KIND: &[Setting] = &[KIND_OF_DESTINATION];

const KIND_OF_DESTINATION: Setting = Setting::new(
    DESTINATION_KIND,
    Accepts::OneOf(&KIND_NAMES),
    "where events go: the SEKOIA.IO intake, a URL that takes JSON, or a product with a protocol of its own",
)
.key("kind");

/// What a Logpush job sends, so that its uploads are taken.
pub const LOGPUSH_SECRET: Setting = Setting::new(
    "LOGPUSH_SECRET",
    Accepts::Passwords,
    "what the Logpush job sends; two while one replaces the other",
)
.required()
.secret();

/// What lets the operator in.
pub const OPERATOR_SECRET: Setting = Setting::new(
    "OPERATOR_SECRET",
    Accepts::Passwords,
    "opens the status page at `/`, `/metrics` and `/api/`; without it they are closed",
)
.secret();

/// What pseudonyms and the ids of changed events are made with.
pub const PSEUDONYM_KEY: Setting = Setting::new(
    "PSEUDONYM_KEY",
    Accepts::Text,
    "makes pseudonyms, and the ids of events that rules change: 32 characters or more, the same for all destinations",
)
.secret();

/// All settings, those of the kinds of destinations included.
pub fn groups() -> impl Iterator<Item = Group> {
    let kinds = KINDS.iter().map(|kind| Group {
        scope: Scope::Kind(kind.name),
        settings: kind.settings,
    });
    [INGEST, DESTINATION]
        .into_iter()
        .chain(kinds)
        .chain([DURABLE, OPERATOR, ALERTS])
}

/// What describes a destination, whatever its kind, and the settings of every kind.
pub fn of_destinations() -> impl Iterator<Item = &'static Setting> {
    let of_kinds = KINDS.iter().flat_map(|kind| kind.settings);
    DESTINATION.settings.iter().chain(of_kinds)
}

/// What a table of `DESTINATIONS` calls a setting: its name without the kind's, in lower case.
#[must_use]
pub fn key(setting: &Setting, kind: &str) -> String {
    if let Some(key) = setting.key {
        return key.to_owned();
    }
    let name = setting.name.to_ascii_lowercase();
    let of_kind = name
        .strip_prefix(kind)
        .and_then(|rest| rest.strip_prefix('_'));
    of_kind.map(str::to_owned).unwrap_or(name)
}

/// The secrets of destinations, whatever their kind.
pub fn secrets_of_destinations() -> impl Iterator<Item = &'static Setting> {
    let settings = KINDS.iter().flat_map(|kind| kind.settings);
    settings.filter(|setting| setting.is_secret)
}

/// Reads what takes uploads in, and what is stored of them.
#[must_use]
pub fn for_ingest(lookup: &Lookup<'_>) -> Reading {
    let mut reading = Reading::default();
    for group in [INGEST, DURABLE] {
        reading.add(group.settings, None, lookup);
    }
    reading
}

/// Reads what a destination gets, and how, but for the settings of its kind.
#[must_use]
pub fn for_destination(lookup: &Lookup<'_>) -> Reading {
    let mut reading = read(DESTINATION.settings, None, lookup);
    let values = &reading.values;
    if values.integer(DOCUMENT_MAX_BYTES) > values.integer(BATCH_MAX_BYTES) {
        reading.problems.push(Problem::new(
            DOCUMENT_MAX_BYTES,
            format!("is larger than {BATCH_MAX_BYTES}"),
        ));
    }
    reading
}

/// Reads what alerts need. No upload waits for these: what is wrong has its default.
#[must_use]
pub fn for_alerts(lookup: &Lookup<'_>) -> Reading {
    let mut reading = read(ALERTS.settings, None, lookup);
    let lacks_ids = [CLOUDFLARE_ZONE_IDS, CLOUDFLARE_ACCOUNT_ID]
        .iter()
        .all(|name| {
            reading.values.ids(name).is_empty()
                && !reading.problems.iter().any(|problem| problem.name == *name)
        });
    if reading.values.text(CLOUDFLARE_API_TOKEN).is_some() && lacks_ids {
        reading.problems.push(Problem::new(
            CLOUDFLARE_API_TOKEN,
            format!(
                "is set, and neither {CLOUDFLARE_ZONE_IDS} nor {CLOUDFLARE_ACCOUNT_ID} has ids"
            ),
        ));
    }
    reading
}

/// SEKOIA.IO's limit of a request, taken before compression. 10 MiB.
const BATCH_BYTES_MOST: u64 = 10 << 20;

pub(crate) const DESTINATION_KIND: &str = "DESTINATION";
pub(crate) const BATCH_MAX_BYTES: &str = "BATCH_MAX_BYTES";
pub(crate) const BATCH_MAX_RECORDS: &str = "BATCH_MAX_RECORDS";
pub(crate) const MATCHED_DATA_PRIVATE_KEYS: &str = "MATCHED_DATA_PRIVATE_KEYS";
pub(crate) const SHAPE: &str = "SHAPE";
const DOCUMENT_MAX_BYTES: &str = "DOCUMENT_MAX_BYTES";
const CLOUDFLARE_API_TOKEN: &str = "CLOUDFLARE_API_TOKEN";
const CLOUDFLARE_ZONE_IDS: &str = "CLOUDFLARE_ZONE_IDS";
const CLOUDFLARE_ACCOUNT_ID: &str = "CLOUDFLARE_ACCOUNT_ID";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::setting::Given;

    /// The problems of uploads where these are set.
    fn problems(read: fn(&Lookup<'_>) -> Reading, values: &[(&str, &str)]) -> Vec<String> {
        let reading = read(&|name| {
            let value = values.iter().find(|(other, _)| *other == name);
            value.map(|(_, value)| Given::Text((*value).to_owned()))
        });
        reading.problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn names_are_those_of_variables_and_stand_once() {
        let mut names = BTreeSet::new();
        for group in groups() {
            for setting in group.settings {
                let name = setting.name;
                assert!(names.insert(name), "{name} stands twice");
                let is_variable = |byte: u8| byte.is_ascii_uppercase() || byte == b'_';
                assert!(name.bytes().all(is_variable), "{name}");
                assert!(
                    !cfg!(feature = "pages") || !setting.about.is_empty(),
                    "{name}"
                );
                if let Scope::Kind(kind) = group.scope {
                    let prefix = format!("{}_", kind.to_ascii_uppercase());
                    assert!(name.starts_with(&prefix), "{name}");
                }
            }
        }
        assert!(names.len() > 30);
    }

    #[test]
    fn every_default_is_a_value_that_is_accepted() {
        for setting in groups().flat_map(|group| group.settings) {
            let Some(default) = setting.accepts.default() else {
                continue;
            };
            assert!(!setting.is_required, "{}", setting.name);
            let reading = read(core::slice::from_ref(setting), None, &|_| {
                Some(Given::Text(default.clone()))
            });
            assert_eq!(reading.problems, [], "{}", setting.name);
        }
    }

    #[test]
    fn what_contradicts_itself_is_named() {
        let secret = ("LOGPUSH_SECRET", "0123456789abcdef");
        assert_eq!(problems(for_ingest, &[secret]), [""; 0]);
        assert_eq!(problems(for_ingest, &[]), ["LOGPUSH_SECRET is not set"]);
        assert_eq!(
            problems(for_destination, &[("DOCUMENT_MAX_BYTES", "5000000")]),
            ["DOCUMENT_MAX_BYTES is larger than BATCH_MAX_BYTES"]
        );
        let token = ("CLOUDFLARE_API_TOKEN", "token");
        for (values, expected) in [
            (vec![], ""),
            (vec![token, ("CLOUDFLARE_ZONE_IDS", "0a, 0b")], ""),
            (vec![token, ("CLOUDFLARE_ACCOUNT_ID", "0c")], ""),
            (
                vec![token],
                "CLOUDFLARE_API_TOKEN is set, and neither CLOUDFLARE_ZONE_IDS nor CLOUDFLARE_ACCOUNT_ID has ids",
            ),
            (
                vec![token, ("CLOUDFLARE_ZONE_IDS", "../x")],
                "CLOUDFLARE_ZONE_IDS has something that is not an id: ids are letters and digits, separated by commas",
            ),
            (
                vec![("ALERT_WEBHOOK_URL", "http://hooks.example/s3cret")],
                "ALERT_WEBHOOK_URL is not an https:// URL",
            ),
        ] {
            assert_eq!(
                problems(for_alerts, &values).join("; "),
                expected,
                "{values:?}"
            );
        }
    }
}
