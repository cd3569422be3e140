use serde_json::{Value, json};

use super::*;
use crate::{
    account_mails::AccountMailKind,
    templates::{ComposeError, ComposedMail, MAILS, MailTemplate, TEXTS, TextTemplate},
};

const LOCALES: [Locale; 2] = [Locale::ZhTw, Locale::En];

fn check(name: &str, rendered: &Rendered) {
    insta::assert_snapshot!(
        format!("{name}.txt"),
        format!("{}\n\n{}", rendered.subject, rendered.text)
    );
    insta::assert_snapshot!(format!("{name}.html"), rendered.html);
}

/// The mail of this kind that a payload asks for, with the sample's fields where it says nothing.
fn compose(kind: &str, locale: Locale, change: &Value) -> Result<ComposedMail, ComposeError> {
    let template = MailTemplate::find(kind).unwrap();
    let mut payload = sample(kind, locale);
    for (key, value) in change.as_object().unwrap() {
        payload[key] = value.clone();
    }
    template.compose(&Renderer::new(), payload)
}

fn words(kind: &str, locale: Locale, change: &Value) -> Rendered {
    compose(kind, locale, change).unwrap().words
}

/// A payload of each kind, as those write it who ask for the mail.
fn sample(kind: &str, locale: Locale) -> Value {
    use crate::mails::{account, operations, order, payment, refund, shipping, stock};

    fn of<M: Message>(locale: Locale) -> Value {
        serde_json::to_value(M::sample(locale)).unwrap()
    }
    match kind {
        "order_received" => of::<order::OrderReceived>(locale),
        "payment_instructions" => of::<payment::PaymentInstructions>(locale),
        "order_paid" => of::<order::OrderPaid>(locale),
        "order_accepted" => of::<order::OrderAccepted>(locale),
        "payment_failed" => of::<payment::PaymentFailed>(locale),
        "payment_reminder" => of::<order::PaymentReminder>(locale),
        "order_expired" => of::<order::OrderExpired>(locale),
        "order_cancelled" => of::<order::OrderCancelled>(locale),
        "order_shipped" => of::<shipping::OrderShipped>(locale),
        "order_delivered" => of::<shipping::OrderDelivered>(locale),
        "refund_notice" => of::<refund::RefundNotice>(locale),
        "refund_requested" => of::<refund::RefundRequested>(locale),
        "refund_succeeded" => of::<refund::RefundSucceeded>(locale),
        "refund_failed" => of::<refund::RefundFailed>(locale),
        "refund_rejected" => of::<refund::RefundRejected>(locale),
        "back_in_stock" => of::<stock::BackInStock>(locale),
        "low_stock" => of::<operations::LowStockAlert>(locale),
        "webhook_disabled" => of::<operations::WebhookDisabled>(locale),
        _ => of::<account::Account>(locale),
    }
}

/// Every mail in both languages, whole.
#[test]
fn every_mail_in_both_languages() {
    let renderer = Renderer::new();
    for template in MAILS {
        for locale in LOCALES {
            let words = template.sample(&renderer, locale).unwrap();
            check(&format!("{}-{}", template.kind, locale.tag()), &words);
            let composed = compose(template.kind, locale, &json!({})).unwrap();
            assert_eq!(composed.words, words, "a sample is what its payload says");
            assert!(composed.headers.contains(&("X-Oxcart-Kind", template.kind.to_owned())));
        }
    }
}

/// What holds for every one of them, whatever the snapshots say.
#[test]
fn every_mail_is_whole() {
    let renderer = Renderer::new();
    let shops = [(Locale::ZhTw, "【牛車選物】"), (Locale::En, "[Oxcart Select] ")];
    for template in MAILS {
        for (locale, shop) in shops {
            let Rendered { subject, text, html, inline } =
                template.sample(&renderer, locale).unwrap();
            let name = format!("{} {}", template.kind, locale.tag());
            assert!(subject.starts_with(shop) && subject.len() > shop.len(), "{name}: {subject}");
            assert!(html.contains(&format!("<html lang=\"{}\">", locale.tag())), "{name}");
            // Nothing is left to be filled in, nothing is empty, nothing is fetched from elsewhere.
            assert!(!text.contains('{') && !html.contains("{{"), "{name}: {text}");
            assert!(!text.contains("none") && !html.contains(">none<"), "{name}: {text}");
            assert!(!text.contains("\n\n\n") && !text.contains('<'), "{name}: {text}");
            assert!(!text.lines().any(|line| line.ends_with(' ')), "{name}: {text}");
            for source in html.split("src=\"").skip(1) {
                assert!(source.starts_with("cid:"), "{name}: {source}");
            }
            assert!(!html.contains("<script") && !html.contains("url("), "{name}");
            assert_eq!(html.matches("cid:").count(), inline.len(), "{name}");
        }
    }
}

