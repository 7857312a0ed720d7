//! `action_type`, `denied`: what a security action means.

use crate::bytes::text::for_pages;
use crate::convert::check::{Check, Form};
use crate::convert::finding::{CheckResult, Finding, Input, Workspace};
use crate::convert::lookup::look_up;
use crate::convert::target::{Conversion, Output, Place, Target};
use crate::record::nested::elements;

/// `action_type("event.type")`
pub(crate) const fn action_type(path: &'static str) -> Target {
    Target::check(path, &ACTION_TYPE, Check::Action)
}

/// `denied("event.type")`
pub(crate) const fn denied(path: &'static str) -> Target {
    Target::check(path, &DENIED, Check::Denied)
}

static ACTION_TYPE: Conversion = Conversion {
    name: "action_type",
    about: for_pages(
        "What a security action means: `allowed`, `denied`, `info` or `end`, in any case of letters.",
    ),
    section: Some("actions"),
    outputs: &[Output::text(Place::Path, Form::Word)],
    ..Conversion::BASE
};

static DENIED: Conversion = Conversion {
    name: "denied",
    about: for_pages("`denied` where one of a list of security actions means that."),
    section: Some("actions"),
    outputs: &[Output::text(Place::Path, Form::Word)],
    ..Conversion::BASE
};

#[inline(never)]
pub(super) fn check_action(
    input: Input<'_>,
    _: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    look_up(input, finding, |action| {
        (CheckResult::Found, meaning(action))
    })
}

#[inline(never)]
pub(super) fn check_denied(
    input: Input<'_>,
    _: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    let is_denied = elements(input.text, input.value)
        .any(|action| meaning(action.span.of(input.text)) == "denied");
    if is_denied {
        *finding = Finding::Word("denied");
    }
    CheckResult::Found
}

/// What a security action means for `event.type`; the list of actions is open.
fn meaning(action: &[u8]) -> &'static str {
    // The longest known has 36 letters.
    let mut lower = [0; 40];
    let Some(lower) = lower.get_mut(..action.len()) else {
        return "info";
    };
    for (lower, letter) in lower.iter_mut().zip(action) {
        *lower = letter.to_ascii_lowercase();
    }
    match &*lower {
        b"allow"
        | b"bypass"
        | b"skip"
        | b"challengesolved"
        | b"challengebypassed"
        | b"jschallengesolved"
        | b"jschallengebypassed"
        | b"managedchallengeskipped"
        | b"managedchallengenoninteractivesolved"
        | b"managedchallengeinteractivesolved"
        | b"managedchallengebypassed" => "allowed",
        b"block" | b"challengefailed" | b"jschallengefailed" | b"managedchallengefailed" => {
            "denied"
        }
        b"connectionclose" | b"forceconnectionclose" => "end",
        // A challenge holds the request back without deciding on it; so do the newest actions.
        _ => "info",
    }
}
