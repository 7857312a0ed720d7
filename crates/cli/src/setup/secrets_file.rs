//! The file with the secrets that the set-up generated. Cloudflare does not give secrets back, and the
//! next run needs them.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::setup::error::SetupError;

/// The file and its secrets by name.
pub(crate) struct SecretsFile {
    path: PathBuf,
    values: BTreeMap<String, String>,
}

const HEAD: &str = "\
# Found by `logpush-ecs setup`: secrets of the deployed Worker, which Cloudflare does not give back.
# Git ignores this file. Keep it, or keep the values in your password manager and delete it; the
# next run then needs them in the environment.
";

impl SecretsFile {
    pub(crate) fn read(file: &Path) -> Result<Self, SetupError> {
        let text = match fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(source) => {
                return Err(SetupError::Keep {
                    file: file.to_owned(),
                    source,
                });
            }
        };
        Ok(Self {
            path: file.to_owned(),
            values: parse(&text),
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// Keeps a value, which is on the disk when this returns.
    pub(crate) fn set(&mut self, name: &str, value: &str) -> Result<(), SetupError> {
        self.values.insert(name.to_owned(), value.to_owned());
        self.write().map_err(|source| SetupError::Keep {
            file: self.path.clone(),
            source,
        })
    }

    /// Writes the file, whole or not at all, readable by its owner alone.
    fn write(&self) -> io::Result<()> {
        let mut text = HEAD.to_owned();
        for (name, value) in &self.values {
            text += &format!("{name}={value}\n");
        }
        let mut new = self.path.clone().into_os_string();
        new.push(".new");
        let new = PathBuf::from(new);
        // A run that was stopped here may have left this file.
        match fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &self.path)
    }
}

fn parse(text: &str) -> BTreeMap<String, String> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_values_are_read_again_and_are_private() {
        let file = std::env::temp_dir().join(format!("logpush-ecs-kept-{}", std::process::id()));
        let mut kept = SecretsFile::read(&file).unwrap();
        assert_eq!(kept.get("A"), None);
        fs::write(file.with_extension("new"), "of a run that was stopped").unwrap();
        kept.set("A", "1=2").unwrap();
        kept.set("B", "new,old").unwrap();
        let again = SecretsFile::read(&file).unwrap();
        assert_eq!(again.get("A"), Some("1=2"));
        assert_eq!(again.get("B"), Some("new,old"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(
                fs::metadata(&file).unwrap().permissions().mode() & 0o777,
                0o600
            );
        }
        fs::remove_file(&file).unwrap();
    }
}
