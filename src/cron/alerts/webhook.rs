//! Reports of incidents: one message to a webhook that takes Slack's JSON.

use core::time::Duration;

use logpush_status::format::{duration, time};
use logpush_status::health::Severity;
use logpush_status::incident::Incident;
use serde_json::json;
use worker::{Headers, Method, Request, RequestInit, RequestRedirect};

use crate::http::client::{Bounds, exchange};

/// Only the status of the answer matters.
const BOUNDS: Bounds = Bounds {
    timeout: Duration::from_secs(10),
    body_max: 64 * 1024,
};

/// Incidents in one message; the page has them all.
const NAMED: usize = 20;

/// Reports incidents.
///
/// # Errors
///
/// What went wrong, without the webhook's address.
pub(crate) async fn report(url: &str, incidents: &[&Incident]) -> Result<(), String> {
    let headers = Headers::new();
    let _ = headers.set("Content-Type", "application/json");
    let mut init = RequestInit::new();
    init.with_method(Method::Post)
        .with_headers(headers)
        .with_redirect(RequestRedirect::Manual)
        .with_body(Some(json!({ "text": text(incidents) }).to_string().into()));
    let request =
        Request::new_with_init(url, &init).map_err(|_| "the address is not a valid URL")?;
    let reply = exchange(request, BOUNDS).await?;
    match reply.status {
        200..300 => Ok(()),
        status => Err(format!("status {status}")),
    }
}

/// The message.
fn text(incidents: &[&Incident]) -> String {
    let mut lines: Vec<String> = incidents
        .iter()
        .take(NAMED)
        .map(|incident| line(incident))
        .collect();
    if incidents.len() > NAMED {
        lines.push(format!(
            "and {} more: see the status page",
            incidents.len() - NAMED
        ));
    }
    lines.join("\n")
}

fn line(incident: &Incident) -> String {
    let problem = &incident.problem;
    let text = escaped(&problem.text);
    match (incident.is_reported, incident.over) {
        (_, None) => {
            let level = match problem.severity {
                Severity::Error => "PROBLEM",
                Severity::Warning => "WARNING",
            };
            format!("{level}: {text}. {}", escaped(&problem.hint))
        }
        (true, Some(over)) => format!(
            "OVER, after {}: {text}",
            duration(over.saturating_sub(incident.since))
        ),
        (false, Some(over)) => format!(
            "OVER, from {} to {}: {text}",
            time(incident.since),
            time(over)
        ),
    }
}

/// Slack's three control characters: `<!channel>` from a field's name must not call a channel.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use logpush_status::health::{Problem, ProblemKind};

    fn incident(is_reported: bool, over: Option<u64>) -> Incident {
        Incident {
            problem: Problem {
                kind: ProblemKind::Drift,
                subject: Some("dns_logs".to_owned()),
                severity: Severity::Warning,
                text: "dns_logs: <!channel> & more".to_owned(),
                hint: "Look.".to_owned(),
            },
            since: 0,
            is_reported,
            over,
        }
    }

    #[test]
    fn one_line_for_each() {
        for (is_reported, over, expected) in [
            (
                false,
                None,
                "WARNING: dns_logs: &lt;!channel&gt; &amp; more. Look.",
            ),
            (
                true,
                Some(7_500_000),
                "OVER, after 2 h 5 min: dns_logs: &lt;!channel&gt; &amp; more",
            ),
            (
                false,
                Some(60_000),
                "OVER, from 1970-01-01 00:00:00 UTC to 1970-01-01 00:01:00 UTC: dns_logs: &lt;!channel&gt; &amp; more",
            ),
        ] {
            assert_eq!(line(&incident(is_reported, over)), expected);
        }
    }

    #[test]
    fn a_message_has_an_end() {
        let incident = incident(false, None);
        let text = text(&vec![&incident; 100]);
        assert_eq!(text.lines().count(), NAMED + 1);
        assert!(text.ends_with("and 80 more: see the status page"));
    }
}
