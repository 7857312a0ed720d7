//! The payloads of WAF rules: decrypted in the document, masked, or kept as they came.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use logpush_normalizer::{Config, PrivateKeys, Shape, datasets};
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test as wasm;

use crate::common::{Outcome, at, config, only, outcome};

/// Cloudflare's own example of a key, in matched-data-cli.
const PRIVATE: &str = "uBS5eBttHrqkdY41kbZPdvYnNz8Vj0TvKIUpjB1y/GA=";

// Payloads for that key, made by tests/support/matched_data.mjs.
const QUERY: &str = "A8ZqR5JrR9KlyI5jtXmRfoPEMuo+jzRgpMQVgfBoFBQMTwAAAAAAAADwsCuEoOOgQ40MYWgfzLW05k+yQy/fWRZLkvmo9sDcN1Nw1W3g5idPyMjc95pnvN6z4GXRZOX6+lu3gA0ojfn2ctMzb460Uj5IJaMriq7ctqFkeLo/tiK9zEoFJvwhvg==";
const LIST: &str =
    "A8HnCwbUyS5DY9zL8M7msC2+hNppXDWzklBULFrzGiovBwAAAAAAAACwcz2UGtMqkyeUFXvd9N+CttCiqyUURA==";
const TEXT: &str =
    "A74Cxk1doXzhUmVuNctL9bkeITXICdB+YFdOJ9z22C4/BgAAAAAAAADP6uRRqLYr5HIgrekm/jWWjXm2MkXm";
const NO_JSON: &str = "A5ZsXhJc6nA9J75EztmgSuAFwqXVTu7EnxeqZA9n0IcVGgAAAAAAAAAHmweB0cOxWYq7wzo7jGIa3Xez0EbesUgivezsEZcQwkQylghyhGAw2tk=";
const NULL: &str =
    "A0/2M5iUpZPu1Y9T/MBhtvNCBoXKluU195FHxh9IStNTBAAAAAAAAACCHpVkXQQiu9JorU/Jkpg/y11EIw==";
const BROKEN: &str =
    "AwD/ejo216KBpexZ8/wgo3Guw6fHYuqBpqM3m+uw/7gDBQAAAAAAAADYZgEUnfWJl0kU3z/61IgkAdPP0Hs=";
const SURROGATE: &str = "Aygq2Ue5qT6hcNRJvO6s84U/hIGeqMk+x6Lzo9RIxudjIgAAAAAAAADJDh0DpkP4z2FGOqfHf0fNXORtdiNGOmw733Jj1tT5oTe3fPEvFMJMZPxMuUB8bg3ziQ==";
const BINARY: &str =
    "A/Ofzew/1FC2+rUhCt4NddBg/sbd/fIvLELrbeByngVYAwAAAAAAAABFeKN21dm4Nm9t3vlCNQKgO8Gy";
const OTHER_KEY: &str =
    "A+0ry5ed1MTnnqUZUvVTWcyLnfgXyP7d7lZcCPiATtlABwAAAAAAAAD6nzSv0Aj9wW2P7+9wTw62n3JJOrognw==";

fn with_keys(shape: Shape, unmask: bool) -> Config {
    Config {
        private_keys: PrivateKeys::parse(PRIVATE).unwrap(),
        unmask,
        ..config(shape)
    }
}

fn record(blob: &str) -> String {
    let metadata = json!({ "kind": "waf", "encrypted_matched_data": blob });
    json!({ "Action": "block", "Metadata": metadata }).to_string()
}

fn decrypted(config: Config, record: &str) -> (Value, Outcome) {
    let outcome = outcome(config, record.as_bytes());
    (only(outcome.documents.clone()), outcome)
}

#[test]
#[wasm]
fn a_payload_stands_in_the_document_as_what_it_is() {
    let query = json!({ "http.request.uri.query": { "Before": "id=", "Content": "1 OR 1=1", "After": "&x" } });
    for (blob, expected) in [
        (QUERY, query),
        (LIST, json!([1, "a"])),
        (TEXT, json!("text")),
        (NO_JSON, json!("not JSON: \"<script>\" \\ end")),
        (NULL, json!("null")),
        (BROKEN, json!("{\"a\":")),
        (BINARY, json!("\u{fffd}\0A")),
    ] {
        for (shape, path) in [
            (Shape::Ecs, "cloudflare.metadata"),
            (Shape::Native, "Metadata"),
        ] {
            let (document, outcome) = decrypted(with_keys(shape, true), &record(blob));
            let expected = json!({ "kind": "waf", "matched_data": expected });
            assert_eq!(at(&document, path), &expected, "{shape:?} {blob}");
            assert_eq!(
                (outcome.summary.decrypted, outcome.summary.undecrypted.len()),
                (1, 0)
            );
        }
    }
}

#[test]
#[wasm]
fn half_a_character_in_a_payload_is_repaired() {
    let (document, _) = decrypted(with_keys(Shape::Ecs, true), &record(SURROGATE));
    let found = at(&document, "cloudflare.metadata.matched_data.a");
    assert_eq!(found, "\u{fffd}");
    assert!(
        at(&document, "tags")
            .as_array()
            .unwrap()
            .contains(&json!("text_repaired"))
    );
}

