//! `logpush-ecs decrypt`, and the keys of `normalize`.

use serde_json::json;

use crate::common::{Run, command, file, finish, gzip};

/// Cloudflare's own example, of matched-data-cli, and a payload of JSON for the same key.
const KEY: &str = "uBS5eBttHrqkdY41kbZPdvYnNz8Vj0TvKIUpjB1y/GA=";
const BLOB: &str = "AzTY6FHajXYXuDMUte82wrd+1n5CEHPoydYiyd3FMg5IEQAAAAAAAAA0lOhGXBclw8pWU5jbbYuepSIJN5JohTtZekLliJBlVWk=";
const LIST: &str =
    "A8HnCwbUyS5DY9zL8M7msC2+hNppXDWzklBULFrzGiovBwAAAAAAAACwcz2UGtMqkyeUFXvd9N+CttCiqyUURA==";

fn run(args: &[&str], keys: &str, stdin: &[u8]) -> Run {
    let mut command = command();
    command.env("MATCHED_DATA_PRIVATE_KEYS", keys).args(args);
    finish(&mut command, stdin)
}

fn record(blob: &str) -> String {
    let metadata = json!({ "encrypted_matched_data": blob });
    json!({ "Action": "block", "Metadata": metadata }).to_string()
}

#[test]
fn payloads_are_printed_one_a_line() {
    let lines = [
        record(BLOB),
        "{\"Action\":\"log\"}".to_owned(),
        record(LIST),
    ]
    .join("\n");
    let plain = file("payloads.ndjson", lines.as_bytes());
    let packed = file("payloads.ndjson.gz", &gzip(lines.as_bytes()));
    let run = run(&["decrypt", &plain, &packed], KEY, b"");
    assert_eq!(run.stdout, "\"test matched data\"\n[1,\"a\"]\n".repeat(2));
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), "decrypted: 4\n"));
}

#[test]
fn what_is_not_decrypted_is_counted_and_fails() {
    let lines = [record("truncated"), record(BLOB), record("x")].join("\n");
    let run = run(&["decrypt"], KEY, lines.as_bytes());
    assert_eq!(
        (run.code, run.stdout.as_str()),
        (Some(1), "\"test matched data\"\n")
    );
    assert_eq!(
        run.stderr,
        "decrypted: 1\nnot decrypted: 1 (encoding)\nnot decrypted: 1 (truncated)\n"
    );
}

#[test]
fn keys_that_are_none_are_wrong_usage_and_are_not_shown() {
    for (keys, words) in [
        ("", "MATCHED_DATA_PRIVATE_KEYS is not set"),
        (
            "c2VjcmV0",
            "MATCHED_DATA_PRIVATE_KEYS has a key that is not 32 bytes",
        ),
    ] {
        let run = run(&["decrypt"], keys, b"");
        assert_eq!(run.code, Some(2), "{}", run.stderr);
        assert!(
            run.stderr.contains(words) && !run.stderr.contains("c2VjcmV0"),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn normalize_decrypts_and_masks_unless_secrets_are_shown() {
    for (args, expected) in [
        (vec![], json!("[masked]")),
        (vec!["--show-secrets"], json!("test matched data")),
    ] {
        let args = [vec!["normalize", "--dataset", "firewall_events"], args].concat();
        let run = run(&args, KEY, record(BLOB).as_bytes());
        let metadata = &run.documents()[0]["cloudflare"]["metadata"];
        assert_eq!(metadata, &json!({ "matched_data": expected }));
        assert_eq!(run.summary("payloads decrypted"), "1");
    }
}
