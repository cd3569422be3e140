//! The client against a server that misbehaves.

use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use ecpay::{
    Action, Algorithm, CHECK_MAC_VALUE, CallError, CardAction, CardQuery, CardReplyError,
    CardStatus, CharSet, Client, ClientError, ClientOptions, Environment, Failure, FileError,
    FundingDate, FundingFileQuery, MAX_BODY_BYTES, MerchantTradeNo, NoticeError, PaymentCode,
    QueryError, ReplyError, TradeDate, TradeStatus, TradesFileQuery,
};
use jiff::Timestamp;
use jiff::civil::date;
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::merchant;
use crate::server::{Answer, Server};

/// Quick, and without a limit to how often.
fn options() -> ClientOptions {
    ClientOptions {
        connect: Duration::from_secs(2),
        total: Duration::from_secs(5),
        calls_per_minute: NonZeroU32::MAX,
        burst: NonZeroU32::MAX,
        pause: Duration::from_millis(1),
        file_interval: Duration::ZERO,
        ..ClientOptions::default()
    }
}

/// As above, and quick to give up.
fn impatient() -> ClientOptions {
    ClientOptions { total: Duration::from_millis(300), ..options() }
}

fn client(base: &str, options: ClientOptions) -> Client {
    let environment = Environment::custom(base).expect("an address");
    Client::new(merchant(), environment, options).expect("sound options")
}

fn now() -> Timestamp {
    "2026-09-27T08:30:59Z".parse().expect("RFC 3339")
}

fn number() -> MerchantTradeNo {
    MerchantTradeNo::new("OX1").expect("letters and digits")
}

fn refund() -> CardAction {
    CardAction::new(number(), "2204271718551574", Action::Refund, 500).expect("sound")
}

