//! The suite every adapter passes.

mod sqlite {
    use crate::fixture::{Engine, stores};

    otp_testkit::conformance!(async || stores(Engine::Sqlite).await);
    otp_testkit::conformance_of_record!(async || stores(Engine::Sqlite).await);
}

mod postgres {
    use crate::fixture::{Engine, stores};

    otp_testkit::conformance!(async || stores(Engine::Postgres).await);
    otp_testkit::conformance_of_record!(async || stores(Engine::Postgres).await);
}
