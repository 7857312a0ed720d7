//! Requests and answers.

pub(crate) mod answer;
pub(crate) mod client;
pub(crate) mod method;
pub(crate) mod query;
pub(crate) mod secrets;
