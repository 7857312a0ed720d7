//! An upload that is stored in several parts.

use logpush_delivery::key;
use logpush_delivery::owed;
use serde_json::json;
use worker::{Bucket, MultipartUpload, UploadedPart};

use crate::random::random;

/// A multipart upload that has begun.
pub(crate) struct Multipart {
    upload: MultipartUpload,
    key: String,
    /// The key of an object by which the sweep can abort the upload if we cannot.
    marker: String,
    parts: Vec<UploadedPart>,
}

pub(crate) enum MultipartError {
    /// It has more parts than R2 takes.
    TooLarge {
        limit: u64,
    },
    Storage,
}

/// A part of a multipart upload: R2's smallest. What is not longer is stored in one piece.
///
/// Ten times what Logpush sends with the job of the README, of 5,000,000 bytes before compression.
pub(crate) const PART: usize = 5 * 1024 * 1024;

/// Parts of a multipart upload: R2's limit.
const PARTS_MAX: u16 = 10_000;

impl Multipart {
    pub(crate) async fn begin(
        bucket: &Bucket,
        dataset: &str,
        arrived: u64,
        is_gzip: bool,
        owed: Option<String>,
    ) -> Result<Self, MultipartError> {
        // The content is not known yet: a name that no other upload has.
        let id = key::hexadecimal(random());
        let key = key::upload(dataset, arrived, &id, is_gzip);
        let mut upload = bucket.create_multipart_upload(&key);
        if let Some(owed) = owed {
            upload = upload.custom_metadata([(owed::METADATA.to_owned(), owed)]);
        }
        let upload = upload.execute().await;
        let upload = upload.map_err(|_| MultipartError::Storage)?;
        let marker = key::multipart(arrived, &id);
        let what = json!({ "v": 1, "key": key, "upload": upload.upload_id().await });
        // Without it, the bucket's own rule aborts what is left over after a week.
        let _ = bucket.put(&marker, what.to_string()).execute().await;
        Ok(Self {
            upload,
            key,
            marker,
            parts: Vec::new(),
        })
    }

    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    pub(crate) async fn send(&mut self, piece: Vec<u8>) -> Result<(), MultipartError> {
        let number = u16::try_from(self.parts.len() + 1).unwrap_or(u16::MAX);
        if number > PARTS_MAX {
            let limit = u64::from(PARTS_MAX) * PART as u64;
            return Err(MultipartError::TooLarge { limit });
        }
        let part = self.upload.upload_part(number, piece).await;
        self.parts.push(part.map_err(|_| MultipartError::Storage)?);
        Ok(())
    }

    pub(crate) async fn complete(self, bucket: &Bucket) -> Result<(), MultipartError> {
        let completed = self.upload.complete(self.parts).await;
        completed.map_err(|_| MultipartError::Storage)?;
        // One that stays does no harm: what is complete cannot be aborted.
        let _ = bucket.delete(self.marker).await;
        Ok(())
    }

    /// The sweep aborts what cannot be aborted now.
    pub(crate) async fn abort(self, bucket: &Bucket) {
        if self.upload.abort().await.is_ok() {
            let _ = bucket.delete(self.marker).await;
        }
    }
}
