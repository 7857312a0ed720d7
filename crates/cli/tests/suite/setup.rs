//! `logpush-ecs setup --destination`: secrets of one destination, and a test event.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::common::{Run, command, finish, path};
use crate::server::Server;

/// A wrangler that is signed in, and keeps what it is given.
const WRANGLER: &str = r#"#!/bin/sh
case "$*" in
  "whoami --json") echo '{"loggedIn":true,"accounts":[{"id":"a","name":"n"}]}' ;;
  "secret list") echo '[]' ;;
  "secret put "*) cat > "$3" ;;
  *) exit 1 ;;
esac
"#;

const KEY: &str = "a-key-that-nobody-sees";

/// Runs the set-up of the destination `siem` in a clone of its own.
fn set_up(clone: &str, table: &str, args: &[&str], environment: &[(&str, &str)]) -> Run {
    let folder = path(clone);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(format!("{folder}/node_modules/.bin")).unwrap();
    let wrangler = format!("{folder}/node_modules/.bin/wrangler");
    fs::write(&wrangler, WRANGLER).unwrap();
    fs::set_permissions(&wrangler, fs::Permissions::from_mode(0o755)).unwrap();
    let project = format!("name = \"logs\"\n[vars.DESTINATIONS.siem]\n{table}");
    fs::write(format!("{folder}/wrangler.toml"), project).unwrap();
    let mut command = command();
    command
        .current_dir(&folder)
        .args(["setup", "--destination", "siem"])
        .args(args)
        .envs(environment.iter().copied());
    let run = finish(&mut command, b"");
    for text in [&run.stdout, &run.stderr] {
        assert!(!text.contains(KEY), "{text}");
    }
    run
}

#[test]
fn a_destination_gets_its_secret_and_a_test_event() {
    for (kind, secret, answer, code, expected) in [
        (
            "elasticsearch",
            "SIEM_API_KEY",
            (
                200,
                r#"{"errors":false,"items":[{"create":{"status":201}}]}"#,
            ),
            0,
            "Elasticsearch has it, as firewall_events: look for event.id ",
        ),
        (
            "elasticsearch",
            "SIEM_API_KEY",
            (
                401,
                r#"{"error":{"type":"security_exception"},"status":401}"#,
            ),
            1,
            "status 401",
        ),
        (
            "elasticsearch",
            "SIEM_API_KEY",
            (
                200,
                r#"{"errors":true,"items":[{"create":{"status":403,"error":{"type":"security_exception","reason":"action [indices:admin/auto_create] is unauthorized"}}}]}"#,
            ),
            1,
            "auto_create",
        ),
        (
            "elasticsearch",
            "SIEM_API_KEY",
            (
                200,
                r#"{"errors":true,"items":[{"create":{"status":404,"error":{"type":"index_not_found_exception","reason":"no such index [x]"}}}]}"#,
            ),
            1,
            "no such index [x]",
        ),
        (
            "splunk",
            "SIEM_TOKEN",
            (200, r#"{"text":"Success","code":0}"#),
            0,
            "look for event.id ",
        ),
        (
            "splunk",
            "SIEM_TOKEN",
            (403, r#"{"text":"Invalid token","code":4}"#),
            1,
            "Invalid token",
        ),
        (
            "splunk",
            "SIEM_TOKEN",
            (
                400,
                r#"{"text":"Incorrect index","code":7,"invalid-event-number":1}"#,
            ),
            1,
            "Incorrect index",
        ),
    ] {
        let (status, body) = answer;
        let server = Server::start(move |_| Some((status, "", body.to_owned())));
        let table = format!(
            "kind = \"{kind}\"\nurl = \"{}\"\nretry_base_ms = 1\n",
            server.url
        );
        let run = set_up(
            "setup-test-event",
            &table,
            &["--test-event"],
            &[(secret, KEY)],
        );
        assert_eq!(run.code, Some(code), "{body}: {}{}", run.stdout, run.stderr);
        let said = format!("{}{}", run.stdout, run.stderr);
        assert!(said.contains(expected), "{expected}\n{said}");
        let kept = fs::read_to_string(format!("{}/{secret}", path("setup-test-event")));
        assert_eq!(kept.unwrap(), KEY);
        let requests = server.requests();
        assert!(requests[0].header("Authorization").unwrap().ends_with(KEY));
        assert!(
            requests[0]
                .plain()
                .contains("a test event of `logpush-ecs setup`")
        );
    }
}

#[test]
fn what_is_missing_is_named_before_anything_is_done() {
    for (table, args, environment, code, expected) in [
        (
            "kind = \"splunk\"\n",
            vec![],
            vec![],
            1,
            "DESTINATIONS.siem.url is not set",
        ),
        (
            "kind = \"splunk\"\nurl = \"https://splunk.example\"\n",
            vec![],
            vec![],
            2,
            "SIEM_TOKEN is not set, and there is no terminal to ask for it",
        ),
        (
            "kind = \"splunk\"\nurl = \"https://splunk.example\"\n",
            vec!["--dry-run"],
            vec![],
            0,
            "would be asked for, and set",
        ),
        (
            "kind = \"splunk\"\nurl = \"https://splunk.example\"\n",
            vec![],
            vec![("SIEM_TOKEN", KEY)],
            0,
            "SIEM_TOKEN",
        ),
        (
            "kind = \"splunk\"\nurl = \"https://splunk.example\"\n",
            vec!["--zone", "x"],
            vec![],
            2,
            "cannot be used with",
        ),
    ] {
        let run = set_up("setup-missing", table, &args, &environment);
        assert_eq!(
            run.code,
            Some(code),
            "{table}: {}{}",
            run.stdout,
            run.stderr
        );
        let said = format!("{}{}", run.stdout, run.stderr);
        assert!(said.contains(expected), "{expected}\n{said}");
    }
}
