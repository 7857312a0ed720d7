//! `logpush-ecs push`.

use std::fs;
use std::net::TcpListener;

use crate::common::{Run, command, file, finish, gzip, path, record, records};
use crate::server::Server;

pub(crate) const SECRET: &str = "correct-horse-battery-staple";

/// Runs `push` with the secret in its environment; whatever comes, it must not show it.
fn push(args: &[&str], stdin: &[u8]) -> Run {
    push_with_secret(SECRET, args, stdin)
}

fn push_with_secret(secret: &str, args: &[&str], stdin: &[u8]) -> Run {
    let run = finish(
        command()
            .env("LOGPUSH_SECRET", secret)
            .arg("push")
            .args(args),
        stdin,
    );
    for text in [&run.stdout, &run.stderr] {
        assert!(!text.contains(SECRET), "{text}");
    }
    run
}

fn summary(records: u32, errors: u32, refused: u32) -> String {
    format!(
        "{{\"dataset\":\"firewall_events\",\"records\":{records},\"events\":{records},\"errors\":{errors},\"refused\":{refused},\"batches\":1}}"
    )
}

#[test]
fn a_file_is_split_into_uploads_as_logpush_sends_them() {
    let server = Server::start(|number| Some((200, "", summary([2, 2, 1][number], 0, 0))));
    let events = file("push.ndjson", records(0..5).as_bytes());
    let run = push(
        &[
            "--url",
            &server.url,
            "--dataset",
            "firewall_events",
            "--records",
            "2",
            &events,
        ],
        b"",
    );
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    for (request, numbers) in requests.iter().zip([0..2, 2..4, 4..5]) {
        assert_eq!(request.line, "POST /logpush/firewall_events");
        assert_eq!(request.header("X-Logpush-Secret"), Some(SECRET));
        assert_eq!(request.header("Content-Encoding"), Some("gzip"));
        assert_eq!(request.plain(), records(numbers));
    }
    let lines: Vec<_> = run.stdout.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(
        lines[0].starts_with("upload 1: 200, 2 records, "),
        "{}",
        run.stdout
    );
    assert!(
        lines[2].starts_with("upload 3: 200, 1 record, "),
        "{}",
        run.stdout
    );
    assert!(lines[2].ends_with(" ms"), "{}", run.stdout);
    assert!(
        run.stderr
            .starts_with("3 of 3 uploads accepted: 5 records, "),
        "{}",
        run.stderr
    );
}

#[test]
fn gzip_files_and_standard_input_are_split_too() {
    let server = Server::accepting();
    let members = [record(0), records(1..3)].map(|member| gzip(member.as_bytes()));
    let events = file("push.gz", &members.concat());
    // Blank lines are no records; the last line needs no line break.
    let stdin = format!("\n{}\r\n{}", record(3), record(4).trim());
    let run = push(
        &["--url", &server.url, "--records", "2", &events, "-"],
        stdin.as_bytes(),
    );
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let bodies: Vec<_> = server
        .requests()
        .iter()
        .map(|request| request.plain())
        .collect();
    assert_eq!(bodies, [records(0..2), records(2..3), stdin]);
    assert!(
        run.stderr.contains("3 of 3 uploads accepted: 5 records"),
        "{}",
        run.stderr
    );
}

#[test]
fn repeat_sends_all_files_again() {
    let server = Server::accepting();
    let (one, two) = (
        file("repeat-1.ndjson", record(1).as_bytes()),
        file("repeat-2.ndjson", record(2).as_bytes()),
    );
    let run = push(&["--url", &server.url, "--repeat", "2", &one, &two], b"");
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let bodies: String = server
        .requests()
        .iter()
        .map(|request| request.plain())
        .collect();
    assert_eq!(bodies, records(1..3).repeat(2));
}

#[test]
fn whole_files_are_one_upload_each() {
    let server = Server::start(|_| Some((200, "", summary(5000, 0, 0))));
    let compressed = gzip(records(0..5000).as_bytes());
    let (zipped, plain) = (
        file("whole.gz", &compressed),
        file(
            "whole.json",
            b"[{\"Action\":\"block\"},\n{\"Action\":\"log\"}]",
        ),
    );
    let run = push(&["--url", &server.url, "--whole", &zipped, &plain], b"");
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert!(requests[0].body == compressed);
    assert_eq!(requests[1].plain().as_bytes(), fs::read(&plain).unwrap());
    assert!(
        run.stdout.starts_with("upload 1: 200, 5000 records, "),
        "{}",
        run.stdout
    );
}

