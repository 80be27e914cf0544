//! What time it is for the database.

use otp_core::fault::Res;
use otp_core::time::Timestamp;

use super::Database;
use crate::config::Config;

/// The time its own clock shows, of a database that is a server: a file has none but this machine's.
///
/// # Errors
/// `Unavailable` when it does not say in five seconds, `Misconfigured` when the URL cannot be read.
pub async fn database_time(config: &Config) -> Res<Option<Timestamp>> {
    let database = Database::of(config).map_err(|error| otp_core::fault::Fault::misconfigured(OP, error))?;
    match database {
        Database::File(_) => Ok(None),
        #[cfg(feature = "postgres")]
        Database::Server(url) => server::time(&url, config).await.map(Some),
        // `Database::of` answers none that was not compiled in.
        #[cfg(not(feature = "postgres"))]
        Database::Server(_) => Ok(None),
    }
}

const OP: &str = "storage.clock";

#[cfg(feature = "postgres")]
mod server {
    use std::time::Duration;

    use otp_core::fault::{Fault, Res};
    use otp_core::time::Timestamp;
    use secrecy::{ExposeSecret, SecretString};
    use sqlx::ConnectOptions as _;
    use sqlx::postgres::PgConnectOptions;
    use tokio::time::timeout;

    use super::OP;
    use crate::config::Config;

    /// How long a server may take to let us in and answer.
    const PATIENCE: Duration = Duration::from_secs(5);
    /// Not `now()`, which stands still while a transaction lasts.
    const TIME: &str = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)";

    /// Over a connection of its own: the store's are busy, and told the time.
    pub(super) async fn time(url: &SecretString, config: &Config) -> Res<Timestamp> {
        // The error is dropped: it may quote the URL, and with it a password.
        let options: PgConnectOptions =
            url.expose_secret().parse().map_err(|_| Fault::misconfigured(OP, "the URL cannot be read"))?;
        let options = match &config.tls_ca_file {
            Some(file) => options.ssl_root_cert(file),
            None => options,
        };
        let asked = async {
            let mut connection = options.application_name("otp").disable_statement_logging().connect().await?;
            sqlx::query_scalar(TIME).fetch_one(&mut connection).await
        };
        match timeout(PATIENCE, asked).await {
            Ok(Ok(millis)) => Ok(Timestamp::from_millis(millis)),
            Ok(Err(error)) => {
                let error: sqlx::Error = error;
                Err(Fault::unavailable(OP, error))
            }
            Err(_) => Err(Fault::unavailable(OP, "no answer in time")),
        }
    }
}
