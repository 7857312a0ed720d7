//! `workers_trace_events`: one run of a Cloudflare Worker, with its log lines and errors.

use crate::mapping::Constant::{List, Text as One};
use crate::mapping::Target::{
    Hosts, Inside, Ip, Keep, Milliseconds, Positive, Text, Texts, Timestamp, Url, When, Words,
};
use crate::mapping::{Dataset, kept, row};

pub(super) static WORKERS_TRACE_EVENTS: Dataset = Dataset {
    name: "workers_trace_events",
    constants: &[
        ("ecs.version", One("9.4.0")),
        ("event.kind", One("event")),
        ("event.category", List(&["web"])),
        ("event.dataset", One("workers-trace-events")),
        ("event.module", One("cloudflare")),
        ("event.type", List(&["info"])),
        ("observer.vendor", One("Cloudflare")),
    ],
    #[rustfmt::skip]
    rows: &[
        kept("CPUTimeMs"),
        kept("DispatchNamespace"),
        kept("Entrypoint"),
        // The request or message that started the run: URL, method, headers and RayID are inside.
        row("Event",            &[
            Inside("Request.URL", &Url("url")),
            Inside("Request.URL", &Hosts("related.hosts")),
            Inside("Request.Method", &Text("http.request.method")),
            Inside("Response.Status", &Positive("http.response.status_code")),
            Inside("Request.Headers.cf-connecting-ip", &Ip("source.ip")),
            Inside("Request.Headers.cf-connecting-ip", &Ip("source.address")),
            Inside("Request.Headers.cf-connecting-ip", &Ip("related.ip")),
            Inside("Request.Headers.user-agent", &Text("user_agent.original")),
            Inside("RayID", &Text("http.request.id")),
            Inside("MailFrom", &Texts("email.from.address")),
            Inside("MailFrom", &Texts("related.user")),
            Inside("RcptTo", &Texts("email.to.address")),
            Inside("RcptTo", &Texts("related.user")),
            Keep("Event"),
        ]),
        row("EventTimestampMs", &[Timestamp("@timestamp")]),
        row("EventType",        &[Text("event.action"), Words("faas.trigger.type", TRIGGERS), When("event.type", &[("fetch", "access")])]),
        // The first of them; mostly it is the only one.
        row("Exceptions",       &[
            Inside("0.Name", &Text("error.type")),
            Inside("0.Message", &Text("error.message")),
            Inside("0.Stack", &Text("error.stack_trace")),
            Keep("Exceptions"),
        ]),
        // What the Worker's own code writes to its console: kept, since it is why one logs it.
        kept("Logs"),
        row("Outcome",          &[Words("event.outcome", OUTCOMES), When("event.type", ERRORS), Keep("Outcome")]),
        row("ScriptName",       &[Text("faas.name")]),
        kept("ScriptTags"),
        row("ScriptVersion",    &[Inside("ID", &Text("faas.version")), Keep("ScriptVersion")]),
        row("WallTimeMs",       &[Milliseconds("event.duration")]),
    ],
    renamed: &[],
    joined: &[],
    native: None,
};

/// ECS: "one of http, pubsub, datasource, timer, other".
#[rustfmt::skip]
const TRIGGERS: crate::mapping::Words = &[
    ("fetch", "http"),
    ("scheduled", "timer"), ("alarm", "timer"),
    ("queue", "pubsub"),
    ("email", "other"),     ("worker_rpc", "other"), ("hibernatable_web_socket", "other"),
    ("*", "other"),
];

/// Beside the documented words those of the Workers runtime (github.com/cloudflare/workerd,
/// with its spelling of `kilSwitch`). When the client went away, the run itself is no failure.
#[rustfmt::skip]
const OUTCOMES: crate::mapping::Words = &[
    ("ok", "success"),
    ("canceled", "unknown"),      ("responseStreamDisconnected", "unknown"), ("unknown", "unknown"),
    ("exception", "failure"),     ("exceededCpu", "failure"),    ("exceededMemory", "failure"),
    ("scriptNotFound", "failure"), ("daemonDown", "failure"),    ("loadShed", "failure"),
    ("killSwitch", "failure"),    ("kilSwitch", "failure"),
    ("*", "unknown"),
];

#[rustfmt::skip]
const ERRORS: crate::mapping::Words = &[
    ("exception", "error"),      ("exceededCpu", "error"), ("exceededMemory", "error"),
    ("scriptNotFound", "error"), ("daemonDown", "error"),  ("loadShed", "error"),
    ("killSwitch", "error"),     ("kilSwitch", "error"),
];
