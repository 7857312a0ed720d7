//! The event that the project started from, with every field that was asked for.

use serde_json::json;
use wasm_bindgen_test::wasm_bindgen_test as wasm;

use crate::common::{at, document};

const RECORD: &str = r#"{"Action":"block","ClientIP":"113.206.179.28","ClientRequestHost":"foo-bar-baz.xyz","ClientRequestMethod":"GET","ClientRequestPath":"/static/favicon.ico","ClientRequestQuery":"","Datetime":1657630626219000000,"EdgeResponseStatus":403,"RayID":"7299f155dda47d6b"}"#;

#[test]
#[wasm]
fn the_sample_event_has_every_field() {
    let document = document(RECORD);
    for (path, expected) in [
        ("@timestamp", json!("2022-07-12T12:57:06.219000Z")),
        ("event.kind", json!("event")),
        ("event.category", json!(["network"])),
        ("event.type", json!(["denied"])),
        ("event.action", json!("block")),
        ("event.dataset", json!("firewall-events")),
        ("source.ip", json!("113.206.179.28")),
        ("source.address", json!("113.206.179.28")),
        ("destination.address", json!("foo-bar-baz.xyz")),
        ("destination.domain", json!("foo-bar-baz.xyz")),
        ("destination.registered_domain", json!("foo-bar-baz.xyz")),
        ("destination.top_level_domain", json!("xyz")),
        ("http.request.method", json!("GET")),
        ("http.response.status_code", json!(403)),
        ("url.domain", json!("foo-bar-baz.xyz")),
        ("url.path", json!("/static/favicon.ico")),
        ("url.registered_domain", json!("foo-bar-baz.xyz")),
        ("url.top_level_domain", json!("xyz")),
        ("related.hosts", json!(["foo-bar-baz.xyz"])),
        ("related.ip", json!(["113.206.179.28"])),
        ("cloudflare.RayID", json!("7299f155dda47d6b")),
        ("cloudflare.EdgeResponseStatus", json!(403)),
        ("observer.type", json!("firewall")),
        ("observer.vendor", json!("Cloudflare")),
    ] {
        assert_eq!(at(&document, path), &expected, "{path}");
    }
    assert_eq!(at(&document, "url.query"), &json!(null));
}
