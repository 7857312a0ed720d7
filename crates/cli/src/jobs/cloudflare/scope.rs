//! The scope of jobs: a zone or an account.

use core::fmt;

use serde::Deserialize;

use crate::dataset;
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
    /// The zone's ID, or its name (for which the token also needs Zone > Zone > Read)
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
    /// The zone's ID, or its name (for which the token also needs Zone > Zone > Read)
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

    /// Other zones that the token may read than the one that is asked for, as far as the API tells: a
    /// token that may do less can give away less.
    pub(crate) fn other_zones(&self, api: &Api, scope: &Scope) -> Vec<String> {
        if self.all_zones {
            return Vec::new();
        }
        // A token without Zone > Zone > Read may list none, which is the least.
        let zones: Vec<Zone> = api
            .get(&Call::new("zones?per_page=5".to_owned()))
            .unwrap_or_default();
        zones
            .into_iter()
            .filter(|zone| !matches!(scope, Scope::Zone { id, .. } if *id == zone.id))
            .map(|zone| zone.name)
            .collect()
    }

    /// Refuses a dataset that these scopes do not have, before anything is sent.
    pub(crate) fn expect(&self, dataset: &str) -> Result<(), JobsError> {
        dataset::expect(dataset, self.account.is_some()).map_err(JobsError::Usage)
    }
}

impl Scope {
    /// The path in the API, such as `zones/<id>`.
    pub(crate) fn path(&self) -> String {
        match self {
            Self::Zone { id, .. } => format!("zones/{id}"),
            Self::Account { id } => format!("accounts/{id}"),
        }
    }

    pub(crate) fn is_account(&self) -> bool {
        matches!(self, Self::Account { .. })
    }

    /// Refuses a dataset that this scope does not have.
    pub(crate) fn expect(&self, dataset: &str) -> Result<(), JobsError> {
        dataset::expect(dataset, self.is_account()).map_err(JobsError::Usage)
    }

    /// The option that names this scope on the command line.
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
        "--account is not an ID, which has 32 hexadecimal digits".to_owned(),
    ))
}

/// The error for a missing scope, which clap normally reports first.
fn missing() -> JobsError {
    JobsError::Usage("--zone or --account is missing".to_owned())
}

pub(crate) fn is_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
