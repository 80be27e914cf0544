//! What the pages of a signup say, in each language.

use otp_core::locale::Locale;

/// A title and a sentence.
type Said = (&'static str, &'static str);

/// The sentences. In `confirm`, `{company}` and behind it `{email}` stand for what they name.
pub(super) struct Texts {
    pub(super) confirm_title: &'static str,
    pub(super) confirm: &'static str,
    pub(super) confirm_button: &'static str,
    pub(super) opened_title: &'static str,
    pub(super) once: &'static str,
    pub(super) secret_key: &'static str,
    pub(super) secret_key_use: &'static str,
    pub(super) publishable_key: &'static str,
    pub(super) publishable_key_use: &'static str,
    pub(super) customer_id: &'static str,
    pub(super) customer_id_use: &'static str,
    pub(super) dead: Said,
    pub(super) taken: Said,
    pub(super) closed: Said,
    pub(super) down: Said,
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
    confirm_title: "Open your account",
    confirm: "This opens an account for {company}, owned by {email}, and shows its keys.",
    confirm_button: "Open the account",
    opened_title: "Your account is open",
    once: "Keep these keys now, in a password manager or in your server’s secrets. They are not shown again.",
    secret_key: "Secret key",
    secret_key_use: "For your server. Whoever holds it manages the account.",
    publishable_key: "Publishable key",
    publishable_key_use: "For your pages, once their origins are in the configuration.",
    customer_id: "Customer ID",
    customer_id_use: "Names your account. It is no secret.",
    dead: (
        "This link does not work any more",
        "It was used already, or it is older than 24 hours. If you have no account yet, sign up again and you get a new one.",
    ),
    taken: ("You have an account already", "This address has an account. Go on with the keys you have."),
    closed: ("Nobody can sign up here now", "Accounts are made by whoever runs this service. Ask them for one."),
    down: ("Not just now", "The service cannot do this at the moment. Your link still works: try again in a minute."),
};

const DE: Texts = Texts {
    confirm_title: "Konto eröffnen",
    confirm: "Hiermit wird ein Konto für {company} eröffnet, das {email} gehört, und Sie sehen seine Schlüssel.",
    confirm_button: "Konto eröffnen",
    opened_title: "Ihr Konto ist eröffnet",
    once: "Verwahren Sie diese Schlüssel jetzt, in einem Passwortmanager oder bei den Geheimnissen Ihres Servers. Sie werden nicht noch einmal gezeigt.",
    secret_key: "Geheimer Schlüssel",
    secret_key_use: "Für Ihren Server. Wer ihn hat, verwaltet das Konto.",
    publishable_key: "Öffentlicher Schlüssel",
    publishable_key_use: "Für Ihre Seiten, sobald deren Origins in der Konfiguration stehen.",
    customer_id: "Kundennummer",
    customer_id_use: "Bezeichnet Ihr Konto. Sie ist nicht geheim.",
    dead: (
        "Dieser Link gilt nicht mehr",
        "Er wurde schon benutzt, oder er ist älter als 24 Stunden. Falls Sie noch kein Konto haben, registrieren Sie sich noch einmal; Sie bekommen dann einen neuen.",
    ),
    taken: ("Sie haben bereits ein Konto", "Diese Adresse hat ein Konto. Arbeiten Sie mit Ihren Schlüsseln weiter."),
    closed: (
        "Hier kann sich zurzeit niemand registrieren",
        "Konten richtet ein, wer diesen Dienst betreibt. Bitten Sie dort um eines.",
    ),
    down: (
        "Gerade nicht",
        "Der Dienst kann das im Augenblick nicht. Ihr Link gilt weiterhin: Versuchen Sie es in einer Minute noch einmal.",
    ),
};

const FR: Texts = Texts {
    confirm_title: "Ouvrir votre compte",
    confirm: "Ceci ouvre un compte pour {company}, appartenant à {email}, et affiche ses clés.",
    confirm_button: "Ouvrir le compte",
    opened_title: "Votre compte est ouvert",
    once: "Conservez ces clés maintenant, dans un gestionnaire de mots de passe ou parmi les secrets de votre serveur. Elles ne seront plus affichées.",
    secret_key: "Clé secrète",
    secret_key_use: "Pour votre serveur. Qui la détient gère le compte.",
    publishable_key: "Clé publique",
    publishable_key_use: "Pour vos pages, une fois leurs origines dans la configuration.",
    customer_id: "Identifiant du client",
    customer_id_use: "Désigne votre compte. Ce n’est pas un secret.",
    dead: (
        "Ce lien ne fonctionne plus",
        "Il a déjà servi ou date de plus de 24 heures. Si vous n’avez pas encore de compte, inscrivez-vous à nouveau et vous en recevrez un autre.",
    ),
    taken: ("Vous avez déjà un compte", "Cette adresse a un compte. Continuez avec vos clés."),
    closed: (
        "Personne ne peut s’inscrire ici pour le moment",
        "Les comptes sont créés par l’exploitant de ce service. Demandez-lui-en un.",
    ),
    down: (
        "Pas pour l’instant",
        "Le service ne peut pas le faire en ce moment. Votre lien reste valable : réessayez dans une minute.",
    ),
};

const ES: Texts = Texts {
    confirm_title: "Abrir su cuenta",
    confirm: "Esto abre una cuenta para {company}, propiedad de {email}, y muestra sus claves.",
    confirm_button: "Abrir la cuenta",
    opened_title: "Su cuenta está abierta",
    once: "Guarde estas claves ahora, en un gestor de contraseñas o entre los secretos de su servidor. No se vuelven a mostrar.",
    secret_key: "Clave secreta",
    secret_key_use: "Para su servidor. Quien la tiene gestiona la cuenta.",
    publishable_key: "Clave pública",
    publishable_key_use: "Para sus páginas, una vez que sus orígenes estén en la configuración.",
    customer_id: "Identificador del cliente",
    customer_id_use: "Nombra su cuenta. No es un secreto.",
    dead: (
        "Este enlace ya no funciona",
        "Ya se ha usado o tiene más de 24 horas. Si aún no tiene cuenta, regístrese de nuevo y recibirá otro.",
    ),
    taken: ("Ya tiene una cuenta", "Esta dirección tiene una cuenta. Siga con las claves que tiene."),
    closed: ("Ahora nadie puede registrarse aquí", "Las cuentas las crea quien gestiona este servicio. Pídale una."),
    down: (
        "Ahora mismo no",
        "El servicio no puede hacerlo en este momento. Su enlace sigue siendo válido: inténtelo de nuevo dentro de un minuto.",
    ),
};
