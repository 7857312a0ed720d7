//! Answers. Logpush gets short JSON, which it shows to its customer as the job's error message.

use logpush_delivery::expected::expected;
use serde::Serialize;
use serde_json::json;
use worker::{Response, ResponseBuilder, Result};

/// An answer, ready to send.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    content_type: &'static str,
    headers: Vec<(&'static str, String)>,
    body: String,
}

const JSON: &str = "application/json";

impl Answer {
    pub(crate) fn json(status: u16, body: &impl Serialize) -> Self {
        Self::text(
            status,
            JSON,
            expected(serde_json::to_string(body).ok(), "the JSON of an answer"),
        )
    }

    pub(crate) fn text(status: u16, content_type: &'static str, body: String) -> Self {
        Self {
            status,
            content_type,
            headers: Vec::new(),
            body,
        }
    }

    /// What happened, and what to do about it.
    pub(crate) fn error(status: u16, error: &str, hint: &str) -> Self {
        Self::json(status, &json!({ "error": error, "hint": hint }))
    }

    pub(crate) fn not_found(path: &str) -> Self {
        // A path is the caller's text: enough of it to be recognised is shown.
        let shown: String = path.chars().take(64).collect();
        Self::error(
            404,
            &format!("there is nothing at {shown}"),
            "uploads go to POST /logpush/{dataset}; GET /health says whether the configuration is sound",
        )
    }

    pub(crate) fn method_not_allowed(allowed: &str) -> Self {
        Self::error(
            405,
            "the method is not allowed here",
            &format!("use {allowed}"),
        )
        .with_header("Allow", allowed)
    }

    pub(crate) fn with_header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// The error's text, for the log.
    pub(crate) fn error_text(&self) -> Option<String> {
        serde_json::from_str::<serde_json::Value>(&self.body)
            .ok()
            .and_then(|body| body.get("error")?.as_str().map(str::to_owned))
    }

    pub(crate) fn into_response(self) -> Result<Response> {
        let mut builder = ResponseBuilder::new()
            .with_status(self.status)
            .with_header("Content-Type", self.content_type)?
            .with_header("X-Content-Type-Options", "nosniff")?
            .with_header("Cache-Control", "no-store")?;
        for (name, value) in &self.headers {
            builder = builder.with_header(name, value)?;
        }
        Ok(builder.fixed(self.body.into_bytes()))
    }
}
