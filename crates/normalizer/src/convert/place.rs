//! `region`, `location`, `place`: where something is, where Cloudflare says it in parts.

use crate::bytes::text::for_pages;
use crate::bytes::writer::Writer;
use crate::convert::check::{Check, Form};
use crate::convert::country::code_and_name;
use crate::convert::finding::{CheckResult, Finding, Found, Input, Workspace};
use crate::convert::piece::Piece;
use crate::convert::place_part::PlacePart;
use crate::convert::target::{Conversion, Output, Place, Target, Task};
use crate::record::Span;

/// `region("source.geo.region_iso_code", "ClientCountry")`
pub(crate) const fn region(path: &'static str, country: &'static str) -> Target {
    Target {
        path,
        conversion: &REGION,
        task: Task::Region(country),
    }
}

/// `location("source.geo.location", "ClientLongitude")`
pub(crate) const fn location(path: &'static str, longitude: &'static str) -> Target {
    Target {
        path,
        conversion: &LOCATION,
        task: Task::Location(longitude),
    }
}

/// `place("source.geo")`
pub(crate) const fn place(path: &'static str) -> Target {
    Target::check(path, &PLACE, Check::Place)
}

static REGION: Conversion = Conversion {
    name: "region",
    about: for_pages(
        "The ISO 3166-2 code of a region: `US-CA` as it is, `TX` behind the code of its country. `region(\"source.geo.region_iso_code\", \"ClientCountry\")` names the field of the country; the row keeps the value too.",
    ),
    ..Conversion::BASE
};

static LOCATION: Conversion = Conversion {
    name: "location",
    about: for_pages(
        "The point of latitude and longitude. `location(\"source.geo.location\", \"ClientLongitude\")` names the field of the longitude; the rows keep both.",
    ),
    ..Conversion::BASE
};

static PLACE: Conversion = Conversion {
    name: "place",
    about: for_pages(
        "`US/NV/Las Vegas`, under the given name (`source.geo`): `.country_iso_code`, `.country_name`, `.region_iso_code` and `.city_name`.",
    ),
    outputs: &[
        part("country_iso_code", PlacePart::CountryCode),
        part("country_name", PlacePart::CountryName),
        Output::text(Place::Below("region_iso_code"), Form::PlaceRegion),
        part("city_name", PlacePart::City),
    ],
    ..Conversion::BASE
};

const fn part(name: &'static str, part: PlacePart) -> Output {
    Output::text(Place::Below(name), Form::PlacePart(part))
}

#[inline(never)]
pub(super) fn check_region(
    input: Input<'_>,
    _: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    let code = input.bytes();
    let is_fit = match code.split_at_checked(3) {
        Some(([first, second, b'-'], region)) => {
            country(&[*first, *second]).is_some() && is_region(region)
        }
        _ => is_region(code),
    };
    finding.fit(input.may_be_number() && is_fit)
}

#[inline(never)]
pub(super) fn check_degrees(
    input: Input<'_>,
    _: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    finding.fit(input.may_be_number() && degrees(input.bytes()).is_some())
}

#[inline(never)]
pub(super) fn check_place(
    input: Input<'_>,
    _: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    finding.fit(input.is_text() && split(input.bytes()).is_some())
}

#[inline(never)]
pub(super) fn place_part(part: PlacePart, found: Found<'_>) -> Piece {
    let (Finding::Fit, Some(place)) = (found.finding, split(found.bytes())) else {
        return Piece::None;
    };
    let start = found.record.value(found.row).span.start;
    match part {
        PlacePart::CountryCode => Piece::Word(place.country),
        PlacePart::CountryName => Piece::Word(place.country_name),
        PlacePart::City => {
            // The place ends with its city.
            let end = start + found.bytes().len() as u32;
            Piece::some(Span {
                start: end - place.city.len() as u32,
                end,
            })
        }
    }
}

pub(super) fn write_place_region(found: Found<'_>, writer: &mut Writer) -> bool {
    let (Finding::Fit, Some(place)) = (found.finding, split(found.bytes())) else {
        return false;
    };
    if !is_region(place.region) {
        return false;
    }
    write_code(place.country.as_bytes(), place.region, writer);
    true
}

/// Writes the code of a region that was checked, of a country that was too.
pub(crate) fn write_region(region: Found<'_>, country: Found<'_>, writer: &mut Writer) -> bool {
    let Finding::Fit = region.finding else {
        return false;
    };
    let code = region.bytes();
    match (code.get(..2), code.get(2..3), country.finding) {
        (Some(country), Some(b"-"), _) => {
            write_code(country, code.get(3..).unwrap_or_default(), writer);
        }
        (_, _, Finding::Country(country, _)) => write_code(country, code, writer),
        _ => return false,
    }
    true
}

/// Writes the point of two numbers of degrees that were checked.
pub(crate) fn write_location(
    latitude: Found<'_>,
    longitude: Found<'_>,
    writer: &mut Writer,
) -> bool {
    let (Finding::Fit, Finding::Fit) = (latitude.finding, longitude.finding) else {
        return false;
    };
    let is_latitude = degrees(latitude.bytes()).is_some_and(|degrees| degrees.abs() <= 90.0);
    if is_latitude {
        for piece in [
            b"{\"lat\":".as_slice(),
            latitude.bytes(),
            b",\"lon\":",
            longitude.bytes(),
            b"}",
        ] {
            writer.put(piece);
        }
    }
    is_latitude
}

/// A place in three parts, of which the last ones may be missing.
struct PlaceParts<'a> {
    country: &'static str,
    country_name: &'static str,
    region: &'a [u8],
    city: &'a [u8],
}

fn split(place: &[u8]) -> Option<PlaceParts<'_>> {
    let mut parts = place.splitn(3, |&byte| byte == b'/');
    let (country, country_name) = country(parts.next()?)?;
    Some(PlaceParts {
        country,
        country_name,
        region: parts.next().unwrap_or_default(),
        city: parts.next().unwrap_or_default(),
    })
}

/// The code and the name of a country, by its code in any case of letters.
fn country(code: &[u8]) -> Option<(&'static str, &'static str)> {
    let [first, second] = code else {
        return None;
    };
    code_and_name([first.to_ascii_uppercase(), second.to_ascii_uppercase()])
}

/// The part of an ISO 3166-2 code behind the country.
fn is_region(region: &[u8]) -> bool {
    (1..=3).contains(&region.len()) && region.iter().all(u8::is_ascii_alphanumeric)
}

/// A number of degrees, by JSON's grammar.
fn degrees(bytes: &[u8]) -> Option<f64> {
    serde_json::from_slice::<f64>(bytes)
        .ok()
        .filter(|degrees| degrees.abs() <= 180.0)
}

fn write_code(country: &[u8], region: &[u8], writer: &mut Writer) {
    writer.put(country.to_ascii_uppercase().as_slice());
    writer.byte(b'-');
    writer.put(region.to_ascii_uppercase().as_slice());
}
