//! The use cases over the reference adapter, under a clock that moves only when told to.

mod attempts;
mod codes;
mod faults;
mod relaying;
mod scene;
mod tokens;
