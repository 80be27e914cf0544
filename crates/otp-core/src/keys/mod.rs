//! Every key the domain works with, derived from one master key and one stored root.
//!
//! What may be rotated with the master key (peppers, token and refresh keys, seals) is derived from
//! it under a [`Kid`]. What must outlive it (the keys by which stores index addresses) comes from a
//! random root that the store keeps sealed under the master key.

mod mac;
mod master;
mod seal;

pub(crate) use mac::{MacKey, sha256};
pub use master::{InvalidMasterKey, Kid, MasterKey};
pub use seal::Sealed;

use std::fmt;

use zeroize::Zeroizing;

use crate::caller::ClientAddress;
use crate::email::EmailAddress;
use crate::fault::{Fault, Res};
use crate::id::{SigningKeyId, TenantId};
use crate::port::{Entropy, EntropyExt, RootStore};
use crate::realm::Realm;
use seal::SealKey;

/// The keyed hash of an address by which stores index; says nothing without the key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct AddressKey([u8; 32]);

impl AddressKey {
    /// Its octets, for a store's index.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// From the octets a store kept.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for AddressKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AddressKey({:02x}{:02x}…)", self.0[0], self.0[1])
    }
}

/// Whom a limit counts: the keyed hash of an address, of a client, of anything.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject([u8; 32]);

impl Subject {
    /// Its octets, for a store's index.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// From the octets a store kept, or any 32 that tell one subject from another.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Subject({:02x}{:02x}…)", self.0[0], self.0[1])
    }
}

/// The keys of one deployment.
pub struct Keyring {
    kid: Kid,
    pepper: MacKey,
    refresh: MacKey,
    csrf: MacKey,
    access: MacKey,
    seal: SealKey,
    address: MacKey,
    audit: MacKey,
    audit_chain: MacKey,
    subject: MacKey,
}

impl Keyring {
    /// Derives every key of `master`; takes the root from `roots`, or leaves a fresh one there.
    ///
    /// # Errors
    /// `Misconfigured` when the stored root was sealed under another master key.
    pub async fn open(master: &MasterKey, roots: &dyn RootStore, entropy: &dyn Entropy) -> Res<Self> {
        let kid = master.kid();
        let seal = SealKey::new(kid, MacKey::new(&master.derive("seal")));
        let fresh = seal.close(&entropy.bytes::<32>()?, b"root", entropy)?;
        let root = roots.keep(fresh).await?;
        let root = seal.open(&root, b"root").ok_or_else(|| {
            Fault::misconfigured("keyring.open", "the secret key is not the one this database was made with")
        })?;
        let root = MacKey::new(&root);
        let from_root = |label: &str| MacKey::new(&root.mac(&[label.as_bytes()]));
        Ok(Self {
            kid,
            pepper: MacKey::new(&master.derive("pepper")),
            refresh: MacKey::new(&master.derive("refresh")),
            csrf: MacKey::new(&master.derive("csrf")),
            access: MacKey::new(&master.derive("access-token")),
            seal,
            address: from_root("address"),
            audit: from_root("audit-address"),
            audit_chain: from_root("audit-chain"),
            subject: from_root("limit-subject"),
        })
    }

    /// Names the master key in force.
    pub const fn kid(&self) -> Kid {
        self.kid
    }

    /// By what a store finds the rows of `address` in `realm`.
    pub fn address_key(&self, realm: Realm, address: &EmailAddress) -> AddressKey {
        AddressKey(self.address.mac(&[&realm.to_bytes(), address.canonical().as_bytes()]))
    }

    /// What the audit trail of `realm` calls `address`: stable, and silent about it.
    pub fn audit_name(&self, realm: Realm, address: &EmailAddress) -> String {
        let mac = self.audit.mac(&[&realm.to_bytes(), address.canonical().as_bytes()]);
        format!("{:032x}", u128::from_be_bytes(std::array::from_fn(|place| mac[place])))
    }

    /// What audit trails are sealed with.
    pub(crate) const fn audit_chain(&self) -> &MacKey {
        &self.audit_chain
    }

    /// Whom limits count when they count `address`.
    pub fn address_subject(&self, address: &EmailAddress) -> Subject {
        Subject(self.subject.mac(&[b"address", address.limit_key().as_bytes()]))
    }

    /// Whom limits count when they count `client`.
    pub fn client_subject(&self, client: ClientAddress) -> Subject {
        Subject(self.subject.mac(&[b"client", client.subscriber().to_string().as_bytes()]))
    }

    /// Whom a limit counts that counts how often `client` is refused for one reason.
    pub(crate) fn refusal_subject(&self, reason: &str, client: Option<ClientAddress>) -> Subject {
        let client = client.map(|client| client.subscriber().to_string()).unwrap_or_default();
        Subject(self.subject.mac(&[b"refusal", reason.as_bytes(), client.as_bytes()]))
    }

    /// `address` as it may be stored: only this keyring reads it, and only as of `realm`.
    ///
    /// # Errors
    /// When the entropy source faults.
    pub fn seal_address(&self, realm: Realm, address: &EmailAddress, entropy: &dyn Entropy) -> Res<Sealed> {
        self.seal.close(address.mailbox().as_bytes(), &address_context(realm), entropy)
    }

