//! Whether a collector would take events: its health, and what it says to a request without any.
//!
//! Splunk answers code 5 to a request without events where it knows the token, and one of the token's
//! codes where it does not. Whether the token allows an index shows with an event alone.

use crate::destination::check::{
    ASK_WITH_EVENT, Finding, Heard, Inquiry, Standing, common, without_events,
};
use crate::destination::splunk::answer::{self, Read, Yes};
use crate::request::{Reply, Request};
use crate::words;

/// What is asked about.
pub(super) struct Subject<'a> {
    /// A question for the collector's health, where it is Splunk's own path.
    pub(super) health: Option<Request>,
    /// A request without events.
    pub(super) empty: Request,
    /// The index that events name.
    pub(super) index: Option<&'a str>,
    pub(super) yes: Yes,
    pub(super) secrets: &'a [&'a str],
}

/// The next question, or what the answers say.
pub(super) fn inquire(subject: Subject<'_>, heard: &[Heard]) -> Inquiry {
    let mut heard = heard.iter();
    if let Some(health) = &subject.health {
        let Some(answer) = heard.next() else {
            return Inquiry::Ask(health.clone());
        };
        if let Some(finding) = subject.ill(answer) {
            return Inquiry::Found(finding);
        }
    }
    match heard.next() {
        None => Inquiry::Ask(subject.empty),
        Some(answer) => Inquiry::Found(subject.judge(answer)),
    }
}

impl Subject<'_> {
    /// Why it would take nothing now. A receiver without this question says nothing by that.
    fn ill(&self, heard: &Heard) -> Option<Finding> {
        match heard {
            Ok(reply) => match self.code_of(reply) {
                Some(9 | 18..=20 | 23) => Some(self.busy(reply)),
                _ => None,
            },
            Err(_) => common(heard, self.secrets),
        }
    }

    fn judge(&self, heard: &Heard) -> Finding {
        let Ok(reply) = heard else {
            return without_events(heard, self.secrets);
        };
        let words = words::quote(reply, self.secrets);
        match (self.code_of(reply), answer::read(reply, self.yes)) {
            (Some(1), _) => Finding::new(Standing::WrongKey, words)
                .with_hint("the token is switched off: Settings > Data inputs > HTTP Event Collector"),
            (Some(2..=4 | 16 | 21 | 22), _) => Finding::new(Standing::WrongKey, words).with_hint(
                "set the token with `npx wrangler secret put`; SPLUNK_AUTHORIZATION says how it is sent",
            ),
            (Some(8 | 9 | 18..=20 | 23 | 26 | 27), _) => self.busy(reply),
            // No data, or none that can be read: it has looked at the token before.
            (Some(5 | 6 | 12 | 13), _) | (_, Read::Yes(_)) => self.ready(),
            _ => without_events(heard, self.secrets),
        }
    }

    fn ready(&self) -> Finding {
        match self.index {
            None => Finding::new(Standing::Ready, "the collector knows the token"),
            Some(index) => Finding::new(
                Standing::Ready,
                format!("the collector knows the token; whether that allows the index {index} shows with an event"),
            )
            .with_hint(ASK_WITH_EVENT),
        }
    }

    fn busy(&self, reply: &Reply) -> Finding {
        Finding::new(Standing::Unavailable, words::quote(reply, self.secrets))
            .with_hint("look at its state: what waits for it is safe for RETRY_DAYS")
    }

    fn code_of(&self, reply: &Reply) -> Option<u32> {
        match answer::read(reply, self.yes) {
            Read::Error(answer) => answer.code,
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::destination::kind::Opened;
    use crate::destination::splunk::KIND;
    use crate::setting::Given;

    fn opened(values: &[(&str, &str)]) -> Opened {
        let fixed = [
            ("SPLUNK_URL", "https://splunk.example"),
            ("SPLUNK_TOKEN", "the-token"),
        ];
        KIND.open(Some("dns_logs"), &|name| {
            let value = values
                .iter()
                .chain(&fixed)
                .find(|(other, _)| *other == name);
            value.map(|(_, value)| Given::Text((*value).to_owned()))
        })
    }

    #[test]
    fn what_is_wrong_is_named() {
        use Standing::{Down, Reached, Ready, Unavailable, WrongKey, WrongUrl};
        let healthy = (200, r#"{"text":"HEC is healthy","code":17}"#);
        let no_data = (400, r#"{"text":"No data","code":5}"#);
        let logscale = [
            ("SPLUNK_URL", "https://a.example/api/v1/ingest/hec"),
            ("SPLUNK_AUTHORIZATION", "bearer"),
        ];
        let index = [("SPLUNK_INDEX", "waf")];
        type Row<'a> = (
            &'a [(&'a str, &'a str)],
            &'a [(u16, &'a str)],
            Standing,
            bool,
        );
        let rows: &[Row<'_>] = &[
            (&[], &[healthy, no_data], Ready, false),
            (&index, &[healthy, no_data], Ready, true),
            (&[], &[(404, ""), no_data], Ready, false),
            (
                &[],
                &[(404, ""), (200, r#"{"text":"Success","code":0}"#)],
                Ready,
                false,
            ),
            (
                &[],
                &[
                    healthy,
                    (403, r#"{"text":"Invalid token the-token","code":4}"#),
                ],
                WrongKey,
                true,
            ),
            (
                &[],
                &[
                    healthy,
                    (401, r#"{"text":"Invalid authorization","code":3}"#),
                ],
                WrongKey,
                true,
            ),
            (
                &[],
                &[healthy, (403, r#"{"text":"Token disabled","code":1}"#)],
                WrongKey,
                true,
            ),
            (&[], &[healthy, (401, "<html>")], WrongKey, true),
            (
                &[],
                &[(503, r#"{"text":"HEC is unhealthy","code":18}"#)],
                Unavailable,
                true,
            ),
            (
                &[],
                &[(503, ""), (503, r#"{"text":"Server is busy","code":9}"#)],
                Unavailable,
                true,
            ),
            (&[], &[(0, "")], Down, true),
            (&[], &[healthy, (0, "")], Down, true),
            (&[], &[(404, ""), (404, "<html>")], WrongUrl, true),
            (&[], &[(200, "<html>"), (200, "<html>")], Reached, true),
            (&[], &[healthy, (400, "bad request")], Reached, true),
            (&logscale, &[(200, "{}")], Ready, false),
            (&logscale, &[(401, "")], WrongKey, true),
        ];
        for (values, answers, expected, has_hint) in rows {
            let destination = opened(values).unwrap();
            let mut heard: Vec<Heard> = Vec::new();
            let found = loop {
                match destination.inquire(&heard) {
                    Inquiry::Found(finding) => break finding,
                    Inquiry::Ask(request) => {
                        assert!(
                            request
                                .headers
                                .iter()
                                .any(|(_, value)| value.ends_with(" the-token"))
                        );
                        let &(status, body) = answers.get(heard.len()).unwrap();
                        heard.push(match status {
                            0 => Err("the connection failed".to_owned()),
                            status => Ok(Reply {
                                status,
                                headers: Vec::new(),
                                body: body.into(),
                            }),
                        });
                    }
                }
            };
            assert_eq!(
                (found.standing, heard.len()),
                (*expected, answers.len()),
                "{answers:?} {found:?}"
            );
            assert_eq!(found.hint.is_some(), *has_hint, "{found:?}");
            assert!(!found.words.contains("the-token"), "{}", found.words);
        }
    }
}
