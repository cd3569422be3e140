use kernel::Locale;
use notifications::{
    Renderer,
    templates::{MAILS, MailTemplate},
};
use serde_json::json;

#[test]
fn dump() {
    let dir = std::path::Path::new("/tmp/notify-shots");
    std::fs::create_dir_all(dir).unwrap();
    let renderer = Renderer::new();
    let put = |name: String, mail: notifications::Rendered| {
        std::fs::write(
            dir.join(format!("{name}.html")),
            ports::mail::with_pictures(&mail.html, &mail.inline),
        )
        .unwrap();
        std::fs::write(
            dir.join(format!("{name}.txt")),
            format!("{}\n\n{}", mail.subject, mail.text),
        )
        .unwrap();
        for it in &mail.inline {
            std::fs::write(dir.join(format!("{name}-{}.png", it.cid)), &it.bytes).unwrap();
        }
    };
    for template in MAILS {
        for locale in [Locale::ZhTw, Locale::En] {
            put(
                format!("{}-{}", template.kind, locale.tag()),
                template.sample(&renderer, locale).unwrap(),
            );
        }
    }
    for (name, code) in [
        (
            "atm",
            json!({"kind": "atm", "bank_code": "812", "account": "9103522175887271", "expires_at": "2026-06-04T15:59:59Z"}),
        ),
        (
            "cvs",
            json!({"kind": "cvs", "payment_no": "LLL22117485013", "expires_at": "2026-06-04T15:59:59Z"}),
        ),
        (
            "transfer",
            json!({"kind": "transfer", "bank_code": "822", "bank_name": "中國信託商業銀行", "account": "123456789012", "holder": "牛車選物有限公司", "reference": "OX-7Q4M-2KTR", "expires_at": "2026-06-04T15:59:59Z"}),
        ),
    ] {
        for locale in ["zh-TW", "en"] {
            let payload = json!({"number": "OX-7Q4M-2KTR", "email": "a@example.com", "locale": locale, "order_url": "https://shop.example/orders/1",
                "amount": {"amount": 12800, "currency": "TWD"}, "code": code});
            let mail = MailTemplate::find("payment_instructions")
                .unwrap()
                .compose(&renderer, payload)
                .unwrap();
            put(format!("pay-{name}-{locale}"), mail.words);
        }
    }
}
