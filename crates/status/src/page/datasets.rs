//! The page's sections about datasets: the state of each, the latest uploads, unknown fields, and jobs.

use maud::{Markup, html};

use crate::format::{bytes, count, duration, grouped};
use crate::model::{DatasetStatus, Point, Status, UploadStatus, Window};
use crate::page::chart::{Chart, Unit};
use crate::page::layout::{NO_VALUE, ago, and_more};
use crate::page::problem::is_about;
use crate::shard::UploadOutcome;

/// Datasets with a problem that are shown open. One that is well takes a line.
const OPEN_MAX: usize = 4;

/// Latest uploads that the page lists; `/api/status` has more.
const UPLOADS_SHOWN: usize = 12;

/// Datasets with all of their charts: a page that a phone loads at once has no room for more. The others have one.
const CHARTED_MAX: usize = 8;

/// Unknown fields, the newest first, and jobs, the failing ones first.
const FIELDS_SHOWN: usize = 25;
const JOBS_SHOWN: usize = 15;

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;

/// A measure of a window: its name, value and format, and whether a value above 0 is bad.
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

/// The datasets that have sent anything so far, those with a problem first.
pub(super) fn all(status: &Status) -> Markup {
    let (bad, well): (Vec<_>, Vec<_>) = status
        .datasets
        .iter()
        .partition(|dataset| has_problem(status, dataset));
    html! {
        @if !status.datasets.is_empty() {
            section.list aria-labelledby="datasets" {
                h2 #datasets { "Datasets" }
                @if status.datasets.len() > CHARTED_MAX {
                    p { "The first " (CHARTED_MAX) ", those with a problem before all, have every chart." }
                }
                @for (place, dataset) in bad.iter().chain(&well).enumerate() {
                    details.dataset #(format!("dataset-{}", dataset.dataset)) open[place < bad.len().min(OPEN_MAX)] {
                        summary { h3 { (dataset.dataset) } (tags(status, dataset)) }
                        (details(dataset, status.at, place < CHARTED_MAX))
                    }
                }
            }
        }
    }
}

/// The latest uploads and their outcomes.
pub(super) fn uploads(status: &Status) -> Markup {
    html! {
        @if !status.uploads.is_empty() {
            section aria-labelledby="uploads" {
                h2 #uploads { "Latest uploads" }
                div.scroll tabindex="0" role="group" aria-label="The table of uploads" {
                    table.rows {
                        thead {
                            tr {
                                th scope="col" { "Ended" }
                                th.wide scope="col" { "Dataset" }
                                th scope="col" { "Outcome" }
                                th.number scope="col" { "Records" }
                                th.number.wide scope="col" { "Received" }
                                th.number scope="col" { "Lag" }
                                th.number.wide scope="col" { "Attempts" }
                            }
                        }
                        @for upload in status.uploads.iter().take(UPLOADS_SHOWN) { (upload_rows(upload, status.at)) }
                    }
                }
            }
        }
    }
}

/// Fields that the mapping does not know.
pub(super) fn unknown_fields(status: &Status) -> Markup {
    let mut fields: Vec<_> = status
        .datasets
        .iter()
        .flat_map(|dataset| {
            dataset
                .unknown_fields
                .iter()
                .map(move |field| (&dataset.dataset, field))
        })
        .collect();
    fields.sort_by_key(|(_, field)| core::cmp::Reverse(field.first));
    html! {
        @if !fields.is_empty() {
            section aria-labelledby="drift" {
                h2 #drift { "Fields that the mapping does not know" }
                p { "Their values are kept under " code { "cloudflare" } "." }
                div.scroll tabindex="0" role="group" aria-label="The table of fields" {
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
                            @for (dataset, field) in fields.iter().take(FIELDS_SHOWN) {
                                tr {
                                    th scope="row" { code { (field.field) } }
                                    td { (dataset) }
                                    td.wide { (ago(field.first, status.at)) }
                                    td { (ago(field.last, status.at)) }
                                }
                            }
                        }
                    }
                }
                (and_more(fields.len(), FIELDS_SHOWN))
            }
        }
    }
}

