//! Reading an upload, from a request or from storage, in large chunks.
//!
//! The runtime hands a request's body out in chunks of 4,096 bytes, each a crossing from
//! JavaScript to wasm; its own `readAtLeast` fills a larger buffer before it answers.

use js_sys::{Promise, Reflect, Uint8Array};
use logpush_normalizer::UploadError;
use thiserror::Error;
use wasm_bindgen::prelude::{JsCast as _, JsValue, wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use web_sys::ReadableStream;

use crate::encoding::EncodingError;

/// The length that the sender announces, and the limit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Announced {
    /// `Content-Length`.
    pub(crate) bytes: Option<u64>,
    /// The most bytes that are taken.
    pub(crate) limit: u64,
}

/// Why the body of an upload is not taken.
#[derive(Debug, Error)]
pub(crate) enum BodyError {
    #[error(transparent)]
    Upload(#[from] UploadError),
    /// The sender went away.
    #[error("the connection broke before the upload was complete")]
    Aborted,
    #[error("the upload has {received} bytes where Content-Length announced {announced}")]
    Short { received: u64, announced: u64 },
    #[error("the upload has more than {limit} bytes")]
    TooLarge { limit: u64 },
    #[error(transparent)]
    Encoding(#[from] EncodingError),
}

#[wasm_bindgen]
extern "C" {
    /// A reader that fills the caller's buffers; `readAtLeast` is the runtime's own addition.
    type ByteReader;

    #[wasm_bindgen(method, catch, js_name = readAtLeast)]
    fn read_at_least(this: &ByteReader, bytes: u32, view: &Uint8Array) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn cancel(this: &ByteReader) -> Result<Promise, JsValue>;
}

/// 64 KiB of gzip are about 600 KiB of records: one crossing for 16 chunks of the runtime.
const CHUNK: u32 = 64 * 1024;

impl Announced {
    /// Checks the bytes received so far.
    pub(crate) fn check_limit(&self, received: u64) -> Result<(), BodyError> {
        if received > self.limit {
            return Err(BodyError::TooLarge { limit: self.limit });
        }
        Ok(())
    }

    /// Checks that nothing is missing at the end: the runtime ends an aborted body like a complete one.
    pub(crate) fn check_end(&self, received: u64) -> Result<(), BodyError> {
        match self.bytes {
            Some(announced) if received < announced => Err(BodyError::Short {
                received,
                announced,
            }),
            _ => Ok(()),
        }
    }
}

/// The bytes of an upload, from its beginning to its end.
pub(crate) struct Body {
    /// Nothing where there is no body.
    reader: Option<ByteReader>,
    /// Belongs to the runtime during a read, and comes back with the bytes.
    buffer: Option<Uint8Array>,
    is_at_end: bool,
}

impl Body {
    pub(crate) fn new(stream: Option<ReadableStream>) -> Result<Self, BodyError> {
        let reader = stream.map(|stream| reader_of(&stream));
        let reader = reader.transpose().map_err(|_| BodyError::Aborted)?;
        Ok(Self {
            reader,
            buffer: Some(Uint8Array::new_with_length(CHUNK)),
            is_at_end: false,
        })
    }

    /// Reads the next chunk into `chunk`; `false` at the end.
    ///
    /// An aborted body is an error only where the runtime reports it: [`Announced::check_end`].
    pub(crate) async fn read(&mut self, chunk: &mut Vec<u8>) -> Result<bool, BodyError> {
        self.read_chunk(chunk).await.map_err(|_| BodyError::Aborted)
    }

    async fn read_chunk(&mut self, chunk: &mut Vec<u8>) -> Result<bool, JsValue> {
        chunk.clear();
        let (Some(reader), false) = (&self.reader, self.is_at_end) else {
            return Ok(false);
        };
        let view = match self.buffer.take() {
            Some(buffer) => buffer,
            None => Uint8Array::new_with_length(CHUNK),
        };
        let read = JsFuture::from(reader.read_at_least(CHUNK, &view)?).await?;
        let value = Reflect::get(&read, &"value".into())?;
        self.is_at_end = Reflect::get(&read, &"done".into())?.is_truthy();
        if let Some(bytes) = value.dyn_ref::<Uint8Array>() {
            chunk.resize(bytes.length() as usize, 0);
            bytes.copy_to(chunk);
            self.buffer = Some(Uint8Array::new(&bytes.buffer()));
        }
        Ok(!chunk.is_empty() || !self.is_at_end)
    }

    /// Has the runtime drop the rest.
    pub(crate) fn cancel(&self) {
        if let (Some(reader), false) = (&self.reader, self.is_at_end) {
            // A body that cannot be cancelled is dropped at the end of the request.
            let _ = reader.cancel();
        }
    }
}

fn reader_of(stream: &ReadableStream) -> Result<ByteReader, JsValue> {
    let options = js_sys::Object::new();
    Reflect::set(&options, &"mode".into(), &"byob".into())?;
    let get_reader: js_sys::Function = Reflect::get(stream, &"getReader".into())?.dyn_into()?;
    Ok(get_reader.call1(stream, &options)?.unchecked_into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_held_to_what_was_announced() {
        let announce = |bytes, limit| Announced { bytes, limit };
        for (announced, received, expected) in [
            (announce(None, 10), 10, None),
            (
                announce(None, 10),
                11,
                Some("the upload has more than 10 bytes"),
            ),
            (announce(Some(5), 10), 5, None),
            (announce(Some(5), 10), 6, None),
            (
                announce(Some(5), 10),
                4,
                Some("the upload has 4 bytes where Content-Length announced 5"),
            ),
        ] {
            let checked = announced.check_limit(received);
            let checked = checked.and_then(|()| announced.check_end(received));
            let problem = checked.err().map(|error| error.to_string());
            assert_eq!(problem.as_deref(), expected, "{announced:?} {received}");
        }
    }
}
