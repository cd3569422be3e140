use serde_json::{Value, json};

use super::*;

fn paid(locale: &str) -> Value {
    json!({
        "order_id": "01978000-0000-7000-8000-000000000001", "number": "OX-7Q4M-2KTR",
        "email": "ming@example.com", "locale": locale,
        "lines": [
            {"sku": "MUG-WHITE", "name": {"zh_tw": "手作陶杯", "en": "Handmade mug"},
             "variant_name": {"zh_tw": "米白", "en": "Off-white"}, "quantity": 2,
             "line_total": {"amount": 1560, "currency": "TWD"}},
            {"sku": "TEA-1", "name": {"zh_tw": "高山烏龍茶 150 公克", "en": "High mountain oolong, 150 g"},
             "variant_name": {"zh_tw": "", "en": ""}, "quantity": 1,
             "line_total": {"amount": 680, "currency": "TWD"}},
        ],
        "subtotal": {"amount": 2240, "currency": "TWD"},
        "discount": {"amount": 240, "currency": "TWD"},
        "shipping_fee": {"amount": 0, "currency": "TWD"},
        "total": {"amount": 2000, "currency": "TWD"},
        "paid_at": "2026-09-21T16:05:00Z",
        "order_url": "https://shop.example/orders/01978000?access_token=a&b=c",
    })
}

fn confirmation(data: Value) -> Rendered {
    Renderer::new().order_confirmation(&serde_json::from_value(data).unwrap()).unwrap()
}

fn check(name: &str, rendered: &Rendered) {
    insta::assert_snapshot!(
        format!("{name}.txt"),
        format!("{}\n\n{}", rendered.subject, rendered.text)
    );
    insta::assert_snapshot!(format!("{name}.html"), rendered.html);
}

#[test]
fn the_confirmation_in_both_languages() {
    check("confirmation-zh-TW", &confirmation(paid("zh-TW")));
    check("confirmation-en", &confirmation(paid("en")));
}

#[test]
fn the_expiry_in_both_languages() {
    for locale in ["zh-TW", "en"] {
        let order = json!({"number": "OX-7Q4M-2KTR", "email": "a@example.com", "locale": locale});
        let order = serde_json::from_value(order).unwrap();
        check(&format!("expired-{locale}"), &Renderer::new().order_expired(&order).unwrap());
    }
}

#[test]
fn the_refund_notice_in_both_languages() {
    for (locale, reason) in [
        ("zh-TW", "stock_gone"),
        ("en", "paid_twice"),
        ("en", "order_cancelled"),
        ("zh-TW", "limit_reached"),
    ] {
        let refund = json!({
            "number": "OX-7Q4M-2KTR", "email": "a@example.com", "locale": locale, "reason": reason,
            "amount": {"amount": 2000, "currency": "TWD"},
        });
        let refund = serde_json::from_value(refund).unwrap();
        check(
            &format!("refund-{reason}-{locale}"),
            &Renderer::new().refund_notice(&refund).unwrap(),
        );
    }
}

#[test]
fn the_alert_of_low_stock_in_both_languages() {
    for (locale, variant) in [("zh-TW", "米白 <b>"), ("en", "")] {
        let alert = json!({
            "email": "ops@example.com", "locale": locale, "sku": "MUG-WHITE", "available": 3,
            "name": {"zh_tw": "手作陶杯", "en": "Handmade mug"},
            "variant_name": {"zh_tw": variant, "en": variant}, "warehouse": "TPE",
            "safety_stock": 10,
        });
        let alert = serde_json::from_value(alert).unwrap();
        check(&format!("low_stock-{locale}"), &Renderer::new().low_stock(&alert).unwrap());
    }
}

#[test]
fn the_mails_about_accounts_in_both_languages() {
    for kind in AccountMailKind::ALL {
        for locale in ["zh-TW", "en"] {
            let account = account(locale, "https://shop.example/page?token=abc_-123");
            let rendered = Renderer::new().account(kind, &account).unwrap();
            check(&format!("{}-{locale}", kind.word()), &rendered);
        }
    }
}

