//! Everything that a provider may say, and when, for a card, an ATM account and a store's code: money,
//! stock, order and events are right in the end, whatever the order of things.

use ecpay::NoticeError;
use kernel::{Actor, id::OrderId};
use orders::OrderStatus;
use payments::{IssuedCode, PaymentStatus, notices::Verdict};

use crate::bench::Bench;

const METHODS: [&str; 3] = ["ecpay_credit", "ecpay_atm", "ecpay_cvs"];

/// An order of one tote that is being paid.
struct Case {
    bench: Bench,
    order: OrderId,
    trade_no: String,
    amount: u32,
    method: &'static str,
}

impl Case {
    async fn of(method: &'static str) -> Self {
        let bench = Bench::new().await;
        let order = bench.place(&[(bench.shop.tote_large, 1)]).await.order.id;
        let (trade_no, amount) = bench.at_ecpay(order, method).await;
        Self { bench, order, trade_no, amount, method }
    }

    fn paid(&self) -> String {
        self.bench.notice(&self.trade_no, self.amount, "1", "0")
    }

    fn failed(&self) -> String {
        self.bench.notice(&self.trade_no, self.amount, "10100058", "0")
    }

    /// The announcement of its code; nothing for a card.
    fn code(&self) -> Option<String> {
        let fields: &[(&str, &str)] = match self.method {
            "ecpay_atm" => &[
                ("RtnCode", "2"),
                ("BankCode", "808"),
                ("vAccount", "9103522175887271"),
                ("ExpireDate", "2026/06/04"),
            ],
            "ecpay_cvs" => &[
                ("RtnCode", "10100073"),
                ("PaymentNo", "GW130412257496"),
                ("ExpireDate", "2026/06/04 10:00:00"),
            ],
            _ => return None,
        };
        Some(self.bench.code_notice(&self.trade_no, self.amount, fields))
    }

    /// Long enough for its time to be over, whatever the method.
    fn time_passes(&self) {
        self.bench.minutes_pass(6 * 24 * 60);
    }

    async fn attempt(&self) -> PaymentStatus {
        self.bench.attempts(self.order).await[0].status
    }

    /// The whole of it: the order, its attempt, the stock of the tote (available, reserved, sold), what
    /// goes back, and the events in their order.
    async fn ends(
        &self,
        order: OrderStatus,
        attempt: PaymentStatus,
        stock: (i32, i32, i32),
        refunds: &[&str],
        events: &[&str],
    ) {
        let method = self.method;
        let (bench, shop) = (&self.bench, &self.bench.shop);
        let loaded = bench.load(self.order).await;
        assert_eq!(loaded.status, order, "{method}");
        let was_paid = matches!(order, OrderStatus::Paid | OrderStatus::RefundRequested);
        assert_eq!(loaded.paid_at.is_some(), was_paid, "{method}");
        assert_eq!(self.attempt().await, attempt, "{method}");
        let row = bench.stock(shop.tote_large, shop.taipei).await;
        assert_eq!((row.available, row.reserved, row.sold), stock, "{method}");
        let mut conn = bench.test.owner().acquire().await.unwrap();
        let asked: Vec<(String, i64)> =
            sqlx::query_as("SELECT reason, amount FROM payments.refunds ORDER BY id")
                .fetch_all(&mut *conn)
                .await
                .unwrap();
        let amount = i64::from(self.amount);
        let expected: Vec<_> = refunds.iter().map(|it| ((*it).to_owned(), amount)).collect();
        assert_eq!(asked, expected, "{method}");
        let told: Vec<String> = sqlx::query_scalar(
            "SELECT type FROM outbox.events WHERE subject = $1 AND type NOT LIKE 'inventory.%'
              ORDER BY position",
        )
        .bind(self.order.as_uuid())
        .fetch_all(&mut *conn)
        .await
        .unwrap();
        assert_eq!(told, events, "{method}");
        drop(conn);
        bench.assert_books_are_right().await;
    }
}

const PAID: (i32, i32, i32) = (99, 0, 1);
const HELD: (i32, i32, i32) = (99, 1, 0);
const FREE: (i32, i32, i32) = (100, 0, 0);

