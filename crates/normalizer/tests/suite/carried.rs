//! Whether a record's value is in its document: as it came, or converted so that it can be told.

use core::net::IpAddr;

use logpush_normalizer::{Dataset, Target, Time};
use serde_json::Value;

use crate::common::at;
use crate::generate::Members;

/// The members that count, as documents have them: the last of equal names, in the place of the first,
/// with the names that receivers take. Null and the empty text are absent.
pub(crate) fn last_of_each(members: &Members) -> Members {
    let mut last = Members::new();
    for (name, value) in members {
        match last.iter_mut().find(|(other, _)| other == name) {
            Some(member) => member.1 = value.clone(),
            None => last.push((name.clone(), value.clone())),
        }
    }
    last = mended(&last);
    last.retain(|(_, value)| !value.is_null() && value != "");
    last
}

/// Whether the value of a field of any name is in the document.
pub(crate) fn is_carried(dataset: &Dataset, name: &str, value: &Value, document: &Value) -> bool {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    is_carried_as(dataset, name, value, &text, document)
}

/// The same of a value that the record has as `text`: numbers have several forms.
pub(crate) fn is_carried_as(
    dataset: &Dataset,
    name: &str,
    value: &Value,
    text: &str,
    document: &Value,
) -> bool {
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
            || row.targets.iter().any(|target| {
                !target.is_masked()
                    && target
                        .kept_name()
                        .is_some_and(|kept| kept.eq_ignore_ascii_case(name))
            });
        is_name
            && (kept(row.field)
                || row
                    .targets
                    .iter()
                    .any(|of| converted(of, value, text, document)))
    })
}

/// Whether a native record has the value, but for what SEKOIA.IO's parser needs otherwise.
pub(crate) fn is_kept_natively(
    dataset: &Dataset,
    name: &str,
    value: &Value,
    document: &Value,
) -> bool {
    let found = &document[name];
    let Some(native) = &dataset.native else {
        return found == value || found == "[masked]";
    };
    let has_lost_dot = |found: &str| *value == format!("{found}.");
    found == value
        || found == "[masked]"
        || native.times.iter().any(|(field, _)| *field == name)
        || (value == "" && native.drop_empty.contains(&name))
        || (native.drop_dot.contains(&name) && found.as_str().is_some_and(has_lost_dot))
}

/// Whether what the target wrote tells the value.
fn converted(target: &Target, value: &Value, text: &str, document: &Value) -> bool {
    let found = |path: &str| at(document, path);
    let is = |path: &str, text: &str| {
        let is_same = |found: &Value| found == text || is_same_float(value, found);
        match found(path) {
            Value::Array(list) => list.iter().any(is_same),
            one => is_same(one),
        }
    };
    // An address of IPv4 in IPv6's clothes, or in another spelling.
    let is_address = |path: &str, text: &str| {
        let plain = text.parse::<IpAddr>().map(|ip| ip.to_canonical());
        plain.is_ok_and(|plain| is(path, &plain.to_string()))
    };
    let path = target.path;
    match target.conversion.name {
        "keep" => document["cloudflare"].get(path) == Some(value),
        "masked" => document["cloudflare"][path] == "[masked]",
        // Our own messages stand behind it.
        "text" if path == "error.message" => found("error.message")
            .as_str()
            .is_some_and(|message| message == text || message.starts_with(&format!("{text}; "))),
        "text" | "known" => is(path, text),
        "hash" | "ja3" => is("related.hash", text),
        "ip" | "otherwise_ip" => is(path, text) || is_address(path, text),
        "lower" => is(path, &text.to_ascii_lowercase()),
        "module" => is(path, &format!("cloudflare.{text}")),
        "texts" | "ips" | "first" | "names" => {
            let elements = match value {
                Value::Array(list) => list.as_slice(),
                one => core::slice::from_ref(one),
            };
            elements.iter().all(|element| match element {
                Value::Null => true,
                Value::String(text) => text.is_empty() || is(path, text) || is_address(path, text),
                other => {
                    let found = found(path);
                    let mut all = found.as_array().into_iter().flatten();
                    is(path, &other.to_string()) || all.any(|found| is_same_float(other, found))
                }
            })
        }
        "count" | "positive" | "port_number" | "positive_port" | "status" | "as_number"
        | "float" => {
            let number = found(path).to_string();
            let digits = text.trim_start_matches(['A', 'S', 'a', 's']);
            let whole = digits.split_once('.').map(|(whole, _)| whole);
            // `-0`, and numbers with an exponent, have other forms.
            let is_same = || {
                let is_other_form =
                    target.conversion.name == "float" || text.contains(['e', 'E']) || text == "-0";
                is_other_form && text.parse().ok() == found(path).as_f64()
            };
            found(path).is_number()
                && (number == digits || whole == Some(number.as_str()) || is_same())
        }
        "milliseconds" => found(path).as_u64().is_some_and(|nanos| {
            // What is below a nanosecond falls away.
            text.parse::<f64>().is_ok_and(|millis| {
                (millis * 1e6 - nanos as f64).abs() <= 1.0 + nanos as f64 * 1e-12
            })
        }),
        "timestamp" => Time::parse(text.as_bytes()).is_some_and(|time| is(path, &time.to_string())),
        // Less than the port, which is a field of its own, the dot of the root, and the case.
        "host" | "domain" | "name" | "dns_name" => {
            let lower = text.to_lowercase();
            let name = lower.strip_suffix('.').unwrap_or(&lower);
            is(path, &lower) || is(path, name)
        }
        "url" | "uri" => is(&format!("{path}.original"), text),
        // Instead of a path, the host with its port that a CONNECT asks for.
        "path" => {
            let original = format!("{path}.original");
            // A path that has a question mark of its own stands in front of the query.
            let begins = |whole: &str| whole.starts_with(&format!("{text}?"));
            is(&format!("{path}.path"), text)
                || is(&original, text)
                || found(&original).as_str().is_some_and(begins)
        }
        "scheme" => is(&format!("{path}.scheme"), text),
        "query" => is(
            &format!("{path}.query"),
            text.strip_prefix('?').unwrap_or(text),
        ),
        "http_version" => found(path).as_str().is_some_and(|version| {
            text.replace(' ', "/")
                .eq_ignore_ascii_case(&format!("HTTP/{version}"))
        }),
        "tls_version" => found(path).as_str().is_some_and(|version| {
            let protocol = found("tls.version_protocol").as_str().unwrap_or_default();
            text.replace(' ', "v")
                .eq_ignore_ascii_case(&format!("{protocol}v{version}"))
        }),
        "country_code" => found(path)
            .as_str()
            .is_some_and(|code| text.eq_ignore_ascii_case(code)),
        // One word of ours that stands for this word alone.
        "lookup" | "lookup_if" | "lookup_number" | "code" | "code_if" => {
            let words = target.words().map_or(&[][..], |(words, _)| words);
            let ours = |wanted: &str| {
                let mut words = words.iter();
                words.find(|(theirs, _)| theirs.eq_ignore_ascii_case(wanted))
            };
            ours(text).is_some_and(|(_, word)| {
                let same = words.iter().filter(|(_, other)| other == word).count();
                let number = found(path).as_u64().map(|number| number.to_string());
                same == 1 && (is(path, word) || number.as_deref() == Some(*word))
            })
        }
        "answers" => are_answers(
            value,
            found(path),
            target.record_types().unwrap_or_default(),
        ),
        // The others add to what another target of the row carries whole.
        _ => false,
    }
}

