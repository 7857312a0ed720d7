//! The normalizer alone as a wasm module: what it costs without a Worker around it.
//!
//! Numbers in, numbers out, without wasm-bindgen. The caller asks for room with [`room`], writes a
//! chunk of the upload there, and calls [`inflate`] or [`feed`] with its length. A result below 0
//! is an error.
#![allow(
    unsafe_code,
    reason = "`no_mangle`, without which there is nothing to call; there is no `unsafe` block"
)]

mod rules;

use core::cell::RefCell;
use std::io::Write as _;

use flate2::{Compression, Decompress, FlushDecompress, GzBuilder};
use logpush_delivery::destination::kind;
use logpush_delivery::part::Part;
use logpush_delivery::setting::Given;
use logpush_gzip::gzip;
use logpush_normalizer::{Batch, Config, Limits, Normalizer, PrivateKeys, Shape, Time, datasets};

/// As much as the normalizer inflates at a time.
const STEP: usize = 128 * 1024;

/// 32 KiB, the largest window of the format.
const WINDOW_BITS: u8 = 15;

const FAILED: f64 = -1.0;

/// Cloudflare's own example of a key, in matched-data-cli.
const PRIVATE_KEY: &str = "uBS5eBttHrqkdY41kbZPdvYnNz8Vj0TvKIUpjB1y/GA=";

/// 2026-01-01: a benchmark's documents depend on nothing else.
const NOW: u64 = 1_767_225_600_000;

