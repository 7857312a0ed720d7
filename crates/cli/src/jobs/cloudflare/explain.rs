//! The meaning of Cloudflare's errors, and what to do about them.

use crate::dataset::is_zero_trust;
use crate::jobs::cloudflare::error::JobsError;

/// Turns the complaints of a refused call, each a code and a message, into an error with a hint.
pub(crate) fn refused(
    call: String,
    status: u16,
    complaints: &[(Option<i64>, String)],
    dataset: Option<&str>,
) -> JobsError {
    let words: Vec<_> = complaints
        .iter()
        .map(|(code, message)| match code {
            Some(code) if !message.contains(&code.to_string()) => format!("{message} ({code})"),
            _ => message.clone(),
        })
        .collect();
    let words = match words.is_empty() {
        true => "without a word".to_owned(),
        false => words.join("; "),
    };
    let codes: Vec<_> = complaints.iter().filter_map(|(code, _)| *code).collect();
    let hint = hint(&call, status, &codes, &words, dataset);
    JobsError::Refused {
        call,
        status,
        code: codes.first().copied(),
        words,
        hint,
    }
}

/// The hint for a destination that failed an upload, or the test before a job is created, from
/// Cloudflare's words about it.
pub(crate) fn destination(words: &str) -> &'static str {
    let lower = words.to_ascii_lowercase();
    let has = |text: &str| lower.contains(text);
    if has_number(&lower, "1105") || has("no such host") || has("resolve") {
        return "Cloudflare cannot resolve the Worker's host name: is the Worker deployed, and its route or custom domain active? `npx wrangler deploy` prints the address";
    }
    if has("certificate") || has("tls") || has("x509") {
        return "the host needs a certificate that is publicly trusted: use the workers.dev address or a custom domain of the Worker";
    }
    match upload_status(&lower) {
        Some(400) => {
            "the Worker could not read the upload: leave batch and record prefixes, templates and CSV out of the job's output options"
        }
        Some(401) => {
            "the secret of the job is not one that the Worker knows: `logpush-ecs jobs update JOB --secret` puts LOGPUSH_SECRET into the job; `npx wrangler secret put LOGPUSH_SECRET` sets the Worker's"
        }
        Some(403) => {
            "something before the Worker refuses Logpush: a WAF rule, bot protection or Access on its host name; let the path /logpush pass, or use the workers.dev address"
        }
        Some(404 | 405) => {
            "the Worker does not take uploads at this URL: it is https://<host>/logpush/<dataset>, with a dataset that the deployed version knows"
        }
        Some(413) => {
            "the uploads are too large: `logpush-ecs jobs update JOB --max-upload-bytes 5000000`, or raise UPLOAD_MAX_BYTES"
        }
        Some(301 | 302 | 303 | 307 | 308) => {
            "the host redirects instead of taking the upload: Access or a redirect rule stands before the Worker; let the path /logpush pass, or use the workers.dev address"
        }
        Some(415) => "this is no answer of the Worker: check the URL of the destination",
        Some(429) => {
            "the Worker or its zone limits the rate: raise the limit, or take it off /logpush"
        }
        Some(502) => {
            "the Worker is right, and the intake refuses: check the intake's key and URL, `npx wrangler tail` has its words"
        }
        Some(503) => {
            "the Worker is not configured, or the intake is down: `logpush-ecs jobs check` tells which"
        }
        Some(500..) => "the Worker, or Cloudflare before it, failed: `npx wrangler tail` shows why",
        _ if has("timeout") || has("deadline") => {
            "the Worker did not answer in time: is the intake slow? Smaller uploads help: `logpush-ecs jobs update JOB --max-upload-bytes 5000000`"
        }
        _ => "run `logpush-ecs jobs check`, which tries every link from here to the Worker",
    }
}

/// The first HTTP status in words such as `error 401: error pushing` or
/// `uploading to https: status:302`.
fn upload_status(words: &str) -> Option<u16> {
    words
        .split(|c: char| !c.is_ascii_digit())
        .filter(|digits| digits.len() == 3)
        .filter_map(|digits| digits.parse().ok())
        // 443 is the port.
        .find(|status| (300..600).contains(status) && *status != 443)
}

fn has_number(words: &str, number: &str) -> bool {
    words
        .split(|c: char| !c.is_ascii_digit())
        .any(|digits| digits == number)
}

