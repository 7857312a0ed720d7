//! Every field of every dataset with every odd value, in both shapes: one document a record, valid JSON
//! and ECS, no value lost, no secret shown.

use std::collections::BTreeMap;

use logpush_normalizer::datasets::DATASETS;
use logpush_normalizer::{Config, Dataset, Shape, Target};
use serde_json::{Value, json};

use crate::carried::{is_carried_as, is_kept_natively, last_of_each};
use crate::common::{checked, config, run};
use crate::generate::Members;
use crate::strict;

/// What stands in a masked field beside the odd value.
const MARKER: &str = "s3cr3t";

/// Values that are odd for most fields, as a record has them.
const VALUES: &[&str] = &[
    // Nothing, in JSON's ways and in Cloudflare's.
    "null",
    "\"\"",
    "[]",
    "{}",
    "[null]",
    "[\"\"]",
    "[[]]",
    "[{}]",
    "{\"a\":null}",
    "\" \"",
    "\"\\t\"",
    "\"-\"",
    "\"none\"",
    "\"NONE\"",
    "\"UNK\"",
    "\"unknown\"",
    "\"null\"",
    "\"undefined\"",
    "\"N/A\"",
    "\"<unknown file name>\"",
    "\"00000000-0000-0000-0000-000000000000\"",
    "\"00000000000000000000000000000000\"",
    "\"0000000000000000000000000000000000000000000000000000000000000000.\"",
    // Booleans and numbers.
    "true",
    "false",
    "\"true\"",
    "0",
    "-0",
    "1",
    "-1",
    "0.0",
    "-0.0",
    "1.0",
    "1.5",
    "1e3",
    "1E-3",
    "1e20",
    "-1.25e2",
    "255",
    "256",
    "65535",
    "65536",
    "4294967295",
    "4294967296",
    "2147483648",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "18446744073709551616",
    "123456789012345678901234567890",
    "1e308",
    "1e999",
    "-1e999",
    "0.1000000000000000055511151231257827",
    "\"0\"",
    "\"007\"",
    "\"+1\"",
    "\"-1\"",
    "\"1.0\"",
    "\"1e3\"",
    "\"0x1F\"",
    "\"1,5\"",
    "\"1_000\"",
    "\"٣\"",
    "\"NaN\"",
    "\"Infinity\"",
    "\"65536\"",
    "\"AS15169\"",
    "\"AS0\"",
    "\"AS-1\"",
    "\"asn\"",
    // Times.
    "1767322800",
    "1767322800000",
    "1767322800000000",
    "1767322800000000001",
    "1767322800.5",
    "\"1767322800\"",
    "\"2026-01-02T03:04:05Z\"",
    "\"2026-01-02T03:04:05.678901234+05:30\"",
    "\"2026-01-02 03:04:05\"",
    "\"1970-01-01T00:00:00Z\"",
    "\"0001-01-01T00:00:00Z\"",
    "\"9999-12-31T23:59:60Z\"",
    "\"2026-02-30T00:00:00Z\"",
    "\"Fri, 02 Jan 2026 03:04:05 GMT\"",
    // Addresses.
    "\"192.0.2.1\"",
    "\"192.0.2.256\"",
    "\"192.0.2.01\"",
    "\"192.0.2.1:443\"",
    "\"192.0.2.0/24\"",
    "\"0.0.0.0\"",
    "\"::\"",
    "\"2001:DB8::1\"",
    "\"[2001:db8::1]:443\"",
    "\"::ffff:192.0.2.1\"",
    "\"0:0:0:0:0:FFFF:192.0.2.1\"",
    "\"fe80::1%eth0\"",
    "\"3221225985\"",
    "[\"192.0.2.1\",\"bad\",null,1,{\"a\":1}]",
    "[\"192.0.2.1\",\"192.0.2.1\"]",
    "\"192.0.2.1, 198.51.100.2\"",
    // Hosts, addresses of requests and of mail.
    "\"Example.COM.\"",
    "\".\"",
    "\"..\"",
    "\"a..b\"",
    "\"-a.example\"",
    "\"xn--bcher-kva.example\"",
    "\"bücher.example\"",
    "\"İ.example\"",
    "\"co.uk\"",
    "\"com\"",
    "\"a b.example.com\"",
    "\"example.com:8443\"",
    "\"example.com:\"",
    "\"example.com:x\"",
    "\"user:pw@example.com\"",
    "\"example.com/path?q=1\"",
    "\"https://example.com\"",
    "\"HTTPS://u@Example.com:443/a/b.tar.gz?q=?#f#g\"",
    "\"//example.com/a\"",
    "\"https:///a\"",
    "\"http://[::1\"",
    "\"https://evil.example\\\\@good.example/\"",
    "\"javascript:alert(1)\"",
    "\"data:,x\"",
    "\"*\"",
    "\"/\"",
    "\"?\"",
    "\"/a?b?c#d\"",
    "\"/%2e%2e/%00\"",
    "\"?a=1&a=2\"",
    "\"a@b.example\"",
    "\"A <a@b.example>, c@d.example\"",
    "\"@\"",
    // Words of protocols and places.
    "\"HTTP/1.1\"",
    "\"http 2\"",
    "\"HTTP/1.10\"",
    "\"TLSv1.3\"",
    "\"TLS 1.2\"",
    "\"tlsv13\"",
    "\"QUIC\"",
    "\"fr\"",
    "\"XX\"",
    "\"T1\"",
    "\"EU\"",
    "\"US-CA\"",
    "\"US/NV/Las Vegas\"",
    "\"-96.80\"",
    "\"91\"",
    "\"181\"",
    "\"block\"",
    "\"BLOCK\"",
    "\"managed_challenge\"",
    "\"create\"",
    "\"tokenRoll\"",
    "[\"block\",\"log\",7]",
    "\"d41d8cd98f00b204e9800998ecf8427e\"",
    "\"DA39A3EE5E6B4B0D3255BFEF95601890AFD80709\"",
    // Text that breaks writers and readers.
    "\"quoted \\\"text\\\" \\\\\"",
    "\"\\u0000\\u001f\\u007f\"",
    "\"\\ud83d\\ude00\"",
    "\"\\u0041\\/\"",
    "\"línea\\n\\r \"",
    "\"﻿￿\"",
    "\"{\\\"a\\\":1}\"",
    "\"[1,\"",
    "\"${jndi:ldap://x}\"",
    "\"<script>\"",
    "\"' OR 1=1 --\"",
    "\"[masked]\"",
    "\"a\\u202eb\"",
    // Objects and lists whose names receivers refuse.
    "{\"\":1,\".\":2,\" \":3}",
    "{\"a.b\":1,\"a\":{\"b\":2}}",
    "{\".a\":1,\"_.a\":2,\"a.\":3}",
    "{\"a\":1e999}",
    "[1.0,-0,12345678901234567890]",
    "{\"a\":{\"b\":{\"c\":[{\"d\":null}]}}}",
    "[\"a\",[\"b\",[\"c\"]]]",
    "[{\"name\":\"x\",\"type\":\"A\"},1]",
    "{\"files\":[{\"name\":7,\"size\":-1,\"hash\":[]}]}",
    "{\"Request\":{\"URL\":1,\"Method\":[]},\"Response\":\"x\"}",
    "[{\"type\":\"16\",\"data\":\"AWEHZXhhbXBsZQAA\"}]",
    "[{\"type\":\"65536\",\"data\":\"!\",\"class\":{}}]",
    "[{\"Name\":\"a.\",\"Md5\":\"x\"},null,[]]",
    "[{\"Message\":{}},{\"Message\":\"b\"}]",
];

