//! Which headers a destination may be sent.

use std::collections::BTreeMap;

/// Reads headers from a JSON object.
///
/// # Errors
///
/// What is wrong, to be read behind the name of the setting. Nothing of a value.
pub fn read(text: &str) -> Result<BTreeMap<String, String>, String> {
    let headers: BTreeMap<String, String> = serde_json::from_str(text)
        .map_err(|_| "is not a JSON object of header names and texts".to_owned())?;
    for (name, value) in &headers {
        if !is_name(name) || !is_value(value) {
            return Err("has a header that HTTP does not allow".to_owned());
        }
        let unsendable = UNSENDABLE
            .iter()
            .find(|unsendable| name.eq_ignore_ascii_case(unsendable));
        if let Some(unsendable) = unsendable {
            return Err(format!(
                "has {unsendable}, which the Worker cannot send: the runtime decides it"
            ));
        }
    }
    Ok(headers)
}

/// Whether a header can carry a text.
#[must_use]
pub fn is_value(value: &str) -> bool {
    value
        .bytes()
        .all(|byte| byte == b'\t' || (b' '..0x7f).contains(&byte))
}

/// Headers that belong to the connection or to the body, or that fetch refuses.
const UNSENDABLE: &[&str] = &[
    "Connection",
    "Content-Encoding",
    "Content-Length",
    "Expect",
    "Host",
    "Keep-Alive",
    "Proxy-Connection",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
];

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_names_and_texts() {
        for text in [
            "{}",
            r#"{"Authorization":"Bearer x"}"#,
            r#"{"X-Tenant":"a b\tc","x_y":""}"#,
        ] {
            assert!(read(text).is_ok(), "{text}");
        }
        for (text, expected) in [
            ("Bearer x", "is not a JSON object"),
            ("[1]", "is not a JSON object"),
            (r#"{"a":1}"#, "is not a JSON object"),
            (r#"{"a b":"c"}"#, "has a header that HTTP does not allow"),
            (r#"{"":"c"}"#, "has a header that HTTP does not allow"),
            (r#"{"a":"b\r\nc"}"#, "has a header that HTTP does not allow"),
            (r#"{"a":"é"}"#, "has a header that HTTP does not allow"),
        ] {
            let words = read(text).unwrap_err();
            assert!(words.starts_with(expected), "{text}: {words}");
        }
    }

    #[test]
    fn headers_that_fetch_cannot_send_are_named() {
        for name in UNSENDABLE {
            for name in [name.to_ascii_lowercase(), name.to_ascii_uppercase()] {
                let words = read(&format!(r#"{{"{name}":"x"}}"#)).unwrap_err();
                assert!(
                    words.ends_with("which the Worker cannot send: the runtime decides it"),
                    "{words}"
                );
            }
        }
    }
}
