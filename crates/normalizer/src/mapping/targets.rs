//! What a table's targets write, for those who list it: documentation, intake formats, tests.

use crate::mapping::Target;
use crate::plan::{ADDRESSES, DOMAIN_PARTS, HASHES, URI_PARTS, URL_PARTS};

impl Target {
    /// The fields of a document that the target can write, with `cloudflare.` before those that
    /// are no part of ECS.
    #[must_use]
    pub fn fields(self) -> Vec<String> {
        match self {
            Self::Keep(name) | Self::Masked(name) => vec![format!("cloudflare.{name}")],
            Self::Domain(path) => {
                let (group, _) = path.rsplit_once('.').unwrap_or((path, ""));
                let mut fields = vec![path.to_owned()];
                fields.extend(DOMAIN_PARTS.map(|(name, _)| format!("{group}.{name}")));
                fields
            }
            Self::Url(group) => {
                let mut fields = vec![format!("{group}.original")];
                fields.extend(URL_PARTS.map(|(name, _)| format!("{group}.{name}")));
                fields
            }
            Self::Answers(path, _) => {
                let mut fields = vec![path.to_owned()];
                fields.extend(ADDRESSES.map(str::to_owned));
                fields
            }
            Self::Attachments(path) => vec![path.to_owned(), HASHES.to_owned()],
            Self::Inside(_, target) => target.fields(),
            Self::Uri(group) => URI_PARTS.map(|(name, _)| format!("{group}.{name}")).into(),
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
            | Self::Since(path, _)
            | Self::Host(path)
            | Self::Hosts(path)
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
}
