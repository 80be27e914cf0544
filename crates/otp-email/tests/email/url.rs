//! Relays written as URLs.

use otp_email::{Security, Smtp, SmtpConfig, SmtpConfigError};

type Read = (String, u16, Security, Option<(String, String)>);

fn read(url: &str) -> Result<Read, SmtpConfigError> {
    // The type that holds them is the one that hides them; the test has to look.
    use secrecy::ExposeSecret;
    let config = SmtpConfig::from_url(url)?;
    let credentials = config.credentials.map(|credentials| {
        (credentials.username.expose_secret().to_owned(), credentials.password.expose_secret().to_owned())
    });
    Ok((config.host, config.port, config.security, credentials))
}

#[test]
fn every_form() {
    let pair = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
    for (url, host, port, security, credentials) in [
        ("smtp://relay.example", "relay.example", 587, Security::StartTls, None),
        ("smtp://u:p@relay.example:2525", "relay.example", 2525, Security::StartTls, pair("u", "p")),
        ("smtps://u:p@relay.example/", "relay.example", 465, Security::ImplicitTls, pair("u", "p")),
        ("smtps://relay.example:2465", "relay.example", 2465, Security::ImplicitTls, None),
        ("smtp://localhost?tls=none", "localhost", 25, Security::None, None),
        ("smtp://127.0.0.1:25?tls=none", "127.0.0.1", 25, Security::None, None),
        ("smtp://[::1]:1025?tls=none", "::1", 1025, Security::None, None),
        (
            "smtp://ada%40acme.example:p%40ss%3Aw%2F%C3%B6%25@relay.example",
            "relay.example",
            587,
            Security::StartTls,
            pair("ada@acme.example", "p@ss:w/ö%"),
        ),
    ] {
        assert_eq!(read(url), Ok((host.to_owned(), port, security, credentials)), "{url}");
    }
}

#[test]
fn what_is_wrong_is_said_and_nothing_shown() {
    use SmtpConfigError::{Contradiction, Encoding, HalfCredentials, Host, Member, Path, Scheme, Url};
    for (url, error) in [
        ("", Url),
        ("relay.example", Url),
        ("smtp://relay.example:99999", Url),
        ("smtp://hunter2/x:y@relay.example", Path),
        ("smtp://user:hunter2/x@relay.example", Url),
        ("smtp://user:1?hunter2@relay.example", Member),
        ("http://user:hunter2@relay.example", Scheme),
        ("smtp://user:hunter2@", Url),
        ("smtp:", Host),
        ("smtp://user:hunter2@bücher.example", Host),
        ("smtp://user:hunter2@relay.example/inbox", Path),
        ("smtp://user:hunter2@relay.example#tls", Path),
        ("smtp://relay.example?tls=maybe", Member),
        ("smtp://relay.example?timeout=5", Member),
        ("smtp://relay.example?tls=none&x=hunter2", Member),
        ("smtps://relay.example?tls=none", Contradiction),
        ("smtp://user@relay.example", HalfCredentials),
        ("smtp://:hunter2@relay.example", HalfCredentials),
        ("smtp://user:hunter2%FF@relay.example", Encoding),
    ] {
        assert_eq!(read(url), Err(error), "{url}");
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}

#[test]
fn a_name_to_say_hello_with_is_one_word() {
    let config = SmtpConfig::from_url("smtp://relay.example?tls=none").unwrap();
    for name in ["", "two words", "mx\r\nMAIL FROM:<x@y.test>", "bücher.example"] {
        let made = Smtp::new(SmtpConfig { hello_name: Some(name.to_owned()), ..config.clone() });
        assert_eq!(made.unwrap_err(), SmtpConfigError::HelloName, "{name:?}");
    }
    assert!(Smtp::new(SmtpConfig { hello_name: Some("mx.acme.example".to_owned()), ..config }).is_ok());
}
