//! What an action means: `event.type`.

use serde_json::json;
use wasm_bindgen_test::wasm_bindgen_test as wasm;

use crate::common::golden;

#[test]
#[wasm]
fn every_action_has_a_type() {
    for (action, kind) in [
        // Cloudflare's enumeration.
        ("unknown", "info"),
        ("allow", "allowed"),
        ("block", "denied"),
        ("challenge", "info"),
        ("jschallenge", "info"),
        ("log", "info"),
        ("connectionclose", "end"),
        ("challengesolved", "allowed"),
        ("challengebypassed", "allowed"),
        ("jschallengesolved", "allowed"),
        ("jschallengebypassed", "allowed"),
        ("bypass", "allowed"),
        ("managedchallenge", "info"),
        ("managedchallengenoninteractivesolved", "allowed"),
        ("managedchallengeinteractivesolved", "allowed"),
        ("managedchallengebypassed", "allowed"),
        ("precursorinterstitialpageissued", "info"),
        ("precursorinterstitialpagebypassed", "info"),
        ("precursorinterstitialpagesolved", "info"),
        // Listed in 2022, or seen since.
        ("challengefailed", "denied"),
        ("jschallengefailed", "denied"),
        ("managedchallengefailed", "denied"),
        ("managedchallengeskipped", "allowed"),
        ("skip", "allowed"),
        ("forceconnectionclose", "end"),
        // Not known, or almost.
        ("somethingnew", "info"),
        (
            "a name that is much longer than the longest of the known actions",
            "info",
        ),
        ("blocked", "info"),
        ("bloc", "info"),
        (" block", "info"),
        // In any case.
        ("BLOCK", "denied"),
        ("Allow", "allowed"),
        ("ManagedChallengeNonInteractiveSolved", "allowed"),
        ("connectionClose", "end"),
    ] {
        golden(&[(
            action,
            &format!("\"Action\":\"{action}\""),
            json!({"event.action": action, "event.type": [kind]}),
        )]);
    }
}

#[test]
#[wasm]
fn an_action_that_is_written_or_typed_oddly_has_one_too() {
    golden(&[
        (
            "escaped",
            r#""Action":"\u0062lock""#,
            json!({"event.action": "block", "event.type": ["denied"]}),
        ),
        (
            "number",
            r#""Action":1"#,
            json!({"event.action": "1", "event.type": ["info"]}),
        ),
        (
            "boolean",
            r#""Action":true"#,
            json!({"event.action": "true", "event.type": ["info"]}),
        ),
        (
            "list",
            r#""Action":["block"]"#,
            json!({"cloudflare.Action": ["block"]}),
        ),
        ("null", r#""Action":null"#, json!({})),
    ]);
}
