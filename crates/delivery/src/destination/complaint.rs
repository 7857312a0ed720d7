//! Whether the body of an answer of success tells of an error all the same.

use serde_json::Value;

/// Whether the body of a success is a page, or JSON that tells of an error.
pub(super) fn complains(body: &[u8]) -> bool {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let mut values = serde_json::Deserializer::from_slice(body).into_iter::<Value>();
    match body.trim_ascii_start().first() {
        Some(b'<') => true,
        // An object that breaks off is no answer.
        Some(b'{') => values.any(|value| value.map_or(true, |value| tells_of_an_error(&value))),
        // A text may begin like a list.
        Some(b'[') => values.any(|value| value.is_ok_and(|value| tells_of_an_error(&value))),
        _ => false,
    }
}

fn tells_of_an_error(answer: &Value) -> bool {
    let answer = match answer {
        Value::Object(members) => members,
        Value::Array(values) => return values.iter().any(tells_of_an_error),
        _ => return false,
    };
    let is_something = |value: &Value| match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(values) => !values.is_empty(),
        Value::Object(members) => !members.is_empty(),
    };
    let is_bad_code = |code: &Value| match code {
        Value::Null => false,
        Value::Number(number) => !number.as_f64().is_some_and(is_good),
        Value::String(text) => !text.trim().parse::<f64>().is_ok_and(is_good),
        _ => true,
    };
    answer.get("errors").is_some_and(is_something)
        || answer.get("error").is_some_and(is_something)
        || answer.get("code").is_some_and(is_bad_code)
}

/// Whether a code is 0 or of HTTP's success.
fn is_good(code: f64) -> bool {
    code == 0.0 || (200.0..300.0).contains(&code)
}
