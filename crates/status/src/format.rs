//! Numbers, sizes, durations and times as text for people.

use chrono::DateTime;

/// `12,345`; a million and more as `1.23 million`.
pub fn count(number: u64) -> String {
    const UNITS: [(u64, &str); 3] = [
        (1_000_000_000_000, "trillion"),
        (1_000_000_000, "billion"),
        (1_000_000, "million"),
    ];
    match UNITS.iter().find(|(unit, _)| number >= *unit) {
        Some((unit, name)) => format!("{} {name}", three_digits(number, *unit)),
        None => grouped(number),
    }
}

/// `12,345,678`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `512 B`, `1.23 kB`: powers of 1,000, as storage and networks count.
pub fn bytes(number: u64) -> String {
    const UNITS: [(u64, &str); 5] = [
        (1_000_000_000_000_000, "PB"),
        (1_000_000_000_000, "TB"),
        (1_000_000_000, "GB"),
        (1_000_000, "MB"),
        (1_000, "kB"),
    ];
    match UNITS.iter().find(|(unit, _)| number >= *unit) {
        Some((unit, name)) => format!("{} {name}", three_digits(number, *unit)),
        None => format!("{number} B"),
    }
}

/// `< 1 s`, `4.2 s`, `3 min`, `2 h 5 min`, `3 d 4 h`.
pub fn duration(millis: u64) -> String {
    let seconds = millis / 1000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let with_rest = |whole: u64, unit: &str, rest: u64, smaller: &str| match rest {
        0 => format!("{whole} {unit}"),
        rest => format!("{whole} {unit} {rest} {smaller}"),
    };
    match seconds {
        0 => "< 1 s".to_owned(),
        1..10 => format!("{seconds}.{} s", millis / 100 % 10),
        10..60 => format!("{seconds} s"),
        60..3_600 => format!("{minutes} min"),
        3_600..86_400 => with_rest(hours, "h", minutes % 60, "min"),
        _ => with_rest(days, "d", hours % 24, "h"),
    }
}

/// `2026-05-12 08:30:00 UTC`.
pub fn time(millis: u64) -> String {
    written(millis, "%Y-%m-%d %H:%M:%S UTC")
}

/// A time in RFC 3339, for programs.
pub fn machine_time(millis: u64) -> String {
    written(millis, "%Y-%m-%dT%H:%M:%SZ")
}

/// Formats a time; one beyond chrono's range, of a made-up record, is empty.
fn written(millis: u64, format: &str) -> String {
    i64::try_from(millis)
        .ok()
        .and_then(DateTime::from_timestamp_millis)
        .map(|time| time.format(format).to_string())
        .unwrap_or_default()
}

/// `number` in `unit`s with at least three digits: 1.23, 12.3, 123, 1,234.
fn three_digits(number: u64, unit: u64) -> String {
    let whole = number / unit;
    let hundredths = number % unit / (unit / 100);
    match whole {
        0..10 => format!("{whole}.{hundredths:02}"),
        10..100 => format!("{whole}.{}", hundredths / 10),
        _ => grouped(whole),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        for (number, expected) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (999_999, "999,999"),
            (1_000_000, "1.00 million"),
            (12_345_678, "12.3 million"),
            (123_456_789, "123 million"),
            (9_876_543_210, "9.87 billion"),
            (u64::MAX, "18,446,744 trillion"),
        ] {
            assert_eq!(count(number), expected);
        }
        for (number, expected) in [(999, "999 B"), (1_234, "1.23 kB"), (5_000_000, "5.00 MB")] {
            assert_eq!(bytes(number), expected);
        }
    }

    #[test]
    fn durations_have_two_units_at_most() {
        for (millis, expected) in [
            (0, "< 1 s"),
            (999, "< 1 s"),
            (4_250, "4.2 s"),
            (59_999, "59 s"),
            (61_000, "1 min"),
            (7_500_000, "2 h 5 min"),
            (7_200_000, "2 h"),
            (273_600_000, "3 d 4 h"),
        ] {
            assert_eq!(duration(millis), expected);
        }
    }

    #[test]
    fn times_are_in_utc() {
        assert_eq!(time(1_657_630_626_999), "2022-07-12 12:57:06 UTC");
        assert_eq!(machine_time(1_657_630_626_999), "2022-07-12T12:57:06Z");
        assert_eq!(time(u64::MAX), "");
    }
}
