//! What the service says in its mails, in each language.

use crate::locale::Locale;

/// The sentences of a sign-in mail. `{app}` and `{minutes}` stand for what they name.
pub(super) struct Texts {
    pub(super) subject: &'static str,
    pub(super) heading: &'static str,
    pub(super) intro: &'static str,
    pub(super) expiry_one: &'static str,
    pub(super) expiry_many: &'static str,
    pub(super) warning: &'static str,
    pub(super) ignore: &'static str,
}

pub(super) const fn of(locale: Locale) -> &'static Texts {
    match locale {
        Locale::En => &EN,
        Locale::De => &DE,
        Locale::Fr => &FR,
        Locale::Es => &ES,
    }
}

const EN: Texts = Texts {
    subject: "Your sign-in code for {app}",
    heading: "Sign in to {app}",
    intro: "Enter this code where you asked for it:",
    expiry_one: "It works once and expires within a minute.",
    expiry_many: "It works once and expires in {minutes} minutes.",
    warning: "Give it to nobody. No one from {app} will ever ask you for it.",
    ignore: "You did not ask for a code? Then ignore this mail; nobody can sign in without it.",
};

const DE: Texts = Texts {
    subject: "Ihr Anmeldecode für {app}",
    heading: "Anmelden bei {app}",
    intro: "Geben Sie diesen Code dort ein, wo Sie ihn angefordert haben:",
    expiry_one: "Er gilt einmal und läuft in weniger als einer Minute ab.",
    expiry_many: "Er gilt einmal und läuft in {minutes} Minuten ab.",
    warning: "Geben Sie ihn niemandem. Niemand von {app} wird Sie je danach fragen.",
    ignore: "Sie haben keinen Code angefordert? Dann können Sie diese Mail ignorieren; ohne den Code kann sich niemand anmelden.",
};

const FR: Texts = Texts {
    subject: "Votre code de connexion à {app}",
    heading: "Connexion à {app}",
    intro: "Saisissez ce code là où vous l’avez demandé :",
    expiry_one: "Il ne sert qu’une fois et expire dans moins d’une minute.",
    expiry_many: "Il ne sert qu’une fois et expire dans {minutes} minutes.",
    warning: "Ne le donnez à personne. Personne chez {app} ne vous le demandera jamais.",
    ignore: "Vous n’avez pas demandé de code ? Ignorez ce message ; sans le code, personne ne peut se connecter.",
};

const ES: Texts = Texts {
    subject: "Su código de acceso a {app}",
    heading: "Acceder a {app}",
    intro: "Introduzca este código donde lo ha solicitado:",
    expiry_one: "Sirve una sola vez y caduca en menos de un minuto.",
    expiry_many: "Sirve una sola vez y caduca en {minutes} minutos.",
    warning: "No se lo dé a nadie. Nadie de {app} se lo pedirá nunca.",
    ignore: "¿No ha solicitado ningún código? Ignore este mensaje; sin el código nadie puede acceder.",
};
