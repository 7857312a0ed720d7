//! The fast path: a strict scanner over one flat JSON object.
//!
//! It decodes nothing: it finds where the values stand. What it accepts is valid JSON, which a
//! fuzzer proves against serde_json. Whatever is unusual (an escaped name, a lone surrogate, bytes
//! that are no UTF-8, a row's other name, a number beyond a double, more than [`MANY_UNKNOWN`] unknown names) it leaves to
//! `slow`, which also says what is wrong with a line that is no record.

use crate::bytes::simd::{find_special, is_ascii};
use crate::bytes::slice;
use crate::record::clean::SecretNames;
use crate::record::insides::{Insides, OpenNames};
use crate::record::names::{Cursor, Keys};
use crate::record::{
    DEPTH_MAX, MANY_UNKNOWN, Record, Span, Unknown, Value, ValueKind, is_beyond_double,
};

/// A line that the fast path does not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unusual;

/// A number that is no longer, and has no exponent, is within the range of a double (1.8e308).
const NUMBER_MAX: usize = 300;

/// Reads `line`, without white space around it, into `record`.
pub(crate) fn scan(
    line: &[u8],
    keys: &mut Keys,
    record: &mut Record,
    insides: &mut Insides<'_>,
) -> Result<(), Unusual> {
    if !is_ascii(line) {
        core::str::from_utf8(line).map_err(|_| Unusual)?;
    }
    let mut cursor = keys.begin();
    let mut at = expect(line, 0, b'{')?;
    at = blank(line, at);
    if line.get(at) == Some(&b'}') {
        return end(line, at + 1);
    }
    loop {
        let window = line.get(at..).and_then(<[u8]>::first_chunk);
        if let Some((row, len)) = window.and_then(|window| keys.expected(&mut cursor, window))
            && let Some(place) = record.values.get_mut(row.index())
        {
            record.has_repeated_names |= place.kind != ValueKind::Missing;
            place.member = at as u32;
            at = value(line, at + len, place, insides)?;
            record.has_escapes |= place.escaped;
            record.has_members = true;
        } else {
            at = other_member(line, blank(line, at), keys, &mut cursor, record, insides)?;
        }
        // What Cloudflare sends has no blanks: the comma is looked for first.
        if line.get(at) == Some(&b',') {
            at += 1;
            continue;
        }
        at = blank(line, at);
        match line.get(at) {
            Some(b',') => at += 1,
            Some(b'}') => break,
            _ => return Err(Unusual),
        }
    }
    if record.unknown.len() > MANY_UNKNOWN || record.has_other_names {
        return Err(Unusual);
    }
    end(line, at + 1)
}

/// Reads a member whose name is not the expected one, and says where it ends.
#[inline(never)] // Bench row "core, native".
fn other_member(
    line: &[u8],
    member: usize,
    keys: &mut Keys,
    cursor: &mut Cursor,
    record: &mut Record,
    insides: &mut Insides<'_>,
) -> Result<usize, Unusual> {
    let name_start = expect(line, member, b'"')?;
    let name_end = find_special(line, name_start);
    // An escape in the name, or a control byte: not here.
    let at = expect(line, name_end, b'"')?;
    let at = expect(line, blank(line, at), b':')?;
    let mut found = Value {
        member: member as u32,
        ..Value::default()
    };
    let after = value(line, at, &mut found, insides)?;
    record.has_escapes |= found.escaped;
    let name = Span::new(name_start, name_end);
    let value = found;
    let key = keys.find(cursor, name.of(line));
    record.store(key, Unknown { name, value }, line);
    Ok(after)
}

/// Whether `text` is one JSON value no deeper than [`DEPTH_MAX`], by the rules of the fast path.
pub(crate) fn is_value(text: &[u8]) -> bool {
    let (secrets, mut open) = (SecretNames::default(), OpenNames::default());
    let mut insides = Insides::new(&secrets, &mut open);
    value(text, 0, &mut Value::default(), &mut insides) == Ok(text.len())
}

fn expect(line: &[u8], at: usize, byte: u8) -> Result<usize, Unusual> {
    if line.get(at) == Some(&byte) {
        Ok(at + 1)
    } else {
        Err(Unusual)
    }
}

