//! Points in time, exact to the nanosecond and never through a float.
//!
//! Logpush writes a time in the form its job asks for: `unix`, `unixnano`, `rfc3339`,
//! `rfc3339ms`, `rfc3339ns`; other systems add milliseconds, microseconds and a space for the `T`.

use crate::bytes::writer::Writer;

/// A point in time between the years 0 and 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time {
    /// Whole seconds since 1970-01-01T00:00:00Z.
    seconds: i64,
    /// 0 to 999,999,999.
    nanos: u32,
}

/// 0000-01-01T00:00:00Z.
const FIRST_SECOND: i64 = -62_167_219_200;
/// 9999-12-31T23:59:59Z.
const LAST_SECOND: i64 = 253_402_300_799;
const DAY: i64 = 86_400;
const NANOS: u32 = 1_000_000_000;

/// What programs write for "no time": the zeros of Unix and of Go, 1970-01-01 and 0001-01-01, the
/// year 0, and 1754-08-30T22:43:41.128654848Z, Go's zero in 64 bits of nanoseconds.
const ZEROS: [Time; 4] = [
    Time {
        seconds: 0,
        nanos: 0,
    },
    Time {
        seconds: -62_135_596_800,
        nanos: 0,
    },
    Time {
        seconds: FIRST_SECOND,
        nanos: 0,
    },
    Time {
        seconds: -6_795_364_579,
        nanos: 128_654_848,
    },
];

impl Time {
    /// The time of a Unix time in milliseconds, as `Date.now()` gives it.
    #[must_use]
    pub fn from_unix_millis(millis: i64) -> Self {
        Self {
            seconds: millis.div_euclid(1000).clamp(FIRST_SECOND, LAST_SECOND),
            // At most 999 * 1,000,000.
            nanos: millis.rem_euclid(1000) as u32 * 1_000_000,
        }
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub fn unix_millis(self) -> i64 {
        self.seconds * 1000 + i64::from(self.nanos / 1_000_000)
    }

    /// Reads a time in any of the forms, or nothing.
    ///
    /// Numbers tell their unit by their size: below 10^11 seconds (the year 5138), below 10^14
    /// milliseconds, below 10^17 microseconds, else nanoseconds. A zero is Cloudflare's way to say
    /// "none", in whatever form, and no time.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        Self::read(text).filter(|time| !time.is_zero())
    }

    /// Nanoseconds since 1970, where 64 bits hold them (1677 to 2262).
    #[must_use]
    pub fn unix_nanos(self) -> Option<i64> {
        self.seconds
            .checked_mul(i64::from(NANOS))?
            .checked_add(i64::from(self.nanos))
    }

    /// Nanoseconds since an earlier time; nothing since a later one.
    pub(crate) fn nanos_since(self, earlier: Self) -> Option<i64> {
        (self.seconds - earlier.seconds)
            .checked_mul(i64::from(NANOS))?
            .checked_add(i64::from(self.nanos) - i64::from(earlier.nanos))
            .filter(|nanos| *nanos >= 0)
    }

    /// As [`parse`](Self::parse), zeros included.
    pub(super) fn read(text: &[u8]) -> Option<Self> {
        match text.get(4) {
            Some(b'-') => parse_rfc3339(text),
            _ => parse_number(text),
        }
    }

    pub(super) fn is_zero(self) -> bool {
        self.seconds <= 0 && ZEROS.contains(&self)
    }

    /// Writes the time, without quotes.
    pub(crate) fn write(self, writer: &mut Writer) {
        let mut text = [0; FORMATTED_MAX];
        let len = self.format(&mut text);
        writer.slice(&text, 0, len);
    }

    /// Writes `2022-07-12T12:57:06.219000Z`: six decimals, nine where the time has that many.
    fn format(self, text: &mut [u8; FORMATTED_MAX]) -> usize {
        let (days, second) = (self.seconds.div_euclid(DAY), self.seconds.rem_euclid(DAY));
        let (year, month, day) = civil_from_days(days);
        let decimals = if self.nanos.is_multiple_of(1000) {
            6
        } else {
            9
        };
        *text = *b"0000-00-00T00:00:00.000000000Z  ";
        // All of them fit: the year has four digits, the day 86,400 seconds.
        let [year, month, day, second] = [year, month, day, second].map(|part| part as u32);
        digits(text, 0, 4, year);
        digits(text, 5, 2, month);
        digits(text, 8, 2, day);
        digits(text, 11, 2, second / 3600);
        digits(text, 14, 2, second / 60 % 60);
        digits(text, 17, 2, second % 60);
        let fraction = if decimals == 6 {
            self.nanos / 1000
        } else {
            self.nanos
        };
        digits(text, 20, decimals, fraction);
        if let Some(end) = text.get_mut(20 + decimals) {
            *end = b'Z';
        }
        21 + decimals
    }

    fn new(seconds: i64, nanos: u32) -> Option<Self> {
        (FIRST_SECOND..=LAST_SECOND)
            .contains(&seconds)
            .then_some(Self { seconds, nanos })
    }
}

impl core::fmt::Display for Time {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let mut text = [0; FORMATTED_MAX];
        let len = self.format(&mut text);
        formatter.write_str(
            text.get(..len)
                .and_then(|text| core::str::from_utf8(text).ok())
                .unwrap_or_default(),
        )
    }
}

/// `2022-07-12T12:57:06.219000000Z` has 30 bytes; 32 are two of the writer's blocks.
const FORMATTED_MAX: usize = 32;