fn account(locale: &str, link: &str) -> Account {
    let account = json!({"email": "ming@example.com", "locale": locale, "link": link});
    serde_json::from_value(account).unwrap()
}

#[test]
fn a_link_of_an_account_is_a_web_address_or_none() {
    for link in ["javascript:alert(1)", "", "data:text/html,x"] {
        let rendered =
            Renderer::new().account(AccountMailKind::ResetPassword, &account("en", link)).unwrap();
        assert!(!rendered.html.contains("<a href"), "{link}");
        assert!(link.is_empty() || !rendered.text.contains(link), "{link}");
    }
    let link = "https://shop.example/\"><script>";
    let rendered =
        Renderer::new().account(AccountMailKind::VerifyEmail, &account("en", link)).unwrap();
    assert!(!rendered.html.contains("<script>"));
}

#[test]
fn names_cannot_smuggle_html_in_and_are_not_mangled_in_plain_text() {
    let mut data = paid("zh-TW");
    let evil = r#"<script>alert("x")</script> & <b>杯</b>"#;
    data["lines"][0]["name"]["zh_tw"] = json!(evil);
    data["lines"][0]["variant_name"]["zh_tw"] = json!("<img src=x onerror=y>");
    data["number"] = json!("OX<1>");
    let rendered = confirmation(data);
    assert!(rendered.html.contains("&lt;script&gt;alert("), "{}", rendered.html);
    for tag in ["<script", "<b>", "<img", "OX<1>"] {
        assert!(!rendered.html.contains(tag), "{tag}");
    }
    assert!(rendered.text.contains(evil));
}

#[test]
fn only_web_addresses_become_links() {
    for (url, is_link) in
        [("https://shop.example/o", true), ("javascript:alert(1)", false), ("", false)]
    {
        let mut data = paid("en");
        data["order_url"] = json!(url);
        assert_eq!(confirmation(data).html.contains("<a href"), is_link, "{url}");
    }
    let mut data = paid("en");
    data["order_url"] = json!("https://shop.example/\"><script>");
    assert!(!confirmation(data).html.contains("<script>"));
}

#[test]
fn what_is_zero_or_unknown_is_not_listed() {
    let mut data = paid("en");
    data["discount"]["amount"] = json!(0);
    data["shipping_fee"]["amount"] = json!(80);
    data["paid_at"] = json!(null);
    data["order_url"] = json!(null);
    let rendered = confirmation(data);
    assert!(!rendered.text.contains("Discount") && !rendered.html.contains("Discount"));
    assert!(rendered.text.contains("Shipping: NT$ 80"));
    assert!(!rendered.text.contains("Paid at") && !rendered.text.contains("View your order"));
}

#[test]
fn a_refund_that_a_person_decided_is_not_told_here() {
    let refund = json!({
        "number": "OX-1", "email": "a@example.com", "locale": "en", "reason": "customer_request",
        "amount": {"amount": 1, "currency": "TWD"},
    });
    let refund = serde_json::from_value(refund).unwrap();
    assert!(matches!(Renderer::new().refund_notice(&refund), Err(RenderError::NothingToSay)));
}

#[test]
fn both_languages_have_the_same_phrases() {
    fn keys(value: &Value, path: &str, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                for (key, value) in fields {
                    keys(value, &format!("{path}/{key}"), found);
                }
            }
            text => {
                assert!(text.as_str().is_some_and(|text| !text.is_empty()), "{path}");
                found.push(path.to_owned());
            }
        }
    }
    let renderer = Renderer::new();
    let [mut zh_tw, mut en] = [Vec::new(), Vec::new()];
    keys(&renderer.zh_tw, "", &mut zh_tw);
    keys(&renderer.en, "", &mut en);
    assert_eq!(zh_tw, en);
}
