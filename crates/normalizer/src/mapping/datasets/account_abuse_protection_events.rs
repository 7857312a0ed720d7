use crate::mapping::prelude::*;

pub(super) static ACCOUNT_ABUSE_PROTECTION_EVENTS: Dataset = Dataset {
    name: "account_abuse_protection_events",
    about: for_pages(
        "What a visitor did with an account of a protected site: login, signup, payment.",
    ),
    constants: &[
        // And `authentication` or `iam`, by EventType.
        ("event.category", List(&["web"])),
        ("event.dataset", Text("account_abuse_protection_events")),
        ("event.kind", Text("event")),
        ("event.module", Text("cloudflare")),
        ("observer.type", Text("firewall")),
    ],
    #[rustfmt::skip]
    rows: &[
        kept("AuthenticationIdentityProvider"),
        kept("AuthenticationMethod"),
        row("AuthenticationStatus",             &[lookup("event.outcome", OUTCOMES), lookup_if("event.reason", REASONS), keep("AuthenticationStatus")]),
        kept("BotScore")
            .why("1 is a bot, 99 a human: the reverse of event.risk_score."),
        row("ClientASN",                        &[as_number("source.as.number")]),
        row("ClientCity",                       &[text("source.geo.city_name")]),
        row("ClientCountry",                    &[country_code("source.geo.country_iso_code"), country_name("source.geo.country_name")]),
        row("ClientIP",                         &[ip("source.ip"), ip("source.address"), ip("related.ip")]),
        row("Email",                            &[text("user.email"), text("related.user")]),
        kept("EphemeralID")
            .why("Short-lived by design: device.id is for one that stays."),
        row("EventSource",                      &[text("event.provider")]),
        row("EventType",                        &[text("event.action"), lookup("event.category", CATEGORIES), lookup("event.type", TYPES),
                                                  lookup_if("event.type", USER_TYPES)]),
        kept("FraudEmailRisk")
            .why("The risk of the address, not of the user: no user.risk.*."),
        row("Host",                             &[text("destination.address"), domain("destination.domain"), port("destination.port"),
                                                  authority("url"), host("related.hosts")]),
        kept("JA4")
            .why("ECS 9.4 has a field for JA3 only."),
        row("RayID",                            &[text("http.request.id"), keep("RayID")]),
        row("Timestamp",                        &[timestamp("@timestamp")]),
        row("UserAgent",                        &[text("user_agent.original")]),
        row("UserID",                           &[text("user.id"), text("related.user")]),
    ],
    ..Dataset::BASE
};

#[rustfmt::skip]
const OUTCOMES: Words = &[
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
const REASONS: Words = &[
    ("failureOther",             "other failure"),
    ("failureUserNotFound",      "user not found"),
    ("failureIncorrectPassword", "incorrect password"),
    ("failureAccountLocked",     "account locked"),
    ("pendingMfa",               "pending multi-factor authentication"),
];

#[rustfmt::skip]
const CATEGORIES: Words = &[
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
const TYPES: Words = &[
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
const USER_TYPES: Words = &[
    ("signup",           "user"),
    ("profileUpdate",    "user"),
    ("passwordReset",    "user"),
    ("addPaymentMethod", "user"),
];
