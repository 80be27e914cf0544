//! Rebuilds when a migration is added: `sqlx::migrate!` notices changed files by itself, new ones not.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
