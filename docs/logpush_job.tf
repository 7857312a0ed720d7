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

# The state contains it, as it contains all of destination_conf: keep the state where secrets may be.
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

  # Leave out fields that the plan does not have: `logpush-ecs jobs fields firewall_events` lists those it has.
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

  # On a host of this zone, uploads would cause uploads without it. On a host under workers.dev it matches nothing.
  filter = jsonencode({
    where = { and = [{ key = "ClientRequestHost", operator = "!eq", value = var.worker_host }] }
  })
}
