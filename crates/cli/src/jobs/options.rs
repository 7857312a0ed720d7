//! The options of a job, which `create` and `update` share.

use serde_json::{Map, Value, json};

use crate::jobs::cloudflare::error::JobsError;
use crate::jobs::cloudflare::job::Job;

/// Cloudflare's ranges, so that a wrong number is refused before it is sent.
const UPLOAD_BYTES: core::ops::RangeInclusive<u64> = 5_000_000..=1_000_000_000;
const UPLOAD_RECORDS: core::ops::RangeInclusive<u64> = 1_000..=1_000_000;
const UPLOAD_INTERVAL: core::ops::RangeInclusive<u64> = 30..=300;

#[derive(Debug, Default, clap::Args)]
pub(crate) struct OptionsArgs {
    /// The job's name: letters, digits, `-` and `.`
    #[arg(long, value_name = "NAME", value_parser = name)]
    pub(crate) name: Option<String>,

    /// `all` fields that the subscription offers, or names separated by commas
    #[arg(long, value_name = "FIELDS")]
    pub(crate) fields: Option<String>,

    /// The format of timestamps
    #[arg(long, value_name = "FORMAT")]
    #[arg(value_parser = ["rfc3339ns", "rfc3339ms", "rfc3339", "unixnano", "unix"])]
    pub(crate) timestamps: Option<String>,

    /// The most bytes of an upload before compression, 5000000 to 1000000000, or 0 for no limit
    #[arg(long, value_name = "N", value_parser = |text: &str| number(text, UPLOAD_BYTES))]
    pub(crate) max_upload_bytes: Option<u64>,

    /// The most records of an upload, 1000 to 1000000, or 0 for Cloudflare's own limit
    #[arg(long, value_name = "N", value_parser = |text: &str| number(text, UPLOAD_RECORDS))]
    pub(crate) max_upload_records: Option<u64>,

    /// Seconds after which an upload is closed, 30 to 300, or 0 for Cloudflare's own limit
    #[arg(long, value_name = "N", value_parser = |text: &str| number(text, UPLOAD_INTERVAL))]
    pub(crate) max_upload_interval: Option<u64>,

    /// The records to send, as a filter of Cloudflare's in JSON; an empty one removes the filter
    #[arg(long, value_name = "JSON", value_parser = filter)]
    pub(crate) filter: Option<String>,

    /// The share of the records to send, above 0 up to 1
    #[arg(long, value_name = "RATE", value_parser = sample)]
    pub(crate) sample: Option<f64>,
}

impl OptionsArgs {
    /// The members of the job that these options set, without `output_options`.
    pub(crate) fn members(&self) -> Map<String, Value> {
        let mut members = Map::new();
        let mut set = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                members.insert(name.to_owned(), value);
            }
        };
        set("name", self.name.as_ref().map(|name| json!(name)));
        set("max_upload_bytes", self.max_upload_bytes.map(Value::from));
        set(
            "max_upload_records",
            self.max_upload_records.map(Value::from),
        );
        set(
            "max_upload_interval_seconds",
            self.max_upload_interval.map(Value::from),
        );
        set("filter", self.filter.as_ref().map(|filter| json!(filter)));
        members
    }

    /// The `output_options` that these options set, with these fields.
    pub(crate) fn output(&self, fields: Option<Vec<String>>) -> Map<String, Value> {
        let mut output = Map::new();
        if let Some(fields) = fields {
            output.insert("field_names".to_owned(), json!(fields));
        }
        if let Some(timestamps) = &self.timestamps {
            output.insert("timestamp_format".to_owned(), json!(timestamps));
        }
        if let Some(sample) = self.sample {
            output.insert("sample_rate".to_owned(), json!(sample));
        }
        output
    }

    /// The requested fields, all of which must be offered.
    pub(crate) fn choose(
        &self,
        offered: &[String],
        dataset: &str,
    ) -> Result<Vec<String>, JobsError> {
        let chosen = match self.fields.as_deref() {
            None | Some("all") => return Ok(offered.to_vec()),
            Some(list) => list,
        };
        let names: Vec<_> = chosen
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect();
        let unknown: Vec<_> = names
            .iter()
            .filter(|name| !offered.contains(name))
            .map(String::as_str)
            .collect();
        match (names.is_empty(), unknown.is_empty()) {
            (true, _) => Err(JobsError::Usage("--fields names no field".to_owned())),
            (_, false) => Err(JobsError::Usage(format!(
                "--fields has names that are not offered: {}; `logpush-ecs jobs fields {dataset}` lists those that are",
                unknown.join(", ")
            ))),
            _ => Ok(names),
        }
    }
}

