//! Compressed uploads: in members, cut short, and none. What gzip itself says is tested in crates/gzip.

use flate2::{Compression, GzBuilder};
use logpush_gzip::CorruptError;
use logpush_normalizer::{Shape, UploadError};
use wasm_bindgen_test::wasm_bindgen_test as wasm;

use crate::common::{config, gzip, gzip_outcome, gzip_run, outcome, try_outcome};

const RECORD: &[u8] = br#"{"Action":"block","Datetime":1657630626219000000}"#;

fn records(upload: &[u8]) -> u64 {
    gzip_outcome(config(Shape::Ecs), upload).summary.records
}

/// An upload that is damaged has the same error in chunks of any size.
fn error(upload: &[u8]) -> UploadError {
    gzip_run(config(Shape::Ecs), upload).expect_err("the upload is damaged")
}

/// A member with every field that its header can have.
fn decorated(plain: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = GzBuilder::new()
        .filename("20260921T133320Z.log.gz")
        .comment("a comment")
        .extra(vec![7; 300])
        .mtime(1_790_000_000)
        .write(Vec::new(), Compression::best());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

#[test]
#[wasm]
fn members_follow_each_other_anywhere() {
    let line = [RECORD, b"\n"].concat();
    let (half, rest) = RECORD.split_at(20);
    for (name, upload, expected) in [
        ("one", gzip(RECORD), 1),
        ("two", [gzip(&line), gzip(&line)].concat(), 2),
        (
            "no line break between",
            [gzip(&line), gzip(RECORD), gzip(b"\n"), gzip(RECORD)].concat(),
            3,
        ),
        (
            "in the middle of a record",
            [gzip(half), gzip(rest)].concat(),
            1,
        ),
        (
            "empty ones",
            [gzip(b""), gzip(&line), gzip(b""), gzip(RECORD), gzip(b"")].concat(),
            2,
        ),
        (
            "a member for every byte",
            RECORD.chunks(1).flat_map(gzip).collect(),
            1,
        ),
        (
            "a header of all fields",
            [decorated(&line), decorated(RECORD)].concat(),
            2,
        ),
        ("nothing inside", gzip(b""), 0),
        ("blank inside", gzip(b"\r\n \n"), 0),
        (
            "an array",
            gzip(&[b"[", RECORD, b",", RECORD, b"]"].concat()),
            2,
        ),
    ] {
        assert_eq!(records(&upload), expected, "{name}");
    }
}

#[test]
#[wasm]
fn an_upload_that_ends_early_is_no_upload() {
    let upload = [decorated(RECORD), gzip(RECORD)].concat();
    let boundary = decorated(RECORD).len();
    for end in 1..upload.len() {
        let cut = &upload[..end];
        if end == boundary {
            // As good as an upload of one member.
            assert_eq!(records(cut), 1);
        } else {
            assert_eq!(
                error(cut),
                UploadError::Truncated {
                    received: end as u64
                },
                "{end}"
            );
        }
    }
    assert_eq!(error(b""), UploadError::Empty);
    // Also where all records have come, and only the trailer has not.
    let many: Vec<u8> = [RECORD, b"\n"].concat().repeat(5000);
    let whole = gzip(&many);
    for missing in [1, 4, 7, 8, 9, 100] {
        let cut = &whole[..whole.len() - missing];
        assert!(
            matches!(error(cut), UploadError::Truncated { .. }),
            "{missing}"
        );
    }
}

#[test]
#[wasm]
fn what_begins_like_gzip_and_is_none_is_corrupt() {
    for upload in [
        b"\x1f".as_slice(),
        b"\x1f\x8b",
        b"\x1f\x8b\x08",
        b"\x1fx",
        b"\x1f\x8b\x07\0\0\0\0\0\0\0\0\0\0\0",
        b"\x1f\x8b\x08\xe0\0\0\0\0\0\0\0\0\0\0",
        b"\x1f\x8b\x08\0\0\0\0\0\0\0\xff\xff\xff\xff",
        b"\x1f{\"Action\":\"block\"}",
    ] {
        assert!(
            matches!(
                error(upload),
                UploadError::Corrupt(CorruptError { member: 1, .. })
                    | UploadError::Truncated { .. }
            ),
            "{upload:?}"
        );
    }
}

#[test]
#[wasm]
fn an_error_says_what_is_wrong() {
    let mut damaged = gzip(RECORD);
    let place = damaged.len() - 6;
    damaged[place] ^= 1;
    let text = error(&damaged).to_string();
    assert!(
        text.starts_with("the gzip data is corrupt (member 1): "),
        "{text}"
    );
    assert!(
        text.len() > "the gzip data is corrupt (member 1): ".len(),
        "{text}"
    );
    let text = error(&gzip(RECORD)[..30]).to_string();
    assert_eq!(text, "the gzip data ends before its end: 30 bytes received");
}

#[test]
#[wasm]
fn a_body_that_is_not_compressed_is_read_as_it_is() {
    assert_eq!(outcome(config(Shape::Ecs), RECORD).summary.records, 1);
    assert_eq!(
        try_outcome(config(Shape::Ecs), b"").unwrap_err(),
        UploadError::Empty
    );
    // Compressed twice: no record, and no crash.
    let twice = gzip(&gzip(RECORD));
    let summary = gzip_outcome(config(Shape::Ecs), &twice).summary;
    assert_eq!(summary.records, summary.errors);
}

#[test]
#[wasm]
fn bytes_are_counted() {
    let upload = [gzip(RECORD), gzip(b"\n"), vec![0; 7]].concat();
    let summary = gzip_outcome(config(Shape::Ecs), &upload).summary;
    assert_eq!(summary.bytes_received, upload.len() as u64);
    assert_eq!(summary.bytes_plain, RECORD.len() as u64 + 1);
    let summary = outcome(config(Shape::Ecs), RECORD).summary;
    assert_eq!(summary.bytes_received, RECORD.len() as u64);
    assert_eq!(summary.bytes_plain, RECORD.len() as u64);
}
