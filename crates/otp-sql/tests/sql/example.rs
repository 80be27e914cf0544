//! The example for who keeps everything in a database does what it says, and again on what it has left behind.

use crate::fixture::{Fixture, on_each_engine};

#[expect(dead_code, reason = "its `main` is for who runs it by hand")]
#[path = "../../examples/durable.rs"]
mod durable;

on_each_engine! {
    somebody_signs_in_and_comes_back
}

async fn somebody_signs_in_and_comes_back(fixture: Fixture) {
    for _ in 0..2 {
        durable::sign_in(&fixture.url()).await.unwrap();
    }
    assert_eq!((fixture.rows("users").await, fixture.rows("sessions").await), (1, 2));
    assert_eq!(fixture.rows("outbox").await, 0);
}
