//! Streams of members: whole, padded, and damaged in every way, in chunks of any size.

use std::io::Write as _;

use flate2::{Compression, GzBuilder};
use logpush_gzip::{CorruptError, Gunzip};
use wasm_bindgen_test::wasm_bindgen_test as wasm;

const TEXT: &[u8] = br#"{"Action":"block","Datetime":1657630626219000000}"#;

/// What a stream turned out to be.
#[derive(Debug, PartialEq, Eq)]
enum Stream {
    Whole(Vec<u8>),
    /// It ends before its end.
    Open,
    /// The number of the member that is damaged.
    Corrupt(u32),
}

/// Reads a stream in chunks of several sizes; all must agree.
fn read(stream: &[u8]) -> Stream {
    let whole = read_in_chunks(stream, stream.len().max(1), 1 << 16);
    for (chunk, room) in [(1, 1 << 16), (7, 100), (4096, 1)] {
        assert_eq!(read_in_chunks(stream, chunk, room), whole, "{chunk} {room}");
    }
    whole
}

fn read_in_chunks(stream: &[u8], chunk: usize, room: usize) -> Stream {
    let mut gunzip = Gunzip::new();
    let mut plain = Vec::new();
    let mut buffer = vec![0; room];
    for mut chunk in stream.chunks(chunk) {
        loop {
            let step = match gunzip.step(chunk, &mut buffer) {
                Ok(step) => step,
                Err(CorruptError { member, reason }) => {
                    assert!(!reason.is_empty());
                    return Stream::Corrupt(member);
                }
            };
            plain.extend_from_slice(&buffer[..step.produced]);
            chunk = &chunk[step.consumed..];
            if chunk.is_empty() && step.produced < room {
                break;
            }
        }
    }
    match gunzip.is_complete() {
        true => Stream::Whole(plain),
        false => Stream::Open,
    }
}

/// A member of another compressor, with every field that its header can have.
fn decorated(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzBuilder::new()
        .filename("20260921T133320Z.log.gz")
        .comment("a comment")
        .extra(vec![7; 300])
        .mtime(1_790_000_000)
        .write(Vec::new(), Compression::best());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    logpush_gzip::gzip(&[plain])
}

#[test]
#[wasm]
fn members_follow_each_other_anywhere() {
    let (half, rest) = TEXT.split_at(20);
    let twice = [TEXT, TEXT].concat();
    for (name, stream, expected) in [
        ("one", gzip(TEXT), TEXT),
        ("two", [gzip(half), gzip(rest)].concat(), TEXT),
        (
            "empty ones",
            [gzip(b""), gzip(half), gzip(b""), gzip(rest), gzip(b"")].concat(),
            TEXT,
        ),
        (
            "a member for every byte",
            TEXT.chunks(1).flat_map(gzip).collect(),
            TEXT,
        ),
        (
            "a header of all fields",
            [decorated(TEXT), decorated(TEXT)].concat(),
            &twice,
        ),
        ("nothing inside", gzip(b""), b""),
        ("padding", [gzip(TEXT), vec![0; 511]].concat(), TEXT),
        (
            "padding between",
            [gzip(half), vec![0; 3], gzip(rest), vec![0; 9]].concat(),
            TEXT,
        ),
    ] {
        assert_eq!(read(&stream), Stream::Whole(expected.to_vec()), "{name}");
    }
}

#[test]
#[wasm]
fn a_stream_that_ends_early_is_open() {
    let first = decorated(TEXT);
    let stream = [first.as_slice(), &gzip(TEXT)].concat();
    for end in 1..stream.len() {
        let expected = match end == first.len() {
            // As good as a stream of one member.
            true => Stream::Whole(TEXT.to_vec()),
            false => Stream::Open,
        };
        assert_eq!(read(&stream[..end]), expected, "{end}");
    }
    // Also where all plain bytes have come, and only the trailer has not.
    let large = gzip(&TEXT.repeat(5000));
    for missing in [1, 4, 7, 8, 9, 100] {
        assert_eq!(
            read(&large[..large.len() - missing]),
            Stream::Open,
            "{missing}"
        );
    }
}

#[test]
#[wasm]
fn a_checksum_or_length_that_is_wrong_is_found() {
    let whole = gzip(TEXT);
    for place in whole.len() - 8..whole.len() {
        for bit in [1, 0x80] {
            let mut damaged = whole.clone();
            damaged[place] ^= bit;
            assert_eq!(read(&damaged), Stream::Corrupt(1), "byte {place}");
            let second = [whole.clone(), damaged].concat();
            assert_eq!(read(&second), Stream::Corrupt(2), "byte {place}");
        }
    }
}

/// Wherever a bit flips: it is found, or it changed nothing that is read.
#[test]
#[wasm]
fn a_flipped_bit_never_changes_what_is_read() {
    let whole = gzip(TEXT);
    for place in 0..whole.len() {
        for bit in 0..8 {
            let mut damaged = whole.clone();
            damaged[place] ^= 1 << bit;
            if let Stream::Whole(plain) = read(&damaged) {
                // Time, operating system and the like of the header; bits behind the last block.
                let is_unread = (3..10).contains(&place) || place == whole.len() - 9;
                assert!(is_unread, "byte {place}, bit {bit}");
                assert_eq!(plain, TEXT);
            }
        }
    }
}

#[test]
#[wasm]
fn what_is_no_member_is_corrupt() {
    for (stream, is_open) in [
        (b"\x1f".as_slice(), true),
        (b"\x1f\x8b", true),
        (b"\x1f\x8b\x08", true),
        (b"\x1fx", false),
        (b"\x1f\x8b\x07\0\0\0\0\0\0\0\0\0\0\0", false),
        (b"\x1f\x8b\x08\xe0\0\0\0\0\0\0\0\0\0\0", false),
        (b"\x1f\x8b\x08\0\0\0\0\0\0\0\xff\xff\xff\xff", false),
        (TEXT, false),
        (b"\n", false),
    ] {
        let expected = |member| match is_open {
            true => Stream::Open,
            false => Stream::Corrupt(member),
        };
        assert_eq!(read(stream), expected(1), "{stream:?}");
        let second = [gzip(TEXT), stream.to_vec()].concat();
        assert_eq!(read(&second), expected(2), "{stream:?}");
    }
    let behind_padding = [gzip(TEXT), b"\0\0x".to_vec()].concat();
    assert_eq!(read(&behind_padding), Stream::Corrupt(2));
}
