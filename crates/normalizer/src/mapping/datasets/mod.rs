//! One file per Logpush dataset: its table, nothing else.

mod access_requests;
mod account_abuse_protection_events;
mod audit_logs;
mod audit_logs_v2;
mod biso_user_actions;
mod casb_findings;
mod device_posture_results;
mod dex_application_tests;
mod dex_device_state_events;
mod dlp_forensic_copies;
mod dns_firewall_logs;
mod dns_logs;
mod email_security_alerts;
mod email_security_post_delivery_events;
mod firewall_events;
mod gateway_dns;
mod gateway_http;
mod gateway_network;
mod http_requests;
mod ipsec_logs;
mod magic_bgp_logs;
mod magic_ids_detections;
mod mcp_portal_logs;
mod mnm_flow_logs;
mod nel_reports;
mod network_analytics_logs;
mod page_shield_events;
mod sinkhole_http_logs;
mod spectrum_events;
mod ssh_logs;
mod turnstile_events;
mod warp_config_changes;
mod warp_toggle_changes;
mod websocket_analytics;
mod workers_trace_events;
mod zaraz_events;
mod zero_trust_network_sessions;

use crate::mapping::{Constant, Dataset};

/// Every dataset that has a table.
pub static DATASETS: &[&Dataset] = &[
    &access_requests::ACCESS_REQUESTS,
    &account_abuse_protection_events::ACCOUNT_ABUSE_PROTECTION_EVENTS,
    &audit_logs::AUDIT_LOGS,
    &audit_logs_v2::AUDIT_LOGS_V2,
    &biso_user_actions::BISO_USER_ACTIONS,
    &casb_findings::CASB_FINDINGS,
    &device_posture_results::DEVICE_POSTURE_RESULTS,
    &dex_application_tests::DEX_APPLICATION_TESTS,
    &dex_device_state_events::DEX_DEVICE_STATE_EVENTS,
    &dlp_forensic_copies::DLP_FORENSIC_COPIES,
    &dns_firewall_logs::DNS_FIREWALL_LOGS,
    &dns_logs::DNS_LOGS,
    &email_security_alerts::EMAIL_SECURITY_ALERTS,
    &email_security_post_delivery_events::EMAIL_SECURITY_POST_DELIVERY_EVENTS,
    &firewall_events::FIREWALL_EVENTS,
    &gateway_dns::GATEWAY_DNS,
    &gateway_http::GATEWAY_HTTP,
    &gateway_network::GATEWAY_NETWORK,
    &http_requests::HTTP_REQUESTS,
    &ipsec_logs::IPSEC_LOGS,
    &magic_bgp_logs::MAGIC_BGP_LOGS,
    &magic_ids_detections::MAGIC_IDS_DETECTIONS,
    &mcp_portal_logs::MCP_PORTAL_LOGS,
    &mnm_flow_logs::MNM_FLOW_LOGS,
    &nel_reports::NEL_REPORTS,
    &network_analytics_logs::NETWORK_ANALYTICS_LOGS,
    &page_shield_events::PAGE_SHIELD_EVENTS,
    &sinkhole_http_logs::SINKHOLE_HTTP_LOGS,
    &spectrum_events::SPECTRUM_EVENTS,
    &ssh_logs::SSH_LOGS,
    &turnstile_events::TURNSTILE_EVENTS,
    &warp_config_changes::WARP_CONFIG_CHANGES,
    &warp_toggle_changes::WARP_TOGGLE_CHANGES,
    &websocket_analytics::WEBSOCKET_ANALYTICS,
    &workers_trace_events::WORKERS_TRACE_EVENTS,
    &zaraz_events::ZARAZ_EVENTS,
    &zero_trust_network_sessions::ZERO_TRUST_NETWORK_SESSIONS,
];

/// The dataset of Cloudflare's name, if it has a table.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Dataset> {
    DATASETS
        .iter()
        .find(|dataset| dataset.name == name)
        .copied()
}

/// The dataset that a record's field names identify: the one with rows for most of them, if these
/// are at least half.
///
/// # Errors
///
/// The names of the datasets among which the fields do not decide; none where no dataset fits.
pub(crate) fn recognise(fields: &[String]) -> Result<&'static Dataset, Vec<&'static str>> {
    let known = |dataset: &Dataset| {
        fields
            .iter()
            .filter(|field| dataset.has(field.as_str()))
            .count()
    };
    let counts: Vec<(usize, &'static Dataset)> = DATASETS
        .iter()
        .map(|dataset| (known(dataset), *dataset))
        .collect();
    let most = counts.iter().map(|(count, _)| *count).max().unwrap_or(0);
    if most == 0 || most * 2 < fields.len() {
        return Err(Vec::new());
    }
    let best: Vec<&'static Dataset> = counts
        .iter()
        .filter(|(count, _)| *count == most)
        .map(|(_, dataset)| *dataset)
        .collect();
    match best.as_slice() {
        [dataset] => Ok(dataset),
        several => Err(several.iter().map(|dataset| dataset.name).collect()),
    }
}

impl Dataset {
    /// Whether a field of this name has a row, under whatever name or case of letters.
    fn has(&self, field: &str) -> bool {
        self.rows
            .iter()
            .any(|row| row.field.eq_ignore_ascii_case(field))
            || self.renamed.iter().any(|(other, _)| *other == field)
    }
}

/// The dataset's own name in `event.dataset`.
pub(crate) fn event_dataset(dataset: &'static Dataset) -> Option<&'static str> {
    dataset
        .constants
        .iter()
        .find_map(|(path, constant)| match constant {
            Constant::Text(text) if *path == "event.dataset" => Some(*text),
            _ => None,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_dataset_is_cloudflares_name() {
        for dataset in DATASETS {
            let expected = match dataset.name {
                // Fixed by SEKOIA.IO's parser and rules.
                "firewall_events" => "firewall-events",
                name => name,
            };
            assert_eq!(event_dataset(dataset), Some(expected));
        }
    }
}
