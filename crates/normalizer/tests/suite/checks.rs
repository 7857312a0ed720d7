//! What holds for any bytes whatever. The fuzz targets run these three functions, and so do the
//! property tests: this file names nothing of the suite but [`ecs`](crate::ecs) and
//! [`strict`](crate::strict).

use logpush_gzip::CorruptError;
use logpush_normalizer::{
    Batch, Config, Limits, Normalizer, Rules, Shape, Time, UploadError, datasets,
};
use serde_json::Value;

use crate::{ecs, strict};

fn config(shape: Shape, limits: Limits) -> Config {
    Config {
        dataset: datasets::by_name("firewall_events"),
        shape,
        arrival: Time::from_unix_millis(1_767_323_045_678),
        keep_original: false,
        private_keys: Default::default(),
        worker_name: "logpush-ecs",
        unmask: false,
        rules: Rules::default(),
        limits,
    }
}

/// Limits that small inputs reach.
const SMALL: Limits = Limits {
    line_bytes: 256,
    document_bytes: 1500,
    batch_bytes: 2000,
    batch_records: 3,
    upload_bytes: 100_000,
};

/// Any bytes as an upload: in chunks of any size the batches are the same, and every document is
/// one line of valid JSON and ECS within the limit.
///
/// The input chooses the shape, the limits and the size of the chunks: all of them for each input is
/// nine runs of the normalizer instead of two, and a fuzzer comes to each of them by itself.
pub(crate) fn upload(bytes: &[u8]) {
    let mut choice = Choice::of(bytes);
    let (shape, limits) = choice.out_of(&[
        (Shape::Ecs, SMALL),
        (Shape::Native, SMALL),
        (Shape::Ecs, Limits::default()),
    ]);
    let chunk = choice.out_of(&[1, 2, 7, 64, 300]);
    let config = config(shape, limits);
    let whole = run(&config, bytes, bytes.len());
    let mut other = run(&config, bytes, chunk);
    if let (
        Err(UploadError::Corrupt(CorruptError { reason, .. })),
        Err(UploadError::Corrupt(CorruptError { reason: known, .. })),
    ) = (&mut other, &whole)
    {
        // The decoder's words depend on how far it came in one step.
        reason.clone_from(known);
    }
    assert_eq!(other, whole, "chunks of {chunk}");
    for batch in whole.into_iter().flatten() {
        let body = core::str::from_utf8(&batch.body).expect("a document is UTF-8");
        assert_eq!(body.split('\n').count(), batch.len());
        for line in body.split('\n') {
            assert!(line.len() <= limits.document_bytes, "{line}");
            let document = strict::parse(line, shape).expect(line);
            if shape == Shape::Ecs {
                ecs::check(&document).expect(line);
            }
        }
    }
}

/// Choices that any change of the input changes.
struct Choice(u64);