/// Whether a text is a number that has another form there: `-0`, `1e3`.
fn is_same_float(value: &Value, found: &Value) -> bool {
    value.is_f64()
        && found
            .as_str()
            .is_some_and(|text| text.parse().ok() == value.as_f64())
}

/// Whether each resource record of the list is the answer in its place, with all that it says.
fn are_answers(list: &Value, answers: &Value, types: &[(&str, &str)]) -> bool {
    const CLASSES: &[(&str, &str)] = &[
        ("1", "IN"),
        ("3", "CH"),
        ("4", "HS"),
        ("254", "NONE"),
        ("255", "ANY"),
    ];
    let list = match list {
        Value::String(text) => serde_json::from_str(text).unwrap_or_default(),
        list => list.clone(),
    };
    let (Value::Array(records), Value::Array(answers)) = (list, answers) else {
        return false;
    };
    // A record that says nothing has no answer.
    let records: Vec<_> = records.iter().map(said).collect();
    let records = records.iter().filter(|members| !members.is_empty());
    records.clone().count() == answers.len()
        && records.zip(answers).all(|(members, answer)| {
            members.iter().all(|(name, text)| match name.as_str() {
                "class" => answer["class"] == by_number(text, CLASSES, "CLASS"),
                "data" | "rdata" => answer["data"].as_str().map(bare) == Some(bare(text)),
                "name" => answer["name"].as_str().map(bare) == Some(bare(text)),
                "ttl" => serde_json::from_str::<Value>(text).is_ok_and(|ttl| answer["ttl"] == ttl),
                "type" => answer["type"] == by_number(text, types, "TYPE"),
                _ => false,
            })
        })
}

/// The members of a resource record that have a text or a number, by their names in lower case.
fn said(record: &Value) -> Vec<(String, String)> {
    let members = record.as_object().into_iter().flatten();
    members
        .filter_map(|(name, value)| {
            let text = match value {
                Value::Null => return None,
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            (!text.is_empty()).then(|| (name.to_ascii_lowercase(), text))
        })
        .collect()
}

/// The name that belongs to a number, or the number behind `prefix` where none does.
fn by_number(text: &str, names: &[(&str, &str)], prefix: &str) -> String {
    if text.parse::<u16>().is_err() {
        return text.to_owned();
    }
    let mut names = names.iter();
    names
        .find(|(number, _)| *number == text)
        .map_or_else(|| format!("{prefix}{text}"), |(_, name)| (*name).to_owned())
}

/// Names without the dot of the root.
fn bare(names: &str) -> String {
    let words = names.split(' ');
    let bare: Vec<_> = words
        .map(|name| match name.strip_suffix('.') {
            Some(rest) if !rest.is_empty() => rest,
            _ => name,
        })
        .collect();
    bare.join(" ")
}

/// Members of a record, or of an object in one, with the names that documents have: each blank part
/// between, before or behind the dots of a name is `_`, and `_` is added while the name is taken.
pub(crate) fn mended(members: &[(String, Value)]) -> Vec<(String, Value)> {
    let mut taken: Vec<String> = members.iter().map(|(name, _)| name.clone()).collect();
    let is_blank = |part: &str| part.chars().all(char::is_whitespace);
    let mend = |(name, value): &(String, Value)| {
        let mut mended = name.clone();
        if name.split('.').any(is_blank) {
            let parts = name.split('.');
            let parts: Vec<_> = parts
                .map(|part| if is_blank(part) { "_" } else { part })
                .collect();
            mended = parts.join(".");
            while taken.contains(&mended) {
                mended.push('_');
            }
            taken.push(mended.clone());
        }
        (mended, mended_value(value))
    };
    members.iter().map(mend).collect()
}

fn mended_value(value: &Value) -> Value {
    match value {
        Value::Array(list) => list.iter().map(mended_value).collect(),
        Value::Object(members) => {
            let members: Vec<_> = members.clone().into_iter().collect();
            Value::Object(mended(&members).into_iter().collect())
        }
        scalar => scalar.clone(),
    }
}
