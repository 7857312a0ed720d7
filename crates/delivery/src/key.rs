//! The keys of objects in R2, which hold dataset, time and identity.

use chrono::{DateTime, NaiveDateTime, Utc};
use xxhash_rust::xxh3::xxh3_128;

use crate::owed::UNDECIDED;

/// Uploads as received, by the Worker.
pub const UPLOADS: &str = "uploads/";

/// What Logpush itself writes, on the R2-first route.
pub const LOGPUSH: &str = "logpush/";

/// Dead letters.
pub const DEAD: &str = "dead/";

/// Delivered uploads that are kept for a while.
pub const DELIVERED: &str = "delivered/";

/// Positions of uploads, and ends that the ledger does not know.
pub const PROGRESS: &str = "progress/";

/// Multipart uploads that were begun.
pub const MULTIPART: &str = "multipart/";

/// The position of the sweep.
pub const SWEEP: &str = "sweep.json";

/// The dataset of an object of Logpush whose key has none. No dataset has this name.
pub const UNNAMED: &str = "unknown";

/// R2's limit of a key, in bytes.
const KEY_MAX: usize = 1024;

/// A time to the millisecond. As text it sorts by time.
const TIME: &str = "%Y%m%dT%H%M%S%3fZ";

/// What the key of an object says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Who stored it.
    pub kind: SourceKind,
    /// As written in the key, which may name a dataset that does not exist.
    pub dataset: String,
}

/// The kinds of object that a work item can name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// Stored by the Worker.
    Upload {
        /// Its identity: 32 hexadecimal digits.
        id: String,
        /// When it arrived, in milliseconds since 1970.
        arrival_millis: u64,
    },
    /// Stored by Logpush.
    Logpush,
    /// A dead letter, to be replayed.
    DeadLetter,
}

/// The key of an upload.
pub fn upload(dataset: &str, arrival_millis: u64, id: &str, is_gzip: bool) -> String {
    let extension = if is_gzip { "gz" } else { "ndjson" };
    format!(
        "{UPLOADS}{}.{extension}",
        dated(dataset, arrival_millis, id)
    )
}

/// The key of a dead letter of the upload `id`, whose first record is `first`, and which the destination
/// `to` has not taken.
pub fn dead_letter(
    dataset: &str,
    now_millis: u64,
    id: &str,
    first: u64,
    to: &str,
    extension: &str,
) -> String {
    format!(
        "{DEAD}{}-{first:010}-{to}.{extension}",
        dated(dataset, now_millis, id)
    )
}

/// The key under which a delivered object is kept.
pub fn delivered(key: &str, now_millis: u64) -> String {
    format!("{DELIVERED}{}/{key}", hour(now_millis))
}

/// Keys of delivered objects that sort before this are older than `millis`.
pub fn delivered_before(millis: u64) -> String {
    format!("{DELIVERED}{}", hour(millis))
}

/// The key of the marker of a multipart upload.
pub fn multipart(now_millis: u64, id: &str) -> String {
    format!("{MULTIPART}{}-{id}.json", stamp(now_millis))
}

/// When a multipart upload was begun.
pub fn multipart_millis(key: &str) -> Option<u64> {
    let (time, _) = key.strip_prefix(MULTIPART)?.split_once('-')?;
    millis(time)
}

/// When an upload arrived, where its key says so.
pub fn arrival_millis(key: &str) -> Option<u64> {
    match parse(key)?.kind {
        SourceKind::Upload { arrival_millis, .. } => Some(arrival_millis),
        SourceKind::Logpush | SourceKind::DeadLetter => None,
    }
}

/// The key of an upload's positions at one destination while the ledger does not answer.
pub fn progress(dataset: &str, id: &str, to: &str) -> String {
    format!("{}{to}.json", progress_below(dataset, id))
}

/// What the keys of an upload's positions at all destinations begin with.
pub fn progress_below(dataset: &str, id: &str) -> String {
    format!("{PROGRESS}{dataset}/{id}/")
}

/// Whose positions an object holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Positions<'a> {
    /// The upload's dataset.
    pub dataset: &'a str,
    /// The upload's identity.
    pub id: &'a str,
    /// The destination.
    pub to: &'a str,
}

/// Reads the key of positions.
pub fn progress_of(key: &str) -> Option<Positions<'_>> {
    let rest = key.strip_prefix(PROGRESS)?.strip_suffix(".json")?;
    let (dataset, rest) = rest.split_once('/')?;
    let (id, to) = rest.split_once('/')?;
    Some(Positions { dataset, id, to })
}

/// The key of the list of destinations that an upload of Logpush is owed to, where the ledger did not say.
pub fn owed(dataset: &str, id: &str) -> String {
    progress(dataset, id, UNDECIDED)
}

/// Reads a key; nothing where no work item may name it.
pub fn parse(key: &str) -> Option<Source> {
    if key.len() > KEY_MAX {
        return None;
    }
    let named = |rest: &str| {
        let (dataset, rest) = rest.split_once('/')?;
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        (!dataset.is_empty() && dataset.bytes().all(is_name) && !rest.is_empty())
            .then(|| (dataset.to_owned(), rest.to_owned()))
    };
    if let Some(rest) = key.strip_prefix(LOGPUSH) {
        // Whatever Logpush writes is owed, if only as a dead letter.
        let dataset = named(rest).map_or_else(|| UNNAMED.to_owned(), |(dataset, _)| dataset);
        return Some(Source {
            kind: SourceKind::Logpush,
            dataset,
        });
    }
    if let Some(rest) = key.strip_prefix(DEAD) {
        let (dataset, _) = named(rest)?;
        return Some(Source {
            kind: SourceKind::DeadLetter,
            dataset,
        });
    }
    let (dataset, rest) = named(key.strip_prefix(UPLOADS)?)?;
    let (_, name) = rest.rsplit_once('/')?;
    let (time, id) = name.split_once('.')?.0.split_once('-')?;
    let is_id = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_id.then_some(())?;
    Some(Source {
        kind: SourceKind::Upload {
            id: id.to_owned(),
            arrival_millis: millis(time)?,
        },
        dataset,
    })
}

