//! `logpush-ecs config kinds`: the kinds of destinations, and their settings.

use core::fmt::Write as _;

use logpush_delivery::configuration::setup;
use logpush_delivery::destination::{KINDS, Kind};
use logpush_delivery::setting::Setting;
use logpush_delivery::settings;
use serde::Serialize;

/// List the kinds of destinations, with their settings
///
/// A setting has two names: that in a table [vars.DESTINATIONS.<name>], and the flat one, which is of
/// the destination `default`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

#[derive(Debug, Serialize)]
pub(super) struct KindEntry {
    name: &'static str,
    shapes: Vec<&'static str>,
    batch_max_bytes: usize,
    batch_max_records: usize,
    settings: Vec<SettingEntry>,
}

#[derive(Debug, Serialize)]
struct SettingEntry {
    /// In a table.
    name: String,
    /// As a flat variable or secret.
    variable: &'static str,
    secret: bool,
    required: bool,
    by_dataset: bool,
    default: Option<String>,
    values: String,
    about: &'static str,
}

pub(super) fn kinds() -> Vec<KindEntry> {
    let general = settings::DESTINATION.settings;
    KINDS
        .iter()
        .map(|kind| KindEntry {
            name: kind.name,
            shapes: kind.shapes.iter().copied().map(setup::shape_word).collect(),
            batch_max_bytes: kind.limits.bytes,
            batch_max_records: kind.limits.documents,
            settings: kind
                .settings
                .iter()
                .chain(general)
                .map(|setting| SettingEntry::new(setting, kind))
                .collect(),
        })
        .collect()
}

pub(super) fn text(kinds: &[KindEntry]) -> String {
    let mut text = String::new();
    for kind in kinds {
        let of_kind = kind.settings.iter().filter(|setting| !is_general(setting));
        let _ = writeln!(
            text,
            "{}  shapes {}; at most {} bytes and {} records a batch",
            kind.name,
            kind.shapes.join(", "),
            kind.batch_max_bytes,
            kind.batch_max_records
        );
        for setting in of_kind {
            write_setting(&mut text, setting);
        }
        text.push('\n');
    }
    text.push_str("of every kind\n");
    let general = kinds.first().into_iter().flat_map(|kind| &kind.settings);
    for setting in general.filter(|setting| is_general(setting)) {
        write_setting(&mut text, setting);
    }
    text
}

impl SettingEntry {
    fn new(setting: &Setting, kind: &Kind) -> Self {
        Self {
            name: settings::key(setting, kind.name),
            variable: setting.name,
            secret: setting.is_secret,
            required: setting.is_required,
            by_dataset: setting.is_by_dataset,
            default: setting.accepts.default(),
            values: setting.accepts.describe(),
            about: setting.about,
        }
    }
}

fn is_general(entry: &SettingEntry) -> bool {
    let mut general = settings::DESTINATION.settings.iter();
    general.any(|setting| setting.name == entry.variable)
}

fn write_setting(text: &mut String, setting: &SettingEntry) {
    let mut marks = Vec::new();
    marks.extend(setting.secret.then(|| "secret".to_owned()));
    marks.extend(setting.required.then(|| "required".to_owned()));
    marks.extend(setting.by_dataset.then(|| "by dataset too".to_owned()));
    let default = setting.default.as_ref();
    marks.extend(default.map(|default| format!("default {default}")));
    let marks = match marks.as_slice() {
        [] => String::new(),
        marks => format!(" ({})", marks.join(", ")),
    };
    let _ = writeln!(
        text,
        "  {}, {}{marks}: {}",
        setting.name, setting.variable, setting.about
    );
}
