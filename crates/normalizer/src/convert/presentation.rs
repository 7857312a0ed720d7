//! The form in which names of DNS are shown.

/// A name of DNS, given and returned in the form that it has between JSON's quotes: control
/// characters as ECS has them (`\t`, `\n`, `\r`, `\DDD`), everything else as it came. A backslash is
/// the sender's escape already.
pub(super) fn presentation(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find(['\\', '\x7f']) {
        let (before, escape) = rest.split_at(at);
        shown.push_str(before);
        let (length, text) = match escape.as_bytes() {
            [b'\\', b't', ..] => (2, r"\\t".to_owned()),
            [b'\\', b'n', ..] => (2, r"\\n".to_owned()),
            [b'\\', b'r', ..] => (2, r"\\r".to_owned()),
            [b'\\', b'b', ..] => (2, r"\\008".to_owned()),
            [b'\\', b'f', ..] => (2, r"\\012".to_owned()),
            [b'\\', b'u', ..] => {
                let digits = escape.get(2..6).unwrap_or_default();
                let length = 2 + digits.len();
                match u32::from_str_radix(digits, 16) {
                    Ok(control) if control < 0x20 => (length, format!(r"\\{control:03}")),
                    _ => (length, escape.get(..length).unwrap_or_default().to_owned()),
                }
            }
            [0x7f, ..] => (1, r"\\127".to_owned()),
            _ => {
                let length = escape.len().min(2);
                (length, escape.get(..length).unwrap_or_default().to_owned())
            }
        };
        shown.push_str(&text);
        rest = escape.get(length..).unwrap_or_default();
    }
    shown.push_str(rest);
    shown
}
