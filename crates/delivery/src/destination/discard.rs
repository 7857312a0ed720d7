//! Acknowledges what it throws away, without a request: to measure what comes before delivery.

use logpush_normalizer::Shape;

use crate::Millis;
use crate::destination::kind::{Destination, Kind, PartLimits, Step, Turn};
use crate::part::Part;
use crate::session::{Conversation, Session};
use crate::verdict::Verdict;

pub(super) const KIND: Kind = Kind {
    name: "discard",
    settings: &[],
    shapes: &[Shape::Ecs, Shape::Native, Shape::Raw],
    needs_json: |_| false,
    limits: PartLimits {
        bytes: usize::MAX,
        documents: usize::MAX,
    },
    open: |_, _, _| Some(Box::new(Discard)),
    when_held: "nothing: it takes everything",
};

#[derive(Debug)]
struct Discard;

impl Destination for Discard {
    fn title(&self) -> &'static str {
        "nothing"
    }

    fn encode(&self, _part: &Part<'_>, _now: Millis) -> Vec<u8> {
        Vec::new()
    }

    fn step(&self, _: &Turn<'_>, _: &mut Conversation, _: &mut Session) -> Step {
        Step::End(Verdict::Accepted)
    }

    fn secrets(&self) -> Vec<&str> {
        Vec::new()
    }
}
