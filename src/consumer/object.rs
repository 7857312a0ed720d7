//! The object that a work item means.

use logpush_delivery::work_item::WorkItem;
use web_sys::ReadableStream;
use worker::{Bucket, Conditional, Object, ResponseBody};

/// Reads the object; without a body where its content is another by now.
pub(super) async fn get(bucket: &Bucket, item: &WorkItem) -> worker::Result<Option<Object>> {
    let get = bucket.get(&item.key);
    match &item.etag {
        None => get.execute().await,
        Some(etag) => {
            get.only_if(Conditional {
                etag_matches: Some(etag.clone()),
                etag_does_not_match: None,
                uploaded_before: None,
                uploaded_after: None,
            })
            .execute()
            .await
        }
    }
}

/// The bytes of an object; nothing where a condition did not hold.
pub(super) fn stream_of(object: &Object) -> Option<ReadableStream> {
    match object.body()?.response_body().ok()? {
        ResponseBody::Stream(stream) => Some(stream),
        _ => None,
    }
}
