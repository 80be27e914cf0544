//! Every key the domain works with, derived from one master key and one stored root.
//!
//! What may be rotated with the master key (peppers, token and refresh keys, seals) is derived from
//! it under a [`Kid`]. What must outlive it (the keys by which stores index addresses) comes from a
//! random root that the store keeps sealed under the master key. Master keys that were in force before are at hand
//! as long as something issued or sealed under them may be good; nothing new is.

mod derived;
mod mac;
mod master;
mod older;
mod root;
mod seal;

pub(crate) use mac::{MacKey, sha256};
pub use master::{InvalidMasterKey, Kid, MasterKey};
pub(crate) use older::Older;
pub use root::RootKey;
pub use seal::Sealed;

use std::fmt;

use zeroize::Zeroizing;

use crate::caller::ClientAddress;
use crate::email::EmailAddress;
use crate::fault::{Fault, Res};
use crate::id::{SigningKeyId, TenantId};
use crate::port::{Entropy, EntropyExt, RootStore};
use crate::realm::Realm;
use crate::time::Timestamp;
use derived::Derived;
use root::NotTheKey;

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
    current: Derived,
    older: Vec<Older>,
    root: Sealed,
    address: MacKey,
    audit: MacKey,
    audit_chain: MacKey,
    subject: MacKey,
}

impl Keyring {
    /// Derives every key of `master`, and of `previous` and those retired before it what is still good at `now`; takes
    /// the root from `roots`, or leaves a fresh one there.
    ///
    /// # Errors
    /// `Misconfigured` when the stored root was sealed under another master key.
    pub async fn open(
        master: &MasterKey,
        previous: Option<&MasterKey>,
        roots: &dyn RootStore,
        entropy: &dyn Entropy,
        now: Timestamp,
    ) -> Res<Self> {
        let current = Derived::from(master);
        let older = Older::all(&current, previous, roots.retired(now).await?);
        let fresh = current.seal.close(&entropy.bytes::<32>()?, root::CONTEXT, entropy)?;
        let sealed = roots.keep(fresh).await?;
        let (_, plain) =
            root::opened(&current, &older, &sealed).ok_or_else(|| Fault::misconfigured("keyring.open", NotTheKey))?;
        let root_key = MacKey::new(&plain);
        let from_root = |label: &str| MacKey::new(&root_key.mac(&[label.as_bytes()]));
        Ok(Self {
            address: from_root("address"),
            audit: from_root("audit-address"),
            audit_chain: from_root("audit-chain"),
            subject: from_root("limit-subject"),
            current,
            older,
            root: sealed,
        })
    }

    /// Names the master key in force.
    pub const fn kid(&self) -> Kid {
        self.current.kid
    }

    /// Those that were in force before and are at hand.
    pub(crate) fn older(&self) -> &[Older] {
        &self.older
    }

    /// `older` as the store is to keep it.
    ///
    /// # Errors
    /// When the entropy source faults.
    pub(crate) fn seal_older(&self, older: &Older, entropy: &dyn Entropy) -> Res<Sealed> {
        older.closed(&self.current, entropy)
    }

    /// The root as the store kept it when this was opened, and anew under the key in force, unless it is so already.
    ///
    /// # Errors
    /// When the entropy source faults.
    pub(crate) fn reseal_root(&self, entropy: &dyn Entropy) -> Res<Option<(&Sealed, Sealed)>> {
        Ok(self.reseal(&self.root, root::CONTEXT, entropy)?.map(|anew| (&self.root, anew)))
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
        self.current.seal.close(address.mailbox().as_bytes(), &address_context(realm), entropy)
    }

    /// The address in `sealed`.
    ///
    /// # Errors
    /// `Corrupt` when it was not sealed by this keyring for `realm`, or was changed since.
    pub fn open_address(&self, realm: Realm, sealed: &Sealed) -> Res<EmailAddress> {
        const OP: &str = "keyring.open_address";
        let plain = self.unseal(sealed, &address_context(realm)).ok_or_else(|| Fault::corrupt(OP, "seal broken"))?;
        let text = std::str::from_utf8(&plain).map_err(|error| Fault::corrupt(OP, error))?;
        EmailAddress::parse(text).map_err(|error| Fault::corrupt(OP, error))
    }

    /// `sealed` anew under the key in force, unless it is so already.
    ///
    /// # Errors
    /// As [`open_address`](Self::open_address), or when the entropy source faults.
    pub(crate) fn reseal_address(&self, realm: Realm, sealed: &Sealed, entropy: &dyn Entropy) -> Res<Option<Sealed>> {
        self.reseal(sealed, &address_context(realm), entropy)
    }

    /// `sealed` as it is under the key in force. What a user is known by has to be: it stays for years, and a rotation that
    /// has passed its place does not come back.
    ///
    /// # Errors
    /// As [`open_address`](Self::open_address), or when the entropy source faults.
    pub(crate) fn address_to_stay(&self, realm: Realm, sealed: &Sealed, entropy: &dyn Entropy) -> Res<Sealed> {
        Ok(self.reseal_address(realm, sealed, entropy)?.unwrap_or_else(|| sealed.clone()))
    }

    /// `text`, a secret of `tenant`, as it may be stored.
    ///
    /// # Errors
    /// When the entropy source faults.
    pub(crate) fn seal_secret(&self, tenant: TenantId, text: &str, entropy: &dyn Entropy) -> Res<Sealed> {
        self.current.seal.close(text.as_bytes(), &secret_context(tenant), entropy)
    }

