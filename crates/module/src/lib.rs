//! The Worker's module. It has no code of its own: its level of optimisation is that of the whole at
//! link time, which is for speed, while `src`, where no byte of an upload is touched, is built for
//! size. In one crate both have the same level, and the module is a quarter larger, or half as fast.

use logpush_ecs as _;
