//! Words that several datasets share.

use crate::convert::check::Words;

/// IP protocol numbers and names, as `network.transport` has them.
pub(super) const TRANSPORTS: Words = &[
    ("1", "icmp"),
    ("icmp", "icmp"),
    ("6", "tcp"),
    ("tcp", "tcp"),
    ("17", "udp"),
    ("udp", "udp"),
    ("47", "gre"),
    ("gre", "gre"),
    ("58", "ipv6-icmp"),
    ("icmpv6", "ipv6-icmp"),
    ("132", "sctp"),
    ("sctp", "sctp"),
];

/// DNS query types by number (IANA dns-parameters-4), as `dns.question.type` has them; 255 is
/// `*` at IANA and `ANY` to everybody else.
#[rustfmt::skip]
pub(super) const DNS_TYPES: Words = &[
    ("1", "A"), ("2", "NS"), ("3", "MD"), ("4", "MF"), ("5", "CNAME"), ("6", "SOA"),
    ("7", "MB"), ("8", "MG"), ("9", "MR"), ("10", "NULL"), ("11", "WKS"), ("12", "PTR"),
    ("13", "HINFO"), ("14", "MINFO"), ("15", "MX"), ("16", "TXT"), ("17", "RP"), ("18", "AFSDB"),
    ("19", "X25"), ("20", "ISDN"), ("21", "RT"), ("22", "NSAP"), ("23", "NSAP-PTR"), ("24", "SIG"),
    ("25", "KEY"), ("26", "PX"), ("27", "GPOS"), ("28", "AAAA"), ("29", "LOC"), ("30", "NXT"),
    ("31", "EID"), ("32", "NIMLOC"), ("33", "SRV"), ("34", "ATMA"), ("35", "NAPTR"), ("36", "KX"),
    ("37", "CERT"), ("38", "A6"), ("39", "DNAME"), ("40", "SINK"), ("41", "OPT"), ("42", "APL"),
    ("43", "DS"), ("44", "SSHFP"), ("45", "IPSECKEY"), ("46", "RRSIG"), ("47", "NSEC"), ("48", "DNSKEY"),
    ("49", "DHCID"), ("50", "NSEC3"), ("51", "NSEC3PARAM"), ("52", "TLSA"), ("53", "SMIMEA"), ("55", "HIP"),
    ("56", "NINFO"), ("57", "RKEY"), ("58", "TALINK"), ("59", "CDS"), ("60", "CDNSKEY"), ("61", "OPENPGPKEY"),
    ("62", "CSYNC"), ("63", "ZONEMD"), ("64", "SVCB"), ("65", "HTTPS"), ("66", "DSYNC"), ("67", "HHIT"),
    ("68", "BRID"), ("99", "SPF"), ("100", "UINFO"), ("101", "UID"), ("102", "GID"), ("103", "UNSPEC"),
    ("104", "NID"), ("105", "L32"), ("106", "L64"), ("107", "LP"), ("108", "EUI48"), ("109", "EUI64"),
    ("128", "NXNAME"), ("249", "TKEY"), ("250", "TSIG"), ("251", "IXFR"), ("252", "AXFR"), ("253", "MAILB"),
    ("254", "MAILA"), ("255", "ANY"), ("256", "URI"), ("257", "CAA"), ("258", "AVC"), ("259", "DOA"),
    ("260", "AMTRELAY"), ("261", "RESINFO"), ("262", "WALLET"), ("263", "CLA"), ("264", "IPN"), ("32768", "TA"),
    ("32769", "DLV"),
];

/// DNS response codes by number (IANA dns-parameters-6), as `dns.response_code` has them. 16 is
/// `BADVERS` in a header; `BADSIG` has the same number in a TSIG record only.
#[rustfmt::skip]
pub(super) const DNS_RESPONSES: Words = &[
    ("0", "NOERROR"), ("1", "FORMERR"), ("2", "SERVFAIL"), ("3", "NXDOMAIN"),
    ("4", "NOTIMP"), ("5", "REFUSED"), ("6", "YXDOMAIN"), ("7", "YXRRSET"),
    ("8", "NXRRSET"), ("9", "NOTAUTH"), ("10", "NOTZONE"), ("11", "DSOTYPENI"),
    ("16", "BADVERS"), ("17", "BADKEY"), ("18", "BADTIME"), ("19", "BADMODE"),
    ("20", "BADNAME"), ("21", "BADALG"), ("22", "BADTRUNC"), ("23", "BADCOOKIE"),
];

/// Whether a DNS query was answered: `event.outcome` by response code.
#[rustfmt::skip]
pub(super) const DNS_OUTCOMES: Words = &[
    ("0", "success"),
    ("1", "failure"), ("2", "failure"), ("3", "failure"), ("4", "failure"),
    ("5", "failure"), ("6", "failure"), ("7", "failure"), ("8", "failure"),
    ("9", "failure"), ("10", "failure"), ("11", "failure"), ("16", "failure"),
    ("17", "failure"), ("18", "failure"), ("19", "failure"), ("20", "failure"),
    ("21", "failure"), ("22", "failure"), ("23", "failure"),
    ("NOERROR", "success"),
    ("FORMERR", "failure"), ("SERVFAIL", "failure"), ("NXDOMAIN", "failure"), ("NOTIMP", "failure"),
    ("REFUSED", "failure"), ("YXDOMAIN", "failure"), ("YXRRSET", "failure"), ("NXRRSET", "failure"),
    ("NOTAUTH", "failure"), ("NOTZONE", "failure"), ("DSOTYPENI", "failure"), ("BADVERS", "failure"),
    ("BADKEY", "failure"), ("BADTIME", "failure"), ("BADMODE", "failure"), ("BADNAME", "failure"),
    ("BADALG", "failure"), ("BADTRUNC", "failure"), ("BADCOOKIE", "failure"),
];

/// What Gateway did to a request or a connection: `event.type` by action. What it only changed,
/// held back or sent elsewhere is neither allowed nor denied.
#[rustfmt::skip]
pub(super) const GATEWAY_ACTIONS: Words = &[
    ("allow",      "allowed"), ("allowedOnNoRuleMatch",   "allowed"), ("allowedOnNoPolicyMatch", "allowed"),
    ("bypass",     "allowed"), ("off",                    "allowed"), ("noscan",                 "allowed"),
    ("on",         "allowed"), ("scan",                   "allowed"), ("noisolate",              "allowed"),
    ("block",      "denied"),  ("blocked",                "denied"),
    ("isolate",    "info"),    ("quarantine",             "info"),    ("redirect",               "info"),
    ("override",   "info"),    ("l4_override",            "info"),    ("audit_ssh",              "info"),
    ("safesearch", "info"),    ("ytrestricted",           "info"),    ("egress",                 "info"),
    ("unknown",    "info"),
    ("*",          "info"),
];

/// Names of operating systems as the WARP client reports them, as `host.os.type` has them.
#[rustfmt::skip]
pub(super) const OS_TYPES: Words = &[
    ("windows", "windows"),
    ("mac", "macos"), ("macos", "macos"), ("darwin", "macos"),
    ("linux", "linux"), ("chromeos", "linux"),
    ("android", "android"),
    ("ios", "ios"),
];

/// `event.outcome` of a boolean that says whether something worked.
pub(super) const SUCCEEDED: Words = &[("true", "success"), ("false", "failure")];