#[tokio::test]
async fn duplicates_are_answered_the_same_and_change_nothing() {
    for method in METHODS {
        let case = Case::of(method).await;
        let mut events = vec!["order.created"];
        if let Some(code) = case.code() {
            assert_eq!(case.bench.deliver_code(&code).await.verdict, Verdict::Accepted);
            assert_eq!(case.bench.deliver_code(&code).await.verdict, Verdict::Repeated);
            events.push("payment.code_issued");
        }
        for expected in [Verdict::Accepted, Verdict::Repeated, Verdict::Repeated] {
            assert_eq!(case.bench.deliver(&case.paid()).await.verdict, expected);
        }
        events.extend(["payment.succeeded", "order.paid"]);
        case.ends(OrderStatus::Paid, PaymentStatus::Succeeded, PAID, &[], &events).await;
    }
}

#[tokio::test]
async fn reordered_notices_end_the_same() {
    for method in METHODS {
        // Paid before its failure, and before its code, are told.
        let case = Case::of(method).await;
        assert_eq!(case.bench.deliver(&case.paid()).await.verdict, Verdict::Accepted);
        assert_eq!(case.bench.deliver(&case.failed()).await.verdict, Verdict::Repeated);
        if let Some(code) = case.code() {
            assert_eq!(case.bench.deliver_code(&code).await.verdict, Verdict::Repeated);
        }
        let events = ["order.created", "payment.succeeded", "order.paid"];
        case.ends(OrderStatus::Paid, PaymentStatus::Succeeded, PAID, &[], &events).await;

        // Failed, and paid all the same: a second card, or a transfer after an error.
        let case = Case::of(method).await;
        assert_eq!(case.bench.deliver(&case.failed()).await.verdict, Verdict::Accepted);
        assert_eq!(case.bench.deliver(&case.paid()).await.verdict, Verdict::Accepted);
        let events = ["order.created", "payment.failed", "payment.succeeded", "order.paid"];
        case.ends(OrderStatus::Paid, PaymentStatus::Succeeded, PAID, &[], &events).await;
    }
}

#[tokio::test]
async fn what_is_not_to_be_believed_is_kept_with_its_verdict_and_changes_nothing() {
    for method in METHODS {
        let case = Case::of(method).await;
        let bench = &case.bench;
        let forged = case.paid().replace("RtnCode=1&", "RtnCode=2&");
        assert_ne!(forged, case.paid());
        let refused = bench.checkout.verify_notice(forged.as_bytes()).unwrap_err();
        assert_eq!(refused, NoticeError::BadSignature);
        let verdict = bench.checkout.refuse_notice(forged.as_bytes(), &refused).await.unwrap();
        assert_eq!(verdict, Verdict::Forged);

        let other =
            ecpay::Merchant::new("2000132", "pwFHCqoQZGmho4w6", "EkRm7iFT261dpevs").unwrap();
        let fields = [("MerchantID", "2000132"), ("MerchantTradeNo", &*case.trade_no)];
        let mac = other.sign(fields);
        let theirs = ecpay::to_form_body(fields.into_iter().chain([("CheckMacValue", &*mac)]));
        let refused = bench.checkout.verify_notice(theirs.as_bytes()).unwrap_err();
        assert_eq!(refused, NoticeError::WrongMerchant("2000132".into()));
        let verdict = bench.checkout.refuse_notice(theirs.as_bytes(), &refused).await.unwrap();
        assert_eq!(verdict, Verdict::WrongMerchant);

        let nonsense = [0, b'a', 0xff];
        let refused = bench.checkout.verify_notice(&nonsense).unwrap_err();
        let verdict = bench.checkout.refuse_notice(&nonsense, &refused).await.unwrap();
        assert_eq!(verdict, Verdict::Malformed);

        for (body, verdict) in [
            (bench.notice(&case.trade_no, case.amount - 1, "1", "0"), Verdict::WrongAmount),
            (bench.notice(&case.trade_no, case.amount, "1", "1"), Verdict::Simulated),
            (bench.notice("00AAAAAAAAAAAAAAAAAA", case.amount, "1", "0"), Verdict::Unknown),
            (bench.notice("somebodyelses1", case.amount, "1", "0"), Verdict::Unknown),
        ] {
            assert_eq!(bench.deliver(&body).await.verdict, verdict, "{method}");
        }
        let kept = "SELECT count(*) FROM payments.refused_notices
                     WHERE (verdict, length(body) > 0) IN (('forged', true), ('malformed', true),
                           ('wrong_merchant', true))";
        assert_eq!(bench.count(kept).await, 3);
        assert_eq!(bench.count("SELECT count(*) FROM payments.notices").await, 4);
        let counted = |verdict| bench.checkout.metrics.notices_with(verdict);
        assert_eq!((counted(Verdict::Forged), counted(Verdict::WrongAmount)), (1, 1));
        assert_eq!((counted(Verdict::Unknown), counted(Verdict::Accepted)), (2, 0));
        let events = ["order.created"];
        let (status, attempt) = (OrderStatus::PendingPayment, PaymentStatus::Pending);
        case.ends(status, attempt, HELD, &[], &events).await;
    }
}

