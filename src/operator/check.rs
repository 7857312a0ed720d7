//! Whether a destination would take events, asked at the operator's wish and without sending one.

use core::cell::Cell;

use logpush_delivery::destination::{Finding, Inquiry, QUESTIONS_MAX, Standing};
use logpush_delivery::request::Body;
use logpush_normalizer::{Dataset, datasets};
use serde_json::json;
use worker::{Env, Request};

use crate::bindings::{self, Route};
use crate::clock::now_millis;
use crate::config::{Target, Variables};
use crate::http::answer::Answer;
use crate::http::client::Bounds;
use crate::http::query::Query;
use crate::ledger::Ledger;
use crate::log::{self, Level};
use crate::operator::destination::{TRY_LATER, read};
use crate::rate_limit::RateLimit;
use crate::send;

/// Checks of one minute: `jobs check` makes one for each dataset and destination.
const PER_MINUTE: u32 = 120;

/// The longest answer that is read: a question has a short one.
const REPLY_MAX: usize = 64 * 1024;

thread_local! {
    /// The minute, and its checks.
    static CHECKS: Cell<(u64, u32)> = const { Cell::new((0, 0)) };
}

/// `POST /api/destinations/{name}/check`, with `?dataset=` for what differs between datasets.
pub(super) async fn answer(
    request: &Request,
    env: &Env,
    variables: &Variables,
    name: &str,
) -> Answer {
    let dataset = Query::of(request).value("dataset");
    let dataset = match dataset
        .as_deref()
        .map(|name| (name, datasets::by_name(name)))
    {
        Some((name, None)) => {
            let shown: String = name.chars().take(64).collect();
            return Answer::error(
                404,
                &format!("there is no dataset {shown}"),
                "docs/datasets has their names",
            );
        }
        Some((_, dataset)) => dataset,
        None => None,
    };
    let config = match read(variables) {
        Ok(config) => config,
        Err(problem) => return Answer::error(503, &problem, TRY_LATER),
    };
    let Some(target) = config.target(name) else {
        let names = config.owed(None).unwrap_or_default().join(", ");
        return Answer::error(
            404,
            "there is no such destination",
            &format!("use one of {names}"),
        );
    };
    if is_one_too_many(now_millis()) {
        return Answer::error(429, "too many checks in this minute", "wait a minute")
            .with_header("Retry-After", "60");
    }
    let is_owed = config
        .owed(dataset)
        .is_none_or(|names| names.contains(&name));
    let (verdict, reason, hint) = match target {
        _ if !is_owed => (
            "not_owed",
            "nothing of this dataset goes there".to_owned(),
            None,
        ),
        Err(problem) => not_configured(problem),
        Ok(target) => match check(&target, env, dataset).await {
            Err(problem) => not_configured(problem),
            Ok(Finding {
                standing,
                words,
                hint,
            }) => (
                standing.name(),
                target.setup.translate(&words),
                hint.map(|hint| target.setup.translate(&hint.replace("NAME", name))),
            ),
        },
    };
    let dataset = dataset.map(|dataset| dataset.name);
    log::write(
        Level::Info,
        "operator",
        json!({ "action": "check", "destination": name, "dataset": dataset, "verdict": verdict }),
    );
    let told = json!({
        "destination": name,
        "dataset": dataset,
        "verdict": verdict,
        "reason": reason,
        "hint": hint,
    });
    Answer::json(200, &told)
}

type Told = (&'static str, String, Option<String>);

fn not_configured(problem: String) -> Told {
    let hint = "set what it names in wrangler.toml or with `npx wrangler secret put`, and deploy";
    ("not_configured", problem, Some(hint.to_owned()))
}

/// Asks the destination until it is found out.
async fn check(
    target: &Target<'_>,
    env: &Env,
    dataset: Option<&'static Dataset>,
) -> Result<Finding, String> {
    let destination = target.open(dataset)?;
    let ledger = match bindings::route(env) {
        Ok(Route::Durable(bindings)) => Some(Ledger::new(bindings.ledger)),
        Ok(Route::Direct) | Err(_) => None,
    };
    let limit = RateLimit::new(target.setup.requests_per_second, ledger);
    let bounds = Bounds {
        timeout: target.setup.retry.timeout,
        body_max: REPLY_MAX,
    };
    let mut heard = Vec::new();
    while heard.len() < QUESTIONS_MAX {
        let question = match destination.inquire(&heard) {
            Inquiry::Found(finding) => return Ok(finding),
            Inquiry::Ask(question) => question,
        };
        if let Some(limit) = &limit {
            limit.wait().await;
        }
        let body = match &question.body {
            Body::Own(bytes) => bytes.as_slice(),
            Body::Empty | Body::Payload(_) => &[],
        };
        heard.push(send::ask(&question, body, bounds).await);
    }
    debug_assert!(false, "a check that does not end");
    Ok(Finding {
        standing: Standing::Reached,
        words: "it was asked much, and nothing was found out".to_owned(),
        hint: None,
    })
}

/// Counts a check, and says whether there were too many in this minute before it.
fn is_one_too_many(now: u64) -> bool {
    let minute = now / 60_000;
    let (latest, checks) = CHECKS.get();
    let checks = if latest == minute { checks } else { 0 };
    CHECKS.set((minute, checks.saturating_add(1)));
    checks >= PER_MINUTE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_bounded_by_the_minute() {
        let within = |times: u32, now: u64| (0..times).filter(|_| !is_one_too_many(now)).count();
        for (now, expected) in [(0, PER_MINUTE), (59_999, 0), (60_000, PER_MINUTE)] {
            assert_eq!(within(500, now), expected as usize, "{now}");
        }
    }
}
