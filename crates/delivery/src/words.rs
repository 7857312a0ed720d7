//! The words of a destination, as they may be shown.

use crate::request::Reply;

/// How much of a destination's words is passed on, in characters.
const SHOWN_MAX: usize = 200;

/// Parts of secrets that are shorter than this may be shown: they would hide words of any kind.
const PART_MIN: usize = 6;

/// The status and the beginning of the answer's text, on one line and without secrets.
#[must_use]
pub fn quote(reply: &Reply, secrets: &[&str]) -> String {
    quoted(reply.status, &String::from_utf8_lossy(&reply.body), secrets)
}

/// The same of a status and a text that stand somewhere in an answer.
#[must_use]
pub fn quoted(status: u16, text: &str, secrets: &[&str]) -> String {
    let words = without(&one_line(text), secrets);
    let shown: String = words.chars().take(SHOWN_MAX).collect();
    if shown.is_empty() {
        format!("status {status}")
    } else {
        format!("status {status}: {shown}")
    }
}

/// A text with `***` in the place of secrets.
#[must_use]
pub fn without(text: &str, secrets: &[&str]) -> String {
    let mut secrets: Vec<String> = secrets.iter().map(|secret| one_line(secret)).collect();
    // The longest first: a secret that holds another one leaves nothing of itself.
    secrets.sort_by_key(|secret| core::cmp::Reverse(secret.len()));
    secrets
        .iter()
        .filter(|secret| !secret.is_empty())
        .fold(text.to_owned(), |text, secret| text.replace(secret, "***"))
}

/// What must not be shown: secrets, and those of their parts that are long enough to tell anything.
pub(crate) fn secrets<S: Into<String>>(
    whole: impl IntoIterator<Item = S>,
    parts: impl IntoIterator<Item = S>,
) -> Vec<String> {
    let parts = parts.into_iter().map(Into::into);
    let parts = parts.filter(|part: &String| part.len() >= PART_MIN);
    let mut secrets: Vec<String> = whole.into_iter().map(Into::into).chain(parts).collect();
    secrets.sort();
    secrets.dedup();
    secrets
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_would_hide_any_word_are_no_secrets() {
        let found = secrets(
            ["a", "Bearer abcdef"],
            ["Bearer", "abcdef", "abcde", "abcdef"],
        );
        assert_eq!(found, ["Bearer", "Bearer abcdef", "a", "abcdef"]);
    }

    #[test]
    fn words_are_short_and_without_secrets() {
        let long = "blah ".repeat(2000);
        for (body, secrets, expected) in [
            ("", vec![], "status 400"),
            (" \n ", vec![], "status 400"),
            ("no\n  way", vec![], "status 400: no way"),
            (
                "the key is\nwrong",
                vec!["key"],
                "status 400: the *** is wrong",
            ),
            ("a  b is wrong", vec!["a  b"], "status 400: *** is wrong"),
            (
                "Bearer abcdef!",
                vec!["abcdef", "Bearer abcdef"],
                "status 400: ***!",
            ),
            ("x", vec![""], "status 400: x"),
        ] {
            let reply = Reply {
                status: 400,
                body: body.into(),
                ..Reply::default()
            };
            assert_eq!(quote(&reply, &secrets), expected, "{body}");
        }
        let reply = Reply {
            status: 400,
            body: long.into_bytes(),
            ..Reply::default()
        };
        assert!(quote(&reply, &[]).chars().count() <= SHOWN_MAX + 12);
    }
}
