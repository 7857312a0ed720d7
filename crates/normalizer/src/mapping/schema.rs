//! The fields of ECS that the engine knows by name.

/// The time of the event.
pub(crate) const EVENT_TIME: &str = "@timestamp";

/// The record's identity.
pub(crate) const EVENT_ID: &str = "event.id";

/// The record's text.
pub(crate) const EVENT_ORIGINAL: &str = "event.original";

/// ECS fields of the tables' targets that are lists. A test holds this against the schema.
pub(crate) const LISTS: &[&str] = &[
    "dns.header_flags",
    "dns.resolved_ip",
    "email.bcc.address",
    "email.cc.address",
    "email.from.address",
    "email.reply_to.address",
    "email.to.address",
    "event.category",
    "event.type",
    "host.ip",
    "observer.ip",
    "related.hash",
    "related.hosts",
    "related.ip",
    "related.user",
    "tls.server.x509.issuer.common_name",
];
