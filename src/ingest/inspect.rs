//! Looking at an upload while it passes: whether it is whole, what its content is, how many lines.
//!
//! Nothing of it is normalised: that is done when it is delivered. What Logpush should send again,
//! because it is cut off or corrupt, must be reported now, or never.

use logpush_delivery::expected::expected;
use logpush_delivery::key;
use logpush_gzip::Gunzip;
use logpush_normalizer::{Dataset, Normalizer, UploadError};
use xxhash_rust::xxh3::Xxh3;

use crate::body::BodyError;
use crate::encoding;

/// An upload, as far as it has passed.
pub(crate) struct Inspection {
    gunzip: Gunzip,
    is_gzip: bool,
    plain_max: u64,
    hash: Xxh3,
    lines: u64,
    ends_with_line: bool,
    received: u64,
    plain: u64,
    /// What is inflated at a time.
    room: Vec<u8>,
    /// Reads the beginning: recognises the dataset where none is named, and Cloudflare's test.
    probe: Option<Normalizer>,
    dataset: Option<&'static Dataset>,
    is_destination_test: bool,
}

/// Plain bytes that are inflated at a time: 64 KiB.
const ROOM: usize = 64 * 1024;

/// A longer upload is no test of a destination: Cloudflare's is far shorter.
const TEST_MAX: u64 = 1024;

impl Inspection {
    /// `probe` has not read anything yet; more than `plain_max` plain bytes are an error.
    pub(crate) fn new(probe: Normalizer, plain_max: u64) -> Self {
        Self {
            gunzip: Gunzip::new(),
            is_gzip: false,
            plain_max,
            hash: Xxh3::new(),
            lines: 0,
            ends_with_line: true,
            received: 0,
            plain: 0,
            room: vec![0; ROOM],
            dataset: probe.dataset(),
            probe: Some(probe),
            is_destination_test: false,
        }
    }

    /// Looks at the next bytes as received.
    pub(crate) fn look(&mut self, chunk: &[u8]) -> Result<(), BodyError> {
        if self.received == 0 {
            encoding::check_received(chunk)?;
            // As the normalizer has it: 1f begins no JSON.
            self.is_gzip = chunk.first() == Some(&0x1f);
        }
        self.received += chunk.len() as u64;
        self.feed_probe(chunk)?;
        if self.is_gzip {
            let mut room = core::mem::take(&mut self.room);
            let result = self.inflate(chunk, &mut room);
            self.room = room;
            result
        } else {
            Ok(self.take(chunk)?)
        }
    }

    /// The upload has ended.
    pub(crate) fn end(&mut self) -> Result<(), UploadError> {
        if self.received == 0 {
            return Err(UploadError::Empty);
        }
        if self.is_gzip && !self.gunzip.is_complete() {
            return Err(UploadError::Truncated {
                received: self.received,
            });
        }
        self.lines += u64::from(!self.ends_with_line);
        if let Some(probe) = &mut self.probe {
            while probe.finish()?.is_some() {}
            self.dataset = self.dataset.or_else(|| probe.dataset());
            self.is_destination_test = probe.summary().is_destination_test;
        }
        Ok(())
    }

