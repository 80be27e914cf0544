//! What holds of a file alone.

mod erased;
mod processes;
mod quiet;