/// Writes `value` right-aligned into `width` digits at `at`.
fn digits(text: &mut [u8; FORMATTED_MAX], at: usize, width: usize, mut value: u32) {
    for place in text.iter_mut().skip(at).take(width).rev() {
        // A digit, hence below 10.
        *place = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

/// Reads `[+-]digits[.digits][e[+-]digits]` as seconds, milliseconds, microseconds or nanoseconds.
fn parse_number(text: &[u8]) -> Option<Time> {
    // The sum of all digits' places, as an integer, and how many of them stand behind the point.
    let (mut value, mut scale, mut seen_point, mut digits) = (0_u128, 0_i32, false, 0);
    let mut exponent = 0_i32;
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'0'..=b'9' => {
                digits += 1;
                // More digits than any time has: 38 fit into 128 bits, and nanoseconds need 21.
                if value >= 10_u128.pow(36) {
                    return None;
                }
                value = value * 10 + u128::from(byte - b'0');
                scale += i32::from(seen_point);
            }
            b'.' if !seen_point && digits > 0 => seen_point = true,
            b'e' | b'E' if digits > 0 => {
                let rest = core::str::from_utf8(text.get(at + 1..)?).ok()?;
                exponent = rest
                    .parse()
                    .ok()
                    .filter(|exponent: &i32| exponent.abs() <= 40)?;
                break;
            }
            _ => return None,
        }
        at += 1;
    }
    if digits == 0 {
        return None;
    }
    if value == 0 {
        return Time::new(0, 0);
    }
    let whole = shift(value, exponent - scale)?;
    let unit_exponent = match whole {
        0..100_000_000_000 => 9,
        100_000_000_000..100_000_000_000_000 => 6,
        100_000_000_000_000..100_000_000_000_000_000 => 3,
        _ => 0,
    };
    let nanos = shift(value, exponent - scale + unit_exponent)?;
    let seconds = i64::try_from(nanos / u128::from(NANOS)).ok()?;
    // A remainder of NANOS fits.
    Time::new(seconds, (nanos % u128::from(NANOS)) as u32)
}

/// `value` times 10^`places`, cut to an integer.
fn shift(value: u128, places: i32) -> Option<u128> {
    let factor = 10_u128.checked_pow(places.unsigned_abs());
    if places >= 0 {
        value.checked_mul(factor?)
    } else {
        Some(factor.map_or(0, |factor| value / factor))
    }
}

/// Reads `YYYY-MM-DD[T ]hh:mm:ss[.fraction][Z|[+-]hh[:]mm]`; without a zone it is UTC.
fn parse_rfc3339(text: &[u8]) -> Option<Time> {
    let separator =
        |at: usize, allowed: &[u8]| text.get(at).is_some_and(|byte| allowed.contains(byte));
    if !(separator(4, b"-")
        && separator(7, b"-")
        && separator(10, b"Tt ")
        && separator(13, b":")
        && separator(16, b":"))
    {
        return None;
    }
    let number = |from: usize, to: usize| -> Option<i64> {
        text.get(from..to)?.iter().try_fold(0, |sum, byte| {
            byte.is_ascii_digit()
                .then(|| sum * 10 + i64::from(byte - b'0'))
        })
    };
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    // A leap second, :60, is the first of the next minute.
    if day < 1 || day > days_in_month(year, month)? || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let mut at = 19;
    let mut nanos = 0;
    if separator(at, b".,") {
        at += 1;
        let (first, mut place) = (at, NANOS / 10);
        while let Some(byte) = text.get(at).filter(|byte| byte.is_ascii_digit()) {
            // Digits after the ninth fall away: `place` is 0 by then.
            nanos += u32::from(byte - b'0') * place;
            place /= 10;
            at += 1;
        }
        if at == first {
            return None;
        }
    }
    let offset = match text.get(at..)? {
        [] | [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), rest @ ..] => {
            let minutes = match rest.len() {
                5 if separator(at + 3, b":") => number(at + 4, at + 6)?,
                4 => number(at + 3, at + 5)?,
                _ => return None,
            };
            let hours = number(at + 1, at + 3)?;
            if hours > 23 || minutes > 59 {
                return None;
            }
            (hours * 3600 + minutes * 60) * if *sign == b'-' { -1 } else { 1 }
        }
        _ => return None,
    };
    let days = days_from_civil(year, month, day);
    Time::new(
        days * DAY + hour * 3600 + minute * 60 + second - offset,
        nanos,
    )
}

fn days_in_month(year: i64, month: i64) -> Option<i64> {
    Some(match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => return None,
    })
}

/// Days since 1970-01-01 of a date in the proleptic Gregorian calendar.
///
/// Years begin in March here, so that the leap day is the last; 400 of them have 146,097 days.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The inverse of [`days_from_civil`].
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let year = year_of_era + era * 400 + i64::from(month >= 10);
    (year, (month + 2) % 12 + 1, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_ten_thousand_years_survives_the_round_trip() {
        let mut days = FIRST_SECOND / DAY;
        for year in 0..=9999 {
            for month in 1..=12 {
                for day in 1..=days_in_month(year, month).unwrap() {
                    assert_eq!(days_from_civil(year, month, day), days);
                    assert_eq!(civil_from_days(days), (year, month, day));
                    days += 1;
                }
            }
        }
        assert_eq!(days - 1, LAST_SECOND / DAY);
    }
}
