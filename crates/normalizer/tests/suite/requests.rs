//! What a request becomes: its address, the hosts and the addresses that it names.

use logpush_normalizer::datasets::{DATASETS, by_name};
use logpush_normalizer::{Config, Shape};
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test as wasm;

use crate::common::{at, both_paths, config};

/// A dataset, a record, and fields of its document; null is absent.
type Case = (&'static str, Value, Value);

fn check(cases: impl IntoIterator<Item = Case>) {
    for (dataset, record, expected) in cases {
        let config = Config {
            dataset: by_name(dataset),
            ..config(Shape::Ecs)
        };
        let document = both_paths(&config, &record.to_string());
        for (path, value) in expected.as_object().unwrap() {
            assert_eq!(at(&document, path), value, "{dataset} {record}: {path}");
        }
    }
}

#[test]
#[wasm]
fn an_address_is_in_url_original_as_it_came() {
    check([
        (
            "http_requests",
            json!({"ClientRequestURI": "/a/b.php?x=%2e", "ClientRequestPath": "/a/b.php"}),
            json!({"url.original": "/a/b.php?x=%2e", "url.path": "/a/b.php", "url.query": "x=%2e"}),
        ),
        // A job that names the path alone.
        (
            "http_requests",
            json!({"ClientRequestPath": "/a"}),
            json!({"url.original": "/a", "url.path": "/a"}),
        ),
        (
            "firewall_events",
            json!({"ClientRequestPath": "/a", "ClientRequestQuery": "?b=c"}),
            json!({"url.original": "/a?b=c", "url.query": "b=c"}),
        ),
        (
            "firewall_events",
            json!({"ClientRequestPath": "/a", "ClientRequestQuery": "b=c"}),
            json!({"url.original": "/a?b=c"}),
        ),
        (
            "websocket_analytics",
            json!({"ClientRequestHost": "chat.example.com", "ClientRequestPath": "/socket"}),
            json!({"url.original": "/socket", "url.domain": "chat.example.com"}),
        ),
        (
            "audit_logs_v2",
            json!({"Raw": {"uri": "/client/v4/zones?page=2"}}),
            json!({"url.original": "/client/v4/zones?page=2", "url.path": "/client/v4/zones"}),
        ),
        (
            "sinkhole_http_logs",
            json!({"URI": "/gate.php?id=7", "Host": "c2.example.com"}),
            json!({"url.original": "/gate.php?id=7", "url.domain": "c2.example.com", "url.extension": "php"}),
        ),
        (
            "workers_trace_events",
            json!({"Event": {"Request": {"URL": "https://Api.example.com/v1?x"}}}),
            json!({"url.original": "https://Api.example.com/v1?x", "url.domain": "api.example.com",
                   "related.hosts": ["api.example.com"]}),
        ),
    ]);
}

#[test]
#[wasm]
fn url_full_is_there_where_it_is_true() {
    let full = |members: Value, full: Value| {
        let mut record = json!({"ClientRequestHost": "shop.example.com"});
        let members = members.as_object().unwrap().clone();
        record.as_object_mut().unwrap().extend(members);
        ("http_requests", record, json!({"url.full": full}))
    };
    check([
        full(
            json!({"ClientRequestScheme": "http", "ClientRequestURI": "/a?b"}),
            json!("http://shop.example.com/a?b"),
        ),
        // Whether there was TLS tells the scheme.
        full(
            json!({"ClientSSLProtocol": "TLSv1.2", "ClientRequestURI": "/a"}),
            json!("https://shop.example.com/a"),
        ),
        full(
            json!({"ClientSSLProtocol": "none", "ClientRequestURI": "/a"}),
            json!("http://shop.example.com/a"),
        ),
        full(
            json!({"ClientSSLProtocol": "unknown", "ClientRequestURI": "/a"}),
            Value::Null,
        ),
        full(json!({"ClientRequestURI": "/a"}), Value::Null),
        // Nobody knows the query.
        full(
            json!({"ClientRequestScheme": "https", "ClientRequestPath": "/a"}),
            Value::Null,
        ),
        full(
            json!({"ClientRequestScheme": "https", "ClientRequestURI": ""}),
            Value::Null,
        ),
        full(
            json!({"ClientRequestScheme": "https", "ClientRequestURI": "*"}),
            Value::Null,
        ),
        full(
            json!({"ClientRequestScheme": "https", "ClientRequestURI": "shop.example.com:443"}),
            Value::Null,
        ),
        // A Host header that is no host.
        full(
            json!({"ClientRequestScheme": "https", "ClientRequestURI": "/a", "ClientRequestHost": "x@y.example"}),
            Value::Null,
        ),
        full(
            json!({"ClientRequestScheme": "https", "ClientRequestURI": "/a", "ClientRequestHost": "y.example/z"}),
            Value::Null,
        ),
        (
            "firewall_events",
            json!({"ClientRequestHost": "e.org/a?x=1", "ClientRequestQuery": "?b=2"}),
            json!({"url.domain": "e.org", "url.query": "b=2"}),
        ),
        (
            "firewall_events",
            json!({"ClientRequestHost": "e.org", "ClientRequestScheme": "https", "ClientRequestPath": "/a", "ClientRequestQuery": ""}),
            json!({"url.full": "https://e.org/a"}),
        ),
        (
            "firewall_events",
            json!({"ClientRequestHost": "e.org", "ClientRequestScheme": "https", "ClientRequestPath": "/a"}),
            json!({"url.full": null}),
        ),
        (
            "firewall_events",
            json!({"ClientRequestHost": "e.org", "ClientRequestScheme": "https", "ClientRequestPath": "*", "ClientRequestQuery": ""}),
            json!({"url.full": null, "url.path": null, "url.original": "*"}),
        ),
    ]);
}

#[test]
#[wasm]
fn the_target_of_a_request_may_be_no_path() {
    check([
        (
            "http_requests",
            json!({"ClientRequestHost": "www.example.com", "ClientRequestScheme": "https",
                   "ClientRequestURI": "http://other.example.org:8080/a.cgi?b"}),
            json!({
                "cloudflare.ClientRequestScheme": "https",
                "destination.domain": "www.example.com",
                "related.hosts": ["www.example.com", "other.example.org"],
                "url.domain": "other.example.org",
                "url.extension": "cgi",
                "url.full": "http://other.example.org:8080/a.cgi?b",
                "url.path": "/a.cgi",
                "url.port": 8080,
                "url.query": "b",
                "url.scheme": "http",
                "url.subdomain": "other",
            }),
        ),
        (
            "http_requests",
            json!({"ClientRequestHost": "www.example.com", "ClientRequestMethod": "CONNECT",
                   "ClientRequestURI": "other.example.org:443"}),
            json!({"url.domain": "other.example.org", "url.port": 443, "url.path": null,
                   "url.original": "other.example.org:443", "destination.domain": "www.example.com"}),
        ),
        (
            "http_requests",
            json!({"ClientRequestHost": "www.example.com", "ClientRequestURI": "*"}),
            json!({"url.domain": "www.example.com", "url.path": null, "url.original": "*"}),
        ),
        (
            "sinkhole_http_logs",
            json!({"URI": "http://c2.example.org/a?b=c", "Host": "www.example.com"}),
            json!({"url.domain": "c2.example.org", "url.path": "/a", "destination.domain": "www.example.com"}),
        ),
    ]);
}

#[test]
#[wasm]
fn the_parts_of_an_address_are_of_one_source() {
    check([
        // The client's Host header is another than the address.
        (
            "gateway_http",
            json!({"URL": "https://files.example.net/a", "HTTPHost": "cdn.www.example.com"}),
            json!({"url.domain": "files.example.net", "url.subdomain": "files",
                   "destination.domain": "cdn.www.example.com", "destination.subdomain": "cdn.www"}),
        ),
        (
            "gateway_http",
            json!({"URL": "https://localhost/a", "HTTPHost": "www.example.com"}),
            json!({"url.domain": "localhost", "url.registered_domain": null, "url.subdomain": null}),
        ),
        (
            "page_shield_events",
            json!({"URL": "https://203.0.113.5/a.js", "URLHost": "www.example.com:8080"}),
            json!({"url.domain": "203.0.113.5", "url.port": null, "url.registered_domain": null}),
        ),
        (
            "sinkhole_http_logs",
            json!({"URL": "http://203.0.113.9/a", "URI": "/b?x=1", "Host": "www.example.com:81"}),
            json!({"url.query": null, "url.port": null, "cloudflare.URI": "/b?x=1"}),
        ),
        (
            "biso_user_actions",
            json!({"URL": "data:text/html,x", "DomainName": "www.example.com"}),
            json!({"url.scheme": "data", "url.domain": null, "destination.domain": "www.example.com"}),
        ),
        // A path has no host of its own.
        (
            "gateway_http",
            json!({"URL": "/a.zip", "HTTPHost": "www.example.com"}),
            json!({"url.domain": "www.example.com", "url.extension": "zip"}),
        ),
        (
            "http_requests",
            json!({"ClientRequestURI": "/a", "ClientRequestPath": "/b"}),
            json!({"url.path": "/a", "cloudflare.ClientRequestPath": "/b"}),
        ),
        // So have those of a destination.
        (
            "zero_trust_network_sessions",
            json!({"ResolvedFQDN": "server.internal", "SNI": "www.example.com"}),
            json!({"destination.domain": "server.internal", "destination.registered_domain": null}),
        ),
    ]);
}

#[test]
#[wasm]
fn an_address_is_read_as_browsers_do() {
    check([
        (
            "gateway_http",
            json!({"URL": "https://evil.example.org\\@good.example.com/"}),
            json!({"url.domain": "evil.example.org", "related.hosts": ["evil.example.org"]}),
        ),
        (
            "zaraz_events",
            json!({"URL": "https:\\\\evil.example.org/a"}),
            json!({"url.domain": "evil.example.org", "url.path": "/a"}),
        ),
        (
            "mcp_portal_logs",
            json!({"ServerURL": "https://mcp.example.com:/sse"}),
            json!({"url.domain": "mcp.example.com", "url.port": null, "related.hosts": ["mcp.example.com"]}),
        ),
        (
            "page_shield_events",
            json!({"URL": "wasm-eval"}),
            json!({"url.path": null, "url.original": "wasm-eval"}),
        ),
        (
            "page_shield_events",
            json!({"URL": "javascript:alert(1)"}),
            json!({"url.path": null, "url.scheme": "javascript"}),
        ),
        (
            "page_shield_events",
            json!({"URL": "about:srcdoc"}),
            json!({"url.path": null, "url.scheme": "about"}),
        ),
    ]);
}

#[test]
#[wasm]
fn a_host_may_have_a_path_behind_it() {
    check([
        (
            "access_requests",
            json!({"AppDomain": "Wiki.example.com/team?x=1"}),
            json!({
                "destination.address": "Wiki.example.com/team?x=1",
                "destination.domain": "wiki.example.com",
                "destination.registered_domain": "example.com",
                "related.hosts": ["wiki.example.com"],
                "url.domain": "wiki.example.com",
                "url.path": "/team",
                "url.query": "x=1",
            }),
        ),
        (
            "turnstile_events",
            json!({"Hostname": "shop.example.com/"}),
            json!({"url.domain": "shop.example.com", "url.path": "/"}),
        ),
    ]);
}

#[test]
#[wasm]
fn names_are_in_lower_case_and_their_raw_form_is_kept() {
    check([
        (
            "dns_logs",
            json!({"QueryName": "wWw.ExAmPlE.oRg."}),
            json!({
                "cloudflare.QueryName": "wWw.ExAmPlE.oRg.",
                "dns.question.name": "www.example.org",
                "dns.question.subdomain": "www",
                "dns.question.registered_domain": "example.org",
                "related.hosts": ["www.example.org"],
            }),
        ),
        (
            "gateway_dns",
            json!({"QueryName": "0/25.2.0.192.IN-ADDR.arpa", "CNAMEs": ["Cdn.Example.net.", "b.example"]}),
            json!({"dns.question.name": "0/25.2.0.192.in-addr.arpa",
                   "related.hosts": ["cdn.example.net", "b.example", "0/25.2.0.192.in-addr.arpa"]}),
        ),
        (
            "http_requests",
            json!({"ClientRequestHost": "Shop.EXAMPLE.com:8443", "ClientRequestURI": "/A"}),
            json!({"destination.address": "Shop.EXAMPLE.com:8443", "destination.domain": "shop.example.com",
                   "url.domain": "shop.example.com", "url.subdomain": "shop", "url.path": "/A"}),
        ),
        (
            "gateway_network",
            json!({"SNI": "Api.Example.com", "DeviceName": "LAPTOP-7"}),
            json!({"tls.client.server_name": "Api.Example.com", "destination.domain": "api.example.com",
                   "host.name": "LAPTOP-7", "related.hosts": ["laptop-7", "api.example.com"]}),
        ),
        (
            "email_security_alerts",
            json!({"Links": ["https://Phish.Example.com/A"]}),
            json!({"related.hosts": ["phish.example.com"]}),
        ),
    ]);
}

#[test]
#[wasm]
fn addresses_in_fields_of_hosts_are_addresses() {
    check([
        (
            "gateway_http",
            json!({"URL": "http://203.0.113.5/a", "HTTPHost": "203.0.113.5:8080"}),
            json!({"destination.ip": "203.0.113.5", "destination.domain": null,
                   "related.hosts": null, "related.ip": ["203.0.113.5"], "url.domain": "203.0.113.5"}),
        ),
        // A field of an address goes before what the client says.
        (
            "http_requests",
            json!({"ClientRequestHost": "203.0.113.5", "OriginIP": "192.0.2.7"}),
            json!({"destination.ip": "192.0.2.7", "destination.address": "203.0.113.5",
                   "related.ip": ["203.0.113.5", "192.0.2.7"]}),
        ),
        (
            "gateway_http",
            json!({"DestinationIP": "192.0.2.7"}),
            json!({"destination.ip": "192.0.2.7", "destination.address": "192.0.2.7"}),
        ),
        (
            "gateway_http",
            json!({"DestinationIP": "192.0.2.7", "HTTPHost": "a.example.com"}),
            json!({"destination.address": "a.example.com", "cloudflare": null}),
        ),
        (
            "email_security_alerts",
            json!({"Links": ["http://[2001:db8::5]/x", "https://a.example"], "SMTPHeloServerName": "[192.0.2.3]"}),
            json!({"related.ip": ["2001:db8::5", "192.0.2.3"], "related.hosts": ["a.example"],
                   "source.ip": "192.0.2.3", "source.domain": null}),
        ),
        (
            "ssh_logs",
            json!({"ClientAddress": "[2001:db8::7]:55123", "ServerAddress": "db.example.com:22"}),
            json!({"source.address": "[2001:db8::7]:55123", "source.ip": "2001:db8::7", "source.port": 55123,
                   "destination.domain": "db.example.com", "destination.port": 22, "destination.ip": null}),
        ),
        (
            "ssh_logs",
            json!({"ClientAddress": "192.0.2.7", "ServerAddress": "192.0.2.8:2222"}),
            json!({"source.ip": "192.0.2.7", "source.port": null, "destination.ip": "192.0.2.8"}),
        ),
        // The port has no field: the value stays.
        (
            "audit_logs",
            json!({"ActorIP": "192.0.2.7:443"}),
            json!({"source.ip": "192.0.2.7", "cloudflare.ActorIP": "192.0.2.7:443"}),
        ),
    ]);
}

#[test]
#[wasm]
fn a_target_in_absolute_form_has_the_query_that_came_apart() {
    let with = |query: &str| {
        json!({"ClientRequestHost": "a.example", "ClientRequestScheme": "https",
               "ClientRequestPath": "http://b.example/x.php", "ClientRequestQuery": query})
    };
    check([
        (
            "firewall_events",
            with("?y=1"),
            json!({"url.original": "http://b.example/x.php?y=1", "url.full": "http://b.example/x.php?y=1",
                   "url.query": "y=1", "url.path": "/x.php", "url.extension": "php",
                   "url.domain": "b.example", "destination.domain": "a.example"}),
        ),
        (
            "firewall_events",
            with(""),
            json!({"url.original": "http://b.example/x.php", "url.full": "http://b.example/x.php",
                   "url.query": null}),
        ),
        // Without the field of the query nobody knows the whole.
        (
            "firewall_events",
            json!({"ClientRequestPath": "http://b.example/x.php"}),
            json!({"url.original": "http://b.example/x.php", "url.full": null, "url.path": "/x.php"}),
        ),
        (
            "http_requests",
            json!({"ClientRequestPath": "http://b.example/x.php"}),
            json!({"url.full": null, "url.path": "/x.php", "url.domain": "b.example"}),
        ),
    ]);
}

#[test]
#[wasm]
fn ipv4_is_told_in_every_spelling_of_ipv6() {
    for spelling in [
        "::ffff:203.0.113.5",
        "::FFFF:203.0.113.5",
        "0:0:0:0:0:ffff:203.0.113.5",
        "::ffff:cb00:7105",
        "0000:0000:0000:0000:0000:ffff:cb00:7105",
    ] {
        check([
            (
                "audit_logs",
                json!({"ActorIP": spelling}),
                json!({"source.ip": "203.0.113.5", "related.ip": ["203.0.113.5"]}),
            ),
            (
                "gateway_dns",
                json!({"ResolvedIPs": [spelling, "2001:db8::1"]}),
                json!({"dns.resolved_ip": ["203.0.113.5", "2001:db8::1"], "cloudflare": null}),
            ),
        ]);
    }
}

#[test]
#[wasm]
fn ipv6_has_one_spelling() {
    for spelling in ["2001:DB8::5", "2001:0db8:0:0:0:0:0:0005"] {
        check([
            (
                "audit_logs",
                json!({"ActorIP": spelling}),
                json!({"source.ip": "2001:db8::5", "related.ip": ["2001:db8::5"],
                       "cloudflare.ActorIP": spelling}),
            ),
            (
                "gateway_dns",
                json!({"ResolvedIPs": [spelling, "192.0.2.1"]}),
                json!({"dns.resolved_ip": ["2001:db8::5", "192.0.2.1"],
                       "cloudflare.ResolvedIPs": [spelling, "192.0.2.1"]}),
            ),
            (
                "http_requests",
                json!({"ClientRequestHost": format!("[{spelling}]:8443")}),
                json!({"url.domain": "[2001:db8::5]", "url.port": 8443, "destination.ip": "2001:db8::5",
                       "destination.domain": null, "related.ip": ["2001:db8::5"],
                       "destination.address": format!("[{spelling}]:8443")}),
            ),
            (
                "gateway_http",
                json!({"URL": format!("http://[{spelling}]/a")}),
                json!({"url.domain": "[2001:db8::5]", "related.ip": ["2001:db8::5"],
                       "url.original": format!("http://[{spelling}]/a")}),
            ),
        ]);
    }
}

#[test]
#[wasm]
fn hashes_are_in_lower_case() {
    let hash = "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709";
    let lower = hash.to_lowercase();
    check([
        (
            "gateway_http",
            json!({"BlockedFileHash": hash}),
            json!({"file.hash.sha1": lower, "related.hash": [lower], "cloudflare.BlockedFileHash": hash}),
        ),
        (
            "http_requests",
            json!({"JA3Hash": "E7D705A3286E19EA42F587B344EE6865"}),
            json!({"tls.client.ja3": "e7d705a3286e19ea42f587b344ee6865",
                   "related.hash": ["e7d705a3286e19ea42f587b344ee6865"]}),
        ),
    ]);
}

#[test]
#[wasm]
fn a_bad_element_costs_only_itself() {
    check([
        (
            "gateway_dns",
            json!({"ResolvedIPs": ["203.0.113.5", "bad", 7, {"a": 1}, "2001:db8::1"]}),
            json!({"dns.resolved_ip": ["203.0.113.5", "2001:db8::1"],
                   "cloudflare.ResolvedIPs": ["203.0.113.5", "bad", 7, {"a": 1}, "2001:db8::1"]}),
        ),
        (
            "gateway_dns",
            json!({"ResolvedIPs": ["bad"]}),
            json!({"dns.resolved_ip": null, "cloudflare.ResolvedIPs": ["bad"]}),
        ),
        (
            "email_security_alerts",
            json!({"To": ["a@example.com", {"b": 1}]}),
            json!({"email.to.address": ["a@example.com"], "cloudflare.To": ["a@example.com", {"b": 1}]}),
        ),
    ]);
}

/// A rule on an extension fires wherever there is a path.
#[test]
#[wasm]
fn every_dataset_with_a_path_has_its_extension() {
    let has = |dataset: &logpush_normalizer::Dataset, field: &str| {
        let mut fields = dataset
            .rows
            .iter()
            .flat_map(|row| row.targets)
            .flat_map(|of| of.fields());
        fields.any(|of| of == field)
    };
    let with_path: Vec<_> = DATASETS.iter().filter(|of| has(of, "url.path")).collect();
    assert!(with_path.len() > 10);
    for dataset in with_path {
        assert!(has(dataset, "url.extension"), "{}", dataset.name);
    }
}
