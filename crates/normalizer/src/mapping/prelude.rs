//! What a dataset's table is written with.

pub(super) use crate::bytes::text::for_pages;
pub(super) use crate::convert::check::Words;
pub(super) use crate::convert::words::*;
pub(super) use crate::mapping::Constant::{List, Text};
pub(super) use crate::mapping::words::*;
pub(super) use crate::mapping::{
    Dataset, Encrypted, Joined, Native, NativeTime, Traces, kept, row,
};
