//! Traces, sent by OTLP to where the standard `OTEL_*` variables say, and nowhere if they name no place.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::runtime::Handle;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::registry::Registry;

use super::Failure;

/// What is traced: spans made for that. Anything else may hold what must not leave.
const TRACED: [&str; 2] = ["otp_http::request", "otp_core::relay::mail"];
/// Where to send, the more particular first.
const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
/// What a service is called that has not been given a name.
const SERVICE: &str = "otp";
/// How long one batch may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the end of the process waits for the last of them.
const FAREWELL: Duration = Duration::from_secs(5);

/// Who sends, until [`end`].
static PROVIDER: Mutex<Option<SdkTracerProvider>> = Mutex::new(None);

/// What turns spans into traces, if the environment says where to send them. The SDK reads the rest of `OTEL_*` itself.
/// Within a runtime.
///
/// # Errors
/// [`Failure::Configuration`] when what the variables say cannot be used.
pub(super) fn layer() -> Result<Option<Box<dyn Layer<Registry> + Send + Sync>>, Failure> {
    if !is_wanted() {
        return Ok(None);
    }
    let unusable = |error: String| Failure::Configuration(format!("OTEL_…: {error}"));
    let client = reqwest::Client::builder().timeout(PATIENCE).build().map_err(|error| unusable(error.to_string()))?;
    let client = OnRuntime { client, runtime: Handle::current() };
    let exporter = SpanExporter::builder().with_http().with_http_client(client).build();
    let exporter = exporter.map_err(|error| unusable(error.to_string()))?;
    let mut resource = Resource::builder();
    if said("OTEL_SERVICE_NAME").is_none() {
        resource = resource.with_service_name(SERVICE);
    }
    let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource.build()).build();
    let layer = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer(SERVICE))
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_level(false)
        .with_tracked_inactivity(false)
        .with_filter(
            TRACED.into_iter().fold(Targets::new(), |all, target| all.with_target(target, LevelFilter::TRACE)),
        );
    *PROVIDER.lock().unwrap_or_else(PoisonError::into_inner) = Some(provider);
    Ok(Some(Box::new(layer)))
}

/// Sends what is left. The runtime has to run on meanwhile: by it, it is sent.
pub(super) fn end() {
    let provider = PROVIDER.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(Err(error)) = provider.map(|provider| provider.shutdown_with_timeout(FAREWELL)) {
        tracing::warn!(%error, "the last traces were not sent");
    }
}

/// Whether traces are to be sent anywhere.
fn is_wanted() -> bool {
    let is_off = said("OTEL_SDK_DISABLED").is_some_and(|is| is.eq_ignore_ascii_case("true"))
        || said("OTEL_TRACES_EXPORTER").is_some_and(|is| is != "otlp");
    !is_off && ENDPOINTS.into_iter().any(|name| said(name).is_some())
}

/// What a variable of the standard says; an empty one says nothing.
#[expect(clippy::disallowed_methods, reason = "these variables are a standard's, and no settings of ours")]
fn said(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Sends on our runtime: the SDK asks from a thread of its own, where no socket can wait for anything.
#[derive(Debug)]
struct OnRuntime {
    client: reqwest::Client,
    runtime: Handle,
}

#[async_trait]
impl HttpClient for OnRuntime {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let request: reqwest::Request = request.try_into()?;
        let client = self.client.clone();
        let sent = self.runtime.spawn(async move {
            let answer = client.execute(request).await?;
            let (status, headers) = (answer.status(), answer.headers().clone());
            Ok::<_, reqwest::Error>((status, headers, answer.bytes().await?))
        });
        let (status, headers, body) = sent.await??;
        let mut response = Response::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }
}
