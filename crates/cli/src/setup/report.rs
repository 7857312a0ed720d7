//! The progress report of the set-up: a line for each step, with secrets masked.

use core::cell::RefCell;
use std::io::{self, Write as _};
use std::rc::Rc;

use serde_json::{Value, json};

use crate::mask::Mask;
use crate::setup::error::SetupError;
use crate::terminal::{printable, write_line};

pub(crate) struct Report {
    mask: Rc<Mask>,
    /// Whether one document is printed at the end; the lines then go to standard error.
    is_json: bool,
    steps: RefCell<Vec<Value>>,
    jobs: RefCell<Vec<Value>>,
    check: RefCell<Value>,
}

impl Report {
    pub(crate) fn new(mask: &Rc<Mask>, is_json: bool) -> Self {
        Self {
            mask: Rc::clone(mask),
            is_json,
            steps: RefCell::default(),
            jobs: RefCell::default(),
            check: RefCell::default(),
        }
    }

    /// Reports what was done about jobs.
    pub(crate) fn jobs(&self, text: &str, json: Value) -> Result<(), SetupError> {
        match json {
            Value::Array(all) => self.jobs.borrow_mut().extend(all),
            one => self.jobs.borrow_mut().push(one),
        }
        self.lines(text)
    }

    /// Reports the check of every link.
    pub(crate) fn check(&self, text: &str, json: Value) -> Result<(), SetupError> {
        *self.check.borrow_mut() = json;
        self.lines(text)
    }

    /// Prints the document, if one is asked for. `error`: why the set-up stopped.
    pub(crate) fn finish(
        &self,
        is_done: bool,
        error: Option<&SetupError>,
    ) -> Result<(), SetupError> {
        if !self.is_json {
            return Ok(());
        }
        let document = json!({
            "done": is_done,
            "error": error.map(|error| json!({ "message": error.to_string(), "hint": error.hint() })),
            "steps": self.steps.take(),
            "jobs": self.jobs.take(),
            "check": self.check.take(),
        });
        let text = self.mask.hide(&format!("{document:#}"));
        writeln!(io::stdout(), "{text}").map_err(SetupError::Output)
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

    /// Reports a step that was not taken, and keeps no other from it.
    pub(crate) fn fail(&self, name: &str, text: &str) -> Result<(), SetupError> {
        self.line("FAIL", name, text)
    }

    /// Prints finished lines.
    pub(crate) fn lines(&self, text: &str) -> Result<(), SetupError> {
        let text = self.mask.hide(text);
        if self.is_json {
            write_line(text.trim_end());
            return Ok(());
        }
        write!(io::stdout(), "{text}").map_err(SetupError::Output)
    }

    fn line(&self, mark: &str, name: &str, text: &str) -> Result<(), SetupError> {
        let step = json!({ "mark": mark, "step": name, "text": printable(text) });
        self.steps.borrow_mut().push(step);
        self.lines(&format!("  {mark:<4}  {name:<17}  {}\n", printable(text)))
    }
}
