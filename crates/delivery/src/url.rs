//! Which URLs a destination may have.

use core::net::Ipv6Addr;

/// Checks a URL that secrets and documents are sent to: HTTPS, except to this machine, which is for
/// trying things out.
///
/// # Errors
///
/// What is wrong, to be read behind the name of the setting. Nothing of the URL itself, which may
/// hold a token.
pub fn check(url: &str) -> Result<(), &'static str> {
    const NO_URL: &str = "is not an https:// URL";
    let is_plain = url.bytes().all(|byte| byte.is_ascii_graphic());
    let (scheme, rest) = url.split_once("://").ok_or(NO_URL)?;
    if !is_plain || rest.contains('#') {
        return Err("has a character that a URL may not have: white space, # or one beyond ASCII");
    }
    let end = rest.find(['/', '?', '\\']).unwrap_or(rest.len());
    let (authority, behind) = rest.split_at(end);
    if behind.starts_with('\\') {
        return Err(NO_URL);
    }
    if authority.contains('@') {
        return Err("has a user name or a password in it, which belong in a header");
    }
    let host = host_of(authority).ok_or("has no host, or a port that is none")?;
    let is_local = ["127.0.0.1", "localhost", "[::1]"]
        .iter()
        .any(|local| host.eq_ignore_ascii_case(local));
    let is_allowed =
        scheme.eq_ignore_ascii_case("https") || (is_local && scheme.eq_ignore_ascii_case("http"));
    if is_allowed { Ok(()) } else { Err(NO_URL) }
}

/// The path of a URL, without slashes at its end.
pub(crate) fn path(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let path = rest.find('/').and_then(|start| rest.get(start..));
    path.unwrap_or_default().trim_end_matches('/')
}

/// The host of `host:port`, where both are sound.
fn host_of(authority: &str) -> Option<&str> {
    let (host, port) = match authority
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
    {
        Some((address, port)) => {
            address.parse::<Ipv6Addr>().ok()?;
            authority
                .split_at_checked(address.len() + 2)
                .filter(|(_, rest)| *rest == port)?
        }
        None => {
            let end = authority.find(':').unwrap_or(authority.len());
            let (host, port) = authority.split_at(end);
            let is_name = host.starts_with(|first: char| first.is_ascii_alphanumeric())
                && host
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
            if !is_name {
                return None;
            }
            (host, port)
        }
    };
    let is_port = |digits: &str| {
        digits.bytes().all(|byte| byte.is_ascii_digit())
            && digits.parse::<u16>().is_ok_and(|port| port > 0)
    };
    (port.is_empty() || port.strip_prefix(':').is_some_and(is_port)).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_https_or_of_this_machine() {
        for url in [
            "https://intake.sekoia.io",
            "https://intake.fra2.sekoia.io/api/v1/intake-http",
            "HTTPS://SIEM.example/in?x=1",
            "https://siem.example:8443/a@b?to=c@d",
            "https://siem.example?x=1",
            "https://10.0.0.1:65535/",
            "https://[2001:db8::1]:9200/in",
            "http://127.0.0.1:9000",
            "http://localhost/",
            "HTTP://LOCALHOST:1",
            "http://[::1]:9000/in",
        ] {
            assert_eq!(check(url), Ok(()), "{url}");
        }
        for url in [
            "",
            "siem.example",
            "http://siem.example",
            "http://127.0.0.1.evil.example",
            "http://localhost@evil.example",
            "https://",
            "https:///path",
            "https://user:password@siem.example",
            "https://user@siem.example/in",
            "https://siem.example:65536",
            "https://siem.example:0",
            "https://siem.example:",
            "https://siem.example:+80",
            "https://siem.example:http",
            "https://[2001:db8::1",
            "https://[not-an-address]",
            "https://[::1]x",
            "https://siem.example/a b",
            "https://siem.example/#fragment",
            "https://siem.example\\@evil.example",
            "https://-siem.example",
            "https://siem.example/é",
            "ftp://siem.example",
            "javascript:alert(1)",
        ] {
            assert!(check(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_path_is_without_query_and_slashes_at_its_end() {
        for (url, expected) in [
            ("https://siem.example", ""),
            ("https://siem.example/", ""),
            ("https://siem.example/logs/_bulk?pretty", "/logs/_bulk"),
            ("https://siem.example/_bulk/", "/_bulk"),
            ("https://siem.example?x=/y", ""),
        ] {
            assert_eq!(path(url), expected, "{url}");
        }
    }
}
