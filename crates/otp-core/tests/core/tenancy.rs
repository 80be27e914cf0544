//! Keys open what they should for as long as they should, and addresses are stored sealed.

use otp_core::prelude::*;
use otp_core::tenants::{KeyError, KeySpec, NewTenant, RegisterError, Tenants};

use crate::scene::Scene;

fn acme() -> NewTenant {
    let owner = EmailAddress::parse("owner@acme.example").unwrap();
    NewTenant { name: "Acme".into(), owner, company_name: None, plan: "free".into() }
}

#[tokio::test]
async fn a_key_opens_its_tenant_until_it_is_taken_back() {
    let tenants = Tenants::new(Scene::set().await.deployment);
    let caller = Caller::of(Actor::Cli);
    let registered = tenants.register(acme(), &caller, None).await.unwrap();
    let second = tenants.create_key(registered.tenant.id, KeySpec::secret("second"), &caller, None).await.unwrap();
    let opens = async |key: &str| {
        tenants.authenticate(key, &Caller::of(Actor::Anybody)).await.map(|principal| principal.tenant.id).ok()
    };
    let (first, second) = (registered.key.key.expose(), second.key.expose());
    assert_eq!((opens(first).await, opens(second).await), (Some(registered.tenant.id), Some(registered.tenant.id)));
    tenants.revoke_key(registered.tenant.id, registered.key.record.id, false, &caller).await.unwrap();
    assert_eq!((opens(first).await, opens(second).await), (None, Some(registered.tenant.id)));
}

#[tokio::test]
async fn one_account_an_address_and_only_plans_there_are() {
    let tenants = Tenants::new(Scene::set().await.deployment);
    let caller = Caller::of(Actor::Cli);
    tenants.register(acme(), &caller, None).await.unwrap();
    assert!(matches!(tenants.register(acme(), &caller, None).await, Err(RegisterError::EmailTaken)));
    let unknown = NewTenant { plan: "gold".into(), ..acme() };
    assert!(matches!(tenants.register(unknown, &caller, None).await, Err(RegisterError::UnknownPlan)));
    let nobody = tenants.create_key(TenantId::from_u128(9), KeySpec::secret("key"), &caller, None).await;
    assert!(matches!(nobody, Err(KeyError::NotFound)));
}

#[tokio::test]
async fn an_operators_key_is_of_the_service_itself() {
    let tenants = Tenants::new(Scene::set().await.deployment);
    let caller = Caller::of(Actor::Cli);
    for name in ["one", "two"] {
        let operator = tenants.create_operator(name, &caller).await.unwrap();
        let principal = tenants.authenticate(operator.key.expose(), &Caller::of(Actor::Anybody)).await.unwrap();
        assert_eq!((principal.tenant.id, principal.key.name.as_str()), (TenantId::SERVICE, name));
    }
}

#[tokio::test]
async fn an_address_is_sealed_for_its_realm_alone_and_never_twice_alike() {
    let scene = Scene::set().await;
    let (keys, realm) = (scene.deployment.keys(), scene.acme.live());
    let address = EmailAddress::parse("ada@example.org").unwrap();
    let entropy = SystemEntropy::default();
    let (one, two) =
        (keys.seal_address(realm, &address, &entropy).unwrap(), keys.seal_address(realm, &address, &entropy).unwrap());
    assert_ne!(one, two);
    assert!(!one.as_bytes().windows(3).any(|window| window == b"ada"));
    assert_eq!(keys.open_address(realm, &one).unwrap(), address);
    let other = otp_core::realm::Realm::live(TenantId::from_u128(2));
    assert!(keys.open_address(other, &one).is_err());
    let mut changed = one.as_bytes().to_vec();
    *changed.last_mut().unwrap() ^= 1;
    assert!(keys.open_address(realm, &otp_core::keys::Sealed::from_bytes(changed)).is_err());
}
