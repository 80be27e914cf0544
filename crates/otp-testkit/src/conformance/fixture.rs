//! What a case runs on, and how.

use otp_core::port::Stores;

/// A store made for one case, with whatever has to live as long.
///
/// Cases keep to tenants of their own, so fixtures may share a server and, but for the outbox, a
/// database: an outbox is one for all tenants, and cases that claim from the same at the same time
/// take each other's entries. So give every fixture an outbox of its own: a file, a schema, a prefix.
pub trait Fixture {
    /// The store; nothing, to skip the case. Who skips says loudly why.
    fn stores(&self) -> Option<Stores>;
}

impl Fixture for Stores {
    fn stores(&self) -> Option<Stores> {
        Some(self.clone())
    }
}

/// A store and what must not be dropped before it: a temporary folder, a server.
impl<G> Fixture for (Stores, G) {
    fn stores(&self) -> Option<Stores> {
        Some(self.0.clone())
    }
}

impl<F: Fixture> Fixture for Option<F> {
    fn stores(&self) -> Option<Stores> {
        self.as_ref().and_then(Fixture::stores)
    }
}

/// Runs one case on a fixture of its own, on four threads, so that races are races.
pub fn run<F: Fixture>(make: impl AsyncFnOnce() -> F, case: impl AsyncFnOnce(Stores)) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build();
    let runtime = runtime.unwrap_or_else(|error| panic!("no runtime to test on: {error}"));
    runtime.block_on(async {
        let fixture = make().await;
        if let Some(stores) = fixture.stores() {
            Box::pin(case(stores)).await;
        }
    });
}
