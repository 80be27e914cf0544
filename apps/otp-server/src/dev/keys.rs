//! The keys of the development mode, made on the first run and kept for the next.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use otp_core::caller::{Actor, Caller};
use otp_core::deployment::Deployment;
use otp_core::email::EmailAddress;
use otp_core::keys::MasterKey;
use otp_core::system::SystemEntropy;
use otp_core::tenants::{KeySpec, NewTenant, Tenants};
use otp_wire::process::Failure;

/// The keys a newcomer works with.
pub(super) struct DevKeys {
    /// A secret key of the demo customer.
    pub(super) customer: String,
    /// An operator key.
    pub(super) operator: String,
    /// Where they are kept.
    pub(super) file: PathBuf,
}

/// Where the keys are kept.
pub(super) fn env_file(folder: &Path) -> PathBuf {
    folder.join("dev.env")
}

/// What the file of keys begins with where `dev` made the database: --reset deletes that and no other.
fn whose(database: &Path) -> String {
    let name = database.file_name().unwrap_or_default();
    format!("# Of {}, which otp-server dev made.\n", name.display())
}

/// Whether the keys kept in `folder` are those of `database`.
pub(super) fn are_of(database: &Path, folder: &Path) -> bool {
    let kept = std::fs::read_to_string(env_file(folder));
    kept.is_ok_and(|text| text.starts_with(&whose(database)))
}

/// Says in `folder` that `dev` makes `database`. Before it does: what is cut off in between could not be begun anew.
pub(super) fn mark(database: &Path, folder: &Path) -> Result<(), Failure> {
    if are_of(database, folder) { Ok(()) } else { write_private(&env_file(folder), &whose(database)) }
}

/// Where the master key is kept.
pub(super) fn secret_file(folder: &Path) -> PathBuf {
    folder.join("secret.key")
}

impl DevKeys {
    /// Those kept in `folder` if they still open anything, else fresh ones of the demo customer. The file
    /// is written either way: the service may listen elsewhere than the last time. It names the database if that is `ours`.
    pub(super) async fn ready(
        ours: Option<&PathBuf>,
        folder: &Path,
        deployment: &Deployment,
        url: &str,
    ) -> Result<Self, Failure> {
        let tenants = Tenants::new(deployment.clone());
        let file = env_file(folder);
        let caller = Caller::of(Actor::Cli);
        let (customer, operator) = match kept(&file) {
            Some((customer, operator))
                if tenants.authenticate(&customer, &caller).await.is_ok()
                    && tenants.authenticate(&operator, &caller).await.is_ok() =>
            {
                (customer, operator)
            }
            _ => {
                let operator = tenants.create_operator("dev", &caller).await?;
                (demo_key(&tenants, &caller).await?, operator.key.expose().to_owned())
            }
        };
        let whose = ours.map(|database| whose(database)).unwrap_or_default();
        let text = format!("{whose}OTP_URL={url}\nOTP_API_KEY={customer}\nOTP_OPERATOR_KEY={operator}\n");
        write_private(&file, &text)?;
        Ok(Self { customer, operator, file })
    }
}

/// A key of the demo customer, who is made if there is none yet.
async fn demo_key(tenants: &Tenants, caller: &Caller) -> Result<String, Failure> {
    let owner = EmailAddress::parse("demo@localhost").map_err(|error| Failure::Failed(error.to_string()))?;
    let new =
        NewTenant { name: "Demo".to_owned(), owner: owner.clone(), company_name: None, plan: "enterprise".to_owned() };
    match tenants.register(new, caller, None).await {
        Ok(registered) => Ok(registered.key.key.expose().to_owned()),
        Err(otp_core::tenants::RegisterError::EmailTaken) => {
            let filter =
                otp_core::port::TenantFilter { text: Some(owner.canonical().to_owned()), ..Default::default() };
            let demo = tenants.list(&filter, None, 1).await?.pop();
            let demo =
                demo.ok_or_else(|| Failure::Failed("the demo customer cannot be found; use --reset".to_owned()))?;
            Ok(tenants.create_key(demo.id, KeySpec::secret("dev"), caller, None).await?.key.expose().to_owned())
        }
        Err(error) => Err(error.into()),
    }
}

fn kept(file: &Path) -> Option<(String, String)> {
    let text = std::fs::read_to_string(file).ok()?;
    let member =
        |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=').map(str::to_owned));
    Some((member("OTP_API_KEY")?, member("OTP_OPERATOR_KEY")?))
}

/// The master key kept in `folder`, or a fresh one, kept from now on.
pub(super) fn secret_key(folder: &Path) -> Result<MasterKey, Failure> {
    let file = secret_file(folder);
    match std::fs::read_to_string(&file) {
        Ok(text) => MasterKey::from_base64(&text)
            .map_err(|error| Failure::Configuration(format!("{}: {error}", file.display()))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let master = MasterKey::generate(&SystemEntropy::default())?;
            write_private(&file, &format!("{}\n", master.to_base64()))?;
            Ok(master)
        }
        Err(error) => Err(Failure::Failed(format!("{} cannot be read: {error}", file.display()))),
    }
}

/// Writes a file that only its owner may read, whoever could read the one it replaces. It appears
/// whole or not at all: half a master key would leave a database that nothing opens.
fn write_private(file: &Path, text: &str) -> Result<(), Failure> {
    let fresh = file.with_added_extension("new");
    let written = remove(&fresh)
        .and_then(|()| OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh))
        .and_then(|mut open| open.write_all(text.as_bytes()).and_then(|()| open.sync_all()))
        .and_then(|()| std::fs::rename(&fresh, file));
    written.map_err(|error| Failure::Failed(format!("{} cannot be written: {error}", file.display())))
}

/// Removes a file, if there is one.
pub(super) fn remove(file: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}
