//! One connection: commands in, replies out (RFC 5321, section 4).

use std::io;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::ServerConfig;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio_rustls::TlsAcceptor;

use super::content::{self, Permit};
use super::{Action, Encryption, Shared, Stage, SunkMail};

/// Longest command line, `AUTH` included (RFC 4954, section 4).
const MAX_COMMAND: u64 = 12_288;

/// TCP or TLS, so that `STARTTLS` can change one into the other.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// How the dialogue goes on.
#[derive(PartialEq)]
enum Turn {
    /// With the next command.
    Next,
    /// Encrypted, from the start.
    Encrypt,
    /// Not at all.
    Close,
}

/// A mail transaction under way.
struct Envelope {
    from: String,
    to: Vec<String>,
    permit: Permit,
}

struct Dialogue<'a> {
    wire: BufReader<Box<dyn Stream>>,
    shared: &'a Shared,
    encrypted: bool,
    greeted: bool,
    authenticated: Option<String>,
    envelope: Option<Envelope>,
}

/// Serves one connection to its end.
pub(super) async fn hold(stream: Box<dyn Stream>, shared: &Shared) -> io::Result<()> {
    let mut dialogue = Dialogue::new(stream, shared);
    if let Some(turn) = dialogue.scripted(Stage::Connect).await? {
        return if turn == Turn::Close { Ok(()) } else { dialogue.carry_on().await };
    }
    if let Encryption::Implicit(tls) = &shared.settings.encryption {
        dialogue = dialogue.encrypt(tls.clone()).await?;
    }
    dialogue.say("220 sink.test ESMTP").await?;
    dialogue.carry_on().await
}

impl<'a> Dialogue<'a> {
    fn new(stream: Box<dyn Stream>, shared: &'a Shared) -> Self {
        let wire = BufReader::new(stream);
        Self { wire, shared, encrypted: false, greeted: false, authenticated: None, envelope: None }
    }

    /// The dialogue from its start, over TLS. What was buffered in the clear is dropped, and what was
    /// said forgotten (RFC 3207, section 4.2).
    async fn encrypt(self, tls: Arc<ServerConfig>) -> io::Result<Self> {
        let stream = TlsAcceptor::from(tls).accept(self.wire.into_inner()).await?;
        Ok(Self { encrypted: true, ..Self::new(Box::new(stream), self.shared) })
    }

