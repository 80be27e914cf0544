//! TLS: with a private authority, and never without being asked.

use std::sync::Arc;

use otp_core::port::{Delivery, Mailer};
use otp_email::{Security, Smtp, SmtpConfig, SmtpConfigError};
use otp_testkit::smtp_sink::{Action, SmtpSink, Stage};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::sample::{ADA, NOW, config, mail};

/// A private authority: its certificate in PEM, and a server certificate of it for `name`.
fn authority(name: &str) -> (String, Arc<ServerConfig>) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der())))
        .unwrap();
    (issuer.pem(), Arc::new(server))
}

fn trusting(pem: &str, config: SmtpConfig) -> Smtp {
    Smtp::new(SmtpConfig { extra_roots: Some(pem.to_owned()), ..config }).unwrap()
}

#[tokio::test]
async fn starttls_and_implicit_tls_with_a_private_authority() {
    let (pem, tls) = authority("127.0.0.1");
    let (other_pem, _) = authority("127.0.0.1");
    for sink in [SmtpSink::builder().starttls(tls.clone()), SmtpSink::builder().implicit_tls(tls.clone())] {
        let sink = sink.start().await.unwrap();
        let trusting_smtp = trusting(&pem, config(&sink));
        assert_eq!(trusting_smtp.check(NOW).await, Ok(()));
        assert_eq!(trusting_smtp.send(&mail(), NOW).await, Delivery::Sent);
        assert!(sink.next_to(ADA).await.encrypted);

        for distrusting in [Smtp::new(config(&sink)).unwrap(), trusting(&other_pem, config(&sink))] {
            assert_eq!(distrusting.send(&mail(), NOW).await, Delivery::RejectedConfig);
            let trouble = distrusting.check(NOW).await.unwrap_err().to_string();
            assert!(trouble.starts_with("the server is not trusted: invalid peer certificate"), "{trouble}");
        }
        assert_eq!(sink.mails().len(), 1);
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let (pem, tls) = authority("relay.example");
    let sink = SmtpSink::builder().implicit_tls(tls).start().await.unwrap();
    assert_eq!(trusting(&pem, config(&sink)).send(&mail(), NOW).await, Delivery::RejectedConfig);
}

#[tokio::test]
async fn no_mail_without_the_encryption_asked_for() {
    let plain = SmtpSink::start().await.unwrap();
    for security in [Security::StartTls, Security::ImplicitTls] {
        let smtp = Smtp::new(SmtpConfig { security, ..config(&plain) }).unwrap();
        assert_eq!(smtp.send(&mail(), NOW).await, Delivery::RejectedConfig, "{security:?}");
        assert!(smtp.check(NOW).await.is_err());
    }
    assert!(plain.mails().is_empty());

    let (pem, tls) = authority("127.0.0.1");
    let sink = SmtpSink::builder().starttls(tls).start().await.unwrap();
    let in_the_clear = SmtpConfig { security: Security::None, ..config(&sink) };
    assert_eq!(trusting(&pem, in_the_clear).send(&mail(), NOW).await, Delivery::RejectedConfig);
    sink.next(Stage::StartTls, Action::reply("454 4.7.0 TLS not available"));
    assert_eq!(trusting(&pem, config(&sink)).send(&mail(), NOW).await, Delivery::Throttled(None));
    sink.next(Stage::StartTls, Action::Drop);
    assert_eq!(trusting(&pem, config(&sink)).send(&mail(), NOW).await, Delivery::Transient);
    assert!(sink.mails().is_empty());
}

#[tokio::test]
async fn roots_have_to_be_certificates() {
    let plain = SmtpConfig::from_url("smtps://relay.example").unwrap();
    for pem in ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let made = Smtp::new(SmtpConfig { extra_roots: Some(pem.to_owned()), ..plain.clone() });
        assert_eq!(made.unwrap_err(), SmtpConfigError::Roots, "{pem:?}");
    }
}
