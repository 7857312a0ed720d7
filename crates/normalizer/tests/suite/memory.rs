//! Memory is bounded by one line and one batch, whatever the size of the upload.
#![allow(unsafe_code)]

use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use std::alloc::System;

use logpush_normalizer::{Config, Normalizer, Shape};

use crate::common::{config, gzip, limited};
use crate::fields::FULL;

/// The system's allocator, counting per thread: tests run beside each other.
struct Counting;

thread_local! {
    static LIVE: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn count(change: isize) {
    // A thread that is ending has no counters, and nothing to tell.
    let _ = LIVE.try_with(|live| {
        live.set(live.get() + change);
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(live.get())));
    });
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size().cast_signed());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count(-layout.size().cast_signed());
        unsafe { System.dealloc(block, layout) }
    }
}

/// The most bytes that an upload of `pieces` took at any time, and its records. Batches go away at once.
fn peak(config: Config, mut pieces: impl Iterator<Item = Vec<u8>>) -> (usize, u64) {
    let before = LIVE.get();
    PEAK.set(before);
    let mut normalizer = Normalizer::new(config);
    for piece in &mut pieces {
        let mut piece = piece.as_slice();
        while normalizer.feed(&mut piece).unwrap().is_some() {}
    }
    while normalizer.finish().unwrap().is_some() {}
    let records = normalizer.summary().records;
    drop(normalizer);
    assert_eq!(LIVE.get(), before, "everything is given back");
    ((PEAK.get() - before).cast_unsigned(), records)
}

const MIB: usize = 1024 * 1024;

#[test]
fn an_upload_of_200_000_records_takes_no_more_than_one_of_2_000() {
    let lines = format!("{FULL}\n").repeat(1000);
    for shape in [Shape::Ecs, Shape::Native] {
        let upload = |times| {
            let member = gzip(lines.as_bytes());
            (0..times).map(move |_| member.clone())
        };
        let (small, records) = peak(config(shape), upload(2));
        assert_eq!(records, 2000);
        let (large, records) = peak(config(shape), upload(200));
        assert_eq!(records, 200_000);
        assert!(large < small + 64 * 1024, "{small} bytes, then {large}");
        assert!(large < 5 * MIB, "{large} bytes");
    }
}

#[test]
fn a_batch_is_the_most_of_it() {
    let lines = format!("{FULL}\n").repeat(1000);
    let small = limited(|limits| limits.batch_bytes = 64 * 1024);
    let (bytes, _) = peak(small, (0..20).map(|_| gzip(lines.as_bytes())));
    assert!(bytes < MIB, "{bytes} bytes");
}

#[test]
fn lines_without_end_take_the_limit_of_a_line() {
    for piece in [
        "x",
        "{\"a\":",
        "[{\"a\":[",
        "\"",
        "{\"New\":\"\\u0041",
        "\n",
        "[,",
    ] {
        let piece = piece.repeat(MIB / piece.len());
        let times = if cfg!(debug_assertions) { 24 } else { 500 };
        let (bytes, _) = peak(
            config(Shape::Ecs),
            (0..times).map(|_| piece.clone().into_bytes()),
        );
        // The line, what arrived with it, the piece itself, and an error's document.
        assert!(bytes < 5 * MIB, "{piece:.10}: {bytes} bytes");
    }
}

#[test]
fn an_upload_of_names_without_end_remembers_few() {
    let upload = (0..200).map(|piece| {
        let lines: Vec<String> = (0..100)
            .map(|line| format!("{{\"n{}\":1}}\n", piece * 100 + line))
            .collect();
        lines.concat().into_bytes()
    });
    let (bytes, records) = peak(config(Shape::Ecs), upload);
    assert_eq!(records, 20_000);
    // Nearly all of it counts the records, while the table for that grows.
    assert!(bytes < 2 * MIB, "{bytes} bytes");
}

#[test]
fn hosts_without_end_are_forgotten() {
    let upload = (0..200).map(|piece| {
        let lines: Vec<String> = (0..100)
            .map(|line| {
                format!(
                    "{{\"ClientRequestHost\":\"{}{}.example.com\"}}\n",
                    "h".repeat(200),
                    piece * 100 + line
                )
            })
            .collect();
        lines.concat().into_bytes()
    });
    let (bytes, _) = peak(config(Shape::Ecs), upload);
    // A batch and the 1,024 hosts of the cache. All 20,000 names would be 4 MiB more.
    assert!(bytes < 4 * MIB, "{bytes} bytes");
}
