//! Every form of time, exact to the nanosecond.

use logpush_normalizer::datasets::by_name;
use logpush_normalizer::{Config, Shape};
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test as wasm;

use crate::common::{ARRIVAL, at, both_paths, config, outcome};

/// What `Datetime` is, as JSON, and the time that it says.
#[rustfmt::skip]
const READABLE: &[(&str, &str)] = &[
    // Unix nanoseconds: the form of the API's default. Beyond 2^53, so that no float survives.
    ("1657630626219000000",                   "2022-07-12T12:57:06.219000Z"),
    ("1657630626219000001",                   "2022-07-12T12:57:06.219000001Z"),
    ("1657630626219999999",                   "2022-07-12T12:57:06.219999999Z"),
    ("1657630626219001000",                   "2022-07-12T12:57:06.219001Z"),
    ("\"1657630626219000001\"",               "2022-07-12T12:57:06.219000001Z"),
    ("100000000000000000",                    "1973-03-03T09:46:40.000000Z"),
    ("9223372036854775807",                   "2262-04-11T23:47:16.854775807Z"),
    ("9223372036854775808",                   "2262-04-11T23:47:16.854775808Z"),
    ("18446744073709551615",                  "2554-07-21T23:34:33.709551615Z"),
    ("253402300799999999999",                 "9999-12-31T23:59:59.999999999Z"),
    // Seconds.
    ("1657630626",                            "2022-07-12T12:57:06.000000Z"),
    ("\"1657630626\"",                        "2022-07-12T12:57:06.000000Z"),
    ("1",                                     "1970-01-01T00:00:01.000000Z"),
    ("99999999999",                           "5138-11-16T09:46:39.000000Z"),
    // Milliseconds, microseconds.
    ("1657630626219",                         "2022-07-12T12:57:06.219000Z"),
    ("100000000000",                          "1973-03-03T09:46:40.000000Z"),
    ("99999999999999",                        "5138-11-16T09:46:39.999000Z"),
    ("1657630626219001",                      "2022-07-12T12:57:06.219001Z"),
    ("100000000000000",                       "1973-03-03T09:46:40.000000Z"),
    ("99999999999999999",                     "5138-11-16T09:46:39.999999Z"),
    // With a fraction or an exponent: JSON allows them, and other systems write them.
    ("1657630626.219",                        "2022-07-12T12:57:06.219000Z"),
    ("1657630626.219000001",                  "2022-07-12T12:57:06.219000001Z"),
    ("1657630626.2190000019",                 "2022-07-12T12:57:06.219000001Z"),
    ("1657630626219.000001",                  "2022-07-12T12:57:06.219000001Z"),
    ("1657630626219001.5",                    "2022-07-12T12:57:06.219001500Z"),
    ("1.657630626219000001e18",               "2022-07-12T12:57:06.219000001Z"),
    ("1657630626E0",                          "2022-07-12T12:57:06.000000Z"),
    ("1657630626e+9",                         "2022-07-12T12:57:06.000000Z"),
    ("16576306262190000010e-1",               "2022-07-12T12:57:06.219000001Z"),
    ("0.5",                                   "1970-01-01T00:00:00.500000Z"),
    // RFC 3339 with any fraction.
    ("\"2022-07-12T12:57:06Z\"",              "2022-07-12T12:57:06.000000Z"),
    ("\"2022-07-12T12:57:06.2Z\"",            "2022-07-12T12:57:06.200000Z"),
    ("\"2022-07-12T12:57:06.219Z\"",          "2022-07-12T12:57:06.219000Z"),
    ("\"2022-07-12T12:57:06.219001Z\"",       "2022-07-12T12:57:06.219001Z"),
    ("\"2022-07-12T12:57:06.219000001Z\"",    "2022-07-12T12:57:06.219000001Z"),
    ("\"2022-07-12T12:57:06.000000000Z\"",    "2022-07-12T12:57:06.000000Z"),
    ("\"2022-07-12T12:57:06.2190000019Z\"",   "2022-07-12T12:57:06.219000001Z"),
    ("\"2022-07-12T12:57:06.99999999999999999999Z\"", "2022-07-12T12:57:06.999999999Z"),
    ("\"2022-07-12t12:57:06z\"",              "2022-07-12T12:57:06.000000Z"),
    ("\"2022-07-12 12:57:06.219Z\"",          "2022-07-12T12:57:06.219000Z"),
    ("\"2022-07-12 12:57:06\"",               "2022-07-12T12:57:06.000000Z"),
    ("\"2022-07-12T12:57:06\"",               "2022-07-12T12:57:06.000000Z"),
    ("\"2022-07-12T12:57:06,219Z\"",          "2022-07-12T12:57:06.219000Z"),
    // Offsets.
    ("\"2022-07-12T14:57:06.219+02:00\"",     "2022-07-12T12:57:06.219000Z"),
    ("\"2022-07-12T07:27:06-05:30\"",         "2022-07-12T12:57:06.000000Z"),
    ("\"2022-07-12T14:57:06+0200\"",          "2022-07-12T12:57:06.000000Z"),
    ("\"2022-01-01T00:30:00+01:00\"",         "2021-12-31T23:30:00.000000Z"),
    ("\"2022-07-12T12:57:06-00:00\"",         "2022-07-12T12:57:06.000000Z"),
    ("\"2022-07-12 12:57:06+00:00\"",         "2022-07-12T12:57:06.000000Z"),
    // The calendar: leap days, a leap second, the ends.
    ("\"2024-02-29T00:00:00Z\"",              "2024-02-29T00:00:00.000000Z"),
    ("\"2000-02-29T23:59:59Z\"",              "2000-02-29T23:59:59.000000Z"),
    ("\"2016-12-31T23:59:60Z\"",              "2017-01-01T00:00:00.000000Z"),
    ("\"2016-12-31T23:59:60.5Z\"",            "2017-01-01T00:00:00.500000Z"),
    ("\"1969-12-31T23:59:59.999999999Z\"",    "1969-12-31T23:59:59.999999999Z"),
    ("\"0001-01-01T00:00:01Z\"",              "0001-01-01T00:00:01.000000Z"),
    ("\"9999-12-31T23:59:59.999999999Z\"",    "9999-12-31T23:59:59.999999999Z"),
    // An escape is no other text.
    ("\"2022-07-12\\u005412:57:06Z\"",        "2022-07-12T12:57:06.000000Z"),
    ("\"\\u0031657630626\"",                  "2022-07-12T12:57:06.000000Z"),
];