#[test]
#[wasm]
fn a_payload_is_masked_unless_sensitive_values_are_shown() {
    for (shape, path) in [
        (Shape::Ecs, "cloudflare.metadata.matched_data"),
        (Shape::Native, "Metadata.matched_data"),
    ] {
        let config = Config {
            keep_original: true,
            ..with_keys(shape, false)
        };
        let (document, outcome) = decrypted(config, &record(QUERY));
        assert_eq!(at(&document, path), "[masked]");
        assert_eq!(outcome.summary.decrypted, 1);
        assert!(!outcome.lines.concat().contains("1 OR 1=1"));
    }
}

#[test]
#[wasm]
fn what_cannot_be_decrypted_stays_as_it_came_and_is_counted() {
    let cut = &QUERY[..QUERY.len() - 4];
    for (blob, reason) in [
        ("truncated", "truncated"),
        ("no base64", "encoding"),
        (cut, "length"),
        ("BAAA", "version"),
        (OTHER_KEY, "key"),
    ] {
        let (document, outcome) = decrypted(with_keys(Shape::Ecs, true), &record(blob));
        assert_eq!(
            at(&document, "cloudflare.metadata.encrypted_matched_data"),
            blob
        );
        let tags = at(&document, "tags").as_array().unwrap();
        assert!(
            tags.contains(&json!("matched_data_undecrypted")),
            "{tags:?}"
        );
        assert_eq!(outcome.summary.undecrypted, [(reason, 1)].into(), "{blob}");
        assert_eq!((outcome.summary.decrypted, outcome.summary.errors), (0, 0));
    }
}

#[test]
#[wasm]
fn what_has_no_payload_or_no_key_is_left_alone() {
    let keys = || with_keys(Shape::Ecs, true);
    for (config, record) in [
        (config(Shape::Ecs), record(QUERY)),
        (keys(), record("")),
        (
            keys(),
            json!({ "Metadata": { "encrypted_matched_data": 7 } }).to_string(),
        ),
        (
            keys(),
            json!({ "Metadata": "encrypted_matched_data" }).to_string(),
        ),
        (
            keys(),
            json!({ "Other": { "encrypted_matched_data": QUERY } }).to_string(),
        ),
        (
            Config {
                dataset: datasets::by_name("http_requests"),
                ..keys()
            },
            record(QUERY),
        ),
    ] {
        let (document, outcome) = decrypted(config, &record);
        assert_eq!(
            (outcome.summary.decrypted, outcome.summary.undecrypted.len()),
            (0, 0)
        );
        assert!(!document.to_string().contains("1 OR 1=1"), "{document}");
        assert!(
            !document.to_string().contains("matched_data_undecrypted"),
            "{document}"
        );
    }
}

/// Cloudflare escapes no slash, and others do; the record may need repair, or be the first of an
/// upload whose dataset is not named.
#[test]
#[wasm]
fn a_payload_is_found_in_records_of_any_form() {
    let escaped = record(QUERY).replace('/', "\\/");
    let odd = record(QUERY).replace("\"waf\"", "\"\\ud800\"");
    let named = record(QUERY).replace("\"Metadata\"", "\"metadata\"");
    let more = record(QUERY).replace(
        "\"Action\"",
        "\"ClientIP\":\"192.0.2.7\",\"RuleID\":\"r\",\"MatchIndex\":0,\"Action\"",
    );
    for record in [record(QUERY), escaped, odd, named, more] {
        for dataset in [datasets::by_name("firewall_events"), None] {
            let config = Config {
                dataset,
                ..with_keys(Shape::Ecs, true)
            };
            let (document, outcome) = decrypted(config, &record);
            if outcome.summary.errors > 0 {
                assert!(dataset.is_none(), "{record}");
                continue;
            }
            let found = at(&document, "cloudflare.metadata.matched_data");
            assert!(
                found.to_string().contains("1 OR 1=1"),
                "{record}: {document}"
            );
        }
    }
}

#[test]
#[wasm]
fn the_id_is_that_of_the_record_as_received() {
    let (one, _) = decrypted(config(Shape::Ecs), &record(QUERY));
    let (other, _) = decrypted(with_keys(Shape::Ecs, true), &record(QUERY));
    assert_eq!(at(&one, "event.id"), at(&other, "event.id"));
}

#[cfg(not(target_arch = "wasm32"))]
proptest::proptest! {
    #![proptest_config(crate::properties::settings(60))]

    /// Whatever stands there, it is one event, and what is not decrypted stays as it came.
    #[test]
    fn broken_payloads_are_kept(mut bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..120), place in 0..74_usize, is_valid in proptest::bool::ANY) {
        if is_valid {
            // A valid payload with one bit changed.
            let mut valid = STANDARD.decode(LIST).unwrap();
            let bit = bytes.first().copied().unwrap_or_default() % 8;
            if let Some(byte) = valid.get_mut(place) {
                *byte ^= 1 << bit;
                bytes = valid;
            }
        }
        let blob = STANDARD.encode(&bytes);
        let outcome = outcome(with_keys(Shape::Ecs, true), record(&blob).as_bytes());
        let document = only(outcome.documents);
        let kept = at(&document, "cloudflare.metadata");
        proptest::prop_assert_eq!(outcome.summary.errors, 0);
        if outcome.summary.decrypted == 0 && !blob.is_empty() {
            proptest::prop_assert_eq!(&kept["encrypted_matched_data"], &blob);
            proptest::prop_assert_eq!(outcome.summary.undecrypted.len(), 1);
        }
    }
}
