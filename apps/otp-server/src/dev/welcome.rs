//! What a newcomer is told.

use otp_wire::config::{Config, MailRoute};

use super::keys::DevKeys;

/// Keys, where mail is read, and a sign-in to copy.
pub(super) fn text(keys: &DevKeys, config: &Config, has_mailbox: bool) -> String {
    let (url, key) = (&config.public_url, &keys.customer);
    // Only the first of several is tried as long as it takes mail.
    let is_shown = has_mailbox && matches!(config.email.first(), Some(MailRoute::Inbox));
    let (mail, steps) = if is_shown { in_mailbox(url, key) } else { really_sent(config, key) };
    format!(
        r#"
  otp-server is ready at {url}

  Customer key   {key}
  Operator key   {operator}
  {mail}

{steps}

  The keys are kept in {file}. Stop with Ctrl-C; begin anew with --reset.
"#,
        operator = keys.operator,
        file = keys.file.display(),
    )
}

fn in_mailbox(url: &str, key: &str) -> (String, String) {
    let steps = format!(
        r#"  Sign in, in three lines:

{asking}'{{"email":"ada@example.org"}}'
CODE=$(curl -s '{url}/dev/inbox.json?to=ada@example.org&wait=10' | grep -oE '[0-9]{{9}}' | head -n 1); echo $CODE
{answering}"{{\"email\":\"ada@example.org\",\"otp\":\"$CODE\"}}""#,
        asking = call(url, "request-otp", key),
        answering = call(url, "verify-otp", key),
    );
    (format!("Mailbox        {url}/dev/inbox"), steps)
}

fn really_sent(config: &Config, key: &str) -> (String, String) {
    let url = &config.public_url;
    let routes = config.dump().into_iter().find(|(setting, ..)| setting.name == "email");
    let routes = routes.map(|(_, routes, origin)| format!("{routes} ({origin})")).unwrap_or_default();
    let steps = format!(
        r#"  Sign in with an address whose mail you read, in four lines:

EMAIL=…
{asking}"{{\"email\":\"$EMAIL\"}}"
CODE=…    # From the mail.
{answering}"{{\"email\":\"$EMAIL\",\"otp\":\"$CODE\"}}""#,
        asking = call(url, "request-otp", key),
        answering = call(url, "verify-otp", key),
    );
    (format!("Mail           really goes out, over {routes}"), steps)
}

/// A call, up to its body.
fn call(url: &str, route: &str, key: &str) -> String {
    format!("curl -s {url}/auth/{route} -H 'X-OTP-API-Key: {key}' -H 'Content-Type: application/json' -d ")
}
