//! What is asked of a destination, and what it replies.

use core::fmt;

use chrono::DateTime;

use crate::Millis;

/// A request, which the shell sends as it is. It follows no redirect: that would take the key along.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// `POST` and the like.
    pub method: Method,
    /// Where to.
    pub url: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// What is sent along.
    pub body: Body,
}

/// The method of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Asks.
    Get,
    /// Adds.
    Post,
    /// Puts an object under a name.
    Put,
    /// Removes.
    Delete,
}

/// The body of a request.
#[derive(Clone, PartialEq, Eq)]
pub enum Body {
    /// None.
    Empty,
    /// These bytes of the encoded part. The machine holds them, once for all tries.
    Payload(core::ops::Range<usize>),
    /// Bytes of its own: a question for a token, a list of acknowledgements.
    Own(Vec<u8>),
}

/// An answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// As much of the body as is read.
    pub body: Vec<u8>,
}

impl Request {
    /// A `POST` of a whole payload of `bytes` bytes.
    #[must_use]
    pub fn post(url: &str, bytes: usize) -> Self {
        Self {
            method: Method::Post,
            url: url.to_owned(),
            headers: Vec::new(),
            body: Body::Payload(0..bytes),
        }
    }

    /// Adds a header, in the place of one of the same name.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers
            .retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

impl fmt::Debug for Request {
    /// Without the values of headers, the URL's path and query, and the body, which may be secret.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        formatter
            .debug_struct("Request")
            .field("method", &self.method)
            .field("headers", &names)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Body {
    /// Without the bytes.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => formatter.write_str("Empty"),
            Self::Payload(range) => formatter.debug_tuple("Payload").field(range).finish(),
            Self::Own(bytes) => write!(formatter, "Own({} bytes)", bytes.len()),
        }
    }
}

impl Method {
    /// As HTTP writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

impl Reply {
    /// The value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Whether the status is 200 to 299.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// How long `Retry-After` asks to wait, in seconds or until a date. Whoever waits bounds it.
    #[must_use]
    pub fn retry_after(&self, now: Millis) -> Option<Millis> {
        let value = self.header("Retry-After")?.trim();
        if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
            // A number beyond 64 bits is a long wait all the same.
            let seconds = value.parse::<u64>().unwrap_or(u64::MAX);
            return Some(seconds.saturating_mul(1000));
        }
        let until = DateTime::parse_from_rfc2822(value).ok()?.timestamp_millis();
        Some(u64::try_from(until).unwrap_or(0).saturating_sub(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = 1_767_323_045_000; // 2026-01-02T03:04:05Z
        for (value, expected) in [
            ("7", Some(7_000)),
            (" 0 ", Some(0)),
            ("1767323045", Some(1_767_323_045_000)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("Fri, 02 Jan 2026 03:04:15 GMT", Some(10_000)),
            ("Fri, 02 Jan 2026 03:04:00 GMT", Some(0)),
            ("Fri, 01 Jan 1960 00:00:00 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
            ("1.5", None),
            ("", None),
        ] {
            let reply = Reply {
                headers: vec![("retry-after".to_owned(), value.to_owned())],
                ..Reply::default()
            };
            assert_eq!(reply.retry_after(now), expected, "{value}");
        }
        assert_eq!(Reply::default().retry_after(now), None);
    }

    #[test]
    fn what_is_secret_is_not_in_a_requests_debug_text() {
        let mut request = Request::post("https://siem.example/in?token=s3cret", 3)
            .header("Authorization", "Bearer s3cret");
        request.body = Body::Own(b"s3cret".to_vec());
        let text = format!("{request:?} {:?}", request.body);
        assert!(
            text.contains("Authorization") && !text.contains("s3cret"),
            "{text}"
        );
    }

    #[test]
    fn a_header_replaces_one_of_the_same_name() {
        let request = Request::post("https://siem.example", 0)
            .header("Content-Type", "a")
            .header("content-type", "b");
        assert_eq!(
            request.headers,
            [("content-type".to_owned(), "b".to_owned())]
        );
    }
}
