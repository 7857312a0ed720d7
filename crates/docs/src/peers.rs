//! What two other products make of the same fields, counted.

/// Elastic's integration `cloudflare_logpush`: fields of Cloudflare's that reach a field of ECS, and
/// the year of the version that they were counted in.
///
/// Counted by us, by hand, in its public ingest pipelines: those of 2026 where we have them, else
/// version 1.25.0 of September 2024. What an address is enriched with (place, network) comes from
/// Elastic's own data, not from Cloudflare's fields, and is not counted.
pub(crate) const ELASTIC: &[(&str, usize, u16)] = &[
    ("access_requests", 10, 2026),
    ("audit_logs", 9, 2026),
    ("casb_findings", 4, 2024),
    ("device_posture_results", 12, 2024),
    ("dex_application_tests", 41, 2026),
    ("dex_device_state_events", 17, 2026),
    ("dlp_forensic_copies", 2, 2026),
    ("dns_firewall_logs", 8, 2024),
    ("dns_logs", 4, 2026),
    ("email_security_alerts", 18, 2026),
    ("firewall_events", 18, 2026),
    ("gateway_dns", 16, 2024),
    ("gateway_http", 16, 2024),
    ("gateway_network", 13, 2024),
    ("http_requests", 31, 2026),
    ("magic_ids_detections", 7, 2026),
    ("nel_reports", 2, 2024),
    ("network_analytics_logs", 11, 2026),
    ("page_shield_events", 6, 2026),
    ("sinkhole_http_logs", 10, 2024),
    ("spectrum_events", 15, 2024),
    ("workers_trace_events", 4, 2024),
    ("zero_trust_network_sessions", 23, 2026),
];

/// SEKOIA.IO's own formats: fields that reach a field of ECS, and fields that are lost.
///
/// Counted by us in its public parsers: nine formats, the newest of July 2026, the others of
/// February 2026. A field counts as lost where the parser does not read it, or never sets what
/// it reads.
pub(crate) const SEKOIA: &[(&str, usize, usize)] = &[
    ("access_requests", 7, 1),
    ("audit_logs", 6, 2),
    ("dns_logs", 5, 0),
    ("firewall_events", 15, 22),
    ("gateway_dns", 15, 51),
    ("gateway_http", 21, 32),
    ("gateway_network", 13, 16),
    ("http_requests", 18, 44),
    ("zero_trust_network_sessions", 24, 2),
];
