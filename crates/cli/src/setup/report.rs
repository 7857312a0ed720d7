//! What the set-up says while it works: one line a step, and never a secret.

use std::io::{self, Write as _};
use std::rc::Rc;

use crate::mask::Mask;
use crate::setup::error::SetupError;
use crate::terminal::printable;

pub(crate) struct Report {
    mask: Rc<Mask>,
}

impl Report {
    pub(crate) fn new(mask: &Rc<Mask>) -> Self {
        Self {
            mask: Rc::clone(mask),
        }
    }

    /// It was so already.
    pub(crate) fn ok(&self, name: &str, text: &str) -> Result<(), SetupError> {
        self.line("ok", name, text)
    }

    /// It was made so now.
    pub(crate) fn done(&self, name: &str, text: &str) -> Result<(), SetupError> {
        self.line("done", name, text)
    }

    /// It would be made so, were this no dry run.
    pub(crate) fn plan(&self, name: &str, text: &str) -> Result<(), SetupError> {
        self.line("plan", name, text)
    }

    /// It takes a while.
    pub(crate) fn wait(&self, name: &str, text: &str) -> Result<(), SetupError> {
        self.line("wait", name, text)
    }

    /// Lines that are made elsewhere.
    pub(crate) fn lines(&self, text: &str) -> Result<(), SetupError> {
        write!(io::stdout(), "{}", self.mask.hide(text)).map_err(SetupError::Output)
    }

    fn line(&self, mark: &str, name: &str, text: &str) -> Result<(), SetupError> {
        self.lines(&format!("  {mark:<4}  {name:<17}  {}\n", printable(text)))
    }
}
