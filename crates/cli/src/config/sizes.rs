//! Cloudflare's limit of a variable, and what to move where.

use std::collections::BTreeMap;

use logpush_delivery::configuration::name::{self, TABLES};
use logpush_delivery::configuration::rules;
use logpush_delivery::setting::Given;
use serde_json::{Map, Value};

/// Bytes that a variable may have at Cloudflare: 5 KB.
pub(super) const VARIABLE_MAX: usize = 5 * 1024;

pub(super) fn size(given: &Given) -> usize {
    match given {
        Given::Text(text) | Given::Object(text) => text.len(),
    }
}

/// What is wrong with a variable's size, if anything.
pub(super) fn problem(name: &str, given: &Given) -> Option<String> {
    let bytes = size(given);
    if bytes <= VARIABLE_MAX {
        return None;
    }
    let hint = match given {
        Given::Object(json) if name == TABLES => of_tables(json),
        _ if name == "RULES" || name.starts_with("RULES_") => {
            "leave out rules, or put several conditions into one rule".to_owned()
        }
        _ => "make it shorter".to_owned(),
    };
    Some(format!(
        "has {bytes} bytes, and Cloudflare allows {VARIABLE_MAX} for a variable: {hint}"
    ))
}

/// The sizes of the tables, and which rules to move, the largest first, until the rest fits.
fn of_tables(json: &str) -> String {
    let tables: Map<String, Value> = serde_json::from_str(json).unwrap_or_default();
    let sizes: Vec<String> = tables
        .iter()
        .map(|(name, table)| format!("{name} {}", table.to_string().len()))
        .collect();
    let mut rules: Vec<(usize, &String)> = tables
        .iter()
        .filter_map(|(name, table)| Some((table.get("rules")?.to_string().len(), name)))
        .collect();
    rules.sort_by(|one, other| other.cmp(one));
    let mut left = json.len();
    let mut moves = Vec::new();
    for (bytes, destination) in rules {
        if left <= VARIABLE_MAX {
            break;
        }
        left -= bytes;
        let variable = rules::variable(destination);
        moves.push(format!(
            "the rules of {destination} ({bytes} bytes) to [[vars.{variable}]]"
        ));
    }
    let sizes = sizes.join(", ");
    if left > VARIABLE_MAX {
        moves.push("a destination to a Worker of its own".to_owned());
    }
    format!(
        "move {} (bytes by destination: {sizes})",
        moves.join(", and ")
    )
}

/// Variables of rules whose destination is not there.
pub(super) fn is_of_nobody(variable: &str, destinations: &[&str]) -> bool {
    let of_rules = variable.strip_prefix("RULES_");
    of_rules.is_some_and(|prefix| {
        !destinations
            .iter()
            .any(|destination| name::prefix(destination) == prefix)
    })
}

/// The sizes of all variables.
pub(super) fn all(variables: &BTreeMap<String, Given>) -> BTreeMap<String, usize> {
    let sizes = variables.iter();
    sizes
        .map(|(name, given)| (name.clone(), size(given)))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_too_large_says_what_to_move() {
        let tables = |rules: usize, other: usize| {
            Given::Object(
                json!({
                    "lake": { "url": "x".repeat(other) },
                    "siem": { "rules": [{ "name": "r".repeat(rules) }] },
                })
                .to_string(),
            )
        };
        assert_eq!(problem(TABLES, &tables(100, 100)), None);
        let words = problem(TABLES, &tables(5000, 200)).unwrap();
        assert!(words.starts_with("has 5"), "{words}");
        assert!(
            words.contains("move the rules of siem (5013 bytes) to [[vars.RULES_SIEM]] (bytes by destination: lake 210, siem 5023)"),
            "{words}"
        );
        let words = problem(TABLES, &tables(5000, 6000)).unwrap();
        assert!(
            words.contains(", and a destination to a Worker of its own"),
            "{words}"
        );
        let exactly = |bytes| problem("SHAPE", &Given::Text("x".repeat(bytes)));
        assert_eq!(exactly(5120), None);
        assert!(exactly(5121).unwrap().starts_with("has 5121 bytes"));
        assert!(is_of_nobody("RULES_A", &["b"]) && !is_of_nobody("RULES_A_B", &["a-b"]));
    }
}
