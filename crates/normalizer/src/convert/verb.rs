//! `verb`, `identity`: what an action on a configuration is, and whether it is one on identities.

use crate::bytes::text::for_pages;
use crate::convert::check::{Check, Form};
use crate::convert::finding::{CheckResult, Finding, Input, Workspace};
use crate::convert::lookup::look_up;
use crate::convert::target::{Conversion, Output, Place, Target};

/// `verb("event.type")`
pub(crate) const fn verb(path: &'static str) -> Target {
    Target::check(path, &VERB, Check::Verb)
}

/// `identity("event.category")`
pub(crate) const fn identity(path: &'static str) -> Target {
    Target::check(path, &IDENTITY, Check::Identity)
}

static VERB: Conversion = Conversion {
    name: "verb",
    about: for_pages(
        "What an action on a configuration does, by the verb that its name begins or ends with: `creation`, `change`, `deletion`, `access`, for a login `start` and for a logout `end`; `info` for another, which is counted as drift.",
    ),
    section: Some("configuration-actions"),
    outputs: &[Output::text(Place::Path, Form::Word)],
    ..Conversion::BASE
};

static IDENTITY: Conversion = Conversion {
    name: "identity",
    about: for_pages("`iam` where the text names a credential, a token, a member or a role."),
    section: Some("configuration-actions"),
    outputs: &[Output::text(Place::Path, Form::Word)],
    ..Conversion::BASE
};

#[inline(never)]
pub(super) fn check_verb(
    input: Input<'_>,
    _: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    look_up(input, finding, |action| match verb_type(action) {
        Some(of) => (CheckResult::Found, of),
        None => (CheckResult::UnknownWord, "info"),
    })
}

#[inline(never)]
pub(super) fn check_identity(
    input: Input<'_>,
    _: &mut Workspace,
    finding: &mut Finding,
) -> CheckResult {
    let bytes = input.bytes();
    if input.is_text() && is_identity(bytes) {
        *finding = Finding::Word("iam");
    }
    CheckResult::Found
}

/// The `event.type` of an action's name: that of the verb at its end or its beginning. Where both
/// are verbs, one that changes something goes before `list` and `view`, which are nouns too.
fn verb_type(action: &[u8]) -> Option<&'static str> {
    let words = words(action);
    let ends = [words.last(), words.first()];
    let types = ends.map(|word| type_of(word?));
    let changes = types.iter().flatten().find(|of| **of != "access");
    changes.or_else(|| types.iter().flatten().next()).copied()
}

/// The words of a name, in lower case: `api`, `key`, `view` of `API_key_view` and of `ApiKeyView`.
fn words(name: &[u8]) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut before = b' ';
    for &byte in name {
        let begins = byte.is_ascii_uppercase() && before.is_ascii_lowercase();
        if (begins || !byte.is_ascii_alphanumeric()) && !word.is_empty() {
            words.push(core::mem::take(&mut word));
        }
        if byte.is_ascii_alphanumeric() {
            word.push(byte.to_ascii_lowercase().into());
        }
        before = byte;
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[rustfmt::skip]
fn type_of(verb: &str) -> Option<&'static str> {
    Some(match verb {
        "add" | "added" | "create" | "created" | "creation" | "generate" | "generated"
        | "import" | "imported" | "insert" | "inserted" | "invite" | "invited" | "issue" | "issued"
        | "new" | "provision" | "provisioned" | "register" | "registered" | "upload" | "uploaded"
            => "creation",
        "activate" | "activated" | "approve" | "approved" | "assign" | "assigned" | "attach"
        | "attached" | "change" | "changed" | "configure" | "configured" | "deactivate"
        | "deactivated" | "deploy" | "deployed" | "detach" | "detached" | "disable" | "disabled"
        | "edit" | "edited" | "enable" | "enabled" | "lock" | "locked" | "modify" | "modified"
        | "move" | "moved" | "patch" | "patched" | "pause" | "paused" | "put" | "reject"
        | "rejected" | "rename" | "renamed" | "renew" | "renewed" | "replace" | "replaced"
        | "reset" | "restore" | "restored" | "resume" | "resumed" | "roll" | "rolled" | "rollback"
        | "rotate" | "rotated" | "set" | "suspend" | "suspended" | "toggle" | "toggled"
        | "transfer" | "transferred" | "unassign" | "unassigned" | "unlock" | "unlocked"
        | "unpause" | "unpaused" | "update" | "updated" | "upgrade" | "upgraded" | "upsert"
            => "change",
        "del" | "delete" | "deleted" | "deletion" | "destroy" | "destroyed" | "drop" | "dropped"
        | "remove" | "removed" | "removal" | "revoke" | "revoked" | "uninstall" | "uninstalled"
            => "deletion",
        "access" | "accessed" | "download" | "downloaded" | "export" | "exported" | "fetch"
        | "get" | "list" | "listed" | "read" | "reveal" | "revealed" | "show" | "view" | "viewed"
            => "access",
        "login" | "signin" => "start",
        "logout" | "signout" => "end",
        _ => return None,
    })
}

fn is_identity(text: &[u8]) -> bool {
    let words = words(text);
    let is_one = |word: &String| {
        matches!(
            word.strip_suffix('s').unwrap_or(word),
            "apikey"
                | "credential"
                | "invitation"
                | "invite"
                | "member"
                | "membership"
                | "mfa"
                | "password"
                | "permission"
                | "role"
                | "token"
                | "2fa"
        )
    };
    let is_pair = |pair: &[String]| match pair {
        [first, second] => {
            let first = first.as_str();
            let second = second.strip_suffix('s').unwrap_or(second);
            matches!(
                (first, second),
                ("api" | "access" | "service", "key") | ("two", "factor")
            )
        }
        _ => false,
    };
    words.iter().any(is_one) || words.windows(2).any(is_pair)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verb_stands_at_either_end() {
        for (action, expected) in [
            ("API_key_view", Some("access")),
            ("API_key_created", Some("creation")),
            ("job_update", Some("change")),
            ("token_roll", Some("change")),
            ("rec_del", Some("deletion")),
            ("rec_set", Some("change")),
            ("change_setting", Some("change")),
            ("Add Member", Some("creation")),
            ("DeleteZone", Some("deletion")),
            ("create", Some("creation")),
            ("CREATE", Some("creation")),
            ("delete-list", Some("deletion")),
            ("list_create", Some("creation")),
            ("view", Some("access")),
            ("login", Some("start")),
            ("sso_login", Some("start")),
            ("logout", Some("end")),
            ("purge", None),
            ("the create of it", None),
            ("created2", None),
            ("_", None),
        ] {
            assert_eq!(verb_type(action.as_bytes()), expected, "{action}");
        }
    }

    #[test]
    fn credentials_tokens_members_and_roles_are_identities() {
        for (text, expected) in [
            ("API_key_view", true),
            ("account_api_tokens", true),
            ("token", true),
            ("members", true),
            ("account.member", true),
            ("Update Role", true),
            ("two_factor_enable", true),
            ("service_tokens", true),
            ("key", false),
            ("page_rule", false),
            ("logpush job", false),
            ("api", false),
            ("", false),
        ] {
            assert_eq!(is_identity(text.as_bytes()), expected, "{text}");
        }
    }
}
