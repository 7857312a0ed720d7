//! The vocabulary of the dataset tables: what a row may say.
//!
//! A dataset file is a list of rows, one per Cloudflare field: its name, then where its value goes.
//! Nothing else is needed to add a field. A field without a row is kept as `cloudflare.<Name>`
//! and counted as drift; so is, uncounted, a value that its row cannot convert.

/// One Logpush dataset: how its records become documents.
#[derive(Debug)]
pub struct Dataset {
    /// Cloudflare's name, as in the Logpush API and in our URLs.
    pub name: &'static str,
    /// The same on every document, as ECS path and value.
    pub constants: &'static [(&'static str, Constant)],
    /// One per Cloudflare field.
    pub rows: &'static [Row],
    /// Set when four fields hold the parts of the referrer.
    pub referrer: Option<Referrer>,
    /// What SEKOIA.IO's own parser of this dataset needs beside the raw record.
    pub native: Native,
}

/// A value that every document of a dataset carries.
#[derive(Clone, Copy, Debug)]
pub enum Constant {
    /// One text.
    Text(&'static str),
    /// A list of texts.
    List(&'static [&'static str]),
}

/// One Cloudflare field, and where it goes.
#[derive(Debug)]
pub struct Row {
    /// Cloudflare's name of the field.
    pub field: &'static str,
    /// Where its value goes, each with the conversion on the way.
    pub targets: &'static [Target],
}

/// A row of a dataset table.
pub(crate) const fn row(field: &'static str, targets: &'static [Target]) -> Row {
    Row { field, targets }
}

/// A conversion, and the ECS field that takes its result.
///
/// Where the ECS field is a list (`event.type`, `related.ip`), all rows that name it add to it,
/// each value once. A value that does not convert leaves the field out and is kept as
/// `cloudflare.<Name>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The text as it is; a number or a boolean becomes its text.
    Text(&'static str),
    /// An integer; a text of digits becomes one.
    Integer(&'static str),
    /// The text, if it is an IPv4 or IPv6 address.
    Ip(&'static str),
    /// A point in time: Unix seconds, milliseconds, microseconds or nanoseconds, or RFC 3339.
    Timestamp(&'static str),
    /// The host name without its port; for `x.domain` also `x.registered_domain`,
    /// `x.subdomain` and `x.top_level_domain`, by the ICANN part of the public suffix list.
    Domain(&'static str),
    /// The host name without its port.
    Host(&'static str),
    /// The port of a host name, where it has one.
    Port(&'static str),
    /// The query string without its leading `?`.
    Query(&'static str),
    /// `1.1` of `HTTP/1.1`.
    HttpVersion(&'static str),
    /// `http` of `HTTP/1.1`.
    HttpProtocol(&'static str),
    /// `tls` of `TLSv1.3`; `none` is no TLS.
    TlsProtocol(&'static str),
    /// `1.3` of `TLSv1.3`.
    TlsVersion(&'static str),
    /// A two-letter country code, in upper case.
    CountryCode(&'static str),
    /// The English name of a two-letter country code.
    CountryName(&'static str),
    /// What a security action means: `allowed`, `denied`, `info` or `end`, in any case of letters.
    ActionType(&'static str),
    /// `cloudflare.` and the text.
    Module(&'static str),
    /// The value as it came, objects and lists too, under `cloudflare.` and this name.
    Keep(&'static str),
}

/// The fields that hold a referrer in parts, and the ECS field that takes the whole.
///
/// A row that writes the same ECS field goes before it.
#[derive(Debug)]
pub struct Referrer {
    /// ECS field of the whole.
    pub target: &'static str,
    /// Cloudflare's field of the scheme.
    pub scheme: &'static str,
    /// Cloudflare's field of the host.
    pub host: &'static str,
    /// Cloudflare's field of the path.
    pub path: &'static str,
    /// Cloudflare's field of the query.
    pub query: &'static str,
}

/// What makes SEKOIA.IO's own parser read a raw record of the dataset right.
#[derive(Debug)]
pub struct Native {
    /// How the parser reads times.
    pub times: NativeTimes,
    /// Keys that the parser reads though Logpush never sends them: `(alias, field)`.
    pub aliases: &'static [(&'static str, &'static str)],
    /// Key that the parser reads for the whole referrer.
    pub referrer_alias: Option<&'static str>,
    /// Fields that the parser misreads when they are empty, and that are left out then.
    pub drop_empty: &'static [&'static str],
}

/// The form of time that a native parser understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NativeTimes {
    /// Integers of nanoseconds since 1970.
    UnixNano,
}