#[tokio::test]
async fn a_flood_of_forged_notices_is_counted_and_not_kept_whole() {
    let bench = Bench::new().await;
    let forged =
        bench.notice("00AAAAAAAAAAAAAAAAAA", 1, "1", "0").replace("TradeAmt=1", "TradeAmt=2");
    let error = bench.checkout.verify_notice(forged.as_bytes()).unwrap_err();
    for _ in 0..70 {
        bench.checkout.refuse_notice(forged.as_bytes(), &error).await.unwrap();
    }
    let kept = "SELECT count(*) FROM payments.refused_notices";
    assert_eq!(bench.count(kept).await, 60);
    assert_eq!(bench.checkout.metrics.notices_with(Verdict::Forged), 70);
    bench.minutes_pass(2);
    bench.checkout.refuse_notice(forged.as_bytes(), &error).await.unwrap();
    assert_eq!(bench.count(kept).await, 61);
}

#[tokio::test]
async fn late_money_before_anybody_ended_the_order_is_in_time() {
    for method in METHODS {
        let case = Case::of(method).await;
        case.time_passes();
        assert_eq!(case.bench.deliver(&case.paid()).await.verdict, Verdict::Accepted);
        assert_eq!(case.bench.end_due().await, 0);
        let events = ["order.created", "payment.succeeded", "order.paid"];
        case.ends(OrderStatus::Paid, PaymentStatus::Succeeded, PAID, &[], &events).await;
    }
}