/// The Logpush jobs, if the Worker may ask Cloudflare for them.
pub(super) fn jobs(status: &Status) -> Markup {
    let mut jobs: Vec<_> = status.jobs.iter().collect();
    jobs.sort_by_key(|job| job.enabled && job.error.is_none());
    html! {
        @if !status.jobs.is_empty() {
            section aria-labelledby="jobs" {
                h2 #jobs { "Logpush jobs" }
                div.scroll tabindex="0" role="group" aria-label="The table of jobs" {
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
                            @for job in jobs.iter().take(JOBS_SHOWN) {
                                tr {
                                    th scope="row" { (job.id) }
                                    td { (job.dataset) }
                                    td {
                                        @if job.enabled { span.tag.ok { "enabled" } }
                                        @else { span.tag.error { "disabled" } }
                                    }
                                    td { @match &job.error { Some(error) => { (error) } None => { (NO_VALUE) } } }
                                }
                            }
                        }
                    }
                }
                (and_more(jobs.len(), JOBS_SHOWN))
            }
        }
    }
}

fn has_problem(status: &Status, dataset: &DatasetStatus) -> bool {
    let mut problems = status.problems.iter();
    problems.any(|problem| is_about(problem, &dataset.dataset))
}

fn tags(status: &Status, dataset: &DatasetStatus) -> Markup {
    html! {
        span.tags {
            @if dataset.waiting.uploads > 0 { span.tag.warning { (count(dataset.waiting.uploads)) " waiting" } }
            @match dataset.dead_letters {
                0 => {}
                1 => { span.tag.error { "1 dead letter" } }
                many => { span.tag.error { (count(many)) " dead letters" } }
            }
            @if has_problem(status, dataset) { span.tag.warning { "see above" } }
            @else { span.tag.ok { "well" } }
            @if let Some(last) = dataset.last_arrival {
                span.last {
                    @if dataset.last_hour.counters.records > 0 { (count(dataset.last_hour.counters.records)) " records in the last hour, " }
                    "last upload " (ago(last, status.at))
                }
            }
        }
    }
}

fn details(dataset: &DatasetStatus, now: u64, is_charted: bool) -> Markup {
    html! {
        div.columns {
            table.measures {
                caption.unseen { (dataset.dataset) " over the last hour, day and week" }
                thead {
                    tr {
                        td {}
                        th scope="col" { "Hour" }
                        th scope="col" { "Day" }
                        th scope="col" { "Week" }
                    }
                }
                tbody {
                    // What is bad and never happened is not worth a row.
                    @for (name, value, format, is_bad) in MEASURES.iter().filter(|measure| !measure.3 || measure.1(&dataset.last_week) > 0) {
                        tr {
                            th scope="row" { (name) }
                            @for window in [&dataset.last_hour, &dataset.last_day, &dataset.last_week] {
                                (measured(value(window), *format, *is_bad))
                            }
                        }
                    }
                    tr {
                        th scope="row" { "Waiting now" }
                        td colspan="3" { (waiting(dataset, now)) }
                    }
                }
            }
            div.charts {
                @for chart in charts(dataset, now, is_charted) { (chart.draw()) }
            }
        }
    }
}

/// All charts of a dataset, or the one that says most.
fn charts(dataset: &DatasetStatus, now: u64, all: bool) -> Vec<Chart<'static>> {
    let week = |title, value: fn(&Window) -> u64, unit, is_bad| Chart {
        title,
        from: "7 days ago",
        values: values(&dataset.hours, HOUR, now / HOUR, 168, value),
        unit,
        is_bad,
    };
    let records = |window: &Window| window.counters.records;
    let records_per_hour = week("Records per hour", records, Unit::Number, false);
    if !all {
        return vec![records_per_hour];
    }
    let failures = |window: &Window| {
        let counters = &window.counters;
        counters.errors + counters.refused + counters.failed_attempts + counters.dead_letters
    };
    vec![
        Chart {
            title: "Records per minute",
            from: "60 min ago",
            values: values(&dataset.minutes, MINUTE, now / MINUTE, 60, records),
            unit: Unit::Number,
            is_bad: false,
        },
        records_per_hour,
        week(
            "Longest lag per hour",
            |window| window.lag_ms_max,
            Unit::Millis,
            false,
        ),
        week(
            "Errors, refusals and failed attempts per hour",
            failures,
            Unit::Number,
            true,
        ),
    ]
}

fn waiting(dataset: &DatasetStatus, now: u64) -> Markup {
    let waiting = &dataset.waiting;
    html! {
        @match waiting.uploads {
            0 => { (NO_VALUE) }
            1 => { "1 upload" }
            many => { (count(many)) " uploads" }
        }
        @if waiting.bytes > 0 { ", " (bytes(waiting.bytes)) }
        @if let Some(arrived) = waiting.oldest_arrival {
            ", the oldest for " (duration(now.saturating_sub(arrived)))
        }
    }
}

