//! Incidents. An incident is a problem from the run that first finds it to the first run that does not
//! find it. It is reported once when it begins and once when it is over.

use serde::{Deserialize, Serialize};

use crate::health::Problem;

/// A problem that is worth an alert, and what of it has been reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    pub problem: Problem,
    /// When the problem was first found, in milliseconds since 1970.
    pub since: u64,
    /// Whether the webhook has accepted the report of the beginning.
    pub is_reported: bool,
    /// When the problem was first not found again.
    pub over: Option<u64>,
}

/// Incidents that are remembered: a few for each of 64 datasets, and those of the jobs.
const INCIDENTS_MAX: usize = 500;

/// Returns the incidents after a run that found `problems`.
pub fn update(incidents: Vec<Incident>, problems: &[Problem], now: u64) -> Vec<Incident> {
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
            // Over, the end not reported, and back again: the incident goes on.
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
        is_reported: false,
        over: None,
    }));
    after.truncate(INCIDENTS_MAX);
    after
}

/// Whether its beginning or its end has not been reported.
pub fn needs_report(incident: &Incident) -> bool {
    !incident.is_reported || incident.over.is_some()
}

/// Returns the incidents after everything was reported: the open ones, marked as reported.
pub fn reported(incidents: Vec<Incident>) -> Vec<Incident> {
    incidents
        .into_iter()
        .filter(|incident| incident.over.is_none())
        .map(|incident| Incident {
            is_reported: true,
            ..incident
        })
        .collect()
}

/// Whether both are the same problem, in other words perhaps.
fn is_same(one: &Problem, other: &Problem) -> bool {
    (one.kind, one.severity, &one.subject) == (other.kind, other.severity, &other.subject)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::{ProblemKind, Severity};

    fn problem(kind: ProblemKind, subject: &str, text: &str) -> Problem {
        Problem {
            kind,
            subject: Some(subject.to_owned()),
            severity: Severity::Error,
            text: text.to_owned(),
            hint: String::new(),
        }
    }

    fn due(incidents: &[Incident]) -> Vec<(&str, bool)> {
        incidents
            .iter()
            .filter(|incident| needs_report(incident))
            .map(|incident| (incident.problem.text.as_str(), incident.over.is_some()))
            .collect()
    }

    #[test]
    fn an_incident_is_reported_when_it_begins_and_when_it_is_over() {
        let silent = |text| [problem(ProblemKind::Silent, "http_requests", text)];
        let begun = update(Vec::new(), &silent("for 1 h"), 1);
        assert_eq!(due(&begun), [("for 1 h", false)]);
        let known = update(reported(begun), &silent("for 2 h"), 2);
        assert_eq!(due(&known), []);
        assert_eq!(
            (known[0].since, known[0].problem.text.as_str()),
            (1, "for 2 h")
        );
        let over = update(reported(known), &[], 3);
        assert_eq!(due(&over), [("for 2 h", true)]);
        assert_eq!(reported(over), []);
    }

    #[test]
    fn a_report_that_failed_is_due_in_the_next_run() {
        let silent = [problem(ProblemKind::Silent, "http_requests", "silent")];
        let begun = update(update(Vec::new(), &silent, 1), &silent, 2);
        assert_eq!((due(&begun), begun[0].since), (vec![("silent", false)], 1));
        // Over before the webhook is back: beginning and end are reported together.
        let over = update(update(begun, &[], 3), &[], 4);
        assert_eq!(due(&over), [("silent", true)]);
        assert_eq!((over[0].is_reported, over[0].over), (false, Some(3)));
        // Back before the end is reported.
        let back = update(over, &silent, 5);
        assert_eq!((due(&back), back[0].since), (vec![("silent", false)], 1));
    }

    #[test]
    fn incidents_differ_by_kind_and_subject() {
        let problems = [
            problem(ProblemKind::Silent, "http_requests", "a"),
            problem(ProblemKind::Silent, "dns_logs", "b"),
            problem(ProblemKind::Backlog, "dns_logs", "c"),
        ];
        let mut begun = reported(update(Vec::new(), &problems, 1));
        begun = update(begun, &problems[1..2], 2);
        assert_eq!(due(&begun), [("a", true), ("c", true)]);
    }

    #[test]
    fn a_problem_for_the_page_alone_is_no_incident() {
        for kind in [ProblemKind::LedgerSilent, ProblemKind::Failing] {
            assert_eq!(update(Vec::new(), &[problem(kind, "dns_logs", "x")], 1), []);
        }
    }
}