#[tokio::test]
async fn money_after_expiry_revives_the_order_or_goes_back() {
    for method in METHODS {
        let case = Case::of(method).await;
        case.time_passes();
        assert_eq!(case.bench.end_due().await, 1);
        let ended = ["order.created", "order.cancelled"];
        let (status, attempt) = (OrderStatus::Cancelled, PaymentStatus::Cancelled);
        case.ends(status, attempt, FREE, &[], &ended).await;
        // A failure for what was given up is no news.
        assert_eq!(case.bench.deliver(&case.failed()).await.verdict, Verdict::Repeated);
        assert_eq!(case.bench.deliver(&case.paid()).await.verdict, Verdict::Accepted);
        assert_eq!(case.bench.deliver(&case.paid()).await.verdict, Verdict::Repeated);
        let events = [&ended[..], &["payment.succeeded", "order.paid"]].concat();
        case.ends(OrderStatus::Paid, PaymentStatus::Succeeded, PAID, &[], &events).await;

        // Somebody else has bought all of it meanwhile.
        let case = Case::of(method).await;
        case.time_passes();
        assert_eq!(case.bench.end_due().await, 1);
        let all = case.bench.place(&[(case.bench.shop.tote_large, 100)]).await.order.id;
        assert_eq!(case.bench.deliver(&case.paid()).await.verdict, Verdict::Accepted);
        assert_eq!(case.bench.deliver(&case.paid()).await.verdict, Verdict::Repeated);
        let events = [&ended[..], &["payment.succeeded", "refund.requested"]].concat();
        let (status, attempt) = (OrderStatus::Cancelled, PaymentStatus::Succeeded);
        case.ends(status, attempt, (0, 100, 0), &["stock_gone"], &events).await;
        assert_eq!(case.bench.load(all).await.status, OrderStatus::PendingPayment);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_and_a_cancellation_at_the_same_moment_agree() {
    for method in METHODS {
        let case = Case::of(method).await;
        let paid = case.paid();
        let cancelled = case.bench.checkout.cancel(case.order, Actor::Guest, None);
        let (reply, cancelled) = tokio::join!(case.bench.deliver(&paid), cancelled);
        assert_eq!(reply.verdict, Verdict::Accepted);
        cancelled.unwrap();
        let (status, attempt) =
            (case.bench.load(case.order).await.status, PaymentStatus::Succeeded);
        if status == OrderStatus::Cancelled {
            let events =
                ["order.created", "order.cancelled", "payment.succeeded", "refund.requested"];
            case.ends(status, attempt, FREE, &["order_cancelled"], &events).await;
        } else {
            // It was paid first: what is paid and has not left can be cancelled as well.
            let status = OrderStatus::RefundRequested;
            let events = ["order.created", "payment.succeeded", "order.paid", "refund.requested"];
            case.ends(status, attempt, FREE, &["cancelled"], &events).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_and_expiry_at_the_same_moment_agree() {
    for method in METHODS {
        let case = Case::of(method).await;
        case.time_passes();
        let (paid, node) = (case.paid(), case.bench.another_node());
        let (reply, ended) = tokio::join!(case.bench.deliver(&paid), node.expire_due());
        assert_eq!((reply.verdict, ended.is_ok()), (Verdict::Accepted, true));
        // In time or late, it is paid.
        let loaded = case.bench.load(case.order).await;
        assert_eq!(loaded.status, OrderStatus::Paid, "{method}");
        assert_eq!(case.attempt().await, PaymentStatus::Succeeded);
        let row = case.bench.stock(case.bench.shop.tote_large, case.bench.shop.taipei).await;
        assert_eq!((row.available, row.reserved, row.sold), PAID);
        assert_eq!(case.bench.count("SELECT count(*) FROM payments.refunds").await, 0);
        case.bench.assert_books_are_right().await;
    }
}

#[tokio::test]
async fn a_code_is_kept_shown_and_never_a_payment() {
    for method in ["ecpay_atm", "ecpay_cvs"] {
        let case = Case::of(method).await;
        assert_eq!(case.bench.deliver_code(&case.code().unwrap()).await.verdict, Verdict::Accepted);
        let attempt = case.bench.attempts(case.order).await.remove(0);
        let expected = match method {
            "ecpay_atm" => IssuedCode::Atm {
                bank_code: "808".into(),
                account: "9103522175887271".into(),
                expires_at: "2026-06-04T15:59:59Z".parse().unwrap(),
            },
            _ => IssuedCode::Cvs {
                payment_no: "GW130412257496".into(),
                expires_at: "2026-06-04T02:00:00Z".parse().unwrap(),
            },
        };
        assert_eq!(attempt.code, Some(expected));
        assert_eq!(attempt.provider_trade_no.as_deref(), Some("2606011000001234"));
        let mut conn = case.bench.test.owner().acquire().await.unwrap();
        let seen = queries::orders::detail(&mut conn, case.order).await.unwrap().unwrap();
        let shown = serde_json::to_value(&seen.payments[0].code).unwrap();
        assert_eq!(shown, serde_json::to_value(&attempt.code).unwrap());
        drop(conn);
        let events = ["order.created", "payment.code_issued"];
        let (status, attempt) = (OrderStatus::PendingPayment, PaymentStatus::Pending);
        case.ends(status, attempt, HELD, &[], &events).await;

        // One that could not be issued is a failure of the attempt.
        let case = Case::of(method).await;
        let refused = [("RtnCode", "10200043"), ("ExpireDate", "")];
        let body = case.bench.code_notice(&case.trade_no, case.amount, &refused);
        assert_eq!(case.bench.deliver_code(&body).await.verdict, Verdict::Accepted);
        let events = ["order.created", "payment.failed"];
        let (status, attempt) = (OrderStatus::PendingPayment, PaymentStatus::Failed);
        case.ends(status, attempt, HELD, &[], &events).await;
    }
}
