//! What is an incident: a problem from the run that first finds it to the run that finds it no more.
//! Told once when it begins and once when it is over.

use serde::{Deserialize, Serialize};

use crate::health::{Kind, Problem, Severity};

/// A problem that alerts are about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    pub problem: Problem,
    /// When it was first found, in milliseconds since 1970.
    pub since: u64,
    /// Whether the webhook took the news of its beginning.
    pub is_told: bool,
    /// When it was found no more.
    pub over: Option<u64>,
}

/// Incidents that are remembered: 64 datasets with a few each, and jobs.
const INCIDENTS_MAX: usize = 500;

/// What the incidents are after a run has found `problems`.
pub fn step(incidents: Vec<Incident>, problems: &[Problem], now: u64) -> Vec<Incident> {
    let mut found: Vec<&Problem> = problems
        .iter()
        .filter(|problem| problem.kind.is_alert())
        .collect();
    let mut after = Vec::new();
    for mut incident in incidents {
        let place = found
            .iter()
            .position(|problem| is_same(problem, &incident.problem));
        match place {
            // What was over, and not told, has come back: as if it had not been over.
            Some(place) => {
                incident.problem = found.swap_remove(place).clone();
                incident.over = None;
            }
            None => incident.over = incident.over.or(Some(now)),
        }
        after.push(incident);
    }
    after.extend(found.into_iter().map(|problem| Incident {
        problem: problem.clone(),
        since: now,
        is_told: false,
        over: None,
    }));
    after.truncate(INCIDENTS_MAX);
    after
}

/// Whether the webhook is owed news of it.
pub fn is_owed(incident: &Incident) -> bool {
    !incident.is_told || incident.over.is_some()
}

/// What remains when the news were taken.
pub fn told(incidents: Vec<Incident>) -> Vec<Incident> {
    incidents
        .into_iter()
        .filter(|incident| incident.over.is_none())
        .map(|incident| Incident {
            is_told: true,
            ..incident
        })
        .collect()
}

/// Whether the same thing is wrong: the words may differ.
fn is_same(one: &Problem, other: &Problem) -> bool {
    let name = |problem: &Problem| -> (Kind, Severity, Option<String>) {
        (problem.kind, problem.severity, problem.subject.clone())
    };
    name(one) == name(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(kind: Kind, subject: &str, text: &str) -> Problem {
        Problem {
            kind,
            subject: Some(subject.to_owned()),
            severity: Severity::Error,
            text: text.to_owned(),
            hint: String::new(),
        }
    }

    fn owed(incidents: &[Incident]) -> Vec<(&str, bool)> {
        incidents
            .iter()
            .filter(|incident| is_owed(incident))
            .map(|incident| (incident.problem.text.as_str(), incident.over.is_some()))
            .collect()
    }

    #[test]
    fn an_incident_is_told_once_and_once_when_it_is_over() {
        let silent = |text| [problem(Kind::Silent, "http_requests", text)];
        let begun = step(Vec::new(), &silent("for 1 h"), 1);
        assert_eq!(owed(&begun), [("for 1 h", false)]);
        let known = step(told(begun), &silent("for 2 h"), 2);
        assert_eq!(owed(&known), []);
        assert_eq!(
            (known[0].since, known[0].problem.text.as_str()),
            (1, "for 2 h")
        );
        let over = step(told(known), &[], 3);
        assert_eq!(owed(&over), [("for 2 h", true)]);
        assert_eq!(told(over), []);
    }

    #[test]
    fn news_that_were_not_taken_are_owed_in_the_next_run() {
        let silent = [problem(Kind::Silent, "http_requests", "silent")];
        let begun = step(step(Vec::new(), &silent, 1), &silent, 2);
        assert_eq!((owed(&begun), begun[0].since), (vec![("silent", false)], 1));
        // Over before the webhook was back: beginning and end are told together.
        let over = step(step(begun, &[], 3), &[], 4);
        assert_eq!(owed(&over), [("silent", true)]);
        assert_eq!((over[0].is_told, over[0].over), (false, Some(3)));
        // Back before the end was told.
        let back = step(over, &silent, 5);
        assert_eq!((owed(&back), back[0].since), (vec![("silent", false)], 1));
    }

    #[test]
    fn incidents_are_told_apart_by_kind_and_subject() {
        let problems = [
            problem(Kind::Silent, "http_requests", "a"),
            problem(Kind::Silent, "dns_logs", "b"),
            problem(Kind::Backlog, "dns_logs", "c"),
        ];
        let mut begun = told(step(Vec::new(), &problems, 1));
        begun = step(begun, &problems[1..2], 2);
        assert_eq!(owed(&begun), [("a", true), ("c", true)]);
    }

    #[test]
    fn what_only_the_page_tells_is_no_incident() {
        for kind in [Kind::LedgerSilent, Kind::Failing] {
            assert_eq!(step(Vec::new(), &[problem(kind, "dns_logs", "x")], 1), []);
        }
    }
}
