//! `account_abuse_protection_events`: what a visitor did with an account of a protected site: login, signup, payment.

use crate::mapping::Constant::{List, Text as One};
use crate::mapping::Target::{
    CountryCode, CountryName, Domain, Host, Ip, Keep, Port, Positive, Text, Timestamp, When, Words,
};
use crate::mapping::{Dataset, kept, row};

pub(super) static ACCOUNT_ABUSE_PROTECTION_EVENTS: Dataset = Dataset {
    name: "account_abuse_protection_events",
    constants: &[
        ("ecs.version", One("9.4.0")),
        // And `authentication` or `iam`, by EventType.
        ("event.category", List(&["web"])),
        ("event.dataset", One("account-abuse-protection-events")),
        ("event.kind", One("event")),
        ("event.module", One("cloudflare")),
        ("observer.type", One("firewall")),
        ("observer.vendor", One("Cloudflare")),
    ],
    #[rustfmt::skip]
    rows: &[
        kept("AuthenticationIdentityProvider"),
        kept("AuthenticationMethod"),
        row("AuthenticationStatus",             &[Words("event.outcome", OUTCOMES), When("event.reason", REASONS), Keep("AuthenticationStatus")]),
        // 1 is a bot, 99 a human: the reverse of event.risk_score.
        kept("BotScore"),
        row("ClientASN",                        &[Positive("source.as.number")]),
        row("ClientCity",                       &[Text("source.geo.city_name")]),
        row("ClientCountry",                    &[CountryCode("source.geo.country_iso_code"), CountryName("source.geo.country_name")]),
        row("ClientIP",                         &[Ip("source.ip"), Ip("source.address"), Ip("related.ip")]),
        row("Email",                            &[Text("user.email"), Text("related.user")]),
        // Short-lived by design: device.id is for one that stays.
        kept("EphemeralID"),
        row("EventSource",                      &[Text("event.provider")]),
        row("EventType",                        &[Text("event.action"), Words("event.category", CATEGORIES), Words("event.type", TYPES),
                                                  When("event.type", USER_TYPES)]),
        // The risk of the address, not of the user: no user.risk.*.
        kept("FraudEmailRisk"),
        row("Host",                             &[Text("destination.address"), Domain("destination.domain"), Port("destination.port"),
                                                  Domain("url.domain"), Port("url.port"), Host("related.hosts")]),
        // ECS 9.4 has a field for JA3 only.
        kept("JA4"),
        row("RayID",                            &[Text("http.request.id"), Keep("RayID")]),
        row("Timestamp",                        &[Timestamp("@timestamp")]),
        row("UserAgent",                        &[Text("user_agent.original")]),
        row("UserID",                           &[Text("user.id"), Text("related.user")]),
    ],
    renamed: &[],
    joined: &[],
    native: None,
};

#[rustfmt::skip]
const OUTCOMES: crate::mapping::Words = &[
    ("success",                  "success"),
    ("failureOther",             "failure"),
    ("failureUserNotFound",      "failure"),
    ("failureIncorrectPassword", "failure"),
    ("failureAccountLocked",     "failure"),
    ("pendingMfa",               "unknown"),
    ("other",                    "unknown"),
    ("unknown",                  "unknown"),
    ("*",                        "unknown"),
];

#[rustfmt::skip]
const REASONS: crate::mapping::Words = &[
    ("failureOther",             "other failure"),
    ("failureUserNotFound",      "user not found"),
    ("failureIncorrectPassword", "incorrect password"),
    ("failureAccountLocked",     "account locked"),
    ("pendingMfa",               "pending multi-factor authentication"),
];

#[rustfmt::skip]
const CATEGORIES: crate::mapping::Words = &[
    ("login",            "authentication"),
    ("logout",           "authentication"),
    ("signup",           "iam"),
    ("profileUpdate",    "iam"),
    ("passwordReset",    "iam"),
    ("addPaymentMethod", "iam"),
    ("transaction",      ""),
    ("warpEnrollment",   ""),
    ("unknown",          ""),
    ("*",                ""),
];

#[rustfmt::skip]
const TYPES: crate::mapping::Words = &[
    ("login",            "start"),
    ("logout",           "end"),
    ("signup",           "creation"),
    ("profileUpdate",    "change"),
    ("passwordReset",    "change"),
    ("addPaymentMethod", "change"),
    ("transaction",      "info"),
    ("warpEnrollment",   "info"),
    ("unknown",          "info"),
    ("*",                "info"),
];

/// What changes a user has this type too.
#[rustfmt::skip]
const USER_TYPES: crate::mapping::Words = &[
    ("signup",           "user"),
    ("profileUpdate",    "user"),
    ("passwordReset",    "user"),
    ("addPaymentMethod", "user"),
];
