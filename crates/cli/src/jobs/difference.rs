//! The differences between a job as it is and as it is wanted.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::jobs::cloudflare::destination::{Destination, SECRET_PARAMETER};
use crate::jobs::cloudflare::job::Job;

/// One difference, without secrets.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Difference {
    pub(crate) what: String,
    pub(crate) is: String,
    pub(crate) wanted: String,
}

/// The text for a missing value.
const NONE: &str = "none";

/// Compares only the members that `wanted` names.
pub(crate) fn between(job: &Job, wanted: &Map<String, Value>) -> Vec<Difference> {
    let mut all = Vec::new();
    for (name, value) in wanted {
        match (name.as_str(), value) {
            ("output_options", Value::Object(options)) => output_options(job, options, &mut all),
            ("destination_conf", Value::String(text)) => {
                destination(&job.destination(), &Destination::parse(text), &mut all);
            }
            _ => values(name, job.0.get(name), value, &mut all),
        }
    }
    all
}

fn output_options(job: &Job, wanted: &Map<String, Value>, all: &mut Vec<Difference>) {
    let is = job.output_options();
    for (name, value) in wanted {
        match (name.as_str(), value) {
            ("field_names", Value::Array(names)) => {
                let wanted = names.iter().filter_map(Value::as_str).collect();
                fields(&job.fields(), &wanted, all);
            }
            ("timestamp_format", _) => {
                values(name, Some(&Value::from(job.timestamps())), value, all);
            }
            _ => values(name, is.get(name), value, all),
        }
    }
}

fn fields(is: &[String], wanted: &BTreeSet<&str>, all: &mut Vec<Difference>) {
    let is: BTreeSet<_> = is.iter().map(String::as_str).collect();
    if is == *wanted {
        return;
    }
    let list = |names: Vec<&str>, sign: &str| {
        names
            .iter()
            .map(|name| format!(" {sign}{name}"))
            .collect::<String>()
    };
    let more = list(wanted.difference(&is).copied().collect(), "+");
    let less = list(is.difference(wanted).copied().collect(), "-");
    all.push(Difference {
        what: "field_names".to_owned(),
        is: format!("{} fields", is.len()),
        wanted: format!("{} fields:{more}{less}", wanted.len()),
    });
}

fn destination(is: &Destination, wanted: &Destination, all: &mut Vec<Difference>) {
    if is.is_same(wanted) {
        return;
    }
    let (before, after) = (is.shown(), wanted.shown());
    if before == after {
        let secret = "X-Logpush-Secret";
        let what = match is.header(secret) == wanted.header(secret) {
            true => "destination_conf",
            false => SECRET_PARAMETER,
        };
        return all.push(Difference {
            what: what.to_owned(),
            is: "another secret".to_owned(),
            wanted: "that of the environment".to_owned(),
        });
    }
    all.push(Difference {
        what: "destination_conf".to_owned(),
        is: before,
        wanted: after,
    });
}

fn values(name: &str, is: Option<&Value>, wanted: &Value, all: &mut Vec<Difference>) {
    let (is, wanted) = (shown(is), shown(Some(wanted)));
    if is != wanted {
        all.push(Difference {
            what: name.to_owned(),
            is,
            wanted,
        });
    }
}

fn shown(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => NONE.to_owned(),
        Some(Value::String(text)) if text.is_empty() => NONE.to_owned(),
        Some(Value::String(text)) => text.clone(),
        // The API sometimes writes whole numbers as 5e+06.
        Some(Value::Number(number)) => match number.as_f64() {
            Some(number) => number.to_string(),
            None => number.to_string(),
        },
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn differences(is: Value, wanted: Value) -> Vec<String> {
        let job: Job = serde_json::from_value(is).unwrap();
        let Value::Object(wanted) = wanted else {
            panic!("no object")
        };
        between(&job, &wanted)
            .into_iter()
            .map(|Difference { what, is, wanted }| format!("{what}: {is} -> {wanted}"))
            .collect()
    }

    #[test]
    fn each_kind_of_difference_is_named() {
        let url = "https://w.example.com/logpush/x?header_X-Logpush-Secret=";
        for (is, wanted, expected) in [
            (
                json!({"enabled": true, "more": 1}),
                json!({"enabled": true}),
                "",
            ),
            (
                json!({"enabled": false}),
                json!({"enabled": true}),
                "enabled: false -> true",
            ),
            (
                json!({"max_upload_bytes": 5e6}),
                json!({"max_upload_bytes": 5_000_000}),
                "",
            ),
            (
                json!({"max_upload_bytes": null}),
                json!({"max_upload_bytes": 5_000_000}),
                "max_upload_bytes: none -> 5000000",
            ),
            (json!({"filter": ""}), json!({"filter": null}), ""),
            (
                json!({"output_options": {"field_names": ["A", "B"], "sample_rate": 1}}),
                json!({"output_options": {"field_names": ["B", "C", "A"]}}),
                "field_names: 2 fields -> 3 fields: +C",
            ),
            (
                json!({"logpull_options": "fields=A,B&timestamps=rfc3339"}),
                json!({"output_options": {"field_names": ["B"], "timestamp_format": "rfc3339ns"}}),
                "field_names: 2 fields -> 1 fields: -A; timestamp_format: rfc3339 -> rfc3339ns",
            ),
            (
                json!({"destination_conf": format!("{url}old")}),
                json!({"destination_conf": format!("{url}new")}),
                "header_X-Logpush-Secret: another secret -> that of the environment",
            ),
            (
                json!({"destination_conf": "https://v.example.com/logpush/x"}),
                json!({"destination_conf": format!("{url}new")}),
                "destination_conf: https://v.example.com/logpush/x -> https://w.example.com/logpush/x?header_X-Logpush-Secret=[secret]",
            ),
        ] {
            assert_eq!(differences(is, wanted).join("; "), expected);
        }
    }
}
