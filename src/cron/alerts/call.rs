//! One request to somebody else's API, and its answer, within bounds.

use core::pin::pin;
use core::time::Duration;

use futures_util::future::{Either, select};
use futures_util::stream::StreamExt as _;
use worker::{AbortController, Delay, Fetch, Request};

const ANSWERS_WITHIN: Duration = Duration::from_secs(10);

/// A list of an account's Logpush jobs is some 10 kB.
const ANSWER_MAX: usize = 1024 * 1024;

/// Status and text of the answer.
///
/// # Errors
///
/// What went wrong, in words of our own: the runtime's may hold the address, which is a secret.
pub(crate) async fn call(request: Request) -> Result<(u16, String), String> {
    let controller = AbortController::default();
    let signal = controller.signal();
    let fetch = Fetch::Request(request);
    let answer = async {
        let mut response = fetch
            .send_with_signal(&signal)
            .await
            .map_err(|_| "the connection failed")?;
        let mut body = Vec::new();
        if let Ok(mut stream) = response.stream() {
            while let Some(chunk) = stream.next().await {
                let chunk = chunk.map_err(|_| "the connection broke in the answer")?;
                body.extend_from_slice(&chunk);
                if body.len() > ANSWER_MAX {
                    return Err("the answer is longer than 1 MiB");
                }
            }
        }
        let text = String::from_utf8_lossy(&body).into_owned();
        Ok((response.status_code(), text))
    };
    match select(pin!(answer), pin!(Delay::from(ANSWERS_WITHIN))).await {
        Either::Left((answer, _)) => answer.map_err(str::to_owned),
        Either::Right(_) => {
            controller.abort();
            Err(format!("no answer within {} s", ANSWERS_WITHIN.as_secs()))
        }
    }
}
