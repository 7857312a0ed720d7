//! Small bar charts as inline SVG, drawn by the server and coloured by the style sheet.

use core::fmt::Write as _;

use maud::{Markup, html};

/// A chart with a bar for each value, the newest last.
pub(super) struct Chart<'a> {
    pub(super) title: &'a str,
    /// The time of the first bar, such as `60 min ago`.
    pub(super) from: &'a str,
    pub(super) values: Vec<u64>,
    pub(super) format: fn(u64) -> String,
    pub(super) is_bad: bool,
}

/// Lengths in the units of the drawing, which is stretched to its place.
const HEIGHT: u64 = 40;
/// The width of a bar and the gap beside it.
const STEP: u64 = 4;
const GAP: u64 = 1;

impl Chart<'_> {
    pub(super) fn draw(&self) -> Markup {
        let peak = self.values.iter().copied().max().unwrap_or(0);
        let peak_text = (self.format)(peak);
        let width = STEP * self.values.len() as u64;
        let label = format!(
            "{}, from {} to now: at most {peak_text}",
            self.title, self.from
        );
        html! {
            figure.chart {
                figcaption {
                    span { (self.title) }
                    span.peak { @if peak == 0 { "none" } @else { "peak " (peak_text) } }
                }
                svg.bad[self.is_bad] viewBox=(format!("0 0 {width} {HEIGHT}")) preserveAspectRatio="none" role="img" aria-label=(label) {
                    path d=(bars(&self.values, peak)) {}
                }
                div.axis aria-hidden="true" {
                    span { (self.from) }
                    span { "now" }
                }
            }
        }
    }
}

/// All bars as one path. A value above 0 is at least one unit high, so that it is visible.
fn bars(values: &[u64], peak: u64) -> String {
    let mut path = String::new();
    for (place, value) in (0_u64..).zip(values).filter(|(_, value)| **value > 0) {
        // A value can be near 2^64: 128 bits hold the product.
        let height = (u128::from(*value) * u128::from(HEIGHT) / u128::from(peak.max(1))).max(1);
        let _ = write!(
            path,
            "M{} {HEIGHT}v-{height}h{}v{height}z",
            place * STEP,
            STEP - GAP
        );
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_bar_is_as_high_as_the_chart_and_the_lowest_is_seen() {
        assert_eq!(bars(&[0, 0], 0), "");
        assert_eq!(
            bars(&[u64::MAX, 0, 1, u64::MAX / 2], u64::MAX),
            "M0 40v-40h3v40zM8 40v-1h3v1zM12 40v-19h3v19z"
        );
    }
}
