//! Measures the service beside the fewest durable writes its work needs: `cargo xtask bench`.

mod bare;
mod codes;
mod http;
mod load;
mod mailbox;
mod process;
mod service;
mod stores;

fn main() {}
