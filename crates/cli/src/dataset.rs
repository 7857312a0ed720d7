//! Datasets on the command line: the value of `--dataset`, and which scope has which dataset.

use core::fmt;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use logpush_normalizer::Dataset;
use logpush_normalizer::datasets::{DATASETS, by_name};

/// Accepts the names of the datasets that have a table.
pub(crate) fn parser() -> impl TypedValueParser<Value = &'static Dataset> {
    PossibleValuesParser::new(DATASETS.iter().map(|dataset| dataset.name))
        .try_map(|name| by_name(&name).ok_or("this dataset has no table"))
}

/// Refuses a dataset that zones, or accounts, do not have. One that is not known here passes.
pub(crate) fn expect(dataset: &str, is_account: bool) -> Result<(), String> {
    let Some(row) = row(dataset) else {
        return Ok(());
    };
    let (has, other) = match is_account {
        true => (row.homes.account(), "--zone"),
        false => (row.homes.zone(), "--account"),
    };
    match has {
        true => Ok(()),
        false => Err(format!(
            "{dataset} belongs to {}: name it with {other}",
            row.homes
        )),
    }
}

/// Whether reading the dataset needs the permission Zero Trust: PII Read.
pub(crate) fn is_zero_trust(dataset: &str) -> bool {
    row(dataset).is_some_and(|row| row.zero_trust)
}

/// Whether the dataset's records are requests, among which are those to the Worker itself.
pub(crate) fn has_own_requests(dataset: &str) -> bool {
    matches!(dataset, "http_requests" | "firewall_events")
}

fn row(dataset: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.dataset == dataset)
}

struct Row {
    dataset: &'static str,
    homes: Homes,
    zero_trust: bool,
}

#[derive(Clone, Copy)]
enum Homes {
    Zone,
    Account,
    Both,
}

impl Homes {
    fn zone(self) -> bool {
        matches!(self, Self::Zone | Self::Both)
    }

    fn account(self) -> bool {
        matches!(self, Self::Account | Self::Both)
    }
}

impl fmt::Display for Homes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Zone => "a zone",
            Self::Account => "an account",
            Self::Both => "a zone or an account",
        })
    }
}

const fn row_of(dataset: &'static str, homes: Homes) -> Row {
    Row {
        dataset,
        homes,
        zero_trust: false,
    }
}

/// A dataset of Access, Gateway or DEX, whose jobs need Zero Trust: PII Read since 2025-11-05.
const fn zero_trust(dataset: &'static str) -> Row {
    Row {
        dataset,
        homes: Homes::Account,
        zero_trust: true,
    }
}

/// Cloudflare's datasets as documented in August 2026, including those without a table here.
const ROWS: &[Row] = &[
    row_of("account_abuse_protection_events", Homes::Both),
    row_of("dns_logs", Homes::Zone),
    row_of("firewall_events", Homes::Both),
    row_of("http_requests", Homes::Zone),
    row_of("nel_reports", Homes::Zone),
    row_of("page_shield_events", Homes::Zone),
    row_of("spectrum_events", Homes::Zone),
    row_of("websocket_analytics", Homes::Both),
    row_of("zaraz_events", Homes::Zone),
    zero_trust("access_requests"),
    row_of("audit_logs", Homes::Account),
    row_of("audit_logs_v2", Homes::Account),
    row_of("biso_user_actions", Homes::Account),
    row_of("casb_findings", Homes::Account),
    row_of("device_posture_results", Homes::Account),
    zero_trust("dex_application_tests"),
    zero_trust("dex_device_state_events"),
    row_of("dlp_forensic_copies", Homes::Account),
    row_of("dns_firewall_logs", Homes::Account),
    row_of("email_security_alerts", Homes::Account),
    row_of("email_security_post_delivery_events", Homes::Account),
    zero_trust("gateway_dns"),
    zero_trust("gateway_http"),
    zero_trust("gateway_network"),
    row_of("ipsec_logs", Homes::Account),
    row_of("magic_bgp_logs", Homes::Account),
    row_of("magic_ids_detections", Homes::Account),
    row_of("mcp_portal_logs", Homes::Account),
    row_of("mnm_flow_logs", Homes::Account),
    row_of("network_analytics_logs", Homes::Account),
    row_of("sinkhole_http_logs", Homes::Account),
    row_of("ssh_logs", Homes::Account),
    row_of("turnstile_events", Homes::Account),
    row_of("warp_config_changes", Homes::Account),
    row_of("warp_toggle_changes", Homes::Account),
    row_of("workers_trace_events", Homes::Account),
    row_of("zero_trust_network_sessions", Homes::Account),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dataset_with_a_table_has_a_home() {
        for dataset in DATASETS {
            assert!(row(dataset.name).is_some(), "{}", dataset.name);
        }
    }

    #[test]
    fn a_dataset_of_the_other_scope_is_refused() {
        for (dataset, zone, account) in [
            ("firewall_events", true, true),
            ("http_requests", true, false),
            ("audit_logs", false, true),
            ("one_of_next_year", true, true),
        ] {
            assert_eq!(expect(dataset, false).is_ok(), zone, "{dataset}");
            assert_eq!(expect(dataset, true).is_ok(), account, "{dataset}");
        }
        let message = expect("audit_logs", false).unwrap_err();
        assert_eq!(
            message,
            "audit_logs belongs to an account: name it with --account"
        );
    }
}
