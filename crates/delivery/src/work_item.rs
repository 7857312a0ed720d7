//! The messages of the queue: work items of ours, and notifications of R2.

use serde::{Deserialize, Serialize};

use crate::key;
use crate::owed::{DEFAULT, Owed, UNDECIDED};

/// The version of work items that this code writes, and the highest that it reads.
const VERSION: u32 = 1;

/// An object that is to be delivered. Everything else follows from its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkItem {
    v: u32,
    /// The key of the object.
    pub key: String,
    /// The content that is meant, where the key alone does not say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// The destination; [`UNDECIDED`] where that is still to be decided.
    #[serde(default = "default_name", skip_serializing_if = "is_default")]
    pub to: String,
    /// To whom the upload is owed, where its object does not say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owed: Option<Owed>,
}

/// A message, as it is understood.
#[derive(Debug, PartialEq, Eq)]
pub enum Message {
    /// An object to be delivered.
    Deliver(WorkItem),
    /// A notification of something that needs no work.
    Ignore,
    /// A later version of this Worker wrote it, and was rolled back.
    TooNew(u32),
    /// The message is not understood.
    Unknown,
}

/// <https://developers.cloudflare.com/r2/buckets/event-notifications/>
#[derive(Deserialize)]
struct Notification {
    action: String,
    object: NotifiedObject,
}

#[derive(Deserialize)]
struct NotifiedObject {
    key: String,
    #[serde(rename = "eTag")]
    etag: Option<String>,
}

impl WorkItem {
    /// Names an object, its content where the key alone does not, and the destination.
    pub fn new(key: &str, etag: Option<&str>, to: &str) -> Self {
        Self {
            v: VERSION,
            key: key.to_owned(),
            etag: etag.map(str::to_owned),
            to: to.to_owned(),
            owed: None,
        }
    }

    /// The same for another destination; `owed`: to whom the upload is owed, where its object does not say so.
    #[must_use]
    pub fn to(&self, to: &str, owed: Option<&Owed>) -> Self {
        Self {
            to: to.to_owned(),
            owed: owed.cloned(),
            ..self.clone()
        }
    }

    /// The same for each destination that an upload is owed to.
    pub fn for_each(&self, owed: &Owed) -> Vec<Self> {
        let own = self.owed.as_ref();
        owed.iter().map(|to| self.to(to, own)).collect()
    }
}

fn default_name() -> String {
    DEFAULT.to_owned()
}

fn is_default(name: &str) -> bool {
    name == DEFAULT
}

/// Reads the body of a message, as JSON.
pub fn read(body: &str) -> Message {
    #[derive(Deserialize)]
    struct Version {
        v: u32,
    }
    if let Ok(Version { v }) = serde_json::from_str(body)
        && v > VERSION
    {
        return Message::TooNew(v);
    }
    if let Ok(item) = serde_json::from_str::<WorkItem>(body) {
        return match key::parse(&item.key) {
            Some(_) => Message::Deliver(item),
            None => Message::Unknown,
        };
    }
    let Ok(notification) = serde_json::from_str::<Notification>(body) else {
        return Message::Unknown;
    };
    match (notification.action.as_str(), notification.object.etag) {
        ("PutObject" | "CopyObject" | "CompleteMultipartUpload", Some(etag)) => {
            match key::parse(&notification.object.key) {
                // Our own uploads have their own work items.
                Some(source) if source.kind == key::SourceKind::Logpush => Message::Deliver(
                    WorkItem::new(&notification.object.key, Some(&etag), UNDECIDED),
                ),
                _ => Message::Ignore,
            }
        }
        _ => Message::Ignore,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "uploads/firewall_events/2026/05/12/08/20260512T083000219Z-0123456789abcdef0123456789abcdef.gz";

    #[test]
    fn a_work_item_is_read_as_it_is_written() {
        let item = WorkItem::new(KEY, None, DEFAULT);
        let text = serde_json::to_string(&item).unwrap();
        assert_eq!(text, format!("{{\"v\":1,\"key\":\"{KEY}\"}}"));
        assert_eq!(read(&text), Message::Deliver(item));
        // A later minor version may add members.
        let more = format!("{{\"v\":1,\"key\":\"{KEY}\",\"hint\":true}}");
        assert_eq!(
            read(&more),
            Message::Deliver(WorkItem::new(KEY, None, DEFAULT))
        );
    }

    #[test]
    fn a_work_item_names_its_destination_unless_that_is_the_default() {
        let owed = Owed::new(["default", "siem"]);
        let mut items = WorkItem::new(KEY, None, UNDECIDED).for_each(&owed);
        let texts: Vec<_> = items
            .iter()
            .map(|item| serde_json::to_string(item).unwrap())
            .collect();
        assert_eq!(texts[0], format!("{{\"v\":1,\"key\":\"{KEY}\"}}"));
        assert_eq!(
            texts[1],
            format!("{{\"v\":1,\"key\":\"{KEY}\",\"to\":\"siem\"}}")
        );
        for item in &mut items {
            item.owed = Some(owed.clone());
            let text = serde_json::to_string(item).unwrap();
            assert_eq!(read(&text), Message::Deliver(item.clone()));
        }
    }

    #[test]
    fn what_is_not_understood_is_told_apart() {
        for (body, expected) in [
            ("{\"v\":2,\"keys\":[]}", Message::TooNew(2)),
            ("{\"v\":1}", Message::Unknown),
            ("{\"v\":1,\"key\":\"secrets/x\"}", Message::Unknown),
            ("null", Message::Unknown),
            ("\"text\"", Message::Unknown),
            ("{", Message::Unknown),
            ("", Message::Unknown),
        ] {
            assert_eq!(read(body), expected, "{body}");
        }
    }

    #[test]
    fn notifications_of_r2_are_work_items() {
        let notification = |action: &str, key: &str| {
            format!(
                r#"{{"account":"3f4b7e3dcab231cbfdaa90a6a28bd548","action":"{action}","bucket":"logpush-ecs","object":{{"key":"{key}","size":65536,"eTag":"c846ff7a18f28c2e262116d6e8719ef0"}},"eventTime":"2026-05-24T19:36:44.379Z"}}"#
            )
        };
        let ours = "logpush/firewall_events/20260524/20260524T193600Z_20260524T193630Z_1f2e.log.gz";
        let deliver = || {
            Message::Deliver(WorkItem::new(
                ours,
                Some("c846ff7a18f28c2e262116d6e8719ef0"),
                UNDECIDED,
            ))
        };
        for (action, key, expected) in [
            ("PutObject", ours, deliver()),
            ("CopyObject", ours, deliver()),
            ("CompleteMultipartUpload", ours, deliver()),
            ("DeleteObject", ours, Message::Ignore),
            ("LifecycleDeletion", ours, Message::Ignore),
            ("PutObject", KEY, Message::Ignore),
            ("PutObject", "other/x.gz", Message::Ignore),
        ] {
            assert_eq!(read(&notification(action, key)), expected, "{action} {key}");
        }
        // A deletion has no etag and no size.
        let deleted = format!(
            r#"{{"account":"a","action":"DeleteObject","bucket":"b","object":{{"key":"{ours}"}},"eventTime":"2026-05-24T19:36:44.379Z"}}"#
        );
        assert_eq!(read(&deleted), Message::Ignore);
    }
}
