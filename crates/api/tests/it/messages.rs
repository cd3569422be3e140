//! The back office's look at messages: what each kind says, and what lies in the folders.

use identity::Role;
use ports::{
    mail::{Inline, Mail, Mailer as _},
    sms::{Sms, SmsSender as _},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{Answer, TestApp};

const TEMPLATES: &str = "/api/admin/messages/templates";
const MAILBOX: &str = "/api/admin/messages/mailbox";

fn told<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers.get(name).map_or("", |value| value.to_str().unwrap())
}

/// Shown in a browser, it runs nothing, sends nothing, fetches nothing, and is framed by nobody else.
fn assert_harmless(answer: &Answer) {
    let policy = told(answer, "content-security-policy");
    for part in ["sandbox;", "default-src 'none'", "img-src data:", "form-action 'none'"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("allow-"), "{policy}");
    assert!(!policy.contains("script-src"), "{policy}");
    assert_eq!(told(answer, "x-frame-options"), "SAMEORIGIN");
    assert_eq!(told(answer, "x-content-type-options"), "nosniff");
    assert_eq!(told(answer, "referrer-policy"), "no-referrer");
    assert_eq!(told(answer, "cache-control"), "no-store");
}

#[tokio::test]
async fn every_kind_of_message_can_be_looked_at_in_both_languages() {
    let app = TestApp::new().await;
    let list = app.staff(Role::Ops).get(TEMPLATES).await.ok(200);
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), 24);
    let first = json!({"channel": "mail", "kind": "order_received", "job": "send_order_received"});
    assert_eq!(items[0], first);
    for item in items {
        let (kind, is_mail) = (item["kind"].as_str().unwrap(), item["channel"] == "mail");
        let formats: &[&str] = if is_mail { &["html", "text"] } else { &["sms"] };
        for format in formats {
            let mut said = Vec::new();
            for locale in ["zh-TW", "en"] {
                let path = format!("{TEMPLATES}/{kind}/preview?locale={locale}&format={format}");
                let answer = app.staff(Role::Ops).get(&path).await;
                let content_type = told(&answer, "content-type").to_owned();
                if *format == "html" {
                    assert_harmless(&answer);
                    assert_eq!(content_type, "text/html; charset=utf-8");
                } else {
                    assert_eq!(content_type, "text/plain; charset=utf-8");
                }
                let text = answer.ok(200).as_str().unwrap().to_owned();
                assert_eq!(text.contains("<html"), *format == "html", "{path}");
                assert!(!text.contains("cid:"), "{path}: its pictures are in it");
                said.push(text);
            }
            assert_ne!(said[0], said[1], "{kind} {format}");
        }
    }
    let default =
        app.staff(Role::Ops).get(&format!("{TEMPLATES}/order_paid/preview")).await.ok(200);
    assert!(default.as_str().unwrap().contains("<html lang=\"zh-TW\">"));
    let barcodes = format!("{TEMPLATES}/payment_instructions/preview");
    let barcodes = app.staff(Role::Admin).get(&barcodes).await.ok(200);
    assert_eq!(barcodes.as_str().unwrap().matches("src=\"data:image/png;base64,").count(), 3);
}

#[tokio::test]
async fn what_is_no_message_or_no_language_is_told_so() {
    let app = TestApp::new().await;
    for path in ["none/preview", "order_paid/preview?format=sms", "ORDER_PAID/preview"] {
        let answer = app.staff(Role::Ops).get(&format!("{TEMPLATES}/{path}")).await;
        assert_eq!(answer.problem(404), "NOT_FOUND", "{path}");
    }
    for path in ["order_paid/preview?locale=de", "order_paid/preview?format=pdf"] {
        let answer = app.staff(Role::Ops).get(&format!("{TEMPLATES}/{path}")).await;
        assert_eq!(answer.problem(422), "VALIDATION_FAILED", "{path}");
    }
}

fn mail(id: u128, subject: &str, html: &str) -> Mail {
    Mail {
        id: Uuid::from_u128(id),
        to: "ming@example.com".to_owned(),
        subject: subject.to_owned(),
        text: format!("text of {subject}"),
        html: html.to_owned(),
        inline: vec![Inline { cid: "barcode-1", content_type: "image/png", bytes: vec![1, 2, 3] }],
        headers: Vec::new(),
    }
}

#[tokio::test]
async fn the_folder_of_mails_is_for_administrators_and_shows_them_without_running_anything() {
    let app = TestApp::new().await;
    let empty = app.staff(Role::Admin).get(MAILBOX).await.ok(200);
    assert_eq!(empty, json!({"items": []}));
    let evil = "<script>alert(1)</script><img src=\"cid:barcode-1\"><form action=\"https://evil.example\">";
    let mailbox = app.mailbox();
    mailbox.send(&mail(1, "first", "<p>1</p>")).await.unwrap();
    mailbox.send(&mail(2, "第二", evil)).await.unwrap();

    let list = app.staff(Role::Admin).get(MAILBOX).await.ok(200);
    let subjects: Vec<&Value> =
        list["items"].as_array().unwrap().iter().map(|it| &it["subject"]).collect();
    assert_eq!(subjects, ["第二", "first"]);
    assert_eq!(list["items"][0]["to"], "ming@example.com");
    assert_eq!(list["items"][0]["sent_at"], "2026-06-01T02:00:00Z");
    let one = app.staff(Role::Admin).get(&format!("{MAILBOX}?limit=1")).await.ok(200);
    assert_eq!(one["items"].as_array().unwrap().len(), 1);

    let path = format!("{MAILBOX}/{}", Uuid::from_u128(2));
    let answer = app.staff(Role::Admin).get(&path).await;
    assert_harmless(&answer);
    let html = answer.ok(200);
    // It is shown as it was written; the sandbox keeps it from running.
    assert!(html.as_str().unwrap().contains("<script>alert(1)</script>"));
    assert!(html.as_str().unwrap().contains("src=\"data:image/png;base64,AQID\""), "{html}");
    let text = app.staff(Role::Admin).get(&format!("{path}?format=text")).await;
    assert_eq!(told(&text, "content-type"), "text/plain; charset=utf-8");
    assert_eq!(text.ok(200).as_str().unwrap().trim_end(), "第二\n\ntext of 第二");

    for path in [MAILBOX, &path, "/api/admin/messages/sms"] {
        assert_eq!(app.staff(Role::Ops).get(path).await.problem(403), "FORBIDDEN");
        assert_eq!(app.customer().get(path).await.problem(403), "FORBIDDEN");
        assert_eq!(app.visitor().get(path).await.problem(401), "AUTH_UNAUTHORIZED");
    }
    for path in [format!("{MAILBOX}/{}", Uuid::from_u128(3)), format!("{MAILBOX}/x")] {
        assert_eq!(app.staff(Role::Admin).get(&path).await.problem(404), "NOT_FOUND");
    }
}

#[tokio::test]
async fn the_folder_of_short_messages_is_for_administrators() {
    let app = TestApp::new().await;
    let path = "/api/admin/messages/sms";
    assert_eq!(app.staff(Role::Admin).get(path).await.ok(200), json!({"items": []}));
    let id = Uuid::from_u128(1);
    let sms = Sms { id, to: "0912-345-678".to_owned(), text: "您好".to_owned() };
    app.sms_box().send(&sms).await.unwrap();
    let list = app.staff(Role::Admin).get(path).await.ok(200);
    let expected = json!({"items": [{
        "id": id, "sent_at": "2026-06-01T02:00:00Z", "to": "0912345678", "text": "您好",
    }]});
    assert_eq!(list, expected);
}