/// A cell of the table of measures, which a page has hundreds of: with what is needed alone.
fn measured(value: u64, format: fn(u64) -> String, is_bad: bool) -> Markup {
    let (text, whole) = (format(value), grouped(value));
    let tooltip = (text != whole).then_some(whole);
    html! {
        @if value == 0 { td { (NO_VALUE) } }
        @else if is_bad { td.bad title=[tooltip] { (text) } }
        @else { td title=[tooltip] { (text) } }
    }
}

fn upload_rows(upload: &UploadStatus, now: u64) -> Markup {
    let UploadStatus { dataset, upload } = upload;
    let (outcome, class) = match upload.outcome {
        UploadOutcome::Delivered if upload.errors + upload.refused > 0 => {
            ("delivered, with errors", "warning")
        }
        UploadOutcome::Delivered => ("delivered", "ok"),
        UploadOutcome::Waiting => ("waiting", "warning"),
        UploadOutcome::DeadLetter => ("dead letter", "error"),
        UploadOutcome::Replayed => ("replayed", "ok"),
        UploadOutcome::Lost => ("lost", "error"),
        UploadOutcome::Dropped => ("dropped", "warning"),
    };
    let is_delivered = upload.outcome == UploadOutcome::Delivered;
    html! {
        tbody {
            tr {
                th scope="row" { (ago(upload.at, now)) }
                td.wide { (dataset) }
                td { span.tag.(class) { (outcome) } }
                td.number title=(grouped(upload.records)) { @if upload.records > 0 { (count(upload.records)) } @else { (NO_VALUE) } }
                td.number.wide title=(grouped(upload.bytes)) { (bytes(upload.bytes)) }
                td.number { @if is_delivered { (duration(upload.lag_ms)) } @else { (NO_VALUE) } }
                td.number.wide { (upload.attempts) }
            }
            tr.more {
                td colspan="7" {
                    code { (upload.key) }
                    @if upload.errors > 0 { br; (count(upload.errors)) " error records" }
                    @if upload.refused > 0 { br; (count(upload.refused)) " refused events" }
                    @if let Some(error) = &upload.error { br; (error) }
                    @if upload.next_attempt > now { br; "next attempt " (ago(upload.next_attempt, now)) }
                }
            }
        }
    }
}

/// The values of the last `number` buckets, 0 where nothing came.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_those_of_the_last_buckets_with_gaps_filled() {
        let point = |at, records| Point {
            at,
            window: Window {
                counters: crate::counters::Counters {
                    records,
                    ..Default::default()
                },
                ..Window::default()
            },
        };
        let records = |window: &Window| window.counters.records;
        let points = [point(2 * MINUTE, 7), point(4 * MINUTE, 9)];
        for (last, number, expected) in [
            (4, 3, &[7, 0, 9][..]),
            (5, 2, &[9, 0]),
            (9, 3, &[0, 0, 0]),
            (1, 5, &[0, 0]),
        ] {
            assert_eq!(values(&points, MINUTE, last, number, records), expected);
        }
    }

    #[test]
    fn a_cell_is_short_and_has_the_whole_value_as_its_tooltip() {
        for (value, is_bad, expected) in [
            (0, true, "<td><span class=\"none\">\u{2013}</span></td>"),
            (12, false, "<td>12</td>"),
            (12, true, "<td class=\"bad\">12</td>"),
            (
                1_234_567,
                true,
                "<td class=\"bad\" title=\"1,234,567\">1.23 million</td>",
            ),
        ] {
            assert_eq!(measured(value, count, is_bad).into_string(), expected);
        }
    }

    #[test]
    fn an_upload_shows_its_outcome() {
        for (outcome, errors, expected) in [
            (
                UploadOutcome::Delivered,
                0,
                "<span class=\"tag ok\">delivered</span>",
            ),
            (
                UploadOutcome::Delivered,
                1,
                "<span class=\"tag warning\">delivered, with errors</span>",
            ),
            (
                UploadOutcome::Waiting,
                0,
                "<span class=\"tag warning\">waiting</span>",
            ),
            (
                UploadOutcome::DeadLetter,
                0,
                "<span class=\"tag error\">dead letter</span>",
            ),
            (
                UploadOutcome::Replayed,
                0,
                "<span class=\"tag ok\">replayed</span>",
            ),
        ] {
            let upload = UploadStatus {
                dataset: "dns_logs".to_owned(),
                upload: crate::shard::Upload {
                    outcome,
                    errors,
                    ..Default::default()
                },
            };
            let rows = upload_rows(&upload, 0).into_string();
            assert!(rows.contains(expected), "{rows}");
        }
    }
}