/// The identity of an object whose key has none. With other content it is another one.
pub fn identity(key: &str, etag: &str) -> String {
    hexadecimal(xxh3_128(format!("{key}\0{etag}").as_bytes()))
}

/// 32 hexadecimal digits.
pub fn hexadecimal(bits: u128) -> String {
    format!("{bits:032x}")
}

fn dated(dataset: &str, millis: u64, id: &str) -> String {
    format!("{dataset}/{}/{}-{id}", hour(millis), stamp(millis))
}

fn hour(millis: u64) -> String {
    time(millis).format("%Y/%m/%d/%H").to_string()
}

fn stamp(millis: u64) -> String {
    time(millis).format(TIME).to_string()
}

fn millis(stamp: &str) -> Option<u64> {
    let time = NaiveDateTime::parse_from_str(stamp, TIME).ok()?;
    u64::try_from(time.and_utc().timestamp_millis()).ok()
}

fn time(millis: u64) -> DateTime<Utc> {
    // The clock gives no time out of range.
    i64::try_from(millis)
        .ok()
        .and_then(DateTime::from_timestamp_millis)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef";
    /// 2026-05-12T08:30:00.219Z
    const MILLIS: u64 = 1_778_574_600_219;

    #[test]
    fn an_upload_is_read_back_from_its_key() {
        let key = upload("firewall_events", MILLIS, ID, true);
        assert_eq!(
            key,
            "uploads/firewall_events/2026/05/12/08/20260512T083000219Z-0123456789abcdef0123456789abcdef.gz"
        );
        assert_eq!(
            parse(&key),
            Some(Source {
                kind: SourceKind::Upload {
                    id: ID.to_owned(),
                    arrival_millis: MILLIS
                },
                dataset: "firewall_events".to_owned()
            })
        );
        assert!(upload("firewall_events", MILLIS, ID, false).ends_with(".ndjson"));
    }

    #[test]
    fn other_kinds_are_told_by_their_prefix() {
        for (key, kind) in [
            (
                "logpush/firewall_events/20260512/20260512T083000Z_20260512T083030Z_abc.log.gz",
                Some(SourceKind::Logpush),
            ),
            (
                &dead_letter("firewall_events", MILLIS, ID, 17, "default", "ndjson"),
                Some(SourceKind::DeadLetter),
            ),
            (
                "logpush/20260512T083000Z_abc.log.gz",
                Some(SourceKind::Logpush),
            ),
            ("logpush/../x.gz", Some(SourceKind::Logpush)),
            ("uploads/firewall_events/2026/05/12/08/x.gz", None),
            (
                "uploads/firewall_events/2026/05/12/08/20260512T083000219Z-short.gz",
                None,
            ),
            ("progress/firewall_events/x.json", None),
            ("delivered/2026/05/12/08/uploads/x", None),
            ("", None),
            (&format!("logpush/a/{}", "x".repeat(KEY_MAX)), None),
        ] {
            assert_eq!(parse(key).map(|source| source.kind), kind, "{key}");
        }
    }

    #[test]
    fn positions_name_their_upload() {
        let key = progress("dns_logs", "0123", "siem");
        let expected = Positions {
            dataset: "dns_logs",
            id: "0123",
            to: "siem",
        };
        assert_eq!(progress_of(&key), Some(expected));
        for key in [key, owed("dns_logs", "0123")] {
            assert!(key.starts_with(&progress_below("dns_logs", "0123")));
        }
        for key in ["progress/x/y.json", "progress/a/b/c", "uploads/a/b/c.json"] {
            assert_eq!(progress_of(key), None, "{key}");
        }
    }

    #[test]
    fn an_object_of_logpush_without_a_dataset_is_told_as_such() {
        for key in ["logpush/x.gz", "logpush//x.gz", "logpush/../x.gz"] {
            assert_eq!(parse(key).unwrap().dataset, UNNAMED, "{key}");
        }
        assert_eq!(parse("logpush/dns_logs/x.gz").unwrap().dataset, "dns_logs");
    }

    #[test]
    fn kept_objects_are_in_the_order_of_time() {
        let kept = delivered(&upload("firewall_events", MILLIS, ID, true), MILLIS);
        assert!(kept.starts_with("delivered/2026/05/12/08/uploads/firewall_events/"));
        assert!(delivered_before(MILLIS) < kept);
        assert!(delivered_before(MILLIS + 3_600_000) > kept);
        assert_eq!(multipart_millis(&multipart(MILLIS, ID)), Some(MILLIS));
    }

    #[test]
    fn another_key_or_etag_is_another_identity() {
        assert_eq!(identity("a", "b").len(), 32);
        assert_ne!(identity("a", "b"), identity("a", "c"));
        assert_ne!(identity("a", "b"), identity("ab", ""));
    }
}
