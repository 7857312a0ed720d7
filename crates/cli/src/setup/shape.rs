//! The shape of the destination `default`, which the set-up writes into `wrangler.toml`.

use std::fs;
use std::path::Path;

use logpush_delivery::setting::Given;

use crate::project::{FILE, Project};
use crate::setup::error::SetupError;

const SHAPE: &str = "SHAPE";

/// Whether the file names this shape.
pub(crate) fn has(project: &Project, shape: &str) -> bool {
    project.variables().get(SHAPE) == Some(&Given::Text(shape.to_owned()))
}

/// Writes the shape into the file, where every later deployment finds it.
pub(crate) fn set(shape: &str) -> Result<(), SetupError> {
    let keep = |source| SetupError::Keep {
        file: FILE.into(),
        source,
    };
    let text = with_shape(&fs::read_to_string(FILE).map_err(keep)?, shape);
    if !has(&Project::parse(&text, Path::new(FILE), None)?, shape) {
        return Err(SetupError::Configuration(format!(
            "SHAPE = \"{shape}\" has no place: set it under [vars] by hand"
        )));
    }
    fs::write(FILE, text).map_err(keep)
}

/// The file with this shape under `[vars]`; the rest, comments too, stays as it is.
fn with_shape(text: &str, shape: &str) -> String {
    let setting = format!("{SHAPE} = \"{shape}\"");
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let Some(vars) = lines.iter().position(|line| line.trim() == "[vars]") else {
        return format!("{}\n\n[vars]\n{setting}\n", text.trim_end());
    };
    let is_shape = |line: &&mut String| {
        let (name, _) = line.split_once('=').unwrap_or_default();
        name.trim() == SHAPE
    };
    let mut section = lines
        .iter_mut()
        .skip(vars + 1)
        .take_while(|line| !line.trim_start().starts_with('['));
    match section.find(is_shape) {
        Some(line) => *line = setting,
        None => lines.insert(vars + 1, setting),
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_is_written_under_vars_and_nothing_else_changes() {
        for (text, expected) in [
            (
                "name = \"w\"",
                "name = \"w\"\n\n[vars]\nSHAPE = \"native\"\n",
            ),
            (
                "[vars]\n# SHAPE = \"x\"\nSHAPE=\"ecs\" # why\nA = \"1\"\n[b]\n",
                "[vars]\n# SHAPE = \"x\"\nSHAPE = \"native\"\nA = \"1\"\n[b]\n",
            ),
            (
                "[vars]\nA = \"1\"\n[env.x.vars]\nSHAPE = \"ecs\"\n",
                "[vars]\nSHAPE = \"native\"\nA = \"1\"\n[env.x.vars]\nSHAPE = \"ecs\"\n",
            ),
        ] {
            assert_eq!(with_shape(text, "native"), expected);
        }
        let own = include_str!("../../../../wrangler.toml");
        let changed = with_shape(own, "native");
        let project = Project::parse(&changed, Path::new(FILE), None).unwrap();
        assert!(has(&project, "native"));
        assert_eq!(with_shape(&changed, "ecs"), own);
    }
}