#[test]
fn the_path_is_the_urls_own_or_made_for_the_dataset() {
    const DATASET: &[&str] = &["--dataset", "firewall_events"];
    let server = Server::accepting();
    let events = file("paths.ndjson", record(0).as_bytes());
    let cases = [
        ("", &[][..], "/logpush"),
        ("/", DATASET, "/logpush/firewall_events"),
        ("/logpush/", DATASET, "/logpush/firewall_events"),
        (
            "/logpush/firewall_events",
            DATASET,
            "/logpush/firewall_events",
        ),
        ("/a/b?tags=x&y=z", &[], "/a/b?tags=x&y=z"),
        ("?tags=x", DATASET, "/logpush/firewall_events?tags=x"),
    ];
    for (path, dataset, _) in cases {
        let url = format!("{}{path}", server.url);
        let run = push(&[dataset, &["--url", &url, &events]].concat(), b"");
        assert_eq!(run.code, Some(0), "{}", run.stderr);
    }
    let paths: Vec<_> = server
        .requests()
        .into_iter()
        .map(|request| request.line)
        .collect();
    assert_eq!(paths, cases.map(|(_, _, path)| format!("POST {path}")));
}

#[test]
fn no_proxy_stands_between_a_machine_and_itself() {
    let server = Server::accepting();
    let run = finish(
        command()
            .env("LOGPUSH_SECRET", SECRET)
            .env("ALL_PROXY", "http://127.0.0.1:1")
            .env("HTTP_PROXY", "http://127.0.0.1:1")
            .args(["push", "--url", &server.url, "-"]),
        record(0).as_bytes(),
    );
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn errors_and_refused_events_are_named() {
    let server = Server::start(|_| Some((200, "", summary(4, 3, 1))));
    let events = file("errors.ndjson", records(0..4).as_bytes());
    let run = push(&["--url", &server.url, &events], b"");
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(
        run.stdout.starts_with(
            "upload 1: 200, 4 records, 3 lines that are not records, 1 refused by the intake, "
        ),
        "{}",
        run.stdout
    );
}

#[test]
fn a_refusal_of_one_upload_is_shown_and_the_next_is_sent() {
    let server = Server::start(|number| {
        Some(match number {
            0 => (
                400,
                "",
                r#"{"error":"the gzip data is corrupt","hint":"send it again"}"#.to_owned(),
            ),
            _ => (200, "", summary(1, 0, 0)),
        })
    });
    let events = file("refused.ndjson", records(0..2).as_bytes());
    let run = push(&["--url", &server.url, "--records", "1", &events], b"");
    assert_eq!(run.code, Some(1));
    assert_eq!(server.requests().len(), 2);
    let lines: Vec<_> = run.stderr.lines().collect();
    assert!(
        lines[0].starts_with("upload 1: 400, 1 record, "),
        "{}",
        run.stderr
    );
    assert_eq!(lines[1], "  error: the gzip data is corrupt");
    assert_eq!(lines[2], "  hint: send it again");
    assert!(
        lines[3].starts_with("1 of 2 uploads accepted: 1 record, "),
        "{}",
        run.stderr
    );
    assert!(run.stdout.starts_with("upload 2: 200, "), "{}", run.stdout);
}

#[test]
fn a_refusal_that_holds_for_every_upload_ends_the_push() {
    for status in [302, 401, 403, 404, 405] {
        let server = Server::start(move |_| {
            Some((
                status,
                "Location: http://127.0.0.1:1/\r\n",
                r#"{"error":"wrong secret","hint":"set LOGPUSH_SECRET"}"#.to_owned(),
            ))
        });
        let events = file(&format!("final-{status}.ndjson"), records(0..9).as_bytes());
        let run = push(
            &[
                "--url",
                &server.url,
                "--records",
                "1",
                "--retries",
                "3",
                &events,
            ],
            b"",
        );
        assert_eq!(run.code, Some(1), "{status}");
        assert_eq!(server.requests().len(), 1, "{status}");
        for expected in [
            &*format!("upload 1: {status}, "),
            "  error: wrong secret\n",
            "  hint: set LOGPUSH_SECRET\n",
            "0 of 1 upload accepted",
            "error: stopped: ",
        ] {
            assert!(run.stderr.contains(expected), "{expected}: {}", run.stderr);
        }
    }
}

#[test]
fn what_may_pass_is_tried_again_when_the_worker_says() {
    for status in [408, 429, 500, 502, 503] {
        let server = Server::start(move |number| {
            Some(match number {
                0 | 1 => (
                    status,
                    "Retry-After: 0\r\n",
                    r#"{"error":"busy"}"#.to_owned(),
                ),
                _ => (200, "", summary(3, 0, 0)),
            })
        });
        let events = file(&format!("retry-{status}.ndjson"), records(0..3).as_bytes());
        let run = push(&["--url", &server.url, "--retries", "2", &events], b"");
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        assert!(
            run.stderr.contains("trying again in 0 s (2 of 2)"),
            "{}",
            run.stderr
        );
        assert!(
            run.stderr.contains("1 of 1 upload accepted"),
            "{}",
            run.stderr
        );
        let requests = server.requests();
        assert_eq!(requests.len(), 3);
        assert!(
            requests
                .iter()
                .all(|request| request.body == requests[0].body)
        );
    }
}

#[test]
fn retries_have_an_end() {
    let server = Server::start(|_| {
        Some((
            503,
            "Retry-After: 0\r\n",
            r#"{"error":"the intake is slow"}"#.to_owned(),
        ))
    });
    let events = file("no-end.ndjson", record(0).as_bytes());
    for (retries, requests) in [("0", 1), ("2", 4)] {
        let run = push(&["--url", &server.url, "--retries", retries, &events], b"");
        assert_eq!(run.code, Some(1));
        assert_eq!(server.requests().len(), requests);
        assert!(
            run.stderr.contains("  error: the intake is slow\n"),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn answers_in_other_words_are_shown_fit_for_a_terminal() {
    let server = Server::start(|_| {
        let page = format!("<html>\u{1b}[31m\n{SECRET}{}</html>", "long ".repeat(1000));
        Some((502, "", page))
    });
    let events = file("page.ndjson", record(0).as_bytes());
    let run = push(&["--url", &server.url, &events], b"");
    assert_eq!(run.code, Some(1));
    let error = run.stderr.lines().nth(1).unwrap();
    assert!(
        error.starts_with("  error: <html> [31m [secret]long "),
        "{error}"
    );
    assert!(error.len() < 400, "{error}");
    assert!(
        run.stderr
            .contains("hint: these are not the Worker's words"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_connection_that_breaks_concerns_one_upload() {
    let server = Server::start(|number| (number > 0).then(|| (200, "", summary(1, 0, 0))));
    let events = file("broken.ndjson", records(0..2).as_bytes());
    let run = push(&["--url", &server.url, "--records", "1", &events], b"");
    assert_eq!(run.code, Some(1));
    assert!(
        run.stderr.contains("upload 1: no answer, 1 record, "),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains("may have got this upload"),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains("1 of 2 uploads accepted"),
        "{}",
        run.stderr
    );
}

#[test]
fn an_answer_that_breaks_the_connection_is_found_out() {
    let server = Server::hasty(
        413,
        r#"{"error":"the upload is too large","hint":"split it"}"#,
    );
    // More than the system buffers, and not compressible: sending it fails.
    let mut state = 1_u32;
    let noise = core::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    });
    let mut large = gzip(b"");
    large.extend(noise.take(16 << 20));
    let large = file("large.gz", &large);
    let run = push(&["--url", &server.url, "--whole", &large], b"");
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.starts_with("upload 1: 413, "), "{}", run.stderr);
    assert!(
        run.stderr
            .contains("  error: the upload is too large\n  hint: split it\n"),
        "{}",
        run.stderr
    );
}

#[test]
fn nobody_there_ends_the_push() {
    let address = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let events = file("nobody.ndjson", records(0..9).as_bytes());
    let run = push(
        &[
            "--url",
            &format!("http://{address}"),
            "--records",
            "1",
            &events,
        ],
        b"",
    );
    assert_eq!(run.code, Some(1));
    assert!(
        run.stderr.contains("upload 1: no answer, "),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains("hint: is the Worker there"),
        "{}",
        run.stderr
    );
    assert!(!run.stderr.contains("upload 2"), "{}", run.stderr);
}

#[test]
fn a_file_that_cannot_be_read_does_not_stop_the_others() {
    let server = Server::accepting();
    let whole = gzip(records(0..1000).as_bytes());
    let cut = file("push-cut.gz", &whole[..whole.len() - 1]);
    let good = file("push-good.ndjson", record(5).as_bytes());
    let run = push(
        &[
            "--url",
            &server.url,
            "--records",
            "600",
            &path("push-missing"),
            &cut,
            &good,
        ],
        b"",
    );
    assert_eq!(run.code, Some(1));
    // The second upload of the cut file is not complete, and not sent.
    let bodies: Vec<_> = server
        .requests()
        .iter()
        .map(|request| request.plain())
        .collect();
    assert_eq!(bodies, [records(0..600), record(5)]);
    for expected in [
        "cannot open ",
        "push-missing",
        "cannot read ",
        "push-cut.gz",
    ] {
        assert!(run.stderr.contains(expected), "{expected}: {}", run.stderr);
    }
    assert!(
        run.stderr.contains("2 of 2 uploads accepted"),
        "{}",
        run.stderr
    );
}

#[test]
fn the_destination_test_is_cloudflares() {
    let server = Server::start(|number| {
        Some(match number {
            0 => (
                200,
                "",
                r#"{"dataset":"firewall_events","destination_test":true}"#.to_owned(),
            ),
            _ => (
                503,
                "",
                r#"{"error":"SEKOIA_INTAKE_KEY is missing","hint":"set it"}"#.to_owned(),
            ),
        })
    });
    let args = [
        "--url",
        &server.url,
        "--dataset",
        "firewall_events",
        "--test",
    ];
    let good = push(&args, b"");
    assert_eq!(good.code, Some(0), "{}", good.stderr);
    assert!(
        good.stdout.starts_with("destination test: 200, "),
        "{}",
        good.stdout
    );
    assert!(
        good.stdout.contains("\"destination_test\":true"),
        "{}",
        good.stdout
    );
    let bad = push(&args, b"");
    assert_eq!(bad.code, Some(1));
    assert!(
        bad.stderr.contains("SEKOIA_INTAKE_KEY is missing"),
        "{}",
        bad.stderr
    );
    for request in server.requests() {
        assert_eq!(request.line, "POST /logpush/firewall_events");
        assert_eq!(request.header("X-Logpush-Secret"), Some(SECRET));
        assert_eq!(request.plain(), "{\"content\":\"tests\"}");
    }
}

#[test]
fn of_two_secrets_the_first_is_sent() {
    let server = Server::accepting();
    let secrets = format!(" {SECRET} , another-secret-for-rotation");
    let run = push_with_secret(&secrets, &["--url", &server.url, "-"], record(0).as_bytes());
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(
        server.requests()[0].header("X-Logpush-Secret"),
        Some(SECRET)
    );
}

#[test]
fn wrong_usage_exits_with_2_before_anything_is_sent() {
    let server = Server::accepting();
    let user = format!("https://user:{SECRET}@logs.example.com");
    let header = format!("https://logs.example.com/?header_X-Logpush-Secret={SECRET}");
    let path = format!("{}/logpush/http_requests", server.url);
    let cases: &[(&[&str], &str)] = &[
        (&["--url", &server.url], "<FILE>"),
        (&["f"], "--url"),
        (&["--url", "logs.example.com", "f"], "needs a scheme"),
        (
            &["--url", "https://localhost:123456", "f"],
            "an invalid port",
        ),
        (&["--url", "ftp://127.0.0.1", "f"], "neither https nor http"),
        (&["--url", "http://logs.example.com", "f"], "use https"),
        (&["--url", &user, "f"], "LOGPUSH_SECRET"),
        (&["--url", &header, "f"], "LOGPUSH_SECRET"),
        (
            &["--url", &path, "--dataset", "firewall_events", "f"],
            "leave out one",
        ),
        (&["--url", &server.url, "--records", "0", "f"], "--records"),
        (
            &["--url", &server.url, "--whole", "--records", "5", "f"],
            "--whole",
        ),
        (
            &["--url", &server.url, "--repeat", "2", "-"],
            "--repeat needs files",
        ),
        (&["--url", &server.url, "--test", "f"], "--test"),
    ];
    for (args, expected) in cases {
        let run = push(args, b"");
        assert_eq!(run.code, Some(2), "{args:?}: {}", run.stderr);
        assert!(run.stderr.contains(expected), "{args:?}: {}", run.stderr);
    }
    for (secret, expected) in [
        ("", "LOGPUSH_SECRET is not set"),
        ("a\nb", "a header cannot carry"),
    ] {
        let run = push_with_secret(secret, &["--url", &server.url, "f"], b"");
        assert_eq!(run.code, Some(2), "{}", run.stderr);
        assert!(run.stderr.contains(expected), "{}", run.stderr);
        assert!(
            run.stderr.contains("Usage: logpush-ecs push "),
            "{}",
            run.stderr
        );
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn an_array_is_split_between_its_elements() {
    let server = Server::accepting();
    let pretty = format!(
        "[\n{}]\n",
        records(0..5)
            .trim_end()
            .replace('\n', ",\n")
            .replace(',', ",\n  ")
    );
    let events = file("array.json", pretty.as_bytes());
    let run = push(&["--url", &server.url, "--records", "2", &events], b"");
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let bodies: Vec<serde_json::Value> = server
        .requests()
        .iter()
        .map(|request| serde_json::from_str(&request.plain()).unwrap())
        .collect();
    let rays: Vec<Vec<&str>> = bodies
        .iter()
        .map(|body| {
            let elements = body.as_array().unwrap().iter();
            elements.map(|one| one["RayID"].as_str().unwrap()).collect()
        })
        .collect();
    assert_eq!(rays, [&["ray0", "ray1"][..], &["ray2", "ray3"], &["ray4"]]);
    assert!(
        run.stderr
            .starts_with("3 of 3 uploads accepted: 5 records, ")
    );
}
