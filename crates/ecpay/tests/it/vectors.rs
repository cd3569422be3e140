//! Every signature of `tests/vectors/check_mac_value.json`: from ECPay's manuals and support
//! articles, its official SDKs, captured answers of its servers, and other libraries' tests.

use std::collections::BTreeMap;

use ecpay::{Algorithm, HashKeys};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vector {
    name: String,
    hash_key: String,
    hash_iv: String,
    method: String,
    params: BTreeMap<String, String>,
    check_mac_value: String,
}

fn vectors() -> Vec<Vector> {
    serde_json::from_str(include_str!("../vectors/check_mac_value.json")).expect("JSON")
}

#[test]
fn every_published_signature_is_reproduced() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 56);
    for vector in vectors {
        let keys = HashKeys::new(&vector.hash_key, &vector.hash_iv).unwrap();
        let algorithm = match vector.method.as_str() {
            "sha256" => Algorithm::Sha256,
            "md5" => Algorithm::Md5,
            other => panic!("{}: unknown method {other}", vector.name),
        };
        let fields = || vector.params.iter().map(|(k, v)| (k.as_str(), v.as_str()));
        assert_eq!(keys.sign(algorithm, fields()), vector.check_mac_value, "{}", vector.name);
        assert!(keys.verify(algorithm, fields(), &vector.check_mac_value), "{}", vector.name);
    }
}