fn end(line: &[u8], at: usize) -> Result<(), Unusual> {
    if blank(line, at) == line.len() {
        Ok(())
    } else {
        Err(Unusual)
    }
}

/// Skips spaces and tabs. A line break inside a record (in an array of records it may stand there)
/// is unusual: a document must not have one.
fn blank(line: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\t') = line.get(at) {
        at += 1;
    }
    at
}

/// Reads the value at `at` into `place`, and says where it ends.
///
/// Into its place: handed on as a result, its 16 bytes are stored in parts and loaded as one, which
/// processors wait for.
#[inline(always)] // Bench row "core, native".
fn value(
    line: &[u8],
    at: usize,
    place: &mut Value,
    insides: &mut Insides<'_>,
) -> Result<usize, Unusual> {
    match line.get(at) {
        Some(b'"') => {
            let (end, escaped) = string(line, at + 1)?;
            place.kind = if end == at + 1 {
                ValueKind::Empty
            } else {
                ValueKind::Text
            };
            place.escaped = escaped;
            place.span = Span::new(at + 1, end);
            Ok(end + 1)
        }
        Some(b'0'..=b'9') => {
            let end = number(line, at)?;
            place.kind = ValueKind::Number;
            place.escaped = false;
            place.span = Span::new(at, end);
            Ok(end)
        }
        _ => other_value(line, at, place, insides),
    }
}

/// Reads a value that begins with no quote and no digit, and says where it ends.
#[inline(never)] // Bench row "core, native".
fn other_value(
    line: &[u8],
    at: usize,
    place: &mut Value,
    insides: &mut Insides<'_>,
) -> Result<usize, Unusual> {
    let (kind, end) = match (line.get(at), line.get(at + 1)) {
        (Some(b'{'), Some(b'}')) | (Some(b'['), Some(b']')) => (ValueKind::Nested, at + 2),
        (Some(b'{' | b'['), _) => (ValueKind::Nested, nested(line, at, insides)?),
        (Some(b'-'), _) => (ValueKind::Number, number(line, at)?),
        (Some(b' ' | b'\t'), _) => return value(line, blank(line, at), place, insides),
        _ => literal(line, at)?,
    };
    place.kind = kind;
    place.escaped = false;
    place.span = Span::new(at, end);
    Ok(end)
}

/// Reads a string from behind its quote; answers the place of the closing one, and whether it has escapes.
#[inline(always)] // Bench row "core, native".
fn string(line: &[u8], from: usize) -> Result<(usize, bool), Unusual> {
    let mut at = find_special(line, from);
    let mut escaped = false;
    loop {
        match line.get(at) {
            Some(b'"') => return Ok((at, escaped)),
            Some(b'\\') => {
                escaped = true;
                at = find_special(line, escape(line, at)?);
            }
            _ => return Err(Unusual),
        }
    }
}

/// Checks the escape at `at`, and says where it ends.
fn escape(line: &[u8], at: usize) -> Result<usize, Unusual> {
    match line.get(at + 1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
        Some(b'u') => match unit(line, at + 2)? {
            // The first half of a surrogate pair: the second must follow.
            0xd800..=0xdbff
                if line.get(at + 6..at + 8) == Some(b"\\u")
                    && matches!(unit(line, at + 8)?, 0xdc00..=0xdfff) =>
            {
                Ok(at + 12)
            }
            0xd800..=0xdfff => Err(Unusual),
            _ => Ok(at + 6),
        },
        _ => Err(Unusual),
    }
}

/// The four hexadecimal digits at `at`.
fn unit(line: &[u8], at: usize) -> Result<u32, Unusual> {
    line.get(at..at + 4)
        .ok_or(Unusual)?
        .iter()
        .try_fold(0, |sum, byte| {
            let digit = char::from(*byte).to_digit(16).ok_or(Unusual)?;
            Ok(sum * 16 + digit)
        })
}

/// Checks the number at `at` by JSON's grammar, and says where it ends.
#[inline(always)] // Bench row "core, native".
fn number(line: &[u8], at: usize) -> Result<usize, Unusual> {
    let start = at;
    let mut at = at + usize::from(line.get(at) == Some(&b'-'));
    at = match line.get(at) {
        Some(b'0') => at + 1,
        _ => some_digits(line, at)?,
    };
    if line.get(at) == Some(&b'.') {
        at = some_digits(line, at + 1)?;
    }
    match line.get(at) {
        Some(b'e' | b'E') => large_number(line, start, at),
        _ if at - start > NUMBER_MAX => large_number(line, start, at),
        _ => Ok(at),
    }
}

