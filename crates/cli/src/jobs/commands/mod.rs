//! The subcommands of `logpush-ecs jobs`, one file each.

pub(crate) mod check;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod enable;
pub(crate) mod fields;
pub(crate) mod list;
pub(crate) mod show;
pub(crate) mod update;
