//! The page's section about rules: what each did since the ledger began.

use maud::{Markup, html};

use crate::format::count;
use crate::model::Status;
use crate::page::layout::and_more;

/// Rules that the page lists, those that fitted most first.
const RULES_SHOWN: usize = 40;

/// What rules did, by dataset and destination; nothing where no record fitted any.
pub(super) fn all(status: &Status) -> Markup {
    let datasets = status.datasets.iter();
    let mut rules: Vec<_> = datasets
        .flat_map(|dataset| dataset.destinations.iter().map(move |of| (dataset, of)))
        .flat_map(|(dataset, of)| {
            let rules = of.rules.iter().filter(|(_, totals)| totals.fits > 0);
            rules.map(move |(rule, totals)| (rule, &dataset.dataset, &of.destination, totals))
        })
        .collect();
    rules.sort_by_key(|(.., totals)| core::cmp::Reverse(totals.fits));
    html! {
        @if !rules.is_empty() {
            section aria-labelledby="rules" {
                h2 #rules { "Rules" }
                div.scroll tabindex="0" role="group" aria-label="The table of rules" {
                    table.rows {
                        thead {
                            tr {
                                th scope="col" { "Rule" }
                                th scope="col" { "Dataset" }
                                th.wide scope="col" { "Destination" }
                                th.number scope="col" { "Records that fit" }
                                th.number scope="col" { "Dropped" }
                            }
                        }
                        tbody {
                            @for (rule, dataset, destination, totals) in rules.iter().take(RULES_SHOWN) {
                                tr {
                                    th scope="row" { code { (rule) } }
                                    td { (dataset) }
                                    td.wide { (destination) }
                                    td.number { (count(totals.fits)) }
                                    td.number { (count(totals.dropped)) }
                                }
                            }
                        }
                    }
                }
                (and_more(rules.len(), RULES_SHOWN))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;
    use crate::health::AlertLimits;
    use crate::overview::Overview;
    use crate::shard::{DestinationStats, Report, RuleTotals, ShardStats};

    #[test]
    fn a_rule_is_shown_where_a_record_fitted_it() {
        let rule = |fits, dropped| RuleTotals { fits, dropped };
        let destination = DestinationStats {
            rules: [
                ("health-checks".to_owned(), rule(1200, 1100)),
                ("never".to_owned(), rule(0, 0)),
            ]
            .into(),
            ..DestinationStats::default()
        };
        let stats = ShardStats {
            destinations: [("siem".to_owned(), destination)].into(),
            ..ShardStats::default()
        };
        let report = |stats| Report {
            stats,
            ..Report::default()
        };
        let limits = AlertLimits {
            silent: Duration::MAX,
            lag: Duration::MAX,
            backlog: 1,
        };
        for (stats, expected) in [(stats, true), (ShardStats::default(), false)] {
            let mut overview = Overview::default();
            let entry = overview.datasets.entry("dns_logs".to_owned());
            entry.or_default().take("shard", report(stats));
            let status = Status::durable(Some(overview), &limits, Vec::new(), 1);
            let page = all(&status).into_string();
            for word in ["health-checks", "dns_logs", "siem", "1,200", "1,100"] {
                assert_eq!(page.contains(word), expected, "{word}: {page}");
            }
            assert!(!page.contains("never"), "{page}");
        }
    }
}
