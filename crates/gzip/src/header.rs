//! The header of a gzip member (RFC 1952), byte by byte.

use crate::crc32::Crc32;

/// A header of which a part was read.
#[derive(Debug)]
pub(crate) struct Header {
    part: Part,
    flags: u8,
    crc: Crc32,
}

/// What comes next of a header.
#[derive(Clone, Copy, Debug)]
enum Part {
    /// Ten bytes: magic, method, flags, time, extra flags, system.
    Fixed {
        read: u8,
    },
    /// Two bytes.
    ExtraLen {
        read: u8,
        len: u16,
    },
    Extra {
        left: u16,
    },
    /// A text that ends with a zero byte.
    Name,
    /// The same.
    Comment,
    /// The lower half of the checksum of all before it, in two bytes.
    Checksum {
        read: u8,
        of: u16,
    },
    Complete,
}

const CHECKSUM: u8 = 1 << 1;
const EXTRA: u8 = 1 << 2;
const NAME: u8 = 1 << 3;
const COMMENT: u8 = 1 << 4;
const RESERVED: u8 = 0b1110_0000;

impl Header {
    pub(crate) fn new() -> Self {
        Self {
            part: Part::Fixed { read: 0 },
            flags: 0,
            crc: Crc32::default(),
        }
    }

    pub(crate) fn is_complete(&self) -> bool {
        matches!(self.part, Part::Complete)
    }

    /// Reads the header's next byte; an error says what is wrong with it.
    pub(crate) fn read(&mut self, byte: u8) -> Result<(), &'static str> {
        if !matches!(self.part, Part::Checksum { .. }) {
            self.crc.update(&[byte]);
        }
        self.part = match self.part {
            Part::Fixed { read: 0 } if byte != 0x1f => return Err("incorrect header check"),
            Part::Fixed { read: 1 } if byte != 0x8b => return Err("incorrect header check"),
            // 8 is deflate, the only method there is.
            Part::Fixed { read: 2 } if byte != 8 => return Err("unknown compression method"),
            Part::Fixed { read: 3 } if byte & RESERVED != 0 => {
                return Err("unknown header flags set");
            }
            Part::Fixed { read } => {
                if read == 3 {
                    self.flags = byte;
                }
                match read {
                    9 => self.behind_fixed(),
                    _ => Part::Fixed { read: read + 1 },
                }
            }
            Part::ExtraLen { read: 0, .. } => Part::ExtraLen {
                read: 1,
                len: u16::from(byte),
            },
            Part::ExtraLen { len, .. } => match len | u16::from(byte) << 8 {
                0 => self.behind_extra(),
                left => Part::Extra { left },
            },
            Part::Extra { left: 1 } => self.behind_extra(),
            Part::Extra { left } => Part::Extra { left: left - 1 },
            Part::Name if byte == 0 => self.behind_name(),
            Part::Comment if byte == 0 => self.behind_comment(),
            part @ (Part::Name | Part::Comment | Part::Complete) => part,
            Part::Checksum { read: 0, .. } => Part::Checksum {
                read: 1,
                of: u16::from(byte),
            },
            Part::Checksum { of, .. } => {
                if of | u16::from(byte) << 8 != self.crc.value() as u16 {
                    return Err("header crc mismatch");
                }
                Part::Complete
            }
        };
        Ok(())
    }

    fn behind_fixed(&self) -> Part {
        match self.flags & EXTRA {
            0 => self.behind_extra(),
            _ => Part::ExtraLen { read: 0, len: 0 },
        }
    }

    fn behind_extra(&self) -> Part {
        match self.flags & NAME {
            0 => self.behind_name(),
            _ => Part::Name,
        }
    }

    fn behind_name(&self) -> Part {
        match self.flags & COMMENT {
            0 => self.behind_comment(),
            _ => Part::Comment,
        }
    }

    fn behind_comment(&self) -> Part {
        match self.flags & CHECKSUM {
            0 => Part::Complete,
            _ => Part::Checksum { read: 0, of: 0 },
        }
    }
}
