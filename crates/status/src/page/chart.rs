//! Small bar charts as inline SVG: drawn by the server, coloured by the style sheet.

use core::fmt::Write as _;

use maud::{Markup, html};

/// A chart: what it shows, and a value for each bar, the newest last.
pub(crate) struct Chart<'a> {
    pub(crate) title: &'a str,
    /// What the bars reach back to, such as `60 min ago`.
    pub(crate) from: &'a str,
    pub(crate) values: Vec<u64>,
    /// How a value is written.
    pub(crate) format: fn(u64) -> String,
    pub(crate) is_bad: bool,
}

/// In the units of the drawing, which is stretched to its place.
const HEIGHT: u64 = 40;
/// One bar and the gap beside it.
const STEP: u64 = 4;
const GAP: u64 = 1;

impl Chart<'_> {
    pub(crate) fn draw(&self) -> Markup {
        let peak = self.values.iter().copied().max().unwrap_or_default();
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

/// All bars as one path. What is not nothing is seen.
fn bars(values: &[u64], peak: u64) -> String {
    let mut path = String::new();
    for (place, value) in (0_u64..).zip(values).filter(|(_, value)| **value > 0) {
        // Up to 2^64 bytes: 128 bits hold the product.
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
