//! The settings of taking uploads in, and of one destination, with their types.

use core::time::Duration;

use logpush_normalizer::{Limits, PrivateKeys, Rules as ReadyRules, Shape};
use xxhash_rust::xxh3::Xxh3;

use crate::configuration::routing::Datasets;
use crate::configuration::rules::Rules;
use crate::configuration::source::{self, Source};
use crate::destination::{self, Destination, Kind};
use crate::setting::{Given, Lookup, Problem, Values};
use crate::settings::{
    self, BATCH_MAX_BYTES, BATCH_MAX_RECORDS, DESTINATION_KIND, MATCHED_DATA_PRIVATE_KEYS, SHAPE,
};

/// How uploads are taken in and stored.
#[derive(Clone, Copy, Debug)]
pub struct Ingest {
    /// Bytes of an upload as received.
    pub upload_bytes: u64,
    /// The same after gunzip.
    pub plain_bytes: u64,
    /// The longest line that is read as a record.
    pub line_bytes: usize,
    /// How long delivered uploads are kept; zero: not at all.
    pub keep_delivered: Duration,
    /// How long one invocation goes on delivering an upload.
    pub invocation_max: Duration,
    /// How long an upload must have been left alone before the sweep takes it up.
    pub sweep_after: Duration,
}

/// What one destination gets, and how.
#[derive(Clone, Debug)]
pub struct Setup {
    /// What it is.
    pub kind: &'static Kind,
    /// What its documents look like.
    pub shape: Shape,
    /// Whether they carry the record as received.
    pub keep_original: bool,
    /// Whether they show passwords, cookies and the like.
    pub unmask: bool,
    /// What decrypts the payloads of WAF rules.
    pub private_keys: PrivateKeys,
    /// The longest document.
    pub document_bytes: usize,
    /// Bytes of one delivery, before compression.
    pub batch_bytes: usize,
    /// Documents of one delivery.
    pub batch_records: usize,
    /// Deliveries of one upload at the same time.
    pub deliveries_in_flight: usize,
    /// Of all invocations together; 0: as many as there are.
    pub requests_per_second: u64,
    /// How deliveries are tried again.
    pub retry: Retry,
    /// What it leaves out or changes.
    pub rules: Option<Rules>,
    source: Source,
}

/// How deliveries are tried again.
#[derive(Clone, Copy, Debug)]
pub struct Retry {
    /// How long one request may take.
    pub timeout: Duration,
    /// The first wait; each next one is twice as long.
    pub base: Duration,
    /// How long an upload goes on trying while every request fails.
    pub budget: Duration,
    /// The first wait before an upload is delivered again.
    pub redelivery_base: Duration,
    /// The longest of these waits.
    pub redelivery_max: Duration,
    /// How long an upload is tried before it becomes a dead letter.
    pub retry_for: Duration,
}

/// As `SHAPE` names them.
const SHAPES: [(Shape, &str); 4] = [
    (Shape::Ecs, "ecs"),
    (Shape::Native, "native"),
    (Shape::Raw, "raw"),
    // What it becomes where a destination takes JSON alone.
    (Shape::RawJson, "raw"),
];

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Ingest {
    pub(super) fn of(values: &Values) -> Self {
        Self {
            upload_bytes: values.integer("UPLOAD_MAX_BYTES"),
            plain_bytes: values.integer("UPLOAD_MAX_PLAIN_BYTES"),
            line_bytes: values.integer("LINE_MAX_BYTES") as usize,
            keep_delivered: days(values, "KEEP_DELIVERED_DAYS"),
            invocation_max: millis(values, "INVOCATION_MAX_MS"),
            sweep_after: seconds(values, "SWEEP_AFTER_SECONDS"),
        }
    }

    /// What bounds the reading of an upload, whoever gets it.
    #[must_use]
    pub fn limits(&self) -> Limits {
        Limits {
            line_bytes: self.line_bytes,
            upload_bytes: self.plain_bytes,
            ..Limits::DEFAULT
        }
    }
}

impl Setup {
    /// What tells two configurations of the destination apart. It gives no setting away.
    #[must_use]
    pub fn fingerprint(&self, lookup: &Lookup<'_>) -> u128 {
        let mut hash = Xxh3::new();
        hash.update(self.kind.name.as_bytes());
        for setting in self.kind.settings {
            let value = self.source.get(Some(self.kind), setting.name, lookup);
            let text = match &value {
                Some(Given::Text(text) | Given::Object(text)) => text.as_str(),
                None => "",
            };
            hash.update(text.as_bytes());
            hash.update(&[0xff]);
        }
        hash.digest128()
    }

