//! Of what a place consists.

/// A part of a place that is a field of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PlacePart {
    CountryCode,
    CountryName,
    City,
}
