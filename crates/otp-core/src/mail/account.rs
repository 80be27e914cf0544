//! The mails of the service itself about accounts: how to open one, that there is one, what is new about it.

use super::frame::{Part, framed};
use super::{Envelope, OutgoingMail};
use crate::code::Code;
use crate::effect::News;
use crate::locale::Locale;
use crate::tenant::TenantStatus;

/// The mail that carries what opens an account: a code, and a link, where it is known under which address pages are.
/// The link leads to a page with a button; to follow it opens nothing.
pub(crate) fn signup(envelope: Envelope, code: &Code, link: Option<&str>) -> OutgoingMail {
    let texts = texts(envelope.locale);
    let app = envelope.from.name.clone();
    let say = |text: &str| text.replace("{app}", &app);
    let link = link.map(|url| Part::Link { label: texts.signup_link, url });
    let parts = [Some(Part::Text(say(texts.signup_intro))), Some(Part::Code(code)), link]
        .into_iter()
        .flatten()
        .chain([Part::Text(say(texts.signup_expiry)), Part::Soft(say(texts.signup_ignore))])
        .collect::<Vec<_>>();
    framed(envelope, say(texts.signup_subject), &say(texts.signup_heading), &parts)
}

/// The mail to whoever signs up with an address that has an account. It carries no code.
pub(crate) fn account_exists(envelope: Envelope) -> OutgoingMail {
    let texts = texts(envelope.locale);
    let app = envelope.from.name.clone();
    let say = |text: &str| text.replace("{app}", &app);
    let parts = [Part::Text(say(texts.exists)), Part::Soft(say(texts.exists_ignore))];
    framed(envelope, say(texts.exists_subject), &say(texts.exists_heading), &parts)
}

/// The mail to the owner of an account with what is new about it.
pub(crate) fn notice(envelope: Envelope, account: &str, news: &News) -> OutgoingMail {
    let texts = texts(envelope.locale);
    let app = envelope.from.name.clone();
    let (subject, body, detail) = match news {
        News::Status { status, reason } => {
            let (subject, body) = match status {
                TenantStatus::Active => (texts.active_subject, texts.active),
                TenantStatus::Suspended => (texts.suspended_subject, texts.suspended),
                TenantStatus::Cancelled => (texts.cancelled_subject, texts.cancelled),
            };
            (subject, body, reason.as_ref().map(|reason| format!("{} {reason}", texts.reason)))
        }
        News::Plan { plan } => (texts.plan_subject, texts.plan, Some(format!("{} {plan}", texts.plan_name))),
    };
    // Names last: an account may well be called "{app}".
    let say = |text: &str| text.replace("{app}", &app).replace("{account}", account);
    let parts = [Some(say(body)), detail].into_iter().flatten().map(Part::Text).collect::<Vec<_>>();
    framed(envelope, say(subject), &say(subject), &parts)
}

/// The sentences of these mails. `{app}` stands for the service, `{account}` for the account.
struct Texts {
    signup_subject: &'static str,
    signup_heading: &'static str,
    signup_intro: &'static str,
    signup_link: &'static str,
    signup_expiry: &'static str,
    signup_ignore: &'static str,
    exists_subject: &'static str,
    exists_heading: &'static str,
    exists: &'static str,
    exists_ignore: &'static str,
    active_subject: &'static str,
    active: &'static str,
    suspended_subject: &'static str,
    suspended: &'static str,
    cancelled_subject: &'static str,
    cancelled: &'static str,
    reason: &'static str,
    plan_subject: &'static str,
    plan: &'static str,
    plan_name: &'static str,
}

const fn texts(locale: Locale) -> &'static Texts {
    match locale {
        Locale::En => &EN,
        Locale::De => &DE,
        Locale::Fr => &FR,
        Locale::Es => &ES,
    }
}

const EN: Texts = Texts {
    signup_subject: "Confirm your email address for {app}",
    signup_heading: "Open your account with {app}",
    signup_intro: "Enter this code where you signed up:",
    signup_link: "Or confirm in your browser",
    signup_expiry: "Code and link work once and expire in 24 hours.",
    signup_ignore: "You did not sign up? Then ignore this mail; without it no account is opened.",
    exists_subject: "You have an account with {app} already",
    exists_heading: "You have an account already",
    exists: "Somebody signed up to {app} with this address, which has an account already. Nothing was changed: go on with the keys you have.",
    exists_ignore: "It was not you? Then ignore this mail; nobody gets at your account by it.",
    active_subject: "Your account {account} is active again",
    active: "{app} serves your account {account} again, from now on.",
    suspended_subject: "Your account {account} is suspended",
    suspended: "{app} has suspended your account {account}: its keys and its users’ sessions do not work until it is active again.",
    cancelled_subject: "Your account {account} is cancelled",
    cancelled: "{app} has cancelled your account {account}: its keys and its users’ sessions do not work any more. Its data is kept for 30 days and erased then.",
    reason: "The reason given:",
    plan_subject: "Your account {account} is on another plan",
    plan: "{app} has changed what your account {account} may use, from now on.",
    plan_name: "Your plan:",
};