/// Mail programs show a button of their own (RFC 8058); only of what can be stopped.
#[test]
fn what_can_be_stopped_says_how_to_mail_programs() {
    let headers = |kind: &str, change: &Value| {
        let composed = compose(kind, Locale::En, change).unwrap();
        let found = composed.headers.into_iter().filter(|(name, _)| name.starts_with("List-"));
        found.map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>()
    };
    assert_eq!(
        headers("back_in_stock", &json!({})),
        [
            "List-Unsubscribe: <https://shop.example/api/stock-notices/5b1f3c52-8f5e-4a57-9d6e-0c1a2b3c4d5e>",
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        ]
    );
    // Without TLS nobody may ask; a job that was written before this says nothing of it.
    for url in ["http://localhost:8080/api/stock-notices/x", ""] {
        assert_eq!(headers("back_in_stock", &json!({"one_click_url": url})), [""; 0], "{url}");
    }
    let mut old = sample("back_in_stock", Locale::En);
    old.as_object_mut().unwrap().remove("one_click_url");
    let composed = MailTemplate::find("back_in_stock").unwrap().compose(&Renderer::new(), old);
    assert_eq!(composed.unwrap().headers.len(), 2);
    assert_eq!(headers("order_paid", &json!({})), [""; 0]);
}

#[test]
fn every_short_message_in_both_languages_is_one_to_pay_for() {
    let renderer = Renderer::new();
    for template in TEXTS {
        for (locale, longest) in [(Locale::ZhTw, 70), (Locale::En, 160)] {
            let text = template.sample(&renderer, locale).unwrap();
            insta::assert_snapshot!(format!("sms-{}-{}", template.kind, locale.tag()), text);
            assert!(text.chars().count() <= longest, "{text}");
            assert_eq!(text.lines().count(), 1, "{text}");
        }
    }
}

#[test]
fn every_kind_has_one_job_and_every_account_mail_its_template() {
    let kinds: Vec<&str> = MAILS.iter().map(|it| it.kind).collect();
    let mut jobs: Vec<&str> =
        MAILS.iter().map(|it| it.job).chain(TEXTS.iter().map(|it| it.job)).collect();
    jobs.sort_unstable();
    jobs.dedup();
    assert_eq!(jobs.len(), MAILS.len() + TEXTS.len());
    for kind in AccountMailKind::ALL {
        assert_eq!(MailTemplate::find(kind.word()).unwrap().job, kind.job_kind());
    }
    assert_eq!(kinds.len(), 22);
    assert!(MailTemplate::find("order").is_none() && TextTemplate::find("order_paid").is_none());
}

/// The codes a buyer takes to an ATM or to a store.
#[test]
fn every_way_to_pay_by_a_code() {
    let expires_at = "2026-06-04T15:59:59Z";
    let codes = [
        ("atm", json!({"kind": "atm", "bank_code": "812", "account": "9103522175887271"})),
        ("cvs", json!({"kind": "cvs", "payment_no": "LLL22117485013"})),
        (
            "transfer",
            json!({"kind": "transfer", "bank_code": "822", "bank_name": "中國信託",
                "account": "123456789012", "holder": "牛車選物有限公司", "reference": "OX-7Q4M"}),
        ),
    ];
    for (name, mut code) in codes {
        code["expires_at"] = expires_at.into();
        for locale in LOCALES {
            let rendered = words("payment_instructions", locale, &json!({ "code": code }));
            check(&format!("payment_instructions-{name}-{}", locale.tag()), &rendered);
            let until = match locale {
                Locale::ZhTw => "2026年6月4日 23:59",
                Locale::En => "4 June 2026, 23:59 (Taipei)",
            };
            for body in [&rendered.text, &rendered.html] {
                assert!(body.contains("NT$ 2,000") && body.contains(until), "{body}");
            }
        }
    }
}

