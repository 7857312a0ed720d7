//! What holds for any input. A case that once failed becomes a row of a table.

use chrono::{DateTime, FixedOffset, SecondsFormat};
use logpush_normalizer::datasets::by_name;
use logpush_normalizer::{Normalizer, Shape, Time, UploadError};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::Value;

use crate::carried::{is_carried, last_of_each};
use crate::checks;
use crate::common::{at, both_paths, config, document, gzip, outcome, run};
use crate::generate::{members, record, write};

/// `PROPTEST_CASES` in the environment asks for more cases than a usual run has time for.
pub(crate) fn settings(cases: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok();
    ProptestConfig {
        cases: asked.and_then(|cases| cases.parse().ok()).unwrap_or(cases),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Bytes that are an upload, or look like one.
fn upload() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        6 => record(),
        2 => select(vec!["\n", "\r\n", " ", ",", "[", "]", "{", "}", "\"", "\\", "\u{feff}", "test", "{\"content\":\"test\"}"]).prop_map(str::to_owned),
        1 => any::<String>(),
        1 => (1..600_usize).prop_map(|length| "x".repeat(length)),
        1 => (1..90_usize).prop_map(|depth| "[{\"a\":".repeat(depth)),
    ];
    let separator = select(vec!["\n", "\n", "\n", "\r\n", ",", ""]);
    let text = prop::collection::vec((piece, separator), 0..10).prop_map(|pieces| {
        pieces
            .into_iter()
            .fold(String::new(), |text, (piece, separator)| {
                text + &piece + separator
            })
    });
    prop_oneof![
        4 => text.clone().prop_map(String::into_bytes),
        2 => text.clone().prop_map(|text| format!("[{text}]").into_bytes()),
        2 => (text.clone(), text.clone()).prop_map(|(one, two)| [gzip(one.as_bytes()), gzip(two.as_bytes())].concat()),
        1 => (text, any::<Index>(), any::<u8>()).prop_map(|(text, place, bits)| {
            let mut upload = gzip(text.as_bytes());
            let place = place.index(upload.len());
            upload[place] ^= bits;
            upload
        }),
        1 => prop::collection::vec(any::<u8>(), 0..200),
    ]
}

/// What JSON is made of, and a little more.
const TOKENS: &[&str] = &[
    "0",
    "1",
    "-",
    "+",
    ".",
    "e",
    "E",
    "\"",
    "\"\"",
    "\\",
    "\\\\",
    "\\u",
    "0041",
    "\\ud83d",
    "\\ude00",
    "\\n",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    " ",
    "\t",
    "\r",
    "\0",
    "true",
    "false",
    "null",
    "a",
    "\"a\":",
    "\"Action\":",
    "\"source\":",
    "é",
    "\u{feff}",
];

/// A record's text with some bytes changed.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        select(b"\"\\{}[],:0-.eEtfnu \t\r\x00\x1f\x80\xff\xc3\xed".to_vec()),
        any::<u8>()
    ];
    let change = (any::<Index>(), 0..4_u8, byte);
    (record(), prop::collection::vec(change, 1..4)).prop_map(|(record, changes)| {
        let mut bytes = record.into_bytes();
        for (place, kind, byte) in changes {
            let place = place.index(bytes.len() + 1);
            match kind {
                0 => bytes.insert(place, byte),
                1 if place < bytes.len() => bytes[place] = byte,
                2 if place < bytes.len() => drop(bytes.remove(place)),
                3 => bytes.truncate(place.max(1)),
                _ => {}
            }
        }
        bytes
    })
}

proptest! {
    #![proptest_config(settings(1200))]

    #[test]
    fn any_upload_is_read_in_any_chunks(bytes in upload()) {
        checks::upload(&bytes);
    }
}

proptest! {
    #![proptest_config(settings(300))]

    #[test]
    fn chunks_of_different_sizes_make_no_difference(bytes in upload(), cuts in prop::collection::vec(any::<Index>(), 0..8)) {
        let whole = run(config(Shape::Ecs), &bytes, bytes.len());
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        places.extend([0, bytes.len()]);
        places.sort_unstable();
        let mut normalizer = Normalizer::new(config(Shape::Ecs));
        let mut batches = Vec::new();
        let mut pieces = places.windows(2).map(|place| &bytes[place[0]..place[1]]);
        let result = pieces.try_for_each(|mut piece| {
            while let Some(batch) = normalizer.feed(&mut piece)? {
                batches.push(batch);
            }
            Ok::<(), UploadError>(())
        }).and_then(|()| {
            while let Some(batch) = normalizer.finish()? {
                batches.push(batch);
            }
            Ok(batches)
        });
        match (result, whole) {
            (Ok(batches), Ok((whole, _))) => prop_assert_eq!(batches, whole),
            (result, whole) => prop_assert_eq!(result.is_err(), whole.is_err()),
        }
    }
}

