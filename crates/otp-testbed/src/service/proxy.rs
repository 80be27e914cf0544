//! Real reverse proxies in front of a server: nginx, Caddy and HAProxy, as the files in `docs/deploying` set them up.

use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Once};

use tempfile::TempDir;

use super::{Program, Server, choose_cryptography, until};
use crate::port::free_port;
use crate::stores::shared;

/// Where those files find the service.
const SERVICE: &str = "127.0.0.1:8080";
/// How they name the certificate and its key.
const CERTIFICATE: &str = "/etc/ssl/otp.example.org";

/// Which one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proxy {
    /// nginx.
    Nginx,
    /// Caddy.
    Caddy,
    /// HAProxy.
    Haproxy,
}

/// One that runs, for `https://otp.example.org`; killed when dropped.
#[derive(Debug)]
pub struct Fronted {
    // Dropped in this order: the folder once nobody writes to it.
    /// It, as if it were the server behind it.
    pub server: Arc<Server>,
    _folder: TempDir,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Proxy {
    /// Starts it on `config` as it is documented, but for ports, paths and the certificate, in front of the service at `port`.
    /// Where it is not installed the caller's test has nothing to do; stderr says so.
    ///
    /// # Panics
    /// When it does not start, or is not installed and [`REQUIRED`](shared::REQUIRED) is set.
    pub async fn start(self, config: &str, port: u16, certificate: &str, key: &str) -> Option<Fronted> {
        static TOLD: [Once; 3] = [Once::new(), Once::new(), Once::new()];
        let (program, version) = match self {
            Self::Nginx => ("nginx", "-v"),
            Self::Caddy => ("caddy", "version"),
            Self::Haproxy => ("haproxy", "-v"),
        };
        shared::installed(program, version, &TOLD[self as usize])?;
        choose_cryptography();
        let (folder, address) = (tempfile::tempdir().unwrap(), SocketAddr::from(([127, 0, 0, 1], free_port())));
        let home = folder.path();
        std::fs::write(home.join("otp.example.org.pem"), format!("{certificate}{key}")).unwrap();
        std::fs::write(home.join("otp.example.org.key"), key).unwrap();
        let config = replaced(config, SERVICE, &format!("127.0.0.1:{port}"));
        let mut command = Command::new(program);
        command.current_dir(home).env("HOME", home);
        match self {
            Self::Nginx => nginx(home, &config, address, &mut command),
            Self::Caddy => caddy(home, &config, address, &mut command),
            Self::Haproxy => haproxy(home, &config, address, &mut command),
        }
        let program = Program::launch(command);
        until(&format!("{self:?} listens"), async || {
            assert!(!program.has_ended(), "{}", program.said());
            TcpStream::connect(address).is_ok()
        })
        .await;
        let server = Arc::new(Server::of(program, format!("https://{address}")));
        Some(Fronted { server, _folder: folder, address })
    }
}

fn nginx(home: &Path, config: &str, address: SocketAddr, command: &mut Command) {
    let config = replaced(config, "listen 443 ", &format!("listen {address} "));
    // Of the ports that everybody has only one test could.
    let config = replaced(&config, "    listen [::]:80;\n", "");
    let config = replaced(&config, "    listen [::]:443 ssl http2;\n", "");
    let config = replaced(&config, "listen 80;", &format!("listen 127.0.0.1:{};", free_port()));
    let config = replaced(&config, CERTIFICATE, &home.join("otp.example.org").display().to_string());
    // What a package has around it; in one process, so that nothing is left of it once that is killed.
    let temporary =
        ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|kind| format!("{kind}_temp_path {kind};"));
    let around = format!(
        "daemon off; master_process off; pid nginx.pid; error_log stderr; events {{}}\nhttp {{ access_log off; {}\n{config}\n}}\n",
        temporary.join(" ")
    );
    std::fs::write(home.join("nginx.conf"), around).unwrap();
    command.arg("-p").arg(home).arg("-c").arg(home.join("nginx.conf")).args(["-e", "stderr"]);
}

fn caddy(home: &Path, config: &str, address: SocketAddr, command: &mut Command) {
    let pem = home.join("otp.example.org").display().to_string();
    // It has nobody here to get a certificate from.
    let site = format!("https://otp.example.org:{}", address.port());
    let own = format!("{site} {{\n\tbind {}\n\ttls {pem}.pem {pem}.key", address.ip());
    let config = replaced(config, "\notp.example.org {", &format!("\n{own}"));
    std::fs::write(home.join("Caddyfile"), format!("{{\n\tadmin off\n\tauto_https off\n}}\n{config}")).unwrap();
    command.args(["run", "--adapter", "caddyfile", "--config", "Caddyfile"]);
}

fn haproxy(home: &Path, config: &str, address: SocketAddr, command: &mut Command) {
    let config = replaced(config, "bind :443 ", &format!("bind {address} "));
    let config = replaced(&config, CERTIFICATE, &home.join("otp.example.org").display().to_string());
    std::fs::write(home.join("haproxy.cfg"), config).unwrap();
    command.args(["-db", "-f", "haproxy.cfg"]);
}

/// `text` with `new` for each `old`, of which there has to be one.
fn replaced(text: &str, old: &str, new: &str) -> String {
    assert!(text.contains(old), "this does not say {old:?}:\n{text}");
    text.replace(old, new)
}