#[test]
fn three_barcodes_are_drawn_in_their_order_and_written_below() {
    let segments = ["0409306EA", "YT80000000000123", "042900000002000"];
    let code =
        json!({"kind": "barcode", "segments": segments, "expires_at": "2026-06-04T15:59:59Z"});
    let rendered = words("payment_instructions", Locale::En, &json!({ "code": code }));
    let cids: Vec<&str> = rendered.inline.iter().map(|it| it.cid).collect();
    assert_eq!(cids, ["barcode-1", "barcode-2", "barcode-3"]);
    for ((picture, segment), nth) in rendered.inline.iter().zip(segments).zip(1..) {
        assert_eq!(picture.bytes, crate::barcode::png(segment).unwrap());
        assert_eq!(picture.content_type, "image/png");
        let shown = format!("<img src=\"cid:{}\" alt=\"{segment}\"", picture.cid);
        assert_eq!(rendered.html.matches(&shown).count(), 1, "{}", rendered.html);
        assert!(rendered.text.contains(&format!("Barcode {nth}: {segment}")), "{}", rendered.text);
    }
    let code = json!({"kind": "barcode", "segments": ["條碼", "1", "2"], "expires_at": "2026-06-04T15:59:59Z"});
    let error = compose("payment_instructions", Locale::En, &json!({ "code": code })).unwrap_err();
    assert_eq!(error.to_string(), "a barcode could not be drawn");
}

#[test]
fn every_reason_of_a_refund_that_nobody_asked_for() {
    for reason in ["stock_gone", "stock_frozen", "limit_reached", "paid_twice", "order_cancelled"] {
        let mut said = Vec::new();
        for locale in LOCALES {
            let rendered = words("refund_notice", locale, &json!({ "reason": reason }));
            check(&format!("refund_notice-{reason}-{}", locale.tag()), &rendered);
            said.push(rendered.text);
        }
        assert_ne!(said[0], said[1]);
    }
    let asked = compose("refund_notice", Locale::En, &json!({"reason": "changed my mind"}));
    let nothing = asked.unwrap_err();
    assert!(matches!(nothing, ComposeError::Render(RenderError::NothingToSay)), "{nothing:?}");
}

#[test]
fn what_differs_within_a_kind() {
    for (kind, name, change) in [
        ("order_cancelled", "paid", json!({"was_paid": true})),
        ("refund_succeeded", "by_hand", json!({"by_hand": true})),
        ("refund_failed", "by_itself", json!({"by_hand": false})),
        ("refund_rejected", "without_reason", json!({"reason": null})),
        ("order_delivered", "without_dates", json!({"delivered_at": null, "return_until": null})),
        (
            "order_shipped",
            "untracked",
            json!({"carrier_name": null, "tracking_number": null, "tracking_url": null, "lines": [],
                "more_follows": false}),
        ),
    ] {
        for locale in LOCALES {
            let rendered = words(kind, locale, &change);
            check(&format!("{kind}-{name}-{}", locale.tag()), &rendered);
            assert_ne!(rendered, words(kind, locale, &json!({})), "{kind}");
        }
    }
}

