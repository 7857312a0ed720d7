//! `logpush-ecs push` and the terminal: who reads its lines, who stops it, and what names may do there.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use crate::common::{command, file, finish, path, records};
use crate::push::SECRET;
use crate::server::Server;

#[test]
fn nobody_has_to_read_the_lines_about_uploads() {
    // The first upload waits until `head` has closed the pipe.
    let closed = Arc::new((Mutex::new(false), Condvar::new()));
    let gate = Arc::clone(&closed);
    let server = Server::start(move |_| {
        let (is_closed, changed) = &*gate;
        drop(changed.wait_while(is_closed.lock().unwrap(), |closed| !*closed));
        Some((200, "", "{}".to_owned()))
    });
    let events = file("head.ndjson", records(0..5).as_bytes());
    let mut child = command()
        .env("LOGPUSH_SECRET", SECRET)
        .args(["push", "--url", &server.url, "--records", "1", &events])
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    *closed.0.lock().unwrap() = true;
    closed.1.notify_all();
    let mut stderr = String::new();
    let mut errors = child.stderr.take().unwrap();
    errors.read_to_string(&mut stderr).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{stderr}");
    assert_eq!(server.requests().len(), 5);
    assert!(
        stderr.starts_with("5 of 5 uploads accepted: 5 records, "),
        "{stderr}"
    );
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_a_summary() {
    // The second upload is never answered.
    let server = Server::start(|number| {
        if number > 0 {
            thread::park();
        }
        Some((200, "", "{}".to_owned()))
    });
    let events = file("stopped.ndjson", records(0..5).as_bytes());
    let mut child = command()
        .env("LOGPUSH_SECRET", SECRET)
        .args(["push", "--url", &server.url, "--records", "1", &events])
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    assert!(first.starts_with("upload 1: 200"), "{first}");
    let stopped = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(stopped.unwrap().success());
    let mut stderr = String::new();
    let mut errors = child.stderr.take().unwrap();
    errors.read_to_string(&mut stderr).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{stderr}");
    assert!(
        stderr.contains("may have been accepted all the same\n1 of "),
        "{stderr}"
    );
    assert!(stderr.contains(" accepted: 1 record, "), "{stderr}");
}

#[test]
fn names_cannot_command_the_terminal() {
    let name = "evil\u{1b}]0;title\u{7}\nerror: done\u{202e}";
    let missing = path(name);
    for args in [
        &["push", "--url", "http://127.0.0.1:9", missing.as_str()][..],
        &["normalize", missing.as_str()],
        &[
            "push",
            "--url",
            "http://127.0.0.1:9",
            "--dataset",
            name,
            "x",
        ],
        &["normalize", &format!("--{name}")],
        &["normalize", &format!("--dataset={name}"), "x"],
    ] {
        let run = finish(command().env("LOGPUSH_SECRET", SECRET).args(args), b"");
        assert!(matches!(run.code, Some(1 | 2)), "{}", run.stderr);
        assert!(run.stderr.contains("evil ]0;title"), "{}", run.stderr);
        let odd = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(!run.stderr.contains(odd), "{:?}", run.stderr);
        assert!(!run.stderr.contains("\nerror: done"), "{:?}", run.stderr);
    }
}
