//! What a table's targets write, for those who list it: documentation, intake formats, tests.

use crate::table::Target;

impl Target {
    /// The fields of a document that the target can write, with `cloudflare.` before those that
    /// are no part of ECS.
    #[must_use]
    pub fn fields(self) -> Vec<String> {
        let below = |group: &str, names: &[&str]| {
            names
                .iter()
                .map(|name| format!("{group}.{name}"))
                .collect::<Vec<_>>()
        };
        match self {
            Self::Keep(name) | Self::Masked(name) => vec![format!("cloudflare.{name}")],
            Self::Domain(path) => {
                let (group, _) = path.rsplit_once('.').unwrap_or((path, ""));
                let mut fields = vec![path.to_owned()];
                fields.extend(below(
                    group,
                    &["registered_domain", "subdomain", "top_level_domain"],
                ));
                fields
            }
            Self::Url(group) => below(
                group,
                &[
                    "original",
                    "full",
                    "scheme",
                    "domain",
                    "registered_domain",
                    "subdomain",
                    "top_level_domain",
                    "port",
                    "path",
                    "query",
                    "fragment",
                ],
            ),
            Self::Uri(group) => below(group, &["path", "query"]),
            Self::Text(path)
            | Self::Lower(path)
            | Self::Texts(path)
            | Self::First(path)
            | Self::Integer(path)
            | Self::Positive(path)
            | Self::Float(path)
            | Self::Sum(path)
            | Self::Ip(path)
            | Self::Ips(path)
            | Self::Timestamp(path)
            | Self::Milliseconds(path)
            | Self::Host(path)
            | Self::Port(path)
            | Self::Query(path)
            | Self::HttpVersion(path)
            | Self::HttpProtocol(path)
            | Self::HttpOutcome(path)
            | Self::TlsProtocol(path)
            | Self::TlsVersion(path)
            | Self::CountryCode(path)
            | Self::CountryName(path)
            | Self::ActionType(path)
            | Self::Module(path)
            | Self::Words(path, _)
            | Self::When(path, _)
            | Self::Numbers(path, _) => vec![path.to_owned()],
        }
    }

    /// Whether the fields together hold all that the value says, so that it need not be kept beside
    /// them.
    #[must_use]
    pub fn carries_all(self) -> bool {
        matches!(
            self,
            Self::Text(_)
                | Self::Texts(_)
                | Self::Lower(_)
                | Self::Integer(_)
                | Self::Positive(_)
                | Self::Float(_)
                | Self::Ip(_)
                | Self::Ips(_)
                | Self::Timestamp(_)
                | Self::Milliseconds(_)
                | Self::Url(_)
                | Self::Uri(_)
                | Self::Query(_)
                | Self::HttpVersion(_)
                | Self::TlsVersion(_)
                | Self::CountryCode(_)
                | Self::Module(_)
                | Self::Keep(_)
                | Self::Masked(_)
        )
    }

    /// The conversion, in a few words.
    #[must_use]
    pub fn conversion(self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Lower(_) => "text in lower case",
            Self::Texts(_) => "texts of the list",
            Self::First(_) => "first of the list",
            Self::Integer(_) => "integer",
            Self::Positive(_) => "integer above 0",
            Self::Float(_) => "number",
            Self::Sum(_) => "sum of all rows that name it",
            Self::Ip(_) => "IP address",
            Self::Ips(_) => "IP addresses of the list",
            Self::Timestamp(_) => "time",
            Self::Milliseconds(_) => "milliseconds, as nanoseconds",
            Self::Domain(_) => "host name and its parts",
            Self::Host(_) => "host name",
            Self::Port(_) => "port of the host",
            Self::Url(_) => "address and its parts",
            Self::Uri(_) => "path and query",
            Self::Query(_) => "query without its `?`",
            Self::HttpVersion(_) => "version of `HTTP/1.1`",
            Self::HttpProtocol(_) => "protocol of `HTTP/1.1`",
            Self::HttpOutcome(_) => "success below status 400, else failure",
            Self::TlsProtocol(_) => "protocol of `TLSv1.3`",
            Self::TlsVersion(_) => "version of `TLSv1.3`",
            Self::CountryCode(_) => "country code in upper case",
            Self::CountryName(_) => "name of the country",
            Self::ActionType(_) => "what the action means",
            Self::Module(_) => "`cloudflare.` and the text",
            Self::Words(..) => "our word for it",
            Self::When(..) => "our word for some values",
            Self::Numbers(..) => "our number for it",
            Self::Keep(_) => "as it came",
            Self::Masked(_) => "masked",
        }
    }
}