const DE: Texts = Texts {
    signup_subject: "Bestätigen Sie Ihre E-Mail-Adresse für {app}",
    signup_heading: "Eröffnen Sie Ihr Konto bei {app}",
    signup_intro: "Geben Sie diesen Code dort ein, wo Sie sich registriert haben:",
    signup_link: "Oder bestätigen Sie im Browser",
    signup_expiry: "Code und Link gelten einmal und laufen in 24 Stunden ab.",
    signup_ignore: "Sie haben sich nicht registriert? Dann können Sie diese Mail ignorieren; ohne sie wird kein Konto eröffnet.",
    exists_subject: "Sie haben bereits ein Konto bei {app}",
    exists_heading: "Sie haben bereits ein Konto",
    exists: "Jemand hat sich bei {app} mit dieser Adresse registriert, die bereits ein Konto hat. Es wurde nichts geändert: Arbeiten Sie mit Ihren Schlüsseln weiter.",
    exists_ignore: "Sie waren das nicht? Dann können Sie diese Mail ignorieren; niemand erhält durch sie Zugang zu Ihrem Konto.",
    active_subject: "Ihr Konto {account} ist wieder aktiv",
    active: "{app} bedient Ihr Konto {account} ab sofort wieder.",
    suspended_subject: "Ihr Konto {account} ist gesperrt",
    suspended: "{app} hat Ihr Konto {account} gesperrt: Seine Schlüssel und die Sitzungen seiner Nutzer gelten nicht, bis es wieder aktiv ist.",
    cancelled_subject: "Ihr Konto {account} ist gekündigt",
    cancelled: "{app} hat Ihr Konto {account} gekündigt: Seine Schlüssel und die Sitzungen seiner Nutzer gelten nicht mehr. Seine Daten werden 30 Tage aufbewahrt und dann gelöscht.",
    reason: "Der angegebene Grund:",
    plan_subject: "Ihr Konto {account} hat einen anderen Tarif",
    plan: "{app} hat geändert, was Ihr Konto {account} nutzen darf; das gilt ab sofort.",
    plan_name: "Ihr Tarif:",
};

const FR: Texts = Texts {
    signup_subject: "Confirmez votre adresse e-mail pour {app}",
    signup_heading: "Ouvrez votre compte chez {app}",
    signup_intro: "Saisissez ce code là où vous vous êtes inscrit :",
    signup_link: "Ou confirmez dans votre navigateur",
    signup_expiry: "Le code et le lien ne servent qu’une fois et expirent dans 24 heures.",
    signup_ignore: "Vous ne vous êtes pas inscrit ? Ignorez ce message ; sans lui, aucun compte n’est ouvert.",
    exists_subject: "Vous avez déjà un compte chez {app}",
    exists_heading: "Vous avez déjà un compte",
    exists: "Quelqu’un s’est inscrit chez {app} avec cette adresse, qui a déjà un compte. Rien n’a changé : continuez avec vos clés.",
    exists_ignore: "Ce n’était pas vous ? Ignorez ce message ; il ne donne à personne l’accès à votre compte.",
    active_subject: "Votre compte {account} est de nouveau actif",
    active: "{app} sert de nouveau votre compte {account}, dès maintenant.",
    suspended_subject: "Votre compte {account} est suspendu",
    suspended: "{app} a suspendu votre compte {account} : ses clés et les sessions de ses utilisateurs ne fonctionnent plus tant qu’il n’est pas de nouveau actif.",
    cancelled_subject: "Votre compte {account} est résilié",
    cancelled: "{app} a résilié votre compte {account} : ses clés et les sessions de ses utilisateurs ne fonctionnent plus. Ses données sont conservées 30 jours, puis effacées.",
    reason: "La raison indiquée :",
    plan_subject: "Votre compte {account} change d’offre",
    plan: "{app} a changé ce que votre compte {account} peut utiliser, dès maintenant.",
    plan_name: "Votre offre :",
};