#[derive(Default)]
struct State {
    /// The chunk of the upload that the caller wrote.
    chunk: Vec<u8>,
    inflate: Option<Decompress>,
    plain: Vec<u8>,
    plain_bytes: u64,
    normalizer: Option<Normalizer>,
    /// Whether batches stay for [`deflate`].
    keeps: bool,
    batches: Vec<Batch>,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

/// Where the caller may write the next `len` bytes of the upload.
#[unsafe(no_mangle)]
pub extern "C" fn room(len: usize) -> *mut u8 {
    STATE.with_borrow_mut(|state| {
        if state.chunk.len() < len {
            state.chunk.resize(len, 0);
        }
        state.chunk.as_mut_ptr()
    })
}

/// Begins an upload of the dataset whose name is the first `len` bytes of the room; `keeps` is not
/// 0 where its batches are wanted for [`deflate`]; `rules` is the number of one of [`rules::SETS`];
/// `decrypts` is not 0 where payloads of WAF rules for [`PRIVATE_KEY`] are decrypted.
#[unsafe(no_mangle)]
pub extern "C" fn begin(len: usize, keeps: u32, rules: usize, decrypts: u32) {
    STATE.with_borrow_mut(|state| {
        let name = state.chunk.get(..len).unwrap_or_default();
        let dataset = core::str::from_utf8(name).ok().and_then(datasets::by_name);
        state.inflate = Some(Decompress::new_gzip(WINDOW_BITS));
        state.plain.resize(STEP, 0);
        state.plain_bytes = 0;
        state.keeps = keeps != 0;
        state.batches.clear();
        state.normalizer = Some(Normalizer::new(Config {
            dataset,
            shape: Shape::Ecs,
            arrival: Time::from_unix_millis(NOW as i64),
            keep_original: false,
            private_keys: match decrypts {
                0 => PrivateKeys::default(),
                _ => PrivateKeys::parse(PRIVATE_KEY).unwrap_or_default(),
            },
            worker_name: "logpush-ecs",
            unmask: false,
            rules: rules::set(rules),
            limits: Limits::default(),
        }));
    });
}

/// Inflates the first `len` bytes of the room, and nothing else; plain bytes of the upload so far.
///
/// By the library alone, with its own checksum: a floor that does not move with our code.
#[unsafe(no_mangle)]
pub extern "C" fn inflate(len: usize) -> f64 {
    STATE.with_borrow_mut(|state| {
        let Some(inflate) = &mut state.inflate else {
            return FAILED;
        };
        let mut input = state.chunk.get(..len).unwrap_or_default();
        loop {
            let before = (inflate.total_in(), inflate.total_out());
            if inflate
                .decompress(input, &mut state.plain, FlushDecompress::None)
                .is_err()
            {
                return FAILED;
            }
            let consumed = (inflate.total_in() - before.0) as usize;
            let produced = (inflate.total_out() - before.1) as usize;
            state.plain_bytes += produced as u64;
            input = input.get(consumed..).unwrap_or_default();
            if produced < STEP {
                return state.plain_bytes as f64;
            }
        }
    })
}

/// Normalises the first `len` bytes of the room; bytes of the upload's documents so far.
#[unsafe(no_mangle)]
pub extern "C" fn feed(len: usize) -> f64 {
    STATE.with_borrow_mut(|state| {
        let Some(normalizer) = &mut state.normalizer else {
            return FAILED;
        };
        let mut input = state.chunk.get(..len).unwrap_or_default();
        loop {
            match normalizer.feed(&mut input) {
                Ok(Some(batch)) if state.keeps => state.batches.push(batch),
                Ok(Some(_)) => {}
                Ok(None) => return normalizer.summary().bytes_documents as f64,
                Err(_) => return FAILED,
            }
        }
    })
}

/// Ends the upload; its records.
#[unsafe(no_mangle)]
pub extern "C" fn finish() -> f64 {
    STATE.with_borrow_mut(|state| {
        let Some(mut normalizer) = state.normalizer.take() else {
            return FAILED;
        };
        loop {
            match normalizer.finish() {
                Ok(Some(batch)) if state.keeps => state.batches.push(batch),
                Ok(Some(_)) => {}
                Ok(None) => return normalizer.summary().records as f64,
                Err(_) => return FAILED,
            }
        }
    })
}

/// Bytes of the batches that were kept.
#[unsafe(no_mangle)]
pub extern "C" fn kept() -> f64 {
    STATE.with_borrow(|state| {
        let bytes: usize = state.batches.iter().map(|batch| batch.body.len()).sum();
        bytes as f64
    })
}

/// Compresses the batches that were kept, each by itself, as they are for delivery; bytes of them all.
#[unsafe(no_mangle)]
pub extern "C" fn compress() -> f64 {
    STATE.with_borrow(|state| {
        let compressed = state.batches.iter().map(|batch| gzip(&[&batch.body]).len());
        compressed.sum::<usize>() as f64
    })
}

/// Encodes the batches that were kept as a kind of destination wants them, with framing and compression;
/// bytes of them all. The kind's name is the first `len` bytes of the room.
#[unsafe(no_mangle)]
pub extern "C" fn encode(len: usize) -> f64 {
    STATE.with_borrow(|state| {
        let name = state.chunk.get(..len).unwrap_or_default();
        let Some(kind) = core::str::from_utf8(name).ok().and_then(kind) else {
            return FAILED;
        };
        let settings = |name: &str| {
            let setting = kind.settings.iter().find(|setting| setting.name == name);
            let required = setting.filter(|setting| setting.is_required);
            required.map(|setting| Given::Text(setting.accepts.placeholder()))
        };
        let Ok(destination) = kind.open(Some("firewall_events"), &settings) else {
            return FAILED;
        };
        let bytes = state.batches.iter().map(|batch| {
            let all = 0..batch.len();
            let part = Part::new(batch, core::slice::from_ref(&all), "an upload");
            destination.encode(&part, NOW).len()
        });
        bytes.sum::<usize>() as f64
    })
}

/// The same with the library, by its level.
#[unsafe(no_mangle)]
pub extern "C" fn deflate(level: u32) -> f64 {
    STATE.with_borrow(|state| {
        let mut bytes = 0;
        for batch in &state.batches {
            let mut encoder = GzBuilder::new().write(
                Vec::with_capacity(batch.body.len() / 4),
                Compression::new(level),
            );
            match encoder
                .write_all(&batch.body)
                .and_then(|()| encoder.finish())
            {
                Ok(compressed) => bytes += compressed.len(),
                Err(_) => return FAILED,
            }
        }
        bytes as f64
    })
}
