//! Small bar charts as inline SVG, drawn by the server and coloured by the style sheet.

use core::fmt::Write as _;

use maud::{Markup, html};

use crate::format::{duration, grouped};

/// A chart with a bar for each value, the newest last.
pub(super) struct Chart<'a> {
    pub(super) title: &'a str,
    /// The time of the first bar, such as `60 min ago`.
    pub(super) from: &'a str,
    pub(super) values: Vec<u64>,
    pub(super) unit: Unit,
    pub(super) is_bad: bool,
}

/// What the values count.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Number,
    Millis,
}

/// The height in the units of the drawing, which is stretched to its place. A bar is one unit wide.
const HEIGHT: u64 = 24;

/// The tops of an axis of time: round in the unit that people use for them.
const TIMES: [u64; 17] = [
    1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400, 259_200,
    604_800,
];

impl Chart<'_> {
    /// The chart; a line that says so where there is nothing to draw.
    pub(super) fn draw(&self) -> Markup {
        let peak = self.values.iter().copied().max().unwrap_or(0);
        let top = self.unit.top(peak);
        let (zero, top_text) = (self.unit.text(0), self.unit.text(top));
        let peak_text = self.unit.text(peak);
        let label = format!(
            "{}, from {} to now, from {zero} to {top_text}: at most {peak_text}",
            self.title, self.from
        );
        html! {
            @if peak == 0 {
                p.chart { b { (self.title) } ": none from " (self.from) " to now" }
            } @else {
                figure.chart {
                    figcaption { b { (self.title) } " peak " (peak_text) }
                    div.plot {
                        div.scale aria-hidden="true" { span { (top_text) } span { (zero) } }
                        svg.bad[self.is_bad] viewBox=(format!("0 0 {} {HEIGHT}", self.values.len())) preserveAspectRatio="none" role="img" aria-label=(label) {
                            path d=(bars(&self.values, top)) {}
                        }
                        div.axis aria-hidden="true" { span { (self.from) } span { "now" } }
                    }
                }
            }
        }
    }
}

impl Unit {
    /// The value at the top of the axis: the next round one.
    fn top(self, peak: u64) -> u64 {
        match self {
            Self::Number => {
                let mut power = 1_u64;
                loop {
                    for step in [1, 2, 5] {
                        match power.checked_mul(step) {
                            Some(top) if top < peak => {}
                            top => return top.unwrap_or(u64::MAX),
                        }
                    }
                    power = power.saturating_mul(10);
                }
            }
            Self::Millis => {
                let seconds = peak.div_ceil(1000);
                let round = TIMES.iter().copied().find(|time| *time >= seconds);
                let top =
                    round.unwrap_or_else(|| seconds.div_ceil(604_800).saturating_mul(604_800));
                top.saturating_mul(1000)
            }
        }
    }

    fn text(self, value: u64) -> String {
        match (self, value) {
            (Self::Millis, 0) => "0".to_owned(),
            (Self::Millis, millis) => duration(millis),
            (Self::Number, number) if number < 1_000_000 => grouped(number),
            (Self::Number, number) => crate::format::count(number),
        }
    }
}

/// All bars as one path along their tops, which is short: a page has a hundred charts. A value above 0 is
/// at least one unit high, so that it is visible.
fn bars(values: &[u64], top: u64) -> String {
    let mut path = format!("M0 {HEIGHT}");
    let mut before = HEIGHT;
    let mut width = 0_u64;
    for value in values {
        // A value can be near 2^64: 128 bits hold the product.
        let height = u128::from(*value) * u128::from(HEIGHT) / u128::from(top.max(1));
        let height = u64::try_from(height).unwrap_or(HEIGHT);
        let level = HEIGHT.saturating_sub(match value {
            0 => 0,
            _ => height.clamp(1, HEIGHT),
        });
        if level != before {
            let _ = write!(path, "{}V{level}", along(width));
            (before, width) = (level, 0);
        }
        width += 1;
    }
    let _ = write!(path, "{}V{HEIGHT}z", along(width));
    path
}

fn along(width: u64) -> String {
    match width {
        0 => String::new(),
        width => format!("h{width}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_bar_is_as_high_as_its_place_on_the_axis_and_the_lowest_is_seen() {
        assert_eq!(bars(&[0, 0], 0), "M0 24h2V24z");
        assert_eq!(
            bars(&[u64::MAX, 0, 1, 1, u64::MAX / 2], u64::MAX),
            "M0 24V0h1V24h1V23h2V13h1V24z"
        );
    }

    #[test]
    fn an_axis_ends_at_a_round_value() {
        for (unit, peak, top, text) in [
            (Unit::Number, 0, 1, "1"),
            (Unit::Number, 3, 5, "5"),
            (Unit::Number, 87, 100, "100"),
            (Unit::Number, 1_200, 2_000, "2,000"),
            (Unit::Number, 4_000_000, 5_000_000, "5.00 million"),
            (Unit::Number, u64::MAX, u64::MAX, "18,446,744 trillion"),
            (Unit::Millis, 320, 1_000, "1.0 s"),
            (Unit::Millis, 65_000, 120_000, "2 min"),
            (Unit::Millis, 700_000_000, 1_209_600_000, "14 d"),
        ] {
            assert_eq!(unit.top(peak), top, "{peak}");
            assert_eq!(unit.text(top), text);
        }
    }
}
