//! The private keys of WAF payloads, which come by the environment: arguments are seen by others.

use std::env;

use logpush_normalizer::PrivateKeys;

use crate::error::Error;

/// As the Worker's secret is called.
pub(crate) const VARIABLE: &str = "MATCHED_DATA_PRIVATE_KEYS";

/// The keys; none where the variable is not set.
pub(crate) fn from_environment(subcommand: &'static str) -> Result<PrivateKeys, Error> {
    let text = env::var(VARIABLE).unwrap_or_default();
    PrivateKeys::parse(&text).map_err(|error| Error::Usage {
        subcommand,
        message: format!("{VARIABLE} {error}"),
    })
}
