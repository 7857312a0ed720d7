//! What two other products make of the same fields, counted.

/// Elastic's integration `cloudflare_logpush`: fields of Cloudflare's that reach a field of ECS.
///
/// Counted by us, by hand, in its public ingest pipelines as of version 1.25.0 (September 2024) and
/// later, up to versions of 2026. What an address is enriched with (place, network) comes from
/// Elastic's own data, not from Cloudflare's fields, and is not counted.
pub(crate) const ELASTIC: &[(&str, usize)] = &[
    ("access_requests", 9),
    ("audit_logs", 8),
    ("casb_findings", 4),
    ("device_posture_results", 12),
    ("dns_firewall_logs", 8),
    ("dns_logs", 4),
    ("firewall_events", 16),
    ("gateway_dns", 16),
    ("gateway_http", 16),
    ("gateway_network", 13),
    ("http_requests", 17),
    ("magic_ids_detections", 7),
    ("nel_reports", 2),
    ("network_analytics_logs", 11),
    ("sinkhole_http_logs", 10),
    ("spectrum_events", 15),
    ("workers_trace_events", 4),
    ("zero_trust_network_sessions", 17),
    ("dlp_forensic_copies", 2),
    ("email_security_alerts", 18),
    ("page_shield_events", 6),
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