    /// Reads the settings of a destination; `problems`: what is known of it to be wrong.
    ///
    /// # Errors
    ///
    /// All that is wrong, those problems included.
    pub(super) fn read(
        source: Source,
        datasets: &Datasets,
        mut problems: Vec<Problem>,
        lookup: &Lookup<'_>,
    ) -> Result<Self, Vec<Problem>> {
        let general = settings::for_destination(&|name| source.get(None, name, lookup));
        let values = general.values;
        let kind_name = source.shown(None, DESTINATION_KIND);
        for problem in source.translate_all(None, general.problems) {
            // What is wrong with the kind may be known already, and better.
            let is_known =
                problem.name == kind_name && problems.iter().any(|known| known.name == kind_name);
            if !is_known {
                problems.push(problem);
            }
        }
        let is_kind_wrong = problems.iter().any(|problem| problem.name == kind_name);
        let kind = destination::kind(values.word(DESTINATION_KIND)).unwrap_or(destination::DEFAULT);
        let mut found = Vec::new();
        let mut bounded = |name, most: usize| {
            let value = values.integer(name) as usize;
            if value > most && source::is_set(source.get(Some(kind), name, lookup)) {
                found.push(Problem::new(
                    name,
                    format!(
                        "is more than a destination of kind {} takes, {most}",
                        kind.name
                    ),
                ));
            }
            value.min(most)
        };
        let batch_bytes = bounded(BATCH_MAX_BYTES, kind.limits.bytes);
        let batch_records = bounded(BATCH_MAX_RECORDS, kind.limits.documents);
        let shape = shape(&values);
        if !kind.shapes.contains(&shape) {
            let takes: Vec<_> = kind.shapes.iter().map(|shape| shape_word(*shape)).collect();
            found.push(Problem::new(
                SHAPE,
                format!(
                    "is {}, and a destination of kind {} takes {} only",
                    shape_word(shape),
                    kind.name,
                    takes.join(" or ")
                ),
            ));
        }
        if !is_kind_wrong {
            found.extend(kind.problems(datasets.list(), &|name| {
                source.get(Some(kind), name, lookup)
            }));
            problems.extend(source.translate_all(Some(kind), found));
        }
        problems.extend(source.rules.iter().flat_map(Rules::problems));
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Self {
            kind,
            shape: kind.shape(shape, &|name| source.get(Some(kind), name, lookup)),
            keep_original: values.flag("KEEP_ORIGINAL"),
            unmask: values.word("SENSITIVE_VALUES") == "shown",
            private_keys: values.private_keys(MATCHED_DATA_PRIVATE_KEYS),
            document_bytes: (values.integer("DOCUMENT_MAX_BYTES") as usize).min(batch_bytes),
            batch_bytes,
            batch_records,
            deliveries_in_flight: values.integer("DELIVERIES_IN_FLIGHT") as usize,
            requests_per_second: values.integer("INTAKE_MAX_REQUESTS_PER_SECOND"),
            retry: Retry {
                timeout: millis(&values, "INTAKE_TIMEOUT_MS"),
                base: millis(&values, "RETRY_BASE_MS"),
                budget: millis(&values, "RETRY_BUDGET_MS"),
                redelivery_base: seconds(&values, "REDELIVERY_BASE_SECONDS"),
                redelivery_max: seconds(&values, "REDELIVERY_MAX_SECONDS"),
                retry_for: days(&values, "RETRY_DAYS"),
            },
            rules: source.rules.clone(),
            source,
        })
    }

    /// Opens the destination, for the documents of one dataset or of no particular one.
    ///
    /// # Errors
    ///
    /// All that is wrong with its settings.
    pub fn open(
        &self,
        dataset: Option<&str>,
        lookup: &Lookup<'_>,
    ) -> Result<Box<dyn Destination>, Vec<Problem>> {
        let get = |name: &str| self.source.get(Some(self.kind), name, lookup);
        let opened = self.kind.open(dataset, &get);
        opened.map_err(|problems| self.source.translate_all(Some(self.kind), problems))
    }

    /// The rules, ready for records.
    ///
    /// # Errors
    ///
    /// Where the secret that they need is missing or too short.
    pub fn ready_rules(&self, lookup: &Lookup<'_>) -> Result<ReadyRules, Problem> {
        match &self.rules {
            Some(rules) => rules.ready(lookup),
            None => Ok(ReadyRules::default()),
        }
    }

    /// A sentence with this destination's own names of settings and secrets in it, in the place of the
    /// flat ones.
    #[must_use]
    pub fn translate(&self, sentence: &str) -> String {
        self.source.translate(Some(self.kind), sentence)
    }

    /// What bounds the documents of an upload.
    #[must_use]
    pub fn limits(&self, ingest: &Ingest) -> Limits {
        Limits {
            document_bytes: self.document_bytes,
            batch_bytes: self.batch_bytes,
            batch_records: self.batch_records,
            ..ingest.limits()
        }
    }
}

fn shape(values: &Values) -> Shape {
    let word = values.word(SHAPE);
    let found = SHAPES.iter().find(|(_, other)| *other == word);
    debug_assert!(found.is_some(), "the table has a shape that is not read");
    found.map_or(Shape::Ecs, |(shape, _)| *shape)
}

/// What a shape is called in the configuration.
#[must_use]
pub fn shape_word(shape: Shape) -> &'static str {
    let found = SHAPES.iter().find(|(other, _)| *other == shape);
    debug_assert!(found.is_some(), "a shape has no name");
    found.map_or("", |(_, word)| word)
}

fn millis(values: &Values, name: &str) -> Duration {
    Duration::from_millis(values.integer(name))
}

fn seconds(values: &Values, name: &str) -> Duration {
    Duration::from_secs(values.integer(name))
}

fn days(values: &Values, name: &str) -> Duration {
    DAY * values.integer(name) as u32
}
