//! The shape of archives: the record as it came, after masks and rules.

use crate::bytes::writer::Writer;
use crate::document::event::Event;
use crate::document::shape::is_line;
use crate::plan::Plan;

impl Event<'_> {
    /// Writes the record, up to the brace that closes it: the bytes of `line`, as which it came, unless
    /// something in them is masked, they are no text, or they have line breaks.
    pub(crate) fn write_raw(&self, line: &[u8], plan: &Plan, writer: &mut Writer) {
        let masked = match self.unmask {
            true => None,
            false => plan.masked(self.record, self.text),
        };
        let text = match &masked {
            Some(masked) => masked.as_bytes(),
            None if is_line(line) => line,
            None => self.text,
        };
        let close = text.iter().rposition(|&byte| byte == b'}');
        debug_assert!(close.is_some(), "a record is an object");
        writer.slice(text, 0, close.unwrap_or(text.len()));
    }
}