/// What the fuzz targets found.
#[test]
fn both_paths_write_the_same_bytes() {
    for (record, expected) in [
        (
            "{\"H|n\":{\"kind\"\t\t:901e934}}",
            r#""H|n":{"kind":"901e934"}"#,
        ),
        ("{\"H|n\":{\"kind\"\t\t:1}}", r#""H|n":{"kind":1}"#),
        ("{\"H|n\":{\"kind\"\r:1}}", r#""H|n":{"kind":1}"#),
        ("{\"H|n\":[ 1,\t{ } ]}", r#""H|n":[1,{}]"#),
    ] {
        checks::upload(record.as_bytes());
        checks::scanner(record.as_bytes());
        let slow = format!("[{}]", record.replacen('{', "{\n", 1));
        for shape in [Shape::Ecs, Shape::Native] {
            for text in [record, &slow] {
                let outcome = outcome(config(shape), text.as_bytes());
                assert!(outcome.lines[0].contains(expected), "{}", outcome.lines[0]);
            }
        }
    }
}

proptest! {
    #![proptest_config(settings(1500))]

    #[test]
    fn a_line_is_an_event_if_it_is_an_object(line in damaged()) {
        checks::scanner(&line);
    }

    #[test]
    fn a_member_is_read_if_it_is_json(tokens in prop::collection::vec(select(TOKENS), 0..8)) {
        let line = tokens.concat();
        for member in [
            line.clone(),
            format!("{{\"Action\":{line}"),
            format!("{{\"Action\":{line}}}"),
            format!("{{\"Metadata\":[{line}]}}"),
            format!("{{\"New\":{{\"a\":{line}}}}}"),
        ] {
            checks::scanner(member.as_bytes());
        }
    }
}

proptest! {
    #![proptest_config(settings(300))]

    #[test]
    fn nothing_of_a_record_is_lost(members in members(), style in any::<u64>()) {
        let written = write(&members, style);
        let comma = if members.is_empty() { "" } else { "," };
        let text = format!("{{\"Unknown\":0{comma}{}", &written[1..]);
        let document = both_paths(&config(Shape::Ecs), &text);
        let dataset = by_name("firewall_events").unwrap();
        for (name, value) in last_of_each(&members) {
            prop_assert!(is_carried(dataset, &name, &value, &document), "{name}: {value} of {text} in {document}");
        }
    }

    #[test]
    fn a_native_record_stays_what_it_is(members in members(), style in any::<u64>()) {
        let mut members = last_of_each(&members);
        members.retain(|(name, _)| name != "source");
        let written = write(&members, style);
        let comma = if members.is_empty() { "" } else { "," };
        let text = format!("{{\"Source\":\"\"{comma}{}", &written[1..]);
        let document = both_paths(&config(Shape::Native), &text);
        for (name, value) in &members {
            if name != "Datetime" {
                prop_assert_eq!(&document[name], value, "{} of {}", name, text);
            }
        }
        for (alias, field) in by_name("firewall_events").unwrap().native.as_ref().unwrap().aliases {
            let own = members.iter().find(|(name, _)| name == alias);
            let of_field = members.iter().find(|(name, _)| name == field);
            let expected = own.or(of_field).map_or(&Value::Null, |(_, value)| value);
            prop_assert_eq!(&document[alias], expected, "{} of {}", alias, text);
        }
        // The parser fails without a time of nanoseconds (which end in 2262), and misreads an empty Source.
        let given = members.iter().find(|(name, _)| name == "Datetime");
        let is_late = given.is_some_and(|(_, value)| {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            Time::parse(text.as_bytes()).is_some_and(|time| time.unix_nanos().is_none())
        });
        prop_assert!(is_late || document["Datetime"].is_i64(), "{}", document);
        prop_assert!(document["Source"] != "", "{}", document);
    }
}

proptest! {
    #![proptest_config(settings(100))]

    /// Every nanosecond of three centuries, against another library's calendar.
    #[test]
    fn a_time_is_exact(nanos in 100_000_000_000_000_000_i64..i64::MAX, offset in -1439..1440_i32) {
        let time = DateTime::from_timestamp_nanos(nanos);
        let decimals = if nanos % 1000 == 0 { SecondsFormat::Micros } else { SecondsFormat::Nanos };
        let expected = time.to_rfc3339_opts(decimals, true);
        let elsewhere = time.with_timezone(&FixedOffset::east_opt(offset * 60).unwrap());
        for written in [
            nanos.to_string(),
            format!("\"{nanos}\""),
            format!("\"{}\"", elsewhere.to_rfc3339_opts(SecondsFormat::Nanos, true)),
            format!("\"{}\"", elsewhere.to_rfc3339_opts(SecondsFormat::Nanos, true).replace('T', " ")),
            format!("{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000),
            format!("{}.{:03}", nanos / 1000, nanos % 1000),
        ] {
            let document = document(&format!("{{\"Datetime\":{written}}}"));
            prop_assert_eq!(at(&document, "@timestamp"), &expected, "{}", written);
        }
    }
}
