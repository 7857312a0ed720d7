//! Bits to bytes, the lowest first, as deflate has them.

/// What a flush may write behind the last whole byte.
const SLACK: usize = 8;

/// The end of a stream of bits: what the hot loops hold, apart from the memory behind it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct End {
    /// Whole bytes.
    len: usize,
    /// Bits that are no whole byte yet, and those added since the last flush.
    pending: u64,
    count: u32,
}

impl End {
    /// Adds the lowest `count` bits of `bits`, whose others are zero. Between two flushes, at most 56.
    pub(crate) fn add(&mut self, bits: u32, count: u32) {
        self.pending |= u64::from(bits) << self.count;
        self.count += count;
    }

    /// Writes the whole bytes to `memory`, where they have room; less than one stays.
    pub(crate) fn flush(&mut self, memory: &mut [u8]) {
        if let Some(place) = memory.get_mut(self.len..).and_then(<[u8]>::first_chunk_mut) {
            *place = self.pending.to_le_bytes();
        }
        self.len += self.count as usize / 8;
        self.pending >>= self.count & !7;
        self.count &= 7;
    }
}

/// A stream of bits.
#[derive(Debug, Default)]
pub(crate) struct Bits {
    pub(crate) end: End,
    /// Its whole length is initialised.
    pub(crate) memory: Vec<u8>,
}

impl Bits {
    /// Makes room for so many bytes to be flushed.
    pub(crate) fn reserve(&mut self, bytes: usize) {
        let needed = self.end.len + bytes + SLACK;
        if self.memory.len() < needed {
            // Twice as much, so that what is there is seldom moved.
            self.memory.resize(needed.max(2 * self.memory.len()), 0);
        }
    }

    /// Adds and flushes bits for which there is room.
    pub(crate) fn put(&mut self, bits: u32, count: u32) {
        self.end.add(bits, count);
        self.end.flush(&mut self.memory);
    }

    /// Fills the last byte with zeros, and adds whole bytes.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.reserve(1 + bytes.len());
        self.put(0, self.end.count.next_multiple_of(8) - self.end.count);
        for byte in bytes {
            self.put(u32::from(*byte), 8);
        }
    }

    pub(crate) fn into_bytes(mut self) -> Vec<u8> {
        self.memory.truncate(self.end.len);
        self.memory
    }
}
