//! The built binary, from outside: real sockets, a real mail server, real signals.

mod command_line;
mod crash;
mod first_run;
mod harness;
mod mail_down;
mod races;
mod secrets;
mod serving;
mod stepped_clock;
