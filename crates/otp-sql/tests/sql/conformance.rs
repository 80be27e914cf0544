//! The suite every adapter passes.

mod sqlite {
    use crate::fixture::{Engine, stores};

    otp_testkit::conformance!(async || stores(Engine::Sqlite).await);
}

mod postgres {
    use crate::fixture::{Engine, stores};

    otp_testkit::conformance!(async || stores(Engine::Postgres).await);
}
