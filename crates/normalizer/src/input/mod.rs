//! Plain bytes to lines, and Cloudflare's test of a destination among them.

pub(crate) mod destination_test;
pub(crate) mod framer;
pub(crate) mod overlong;
