//! The progress report of the set-up: a line for each step, with secrets masked.

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

    /// Reports a state that existed already.
    pub(crate) fn ok(&self, name: &str, text: &str) -> Result<(), SetupError> {
        self.line("ok", name, text)
    }

    /// Reports a step that was taken.
    pub(crate) fn done(&self, name: &str, text: &str) -> Result<(), SetupError> {
        self.line("done", name, text)
    }

    /// Reports a step that a dry run does not take.
    pub(crate) fn plan(&self, name: &str, text: &str) -> Result<(), SetupError> {
        self.line("plan", name, text)
    }

    /// Reports that something takes a while.
    pub(crate) fn wait(&self, name: &str, text: &str) -> Result<(), SetupError> {
        self.line("wait", name, text)
    }

    /// Prints finished lines.
    pub(crate) fn lines(&self, text: &str) -> Result<(), SetupError> {
        write!(io::stdout(), "{}", self.mask.hide(text)).map_err(SetupError::Output)
    }

    fn line(&self, mark: &str, name: &str, text: &str) -> Result<(), SetupError> {
        self.lines(&format!("  {mark:<4}  {name:<17}  {}\n", printable(text)))
    }
}
