//! Access to the operator's routes: for a person with a session, and for a program with the secret.

use core::cell::RefCell;

use logpush_status::page;
use worker::{Headers, Request};

use crate::clock::now_millis;
use crate::config::{self, Variables};
use crate::http::answer::Answer;
use crate::http::method::Method;
use crate::http::query::origin;
use crate::http::secrets::Secrets;
use crate::operator::session::Session;
use crate::operator::wrong_secrets::WrongSecrets;
use crate::random::random;

/// The fields of a form, of one of the session's own pages.
pub(crate) struct Form(Vec<(String, String)>);

/// A form of ours has three fields, the longest of them the key of an object, of 1,024 bytes, or the reason
/// of a dead letter, of 300 characters: encoded, up to 3.6 kB.
const FORM_MAX: u64 = 8 * 1024;

thread_local! {
    static WRONG: RefCell<WrongSecrets> = RefCell::default();
}

/// Lets a program in: for what it may read, a session will do as well.
pub(crate) fn program(request: &Request, variables: &Variables) -> Result<(), Answer> {
    let secrets = config::operator_secrets(variables).map_err(|problem| {
        Answer::error(
            503,
            &problem,
            "npx wrangler secret put OPERATOR_SECRET opens the operator's routes",
        )
    })?;
    let headers = request.headers();
    let is_read = Method::of(request).is_read();
    if is_read && session(headers, &secrets).is_some() {
        return Ok(());
    }
    if !is_read && is_of_another_site(request) {
        // A browser sends credentials for Basic by itself.
        return Err(Answer::error(
            403,
            "the request comes from a page of another site",
            "use the forms of the status page, or a program that is no browser",
        ));
    }
    if by_header(headers, &secrets)? {
        return Ok(());
    }
    Err(Answer::error(
        401,
        "the operator's secret is wrong or missing",
        "send Authorization: Bearer with the value of OPERATOR_SECRET",
    )
    .with_header("WWW-Authenticate", "Bearer realm=\"logpush-ecs\""))
}

/// Lets a person in: by the session, or by the secret in a header, which begins one.
pub(crate) fn person(request: &Request, secrets: &Secrets) -> Result<Session, Answer> {
    let headers = request.headers();
    if let Some(session) = session(headers, secrets) {
        return Ok(session);
    }
    if by_header(headers, secrets)? {
        return Ok(begin(secrets));
    }
    Err(log_in_page(401, None))
}

/// `POST /login`.
pub(crate) async fn log_in(request: &mut Request, secrets: &Secrets) -> Answer {
    let Some(form) = read(request).await else {
        return log_in_page(400, Some("The form was not understood: please try again."));
    };
    if !secrets.accept(form.field("secret").trim()) {
        if is_one_too_many(request.headers()) {
            let text = "This is not the operator's secret, and there were too many wrong ones: please wait a minute.";
            return log_in_page(429, Some(text)).with_header("Retry-After", "60");
        }
        return log_in_page(401, Some("This is not the operator's secret."));
    }
    redirect("/").with_header("Set-Cookie", &begin(secrets).cookie())
}

/// Reads a form, if it is one of the session's own pages.
pub(crate) async fn form(request: &mut Request, session: &Session) -> Result<Form, Answer> {
    match read(request).await {
        Some(form) if session.is_token(form.field("token")) => Ok(form),
        _ => Err(html(403, page::refused())),
    }
}

/// A page.
pub(crate) fn html(status: u16, page: String) -> Answer {
    Answer::text(status, "text/html; charset=utf-8", page)
        .with_header("Content-Security-Policy", page::POLICY)
        // Not "no-referrer": browsers would then send no origin along with forms.
        .with_header("Referrer-Policy", "same-origin")
        .with_header("Cross-Origin-Opener-Policy", "same-origin")
        .with_header("Cross-Origin-Resource-Policy", "same-origin")
}

pub(crate) fn redirect(to: &str) -> Answer {
    html(303, String::new()).with_header("Location", to)
}

fn log_in_page(status: u16, problem: Option<&str>) -> Answer {
    // Browsers have no window of their own for Bearer.
    html(status, page::log_in(problem))
        .with_header("WWW-Authenticate", "Bearer realm=\"logpush-ecs\"")
}

impl Form {
    /// The value of a field; empty where there is none.
    pub(crate) fn field(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(field, _)| field == name);
        found.map_or("", |(_, value)| value)
    }
}

/// The session of a request.
fn session(headers: &Headers, secrets: &Secrets) -> Option<Session> {
    let cookies = headers.get("Cookie").ok().flatten()?;
    Session::of(&cookies, secrets, now_millis())
}

fn begin(secrets: &Secrets) -> Session {
    Session::begin(secrets, now_millis(), random())
}

/// Whether the secret is in the header; an error where one too many was wrong.
fn by_header(headers: &Headers, secrets: &Secrets) -> Result<bool, Answer> {
    let Some(authorization) = headers.get("Authorization").ok().flatten() else {
        return Ok(false);
    };
    if secrets.allow(None, Some(&authorization)) {
        return Ok(true);
    }
    if is_one_too_many(headers) {
        return Err(Answer::error(
            429,
            "the operator's secret is wrong, and too many wrong ones came",
            "wait a minute, and check the secret: the right one is taken at any time",
        )
        .with_header("Retry-After", "60"));
    }
    Ok(false)
}

/// Counts a wrong secret.
fn is_one_too_many(headers: &Headers) -> bool {
    WRONG.with_borrow_mut(|wrong| wrong.count(&address(headers), now_millis()))
}

async fn read(request: &mut Request) -> Option<Form> {
    let headers = request.headers();
    let header = |name| headers.get(name).ok().flatten().unwrap_or_default();
    let is_form = header("Content-Type").starts_with("application/x-www-form-urlencoded");
    let length = header("Content-Length").parse::<u64>().ok()?;
    if !is_form || length > FORM_MAX || is_of_another_site(request) {
        return None;
    }
    let text = request.text().await.ok()?;
    Some(Form(
        form_urlencoded::parse(text.as_bytes())
            .into_owned()
            .collect(),
    ))
}

/// Whether a browser says that another site's page made the request.
fn is_of_another_site(request: &Request) -> bool {
    let header = |name| request.headers().get(name).ok().flatten();
    is_cross_site(
        header("Sec-Fetch-Site").as_deref(),
        header("Origin").as_deref(),
        &request.inner().url(),
    )
}

/// The same from the headers `Sec-Fetch-Site` and, where an older browser does not send that, `Origin`.
fn is_cross_site(site: Option<&str>, sender: Option<&str>, url: &str) -> bool {
    match site {
        Some(site) => site != "same-origin" && site != "none",
        None => sender.is_some_and(|sender| sender != origin(url)),
    }
}

/// Cloudflare sets it, whatever the client has sent.
fn address(headers: &Headers) -> String {
    let address = headers.get("CF-Connecting-IP").ok().flatten();
    address.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_other_sites_are_recognised() {
        let url = "https://w.example/dead-letters/replay?x=1";
        for (site, sender, expected) in [
            (Some("same-origin"), Some("https://evil.example"), false),
            (Some("none"), None, false),
            (Some("same-site"), None, true),
            (Some("cross-site"), Some("https://w.example"), true),
            (None, Some("https://w.example"), false),
            (None, Some("https://w.example:8443"), true),
            (None, Some("http://w.example"), true),
            (None, Some("null"), true),
            (None, None, false),
        ] {
            assert_eq!(
                is_cross_site(site, sender, url),
                expected,
                "{site:?} {sender:?}"
            );
        }
    }
}
