//! The page's parts about datasets: how each stands, its latest uploads, unknown fields, jobs.

use maud::{Markup, html};

use crate::format::{bytes, count, duration, grouped};
use crate::model::{DatasetStatus, Point, Status, UploadStatus, Window};
use crate::page::chart::Chart;
use crate::page::{NOTHING, moment};
use crate::shard::Fate;

/// So many datasets are shown open; of more, those that want a look.
const OPEN: usize = 4;

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;

/// A measure of a window: its name, and its value as text; bad if it should be 0.
type Measure = (&'static str, fn(&Window) -> u64, fn(u64) -> String, bool);

const MEASURES: [Measure; 10] = [
    ("Uploads", |window| window.counters.uploads, count, false),
    ("Records", |window| window.counters.records, count, false),
    ("Received", |window| window.counters.bytes, bytes, false),
    ("Lag, mean", |window| window.lag_ms_mean, duration, false),
    ("Lag, longest", |window| window.lag_ms_max, duration, false),
    (
        "Error records",
        |window| window.counters.errors,
        count,
        true,
    ),
    (
        "Refused events",
        |window| window.counters.refused,
        count,
        true,
    ),
    ("Retries", |window| window.counters.retries, count, true),
    (
        "Failed attempts",
        |window| window.counters.failed_attempts,
        count,
        true,
    ),
    (
        "Dead letters written",
        |window| window.counters.dead_letters,
        count,
        true,
    ),
];

/// Each dataset that has ever come.
pub(crate) fn all(status: &Status) -> Markup {
    let datasets = &status.datasets;
    html! {
        @if !datasets.is_empty() {
            section aria-labelledby="datasets" {
                h2 #datasets { "Datasets" }
                @for of in datasets {
                    @let is_open = datasets.len() <= OPEN || wants_a_look(status, of);
                    details.dataset #(format!("dataset-{}", of.dataset)) open[is_open] {
                        summary { h3 { (of.dataset) } (tags(status, of)) }
                        (dataset(of, status.at))
                    }
                }
            }
        }
    }
}

/// The latest uploads and what became of them.
pub(crate) fn uploads(status: &Status) -> Markup {
    html! {
        @if !status.uploads.is_empty() {
            section aria-labelledby="uploads" {
                h2 #uploads { "Latest uploads" }
                div.scroll tabindex="0" role="region" aria-labelledby="uploads" {
                    table.rows {
                        thead {
                            tr {
                                th scope="col" { "Ended" }
                                th.wide scope="col" { "Dataset" }
                                th scope="col" { "Fate" }
                                th.number scope="col" { "Records" }
                                th.number.wide scope="col" { "Received" }
                                th.number scope="col" { "Lag" }
                                th.number.wide scope="col" { "Attempts" }
                            }
                        }
                        @for upload in &status.uploads { (upload_rows(upload, status.at)) }
                    }
                }
            }
        }
    }
}

