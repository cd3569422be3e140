//! Against an HTTP server in the test's own process, which answers as Mitake does.

use std::sync::{Arc, Mutex};

use axum::{
    Form, Router,
    extract::{Query, State},
    http::StatusCode,
    routing::post,
};
use tokio::{net::TcpListener, task::JoinSet};
use uuid::Uuid;

use super::*;

type Pairs = Vec<(String, String)>;
type Seen = Arc<Mutex<Vec<(Pairs, Pairs)>>>;
type Answer = (u16, &'static str);

struct Server {
    seen: Seen,
    sender: Mitake,
    _tasks: JoinSet<()>,
}

impl Server {
    async fn answering(answer: Answer) -> Self {
        async fn take(
            State((seen, (status, text))): State<(Seen, Answer)>,
            Query(query): Query<Pairs>,
            Form(form): Form<Pairs>,
        ) -> (StatusCode, &'static str) {
            seen.lock().unwrap().push((query, form));
            (StatusCode::from_u16(status).unwrap(), text)
        }
        let seen = Seen::default();
        let router = Router::new()
            .route("/api/mtk/SmSend", post(take))
            .with_state((Arc::clone(&seen), answer));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/api/mtk", listener.local_addr().unwrap());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, router).await.unwrap() });
        let account = MitakeAccount { url, user: "12345678SMS".into(), password: "a&b".into() };
        Self { seen, sender: Mitake::new(account).unwrap(), _tasks: tasks }
    }
}

fn sms() -> Sms {
    Sms {
        id: Uuid::from_u128(1),
        to: "+886 912-345-678".to_owned(),
        text: "您好，訂單 OX-1 已出貨。\nhttps://shop.example/o?a=1&b=2".to_owned(),
    }
}

#[tokio::test]
async fn a_message_is_handed_over_with_its_id_so_that_it_goes_out_once() {
    for answer in [
        "[1]\r\nmsgid=0000000013\r\nstatuscode=1\r\nAccountPoint=126\r\n",
        "[1]\r\nmsgid=0000000013\r\nstatuscode=4\r\nDuplicate=Y\r\n",
        "[1]\nstatuscode=0\n",
    ] {
        let server = Server::answering((200, answer)).await;
        server.sender.send(&sms()).await.unwrap();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let query = vec![pair("CharsetURL", "UTF-8")];
        let form = vec![
            pair("username", "12345678SMS"),
            pair("password", "a&b"),
            pair("dstaddr", "0912345678"),
            pair("smbody", "您好，訂單 OX-1 已出貨。\u{6}https://shop.example/o?a=1&b=2"),
            pair("clientid", "00000000-0000-0000-0000-000000000001"),
        ];
        assert_eq!(*server.seen.lock().unwrap(), [(query, form)]);
    }
}

#[tokio::test]
async fn its_refusals_are_told_from_what_may_work_later() {
    for (status, answer, for_good) in [
        (200, "[1]\nstatuscode=v\nError=0912345678", true),
        (200, "[1]\nstatuscode=u\n", true),
        (200, "[1]\nstatuscode=5\n", true),
        (200, "[1]\nstatuscode=e\nError=x", false),
        (200, "[1]\nstatuscode=k\n", false),
        (200, "[1]\nstatuscode=s\n", false),
        (200, "[1]\nstatuscode=*\n", false),
        (200, "[1]\nstatuscode=a\n", false),
        (200, "<html>", false),
        (200, "", false),
        (302, "", false),
        (403, "", false),
        (500, "statuscode=1", false),
    ] {
        let server = Server::answering((status, answer)).await;
        let error = server.sender.send(&sms()).await.unwrap_err();
        assert_eq!(matches!(error, SmsError::Refused(_)), for_good, "{answer}: {error:?}");
        assert_eq!(matches!(error, SmsError::Unavailable(_)), !for_good, "{answer}: {error:?}");
        let words = error.to_string();
        assert!(!words.contains("345") && !words.contains("a&b"), "{words}");
    }
}

#[tokio::test]
async fn nothing_is_asked_for_what_can_never_be_sent() {
    let server = Server::answering((200, "[1]\nstatuscode=1\n")).await;
    for bad in [
        Sms { to: "02-2345-6789".to_owned(), ..sms() },
        Sms { to: "0912345678,0911111111".to_owned(), ..sms() },
        Sms { text: " \n".to_owned(), ..sms() },
    ] {
        let error = server.sender.send(&bad).await.unwrap_err();
        assert!(matches!(error, SmsError::Invalid(_)), "{error:?}");
    }
    assert!(server.seen.lock().unwrap().is_empty());
}
