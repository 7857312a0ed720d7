//! `inside`: a member of an object, or an element of a list.

use crate::bytes::text::for_pages;
use crate::convert::target::{Conversion, Target, Task};

/// `inside("Request.Method", &text("http.request.method"))`, `inside("0.Message", &text("message"))`,
/// `inside("only", &text("file.name"))`
pub(crate) const fn inside(path: &'static str, target: &'static Target) -> Target {
    Target {
        path,
        conversion: &INSIDE,
        task: Task::Inside(target),
    }
}

static INSIDE: Conversion = Conversion {
    name: "inside",
    about: for_pages(
        "What a target makes of a member of an object, or of an element of a list (`only`: of a list that has no other). The row keeps the whole as it came too.",
    ),
    ..Conversion::BASE
};