fn hint(
    call: &str,
    status: u16,
    codes: &[i64],
    words: &str,
    dataset: Option<&str>,
) -> Option<String> {
    let lower = words.to_ascii_lowercase();
    let has = |text: &str| lower.contains(text);
    let any = |known: &[i64]| codes.iter().any(|code| known.contains(code));
    let is_account = call.contains(" accounts/");
    let home = if is_account { "Account" } else { "Zone" };
    let dataset_is_zero_trust = dataset.is_some_and(is_zero_trust);
    if has("exceeded max jobs allowed") {
        return Some(format!(
            "either all jobs that the plan allows are there (4 per zone on most plans), or it has none for this dataset: Cloudflare says the same for both. `logpush-ecs jobs list` shows what is there; delete a job that nobody needs. If there is none, the plan or subscription lacks Logpush for {}: ask Cloudflare",
            dataset.unwrap_or("this dataset")
        ));
    }
    if has("fields are not allowed") {
        return Some(
            "the plan does not have these fields: `logpush-ecs jobs fields DATASET` lists what it has; choose with --fields".to_owned(),
        );
    }
    if has("reading job for product") || (dataset_is_zero_trust && any(&[1004])) {
        return Some(
            "the token lacks Account > Zero Trust: PII > Read, which jobs of Access, Gateway and DEX datasets need beside Logs > Edit: add it at dash.cloudflare.com/profile/api-tokens".to_owned(),
        );
    }
    if has("validating destination") || has("error writing object") {
        return Some(destination(words).to_owned());
    }
    if has("already exists") || has("duplicate") || status == 409 {
        return Some(
            "there is such a job already: `logpush-ecs jobs list` shows its number, `logpush-ecs jobs update` changes it".to_owned(),
        );
    }
    if has("immutable") || has("cannot be changed") || has("can't be changed") {
        return Some(
            "dataset and kind are fixed when a job is created: delete the job, and create another"
                .to_owned(),
        );
    }
    if any(&[6003, 6111]) {
        return Some(
            "CLOUDFLARE_API_TOKEN holds no API token (the Global API Key is none): create one at dash.cloudflare.com/profile/api-tokens".to_owned(),
        );
    }
    if any(&[1000, 1001]) && has("token") {
        return Some(
            "the token is wrong, revoked or expired: create one at dash.cloudflare.com/profile/api-tokens, and export it as CLOUDFLARE_API_TOKEN".to_owned(),
        );
    }
    if any(&[7000, 7003]) {
        return Some(format!(
            "there is no such {}: its ID is on the overview page of the dashboard",
            home.to_lowercase()
        ));
    }
    if matches!(status, 401 | 403) || any(&[9109, 10000]) {
        if call.contains(" zones?") {
            return Some(
                "to find zones by name the token needs Zone > Zone > Read; with the zone's ID it does without".to_owned(),
            );
        }
        let more = match dataset_is_zero_trust {
            true => ", and Account > Zero Trust: PII > Read for this dataset",
            false => "",
        };
        return Some(format!(
            "the token needs {home} > Logs > Edit for this {}{more}: reading takes Edit too, and the template \"Read analytics and logs\" is not enough; change it at dash.cloudflare.com/profile/api-tokens",
            home.to_lowercase()
        ));
    }
    if has("filter") {
        return Some(
            "a filter is JSON such as {\"where\":{\"and\":[{\"key\":\"ClientCountry\",\"operator\":\"!eq\",\"value\":\"ca\"}]}}, at most 1,000 bytes and some 30 operators, on fields that are no objects; firewall_events take none on Action, Description, Kind, MatchIndex, Metadata, OriginatorRayID, RuleID and Source".to_owned(),
        );
    }
    match status {
        404 if call.contains("/jobs/") => Some(
            "there is no such job here: `logpush-ecs jobs list` shows those that there are".to_owned(),
        ),
        404 => Some(format!(
            "this {} has no such dataset: is it one of the other scope, --zone or --account?",
            home.to_lowercase()
        )),
        429 => Some(
            "Cloudflare takes 1,200 calls in five minutes from one user: wait five minutes"
                .to_owned(),
        ),
        500.. => Some(
            "Cloudflare has trouble, see www.cloudflarestatus.com: try again later, it is safe to repeat".to_owned(),
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint_of(call: &str, status: u16, code: i64, message: &str, dataset: &str) -> String {
        let error = refused(
            call.to_owned(),
            status,
            &[(Some(code), message.to_owned())],
            Some(dataset),
        );
        error.hint().unwrap_or_default().to_owned()
    }

    #[test]
    fn every_error_that_is_known_is_explained() {
        let zone = "POST zones/z/logpush/jobs";
        let account = "GET accounts/a/logpush/jobs";
        for (call, status, code, message, dataset, words) in [
            (
                zone,
                403,
                1004,
                "creating a new job (for firewall_events dataset) is not allowed: exceeded max jobs allowed",
                "firewall_events",
                "jobs list",
            ),
            (
                zone,
                403,
                1004,
                "creating a new job is not allowed: Bot Management fields are not allowed",
                "http_requests",
                "--fields",
            ),
            (
                account,
                403,
                1004,
                "reading job for product 'gateway_dns' is not allowed (1004)",
                "gateway_dns",
                "Zero Trust: PII",
            ),
            (
                account,
                403,
                10000,
                "Authentication error",
                "access_requests",
                "Zero Trust: PII",
            ),
            (
                zone,
                403,
                10000,
                "Authentication error",
                "firewall_events",
                "Zone > Logs > Edit",
            ),
            (
                account,
                403,
                9109,
                "Unauthorized to access requested resource",
                "audit_logs",
                "Account > Logs > Edit",
            ),
            (
                zone,
                401,
                1000,
                "Invalid API Token",
                "firewall_events",
                "revoked or expired",
            ),
            (
                zone,
                400,
                6003,
                "Invalid request headers",
                "firewall_events",
                "Global API Key",
            ),
            (
                zone,
                404,
                7003,
                "Could not route to /zones/z/logpush/jobs, perhaps your object identifier is invalid?",
                "firewall_events",
                "no such zone",
            ),
            (
                zone,
                400,
                1002,
                "error validating destination: error writing object: error uploading",
                "firewall_events",
                "jobs check",
            ),
            (
                zone,
                400,
                1002,
                "error validating destination: error writing object: error uploading to https: status:302",
                "firewall_events",
                "redirects",
            ),
            (
                zone,
                400,
                1002,
                "error validating destination: error writing object: error uploading to https: 401 {\"error\":\"the secret is wrong\"}",
                "firewall_events",
                "secret",
            ),
            (
                zone,
                409,
                1002,
                "job already exists",
                "firewall_events",
                "jobs update",
            ),
            (
                zone,
                400,
                1002,
                "dataset is immutable",
                "firewall_events",
                "fixed",
            ),
            (
                zone,
                400,
                1002,
                "invalid filter: unknown operator",
                "firewall_events",
                "operators",
            ),
            (
                "GET zones/z/logpush/jobs/7",
                404,
                1002,
                "job not found",
                "firewall_events",
                "no such job",
            ),
            (
                zone,
                429,
                10429,
                "rate limited",
                "firewall_events",
                "five minutes",
            ),
            (
                zone,
                502,
                0,
                "bad gateway",
                "firewall_events",
                "cloudflarestatus",
            ),
        ] {
            let hint = hint_of(call, status, code, message, dataset);
            assert!(hint.contains(words), "{message}: {hint}");
        }
    }

    #[test]
    fn what_the_destination_answered_is_explained() {
        for (text, words) in [
            (
                "error 401: error pushing: error uploading to https: 401 {}",
                "secret",
            ),
            (
                "error 503: error pushing: error uploading to https: 503 {}",
                "jobs check",
            ),
            (
                "error 502: error pushing: error uploading to https: 502 {}",
                "intake",
            ),
            (
                "error 413: error pushing: error uploading to https: 413 {}",
                "too large",
            ),
            (
                "error 404: error pushing: error uploading to https: 404 {}",
                "URL",
            ),
            ("status 1105", "resolve"),
            (
                "dial tcp 192.0.2.7:443: status:404 at /logpush/dns_logs",
                "URL",
            ),
            ("context deadline exceeded", "in time"),
            ("something else", "jobs check"),
        ] {
            assert!(destination(text).contains(words), "{text}");
        }
    }
}
