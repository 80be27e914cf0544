//! The mail that carries a sign-in code.

use std::time::Duration;

use super::frame::{Part, framed};
use super::{Envelope, OutgoingMail, texts};
use crate::code::Code;

/// The sign-in mail of `app` for `code`, which lives for another `life`.
///
/// Nothing in it can be clicked, and the code is not in the subject, where lock screens show it.
pub(crate) fn code(envelope: Envelope, app: &str, code: &Code, life: Duration) -> OutgoingMail {
    let texts = texts::of(envelope.locale);
    // To the nearest: a mail that leaves a moment after its code was made still says ten minutes.
    let minutes = (life.as_secs() + 30) / 60;
    // The name last: a tenant may well be called "{minutes}".
    let say = |text: &str| text.replace("{minutes}", &minutes.to_string()).replace("{app}", app);
    let expiry = if minutes < 2 { texts.expiry_one } else { texts.expiry_many };
    let parts = [
        Part::Text(say(texts.intro)),
        Part::Code(code),
        Part::Text(say(expiry)),
        Part::Text(say(texts.warning)),
        Part::Soft(say(texts.ignore)),
    ];
    framed(envelope, say(texts.subject), &say(texts.heading), &parts)
}

#[cfg(test)]
mod tests {
    use super::super::{Sender, code_in};
    use super::*;
    use crate::email::EmailAddress;
    use crate::id::MailId;
    use crate::locale::Locale;

    fn mail(app: &str, locale: Locale, life: u64) -> OutgoingMail {
        let address = EmailAddress::parse("ada@example.org").unwrap();
        let sender = Sender { name: app.to_owned(), address: address.clone() };
        let envelope = Envelope { id: MailId::from_u128(7), from: sender, to: address, locale };
        code(envelope, app, &Code::parse("012345678").unwrap(), Duration::from_secs(life))
    }

    #[test]
    fn the_code_stands_alone_on_its_line_and_not_in_the_subject() {
        for locale in Locale::ALL {
            let mail = mail("Acme", locale, 600);
            assert!(mail.text.lines().any(|line| line == "012345678"), "{}", mail.text);
            assert_eq!(code_in(&mail.text), Some("012345678"));
            assert!(!mail.subject.contains("012345678"));
            assert!(mail.text.to_lowercase().contains("10 min"), "{}", mail.text);
            assert!(!format!("{}{}{}", mail.subject, mail.text, mail.html).contains("{app}"));
            assert!(!mail.html.contains("<a ") && !mail.html.contains("http"));
            assert!(!format!("{mail:?}").contains("ada"));
        }
    }

    #[test]
    fn no_space_between_the_digits_in_html() {
        let html = mail("Acme", Locale::En, 600).html;
        let digits: String = html
            .split_once(r#"white-space:nowrap;">"#)
            .and_then(|(_, rest)| rest.split_once("</p>"))
            .map(|(digits, _)| digits.split('<').map(|part| part.rsplit('>').next().unwrap_or("")).collect())
            .unwrap();
        assert_eq!(digits, "012345678");
    }

    #[test]
    fn names_are_escaped() {
        let mail = mail("<b>\"A\" & 'B'</b>", Locale::En, 600);
        assert!(mail.html.contains("&lt;b&gt;&quot;A&quot; &amp; &#39;B&#39;&lt;/b&gt;"));
        assert!(!mail.html.contains("<b>"));
    }

    #[test]
    fn a_name_is_not_read_as_a_template() {
        assert_eq!(mail("{minutes}", Locale::En, 600).subject, "Your sign-in code for {minutes}");
    }

    #[test]
    fn the_last_minute_is_named() {
        assert!(mail("Acme", Locale::En, 599).text.contains("10 minutes"));
        assert!(mail("Acme", Locale::En, 59).text.contains("within a minute"));
    }
}
