//! What is never shown of an endpoint.

use std::collections::BTreeMap;

use crate::words;

/// What must not be shown: the headers' values, the URL, which may carry a token, and what an answer
/// may repeat of either, as the token without its scheme or the path without its host.
pub(super) fn of(url: &str, headers: &BTreeMap<String, String>) -> Vec<String> {
    let values = headers.values().map(String::as_str);
    let of_headers = values.clone().chain(values.flat_map(str::split_whitespace));
    let after_host = url
        .split_once("://")
        .and_then(|(_, rest)| rest.find(['/', '?']).and_then(|start| rest.get(start..)))
        .unwrap_or_default();
    let query = after_host.split_once('?').map_or("", |(_, query)| query);
    let of_query = query
        .split('&')
        .map(|pair| pair.split_once('=').map_or(pair, |(_, value)| value));
    let of_path = after_host.split('?').next().unwrap_or_default().split('/');
    let whole = headers.values().map(String::as_str).chain([url]);
    let parts = of_headers
        .chain([after_host, query])
        .chain(of_query)
        // Words of a path are names, long ones are tokens.
        .chain(of_path.filter(|word| word.len() >= 16));
    words::secrets(whole, parts)
}
