//! x
pub mod smtp_sink;
