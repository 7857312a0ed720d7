//! A progress bar on standard error, if that is a terminal.

use core::time::Duration;
use std::io::{self, IsTerminal as _, Read};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};

/// A bar of the bytes read so far. It disappears when it is dropped.
#[derive(Clone)]
pub(crate) struct Progress(ProgressBar);

/// The bar fills what the figures leave of the terminal's width: they have 60 columns at most, so that
/// none of 80 wraps.
const WITH_TOTAL: &str = "{wide_bar} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left";
const WITHOUT_TOTAL: &str = "{spinner} {bytes}, {bytes_per_sec}";

impl Progress {
    /// A bar of `total` bytes, or a counter if the total is not known.
    pub(crate) fn new(total: Option<u64>) -> Self {
        if !io::stderr().is_terminal() {
            return Self::hidden();
        }
        let bar = Self::on(ProgressDrawTarget::stderr(), total);
        // The bar moves even while the input blocks.
        bar.0.enable_steady_tick(Duration::from_millis(100));
        bar
    }

    fn on(target: ProgressDrawTarget, total: Option<u64>) -> Self {
        let template = match total {
            Some(_) => WITH_TOTAL,
            None => WITHOUT_TOTAL,
        };
        let bar =
            ProgressBar::with_draw_target(total, target).with_finish(ProgressFinish::AndClear);
        match ProgressStyle::with_template(template) {
            Ok(style) => bar.set_style(style),
            Err(error) => debug_assert!(false, "a template of ours: {error}"),
        }
        Self(bar)
    }

    pub(crate) fn hidden() -> Self {
        Self(ProgressBar::hidden())
    }

    /// Counts the bytes that are read through the result.
    pub(crate) fn watch<R: Read>(&self, reader: R) -> impl Read + use<R> {
        self.0.wrap_read(reader)
    }

    /// Hides the bar while `write` writes lines to the terminal.
    pub(crate) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        self.0.suspend(write)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use indicatif::TermLike;

    use super::*;

    /// A terminal of 80 columns that keeps what is written.
    #[derive(Clone, Debug, Default)]
    struct Terminal(Arc<Mutex<Vec<String>>>);

    impl TermLike for Terminal {
        fn width(&self) -> u16 {
            80
        }

        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn write_line(&self, text: &str) -> io::Result<()> {
            self.write_str(text)
        }

        fn write_str(&self, text: &str) -> io::Result<()> {
            self.0.lock().unwrap().push(text.to_owned());
            Ok(())
        }

        fn clear_line(&self) -> io::Result<()> {
            Ok(())
        }

        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn no_bar_is_wider_than_eighty_columns() {
        for total in [Some(1), Some(1_099_000_000_000), Some(u64::MAX), None] {
            let terminal = Terminal::default();
            let target = ProgressDrawTarget::term_like(Box::new(terminal.clone()));
            let bar = Progress::on(target, total);
            for part in [0, 7, 3, 2, 1] {
                bar.0.set_position(total.unwrap_or(u64::MAX) / 8 * part);
                bar.0.force_draw();
            }
            let written = terminal.0.lock().unwrap();
            assert!(!written.is_empty());
            for text in written.iter() {
                assert!(text.chars().count() <= 80, "{text}");
            }
        }
    }
}
