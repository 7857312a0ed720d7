//! `keep`, `masked`: values under `cloudflare`, as they came or as a mask.

use crate::bytes::text::for_pages;
use crate::convert::target::{Conversion, Target, Task};

/// `keep("RayID")`
pub(crate) const fn keep(path: &'static str) -> Target {
    Target {
        path,
        conversion: &KEEP,
        task: Task::Keep,
    }
}

/// `masked("Cookies")`
pub(crate) const fn masked(path: &'static str) -> Target {
    Target {
        path,
        conversion: &MASKED,
        task: Task::Mask,
    }
}

static KEEP: Conversion = Conversion {
    name: "keep",
    about: for_pages(
        "The value as it came, objects and lists too, under `cloudflare.` and this name.",
    ),
    ..Conversion::BASE
};

static MASKED: Conversion = Conversion {
    name: "masked",
    about: for_pages(
        "A secret: `cloudflare.` and this name say only that there was a value, unless the configuration asks for sensitive values.",
    ),
    ..Conversion::BASE
};
