//! Commands about who uses the service: operators, customers, their keys and their users.

use clap::{Subcommand, ValueEnum};
use otp_core::email::EmailAddress;
use otp_core::tenant;
use otp_core::tenants::LONGEST_GRACE;

use super::values::{self, Person};

/// Seconds a rotated key works on at most, and unless told otherwise.
const GRACE: u64 = LONGEST_GRACE.as_secs();

#[derive(Debug, Subcommand)]
pub(crate) enum OperatorCommand {
    /// Makes an operator key and shows it once
    ///
    /// It is for the routes under /admin/customers: whoever holds it sees and changes every customer.
    #[command(after_help = example!("otp-server operator create --name Ada --json"))]
    Create {
        /// What to call it
        #[arg(long, default_value = "operator", value_parser = tenant::name)]
        name: String,
        /// As JSON: {keyId, apiKey}
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum CustomerCommand {
    /// Registers a customer and shows its first secret key once
    ///
    /// The owner's address has one account, whoever opens it. Plans are those of the configuration; `[plans.NAME]` makes more.
    #[command(after_help = example!("otp-server customer create --name Acme --email owner@acme.example --plan pro --json"))]
    Create {
        /// What it is called, in its mails too
        #[arg(long, value_parser = tenant::name)]
        name: String,
        /// Who owns the account
        #[arg(long, value_name = "ADDRESS", value_parser = EmailAddress::parse)]
        email: EmailAddress,
        /// The company behind it
        #[arg(long, value_parser = tenant::name)]
        company_name: Option<String>,
        /// Its plan, unless the configured default
        #[arg(long)]
        plan: Option<String>,
        /// As JSON: {customerId, plan, keyId, apiKey}
        #[arg(long)]
        json: bool,
    },
    /// Lists the customers, the newest first
    ///
    /// One a line: id, status, plan, name and owner.
    #[command(after_help = example!("otp-server customer list --json"))]
    List {
        /// As JSON, one a line
        #[arg(long)]
        json: bool,
    },
    /// Serves a customer no more, until it is activated again
    ///
    /// Its keys and its users' tokens are refused on every node within a second; nothing is deleted, and its owner is told by mail.
    #[command(after_help = example!("otp-server customer suspend cust_0Qk4vWc8nTzR2mYb7LpXsd --reason unpaid"))]
    Suspend {
        /// The customer, cust_…
        customer: String,
        /// Why, for the audit trail and the mail to the owner
        #[arg(long, value_parser = values::reason)]
        reason: Option<String>,
        /// As JSON: {customerId, status}
        #[arg(long)]
        json: bool,
    },
    /// Serves a suspended customer again
    ///
    /// Everything is as it was before; its owner is told by mail.
    #[command(after_help = example!("otp-server customer activate cust_0Qk4vWc8nTzR2mYb7LpXsd"))]
    Activate {
        /// The customer, cust_…
        customer: String,
        /// Why, for the audit trail and the mail to the owner
        #[arg(long, value_parser = values::reason)]
        reason: Option<String>,
        /// As JSON: {customerId, status}
        #[arg(long)]
        json: bool,
    },
}

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// A server
    Secret,
    /// Pages, where anybody can read it
    Publishable,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Makes a key and shows it once
    ///
    /// What is kept of it is a hash: a key that was lost is not shown again, only rotated.
    #[command(after_help = example!("otp-server key create cust_0Qk4vWc8nTzR2mYb7LpXsd --kind publishable --name website"))]
    Create {
        /// The customer, cust_…
        customer: String,
        /// What to call it
        #[arg(long, default_value = "key", value_parser = tenant::name)]
        name: String,
        /// What it is for
        #[arg(long, value_enum, default_value_t = Kind::Secret)]
        kind: Kind,
        /// In test mode: no mail is sent, and the code is always the same
        #[arg(long)]
        test: bool,
        /// As JSON: {keyId, apiKey}
        #[arg(long)]
        json: bool,
    },
    /// Makes a key that takes the place of another, which works on for a while
    ///
    /// Give the new one to whoever uses the old, then let that run out, or revoke it.
    #[command(after_help = example!("otp-server key rotate cust_0Qk4vWc8nTzR2mYb7LpXsd key_1Hd5gKq9wSxM3nZc6JrVtb --grace-seconds 3600"))]
    Rotate {
        /// The customer, cust_…
        customer: String,
        /// The key, key_…
        key: String,
        /// For how long the old one works on
        #[arg(long, default_value_t = GRACE, value_parser = clap::value_parser!(u64).range(0..=GRACE))]
        grace_seconds: u64,
        /// As JSON: {keyId, apiKey, oldKeyExpiresAt}
        #[arg(long)]
        json: bool,
    },
    /// Lists the keys, the revoked ones too
    ///
    /// One a line: id, status, what it begins and ends with, name, when it was made and last used.
    #[command(after_help = example!("otp-server key list cust_0Qk4vWc8nTzR2mYb7LpXsd"))]
    List {
        /// The customer, cust_…
        customer: String,
        /// As JSON, one a line
        #[arg(long)]
        json: bool,
    },
    /// Takes a key back: refused at once, by a running server too
    ///
    /// Unlike over HTTP, the last secret key may go as well: make another with `otp-server key create`.
    #[command(after_help = example!("otp-server key revoke cust_0Qk4vWc8nTzR2mYb7LpXsd key_1Hd5gKq9wSxM3nZc6JrVtb"))]
    Revoke {
        /// The customer, cust_…
        customer: String,
        /// The key, key_…
        key: String,
        /// As JSON: {keyId, status}
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Shows everything held on a user, as JSON
    ///
    /// What a person may ask for: profile, sessions, and what the audit trail says of him. That it was asked for is audited.
    #[command(after_help = example!("otp-server user export cust_0Qk4vWc8nTzR2mYb7LpXsd ada@example.org"))]
    Export {
        /// The customer, cust_…
        customer: String,
        /// The user, user_… or his email address
        user: Person,
        /// The user of the test mode
        #[arg(long)]
        test: bool,
        /// On one line, for programs
        #[arg(long)]
        json: bool,
    },
    /// Erases a user, his sessions, and codes and mails on their way to him
    ///
    /// There is no way back. What stays holds keyed hashes of his address; docs/deploying.md says where the data was and for
    /// how long it still is.
    #[command(after_help = example!("otp-server user erase cust_0Qk4vWc8nTzR2mYb7LpXsd ada@example.org --json"))]
    Erase {
        /// The customer, cust_…
        customer: String,
        /// The user, user_… or his email address
        user: Person,
        /// The user of the test mode
        #[arg(long)]
        test: bool,
        /// As JSON: {userId, sessions, challenges, mails}
        #[arg(long)]
        json: bool,
    },
}
