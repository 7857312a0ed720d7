//! Where jobs live: a zone, or an account; and which of the two has which dataset.

use core::fmt;

use serde::Deserialize;

use crate::jobs::cloudflare::api::{Api, Call};
use crate::jobs::cloudflare::error::JobsError;

/// A zone or an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Zone { id: String, name: Option<String> },
    Account { id: String },
}

/// `--zone`, `--account`.
#[derive(Clone, Debug, clap::Args)]
#[group(id = "scope", required = true, multiple = false)]
pub(crate) struct ScopeArgs {
    /// The zone: its ID, or its name (the token then needs Zone > Zone > Read too)
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,

    /// The account's ID, for datasets that belong to an account
    #[arg(long, value_name = "ID")]
    account: Option<String>,
}

/// `--zone`, `--account`, `--all-zones`.
#[derive(Clone, Debug, clap::Args)]
#[group(id = "scopes", required = true, multiple = false)]
pub(crate) struct ScopesArgs {
    /// The zone: its ID, or its name (the token then needs Zone > Zone > Read too)
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,

    /// The account's ID, for datasets that belong to an account
    #[arg(long, value_name = "ID")]
    account: Option<String>,

    /// Every active zone that the token may read (Zone > Zone > Read)
    #[arg(long)]
    all_zones: bool,
}

impl ScopeArgs {
    pub(crate) fn resolve(&self, api: &Api) -> Result<Scope, JobsError> {
        match (&self.zone, &self.account) {
            (Some(zone), _) => find_zone(api, zone),
            (None, Some(account)) => account_of(account),
            (None, None) => Err(missing()),
        }
    }
}

impl From<&Scope> for ScopeArgs {
    fn from(scope: &Scope) -> Self {
        match scope {
            Scope::Zone { id, .. } => Self {
                zone: Some(id.clone()),
                account: None,
            },
            Scope::Account { id } => Self {
                zone: None,
                account: Some(id.clone()),
            },
        }
    }
}

impl ScopesArgs {
    pub(crate) fn resolve(&self, api: &Api) -> Result<Vec<Scope>, JobsError> {
        match (&self.zone, &self.account) {
            _ if self.all_zones => active_zones(api),
            (Some(zone), _) => Ok(vec![find_zone(api, zone)?]),
            (None, Some(account)) => Ok(vec![account_of(account)?]),
            (None, None) => Err(missing()),
        }
    }

    /// Refuses a dataset that does not belong here before anything is sent.
    pub(crate) fn expect(&self, dataset: &str) -> Result<(), JobsError> {
        expect(dataset, self.account.is_some())
    }
}

impl Scope {
    /// Its path in the API, such as `zones/<id>`.
    pub(crate) fn path(&self) -> String {
        match self {
            Self::Zone { id, .. } => format!("zones/{id}"),
            Self::Account { id } => format!("accounts/{id}"),
        }
    }

    pub(crate) fn is_account(&self) -> bool {
        matches!(self, Self::Account { .. })
    }

    /// Refuses a dataset that does not belong here.
    pub(crate) fn expect(&self, dataset: &str) -> Result<(), JobsError> {
        expect(dataset, self.is_account())
    }

    /// What names it on the command line.
    pub(crate) fn option(&self) -> String {
        match self {
            Self::Zone { id, name } => format!("--zone {}", name.as_ref().unwrap_or(id)),
            Self::Account { id } => format!("--account {id}"),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Zone {
                name: Some(name), ..
            } => write!(formatter, "zone {name}"),
            Self::Zone { id, .. } => write!(formatter, "zone {id}"),
            Self::Account { id } => write!(formatter, "account {id}"),
        }
    }
}

#[derive(Deserialize)]
struct Zone {
    id: String,
    name: String,
}

fn find_zone(api: &Api, zone: &str) -> Result<Scope, JobsError> {
    if is_id(zone) {
        return Ok(Scope::Zone {
            id: zone.to_owned(),
            name: None,
        });
    }
    let is_name = zone.contains('.')
        && zone
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-._".contains(c));
    if !is_name {
        return Err(JobsError::Usage(
            "--zone is neither an ID (32 hexadecimal digits) nor a name such as example.com"
                .to_owned(),
        ));
    }
    let zones: Vec<Zone> = api.get(&Call::new(format!("zones?name={zone}")))?;
    match zones.into_iter().next() {
        Some(Zone { id, name }) => Ok(Scope::Zone {
            id,
            name: Some(name),
        }),
        None => Err(JobsError::NoZone {
            name: zone.to_owned(),
        }),
    }
}

fn active_zones(api: &Api) -> Result<Vec<Scope>, JobsError> {
    let zones: Vec<Zone> = api.pages("zones?status=active")?;
    if zones.is_empty() {
        return Err(JobsError::NoZones);
    }
    Ok(zones
        .into_iter()
        .map(|Zone { id, name }| Scope::Zone {
            id,
            name: Some(name),
        })
        .collect())
}

fn account_of(account: &str) -> Result<Scope, JobsError> {
    if is_id(account) {
        return Ok(Scope::Account {
            id: account.to_owned(),
        });
    }
    Err(JobsError::Usage(
        "--account is no ID: that is 32 hexadecimal digits".to_owned(),
    ))
}

/// clap asks for one of them already.
fn missing() -> JobsError {
    JobsError::Usage("--zone or --account is missing".to_owned())
}

pub(crate) fn is_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn expect(dataset: &str, is_account: bool) -> Result<(), JobsError> {
    let Some(row) = row(dataset) else {
        return Ok(());
    };
    let (has, other) = match is_account {
        true => (row.homes.account(), "--zone"),
        false => (row.homes.zone(), "--account"),
    };
    match has {
        true => Ok(()),
        false => Err(JobsError::Usage(format!(
            "{dataset} belongs to {}: name it with {other}",
            row.homes
        ))),
    }
}

/// Whether reading it takes the permission Zero Trust: PII Read.
pub(crate) fn is_zero_trust(dataset: &str) -> bool {
    row(dataset).is_some_and(|row| row.zero_trust)
}

/// Whether its records are requests, the Worker's own among them.
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

/// Access, Gateway and DEX: since 2025-11-05 their jobs take Zero Trust: PII Read.
const fn zero_trust(dataset: &'static str) -> Row {
    Row {
        dataset,
        homes: Homes::Account,
        zero_trust: true,
    }
}

/// Cloudflare's datasets as documented in August 2026, those without a table here too.
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
    use logpush_normalizer::datasets::DATASETS;

    use super::*;

    #[test]
    fn every_dataset_that_has_a_table_has_a_home() {
        for dataset in DATASETS {
            assert!(row(dataset.name).is_some(), "{}", dataset.name);
        }
    }

    #[test]
    fn a_dataset_is_named_where_it_belongs() {
        for (dataset, zone, account) in [
            ("firewall_events", true, true),
            ("http_requests", true, false),
            ("audit_logs", false, true),
            ("one_of_next_year", true, true),
        ] {
            assert_eq!(expect(dataset, false).is_ok(), zone, "{dataset}");
            assert_eq!(expect(dataset, true).is_ok(), account, "{dataset}");
        }
        let message = expect("audit_logs", false).unwrap_err().to_string();
        assert_eq!(
            message,
            "audit_logs belongs to an account: name it with --account"
        );
    }
}
