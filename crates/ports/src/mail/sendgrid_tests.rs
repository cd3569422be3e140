//! Against an HTTP server in the test's own process, which answers as `SendGrid` documents it.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use tokio::{net::TcpListener, task::JoinSet};
use uuid::Uuid;

use super::*;

type Seen = Arc<Mutex<Vec<(String, Value)>>>;
type Answer = (u16, &'static str);

struct Server {
    seen: Seen,
    mailer: SendGrid,
    _tasks: JoinSet<()>,
}

impl Server {
    async fn answering(answer: Answer) -> Self {
        async fn take(
            State((seen, (status, text))): State<(Seen, Answer)>,
            headers: HeaderMap,
            body: String,
        ) -> (StatusCode, [(&'static str, &'static str); 2], &'static str) {
            let key = headers["authorization"].to_str().unwrap().to_owned();
            seen.lock().unwrap().push((key, serde_json::from_str(&body).unwrap()));
            let status = StatusCode::from_u16(status).unwrap();
            (status, [("x-message-id", "sg-1"), ("location", "/elsewhere")], text)
        }
        let seen = Seen::default();
        let router = Router::new()
            .route("/v3/mail/send", post(take))
            .with_state((Arc::clone(&seen), answer));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { seen, mailer: mailer(url), _tasks: tasks }
    }
}

fn mailer(url: String) -> SendGrid {
    let account = SendGridAccount { url, key: "SG.key".to_owned() };
    SendGrid::new(account, super::super::sender("牛車選物 <shop@oxcart.example>").unwrap()).unwrap()
}

fn mail() -> Mail {
    Mail {
        id: Uuid::from_u128(1),
        to: "王小明 <ming@example.com>".to_owned(),
        subject: "訂單成立".to_owned(),
        text: "謝謝".to_owned(),
        html: "<p>謝謝</p>".to_owned(),
        inline: vec![super::super::Inline {
            cid: "barcode-1",
            content_type: "image/png",
            bytes: vec![1, 2, 3],
        }],
        headers: vec![("X-Oxcart-Order", "OX-1".to_owned())],
    }
}

#[tokio::test]
async fn a_mail_is_handed_over_whole_and_followed_by_nobody() {
    let server = Server::answering((202, "")).await;
    server.mailer.send(&mail()).await.unwrap();
    let seen = server.seen.lock().unwrap();
    let [(key, body)] = &seen[..] else { panic!("one request") };
    assert_eq!(key, "Bearer SG.key");
    let id = "00000000-0000-0000-0000-000000000001";
    let expected = json!({
        "personalizations": [{"to": [{"email": "ming@example.com", "name": "王小明"}]}],
        "from": {"email": "shop@oxcart.example", "name": "牛車選物"},
        "subject": "訂單成立",
        "content": [
            {"type": "text/plain", "value": "謝謝"},
            {"type": "text/html", "value": "<p>謝謝</p>"},
        ],
        "headers": {
            "X-Oxcart-Order": "OX-1",
            "Auto-Submitted": "auto-generated",
            "Message-ID": format!("<{id}@oxcart.example>"),
        },
        "custom_args": {"mail_id": id},
        "tracking_settings": {
            "click_tracking": {"enable": false, "enable_text": false},
            "open_tracking": {"enable": false},
            "subscription_tracking": {"enable": false},
            "ganalytics": {"enable": false},
        },
        "attachments": [{
            "content": "AQID",
            "type": "image/png",
            "filename": "barcode-1",
            "disposition": "inline",
            "content_id": "barcode-1",
        }],
    });
    assert_eq!(*body, expected);
}

#[tokio::test]
async fn its_refusals_are_told_from_what_may_work_later() {
    let errors = r#"{"errors": [{"message": "Does not contain a valid address: ming@example.com", "field": "personalizations.0.to.0.email", "help": null}]}"#;
    for (status, text, for_good) in [
        (400, errors, true),
        (413, "", true),
        (404, "<html>", true),
        // What somebody has to mend first: the key, the verified sender.
        (
            401,
            r#"{"errors": [{"message": "The provided authorization grant is invalid, expired, or revoked"}]}"#,
            false,
        ),
        (403, "", false),
        (429, r#"{"errors": [{"message": "too many requests"}]}"#, false),
        (500, "", false),
        (503, "", false),
        // The sandbox, and somebody who wants to send us elsewhere.
        (200, "", false),
        (307, "", false),
    ] {
        let server = Server::answering((status, text)).await;
        let error = server.mailer.send(&mail()).await.unwrap_err();
        let refused = matches!(error, MailError::Refused(_));
        let chain = format!("{error}: {:?}", std::error::Error::source(&error));
        assert_eq!(refused, for_good, "{chain}");
        assert!(chain.contains(&status.to_string()), "{chain}");
        assert!(!chain.contains("ming") && !chain.contains("SG.key"), "{chain}");
        assert_eq!(server.seen.lock().unwrap().len(), 1, "{status}");
    }
    let server = Server::answering((400, errors)).await;
    let error = server.mailer.send(&mail()).await.unwrap_err().to_string();
    let said = "personalizations.0.to.0.email: Does not contain a valid address: …@example.com";
    assert!(error.ends_with(said), "{error}");
}

#[tokio::test]
async fn nothing_is_handed_over_that_would_add_a_header_or_a_recipient() {
    let server = Server::answering((202, "")).await;
    for bad in [
        Mail { to: "a@example.com, b@example.com".to_owned(), ..mail() },
        Mail { subject: "a\r\nBcc: b@example.com".to_owned(), ..mail() },
        Mail { headers: vec![("X-Oxcart-Order", "1\nX: y".to_owned())], ..mail() },
    ] {
        let error = server.mailer.send(&bad).await.unwrap_err();
        assert!(matches!(error, MailError::Invalid(_)), "{error:?}");
    }
    assert!(server.seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_server_that_is_not_there_is_worth_another_try() {
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let error = mailer(format!("http://{address}")).send(&mail()).await.unwrap_err();
    assert!(matches!(error, MailError::Unavailable(_)), "{error:?}");
}