#[test]
fn what_others_wrote_stays_text_and_in_its_line() {
    let evil = "<script>alert(\"x\")</script> & <b>杯</b>\r\nTotal: NT$ 1\u{202e}";
    let both = json!({"zh_tw": evil, "en": evil});
    let money = json!({"amount": 1, "currency": "TWD"});
    let line = json!({"name": both, "variant_name": both, "quantity": 1, "line_total": money});
    let goods = json!({"name": both, "variant_name": both, "quantity": 1});
    for (kind, change) in [
        ("order_paid", json!({"lines": [line], "number": evil})),
        ("order_received", json!({"lines": [line], "number": evil})),
        ("order_shipped", json!({"lines": [goods], "carrier_name": both, "tracking_number": evil})),
        ("refund_rejected", json!({"reason": evil})),
        ("low_stock", json!({"name": both, "variant_name": both, "sku": evil, "warehouse": evil})),
        ("back_in_stock", json!({"name": both, "variant_name": both, "sku": evil})),
        ("webhook_disabled", json!({"endpoint": evil, "last_error": evil})),
        (
            "payment_instructions",
            json!({"code": {"kind": "cvs", "payment_no": evil, "expires_at": "2026-06-04T15:59:59Z"}}),
        ),
        (
            "payment_instructions",
            json!({"code": {"kind": "transfer", "bank_code": evil, "bank_name": evil, "account": evil,
                "holder": evil, "reference": evil, "expires_at": "2026-06-04T15:59:59Z"}}),
        ),
    ] {
        for locale in LOCALES {
            let Rendered { subject, text, html, .. } = words(kind, locale, &change);
            assert!(html.contains("&lt;script&gt;alert("), "{kind}: {html}");
            for tag in ["<script", "<b>", "</b>"] {
                assert!(!html.contains(tag), "{kind}: {tag}");
            }
            assert!(!subject.contains(char::is_control), "{kind}: {subject}");
            assert!(text.contains("<b>杯</b>  Total: NT$ 1"), "{kind}: {text}");
            assert!(!text.lines().any(|it| it.starts_with("Total: NT$ 1 ")), "{kind}: {text}");
            assert!(!text.contains('\u{202e}') && !html.contains('\u{202e}'), "{kind}");
        }
    }
}

#[test]
fn only_web_addresses_become_links() {
    for (url, is_link) in [
        ("https://shop.example/o", true),
        ("http://localhost:8080/o", true),
        ("javascript:alert(1)", false),
        ("data:text/html,x", false),
        ("https://shop.example/\r\nBcc: x", false),
        ("", false),
    ] {
        for (kind, field) in [
            ("order_paid", "order_url"),
            ("reset_password", "link"),
            ("order_shipped", "tracking_url"),
            ("back_in_stock", "product_url"),
        ] {
            let mut change = json!({"order_url": null, "tracking_url": null, "stop_url": ""});
            change[field] = url.into();
            let rendered = words(kind, Locale::En, &change);
            assert_eq!(rendered.html.contains("href="), is_link, "{kind} {url}");
            assert_eq!(!url.is_empty() && rendered.text.contains(url), is_link, "{kind} {url}");
        }
    }
    let change = json!({"order_url": "https://shop.example/\"><script>"});
    assert!(!words("order_paid", Locale::En, &change).html.contains("<script>"));
}

#[test]
fn the_link_of_a_language_leads_to_its_pages() {
    for (locale, url) in [
        (Locale::ZhTw, "https://shop.example/orders/01978000?access_token=a&b=c"),
        (Locale::En, "https://shop.example/en/orders/01978000?access_token=a&b=c"),
    ] {
        let rendered = words("order_paid", locale, &json!({}));
        assert!(rendered.text.contains(url), "{}", rendered.text);
        let escaped = url.replace('/', "&#x2f;").replace('&', "&amp;").replace("&amp;#", "&#");
        let whole = format!("href=\"{escaped}\"");
        assert!(rendered.html.contains(&whole), "{whole}: {}", rendered.html);
    }
}

#[test]
fn what_is_zero_or_unknown_is_not_listed() {
    let money = |amount: i64| json!({"amount": amount, "currency": "TWD"});
    let change = json!({"discount": money(0), "shipping_fee": money(80), "paid_at": null,
        "order_url": null});
    let rendered = words("order_paid", Locale::En, &change);
    assert!(!rendered.text.contains("Discount") && !rendered.html.contains("Discount"));
    assert!(rendered.text.contains("Shipping: NT$ 80"), "{}", rendered.text);
    assert!(!rendered.text.contains("Paid at") && !rendered.text.contains("View your order"));
}

#[test]
fn a_payload_that_lacks_something_is_no_mail() {
    let renderer = Renderer::new();
    for template in MAILS {
        let error = template.compose(&renderer, json!({"number": "OX-1"})).unwrap_err();
        assert!(matches!(error, ComposeError::Payload(_)), "{}: {error:?}", template.kind);
    }
    for template in TEXTS {
        let error = template.compose(&renderer, json!({"number": "OX-1"})).unwrap_err();
        assert!(matches!(error, ComposeError::Payload(_)), "{}: {error:?}", template.kind);
    }
}