/// Fields that the mapping does not know.
pub(crate) fn unknown_fields(status: &Status) -> Markup {
    let fields: Vec<_> = status
        .datasets
        .iter()
        .flat_map(|of| {
            of.unknown_fields
                .iter()
                .map(move |field| (&of.dataset, field))
        })
        .collect();
    html! {
        @if !fields.is_empty() {
            section aria-labelledby="drift" {
                h2 #drift { "Fields that the mapping does not know" }
                p { "Their values are kept under " code { "cloudflare" } "." }
                div.scroll tabindex="0" role="region" aria-labelledby="drift" {
                    table.rows {
                        thead {
                            tr {
                                th scope="col" { "Field" }
                                th scope="col" { "Dataset" }
                                th.wide scope="col" { "First" }
                                th scope="col" { "Last" }
                            }
                        }
                        tbody {
                            @for (dataset, field) in fields {
                                tr {
                                    th scope="row" { code { (field.field) } }
                                    td { (dataset) }
                                    td.wide { (moment(field.first)) }
                                    td { (moment(field.last)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Logpush jobs, where Cloudflare is asked for them.
pub(crate) fn jobs(status: &Status) -> Markup {
    html! {
        @if !status.jobs.is_empty() {
            section aria-labelledby="jobs" {
                h2 #jobs { "Logpush jobs" }
                div.scroll tabindex="0" role="region" aria-labelledby="jobs" {
                    table.rows {
                        thead {
                            tr {
                                th scope="col" { "Job" }
                                th scope="col" { "Dataset" }
                                th scope="col" { "State" }
                                th scope="col" { "Last error" }
                            }
                        }
                        tbody {
                            @for job in &status.jobs {
                                tr {
                                    th scope="row" { (job.id) }
                                    td { (job.dataset) }
                                    td {
                                        @if job.enabled { span.tag.ok { "enabled" } }
                                        @else { span.tag.error { "disabled" } }
                                    }
                                    td { @match &job.error { Some(error) => { (error) } None => { (NOTHING) } } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn wants_a_look(status: &Status, of: &DatasetStatus) -> bool {
    status
        .problems
        .iter()
        .any(|problem| problem.subject.as_ref() == Some(&of.dataset))
}

fn tags(status: &Status, of: &DatasetStatus) -> Markup {
    html! {
        span.tags {
            @if of.waiting.uploads > 0 { span.tag.warning { (count(of.waiting.uploads)) " waiting" } }
            @match of.dead_letters {
                0 => {}
                1 => { span.tag.error { "1 dead letter" } }
                many => { span.tag.error { (count(many)) " dead letters" } }
            }
            @if wants_a_look(status, of) { span.tag.warning { "see above" } }
            @else { span.tag.ok { "well" } }
            @if let Some(last) = of.last_arrival {
                span.last { "last upload " (duration(status.at.saturating_sub(last))) " ago" }
            }
        }
    }
}

fn dataset(of: &DatasetStatus, now: u64) -> Markup {
    let minute = now / MINUTE;
    let hour = now / HOUR;
    let failures = |window: &Window| {
        let counters = &window.counters;
        counters.errors + counters.refused + counters.failed_attempts + counters.dead_letters
    };
    let bad = values(&of.hours, HOUR, hour, 168, failures);
    html! {
        div.columns {
            table.measures {
                caption.unseen { (of.dataset) " over the last hour, day and week" }
                thead {
                    tr {
                        td {}
                        th.number scope="col" { "Hour" }
                        th.number scope="col" { "Day" }
                        th.number scope="col" { "Week" }
                    }
                }
                tbody {
                    @for (name, value, format, is_bad) in MEASURES {
                        tr {
                            th scope="row" { (name) }
                            @for window in [&of.last_hour, &of.last_day, &of.last_week] {
                                (cell(value(window), format, is_bad))
                            }
                        }
                    }
                    tr {
                        th scope="row" { "Waiting now" }
                        td.number colspan="3" { (waiting(of, now)) }
                    }
                }
            }
            div.charts {
                (Chart {
                    title: "Records per minute",
                    from: "60 min ago",
                    values: values(&of.minutes, MINUTE, minute, 60, |window| window.counters.records),
                    format: count,
                    is_bad: false,
                }.draw())
                (Chart {
                    title: "Records per hour",
                    from: "7 days ago",
                    values: values(&of.hours, HOUR, hour, 168, |window| window.counters.records),
                    format: count,
                    is_bad: false,
                }.draw())
                (Chart {
                    title: "Longest lag per hour",
                    from: "7 days ago",
                    values: values(&of.hours, HOUR, hour, 168, |window| window.lag_ms_max),
                    format: duration,
                    is_bad: false,
                }.draw())
                (Chart {
                    title: "Errors, refusals and failed attempts per hour",
                    from: "7 days ago",
                    values: bad,
                    format: count,
                    is_bad: true,
                }.draw())
            }
        }
    }
}

fn waiting(of: &DatasetStatus, now: u64) -> Markup {
    let waiting = &of.waiting;
    html! {
        @match waiting.uploads {
            0 => { (NOTHING) }
            1 => { "1 upload" }
            many => { (count(many)) " uploads" }
        }
        @if waiting.bytes > 0 { ", " (bytes(waiting.bytes)) }
        @if let Some(arrived) = waiting.oldest_arrival {
            ", the oldest for " (duration(now.saturating_sub(arrived)))
        }
    }
}

/// Short for the eye; whole for the hand that rests on it.
fn cell(value: u64, format: fn(u64) -> String, is_bad: bool) -> Markup {
    html! {
        @if value == 0 { td.number { (NOTHING) } }
        @else { td.number.bad[is_bad] title=(grouped(value)) { (format(value)) } }
    }
}

fn upload_rows(upload: &UploadStatus, now: u64) -> Markup {
    let UploadStatus { dataset, upload } = upload;
    let (fate, class) = match upload.fate {
        Fate::Delivered if upload.errors + upload.refused > 0 => {
            ("delivered, with errors", "warning")
        }
        Fate::Delivered => ("delivered", "ok"),
        Fate::Waiting => ("waits", "warning"),
        Fate::DeadLetter => ("dead letter", "error"),
        Fate::Replayed => ("replayed", "ok"),
    };
    let is_delivered = upload.fate == Fate::Delivered;
    html! {
        tbody {
            tr {
                th scope="row" { (moment(upload.at)) }
                td.wide { (dataset) }
                td { span.tag.(class) { (fate) } }
                (cell(upload.records, count, false))
                td.number.wide title=(grouped(upload.bytes)) { (bytes(upload.bytes)) }
                td.number { @if is_delivered { (duration(upload.lag_ms)) } @else { (NOTHING) } }
                td.number.wide { (upload.attempts) }
            }
            tr.more {
                td colspan="7" {
                    code { (upload.key) }
                    @if upload.errors > 0 { br; (count(upload.errors)) " error records" }
                    @if upload.refused > 0 { br; (count(upload.refused)) " refused events" }
                    @if let Some(error) = &upload.error { br; (error) }
                    @if upload.next_attempt > now { br; "next attempt in " (duration(upload.next_attempt - now)) }
                }
            }
        }
    }
}

/// The values of the last buckets, 0 where nothing came.
fn values(
    points: &[Point],
    length: u64,
    last: u64,
    number: u64,
    value: fn(&Window) -> u64,
) -> Vec<u64> {
    let first = (last + 1).saturating_sub(number);
    (first..=last)
        .map(|bucket| {
            points
                .iter()
                .find(|point| point.at == bucket * length)
                .map_or(0, |point| value(&point.window))
        })
        .collect()
}
