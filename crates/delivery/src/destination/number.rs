//! Numbers of answers, which some servers write as texts.

use core::fmt;
use core::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};

/// Reads a whole number, or the text of one.
pub(super) fn number<'de, N, D>(deserializer: D) -> Result<N, D::Error>
where
    N: TryFrom<u64>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_any(NumberVisitor(PhantomData))
}

/// The same, or nothing.
pub(super) fn optional<'de, N, D>(deserializer: D) -> Result<Option<N>, D::Error>
where
    N: TryFrom<u64>,
    D: Deserializer<'de>,
{
    let number = Option::<Number>::deserialize(deserializer)?;
    match number.map(|Number(number)| (number, N::try_from(number))) {
        None => Ok(None),
        Some((_, Ok(number))) => Ok(Some(number)),
        Some((number, Err(_))) => Err(too_large(number)),
    }
}

struct Number(u64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        number(deserializer).map(Self)
    }
}

struct NumberVisitor<N>(PhantomData<N>);

impl<N: TryFrom<u64>> Visitor<'_> for NumberVisitor<N> {
    type Value = N;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a whole number or the text of one")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<N, E> {
        N::try_from(number).map_err(|_| too_large(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<N, E> {
        let number = text.trim().parse::<u64>();
        self.visit_u64(number.map_err(|_| E::invalid_value(Unexpected::Str(text), &"a number"))?)
    }
}

fn too_large<E: Error>(number: u64) -> E {
    E::invalid_value(Unexpected::Unsigned(number), &"a smaller number")
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Answer {
        #[serde(deserialize_with = "super::number")]
        status: u16,
        #[serde(default, deserialize_with = "super::optional")]
        place: Option<usize>,
    }

    #[test]
    fn a_number_is_read_and_its_text_too() {
        for (text, expected) in [
            (r#"{"status":201}"#, Some((201, None))),
            (r#"{"status":" 201","place":"7"}"#, Some((201, Some(7)))),
            (r#"{"status":0,"place":null}"#, Some((0, None))),
            (r#"{"status":70000}"#, None),
            (r#"{"status":-1}"#, None),
            (r#"{"status":1.5}"#, None),
            (r#"{"status":"ok"}"#, None),
            (r#"{"status":null}"#, None),
            (r#"{"status":1,"place":"x"}"#, None),
            (r#"{}"#, None),
        ] {
            let read = serde_json::from_str::<Answer>(text).ok();
            let expected = expected.map(|(status, place)| Answer { status, place });
            assert_eq!(read, expected, "{text}");
        }
    }
}