/// The output options of the job with these changes: a PUT replaces all of them.
pub(crate) fn merged(job: &Job, changes: Map<String, Value>) -> Map<String, Value> {
    let mut merged = job.output_options();
    merged.extend(changes);
    merged
}

fn name(text: &str) -> Result<String, String> {
    let is_sound = (1..=512).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
    match is_sound {
        true => Ok(text.to_owned()),
        false => Err("Cloudflare accepts only letters, digits, - and ., at most 512".to_owned()),
    }
}

fn number(text: &str, range: core::ops::RangeInclusive<u64>) -> Result<u64, String> {
    match text.parse() {
        Ok(number) if number == 0 || range.contains(&number) => Ok(number),
        _ => Err(format!(
            "Cloudflare accepts {} to {}, or 0",
            range.start(),
            range.end()
        )),
    }
}

fn filter(text: &str) -> Result<String, String> {
    const FILTER_MAX: usize = 1000;
    if text.is_empty() {
        return Ok(String::new());
    }
    let filter: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if filter.get("where").is_none() {
        return Err("a filter is {\"where\":{...}}".to_owned());
    }
    match text.len() {
        0..=FILTER_MAX => Ok(text.to_owned()),
        len => Err(format!(
            "it has {len} bytes, and Cloudflare accepts {FILTER_MAX}"
        )),
    }
}

fn sample(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if rate > 0.0 && rate <= 1.0 => Ok(rate),
        _ => Err("a rate is above 0 and at most 1".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_checked_against_cloudflares_limits() {
        let long = "x".repeat(513);
        for (text, is_valid) in [
            ("a-b.C9", true),
            ("", false),
            ("a_b", false),
            (&long, false),
        ] {
            assert_eq!(name(text).is_ok(), is_valid, "{text}");
        }
        for (text, is_valid) in [
            ("0", true),
            ("30", true),
            ("300", true),
            ("29", false),
            ("301", false),
            ("x", false),
        ] {
            assert_eq!(number(text, UPLOAD_INTERVAL).is_ok(), is_valid, "{text}");
        }
        for (text, is_valid) in [
            ("1", true),
            ("0.1", true),
            ("0", false),
            ("1.1", false),
            ("NaN", false),
        ] {
            assert_eq!(sample(text).is_ok(), is_valid, "{text}");
        }
        let long = format!("{{\"where\":\"{}\"}}", "x".repeat(1000));
        for (text, is_valid) in [
            ("", true),
            ("{\"where\":{}}", true),
            ("{}", false),
            ("{", false),
            (&long, false),
        ] {
            assert_eq!(filter(text).is_ok(), is_valid, "{text}");
        }
    }

    #[test]
    fn fields_are_chosen_from_those_offered() {
        let offered = ["A".to_owned(), "B".to_owned()];
        for (fields, expected) in [
            (None, Ok(vec!["A", "B"])),
            (Some("all"), Ok(vec!["A", "B"])),
            (Some(" B ,,"), Ok(vec!["B"])),
            (Some(","), Err("no field")),
            (Some("B,C"), Err("not offered: C;")),
        ] {
            let options = OptionsArgs {
                fields: fields.map(str::to_owned),
                ..OptionsArgs::default()
            };
            match (options.choose(&offered, "dns_logs"), expected) {
                (Ok(chosen), Ok(expected)) => assert_eq!(chosen, expected),
                (Err(error), Err(expected)) => {
                    assert!(error.to_string().contains(expected), "{error}");
                }
                (found, expected) => panic!("{fields:?}: {found:?}, not {expected:?}"),
            }
        }
    }

    #[test]
    fn a_put_keeps_the_options_that_are_not_changed() {
        let job: Job = serde_json::from_value(json!({
            "output_options": { "timestamp_format": "unix", "sample_rate": 0.5 },
        }))
        .unwrap();
        let options = OptionsArgs {
            sample: Some(1.0),
            ..OptionsArgs::default()
        };
        assert_eq!(
            Value::Object(merged(&job, options.output(None))),
            json!({ "timestamp_format": "unix", "sample_rate": 1.0 })
        );
    }
}
