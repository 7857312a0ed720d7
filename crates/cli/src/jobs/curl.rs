//! The `curl` command for a call, with environment variables in place of secrets.

use serde_json::Value;

use crate::jobs::cloudflare::api::Method;
use crate::jobs::cloudflare::destination::Substitution;

/// The command line for a call.
pub(crate) fn curl(
    method: Method,
    url: &str,
    body: Option<&Value>,
    secrets: &[Substitution],
) -> String {
    let mut command = format!(
        "curl -sS -X {} \"{url}\" \\\n  -H \"Authorization: Bearer $CLOUDFLARE_API_TOKEN\"",
        method.name()
    );
    if let Some(body) = body {
        let body = secrets
            .iter()
            .fold(escaped(&format!("{body:#}")), |body, (secret, shell)| {
                // Only the value of a parameter can be the secret.
                body.replace(&format!("={secret}"), &format!("={shell}"))
            });
        command += " \\\n  -H \"Content-Type: application/json\" \\\n  --data @- <<JOB\n";
        command += &body;
        command += "\nJOB";
    }
    command
}

/// Escapes a text for a here-document in which the shell expands variables.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('$', "\\$")
        .replace('`', "\\`")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_variables_and_nothing_else_is() {
        let body = json!({
            "destination_conf": "https://w.example.com/logpush/x?header_X-Logpush-Secret=abc",
            "filter": "{\"value\":\"$HOME `id`\"}",
        });
        let secrets = [("abc".to_owned(), "$LOGPUSH_SECRET".to_owned())];
        assert_eq!(
            curl(
                Method::Post,
                "https://api.example.com/zones/z/logpush/jobs",
                Some(&body),
                &secrets
            ),
            r#"curl -sS -X POST "https://api.example.com/zones/z/logpush/jobs" \
  -H "Authorization: Bearer $CLOUDFLARE_API_TOKEN" \
  -H "Content-Type: application/json" \
  --data @- <<JOB
{
  "destination_conf": "https://w.example.com/logpush/x?header_X-Logpush-Secret=$LOGPUSH_SECRET",
  "filter": "{\\"value\\":\\"\$HOME \`id\`\\"}"
}
JOB"#
        );
    }
}
