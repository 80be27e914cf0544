//! What holds of a file alone.

mod processes;
mod quiet;
