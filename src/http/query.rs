//! The address of a request, without the `url` crate, whose tables are a tenth of the module.

use worker::Request;

/// The query of a URL: the part after the question mark.
pub(crate) struct Query(String);

impl Query {
    pub(crate) fn of(request: &Request) -> Self {
        let url = request.inner().url();
        let (_, query) = url.split_once('?').unwrap_or_default();
        Self(query.to_owned())
    }

    /// The value of a name; nothing where that is empty.
    pub(crate) fn value(&self, name: &str) -> Option<String> {
        form_urlencoded::parse(self.0.as_bytes())
            .find(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.into_owned())
    }
}

/// The origin of a URL, such as `https://host:port`.
pub(crate) fn origin(url: &str) -> &str {
    let host = url.find("://").map_or(0, |place| place + 3);
    let rest = url.get(host..).unwrap_or_default();
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    url.get(..host + end).unwrap_or(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_origin_is_what_stands_before_the_path() {
        for (url, expected) in [
            ("https://w.example/", "https://w.example"),
            (
                "http://127.0.0.1:8787/a/b?c=https://d",
                "http://127.0.0.1:8787",
            ),
            ("https://w.example", "https://w.example"),
            ("https://w.example?x=/", "https://w.example"),
        ] {
            assert_eq!(origin(url), expected);
        }
    }

    #[test]
    fn values_are_decoded() {
        let query = Query("a=&id=x%2Fy%20z+1&a=2".to_owned());
        assert_eq!(query.value("id").as_deref(), Some("x/y z 1"));
        assert_eq!(query.value("a").as_deref(), Some("2"));
        assert_eq!(query.value("b"), None);
    }
}