/// Checks a number that may be beyond a double, from its exponent on.
#[cold]
fn large_number(line: &[u8], start: usize, exponent: usize) -> Result<usize, Unusual> {
    let mut at = exponent;
    if let Some(b'e' | b'E') = line.get(at) {
        let sign = usize::from(matches!(line.get(at + 1), Some(b'+' | b'-')));
        at = some_digits(line, at + 1 + sign)?;
    }
    match core::str::from_utf8(slice(line, start..at)) {
        Ok(number) if !is_beyond_double(number) => Ok(at),
        _ => Err(Unusual),
    }
}

fn some_digits(line: &[u8], from: usize) -> Result<usize, Unusual> {
    let mut at = from;
    while let Some(b'0'..=b'9') = line.get(at) {
        at += 1;
    }
    if at > from { Ok(at) } else { Err(Unusual) }
}

fn literal(line: &[u8], at: usize) -> Result<(ValueKind, usize), Unusual> {
    let rest = line.get(at..).unwrap_or_default();
    if rest.starts_with(b"true") {
        Ok((ValueKind::Bool, at + 4))
    } else if rest.starts_with(b"false") {
        Ok((ValueKind::Bool, at + 5))
    } else if rest.starts_with(b"null") {
        Ok((ValueKind::Null, at + 4))
    } else {
        Err(Unusual)
    }
}

/// Checks the object or list at `at`, and says where it ends.
///
/// Without recursion: one bit a level says whether it is an object.
fn nested(line: &[u8], at: usize, insides: &mut Insides<'_>) -> Result<usize, Unusual> {
    insides.begin();
    let mut at = at;
    let mut objects = 0_u64;
    let mut depth = 0;
    loop {
        // A value begins.
        let opened = match line.get(at) {
            Some(b'{') => {
                objects = objects << 1 | 1;
                Some(b'}')
            }
            Some(b'[') => {
                objects <<= 1;
                Some(b']')
            }
            Some(b'"') => {
                let (end, is_escaped) = string(line, at + 1)?;
                insides.text(slice(line, at + 1..end), is_escaped);
                at = end + 1;
                None
            }
            Some(b'-' | b'0'..=b'9') => {
                at = number(line, at)?;
                None
            }
            _ => {
                at = literal(line, at)?.1;
                None
            }
        };
        if let Some(closing) = opened {
            depth += 1;
            if depth > DEPTH_MAX {
                return Err(Unusual);
            }
            insides.open();
            at = blank_inside(line, at + 1, insides);
            if line.get(at) != Some(&closing) {
                if closing == b'}' {
                    at = member_name(line, at, insides)?;
                }
                continue;
            }
        }
        // A value has ended, or an empty object or list is about to.
        loop {
            at = blank_inside(line, at, insides);
            let in_object = objects & 1 == 1;
            match line.get(at) {
                Some(b',') if depth > 0 => {
                    at = blank_inside(line, at + 1, insides);
                    if in_object {
                        at = member_name(line, at, insides)?;
                    }
                    break;
                }
                Some(b'}') if depth > 0 && in_object => {}
                Some(b']') if depth > 0 && !in_object => {}
                _ => return Err(Unusual),
            }
            insides.close();
            at += 1;
            objects >>= 1;
            depth -= 1;
            if depth == 0 {
                return Ok(at);
            }
        }
    }
}

/// Reads `"name":` inside a nested object, and says where its value begins.
fn member_name(line: &[u8], at: usize, insides: &mut Insides<'_>) -> Result<usize, Unusual> {
    let start = expect(line, at, b'"')?;
    let (end, is_escaped) = string(line, start)?;
    insides.name(slice(line, start..end), is_escaped);
    let at = expect(line, blank_inside(line, end + 1, insides), b':')?;
    Ok(blank_inside(line, at, insides))
}

/// As [`blank`], inside a nested object or list.
fn blank_inside(line: &[u8], at: usize, insides: &mut Insides<'_>) -> usize {
    let end = blank(line, at);
    if end > at {
        insides.blank();
    }
    end
}
