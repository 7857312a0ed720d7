//! The link from the Worker to each destination. The Worker checks it, who has the secrets: it asks the
//! destination without sending an event.

use serde::Deserialize;

use crate::jobs::check::link::Link;
use crate::percent;
use crate::worker_client::worker::{Refusal, Worker};

/// What the Worker has found out.
#[derive(Deserialize)]
struct Checked {
    verdict: String,
    reason: String,
    hint: Option<String>,
}

pub(crate) const NAME: &str = "destination";

/// Has the Worker check a destination, for the events of a dataset.
pub(super) fn link(worker: &Worker, destination: &str, dataset: &str) -> Link {
    let name = percent::encode(destination);
    let path = format!("/api/destinations/{name}/check?dataset={dataset}");
    match worker.post_json(&path) {
        Ok(answer) => match Checked::deserialize(answer) {
            Ok(checked) => judge(destination, checked),
            Err(error) => unknown(
                destination,
                &format!("its answer is not understood: {error}"),
            ),
        },
        Err(refusal) => unknown(destination, &words_of(&refusal)),
    }
}

fn judge(destination: &str, checked: Checked) -> Link {
    let Checked {
        verdict,
        reason,
        hint,
    } = checked;
    let verdict = verdict.replace('_', " ");
    let text = match &*verdict {
        "ready" | "reached" | "not owed" => format!("{destination}: {reason}"),
        _ => format!("{destination}, {verdict}: {reason}"),
    };
    let hint = hint.unwrap_or_default();
    match &*verdict {
        "ready" if hint.is_empty() => Link::ok(NAME, text),
        "ready" => Link::ok(NAME, format!("{text}; {hint}")),
        "not owed" => Link::skip(NAME, text),
        "reached" | "missing template" => Link::warn(NAME, text, hint),
        _ => Link::fail(NAME, text, hint),
    }
}

fn unknown(destination: &str, words: &str) -> Link {
    let text = format!("{destination}: the Worker did not check it: {words}");
    Link::warn(
        NAME,
        text,
        "`npx wrangler tail` shows why; an older version knows no check: `npm run deploy`",
    )
}

fn words_of(refusal: &Refusal) -> String {
    match refusal.status() {
        Some(status) => format!("{status} {refusal}"),
        None => refusal.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::check::link::Mark;

    #[test]
    fn a_verdict_decides_the_mark() {
        for (verdict, hint, mark, text) in [
            ("ready", None, Mark::Ok, "siem: why"),
            ("ready", Some("do"), Mark::Ok, "siem: why; do"),
            ("reached", Some("do"), Mark::Warn, "siem: why"),
            (
                "missing_template",
                Some("do"),
                Mark::Warn,
                "siem, missing template: why",
            ),
            ("wrong_key", Some("do"), Mark::Fail, "siem, wrong key: why"),
            ("down", Some("do"), Mark::Fail, "siem, down: why"),
            (
                "of_a_later_version",
                None,
                Mark::Fail,
                "siem, of a later version: why",
            ),
            ("not_owed", None, Mark::Skip, "siem: why"),
        ] {
            let checked = Checked {
                verdict: verdict.to_owned(),
                reason: "why".to_owned(),
                hint: hint.map(str::to_owned),
            };
            let link = judge("siem", checked);
            assert_eq!((link.mark, &*link.text), (mark, text), "{verdict}");
        }
    }
}
