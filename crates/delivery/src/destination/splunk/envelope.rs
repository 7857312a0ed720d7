//! The envelope of an event.

use logpush_normalizer::Document;

use crate::setting::{Problem, Values};

/// What is the same in the envelopes of all events, between the time and the id.
pub(super) struct Envelope(String);

pub(super) const HOST: &str = "SPLUNK_HOST";
pub(super) const SOURCE: &str = "SPLUNK_SOURCE";
pub(super) const SOURCETYPE: &str = "SPLUNK_SOURCETYPE";
pub(super) const INDEX: &str = "SPLUNK_INDEX";

/// Bytes of an envelope at most, without its event.
pub(super) const BYTES_MAX: usize = 560;

/// Bytes of one value, in JSON.
const VALUE_BYTES_MAX: usize = 102;

impl Envelope {
    pub(super) fn open(values: &Values, problems: &mut Vec<Problem>) -> Self {
        let mut constant = String::new();
        for (key, name, default) in [
            ("host", HOST, Some("cloudflare")),
            ("source", SOURCE, Some("cloudflare:logpush")),
            ("sourcetype", SOURCETYPE, Some("cloudflare:ecs")),
            ("index", INDEX, None),
        ] {
            let Some(value) = values.text(name).or(default) else {
                continue;
            };
            let value = serde_json::Value::from(value).to_string();
            if value.len() > VALUE_BYTES_MAX {
                let words = format!("is longer than {} bytes", VALUE_BYTES_MAX - 2);
                problems.push(Problem::new(name, words));
            }
            constant += &format!("\"{key}\":{value},");
        }
        Self(constant)
    }

    /// Writes a document in its envelope. No key but these seven: at one that it does not know, Splunk
    /// answers 200 and drops what is behind.
    pub(super) fn write(&self, body: &mut Vec<u8>, document: &Document<'_>) {
        body.push(b'{');
        // Splunk knows no time before 1970.
        let nanos = document.time.and_then(|time| time.unix_nanos());
        if let Some(nanos) = nanos.filter(|nanos| *nanos > 0) {
            let (seconds, nanos) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
            body.extend_from_slice(format!("\"time\":{seconds}.{nanos:09},").as_bytes());
        }
        body.extend_from_slice(self.0.as_bytes());
        body.extend_from_slice(b"\"fields\":{\"event_id\":\"");
        body.extend_from_slice(hexadecimal(document.id).as_bytes());
        body.extend_from_slice(b"\"},\"event\":");
        body.extend_from_slice(document.text);
        body.extend_from_slice(b"}\n");
    }
}

/// As ids and channels are written.
pub(super) fn hexadecimal(bytes: [u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use logpush_normalizer::Time;

    use super::*;
    use crate::destination::splunk::KIND;
    use crate::setting::{Given, read};

    /// The envelope of an event of that time, where these are set.
    fn written(values: &[(&str, &str)], time: Option<Time>) -> String {
        let reading = read(KIND.settings, Some("dns_logs"), &|name| {
            let value = values.iter().find(|(other, _)| *other == name);
            value.map(|(_, value)| Given::Text((*value).to_owned()))
        });
        let document = Document {
            text: br#"{"a":1}"#,
            id: [0xab; 16],
            time,
        };
        let mut problems = Vec::new();
        let mut body = Vec::new();
        Envelope::open(&reading.values, &mut problems).write(&mut body, &document);
        assert_eq!(problems, []);
        String::from_utf8(body).unwrap()
    }

    #[test]
    fn an_envelope_has_its_time_to_the_nanosecond_and_the_datasets_own_values() {
        let common =
            r#""host":"cloudflare","source":"cloudflare:logpush","sourcetype":"cloudflare:ecs","#;
        let own = r#""host":"h\"","source":"s","sourcetype":"t","index":"dns","#;
        let values = [
            ("SPLUNK_HOST", "h\""),
            ("SPLUNK_SOURCE_DNS_LOGS", "s"),
            ("SPLUNK_SOURCETYPE_DNS_LOGS", "t"),
            ("SPLUNK_INDEX", "main"),
            ("SPLUNK_INDEX_DNS_LOGS", "dns"),
        ];
        let at = |text: &str| Time::parse(text.as_bytes());
        for (time, expected) in [
            (
                at("2026-01-02T03:04:05.123456789Z"),
                "\"time\":1767323045.123456789,",
            ),
            (at("1767323045"), "\"time\":1767323045.000000000,"),
            (at("1969-12-31T23:59:59Z"), ""),
            (None, ""),
        ] {
            for (values, constant) in [(&values[..0], common), (&values[..], own)] {
                let id = "ab".repeat(16);
                let expected = format!(
                    "{{{expected}{constant}\"fields\":{{\"event_id\":\"{id}\"}},\"event\":{{\"a\":1}}}}\n"
                );
                assert_eq!(written(values, time), expected);
            }
        }
    }

    #[test]
    fn the_longest_envelope_is_within_its_bound() {
        let long = "x".repeat(VALUE_BYTES_MAX - 2);
        let names = [HOST, SOURCE, SOURCETYPE, INDEX].map(|name| (name, long.as_str()));
        // The latest time that is written.
        let time = Time::parse(b"2262-04-11T23:47:16.854775807Z");
        let text = written(&names, time);
        assert!(
            text.len() - br#"{"a":1}"#.len() <= BYTES_MAX,
            "{}",
            text.len()
        );
    }
}
