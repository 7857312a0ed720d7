//! The format of the intake that goes with a shape of events. A wrong pair is not refused: SEKOIA.IO takes
//! every event, answers with ids, and reads nothing in it.

use serde::Serialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct IntakeFormat {
    /// The format that the intake must have.
    pub needed: &'static str,
    /// How a wrong one looks.
    pub if_wrong: &'static str,
}

impl IntakeFormat {
    /// Nothing where the destination has no formats, or takes any shape.
    pub fn of(kind: &str, shape: &str) -> Option<Self> {
        match (kind, shape) {
            ("sekoia", "ecs") => Some(Self {
                needed: "the custom format of this project",
                if_wrong: "With a built-in format of SEKOIA.IO, its events have a message and hardly any other field, and the time of their arrival, or 1970. Give the intake the custom format, or set SHAPE to native.",
            }),
            ("sekoia", "native") => Some(Self {
                needed: "SEKOIA.IO's built-in format of the dataset, in an intake for each dataset",
                if_wrong: "With the custom format, or that of another dataset, its events have a message and hardly any other field. Give the intake the built-in format of the dataset, or set SHAPE to ecs.",
            }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sekoia_has_formats_and_each_shape_another() {
        for (kind, shape, needed) in [
            ("sekoia", "ecs", Some("custom")),
            ("sekoia", "native", Some("built-in")),
            ("splunk", "raw", None),
            ("elasticsearch", "ecs", None),
        ] {
            let format = IntakeFormat::of(kind, shape);
            assert_eq!(format.is_some(), needed.is_some(), "{kind} {shape}");
            if let (Some(format), Some(needed)) = (format, needed) {
                assert!(format.needed.contains(needed), "{kind} {shape}");
                assert!(!format.if_wrong.starts_with(needed));
            }
        }
    }
}
