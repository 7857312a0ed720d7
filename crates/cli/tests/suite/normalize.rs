//! `logpush-ecs normalize`.

use core::time::Duration;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::Stdio;
use std::sync::mpsc;
use std::thread;

use serde_json::json;

use crate::common::{Run, command, file, finish, gzip, path, record, records, run};

const DATASET: [&str; 3] = ["normalize", "--dataset", "firewall_events"];

fn normalize(args: &[&str], stdin: &[u8]) -> Run {
    run(&[&DATASET, args].concat(), stdin)
}

/// The RayIDs of all documents, in order.
fn rays(run: &Run) -> String {
    run.documents()
        .iter()
        .map(|document| {
            document["http"]["request"]["id"]
                .as_str()
                .unwrap_or("-")
                .trim_start_matches("ray")
                .to_owned()
        })
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn a_plain_file_becomes_one_document_a_line() {
    let run = normalize(&[&file("plain.ndjson", records(0..3).as_bytes())], b"");
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(run.stdout.lines().count(), 3);
    assert!(run.stdout.ends_with("}\n"));
    assert_eq!(rays(&run), "0 1 2");
    let document = &run.documents()[0];
    assert_eq!(document["@timestamp"], "2022-07-12T12:57:06.219000Z");
    assert_eq!(document["event"]["type"], json!(["denied"]));
    assert_eq!(document["source"]["ip"], "192.0.2.7");
}

#[test]
fn gzip_of_any_number_of_members_gives_the_same_documents() {
    let plain = normalize(&[&file("same.ndjson", records(0..9).as_bytes())], b"");
    let one = gzip(records(0..9).as_bytes());
    let two = [
        gzip(records(0..4).as_bytes()),
        gzip(records(4..9).as_bytes()),
    ]
    .concat();
    for (name, bytes) in [("one.gz", one), ("two.gz", two)] {
        let run = normalize(&[&file(name, &bytes)], b"");
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        assert_eq!(run.stdout, plain.stdout);
    }
}

#[test]
fn several_files_are_read_in_order_and_counted_together() {
    let first = file("several-1.ndjson", records(0..2).as_bytes());
    let second = file("several-2.gz", &gzip(records(2..5).as_bytes()));
    let run = normalize(&[&second, &first, "-"], record(9).as_bytes());
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(rays(&run), "2 3 4 0 1 9");
    assert_eq!(run.summary("records"), "6");
}

#[test]
fn standard_input_is_read_where_no_file_is_named() {
    for args in [&[][..], &["-"][..]] {
        for bytes in [
            records(0..2).into_bytes(),
            gzip(records(0..2).as_bytes()),
            format!("[{},{}]", record(0).trim(), record(1).trim()).into_bytes(),
        ] {
            let run = normalize(args, &bytes);
            assert_eq!(run.code, Some(0), "{}", run.stderr);
            assert_eq!(rays(&run), "0 1");
        }
    }
}

#[test]
fn the_dataset_is_told_from_the_records_of_each_file() {
    let good = file("recognised.ndjson", record(1).as_bytes());
    let strange = file("strange.ndjson", b"{\"Colour\":\"blue\"}\n");
    let run = run(&["normalize", &strange, &good], b"");
    assert_eq!(run.code, Some(1));
    assert_eq!(rays(&run), "1");
    assert_eq!(run.summary("dataset"), "firewall_events");
    assert!(run.stderr.contains("strange.ndjson"), "{}", run.stderr);
    assert!(
        run.stderr.contains("name it with --dataset"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_bad_line_becomes_a_document_and_fails_only_a_strict_run() {
    let input = format!("{}no record\n{}", record(0), record(1));
    let run = normalize(&[], input.as_bytes());
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(rays(&run), "0 - 1");
    let error = &run.documents()[1];
    assert_eq!(error["event"]["kind"], "pipeline_error");
    assert_eq!(error["event"]["original"], "no record");
    assert_eq!(run.summary("errors"), "1");

    let strict = normalize(&["--strict"], input.as_bytes());
    assert_eq!(strict.code, Some(1));
    assert_eq!(strict.stdout.lines().count(), 3);
    assert!(strict.stderr.contains("--strict"), "{}", strict.stderr);

    let good = normalize(&["--strict"], record(0).as_bytes());
    assert_eq!(good.code, Some(0), "{}", good.stderr);
}

#[test]
fn a_file_that_cannot_be_opened_or_read_does_not_stop_the_others() {
    let good = file("beside.ndjson", record(5).as_bytes());
    for bad in [
        path("missing.ndjson"),
        env!("CARGO_TARGET_TMPDIR").to_owned(),
    ] {
        let run = normalize(&[&bad, &good], b"");
        assert_eq!(run.code, Some(1));
        assert_eq!(rays(&run), "5");
        let error = run.stderr.lines().next().unwrap();
        assert!(error.starts_with("error: cannot "), "{error}");
        assert!(error.contains(&bad), "{error}");
    }
}

#[test]
fn what_was_read_of_a_truncated_file_is_written() {
    // Compressed no better than a fifth, so that the cut is in the middle of the records.
    let input: String = (0..2000)
        .map(|number: u32| {
            let noise = number.wrapping_mul(2_654_435_761);
            format!(
                "{{\"Action\":\"log\",\"Description\":\"{noise:x}\",\"RayID\":\"ray{number}\"}}\n"
            )
        })
        .collect();
    let whole = gzip(input.as_bytes());
    let cut = file("cut.gz", &whole[..whole.len() / 2]);
    let good = file("after-cut.ndjson", record(7777).as_bytes());
    let run = normalize(&[&cut, &good], b"");
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.contains("cut.gz"), "{}", run.stderr);
    assert!(run.stderr.contains("ends before its end"), "{}", run.stderr);
    let rays = rays(&run);
    let rays: Vec<_> = rays.split(' ').collect();
    let (last, read) = rays.split_last().unwrap();
    assert_eq!(*last, "7777");
    assert!((500..1900).contains(&read.len()), "{} records", read.len());
    assert!(
        read.iter()
            .enumerate()
            .all(|(at, ray)| *ray == at.to_string())
    );
    assert_eq!(run.summary("errors"), "0");
    assert_eq!(run.summary("records"), (read.len() + 1).to_string());
}

#[test]
fn a_damaged_gzip_file_is_an_unreadable_input() {
    let mut damaged = gzip(records(0..3).as_bytes());
    let checksum = damaged.len() - 8;
    damaged[checksum] ^= 1;
    let run = normalize(&[&file("damaged.gz", &damaged)], b"");
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.contains("corrupt (member 1)"), "{}", run.stderr);
}

#[test]
fn no_bytes_are_no_failure() {
    let run = normalize(&[], b"");
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(run.stdout, "");
    assert_eq!(run.summary("records"), "0");
}

#[test]
fn a_destination_test_gives_nothing_and_is_named() {
    for body in [&b"{\"content\":\"tests\"}"[..], b"test"] {
        let run = run(&["normalize"], &gzip(body));
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        assert_eq!(run.stdout, "");
        assert_eq!(run.summary("records"), "0");
        assert!(run.summary("destination tests").starts_with('1'));
    }
}

#[test]
fn the_native_shape_is_the_record_itself() {
    let input =
        br#"{"Action":"block","Datetime":"2022-07-12T12:57:06.219Z","RuleID":"r1","Source":""}"#;
    let run = normalize(&["--shape", "native"], input);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(
        run.documents(),
        [
            json!({"Action": "block", "Datetime": 1_657_630_626_219_000_000_u64, "RuleID": "r1", "RuleId": "r1"})
        ]
    );
}

#[test]
fn the_record_is_kept_where_that_is_asked_for() {
    let without = normalize(&[], record(0).as_bytes());
    assert!(without.documents()[0]["event"].get("original").is_none());
    let with = normalize(&["--keep-original"], record(0).as_bytes());
    assert_eq!(with.documents()[0]["event"]["original"], record(0).trim());
}

#[test]
fn the_summary_counts_what_is_worth_a_look() {
    let input = [
        r#"{"Action":"block","Datetime":1657630626,"NewField":1,"Other":2}"#,
        r#"{"Action":"block","Datetime":1657630626,"NewField":1,"ClientIP":"nonsense"}"#,
        r#"{"Action":"block","Datetime":"once upon a time"}"#,
        "{",
        "",
    ]
    .join("\n");
    let run = normalize(&[], input.as_bytes());
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    for (name, value) in [
        ("dataset", "firewall_events"),
        ("records", "4"),
        ("errors", "1"),
        ("times from arrival", "1"),
        ("text repaired", "0"),
        ("truncated", "0"),
        ("unknown fields", "2"),
        ("  NewField", "2"),
        ("  Other", "1"),
    ] {
        assert_eq!(run.summary(name), value, "{name}");
    }
    // The address, and the time.
    assert_eq!(run.summary("values kept"), "2");
    assert!(run.summary("plain input").ends_with(" MB"));
    assert!(run.summary("speed").contains(" MB/s of plain input"));
    // A bar is for terminals.
    assert!(!run.stderr.contains(['\r', '\u{1b}']), "{:?}", run.stderr);
}

#[test]
fn names_from_outside_send_no_control_characters_to_the_terminal() {
    // U+009B does what ESC [ does, and JSON allows it as it is.
    let input = "{\"Action\":\"block\",\"\u{9b}31mred\":1,\"\\u001b[32mgreen\":1}";
    let run = normalize(&[], input.as_bytes());
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(
        !run.stderr.contains(['\u{9b}', '\u{1b}']),
        "{:?}",
        run.stderr
    );
    assert!(run.stderr.contains("31mred"), "{:?}", run.stderr);
    assert!(run.stderr.contains("32mgreen"), "{:?}", run.stderr);
}

#[test]
fn a_reader_that_has_seen_enough_ends_the_run_without_a_word() {
    let input = file("long.ndjson", records(0..20_000).as_bytes());
    let mut child = command().args(DATASET).arg(input).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert!(line.contains("ray0"));
    drop(stdout);
    let mut stderr = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut stderr)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(stderr, "");
}

#[test]
fn a_record_is_written_before_the_next_arrives() {
    let mut child = command()
        .args(DATASET)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in stdout.lines() {
            sender.send(line.unwrap()).unwrap();
        }
    });
    for number in 0..3 {
        stdin.write_all(record(number).as_bytes()).unwrap();
        let line = lines.recv_timeout(Duration::from_secs(60)).unwrap();
        assert!(line.contains(&format!("ray{number}")), "{line}");
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_a_failure() {
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let run = finish(command().args(DATASET).stdout(full), record(0).as_bytes());
    assert_eq!(run.code, Some(1));
    assert!(
        run.stderr.contains("cannot write standard output"),
        "{}",
        run.stderr
    );
}

#[cfg(target_os = "linux")]
#[test]
fn memory_does_not_grow_with_the_input() {
    let mut child = command()
        .args(DATASET)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let block = records(0..1000);
    let peak = |id: u32| -> u64 {
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmHWM:"))
            .unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    let mut write = |blocks: u32| {
        for _ in 0..blocks {
            stdin.write_all(block.as_bytes()).unwrap();
        }
        // The pipe is full, or nearly: nearly all of it has been read.
        peak(child.id())
    };
    let early = write(20);
    let late = write(200);
    assert!(late < early + 2048, "{early} KiB, then {late} KiB");
    drop(stdin);
    assert!(child.wait_with_output().unwrap().status.success());
}

#[test]
fn wrong_usage_exits_with_2_and_says_what_is_right() {
    for (args, expected) in [
        (&[][..], "Usage: logpush-ecs <COMMAND>"),
        (&["normalise"], "normalize"),
        (&["normalize", "--dataset", "fire"], "firewall_events"),
        (&["normalize", "--shape", "round"], "native"),
        (&["normalize", "--frob"], "--frob"),
    ] {
        let run = run(args, b"");
        assert_eq!(run.code, Some(2), "{args:?}");
        assert_eq!(run.stdout, "", "{args:?}");
        assert!(run.stderr.contains(expected), "{args:?}: {}", run.stderr);
    }
}

#[test]
fn help_shows_examples_and_exit_codes() {
    for subcommand in ["normalize", "push"] {
        let run = run(&[subcommand, "--help"], b"");
        assert_eq!(run.code, Some(0));
        for expected in [
            &*format!("Usage: logpush-ecs {subcommand} "),
            "Examples:",
            "Exit codes:",
            "--dataset <DATASET>",
        ] {
            assert!(run.stdout.contains(expected), "{}", run.stdout);
        }
    }
    let version = run(&["--version"], b"");
    assert_eq!(
        version.stdout,
        concat!("logpush-ecs ", env!("CARGO_PKG_VERSION"), "\n")
    );
}
