//! What a rule takes out is in no byte of any output.

use logpush_normalizer::datasets::DATASETS;
use logpush_normalizer::{Config, Dataset, Shape};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::common::{config, run};
use crate::properties::settings;
use crate::rules::rules;

/// A source of choices that a seed makes the same every time.
struct Choices(u64);

impl Choices {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % below
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.next(choices.len())]
    }
}

/// A value with a text in it that must not be seen, as JSON, and that text.
fn secret(choices: &mut Choices, number: usize) -> (String, String) {
    let secret = match choices.next(6) {
        0 => format!("198.51.100.{}", 100 + number % 100),
        1 => format!("2001:db8:aaaa:bbbb::{:x}", 0x1000 + number),
        2 => format!("sEcret{number}@mail.example.com"),
        3 => format!("https://sEcret{number}.example.com/p?q=1"),
        4 => format!("{}", 7_700_000_000_u64 + number as u64),
        _ => format!("sEcret{number}"),
    };
    let json = match choices.next(7) {
        0 => format!("[\"{secret}\",\"{secret}\"]"),
        1 => format!("{{\"a\":\"{secret}\",\"b\":[\"{secret}\"]}}"),
        2 => format!("[{{\"a\":\"{secret}\"}}]"),
        3 if secret.starts_with('7') => secret.clone(),
        // What the fast path leaves alone.
        4 => format!(
            "\"{}\"",
            secret
                .replacen('e', "\\u0065", 1)
                .replacen('0', "\\u0030", 1)
        ),
        _ => format!("\"{secret}\""),
    };
    let hidden = secret.replace("@mail.example.com", "@");
    (json, hidden)
}

/// The name as a record may have it.
fn spelled(choices: &mut Choices, name: &str) -> String {
    match choices.next(8) {
        0 => format!(
            "\\u{:04x}{}",
            u32::from(name.chars().next().unwrap()),
            &name[1..]
        ),
        1 => name.to_lowercase(),
        _ => name.to_owned(),
    }
}

/// An upload, rules, and what no output may have.
fn case(choices: &mut Choices, dataset: &Dataset) -> (String, Value, Vec<String>) {
    let mut names: Vec<&str> = dataset.rows.iter().map(|row| row.field).collect();
    names.extend(["New", "Other"]);
    let mut fields = serde_json::Map::new();
    let mut hidden = Vec::new();
    let mut members = Vec::new();
    for number in 0..1 + choices.next(6) {
        let name = choices.of(&names);
        if fields.contains_key(name) {
            continue;
        }
        let treatment = choices.of(&["remove", "mask", "hash", "truncate"]);
        fields.insert(name.to_owned(), json!(treatment));
        for place in 0..choices.of(&[1, 1, 1, 2]) {
            let (json, secret) = secret(choices, 7 * number + place);
            hidden.push(secret);
            members.push(format!("\"{}\":{json}", spelled(choices, name)));
        }
    }
    for _ in 0..choices.next(8) {
        let name = choices.of(&names);
        if !fields.contains_key(name) {
            let value = choices.of(&[
                "\"plain\"",
                "1",
                "null",
                "\"192.0.2.1\"",
                "[1,2]",
                "{\"a\":{}}",
                "\"https://example.com/a?b=c\"",
                "\"2026-01-02T03:04:05Z\"",
            ]);
            let place = choices.next(members.len() + 1);
            members.insert(place, format!("\"{name}\":{value}"));
        }
    }
    let comma = choices.of(&[",", ",", ",", ", ", " ,"]);
    let mut record = format!("{{{}}}", members.join(comma));
    match choices.next(8) {
        0 => record.truncate(record.len() - 1),
        1 => record = format!("[\n{record}\n]"),
        2 => {
            record = record
                .replacen("{\"", "{\"Long\":\"xxxxxxxxxxxxxxxxxxxxxxxx\",\"", 1)
                .replace("xxx", &"x".repeat(700))
        }
        _ => {}
    }
    let mut rules = vec![json!({"name": "fields", "fields": fields})];
    if choices.next(3) == 0 {
        rules.insert(0, json!({"name": "before", "fields": {"ip": "truncate", "email": "hash"}, "mask_query": ["q"]}));
    }
    if choices.next(4) == 0 {
        rules.push(json!({"name": "sample", "action": "sample", "rate": 0.9}));
    }
    (record, Value::from(rules), hidden)
}

proptest! {
    #![proptest_config(settings(400))]

    #[test]
    fn what_rules_take_out_is_in_no_output(seed in 1_u64.., dataset in 0..DATASETS.len()) {
        let dataset = DATASETS[dataset];
        let mut choices = Choices(seed);
        let (upload, json, hidden) = case(&mut choices, dataset);
        for shape in [Shape::Ecs, Shape::Native, Shape::Raw] {
            let mut config = Config {
                dataset: Some(dataset),
                keep_original: choices.next(2) == 0,
                unmask: choices.next(2) == 0,
                rules: rules(&json),
                ..config(shape)
            };
            if choices.next(3) == 0 {
                config.limits.line_bytes = 300;
            }
            if choices.next(3) == 0 {
                config.limits.document_bytes = 2000;
            }
            let Ok((batches, summary)) = run(config, upload.as_bytes(), 64) else {
                continue;
            };
            let mut output = format!("{summary:?}");
            for batch in &batches {
                output.push_str(core::str::from_utf8(&batch.body).unwrap());
                for document in batch.documents() {
                    let read: Result<Value, _> = serde_json::from_slice(document.text);
                    prop_assert!(read.is_ok(), "{:?}", document);
                    output.push_str(&read.unwrap().to_string());
                }
            }
            for secret in &hidden {
                // Hosts are written in lower case.
                let is_seen = output.to_lowercase().contains(&secret.to_lowercase());
                prop_assert!(!is_seen, "{secret} of {upload} under {json}: {output}");
            }
        }
    }
}