/// Zeros, which say that there is no time: they are kept as those below are, and not counted.
const ZEROS: &[&str] = &[
    "0",
    "\"0\"",
    "0.0",
    "0e9",
    "\"0001-01-01T00:00:00Z\"",
    "\"1970-01-01T00:00:00Z\"",
];

/// What `Datetime` is when it is no time: its record gets the upload's arrival, and keeps it.
const UNREADABLE: &[&str] = &[
    "-1",
    "-1657630626",
    "\"-1657630626\"",
    "\"+1657630626\"",
    "1e41",
    "1e999999999999",
    "253402300800000000000",
    "9999999999999999999999999999999999999999",
    "\"1657630626 \"",
    "\" 1657630626\"",
    "\"16576306x6\"",
    "\".5\"",
    "\"1e\"",
    "\"garbage\"",
    "\"none\"",
    "\"2022-07-12\"",
    "\"2022-07-12T12:57Z\"",
    "\"2022-07-12T12:57:06.Z\"",
    "\"2022-07-12T12:57:06ZZ\"",
    "\"2022-07-12T12:57:06 UTC\"",
    "\"2022-07-12T12:57:06+2\"",
    "\"2022-07-12T12:57:06+24:00\"",
    "\"2022-07-12T12:57:06+02:60\"",
    "\"2022-07-12T24:00:00Z\"",
    "\"2022-07-12T12:60:00Z\"",
    "\"2022-07-12T12:57:61Z\"",
    "\"2022-13-12T12:57:06Z\"",
    "\"2022-00-12T12:57:06Z\"",
    "\"2022-02-29T12:57:06Z\"",
    "\"1900-02-29T12:57:06Z\"",
    "\"2022-04-31T12:57:06Z\"",
    "\"2022-07-00T12:57:06Z\"",
    "\"10000-01-01T00:00:00Z\"",
    "\"9999-12-31T23:59:59-00:01\"",
    "\"9999-12-31T23:59:60Z\"",
    "\"0000-01-01T00:00:00+00:01\"",
    "\"-001-01-01T00:00:00Z\"",
    "\"2022/07/12T12:57:06Z\"",
    "\"２０22-07-12T12:57:06Z\"",
    "\"Tue, 12 Jul 2022 12:57:06 GMT\"",
    "true",
    "false",
    "[1657630626]",
    "{\"seconds\":1657630626}",
];

fn record(time: &str) -> String {
    format!("{{\"Datetime\":{time},\"Kind\":\"firewall\"}}")
}