    pub(crate) fn dataset(&self) -> Option<&'static Dataset> {
        self.dataset
    }

    /// The identity of the plain bytes: how they were compressed does not matter.
    pub(crate) fn identity(&self) -> String {
        key::hexadecimal(self.hash.digest128())
    }

    pub(crate) fn is_gzip(&self) -> bool {
        self.is_gzip
    }

    /// Whether the upload is the test that Cloudflare sends for a new destination; known at the end.
    pub(crate) fn is_destination_test(&self) -> bool {
        self.is_destination_test
    }

    pub(crate) fn bytes_received(&self) -> u64 {
        self.received
    }

    /// Bytes after gunzip.
    pub(crate) fn bytes_plain(&self) -> u64 {
        self.plain
    }

    pub(crate) fn lines(&self) -> u64 {
        self.lines
    }

    fn inflate(&mut self, mut rest: &[u8], room: &mut [u8]) -> Result<(), BodyError> {
        loop {
            let inflated = self.gunzip.step(rest, room).map_err(UploadError::from)?;
            let plain = expected(room.get(..inflated.produced), "what was inflated");
            if self.plain == 0 {
                encoding::check_inflated(plain)?;
            }
            self.take(plain)?;
            rest = expected(rest.get(inflated.consumed..), "the rest of a chunk");
            // A full room may mean that the decoder holds more.
            if rest.is_empty() && inflated.produced < ROOM {
                return Ok(());
            }
        }
    }

    /// Gives the normalizer what it needs to recognise the upload, and no more.
    fn feed_probe(&mut self, chunk: &[u8]) -> Result<(), UploadError> {
        let Some(probe) = &mut self.probe else {
            return Ok(());
        };
        let mut rest = chunk;
        while probe.feed(&mut rest)?.is_some() {}
        self.dataset = self.dataset.or_else(|| probe.dataset());
        if self.dataset.is_some() && self.received > TEST_MAX {
            self.probe = None;
        }
        Ok(())
    }

    fn take(&mut self, plain: &[u8]) -> Result<(), UploadError> {
        self.plain += plain.len() as u64;
        if self.plain > self.plain_max {
            return Err(UploadError::TooLarge {
                limit: self.plain_max,
            });
        }
        self.hash.update(plain);
        self.lines += memchr::memchr_iter(b'\n', plain).count() as u64;
        if let Some(last) = plain.last() {
            self.ends_with_line = *last == b'\n';
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use logpush_gzip::gzip;
    use logpush_normalizer::{Config, Limits, Rules, Shape, Time, datasets};

    use super::*;

    const PLAIN_MAX: u64 = 1 << 20;

    /// An inspection that has seen `upload` in chunks of a size, or the error that it ended with.
    fn inspected(
        upload: &[u8],
        chunk: usize,
        dataset: Option<&str>,
    ) -> Result<Inspection, UploadError> {
        let mut inspection = opened(dataset);
        for chunk in upload.chunks(chunk) {
            inspection.look(chunk).map_err(|error| match error {
                BodyError::Upload(error) => error,
                other => panic!("{other}"),
            })?;
        }
        inspection.end()?;
        Ok(inspection)
    }

    fn opened(dataset: Option<&str>) -> Inspection {
        let probe = Normalizer::new(Config {
            dataset: dataset.and_then(datasets::by_name),
            shape: Shape::Ecs,
            arrival: Time::from_unix_millis(0),
            keep_original: false,
            private_keys: Default::default(),
            // Its name in wrangler.toml.
            worker_name: env!("CARGO_PKG_NAME"),
            unmask: false,
            rules: Rules::default(),
            limits: Limits::default(),
        });
        Inspection::new(probe, PLAIN_MAX)
    }

    #[test]
    fn what_is_compressed_otherwise_is_not_taken() {
        let twice = gzip(&[&gzip(&[b"{}\n"])]);
        for (upload, name) in [
            (&twice[..], "gzip twice"),
            (&[0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x58], "zstd"),
            (&[0x78, 0x9c, 0xab, 0x56], "zlib"),
        ] {
            let error = opened(Some("dns_logs")).look(upload).unwrap_err();
            assert!(matches!(error, BodyError::Encoding(_)), "{name}: {error}");
            assert!(error.to_string().contains(name), "{error}");
        }
    }

    /// Of plain bytes and of gzip, in chunks of several sizes.
    fn each_way(plain: &[u8], mut check: impl FnMut(&[u8], usize)) {
        for upload in [plain.to_vec(), gzip(&[plain])] {
            for chunk in [1, 7, 64 * 1024] {
                check(&upload, chunk);
            }
        }
    }

    #[test]
    fn lines_are_counted_and_the_last_needs_no_end() {
        for (plain, expected) in [
            ("{}", 1),
            ("{}\n", 1),
            ("{}\n{}", 2),
            ("{}\n\n{}\n", 3),
            ("\n", 1),
        ] {
            each_way(plain.as_bytes(), |upload, chunk| {
                let inspection = inspected(upload, chunk, Some("dns_logs")).unwrap();
                assert_eq!(inspection.lines(), expected, "{plain:?} {chunk}");
                assert_eq!(inspection.bytes_plain(), plain.len() as u64);
                assert_eq!(inspection.bytes_received(), upload.len() as u64);
                assert_eq!(inspection.is_gzip(), upload != plain.as_bytes());
            });
        }
    }

    #[test]
    fn the_identity_is_that_of_the_plain_bytes() {
        let plain = "{\"QueryName\":\"example.com\"}\n".repeat(5_000);
        let mut identities = Vec::new();
        each_way(plain.as_bytes(), |upload, chunk| {
            let inspection = inspected(upload, chunk, Some("dns_logs")).unwrap();
            identities.push(inspection.identity());
        });
        identities.dedup();
        assert_eq!(identities.len(), 1);
        let other = inspected(plain.trim_end().as_bytes(), 9, Some("dns_logs")).unwrap();
        assert_ne!(other.identity(), identities[0]);
    }

    #[test]
    fn a_test_of_the_destination_is_recognised_where_it_is_all() {
        for (plain, expected) in [
            ("{\"content\":\"tests\"}", true),
            ("{\"content\":\"tests\"}\n", true),
            ("{\"content\":\"tests\"}\n{\"content\":\"tests\"}\n", false),
            ("{\"QueryName\":\"example.com\"}\n", false),
        ] {
            each_way(plain.as_bytes(), |upload, chunk| {
                let inspection = inspected(upload, chunk, Some("dns_logs")).unwrap();
                assert_eq!(
                    inspection.is_destination_test(),
                    expected,
                    "{plain:?} {chunk}"
                );
            });
        }
    }

    #[test]
    fn a_dataset_is_the_named_one_or_recognised() {
        let record = "{\"ColoCode\":\"FRA\",\"EDNSSubnet\":\"\",\"EDNSSubnetLength\":0,\"QueryName\":\"example.com\",\"QueryType\":1,\"ResponseCached\":false,\"ResponseCode\":0,\"SourceIP\":\"192.0.2.1\",\"Timestamp\":\"2026-05-12T08:30:00Z\"}\n";
        for (named, expected) in [(None, "dns_logs"), (Some("http_requests"), "http_requests")] {
            each_way(record.as_bytes(), |upload, chunk| {
                let inspection = inspected(upload, chunk, named).unwrap();
                let dataset = inspection.dataset().map(|dataset| dataset.name);
                assert_eq!(dataset, Some(expected), "{named:?} {chunk}");
            });
        }
    }

    #[test]
    fn what_is_not_whole_is_an_error() {
        let plain = b"{\"QueryName\":\"example.com\"}\n";
        let packed = gzip(&[plain]);
        let mut corrupt = packed.clone();
        let place = corrupt.len() - 6;
        corrupt[place] ^= 1;
        let large = vec![b'x'; PLAIN_MAX as usize + 1];
        for (name, upload, is_expected) in [
            (
                "empty",
                &[][..],
                (|error| matches!(error, UploadError::Empty)) as fn(&UploadError) -> bool,
            ),
            ("cut off", &packed[..packed.len() - 1], |error| {
                matches!(error, UploadError::Truncated { .. })
            }),
            ("corrupt", &corrupt, |error| {
                matches!(error, UploadError::Corrupt { .. })
            }),
            ("too large", &gzip(&[&large]), |error| {
                matches!(error, UploadError::TooLarge { limit: PLAIN_MAX })
            }),
        ] {
            for chunk in [1, 4096] {
                let error = inspected(upload, chunk, Some("dns_logs")).err();
                let error = error.unwrap_or_else(|| panic!("{name} {chunk}: no error"));
                assert!(is_expected(&error), "{name} {chunk}: {error}");
            }
        }
    }
}
