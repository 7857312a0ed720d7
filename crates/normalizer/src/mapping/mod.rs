//! The vocabulary of the dataset tables: what a row may say.
//!
//! A dataset file is a list of rows, one per Cloudflare field: its name, then where its value goes.
//! Nothing else is needed to add a field. A field without a row is kept as `cloudflare.<Name>`
//! and counted as drift; so is, uncounted, a value that its row cannot convert.

pub mod datasets;
mod targets;
mod words;

/// One Logpush dataset: how its records become documents.
#[derive(Debug)]
pub struct Dataset {
    /// Cloudflare's name, as in the Logpush API and in our URLs.
    pub name: &'static str,
    /// What every document carries, as ECS path and value; what a row gives comes first, and a
    /// list takes both.
    pub constants: &'static [(&'static str, Constant)],
    /// One per Cloudflare field.
    pub rows: &'static [Row],
    /// Names under which a field is sent too, or was once: `(other, field)`. Names that differ in
    /// the case of letters only need no mention.
    pub renamed: &'static [(&'static str, &'static str)],
    /// Addresses that Cloudflare sends in parts, and the ECS fields that take the whole.
    pub joined: &'static [Joined],
    /// What SEKOIA.IO's own parser of this dataset needs beside the raw record; `None` where it
    /// has no parser for it, and the record passes as it came.
    pub native: Option<Native>,
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

/// A row for a field that has no place in ECS: it is kept under its own name.
pub(crate) const fn kept(field: &'static str) -> Row {
    Row {
        field,
        targets: &[],
    }
}

/// Cloudflare's words and ours: case of letters does not matter; numbers and booleans are
/// compared by their text (`"6"`, `"true"`).
pub type Words = &'static [(&'static str, &'static str)];

/// A conversion, and the ECS field that takes its result.
///
/// Where the ECS field is a list (`event.type`, `related.ip`), all rows that name it add to it,
/// each value once. Where it is not, the first row that has a value gives it; a later row's value,
/// if it is another one, is kept as `cloudflare.<Name>`. A value that does not convert leaves the
/// field out and is kept as `cloudflare.<Name>` too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The text as it is; a number or a boolean becomes its text.
    Text(&'static str),
    /// The text in lower case.
    Lower(&'static str),
    /// The texts of a list (or one text), to an ECS field that is a list.
    Texts(&'static str),
    /// The first of a list that is not empty, to an ECS field that is none; a single value counts as a list of one.
    First(&'static str),
    /// An integer; a text of digits becomes one.
    Integer(&'static str),
    /// An integer above 0. What is not above it is Cloudflare's way to say "none", and kept as
    /// `cloudflare.<Name>`.
    Positive(&'static str),
    /// A number.
    Float(&'static str),
    /// The numbers of all rows that name this ECS field, added up (`network.bytes`).
    Sum(&'static str),
    /// The text, if it is an IPv4 or IPv6 address; an IPv4 address in the clothes of IPv6
    /// (`::ffff:192.0.2.1`) without them.
    Ip(&'static str),
    /// The addresses of a list (or one), to an ECS field that is a list.
    Ips(&'static str),
    /// A point in time: Unix seconds, milliseconds, microseconds or nanoseconds, or RFC 3339.
    Timestamp(&'static str),
    /// A span of time in milliseconds, whole or not, as nanoseconds.
    Milliseconds(&'static str),
    /// The time from another field's point in time to this one, in nanoseconds:
    /// `Since("event.duration", "EdgeStartTimestamp")`. The row keeps the time itself.
    Since(&'static str, &'static str),
    /// The host name without its port and final dot; for `x.domain` (or `x.name`) also
    /// `x.registered_domain`, `x.subdomain` and `x.top_level_domain`, by the ICANN part of the
    /// public suffix list.
    Domain(&'static str),
    /// The host name without its port and final dot.
    Host(&'static str),
    /// The port of a host name, where it has one.
    Port(&'static str),
    /// A whole address, under the given name (`url`): `.original`, `.scheme`, `.domain` and its parts,
    /// `.port`, `.path`, `.query` and `.fragment`; `.full` where it has a scheme and a host.
    Url(&'static str),
    /// A path with its query, under the given name (`url`): `.path` and `.query`.
    Uri(&'static str),
    /// The query string without its leading `?`.
    Query(&'static str),
    /// `1.1` of `HTTP/1.1`.
    HttpVersion(&'static str),
    /// `http` of `HTTP/1.1`.
    HttpProtocol(&'static str),
    /// `success` of an HTTP status below 400, `failure` of another.
    HttpOutcome(&'static str),
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
    /// Our word for Cloudflare's. A word that is not listed is counted as drift; what stands for `*`
    /// is written for it, if there is a `*`. Where ours is `""`, nothing is written.
    Words(&'static str, Words),
    /// Our word for some of Cloudflare's values; nothing for the others, which are not counted.
    When(&'static str, Words),
    /// As `Words`, to an ECS field that is an integer (`event.severity`): ours are digits.
    Numbers(&'static str, Words),
    /// The DNS records of a list, in wire format or as texts; their addresses go to
    /// `dns.resolved_ip` and `related.ip`.
    Answers(&'static str, Words),
    /// The attachments of a message, a list of objects; their hashes go to `related.hash`.
    Attachments(&'static str),
    /// The hosts of a list (or one) of links and mail addresses, to an ECS field that is a list.
    Hosts(&'static str),
    /// What a target makes of a member of an object, or of an element of a list:
    /// `Inside("Request.Method", &Text(...))`, `Inside("0.Message", &Text(...))`. The row keeps the
    /// whole as it came too.
    Inside(&'static str, &'static Self),
    /// The value as it came, objects and lists too, under `cloudflare.` and this name.
    Keep(&'static str),
    /// A secret: `cloudflare.` and this name say only that there was a value, unless the
    /// configuration asks for sensitive values.
    Masked(&'static str),
}

/// The fields that hold an address in parts, and the ECS field that takes the whole.
///
/// A row that writes the same ECS field goes before it.
#[derive(Debug)]
pub struct Joined {
    /// ECS field of the whole.
    pub target: &'static str,
    /// Cloudflare's field of the scheme; `""` where it sends none.
    pub scheme: &'static str,
    /// Cloudflare's field of the host.
    pub host: &'static str,
    /// Cloudflare's field of the path, or of path and query.
    pub path: &'static str,
    /// Cloudflare's field of the query; `""` where the path has it.
    pub query: &'static str,
}

/// What makes SEKOIA.IO's own parser read a raw record of the dataset right.
#[derive(Debug)]
pub struct Native {
    /// The form in which the parser reads each time, by field.
    pub times: &'static [(&'static str, NativeTime)],
    /// Keys that the parser reads though Logpush never sends them: `(alias, field)`.
    pub aliases: &'static [(&'static str, &'static str)],
    /// Key that the parser reads for the whole of the first joined address.
    pub joined_alias: Option<&'static str>,
    /// Fields that the parser misreads when they are empty, and that are left out then.
    pub drop_empty: &'static [&'static str],
    /// Names of hosts that the parser takes with the dot of the root, which falls away.
    pub drop_dot: &'static [&'static str],
    /// Keys of paths that the parser takes from a whole only with its query: `(path, whole)`.
    pub paths: &'static [(&'static str, &'static str)],
}

/// The form of time that a native parser understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NativeTime {
    /// Integers of nanoseconds since 1970.
    UnixNano,
    /// Integers of seconds since 1970.
    Unix,
    /// `2026-01-02T03:04:05.123456789Z`
    Rfc3339,
}
