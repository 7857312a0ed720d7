//! `country_code`, `country_name`: ISO 3166-1 codes and their English names.

use crate::bytes::text::for_pages;
use crate::bytes::writer::Writer;
use crate::convert::check::{Check, Form};
use crate::convert::finding::{CheckResult, Finding, Found, Input, Workspace};
use crate::convert::piece::Piece;
use crate::convert::target::{Conversion, Output, Place, Target};

/// `country_code("source.geo.country_iso_code")`
pub(crate) const fn country_code(path: &'static str) -> Target {
    Target::check(path, &COUNTRY_CODE, Check::Country)
}

/// `country_name("source.geo.country_name")`
pub(crate) const fn country_name(path: &'static str) -> Target {
    Target::check(path, &COUNTRY_NAME, Check::Country)
}

static COUNTRY_CODE: Conversion = Conversion {
    name: "country_code",
    about: for_pages("A two-letter country code, in upper case."),
    section: Some("country"),
    outputs: &[Output::text(Place::Path, Form::CountryCode)],
    ..Conversion::BASE
};

static COUNTRY_NAME: Conversion = Conversion {
    name: "country_name",
    about: for_pages("The English name of a two-letter country code."),
    section: Some("country"),
    outputs: &[Output::text(Place::Path, Form::CountryName)],
    ..Conversion::BASE
};

pub(super) fn check_country(
    input: Input<'_>,
    _: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    CheckResult::valid(input.is_text() && country(input.bytes(), finding))
}

pub(super) fn write_code(found: Found<'_>, writer: &mut Writer) -> bool {
    let Finding::Country(code, _) = found.finding else {
        return false;
    };
    writer.put(code);
    true
}

pub(super) fn country_name_of(found: Found<'_>) -> Piece {
    match found.finding {
        Finding::Country(_, name) => Piece::Word(name),
        _ => Piece::None,
    }
}

#[inline(never)]
fn country(bytes: &[u8], finding: &mut Finding) -> bool {
    let [first, second] = bytes else {
        return false;
    };
    let code = [first.to_ascii_uppercase(), second.to_ascii_uppercase()];
    let Some(name) = name(code) else {
        return false;
    };
    *finding = Finding::Country(code, name);
    true
}

/// The English name of an ISO 3166-1 alpha-2 code in upper case; also of `XK`, Kosovo, which
/// Cloudflare uses. Its other codes are no countries: `XX` means unknown, `T1` means Tor.
pub(super) fn name(code: [u8; 2]) -> Option<&'static str> {
    listed(code).map(|(_, name)| *name)
}

/// The code and the name of [`name`].
pub(super) fn code_and_name(code: [u8; 2]) -> Option<(&'static str, &'static str)> {
    let (code, name) = listed(code)?;
    Some((core::str::from_utf8(code).ok()?, name))
}

fn listed(code: [u8; 2]) -> Option<&'static ([u8; 2], &'static str)> {
    let place = PLACES.get(letters(code)?)?;
    COUNTRIES.get(usize::from(*place).checked_sub(1)?)
}

/// The place of each code in the list plus 1, by its letters; 0 for those that it does not have.
///
/// A search takes eight steps that no processor foresees.
#[allow(
    clippy::indexing_slicing,
    reason = "a place that is not there is an error of the compiler"
)]
static PLACES: [u8; 26 * 26] = {
    let mut places = [0; 26 * 26];
    let mut place = 0;
    while place < COUNTRIES.len() {
        let (code, _) = COUNTRIES[place];
        place += 1;
        if let Some(letters) = letters(code) {
            places[letters] = place as u8;
        }
    }
    places
};

/// The number of a pair of capital letters.
const fn letters([first, second]: [u8; 2]) -> Option<usize> {
    match first.is_ascii_uppercase() && second.is_ascii_uppercase() {
        true => Some((first - b'A') as usize * 26 + (second - b'A') as usize),
        false => None,
    }
}

/// A code and a name a line, sorted by code.
const LIST: &str = include_str!("../../data/countries.txt");

/// The 249 of ISO 3166-1 and Kosovo.
static COUNTRIES: [([u8; 2], &str); 249 + 1] = read(LIST);

/// The lines of the list; the compiler reads it.
const fn read<const LINES: usize>(list: &'static str) -> [([u8; 2], &'static str); LINES] {
    let mut countries = [([0; 2], ""); LINES];
    let mut free = countries.as_mut_slice();
    let mut rest = list.as_bytes();
    while let [first, second, b' ', behind @ ..] = rest {
        let mut len = 0;
        rest = behind;
        while let [byte, after @ ..] = rest {
            rest = after;
            if *byte == b'\n' {
                break;
            }
            len += 1;
        }
        let (name, _) = behind.split_at(len);
        if let (Ok(name), Some((place, others))) =
            (core::str::from_utf8(name), free.split_first_mut())
        {
            *place = ([*first, *second], name);
            free = others;
        } else {
            break;
        }
    }
    countries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_whole() {
        assert!(COUNTRIES.is_sorted_by(|(left, _), (right, _)| left < right));
        assert_eq!(LIST.lines().count(), COUNTRIES.len());
        assert_eq!(COUNTRIES.last(), Some(&(*b"ZW", "Zimbabwe")));
    }
}
