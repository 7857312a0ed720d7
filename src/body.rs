//! Reading an upload, from a request or from storage, in large chunks.
//!
//! The runtime hands a request's body out in chunks of 4,096 bytes, each a crossing from
//! JavaScript to wasm; its own `readAtLeast` fills a larger buffer before it answers.

use js_sys::{Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::{JsCast as _, JsValue, wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use web_sys::ReadableStream;

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

/// The bytes of an upload, from its beginning to its end.
pub(crate) struct Body {
    /// Nothing where there is no body.
    reader: Option<ByteReader>,
    /// Given to the runtime with every read, and got back with the bytes.
    buffer: Option<Uint8Array>,
    is_at_end: bool,
}

impl Body {
    pub(crate) fn new(stream: Option<ReadableStream>) -> Result<Self, JsValue> {
        let reader = match stream {
            Some(stream) => {
                let options = js_sys::Object::new();
                Reflect::set(&options, &"mode".into(), &"byob".into())?;
                let get_reader: js_sys::Function =
                    Reflect::get(&stream, &"getReader".into())?.dyn_into()?;
                Some(get_reader.call1(&stream, &options)?.unchecked_into())
            }
            None => None,
        };
        Ok(Self {
            reader,
            buffer: Some(Uint8Array::new_with_length(CHUNK)),
            is_at_end: false,
        })
    }

    /// The next chunk, in `chunk`; `false` at the end. An aborted body is an error where the runtime tells.
    pub(crate) async fn read(&mut self, chunk: &mut Vec<u8>) -> Result<bool, JsValue> {
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

    /// Tells the runtime that the rest is not wanted.
    pub(crate) fn cancel(&self) {
        if let (Some(reader), false) = (&self.reader, self.is_at_end) {
            // Nothing is left to do about a body that cannot even be cancelled.
            let _ = reader.cancel();
        }
    }
}
