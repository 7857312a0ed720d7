//! `jobs fields`: lists the fields of a dataset that the subscription offers.

use logpush_normalizer::Dataset;
use serde_json::json;

use crate::dataset;
use crate::jobs::cloudflare::error::JobsError;
use crate::jobs::cloudflare::fields;
use crate::jobs::cloudflare::scope::ScopeArgs;
use crate::jobs::session::{CommandOutcome, Session};
use crate::jobs::table::table;
use crate::terminal::printable;

/// List the fields of a dataset that the subscription offers
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The dataset
    #[arg(value_name = "DATASET", value_parser = dataset::parser())]
    dataset: &'static Dataset,

    #[command(flatten)]
    scope: ScopeArgs,
}

pub(crate) fn run(session: &Session, args: &Args) -> Result<CommandOutcome, JobsError> {
    let dataset = args.dataset.name;
    let scope = args.scope.resolve(&session.api)?;
    scope.expect(dataset)?;
    let fields = fields::described(&session.api, &scope, dataset)?;
    let rows: Vec<_> = fields
        .iter()
        .map(|(name, description)| vec![printable(name), printable(description)])
        .collect();
    Ok(CommandOutcome {
        text: table(&["FIELD", "TYPE AND MEANING"], &rows),
        json: json!({ "dataset": dataset, "fields": fields }),
        is_done: true,
    })
}