    async fn carry_on(mut self) -> io::Result<()> {
        while let Some(line) = self.line().await? {
            match self.command(&line).await? {
                Turn::Next => {}
                Turn::Close => break,
                Turn::Encrypt => {
                    if let Encryption::StartTls(tls) = &self.shared.settings.encryption {
                        self = self.encrypt(tls.clone()).await?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The next command without its CRLF; nothing at the end of the stream or past all bounds.
    async fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        (&mut self.wire).take(MAX_COMMAND).read_until(b'\n', &mut line).await?;
        Ok(String::from_utf8(line).ok().and_then(|line| line.strip_suffix("\r\n").map(str::to_owned)))
    }

    async fn say(&mut self, line: &str) -> io::Result<Turn> {
        self.wire.write_all(format!("{line}\r\n").as_bytes()).await?;
        self.wire.flush().await?;
        Ok(Turn::Next)
    }

    /// Does what is scripted for `stage`, if anything is.
    async fn scripted(&mut self, stage: Stage) -> io::Result<Option<Turn>> {
        match self.shared.script.pop(stage) {
            None => Ok(None),
            Some(Action::Drop) => Ok(Some(Turn::Close)),
            Some(Action::Hang) => {
                self.shared.traffic.send_modify(|traffic| traffic.hung += 1);
                tokio::io::copy(&mut self.wire, &mut tokio::io::sink()).await?;
                Ok(Some(Turn::Close))
            }
            Some(Action::Hold) => {
                // Listens before it is counted: who waits for the count may release at once.
                let mut release = self.shared.release.subscribe();
                self.shared.traffic.send_modify(|traffic| traffic.held += 1);
                // An error means that the sink is gone, and this dialogue with it.
                release.changed().await.ok();
                Ok(None)
            }
            Some(Action::Reply(line)) => {
                self.say(&line).await?;
                let closes = ["221", "421"].iter().any(|code| line.starts_with(code))
                    || (stage == Stage::Connect && !line.starts_with("220"));
                Ok(Some(if closes { Turn::Close } else { Turn::Next }))
            }
        }
    }

    async fn command(&mut self, line: &str) -> io::Result<Turn> {
        let (verb, argument) = line.split_once(' ').unwrap_or((line, ""));
        let verb = verb.to_ascii_uppercase();
        let stage = match verb.as_str() {
            "EHLO" | "HELO" => Stage::Hello,
            "STARTTLS" => Stage::StartTls,
            "AUTH" => Stage::Auth,
            "MAIL" => Stage::Mail,
            "RCPT" => Stage::Rcpt,
            "DATA" => Stage::Data,
            "RSET" => {
                self.envelope = None;
                return self.say("250 2.0.0 forgotten").await;
            }
            "NOOP" => return self.say("250 2.0.0 still here").await,
            "QUIT" => {
                self.say("221 2.0.0 bye").await?;
                return Ok(Turn::Close);
            }
            _ => return self.say("500 5.5.1 no such command").await,
        };
        if let Some(turn) = self.scripted(stage).await? {
            return Ok(turn);
        }
        match verb.as_str() {
            "EHLO" => self.hello(true).await,
            "HELO" => self.hello(false).await,
            "STARTTLS" => self.starttls().await,
            "AUTH" => self.auth(argument).await,
            "MAIL" => self.mail(argument).await,
            "RCPT" => self.rcpt(argument).await,
            _ => self.data().await,
        }
    }

    fn wants_tls(&self) -> bool {
        !self.encrypted && matches!(self.shared.settings.encryption, Encryption::StartTls(_))
    }

    async fn hello(&mut self, extended: bool) -> io::Result<Turn> {
        self.greeted = true;
        self.envelope = None;
        if !extended {
            return self.say("250 sink.test").await;
        }
        let mut offers = vec!["PIPELINING".to_owned(), format!("SIZE {}", content::MAX_OCTETS)];
        offers.extend(["8BITMIME", "ENHANCEDSTATUSCODES"].map(str::to_owned));
        if !self.shared.settings.without_smtputf8 {
            offers.push("SMTPUTF8".to_owned());
        }
        if self.wants_tls() {
            offers.push("STARTTLS".to_owned());
        } else if self.shared.settings.credentials.is_some() {
            offers.push("AUTH PLAIN LOGIN".to_owned());
        }
        let last = offers.pop().unwrap_or_default();
        let middle: String = offers.iter().map(|offer| format!("250-{offer}\r\n")).collect();
        self.say(&format!("250-sink.test\r\n{middle}250 {last}")).await
    }

    async fn starttls(&mut self) -> io::Result<Turn> {
        if !self.wants_tls() {
            return self.say("502 5.5.1 not offered").await;
        }
        self.say("220 2.0.0 go ahead").await?;
        Ok(Turn::Encrypt)
    }

    /// `AUTH` with or without an initial response (RFC 4954, section 4).
    async fn auth(&mut self, argument: &str) -> io::Result<Turn> {
        let (mechanism, initial) = argument.split_once(' ').unwrap_or((argument, ""));
        let Some((username, password)) = self.shared.settings.credentials.clone() else {
            return self.say("502 5.5.1 not offered").await;
        };
        if self.wants_tls() {
            return self.say("538 5.7.11 encrypt first").await;
        }
        let given = match mechanism.to_ascii_uppercase().as_str() {
            "PLAIN" => {
                let response = self.response(initial, "").await?;
                let mut fields = response.split('\0').skip(1).map(str::to_owned);
                (fields.next().unwrap_or_default(), fields.next().unwrap_or_default())
            }
            "LOGIN" => (self.response(initial, "Username:").await?, self.response("", "Password:").await?),
            _ => return self.say("504 5.5.4 no such mechanism").await,
        };
        if given != (username, password) {
            return self.say("535 5.7.8 wrong credentials").await;
        }
        self.authenticated = Some(given.0);
        self.say("235 2.7.0 welcome").await
    }

    /// What the client answers to `challenge`, decoded; nothing in place of what cannot be.
    async fn response(&mut self, initial: &str, challenge: &str) -> io::Result<String> {
        let mut response = initial.to_owned();
        if initial.is_empty() {
            self.say(&format!("334 {}", STANDARD.encode(challenge))).await?;
            response = self.line().await?.unwrap_or_default();
        }
        Ok(STANDARD.decode(response).ok().and_then(|octets| String::from_utf8(octets).ok()).unwrap_or_default())
    }

    async fn mail(&mut self, argument: &str) -> io::Result<Turn> {
        if self.wants_tls() {
            return self.say("530 5.7.0 encrypt first").await;
        }
        if self.shared.settings.credentials.is_some() && self.authenticated.is_none() {
            return self.say("530 5.7.0 authenticate first").await;
        }
        if !self.greeted || self.envelope.is_some() {
            return self.say("503 5.5.1 not now").await;
        }
        let Some((from, parameters)) = path(argument, "FROM:") else {
            return self.say("501 5.5.4 MAIL FROM:<address>").await;
        };
        let mut permit = Permit::default();
        for parameter in parameters.split_ascii_whitespace() {
            match parameter.to_ascii_uppercase().as_str() {
                "BODY=7BIT" => {}
                "BODY=8BITMIME" => permit.eight_bit = true,
                "SMTPUTF8" if !self.shared.settings.without_smtputf8 => permit.utf8 = true,
                size if size.starts_with("SIZE=") => {}
                _ => return self.say("555 5.5.4 no such parameter").await,
            }
        }
        if !from.is_ascii() && !permit.utf8 {
            return self.say("553 5.6.7 SMTPUTF8 was not asked for").await;
        }
        self.envelope = Some(Envelope { from, to: Vec::new(), permit });
        self.say("250 2.1.0 sender taken").await
    }

    async fn rcpt(&mut self, argument: &str) -> io::Result<Turn> {
        let reply = match (&mut self.envelope, path(argument, "TO:")) {
            (None, _) => "503 5.5.1 MAIL first",
            (_, None) => "501 5.5.4 RCPT TO:<address>",
            (Some(envelope), Some((to, _))) if !to.is_ascii() && !envelope.permit.utf8 => {
                "553 5.6.7 SMTPUTF8 was not asked for"
            }
            (Some(envelope), Some((to, _))) => {
                envelope.to.push(to);
                "250 2.1.5 recipient taken"
            }
        };
        self.say(reply).await
    }

    async fn data(&mut self) -> io::Result<Turn> {
        if self.envelope.as_ref().is_none_or(|envelope| envelope.to.is_empty()) {
            return self.say("503 5.5.1 RCPT first").await;
        }
        self.say("354 go on, end with a dot").await?;
        let read = content::read(&mut self.wire).await?;
        if let Some(turn) = self.scripted(Stage::Dot).await? {
            self.envelope = None;
            return Ok(turn);
        }
        let Some(envelope) = self.envelope.take() else { return Ok(Turn::Close) };
        let raw = match read.and_then(|raw| content::permitted(raw, envelope.permit)) {
            Ok(raw) => raw,
            Err(refusal) => return self.say(refusal).await,
        };
        let mail = SunkMail {
            authenticated: self.authenticated.clone(),
            encrypted: self.encrypted,
            ..SunkMail::new(envelope.from, envelope.to, raw)
        };
        self.shared.traffic.send_modify(|traffic| traffic.mails.push(Arc::new(mail)));
        match self.scripted(Stage::Taken).await? {
            Some(turn) => Ok(turn),
            None => self.say("250 2.0.0 taken").await,
        }
    }
}

/// Splits `FROM:<address> parameters`.
fn path<'a>(argument: &'a str, keyword: &str) -> Option<(String, &'a str)> {
    let (found, rest) = argument.split_at_checked(keyword.len())?;
    let (address, parameters) = rest.strip_prefix('<')?.split_once('>')?;
    (found.eq_ignore_ascii_case(keyword) && (parameters.is_empty() || parameters.starts_with(' ')))
        .then(|| (address.to_owned(), parameters))
}
