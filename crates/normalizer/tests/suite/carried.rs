//! Whether a record's value is in its document: as it came, or converted so that it can be told.

use logpush_normalizer::{Dataset, Target, Time};
use serde_json::Value;

use crate::common::at;
use crate::generate::Members;

/// The last of equal names wins; null and the empty text are absent.
pub(crate) fn last_of_each(members: &Members) -> Members {
    let mut last = Members::new();
    for (name, value) in members {
        last.retain(|(other, _)| other != name);
        last.push((name.clone(), value.clone()));
    }
    last.retain(|(_, value)| !value.is_null() && value != "");
    last
}

/// Whether the value of a field of any name is in the document.
pub(crate) fn is_carried(dataset: &Dataset, name: &str, value: &Value, document: &Value) -> bool {
    let kept = |name: &str| document["cloudflare"].get(name) == Some(value);
    // A name that the table uses for a field of its own gets underscores.
    if (0..6).any(|marks| kept(&format!("{name}{}", "_".repeat(marks)))) {
        return true;
    }
    let renamed = |field: &str| {
        let mut renamed = dataset.renamed.iter();
        renamed.any(|(other, known)| *known == field && *other == name)
    };
    dataset.rows.iter().any(|row| {
        let is_name = row.field.eq_ignore_ascii_case(name)
            || renamed(row.field)
            || row.targets.iter().any(
                |target| matches!(target, Target::Keep(kept) if kept.eq_ignore_ascii_case(name)),
            );
        is_name && (kept(row.field) || row.targets.iter().any(|of| converted(*of, value, document)))
    })
}

/// Whether what the target wrote tells the value.
fn converted(target: Target, value: &Value, document: &Value) -> bool {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let found = |path: &str| at(document, path);
    let is = |path: &str, text: &str| match found(path) {
        Value::Array(list) => list.iter().any(|element| element == text),
        one => one == text,
    };
    match target {
        Target::Keep(name) => document["cloudflare"].get(name) == Some(value),
        Target::Masked(name) => document["cloudflare"][name] == "[masked]",
        // Our own messages stand behind it.
        Target::Text("error.message") => found("error.message")
            .as_str()
            .is_some_and(|message| message == text || message.starts_with(&format!("{text}; "))),
        Target::Text(path) => is(path, &text),
        Target::Ip(path) => {
            let plain = text
                .get(7..)
                .filter(|_| text.to_ascii_lowercase().starts_with("::ffff:"));
            is(path, &text) || plain.is_some_and(|plain| is(path, plain))
        }
        Target::Lower(path) => is(path, &text.to_ascii_lowercase()),
        Target::Module(path) => is(path, &format!("cloudflare.{text}")),
        Target::Texts(path) | Target::Ips(path) | Target::First(path) => {
            let elements = match value {
                Value::Array(list) => list.as_slice(),
                one => core::slice::from_ref(one),
            };
            elements.iter().all(|element| match element {
                Value::Null => true,
                Value::String(text) => text.is_empty() || is(path, text),
                other => is(path, &other.to_string()),
            })
        }
        Target::Integer(path) | Target::Positive(path) | Target::Float(path) => {
            let number = found(path).to_string();
            found(path).is_number() && number == text
        }
        Target::Milliseconds(path) => found(path).as_u64().is_some_and(|nanos| {
            // What is below a nanosecond falls away.
            text.parse::<f64>().is_ok_and(|millis| {
                (millis * 1e6 - nanos as f64).abs() <= 1.0 + nanos as f64 * 1e-12
            })
        }),
        Target::Timestamp(path) => {
            Time::parse(text.as_bytes()).is_some_and(|time| is(path, &time.to_string()))
        }
        // Less than the port, which is a field of its own, and the dot of the root.
        Target::Host(path) | Target::Domain(path) => {
            let name = text.strip_suffix('.').unwrap_or(&text);
            is(path, &text) || is(path, name)
        }
        Target::Url(group) => is(&format!("{group}.original"), &text),
        Target::Uri(group) => {
            let (path, query) = text.split_once('?').unwrap_or((&text, ""));
            [("path", path), ("query", query)]
                .iter()
                .all(|(name, part)| part.is_empty() || is(&format!("{group}.{name}"), part))
        }
        Target::Query(path) => is(path, text.strip_prefix('?').unwrap_or(&text)),
        Target::HttpVersion(path) => found(path)
            .as_str()
            .is_some_and(|version| text.eq_ignore_ascii_case(&format!("HTTP/{version}"))),
        Target::TlsVersion(path) => found(path).as_str().is_some_and(|version| {
            let protocol = found("tls.version_protocol").as_str().unwrap_or_default();
            text.eq_ignore_ascii_case(&format!("{protocol}v{version}"))
        }),
        Target::CountryCode(path) => found(path)
            .as_str()
            .is_some_and(|code| text.eq_ignore_ascii_case(code)),
        // One word of ours that stands for this word alone.
        Target::Words(path, words) | Target::When(path, words) | Target::Numbers(path, words) => {
            let ours = |wanted: &str| {
                let mut words = words.iter();
                words.find(|(theirs, _)| theirs.eq_ignore_ascii_case(wanted))
            };
            ours(&text).is_some_and(|(_, word)| {
                let same = words.iter().filter(|(_, other)| other == word).count();
                let number = found(path).as_u64().map(|number| number.to_string());
                same == 1 && (is(path, word) || number.as_deref() == Some(*word))
            })
        }
        // Its own tests say what of a record is told.
        Target::Answers(path, _) => found(path).is_array(),
        // The others add to what another target of the row carries whole.
        _ => false,
    }
}
