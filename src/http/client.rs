//! One request and its answer.

use core::future::Future;
use core::pin::pin;
use core::time::Duration;

use chrono::DateTime;
use futures_util::future::{Either, select};
use futures_util::stream::StreamExt as _;
use js_sys::Uint8Array;
use worker::{
    AbortController, Date, Delay, Fetch, Method, Request, RequestInit, RequestRedirect, Response,
};

use crate::destination::{Destination, Reply};

/// The longest answer that is read: ids of 100,000 events are 4 MB.
const REPLY_MAX: usize = 4 * 1024 * 1024;

/// Sends `body`, which is gzip, and reads the answer.
///
/// # Errors
///
/// What went wrong with the connection, or that the answer took longer than `timeout`.
pub(crate) async fn exchange(
    destination: &Destination,
    body: &Uint8Array,
    timeout: Duration,
) -> Result<Reply, String> {
    let outgoing = destination.outgoing().map_err(|error| error.to_string())?;
    let mut init = RequestInit::new();
    init.with_method(Method::Post)
        .with_headers(outgoing.headers)
        // A redirect would take the key somewhere else.
        .with_redirect(RequestRedirect::Manual)
        .with_body(Some(body.clone().into()));
    let request = Request::new_with_init(outgoing.url, &init)
        .map_err(|_| "the destination's URL is not valid")?;

    let controller = AbortController::default();
    let signal = controller.signal();
    let fetch = Fetch::Request(request);
    let answer = async {
        // The runtime's own words may hold the URL.
        let response = fetch
            .send_with_signal(&signal)
            .await
            .map_err(|_| "the connection failed")?;
        read(response)
            .await
            .map_err(|_| "the connection broke before the answer was complete")
    };
    match within(timeout, answer).await {
        Some(answer) => answer.map_err(str::to_owned),
        None => {
            controller.abort();
            Err(format!("no answer within {} ms", timeout.as_millis()))
        }
    }
}

async fn within<F: Future>(timeout: Duration, future: F) -> Option<F::Output> {
    match select(pin!(future), pin!(Delay::from(timeout))).await {
        Either::Left((output, _)) => Some(output),
        Either::Right(_) => None,
    }
}

async fn read(mut response: Response) -> worker::Result<Reply> {
    let status = response.status_code();
    let after = response
        .headers()
        .get("Retry-After")?
        .and_then(|value| retry_after(&value, Date::now().as_millis()));
    let mut body = Vec::new();
    // Always to its end: the runtime stalls on answers that are not read.
    if let Ok(mut stream) = response.stream() {
        while let Some(chunk) = stream.next().await {
            let chunk = chunk?;
            let room = REPLY_MAX.saturating_sub(body.len());
            body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
            if room == 0 {
                break;
            }
        }
    }
    Ok(Reply {
        status,
        after,
        body,
    })
}

/// Reads `Retry-After`: seconds, or a date.
fn retry_after(value: &str, now_millis: u64) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u32>() {
        return Some(Duration::from_secs(u64::from(seconds)));
    }
    let until = DateTime::parse_from_rfc2822(value).ok()?.timestamp_millis();
    let wait = u64::try_from(until).ok()?.saturating_sub(now_millis);
    Some(Duration::from_millis(wait))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = 1_767_323_045_000; // 2026-01-02T03:04:05Z
        for (value, expected) in [
            ("7", Some(7_000)),
            (" 0 ", Some(0)),
            ("Fri, 02 Jan 2026 03:04:15 GMT", Some(10_000)),
            ("Fri, 02 Jan 2026 03:04:00 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
        ] {
            assert_eq!(
                retry_after(value, now),
                expected.map(Duration::from_millis),
                "{value}"
            );
        }
    }
}
