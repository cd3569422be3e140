//! The API's description fits what clients are generated from.

use std::collections::HashMap;

use serde_json::Value;

fn description() -> Value {
    serde_json::to_value(api::openapi::description()).unwrap()
}

#[test]
fn every_operation_has_a_name_of_its_own() {
    let description = description();
    let mut seen: HashMap<&str, String> = HashMap::new();
    for (path, methods) in description["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            let place = format!("{method} {path}");
            assert_eq!(seen.insert(id, place.clone()), None, "{place} is called {id}, too");
        }
    }
    assert!(seen.len() > 20);
}

#[test]
fn what_may_be_null_in_an_answer_is_still_always_there() {
    let description = description();
    let schemas = &description["components"]["schemas"];
    for (schema, field) in [
        ("ProductSummary", "image"),
        ("ProductSummary", "compare_at"),
        ("Variant", "available_display"),
        ("Cart", "id"),
        ("Cart", "shipping_fee"),
        ("CartItem", "image"),
        ("Order", "paid_at"),
        ("OrderSummary", "first_image"),
        ("OrderPage", "next_cursor"),
        ("ProductPage", "next_cursor"),
        ("TimelineEntry", "from"),
    ] {
        let required = schemas[schema]["required"].as_array();
        let required = required.unwrap_or_else(|| panic!("{schema} is not described"));
        assert!(required.contains(&Value::from(field)), "{schema}.{field}");
    }
}