#[test]
fn every_field_takes_every_odd_value() {
    let values: Vec<Value> = VALUES
        .iter()
        // A number beyond a double becomes a text, inside an object too.
        .map(|text| strict::scalar(&text.replace(":1e999", ":\"1e999\"")).expect(text))
        .collect();
    assert!(values.len() >= 150, "{} values", values.len());
    let mut tried = 0;
    let mut lost = String::new();
    for dataset in DATASETS {
        for shape in [Shape::Ecs, Shape::Native] {
            // All fields at once, each with another value; then half of them, so that a row that another
            // one hides gets its turn.
            for (step, half) in [(1, false), (7, true)] {
                tried += every_value(dataset, shape, &values, step, half, &mut lost);
            }
        }
    }
    assert!(lost.is_empty(), "{lost:.20000}");
    let fields: usize = DATASETS.iter().map(|dataset| dataset.rows.len()).sum();
    assert!(tried >= 2 * fields * values.len(), "{tried} values");
}

/// One record for each value, in which each field has a value of its own; how many values there were.
fn every_value(
    dataset: &'static Dataset,
    shape: Shape,
    values: &[Value],
    step: usize,
    half: bool,
    lost: &mut String,
) -> usize {
    let mut tried = 0;
    let mut upload = String::new();
    let mut records: Vec<(Members, BTreeMap<&str, String>)> = Vec::new();
    for turn in 0..values.len() {
        let mut members = Members::new();
        let mut texts = Vec::new();
        let mut written = BTreeMap::new();
        for (index, row) in dataset.rows.iter().enumerate() {
            if half && (index / 2 + turn) % 2 == 0 {
                continue;
            }
            let place = (index * step + turn) % values.len();
            let (mut value, mut text) = (values[place].clone(), VALUES[place].to_owned());
            if row.targets.iter().any(Target::is_masked) {
                value = json!([value, MARKER]);
                text = format!("[{text},\"{MARKER}\"]");
            }
            tried += 1;
            texts.push(format!("\"{}\":{text}", row.field));
            // A text without its quotes, a number in the form that it came in.
            let text = value.as_str().map_or(text, str::to_owned);
            written.insert(row.field, text);
            members.push((row.field.to_owned(), value));
        }
        upload += &format!("{{{}}}\n", texts.join(","));
        records.push((members, written));
    }
    let config = Config {
        dataset: Some(dataset),
        ..config(shape)
    };
    let (batches, summary) = run(config.clone(), upload.as_bytes(), upload.len()).unwrap();
    let outcome = checked(&config, batches, summary);
    assert_eq!(outcome.documents.len(), records.len(), "{}", dataset.name);
    assert_eq!(outcome.summary.errors, 0, "{}", dataset.name);
    for (((members, written), document), line) in
        records.iter().zip(&outcome.documents).zip(&outcome.lines)
    {
        assert!(!line.contains(MARKER), "{}: {line}", dataset.name);
        for (name, value) in last_of_each(members) {
            let is_there = match shape {
                Shape::Ecs => is_carried_as(dataset, &name, &value, &written[&*name], document),
                Shape::Native | Shape::Raw | Shape::RawJson => {
                    is_kept_natively(dataset, &name, &value, document)
                }
            };
            if !is_there {
                *lost += &format!(
                    "\n{}, {shape:?}: {name}: {value} is not in {document}",
                    dataset.name
                );
            }
        }
    }
    tried
}
