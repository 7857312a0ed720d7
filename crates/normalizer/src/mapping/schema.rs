//! The fields of ECS that the engine knows by name.

/// The time of the event.
pub(crate) const EVENT_TIME: &str = "@timestamp";

/// What kind of event it is, in the words of ECS: every event says it.
pub(crate) const EVENT_TYPE: &str = "event.type";

/// The type of an event whose record says nothing of it: all categories of ECS that the tables
/// use allow it.
pub(crate) const OTHER_TYPE: &str = "info";

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