const ES: Texts = Texts {
    signup_subject: "Confirme su dirección de correo para {app}",
    signup_heading: "Abra su cuenta en {app}",
    signup_intro: "Introduzca este código donde se ha registrado:",
    signup_link: "O confirme en su navegador",
    signup_expiry: "El código y el enlace sirven una sola vez y caducan en 24 horas.",
    signup_ignore: "¿No se ha registrado? Ignore este mensaje; sin él no se abre ninguna cuenta.",
    exists_subject: "Ya tiene una cuenta en {app}",
    exists_heading: "Ya tiene una cuenta",
    exists: "Alguien se ha registrado en {app} con esta dirección, que ya tiene una cuenta. No ha cambiado nada: siga con las claves que tiene.",
    exists_ignore: "¿No ha sido usted? Ignore este mensaje; nadie accede a su cuenta con él.",
    active_subject: "Su cuenta {account} vuelve a estar activa",
    active: "{app} vuelve a atender su cuenta {account} desde ahora.",
    suspended_subject: "Su cuenta {account} está suspendida",
    suspended: "{app} ha suspendido su cuenta {account}: sus claves y las sesiones de sus usuarios no funcionan hasta que vuelva a estar activa.",
    cancelled_subject: "Su cuenta {account} está cancelada",
    cancelled: "{app} ha cancelado su cuenta {account}: sus claves y las sesiones de sus usuarios ya no funcionan. Sus datos se conservan 30 días y después se borran.",
    reason: "El motivo indicado:",
    plan_subject: "Su cuenta {account} tiene otro plan",
    plan: "{app} ha cambiado lo que su cuenta {account} puede usar, desde ahora.",
    plan_name: "Su plan:",
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::email::EmailAddress;
    use crate::id::MailId;
    use crate::mail::{Sender, code_in};

    fn envelope(locale: Locale) -> Envelope {
        let address = EmailAddress::parse("ada@example.org").unwrap();
        let from = Sender { name: "Gate & Key".to_owned(), address: address.clone() };
        Envelope { id: MailId::from_u128(7), from, to: address, locale }
    }

    #[test]
    fn a_signup_carries_code_and_link() {
        let code = Code::parse("012345678").unwrap();
        for locale in Locale::ALL {
            let mail = signup(envelope(locale), &code, Some("https://otp.example/signup/confirm?token=t&x=y"));
            assert_eq!(code_in(&mail.text), Some("012345678"));
            let link = "https://otp.example/signup/confirm?token=t&x=y";
            assert!(mail.text.lines().any(|line| line == link), "{}", mail.text);
            assert!(mail.html.contains(r#"href="https://otp.example/signup/confirm?token=t&amp;x=y""#));
            assert!(mail.text.contains("24") && mail.text.contains("Gate & Key"));
            assert!(mail.html.contains("Gate &amp; Key"));
            assert!(!format!("{}{}", mail.subject, mail.text).contains(['{', '}']));
            assert!(!mail.subject.contains("012345678"));
        }
        assert!(!signup(envelope(Locale::En), &code, None).html.contains("<a "));
    }

    #[test]
    fn an_account_that_exists_gets_neither_code_nor_link() {
        for locale in Locale::ALL {
            let mail = account_exists(envelope(locale));
            assert_eq!(code_in(&mail.text), None);
            assert!(!mail.html.contains("<a ") && !mail.text.contains("http"));
            assert!(!format!("{}{}", mail.subject, mail.text).contains(['{', '}']));
        }
    }

    #[test]
    fn news_are_told_in_every_language() {
        let reason = Some("unpaid <b>".to_owned());
        let statuses = [TenantStatus::Active, TenantStatus::Suspended, TenantStatus::Cancelled];
        let news = statuses.map(|status| News::Status { status, reason: reason.clone() });
        for locale in Locale::ALL {
            let mut subjects = std::collections::BTreeSet::new();
            for news in news.iter().chain([&News::Plan { plan: "pro".to_owned() }]) {
                let mail = notice(envelope(locale), "{app} Ltd", news);
                assert!(mail.subject.contains("{app} Ltd"), "{}", mail.subject);
                let told = if matches!(news, News::Plan { .. }) { "pro" } else { "unpaid <b>" };
                assert!(mail.text.contains(told), "{}", mail.text);
                assert!(!mail.html.contains("<b>"));
                assert!(subjects.insert(mail.subject));
            }
        }
    }
}