    /// The secret of `tenant` in `sealed`.
    ///
    /// # Errors
    /// `Corrupt` when it was not sealed by this keyring for `tenant`, or was changed since.
    pub(crate) fn open_secret(&self, tenant: TenantId, sealed: &Sealed) -> Res<String> {
        const OP: &str = "keyring.open_secret";
        let plain = self.unseal(sealed, &secret_context(tenant)).ok_or_else(|| Fault::corrupt(OP, "seal broken"))?;
        String::from_utf8(plain).map_err(|_| Fault::corrupt(OP, "not a text"))
    }

    /// `sealed` anew under the key in force, unless it is so already.
    ///
    /// # Errors
    /// As [`open_secret`](Self::open_secret), or when the entropy source faults.
    pub(crate) fn reseal_secret(
        &self,
        tenant: TenantId,
        sealed: &Sealed,
        entropy: &dyn Entropy,
    ) -> Res<Option<Sealed>> {
        self.reseal(sealed, &secret_context(tenant), entropy)
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
        self.current.seal.close(pkcs8, &signing_key_context(tenant, key), entropy)
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
        let pkcs8 = self.unseal(sealed, &signing_key_context(tenant, key));
        pkcs8.map(Zeroizing::new).ok_or_else(|| Fault::corrupt("keyring.open_signing_key", "seal broken"))
    }

    /// `sealed` anew under the key in force, unless it is so already.
    ///
    /// # Errors
    /// As [`open_signing_key`](Self::open_signing_key), or when the entropy source faults.
    pub(crate) fn reseal_signing_key(
        &self,
        tenant: TenantId,
        key: SigningKeyId,
        sealed: &Sealed,
        entropy: &dyn Entropy,
    ) -> Res<Option<Sealed>> {
        self.reseal(sealed, &signing_key_context(tenant, key), entropy)
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
        self.current.seal.close(answer, &answer_context(realm, key), entropy)
    }

    /// The answer in `sealed`.
    ///
    /// # Errors
    /// `Corrupt` when it was not sealed by this keyring for that call, or was changed since.
    pub(crate) fn open_answer(&self, realm: Realm, key: &[u8; 32], sealed: &Sealed) -> Res<Vec<u8>> {
        let answer = self.unseal(sealed, &answer_context(realm, key));
        answer.ok_or_else(|| Fault::corrupt("keyring.open_answer", "seal broken"))
    }

    /// The pepper of codes issued under `kid`.
    ///
    /// # Errors
    /// `Misconfigured` when no key of that name is at hand.
    pub(crate) fn pepper(&self, kid: Kid) -> Res<&MacKey> {
        let keys = self.of(kid).ok_or_else(|| Fault::misconfigured("keyring.pepper", "no key of that id"))?;
        Ok(&keys.pepper)
    }

    /// Those of every master key at hand, that in force first.
    pub(crate) fn peppers(&self) -> impl Iterator<Item = &MacKey> {
        std::iter::once(&self.current).chain(self.older.iter().map(|older| &older.derived)).map(|keys| &keys.pepper)
    }

    /// The key of refresh tokens issued under `kid`, if it is at hand.
    pub(crate) fn refresh(&self, kid: Kid) -> Option<&MacKey> {
        self.of(kid).map(|keys| &keys.refresh)
    }

    /// The key of CSRF tokens beside refresh tokens issued under `kid`, if it is at hand.
    pub(crate) fn csrf(&self, kid: Kid) -> Option<&MacKey> {
        self.of(kid).map(|keys| &keys.csrf)
    }

    /// The HS256 secret of `realm` under `kid`, if that key is at hand.
    pub(crate) fn access(&self, kid: Kid, realm: Realm) -> Option<[u8; 32]> {
        self.of(kid).map(|keys| keys.access.mac(&[b"HS256", &realm.to_bytes()]))
    }

    fn of(&self, kid: Kid) -> Option<&Derived> {
        at_hand(&self.current, &self.older, Some(kid))
    }

    /// What was sealed under any key at hand, or nothing if key, context or content differ.
    fn unseal(&self, sealed: &Sealed, context: &[u8]) -> Option<Vec<u8>> {
        at_hand(&self.current, &self.older, sealed.kid())?.seal.open(sealed, context)
    }

    fn reseal(&self, sealed: &Sealed, context: &[u8], entropy: &dyn Entropy) -> Res<Option<Sealed>> {
        if sealed.kid() == Some(self.current.kid) {
            return Ok(None);
        }
        let plain = self.unseal(sealed, context).map(Zeroizing::new);
        let plain = plain.ok_or_else(|| Fault::corrupt("keyring.reseal", "seal broken"))?;
        self.current.seal.close(&plain, context, entropy).map(Some)
    }
}

/// The keys `kid` names, if they are at hand. Nearly always those in force, which are looked at first.
fn at_hand<'k>(current: &'k Derived, older: &'k [Older], kid: Option<Kid>) -> Option<&'k Derived> {
    let kid = kid?;
    if kid == current.kid {
        return Some(current);
    }
    older.iter().map(|older| &older.derived).find(|derived| derived.kid == kid)
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
        f.debug_struct("Keyring").field("kid", &self.current.kid).finish_non_exhaustive()
    }
}
