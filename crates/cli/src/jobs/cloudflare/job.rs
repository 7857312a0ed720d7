//! A job as the API has it. It is kept whole, so that members which this program does not know survive.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::jobs::cloudflare::destination::Destination;
use crate::mask::Mask;

/// A Logpush job.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Job(pub(crate) Map<String, Value>);

/// The timestamp format of a job that names none, Cloudflare's default.
pub(crate) const DEFAULT_TIMESTAMPS: &str = "unixnano";

impl Job {
    /// The job's number; 0 for a job that is not created yet.
    pub(crate) fn id(&self) -> u64 {
        self.0.get("id").and_then(Value::as_u64).unwrap_or(0)
    }

    /// A member that is a text; empty if it is null or absent.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(Value::as_str).unwrap_or("")
    }

    pub(crate) fn dataset(&self) -> &str {
        self.text("dataset")
    }

    pub(crate) fn is_enabled(&self) -> bool {
        self.0.get("enabled").and_then(Value::as_bool) == Some(true)
    }

    pub(crate) fn destination(&self) -> Destination {
        Destination::parse(self.text("destination_conf"))
    }

    /// The output options. Those of an old job are derived from its `logpull_options`.
    pub(crate) fn output_options(&self) -> Map<String, Value> {
        match self.0.get("output_options") {
            Some(Value::Object(options)) => options.clone(),
            _ => legacy_options(self.text("logpull_options")),
        }
    }

    pub(crate) fn fields(&self) -> Vec<String> {
        match self.output_options().get("field_names") {
            Some(Value::Array(names)) => names
                .iter()
                .filter_map(|name| name.as_str().map(str::to_owned))
                .collect(),
            _ => Vec::new(),
        }
    }

    pub(crate) fn timestamps(&self) -> String {
        match self.output_options().get("timestamp_format") {
            Some(Value::String(format)) => format.clone(),
            _ => DEFAULT_TIMESTAMPS.to_owned(),
        }
    }

    /// The job without its secrets.
    pub(crate) fn shown(&self) -> Value {
        let mut shown = self.0.clone();
        if let Some(destination) = shown.get_mut("destination_conf") {
            *destination = Value::from(self.destination().shown());
        }
        shown.remove("ownership_challenge");
        Value::Object(shown)
    }

    /// Adds the job's secrets to the mask.
    pub(crate) fn hide(&self, mask: &Mask) {
        self.destination().hide(mask);
        mask.add(self.text("ownership_challenge"));
    }
}

/// Converts `fields=A,B&timestamps=rfc3339&sample=0.1&CVE-2021-44228=true` to today's options.
fn legacy_options(text: &str) -> Map<String, Value> {
    let mut options = Map::new();
    for parameter in text.split('&') {
        let Some((name, value)) = parameter.split_once('=') else {
            continue;
        };
        let (name, value) = match name {
            "fields" => {
                let names: Vec<_> = value.split(',').filter(|name| !name.is_empty()).collect();
                ("field_names", json!(names))
            }
            "timestamps" => ("timestamp_format", json!(value)),
            "sample" => match value.parse::<f64>() {
                Ok(rate) => ("sample_rate", json!(rate)),
                Err(_) => continue,
            },
            "CVE-2021-44228" => ("CVE-2021-44228", json!(value == "true")),
            _ => continue,
        };
        options.insert(name.to_owned(), value);
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(value: Value) -> Job {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn an_old_job_has_output_options_too() {
        let old = job(json!({
            "output_options": null,
            "logpull_options": "fields=RayID,Action&timestamps=rfc3339&sample=0.5&CVE-2021-44228=true",
        }));
        assert_eq!(
            Value::Object(old.output_options()),
            json!({
                "field_names": ["RayID", "Action"],
                "timestamp_format": "rfc3339",
                "sample_rate": 0.5,
                "CVE-2021-44228": true,
            })
        );
        assert_eq!(old.timestamps(), "rfc3339");
        assert_eq!(job(json!({})).timestamps(), "unixnano");
    }

    #[test]
    fn no_secret_is_shown() {
        let shown = job(json!({
            "id": 7,
            "destination_conf": "https://w.example.com/logpush?header_X-Logpush-Secret=abc",
            "ownership_challenge": "def",
        }))
        .shown();
        assert_eq!(
            shown,
            json!({
                "id": 7,
                "destination_conf": "https://w.example.com/logpush?header_X-Logpush-Secret=[secret]",
            })
        );
    }
}
