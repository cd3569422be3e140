//! Its signatures against published ones, and against the shop's own.

use ecpay::Merchant;
use ecpay_simulator::{MerchantConfig, sign};
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Vector {
    name: String,
    hash_key: String,
    hash_iv: String,
    method: String,
    params: std::collections::BTreeMap<String, String>,
    check_mac_value: String,
}

fn merchant(hash_key: &str, hash_iv: &str) -> MerchantConfig {
    let mut merchant = MerchantConfig::public_test();
    hash_key.clone_into(&mut merchant.hash_key);
    hash_iv.clone_into(&mut merchant.hash_iv);
    merchant
}

#[test]
fn every_published_signature_is_made_the_same() {
    let vectors: Vec<Vector> =
        serde_json::from_str(include_str!("../vectors/check_mac_value.json")).unwrap();
    // Payments are signed with SHA-256; what is signed with MD5 are parcels.
    let payments: Vec<_> = vectors.iter().filter(|vector| vector.method == "sha256").collect();
    assert_eq!(payments.len(), 52);
    for vector in payments {
        let fields: Vec<_> = vector.params.clone().into_iter().collect();
        let mac = sign(&merchant(&vector.hash_key, &vector.hash_iv), &fields);
        assert_eq!(mac, vector.check_mac_value, "{}", vector.name);
    }
}

proptest! {
    // No message is empty; what a signature over nothing would be, ECPay does not say.
    #[test]
    fn two_implementations_agree(
        fields in proptest::collection::btree_map("[A-Za-z0-9]{1,12}", any::<String>(), 1..12)
    ) {
        // Names that differ in case only sort by chance.
        let mut names: Vec<String> = fields.keys().map(|name| name.to_lowercase()).collect();
        names.sort();
        names.dedup();
        prop_assume!(names.len() == fields.len());
        let fields: Vec<_> = fields.into_iter().collect();
        let keys = MerchantConfig::public_test();
        let shop = Merchant::new("3002607", &keys.hash_key, &keys.hash_iv).unwrap();
        let theirs =
            shop.sign(fields.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        prop_assert_eq!(sign(&keys, &fields), theirs);
    }
}
