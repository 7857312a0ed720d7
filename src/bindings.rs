//! The bindings of the durable route: all of them, or none.

use worker::{Bucket, Env, ObjectNamespace, Queue};

/// The bindings of the durable route.
#[derive(Clone, Debug)]
pub(crate) struct Bindings {
    pub(crate) uploads: Bucket,
    pub(crate) work: Queue,
    pub(crate) ledger: ObjectNamespace,
}

/// The way of an upload to the intake.
#[derive(Debug)]
pub(crate) enum Route {
    /// While Logpush waits.
    Direct,
    /// Through storage.
    Durable(Bindings),
}

/// The route for which there are bindings.
///
/// # Errors
///
/// Names what is missing where there are some: one forgotten binding must not lead to the route that
/// stores nothing.
pub(crate) fn route(env: &Env) -> Result<Route, String> {
    let uploads = env.bucket("UPLOADS");
    let work = env.queue("WORK");
    let ledger = env.durable_object("LEDGER");
    match (uploads, work, ledger) {
        (Ok(uploads), Ok(work), Ok(ledger)) => Ok(Route::Durable(Bindings {
            uploads,
            work,
            ledger,
        })),
        (Err(_), Err(_), Err(_)) => Ok(Route::Direct),
        (uploads, work, ledger) => Err(missing(uploads.is_ok(), work.is_ok(), ledger.is_ok())),
    }
}

fn missing(uploads: bool, work: bool, ledger: bool) -> String {
    let all = [
        (uploads, "UPLOADS (an R2 bucket)"),
        (work, "WORK (a queue)"),
        (ledger, "LEDGER (a Durable Object)"),
    ];
    let names = |there: bool| {
        let names: Vec<&str> = all
            .iter()
            .filter(|(is_there, _)| *is_there == there)
            .map(|(_, name)| *name)
            .collect();
        names.join(" and ")
    };
    format!(
        "the binding {} is missing where there is {}: the durable route needs all three, the direct route none",
        names(false),
        names(true)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_set_is_told_by_what_is_missing() {
        assert_eq!(
            missing(true, false, true),
            "the binding WORK (a queue) is missing where there is UPLOADS (an R2 bucket) and LEDGER (a Durable Object): the durable route needs all three, the direct route none"
        );
        assert!(missing(false, false, true).starts_with(
            "the binding UPLOADS (an R2 bucket) and WORK (a queue) is missing where there is LEDGER"
        ));
    }
}
