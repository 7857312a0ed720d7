//! The method of a request. `worker::Method` reads one that it does not know as GET, which would open
//! what is read to PROPFIND and QUERY.

use worker::Request;

/// A method that some route takes, or another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Head,
    Post,
    Delete,
    Other,
}

impl Method {
    pub(crate) fn of(request: &Request) -> Self {
        Self::named(&request.inner().method())
    }

    /// Whether it only reads.
    pub(crate) fn is_read(self) -> bool {
        matches!(self, Self::Get | Self::Head)
    }

    /// Methods are case-sensitive: `get` is another one.
    fn named(name: &str) -> Self {
        match name {
            "GET" => Self::Get,
            "HEAD" => Self::Head,
            "POST" => Self::Post,
            "DELETE" => Self::Delete,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_that_is_not_known_reads_nothing() {
        for (name, expected, is_read) in [
            ("GET", Method::Get, true),
            ("HEAD", Method::Head, true),
            ("POST", Method::Post, false),
            ("DELETE", Method::Delete, false),
            ("PUT", Method::Other, false),
            ("PROPFIND", Method::Other, false),
            ("QUERY", Method::Other, false),
            ("get", Method::Other, false),
        ] {
            let method = Method::named(name);
            assert_eq!((method, method.is_read()), (expected, is_read), "{name}");
        }
    }
}
