use crate::mapping::prelude::*;

pub(super) static WORKERS_TRACE_EVENTS: Dataset = Dataset {
    name: "workers_trace_events",
    about: for_pages("One run of a Cloudflare Worker, with its log lines and errors."),
    constants: &[
        ("event.kind", Text("event")),
        ("event.category", List(&["web"])),
        ("event.dataset", Text("workers_trace_events")),
        ("event.module", Text("cloudflare")),
        ("event.type", List(&["info"])),
    ],
    #[rustfmt::skip]
    rows: &[
        kept("CPUTimeMs"),
        kept("DispatchNamespace"),
        kept("Entrypoint"),
        row("Event",            &[
            inside("Request.URL", &url("url")),
            inside("Request.URL", &hosts("related.hosts")),
            inside("Request.Method", &text("http.request.method")),
            inside("Response.Status", &status("http.response.status_code")),
            inside("Request.Headers.cf-connecting-ip", &ip("source.ip")),
            inside("Request.Headers.cf-connecting-ip", &ip("source.address")),
            inside("Request.Headers.cf-connecting-ip", &ip("related.ip")),
            inside("Request.Headers.user-agent", &text("user_agent.original")),
            inside("RayID", &text("http.request.id")),
            inside("MailFrom", &texts("email.from.address")),
            inside("MailFrom", &texts("related.user")),
            inside("RcptTo", &texts("email.to.address")),
            inside("RcptTo", &texts("related.user")),
            keep("Event"),
        ])
            .why("The request or message that started the run: URL, method, headers and RayID are inside."),
        row("EventTimestampMs", &[timestamp("@timestamp")]),
        row("EventType",        &[text("event.action"), lookup("faas.trigger.type", TRIGGERS), lookup_if("event.type", &[("fetch", "access")])]),
        row("Exceptions",       &[
            inside("0.Name", &text("error.type")),
            inside("0.Message", &text("error.message")),
            inside("0.Stack", &text("error.stack_trace")),
            keep("Exceptions"),
        ])
            .why("The first of them; mostly it is the only one."),
        kept("Logs")
            .why("What the Worker's own code writes to its console: kept, since it is why one logs it.")
            .sensitive(),
        row("Outcome",          &[lookup("event.outcome", OUTCOMES), lookup_if("event.type", ERRORS), keep("Outcome")]),
        row("ScriptName",       &[text("faas.name")]),
        kept("ScriptTags"),
        row("ScriptVersion",    &[inside("ID", &text("faas.version")), keep("ScriptVersion")]),
        row("WallTimeMs",       &[milliseconds("event.duration")]),
    ],
    traces: Traces {
        addresses: &["Event.Request.URL"],
        workers: &["ScriptName"],
    },
    ..Dataset::BASE
};

/// ECS: "one of http, pubsub, datasource, timer, other".
#[rustfmt::skip]
const TRIGGERS: Words = &[
    ("fetch", "http"),
    ("scheduled", "timer"), ("alarm", "timer"),
    ("queue", "pubsub"),
    ("email", "other"),     ("worker_rpc", "other"), ("hibernatable_web_socket", "other"),
    ("*", "other"),
];

/// Beside the documented words those of the Workers runtime (github.com/cloudflare/workerd,
/// with its spelling of `kilSwitch`). When the client went away, the run itself is no failure.
#[rustfmt::skip]
const OUTCOMES: Words = &[
    ("ok", "success"),
    ("canceled", "unknown"),      ("responseStreamDisconnected", "unknown"), ("unknown", "unknown"),
    ("exception", "failure"),     ("exceededCpu", "failure"),    ("exceededMemory", "failure"),
    ("scriptNotFound", "failure"), ("daemonDown", "failure"),    ("loadShed", "failure"),
    ("killSwitch", "failure"),    ("kilSwitch", "failure"),
    ("*", "unknown"),
];

#[rustfmt::skip]
const ERRORS: Words = &[
    ("exception", "error"),      ("exceededCpu", "error"), ("exceededMemory", "error"),
    ("scriptNotFound", "error"), ("daemonDown", "error"),  ("loadShed", "error"),
    ("killSwitch", "error"),     ("kilSwitch", "error"),
];