fn signed(pairs: &[(&str, &str)]) -> String {
    let mac = merchant().sign(pairs.iter().copied());
    let all = pairs.iter().copied().chain([(CHECK_MAC_VALUE, mac.as_str())]);
    all.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn paid() -> String {
    signed(&[
        ("MerchantID", "3002607"),
        ("MerchantTradeNo", "OX1"),
        ("TradeAmt", "500"),
        ("TradeNo", "2204271718551574"),
        ("TradeStatus", "1"),
    ])
}

const REFUNDED: &str =
    "MerchantID=3002607&MerchantTradeNo=OX1&TradeNo=2204271718551574&RtnCode=1&RtnMsg=Succeeded.";

/// Every request is one signed form, posted to the right place.
#[tokio::test]
async fn each_call_asks_its_question() {
    let code = signed(&[
        ("MerchantID", "3002607"),
        ("MerchantTradeNo", "OX1"),
        ("RtnCode", "2"),
        ("TradeAmt", "500"),
        ("BankCode", "005"),
        ("vAccount", "5219111913209840"),
        ("ExpireDate", "2026/10/01"),
    ]);
    let card = r#"{"RtnMsg":"","RtnValue":{"amount":500,"status":"已關帳"}}"#;
    let (trades, _, _) =
        encoding_rs::BIG5.encode("廠商訂單編號,交易金額,買家備註\r\nOX1,500,快\r\n");
    let server = Server::start([
        Answer::chunked(&paid()),
        Answer::status(200, code),
        Answer::status(200, card),
        Answer::status(200, REFUNDED),
        Answer::status(200, trades),
        Answer::status(200, "授權單號,訂單編號,交易金額\n1,OX1,-200\n"),
    ])
    .await;
    let client = client(&server.base(), options());

    let info = client.trade_info(&number(), now()).await.unwrap();
    assert_eq!((info.status, info.amount), (TradeStatus::Paid, 500));
    let code = client.payment_code(&number(), now()).await.unwrap();
    assert!(matches!(code.payment_code, Some(PaymentCode::Atm { .. })));
    let query = CardQuery::new(11_958_723, 500, 25_938_511).unwrap();
    assert_eq!(client.card_trade(&query, now()).await.unwrap().status, CardStatus::Captured);
    assert!(client.do_action(&refund()).await.unwrap().is_done());
    let day = date(2026, 9, 27);
    let query = TradesFileQuery::new(TradeDate::Paid, day, day).unwrap();
    let rows = client.trades_file(&query).await.unwrap();
    assert_eq!((rows[0].amount, rows[0].cell("買家備註")), (500, Some("快")));
    let query = FundingFileQuery::new(FundingDate::PaidOut, day, day).unwrap();
    let rows = client.funding_file(&query.charset(CharSet::Utf8)).await.unwrap();
    assert_eq!(rows[0].amount, -200);

    let asked = server.asked();
    let lines: Vec<_> = asked.iter().map(|asked| asked.line.as_str()).collect();
    assert_eq!(
        lines,
        [
            "POST /Cashier/QueryTradeInfo/V5",
            "POST /Cashier/QueryPaymentInfo",
            "POST /CreditDetail/QueryTrade/V2",
            "POST /CreditDetail/DoAction",
            "POST /PaymentMedia/TradeNoAio",
            "POST /CreditDetail/FundingReconDetail",
        ]
    );
    for asked in &asked {
        assert!(asked.head.contains("content-type: application/x-www-form-urlencoded"));
        let mac = asked.fields.get(CHECK_MAC_VALUE).unwrap();
        assert!(merchant().keys().verify(Algorithm::Sha256, asked.fields.iter(), mac));
        assert_eq!(asked.fields.get("MerchantID"), Some("3002607"));
    }
    let time: i64 = asked[0].fields.get("TimeStamp").unwrap().parse().unwrap();
    assert!((0..=5).contains(&(time - now().as_second())));
}

#[tokio::test]
async fn silence_is_unclear_and_an_action_is_not_repeated() {
    for answer in [Answer::Silence, Answer::Stuck] {
        let server = Server::start([answer, Answer::status(200, REFUNDED)]).await;
        let client = client(&server.base(), impatient());
        let error = client.do_action(&refund()).await.unwrap_err();
        let total = Duration::from_millis(300);
        assert_eq!(error, CallError::Unclear(Failure::TimedOut(total)));
        assert!(error.may_have_acted());
        assert_eq!(server.asked().len(), 1);
    }
}

#[tokio::test]
async fn a_broken_connection_is_unclear_and_an_action_is_not_repeated() {
    let server = Server::start([Answer::HangUp, Answer::status(200, REFUNDED)]).await;
    let client = client(&server.base(), options());
    let error = client.do_action(&refund()).await.unwrap_err();
    assert!(matches!(error, CallError::Unclear(Failure::Broken(_))), "{error:?}");
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn what_finds_no_server_was_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let client = client(&base, options());
    let error = client.do_action(&refund()).await.unwrap_err();
    assert!(matches!(error, CallError::NotSent(Failure::NoConnection(_))), "{error:?}");
    assert!(!error.may_have_acted());
    let error = client.trade_info(&number(), now()).await.unwrap_err();
    assert!(matches!(error, CallError::NotSent(_)), "{error:?}");
}

#[tokio::test]
async fn a_query_is_asked_again_and_counted() {
    let server =
        Server::start([Answer::status(503, "busy"), Answer::HangUp, Answer::status(200, paid())])
            .await;
    let client = client(&server.base(), options());
    assert!(client.trade_info(&number(), now()).await.unwrap().is_paid(500));
    assert_eq!(server.asked().len(), 3);
}

#[tokio::test]
async fn a_query_is_given_up_after_its_tries() {
    let broken = || (0..9).map(|_| Answer::status(502, "bad gateway"));
    let server = Server::start(broken()).await;
    let client = client(&server.base(), options());
    let error = client.payment_code(&number(), now()).await.unwrap_err();
    assert_eq!(error, CallError::Unclear(Failure::Status(502)));
    assert_eq!(server.asked().len(), 3);

    let server = Server::start(broken()).await;
    let once = ClientOptions { tries: NonZeroU32::MIN, ..options() };
    let client = self::client(&server.base(), once);
    client.payment_code(&number(), now()).await.unwrap_err();
    assert_eq!(server.asked().len(), 1);

    let server = Server::start(broken()).await;
    let client = self::client(&server.base(), options());
    client.do_action(&refund()).await.unwrap_err();
    assert_eq!(server.asked().len(), 1);
}

/// The time in a query is that of its try, or ECPay would refuse the last ones.
#[tokio::test]
async fn each_try_says_its_own_time() {
    let server = Server::start([Answer::HangUp, Answer::status(200, paid())]).await;
    let pause = Duration::from_millis(1_100);
    let client = client(&server.base(), ClientOptions { pause, ..options() });
    client.trade_info(&number(), now()).await.unwrap();
    let times: Vec<i64> = server
        .asked()
        .iter()
        .map(|asked| asked.fields.get("TimeStamp").unwrap().parse().unwrap())
        .collect();
    assert!(times[1] > times[0], "{times:?}");
}

#[tokio::test]
async fn a_403_shuts_the_door_for_half_an_hour() {
    let server =
        Server::start([Answer::status(403, "slow down"), Answer::status(200, paid())]).await;
    let client = client(&server.base(), options());
    let half_an_hour = Duration::from_mins(30);
    assert_eq!(
        client.trade_info(&number(), now()).await,
        Err(CallError::Throttled { retry_after: half_an_hour })
    );
    // The clone shares the door, and nothing goes through it, actions included.
    let clone = client.clone();
    let refused = [
        clone.do_action(&refund()).await.unwrap_err(),
        clone.payment_code(&number(), now()).await.unwrap_err(),
    ];
    for error in refused {
        let CallError::Throttled { retry_after } = error else { panic!("{error:?}") };
        assert!(retry_after <= half_an_hour);
        assert!(retry_after > Duration::from_mins(29));
    }
    assert_eq!(server.asked().len(), 1);

    tokio::time::pause();
    tokio::time::advance(half_an_hour).await;
    tokio::time::resume();
    assert!(client.trade_info(&number(), now()).await.unwrap().is_paid(500));
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn too_many_calls_wait_a_moment_or_are_not_sent() {
    let server = Server::start((0..9).map(|_| Answer::status(200, REFUNDED))).await;
    let slow = ClientOptions {
        calls_per_minute: NonZeroU32::new(600).unwrap(),
        burst: NonZeroU32::new(2).unwrap(),
        wait: Duration::ZERO,
        ..options()
    };
    let eager = client(&server.base(), slow.clone());
    for _ in 0..2 {
        eager.do_action(&refund()).await.unwrap();
    }
    // Two calls in a tenth of a second leave nothing for a third.
    let third = eager.do_action(&refund()).await;
    if let Err(error) = &third {
        let CallError::Throttled { retry_after } = error else { panic!("{error:?}") };
        assert!(*retry_after <= Duration::from_millis(100));
    }
    let sent = server.asked().len();
    assert_eq!(sent, if third.is_ok() { 3 } else { 2 });

    let patient = ClientOptions { wait: Duration::from_secs(5), ..slow };
    let patient = client(&server.base(), patient);
    let began = Instant::now();
    for _ in 0..4 {
        patient.do_action(&refund()).await.unwrap();
    }
    assert!(began.elapsed() >= Duration::from_millis(150), "{:?}", began.elapsed());
    assert_eq!(server.asked().len(), sent + 4);
}

#[tokio::test]
async fn a_refusal_is_final() {
    for status in [400, 404, 405, 499] {
        let server = Server::start([Answer::status(status, ""), Answer::status(200, paid())]).await;
        let client = client(&server.base(), options());
        let error = client.trade_info(&number(), now()).await.unwrap_err();
        assert_eq!(error, CallError::Refused { status });
        assert!(!error.may_have_acted());
        assert_eq!(server.asked().len(), 1);
    }
}

#[tokio::test]
async fn other_statuses_leave_it_unclear() {
    for status in [201, 204, 302, 408, 500, 504] {
        let server = Server::start([Answer::status(status, "")]).await;
        let client = client(&server.base(), options());
        let error = client.do_action(&refund()).await.unwrap_err();
        assert_eq!(error, CallError::Unclear(Failure::Status(status)));
        assert!(error.may_have_acted());
    }
}

#[tokio::test]
async fn a_redirection_is_not_followed() {
    let elsewhere = Server::start([Answer::status(200, paid())]).await;
    for status in [301, 302, 303, 307, 308] {
        let location = format!("location: {}/Cashier/QueryTradeInfo/V5\r\n", elsewhere.base());
        let server = Server::start([Answer::with_head(status, &location, "")]).await;
        let client = client(&server.base(), options());
        let error = client.trade_info(&number(), now()).await.unwrap_err();
        assert_eq!(error, CallError::Unclear(Failure::Status(status)));
        assert_eq!(server.asked().len(), 1);
    }
    assert_eq!(elsewhere.asked().len(), 0);
}

#[tokio::test]
async fn an_answer_has_a_largest_size() {
    let large = "a".repeat(MAX_BODY_BYTES + 1);
    for answer in [Answer::status(200, &large), Answer::chunked(&large), Answer::Endless] {
        let server = Server::start([answer, Answer::status(200, paid())]).await;
        let client = client(&server.base(), options());
        let error = client.trade_info(&number(), now()).await.unwrap_err();
        assert_eq!(error, CallError::Unclear(Failure::TooLarge(MAX_BODY_BYTES)));
        assert_eq!(server.asked().len(), 1);
    }
    let file = "訂單編號,授權單號,交易金額\nOX1,1,2\n";
    let day = date(2026, 9, 27);
    let query = FundingFileQuery::new(FundingDate::PaidOut, day, day).unwrap();
    let query = query.charset(CharSet::Utf8);
    for (bytes, fits) in [(file.len(), true), (file.len() - 1, false)] {
        let server = Server::start([Answer::status(200, file)]).await;
        let file_bytes = NonZeroUsize::new(bytes).unwrap();
        let client = client(&server.base(), ClientOptions { file_bytes, ..options() });
        assert_eq!(client.funding_file(&query).await.is_ok(), fits);
    }
}

#[tokio::test]
async fn garbage_is_no_answer_and_is_not_asked_for_again() {
    let server = Server::start([
        Answer::status(200, "0|TimeStamp Is Expired"),
        Answer::status(200, paid().replace("TradeAmt=500", "TradeAmt=5")),
        Answer::status(200, r#"{"RtnMsg":"error_nopay","RtnValue":null}"#),
        Answer::status(200, "<html>"),
        Answer::status(200, "10200073:CheckMacValue Error"),
    ])
    .await;
    let client = client(&server.base(), options());

    let error = client.trade_info(&number(), now()).await.unwrap_err();
    let CallError::Reply(ReplyError::Query(QueryError::Reply(NoticeError::Form(_)))) = error else {
        panic!("{error:?}")
    };
    let error = client.trade_info(&number(), now()).await.unwrap_err();
    let forged = QueryError::Reply(NoticeError::BadSignature);
    assert_eq!(error, CallError::Reply(ReplyError::Query(forged)));
    let query = CardQuery::new(1, 1, 1).unwrap();
    let error = client.card_trade(&query, now()).await.unwrap_err();
    let not_yet = CardReplyError::NotYet("error_nopay".into());
    assert_eq!(error, CallError::Reply(ReplyError::Card(not_yet)));
    // What answers an action with a page may have done it.
    let error = client.do_action(&refund()).await.unwrap_err();
    assert!(matches!(error, CallError::Reply(ReplyError::Action(_))) && error.may_have_acted());
    let day = date(2026, 9, 27);
    let query = TradesFileQuery::new(TradeDate::Paid, day, day).unwrap();
    let error = client.trades_file(&query).await.unwrap_err();
    let says = "10200073:CheckMacValue Error".to_owned();
    assert_eq!(error, CallError::Reply(ReplyError::File(FileError::NotAFile { says })));
    assert_eq!(server.asked().len(), 5);
}

#[tokio::test]
async fn bytes_that_are_no_http_are_unclear() {
    let server = Server::start([Answer::Bytes(b"SSH-2.0-OpenSSH\r\n\r\n".to_vec())]).await;
    let client = client(&server.base(), options());
    let error = client.do_action(&refund()).await.unwrap_err();
    assert!(matches!(error, CallError::Unclear(Failure::Broken(_))), "{error:?}");
}

#[tokio::test]
async fn files_are_asked_for_once_a_minute() {
    let (too_soon, _, _) = encoding_rs::BIG5.encode("一分鐘之內僅限下載一個媒體檔");
    let server = Server::start([
        Answer::status(200, ""),
        Answer::status(200, too_soon),
        Answer::status(200, ""),
        Answer::status(503, ""),
    ])
    .await;
    let file_interval = Duration::from_secs(65);
    let client = client(&server.base(), ClientOptions { file_interval, ..options() });
    let day = date(2026, 9, 27);
    let trades = TradesFileQuery::new(TradeDate::Paid, day, day).unwrap();
    let payouts = FundingFileQuery::new(FundingDate::PaidOut, day, day).unwrap();

    assert_eq!(client.trades_file(&trades).await, Ok(vec![]));
    let error = client.trades_file(&trades).await.unwrap_err();
    assert!(matches!(error, CallError::Throttled { .. }), "{error:?}");
    assert_eq!(server.asked().len(), 1);

    tokio::time::pause();
    tokio::time::advance(file_interval).await;
    tokio::time::resume();
    // ECPay counts otherwise than we do: its word holds.
    let error = client.trades_file(&trades).await.unwrap_err();
    assert_eq!(error, CallError::Throttled { retry_after: file_interval });
    let error = client.trades_file(&trades).await.unwrap_err();
    assert!(matches!(error, CallError::Throttled { .. }), "{error:?}");
    assert_eq!(server.asked().len(), 2);

    // The other file has a minute of its own, and neither is asked for again by itself.
    assert_eq!(client.funding_file(&payouts).await, Ok(vec![]));
    tokio::time::pause();
    tokio::time::advance(file_interval).await;
    tokio::time::resume();
    let error = client.funding_file(&payouts).await.unwrap_err();
    assert_eq!(error, CallError::Unclear(Failure::Status(503)));
    assert_eq!(server.asked().len(), 4);
}

#[tokio::test]
async fn options_that_would_stop_everything_are_refused() {
    for (name, options) in [
        ("connect", ClientOptions { connect: Duration::ZERO, ..options() }),
        ("total", ClientOptions { total: Duration::ZERO, ..options() }),
    ] {
        let environment = Environment::custom("http://127.0.0.1:1").unwrap();
        let refused = Client::new(merchant(), environment, options);
        assert!(matches!(refused, Err(ClientError::ZeroOption(it)) if it == name));
    }
    let client = client("http://127.0.0.1:1", options());
    assert_eq!(client.environment().to_string(), "http://127.0.0.1:1");
    assert_eq!(client.merchant().id(), "3002607");
    assert!(!format!("{client:?}").contains("pwFHCqoQZGmho4w6"));
}
