//! One request to another server, and its answer, within bounds.

use core::future::Future;
use core::pin::pin;
use core::time::Duration;

use futures_util::future::{Either, select};
use futures_util::stream::StreamExt as _;
use worker::{AbortController, Delay, Fetch, Headers, Request, Response};

/// How long an answer may take, and how long it may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) timeout: Duration,
    pub(crate) body_max: usize,
}

/// An answer.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    /// Its first bytes, `body_max` of them at most.
    pub(crate) body: Vec<u8>,
    /// Whether the answer was longer than that.
    pub(crate) is_cut: bool,
}

/// Sends a request and reads the answer.
///
/// # Errors
///
/// Says what went wrong with the connection, in words of our own: the runtime's may hold the URL, which
/// may be a secret.
pub(crate) async fn exchange(request: Request, bounds: Bounds) -> Result<Reply, String> {
    let controller = AbortController::default();
    let signal = controller.signal();
    let mut unfinished = Unfinished(Some(controller));
    let fetch = Fetch::Request(request);
    let answer = async {
        let response = fetch
            .send_with_signal(&signal)
            .await
            .map_err(|_| "the connection failed")?;
        read(response, bounds.body_max)
            .await
            .map_err(|_| "the connection broke before the answer was complete")
    };
    match within(bounds.timeout, answer).await {
        Some(answer) => {
            unfinished.0 = None;
            answer.map_err(str::to_owned)
        }
        None => {
            let millis = bounds.timeout.as_millis();
            Err(format!("no answer within {millis} ms"))
        }
    }
}

/// A request that is aborted where nobody waits for its answer any more.
struct Unfinished(Option<AbortController>);

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(controller) = self.0.take() {
            controller.abort();
        }
    }
}

/// The output of `future`; nothing where that takes longer than `timeout`.
pub(crate) async fn within<F: Future>(timeout: Duration, future: F) -> Option<F::Output> {
    match select(pin!(future), pin!(Delay::from(timeout))).await {
        Either::Left((output, _)) => Some(output),
        Either::Right(_) => None,
    }
}

async fn read(mut response: Response, body_max: usize) -> worker::Result<Reply> {
    let mut body = Vec::new();
    let mut is_cut = false;
    // To its end as a rule: the runtime stalls on answers that are not read.
    if let Ok(mut stream) = response.stream() {
        while let Some(chunk) = stream.next().await {
            let chunk = chunk?;
            let room = body_max.saturating_sub(body.len());
            is_cut = chunk.len() > room;
            body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
            if is_cut {
                break;
            }
        }
    }
    Ok(Reply {
        status: response.status_code(),
        headers: response.headers().clone(),
        body,
        is_cut,
    })
}
