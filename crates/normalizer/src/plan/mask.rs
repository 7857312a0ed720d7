//! Secrets: their places in a record, under any name, and its text with them masked.

use crate::plan::Plan;
pub(crate) use crate::record::clean::MASK;
use crate::record::{Record, Span, Value, ValueKind};

impl Plan {
    /// All names of the fields that are masked.
    pub(crate) fn secret_names(&self) -> Vec<&'static str> {
        let secrets = self.secrets.iter();
        secrets.flat_map(|secret| secret.names.clone()).collect()
    }

    /// Whether the name is that of a secret.
    pub(crate) fn is_secret(&self, name: &[u8]) -> bool {
        self.secrets
            .iter()
            .flat_map(|secret| &secret.names)
            .any(|known| known.as_bytes().eq_ignore_ascii_case(name))
    }

    /// The values of a record's secrets, in the order of its text.
    pub(crate) fn secret_places(&self, record: &Record, text: &[u8]) -> Vec<Span> {
        let mut places: Vec<Span> = self
            .secret_values(record, text)
            .filter(|value| !value.is_absent())
            .map(Value::json_span)
            .collect();
        places.sort_unstable_by_key(|place| place.start);
        places
    }

    /// The same, absent ones too.
    fn secret_values<'a>(
        &'a self,
        record: &'a Record,
        text: &'a [u8],
    ) -> impl Iterator<Item = &'a Value> {
        let rows = self.secrets.iter().map(|secret| record.value(secret.row));
        // A second one, under another name.
        let unknown = record.unknown.iter();
        let others = unknown.filter(|unknown| self.is_secret(unknown.name.of(text)));
        rows.chain(others.map(|unknown| &unknown.value))
            .filter(|value| value.kind != ValueKind::Missing)
    }

    /// Whether a field without a row has the name of a secret, in another spelling.
    pub(crate) fn has_unknown_secret(&self, record: &Record, text: &[u8]) -> bool {
        let mut unknown = record.unknown.iter();
        !self.secrets.is_empty() && unknown.any(|unknown| self.is_secret(unknown.name.of(text)))
    }

    /// The record's text with its secrets masked, if it has any field of one.
    pub(crate) fn masked(&self, record: &Record, text: &[u8]) -> Option<String> {
        self.secret_values(record, text).next()?;
        let places = self.secret_places(record, text);
        let mut masked = Vec::with_capacity(text.len());
        let mut copied = 0;
        for place in places {
            masked.extend_from_slice(text.get(copied..place.start as usize).unwrap_or_default());
            masked.extend_from_slice(format!("\"{MASK}\"").as_bytes());
            copied = place.end as usize;
        }
        masked.extend_from_slice(text.get(copied..).unwrap_or_default());
        Some(String::from_utf8_lossy(&masked).into_owned())
    }
}