#[test]
#[wasm]
fn every_form_is_read_exactly() {
    for (time, expected) in READABLE {
        let document = both_paths(&config(Shape::Ecs), &record(time));
        assert_eq!(at(&document, "@timestamp"), expected, "{time}");
        assert_eq!(document["tags"], Value::Null, "{time}");
        assert_eq!(at(&document, "cloudflare.Datetime"), &Value::Null, "{time}");
    }
}

#[test]
#[wasm]
fn what_is_no_time_is_kept_and_the_arrival_stands_in() {
    let unreadable = UNREADABLE.iter().map(|time| (time, 1));
    for (time, invalid) in unreadable.chain(ZEROS.iter().map(|time| (time, 0))) {
        let document = both_paths(&config(Shape::Ecs), &record(time));
        assert_eq!(at(&document, "@timestamp"), ARRIVAL, "{time}");
        assert_eq!(document["tags"], json!(["time_from_arrival"]), "{time}");
        let message = at(&document, "error.message").as_str().unwrap();
        assert!(
            message.starts_with("Datetime is no readable time: "),
            "{message}"
        );
        let kept = at(&document, "cloudflare.Datetime");
        match serde_json::from_str::<Value>(time) {
            Ok(value) => assert_eq!(kept, &value),
            // A number that no float holds.
            Err(_) => assert_eq!(kept, time),
        }
        let summary = outcome(config(Shape::Ecs), record(time).as_bytes()).summary;
        assert_eq!(
            (summary.times_from_arrival, summary.invalid_values),
            (1, invalid),
            "{time}"
        );
    }
}

#[test]
#[wasm]
fn a_missing_time_is_the_arrival() {
    for record in [
        r#"{"Kind":"firewall"}"#,
        r#"{"Kind":"firewall","Datetime":""}"#,
        r#"{"Kind":"firewall","Datetime":null}"#,
    ] {
        let document = both_paths(&config(Shape::Ecs), record);
        assert_eq!(at(&document, "@timestamp"), ARRIVAL, "{record}");
        assert_eq!(document["tags"], json!(["time_from_arrival"]), "{record}");
        assert_eq!(
            at(&document, "error.message"),
            "Datetime is missing: the upload's arrival stands in"
        );
        let summary = outcome(config(Shape::Ecs), record.as_bytes()).summary;
        assert_eq!((summary.times_from_arrival, summary.invalid_values), (1, 0));
    }
}

#[test]
#[wasm]
fn a_long_text_for_a_time_is_shown_by_its_beginning() {
    let document = both_paths(
        &config(Shape::Ecs),
        &record(&format!("\"{}\"", "é".repeat(500))),
    );
    let message = at(&document, "error.message").as_str().unwrap();
    assert!(message.len() < 200, "{message}");
    assert_eq!(
        at(&document, "cloudflare.Datetime"),
        &json!("é".repeat(500))
    );
}

/// A span of time from two points, exact whatever their forms.
#[test]
#[wasm]
fn a_duration_is_the_time_between_two_points() {
    for (dataset, record, expected) in [
        (
            "http_requests",
            r#"{"EdgeStartTimestamp":1657630626219000001,"EdgeEndTimestamp":"2022-07-12T12:57:07.219000000Z"}"#,
            json!(999_999_999),
        ),
        (
            "http_requests",
            r#"{"EdgeEndTimestamp":1657630626,"EdgeStartTimestamp":1657630626}"#,
            json!(0),
        ),
        (
            "spectrum_events",
            r#"{"ConnectTimestamp":"2022-07-12T12:57:06Z","DisconnectTimestamp":"2022-07-13T12:57:06.5Z"}"#,
            json!(86_400_500_000_000_i64),
        ),
        // No start, none yet, one behind the end, and more than an integer can say.
        (
            "spectrum_events",
            r#"{"DisconnectTimestamp":1657630626}"#,
            Value::Null,
        ),
        (
            "spectrum_events",
            r#"{"ConnectTimestamp":0,"DisconnectTimestamp":1657630626}"#,
            Value::Null,
        ),
        (
            "zero_trust_network_sessions",
            r#"{"SessionStartTime":1657630627,"SessionEndTime":1657630626}"#,
            Value::Null,
        ),
        (
            "zero_trust_network_sessions",
            r#"{"SessionStartTime":"0001-01-01T00:00:00Z","SessionEndTime":"2022-07-12T12:57:06Z"}"#,
            Value::Null,
        ),
    ] {
        let config = Config {
            dataset: by_name(dataset),
            ..config(Shape::Ecs)
        };
        let document = both_paths(&config, &record.replacen('{', "{\"Unknown\":0,", 1));
        assert_eq!(at(&document, "event.duration"), &expected, "{record}");
    }
}