impl Choice {
    fn of(bytes: &[u8]) -> Self {
        // FNV-1a.
        let hash = bytes
            .iter()
            .fold(0xcbf2_9ce4_8422_2325, |hash: u64, &byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        // Its low bits are hardly mixed.
        Self(hash >> 16)
    }

    fn out_of<T: Copy>(&mut self, several: &[T]) -> T {
        let count = several.len() as u64;
        let index = self.0 % count;
        self.0 /= count;
        several[index as usize]
    }
}

fn run(config: &Config, bytes: &[u8], chunk: usize) -> Result<Vec<Batch>, UploadError> {
    let mut normalizer = Normalizer::new(config.clone());
    let mut batches = Vec::new();
    for mut piece in bytes.chunks(chunk.max(1)) {
        while let Some(batch) = normalizer.feed(&mut piece)? {
            batches.push(batch);
        }
    }
    while let Some(batch) = normalizer.finish()? {
        batches.push(batch);
    }
    Ok(batches)
}

/// Any bytes as a line: it is an event if and only if serde_json reads it as an object, and then
/// the slow path has the same document.
pub(crate) fn scanner(bytes: &[u8]) {
    let line: Vec<u8> = bytes
        .iter()
        .map(|&byte| if byte == b'\n' { b' ' } else { byte })
        .collect();
    let start = line
        .iter()
        .take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r'));
    let line = line[start.count()..].trim_ascii_end();
    // An array is not a line; a comma behind a record is none of it.
    if line.is_empty() || line.starts_with(b"[") || line.ends_with(b",") {
        return;
    }
    let limits = Limits {
        document_bytes: usize::MAX,
        batch_bytes: usize::MAX,
        line_bytes: line.len() + 100,
        ..Limits::default()
    };
    // The input chooses: a native record has no second path to hold it against.
    let shape = Choice::of(bytes).out_of(&[Shape::Ecs, Shape::Ecs, Shape::Ecs, Shape::Native]);
    // A record before it, so that it cannot be taken for a destination test.
    let config = config(shape, limits);
    let (fast, documents) = second(&config, &[b"{}\n".as_slice(), line].concat());
    let is_one = is_record(line);
    if documents > 2 {
        // Several records without a line break between them.
        assert!(!is_one);
        return;
    }
    let is_event = fast["event"]["kind"] != "pipeline_error";
    assert_eq!(is_event, is_one, "{}", String::from_utf8_lossy(line));
    if is_event && shape == Shape::Ecs {
        let inside = line.strip_prefix(b"{").expect("a record is an object");
        let slow = [b"[{},{\n".as_slice(), inside, b"]"].concat();
        assert_eq!(second(&config, &slow).0, fast);
    }
}

/// The second document of an upload, without what depends on the bytes of its record; and how many
/// there are.
fn second(config: &Config, upload: &[u8]) -> (Value, usize) {
    let batches = run(config, upload, upload.len()).expect("the upload is readable");
    let [batch] = batches.as_slice() else {
        panic!("{} batches", batches.len());
    };
    let body = core::str::from_utf8(&batch.body).expect("a document is UTF-8");
    let line = body.split('\n').nth(1).expect("two documents");
    let mut document = strict::parse(line, config.shape).expect(line);
    if config.shape == Shape::Ecs {
        ecs::check(&document).expect(line);
        document["event"]["id"] = Value::Null;
    }
    (document, batch.len())
}

/// Whether serde_json reads the line, repaired, as an object.
fn is_record(line: &[u8]) -> bool {
    let text = without_lone_surrogates(&String::from_utf8_lossy(line));
    let Ok(members) = strict::members(&text) else {
        return false;
    };
    members.iter().enumerate().all(|(index, (name, value))| {
        // Of equal names the last wins: the others are not looked into.
        let is_last = !members[index + 1..].iter().any(|(other, _)| other == name);
        // What is deeper than this reader goes is valid all the same.
        !is_last || depth(value.get()) > 64 || strict::scalar(value.get()).is_ok()
    })
}

fn depth(json: &str) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth -= 1,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// Escapes of half a surrogate pair become that of the replacement character.
fn without_lone_surrogates(text: &str) -> String {
    // Where each escape of one UTF-16 unit stands, and the unit.
    let mut units = Vec::new();
    let mut characters = text.char_indices();
    while let Some((place, character)) = characters.next() {
        if character != '\\' {
            continue;
        }
        if let Some((_, 'u')) = characters.next() {
            let digits = text.get(place + 2..place + 6).unwrap_or("");
            let is_unit = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            if is_unit {
                units.push((place, u16::from_str_radix(digits, 16).unwrap()));
            }
        }
    }
    let mut repaired = text.to_owned();
    let mut index = 0;
    while let Some(&(place, unit)) = units.get(index) {
        let next = units.get(index + 1).filter(|next| next.0 == place + 6);
        index += match (unit, next) {
            (0xd800..0xdc00, Some((_, 0xdc00..0xe000))) => 2,
            (0xd800..0xe000, _) => {
                repaired.replace_range(place..place + 6, "\\ufffd");
                1
            }
            _ => 1,
        };
    }
    repaired
}
