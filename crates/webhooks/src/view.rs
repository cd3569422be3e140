//! What other systems see of an event. They are told what happened to what, with its ids and numbers;
//! who it happened to they ask the API for, with a key that may. An endpoint is an address that
//! somebody typed in: what lies there, and who reads it, is not ours to know.

use serde_json::{Map, Value};

/// Members that are left out wherever they stand: people, and what opens something.
pub const PRIVATE: &[&str] = &[
    "access_token",
    "address",
    "address1",
    "address2",
    "bank_account",
    "card",
    "contact",
    "email",
    "link",
    "order_url",
    "phone",
    "recipient",
    "shipping_address",
    "token",
];

/// An event's data without what is private, and addresses without their queries.
pub fn public(data: &Value) -> Value {
    without_private(&outbox::history::discreet(data))
}

fn without_private(data: &Value) -> Value {
    match data {
        Value::Array(items) => items.iter().map(without_private).collect(),
        Value::Object(members) => {
            let kept = members.iter().filter(|(name, _)| !PRIVATE.contains(&name.as_str()));
            Value::Object(
                kept.map(|(name, it)| (name.clone(), without_private(it))).collect::<Map<_, _>>(),
            )
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn people_and_keys_are_left_out_and_the_rest_stays() {
        let data = json!({
            "order_id": "1", "number": "OX-1", "email": "a@example.com", "locale": "zh-TW",
            "order_url": "https://shop.example/orders/1?token=secret",
            "lines": [{"sku": "A", "quantity": 2, "recipient": {"phone": "0912345678"}}],
            "tracking_url": "https://carrier.example/t?no=1&key=secret",
            "total": {"amount": 5, "currency": "TWD"}
        });
        let seen = public(&data);
        assert_eq!(
            seen,
            json!({
                "order_id": "1", "number": "OX-1", "locale": "zh-TW",
                "lines": [{"sku": "A", "quantity": 2}],
                "tracking_url": "https://carrier.example/t",
                "total": {"amount": 5, "currency": "TWD"}
            })
        );
        let text = seen.to_string();
        assert!(!text.contains("secret") && !text.contains('@') && !text.contains("0912"));
    }
}
