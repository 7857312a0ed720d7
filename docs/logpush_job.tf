# The Logpush job of one zone's firewall events, as `logpush-ecs jobs create` makes it.

terraform {
  required_providers {
    cloudflare = {
      source  = "cloudflare/cloudflare"
      version = "~> 5.0"
    }
  }
}

# The provider takes its token from CLOUDFLARE_API_TOKEN: Zone > Logs > Edit.

variable "zone_id" {
  type = string
}

variable "worker_host" {
  description = "Such as logpush-ecs.example.workers.dev."
  type        = string
}

# It ends up in the state, as all of destination_conf does: keep the state where secrets may be.
variable "logpush_secret" {
  description = "LOGPUSH_SECRET of the Worker."
  type        = string
  sensitive   = true
}

resource "cloudflare_logpush_job" "firewall_events" {
  zone_id            = var.zone_id
  name               = "logpush-ecs-firewall-events"
  dataset            = "firewall_events"
  enabled            = true
  max_upload_bytes   = 5000000
  max_upload_records = 1000
  destination_conf   = "https://${var.worker_host}/logpush/firewall_events?header_X-Logpush-Secret=${urlencode(var.logpush_secret)}"

  # Leave out what the plan does not have: `logpush-ecs jobs fields firewall_events` lists what it has.
  output_options = {
    timestamp_format = "rfc3339ns"
    field_names = [
      "AISecurityCustomTopicCategories", "AISecurityInjectionScore", "AISecurityPIICategories",
      "AISecurityTokenCount", "AISecurityUnsafeTopicCategories", "Action", "ClientASN",
      "ClientASNDescription", "ClientCountry", "ClientIP", "ClientIPClass", "ClientRefererHost",
      "ClientRefererPath", "ClientRefererQuery", "ClientRefererScheme", "ClientRequestHost",
      "ClientRequestMethod", "ClientRequestPath", "ClientRequestProtocol", "ClientRequestQuery",
      "ClientRequestScheme", "ClientRequestUserAgent", "ContentScanObjResults", "ContentScanObjSizes",
      "ContentScanObjTypes", "Datetime", "Description", "EdgeColoCode", "EdgeResponseStatus",
      "FirewallForAIInjectionScore", "FirewallForAIPIICategories", "FirewallForAITokenCount",
      "FirewallForAIUnsafeTopicCategories", "FraudUserID", "Kind", "LeakedCredentialCheckResult",
      "MatchIndex", "Metadata", "OriginResponseStatus", "OriginatorRayID", "RayID", "Ref", "RuleID", "Source",
      "WAFRequestSignatureCategories", "WAFRequestSignatureRefs", "ZoneName",
    ]
  }

  # On a host under workers.dev it matches nothing; on one of this zone, uploads would make uploads.
  filter = jsonencode({
    where = { and = [{ key = "ClientRequestHost", operator = "!eq", value = var.worker_host }] }
  })
}
