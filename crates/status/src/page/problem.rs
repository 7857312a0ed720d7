//! A problem on the page: what is wrong, since when, what it costs if nothing is done, and what to do.

use maud::{Markup, html};

use crate::health::{Problem, ProblemKind, Severity};
use crate::model::Status;
use crate::page::layout::ago;

/// Problems of one kind beside the first that the page lists.
const OTHERS_SHOWN: usize = 5;

/// Problems of one kind together, in the order of the first of each: a destination that is down is a
/// problem of every dataset.
pub(super) fn alike(problems: &[Problem]) -> Vec<Vec<&Problem>> {
    let mut alike: Vec<Vec<&Problem>> = Vec::new();
    for problem in problems {
        let kind = (problem.kind, problem.severity);
        let found = alike.iter_mut().find(|group| {
            group
                .first()
                .is_some_and(|of| (of.kind, of.severity) == kind)
        });
        match found {
            Some(group) => group.push(problem),
            None => alike.push(vec![problem]),
        }
    }
    alike
}

/// One of several problems of a kind in full, and the others by a line each.
pub(super) fn line(status: &Status, problems: &[&Problem]) -> Markup {
    let [problem, others @ ..] = problems else {
        return html! {};
    };
    let since = began(status, problem);
    let now = status.at;
    let (class, level) = match problem.severity {
        Severity::Warning => ("warning", "Warning"),
        Severity::Error => ("error", "Error"),
    };
    html! {
        li.(class) {
            p.what { span.tag.(class) { (level) } " " (problem.text) }
            dl {
                @if let Some(since) = since { dt { "Began" } dd { (ago(since, now)) } }
                dt { "If nothing is done" } dd { (problem.kind.cost()) }
                dt { "What to do" } dd { (problem.hint) }
            }
            @for other in others.iter().take(OTHERS_SHOWN) {
                p.what { span.tag.(class) { (level) } " " (other.text) @if let Some(since) = began(status, other) { " (began " (ago(since, now)) ")" } }
            }
            @if others.len() > OTHERS_SHOWN { p { "And " (others.len() - OTHERS_SHOWN) " more of this kind: see " a href="/api/status" { "/api/status" } "." } }
        }
    }
}

/// Whether a problem is about a dataset, with one destination or with all.
pub(super) fn is_about(problem: &Problem, dataset: &str) -> bool {
    let rest = problem
        .subject
        .as_deref()
        .and_then(|of| of.strip_prefix(dataset));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(" to "))
}

/// When a problem began, as far as the status tells; otherwise when the cron first found it.
fn began(status: &Status, problem: &Problem) -> Option<u64> {
    let dataset = status
        .datasets
        .iter()
        .find(|dataset| is_about(problem, &dataset.dataset));
    let began = match problem.kind {
        ProblemKind::CronStopped => status.last_cron_run,
        ProblemKind::Silent => dataset.and_then(|of| of.last_arrival),
        ProblemKind::Backlog | ProblemKind::Held | ProblemKind::Failing => {
            dataset.and_then(|of| of.waiting.oldest_arrival)
        }
        ProblemKind::Drift => {
            dataset.and_then(|of| of.unknown_fields.iter().map(|f| f.first).max())
        }
        _ => None,
    };
    let incident = status
        .incidents
        .iter()
        .find(|incident| {
            incident.problem.kind == problem.kind && incident.problem.subject == problem.subject
        })
        .map(|incident| incident.since);
    began.or(incident)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health;
    use crate::page::home;

    #[test]
    fn problems_of_one_kind_stand_together() {
        let problems: Vec<Problem> = (0..12)
            .map(|n| health::misconfigured(&[format!("no {n}.")]))
            .chain([health::ledger_silent()])
            .collect();
        assert_eq!(
            alike(&problems).iter().map(Vec::len).collect::<Vec<_>>(),
            [12, 1]
        );
        let page = home(&Status::direct(problems, 1), None, None, "token");
        for (text, is_shown) in [("no 0.", true), ("no 5.", true), ("no 6.", false)] {
            assert_eq!(page.contains(text), is_shown, "{text}");
        }
        assert!(page.contains("And 6 more of this kind"), "{page}");
        let hint = &health::misconfigured(&[]).hint;
        assert_eq!(page.matches(hint.as_str()).count(), 1, "{page}");
    }

    #[test]
    fn a_problem_with_one_destination_is_about_the_dataset_too() {
        let about = |subject: &str| {
            let problem = Problem {
                subject: Some(subject.to_owned()),
                ..health::ledger_silent()
            };
            is_about(&problem, "dns_logs")
        };
        assert!(about("dns_logs") && about("dns_logs to siem"));
        assert!(!about("dns_logs_v2") && !about("siem"));
        assert!(!is_about(&health::ledger_silent(), "dns_logs"));
    }
}