    /// The address in `sealed`.
    ///
    /// # Errors
    /// `Corrupt` when it was not sealed by this keyring for `realm`, or was changed since.
    pub fn open_address(&self, realm: Realm, sealed: &Sealed) -> Res<EmailAddress> {
        const OP: &str = "keyring.open_address";
        let plain = self.seal.open(sealed, &address_context(realm)).ok_or_else(|| Fault::corrupt(OP, "seal broken"))?;
        let text = std::str::from_utf8(&plain).map_err(|error| Fault::corrupt(OP, error))?;
        EmailAddress::parse(text).map_err(|error| Fault::corrupt(OP, error))
    }

    /// `text`, a secret of `tenant`, as it may be stored.
    ///
    /// # Errors
    /// When the entropy source faults.
    pub(crate) fn seal_secret(&self, tenant: TenantId, text: &str, entropy: &dyn Entropy) -> Res<Sealed> {
        self.seal.close(text.as_bytes(), &secret_context(tenant), entropy)
    }

    /// The secret of `tenant` in `sealed`.
    ///
    /// # Errors
    /// `Corrupt` when it was not sealed by this keyring for `tenant`, or was changed since.
    pub(crate) fn open_secret(&self, tenant: TenantId, sealed: &Sealed) -> Res<String> {
        const OP: &str = "keyring.open_secret";
        let plain = self.seal.open(sealed, &secret_context(tenant)).ok_or_else(|| Fault::corrupt(OP, "seal broken"))?;
        String::from_utf8(plain).map_err(|_| Fault::corrupt(OP, "not a text"))
    }

    /// `pkcs8`, the private half of a signing key of `tenant`, as it may be stored.
    ///
    /// # Errors
    /// When the entropy source faults.
    pub(crate) fn seal_signing_key(
        &self,
        tenant: TenantId,
        key: SigningKeyId,
        pkcs8: &[u8],
        entropy: &dyn Entropy,
    ) -> Res<Sealed> {
        self.seal.close(pkcs8, &signing_key_context(tenant, key), entropy)
    }

    /// The private half in `sealed`.
    ///
    /// # Errors
    /// `Corrupt` when it was not sealed by this keyring for that key of `tenant`, or was changed since.
    pub(crate) fn open_signing_key(
        &self,
        tenant: TenantId,
        key: SigningKeyId,
        sealed: &Sealed,
    ) -> Res<Zeroizing<Vec<u8>>> {
        let pkcs8 = self.seal.open(sealed, &signing_key_context(tenant, key));
        pkcs8.map(Zeroizing::new).ok_or_else(|| Fault::corrupt("keyring.open_signing_key", "seal broken"))
    }

    /// `answer` to the call `key` of `realm`, as it may be stored.
    ///
    /// # Errors
    /// When the entropy source faults.
    pub(crate) fn seal_answer(
        &self,
        realm: Realm,
        key: &[u8; 32],
        answer: &[u8],
        entropy: &dyn Entropy,
    ) -> Res<Sealed> {
        self.seal.close(answer, &answer_context(realm, key), entropy)
    }

    /// The answer in `sealed`.
    ///
    /// # Errors
    /// `Corrupt` when it was not sealed by this keyring for that call, or was changed since.
    pub(crate) fn open_answer(&self, realm: Realm, key: &[u8; 32], sealed: &Sealed) -> Res<Vec<u8>> {
        let answer = self.seal.open(sealed, &answer_context(realm, key));
        answer.ok_or_else(|| Fault::corrupt("keyring.open_answer", "seal broken"))
    }

    /// The pepper of codes issued under `kid`.
    ///
    /// # Errors
    /// `Misconfigured` when no key of that name is at hand.
    pub(crate) fn pepper(&self, kid: Kid) -> Res<&MacKey> {
        self.of(kid, &self.pepper).ok_or_else(|| Fault::misconfigured("keyring.pepper", "no key of that id"))
    }

    /// The key of refresh tokens issued under `kid`, if it is at hand.
    pub(crate) fn refresh(&self, kid: Kid) -> Option<&MacKey> {
        self.of(kid, &self.refresh)
    }

    /// The key of CSRF tokens beside refresh tokens issued under `kid`, if it is at hand.
    pub(crate) fn csrf(&self, kid: Kid) -> Option<&MacKey> {
        self.of(kid, &self.csrf)
    }

    /// The HS256 secret of `realm` under `kid`, if that key is at hand.
    pub(crate) fn access(&self, kid: Kid, realm: Realm) -> Option<[u8; 32]> {
        self.of(kid, &self.access).map(|key| key.mac(&[b"HS256", &realm.to_bytes()]))
    }

    fn of<'a>(&self, kid: Kid, key: &'a MacKey) -> Option<&'a MacKey> {
        (kid == self.kid).then_some(key)
    }
}

fn address_context(realm: Realm) -> Vec<u8> {
    [b"address".as_slice(), &realm.to_bytes()].concat()
}

fn signing_key_context(tenant: TenantId, key: SigningKeyId) -> Vec<u8> {
    [b"signing-key".as_slice(), &tenant.to_bytes(), &key.to_bytes()].concat()
}

fn answer_context(realm: Realm, key: &[u8; 32]) -> Vec<u8> {
    [b"answer".as_slice(), &realm.to_bytes(), key].concat()
}

fn secret_context(tenant: TenantId) -> Vec<u8> {
    [b"secret".as_slice(), &tenant.to_bytes()].concat()
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring").field("kid", &self.kid).finish_non_exhaustive()
    }
}
