//! Every flow, broken at every step. Goal: nothing is done by halves, and what was broken can be done
//! again. Method: one table after the other refuses to be written; the flow has to fail and leave
//! nothing behind, or not to need the table. Then it succeeds; and done a second time it is refused and
//! changes nothing.

use checkout::{CheckoutError, after_sale::CarrierWord};
use inventory::Fate;
use kernel::Actor;
use shipping::shipments::ShipmentMove;
use sqlx::AssertSqlSafe;

use crate::bench::Bench;

/// Tables that flows after the sale write.
const TABLES: [&str; 24] = [
    "orders.orders",
    "orders.transitions",
    "orders.edits",
    "orders.cut_lines",
    "orders.purchases",
    "payments.attempts",
    "payments.transitions",
    "payments.refunds",
    "payments.refund_lines",
    "payments.refund_transitions",
    "pricing.coupons",
    "pricing.redemptions",
    "inventory.stock",
    "inventory.movements",
    "inventory.reservations",
    "inventory.reservation_cuts",
    "inventory.fulfilments",
    "inventory.backorders",
    "shipping.shipments",
    "shipping.shipment_lines",
    "shipping.shipment_transitions",
    "shipping.returns",
    "shipping.return_lines",
    "shipping.return_transitions",
];
/// Written by every one of them.
const ALWAYS: &str = "outbox.events";

impl Bench {
    /// Runs this as the owner of the database.
    pub async fn execute(&self, sql: impl Into<String>) {
        let mut conn = self.test.owner().acquire().await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(sql.into())).execute(&mut *conn).await.unwrap();
    }

    async fn refuse_writes(&self, table: &str) {
        self.execute(format!(
            "CREATE OR REPLACE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql
                 AS $$ BEGIN RAISE EXCEPTION 'planted'; END $$;
             CREATE TRIGGER planted BEFORE INSERT OR UPDATE OR DELETE ON {table}
                 FOR EACH STATEMENT EXECUTE FUNCTION public.refuse()"
        ))
        .await;
    }

    async fn allow_writes(&self, table: &str) {
        self.execute(format!("DROP TRIGGER planted ON {table}")).await;
    }

    /// Breaks a flow at every table it writes; returns at how many. The flow is run on a copy of the
    /// moment each time: what does not need the table is undone by hand.
    async fn break_everywhere<T: std::fmt::Debug>(
        &self,
        flow: impl AsyncFn() -> Result<T, CheckoutError>,
        needs: &[&str],
    ) {
        for table in needs.iter().copied().chain([ALWAYS]) {
            let before = self.fingerprint().await;
            self.refuse_writes(table).await;
            let broken = flow().await;
            self.allow_writes(table).await;
            assert!(matches!(broken, Err(CheckoutError::Db(_))), "{table}: {broken:?}");
            assert_eq!(self.fingerprint().await, before, "{table}");
            self.assert_books_are_right().await;
        }
        // And it needs no table that it was not broken at.
        let others = TABLES.iter().copied().filter(|table| !needs.contains(table));
        let others: Vec<&str> = others.collect();
        for table in &others {
            self.refuse_writes(table).await;
        }
        let done = flow().await;
        for table in &others {
            self.allow_writes(table).await;
        }
        assert!(done.is_ok(), "{done:?}");
        self.assert_books_are_right().await;
        // A second time it is refused, and changes nothing.
        let before = self.fingerprint().await;
        let again = flow().await;
        assert!(again.is_err(), "{again:?}");
        assert_eq!(self.fingerprint().await, before);
    }
}

#[tokio::test]
async fn planning_and_sending_a_parcel() {
    let bench = Bench::new().await;
    let (tote, taipei) = (bench.shop.tote_large, bench.shop.taipei);
    let order = bench.bought(&[(tote, 1)]).await;
    let plan = async || bench.plan(order, taipei, &[(1, 1)]).await;
    let planning = [
        "orders.orders",
        "orders.transitions",
        "shipping.shipments",
        "shipping.shipment_lines",
        "shipping.shipment_transitions",
    ];
    bench.break_everywhere(plan, &planning).await;
    let mut conn = bench.test.db().acquire().await.unwrap();
    let parcel = shipping::shipments::of_order(&mut conn, order).await.unwrap()[0].id;
    drop(conn);
    bench.act(parcel, ShipmentMove::Pack).await.unwrap();
    let send = async || bench.act(parcel, ShipmentMove::Ship).await;
    let sending = [
        "orders.orders",
        "orders.transitions",
        "shipping.shipments",
        "shipping.shipment_transitions",
        "inventory.stock",
        "inventory.movements",
        "inventory.fulfilments",
    ];
    bench.break_everywhere(send, &sending).await;
    let deliver = async || bench.act(parcel, ShipmentMove::Deliver).await;
    let delivering = ["orders.orders", "shipping.shipments", "shipping.shipment_transitions"];
    bench.break_everywhere(deliver, &delivering).await;
}

#[tokio::test]
async fn giving_up_a_parcel() {
    let bench = Bench::new().await;
    let order = bench.bought(&[(bench.shop.tote_large, 1)]).await;
    let parcel = bench.plan(order, bench.shop.taipei, &[]).await.unwrap().id;
    let cancel = async || bench.act(parcel, ShipmentMove::Cancel).await;
    let needs = ["shipping.shipments", "shipping.shipment_transitions"];
    bench.break_everywhere(cancel, &needs).await;
}

#[tokio::test]
async fn cancelling_what_is_paid() {
    let bench = Bench::new().await;
    let order = bench.bought(&[(bench.shop.tote_large, 1)]).await;
    bench.plan(order, bench.shop.taipei, &[]).await.unwrap();
    let cancel = async || bench.checkout.cancel(order, Actor::Guest, None).await;
    let needs = [
        "orders.orders",
        "orders.transitions",
        "payments.refunds",
        "payments.refund_transitions",
        "shipping.shipments",
        "shipping.shipment_transitions",
        "inventory.stock",
        "inventory.movements",
        "inventory.fulfilments",
    ];
    bench.break_everywhere(cancel, &needs).await;
}

#[tokio::test]
async fn cancelling_for_operations() {
    let bench = Bench::new().await;
    let order = bench.bought(&[(bench.shop.tote_large, 1)]).await;
    let cancel = async || bench.cancel_paid(order, Fate::WrittenOff).await;
    let needs = [
        "orders.orders",
        "orders.transitions",
        "payments.refunds",
        "payments.refund_transitions",
        "inventory.stock",
        "inventory.movements",
        "inventory.fulfilments",
    ];
    bench.break_everywhere(cancel, &needs).await;
}

#[tokio::test]
async fn calling_off_what_is_paid_at_the_door() {
    let bench = Bench::new().await;
    let (order, _) = bench.by_hand("cash_on_delivery").await;
    let cancel = async || bench.checkout.cancel(order, Actor::Guest, None).await;
    let needs = [
        "orders.orders",
        "orders.transitions",
        "orders.purchases",
        "payments.attempts",
        "payments.transitions",
        "inventory.stock",
        "inventory.movements",
        "inventory.fulfilments",
    ];
    bench.break_everywhere(cancel, &needs).await;
}

#[tokio::test]
async fn taking_something_off() {
    let bench = Bench::new().await;
    let order = bench.bought(&[(bench.shop.tote_large, 3)]).await;
    let cut = async || bench.cut(order, &[(1, 2)]).await;
    let needs = [
        "orders.orders",
        "orders.edits",
        "orders.cut_lines",
        "orders.purchases",
        "payments.refunds",
        "payments.refund_transitions",
        "inventory.stock",
        "inventory.movements",
        "inventory.fulfilments",
    ];
    bench.break_everywhere(cut, &needs).await;
}

#[tokio::test]
async fn taking_something_off_what_is_unpaid() {
    let bench = Bench::new().await;
    let order = bench.place(&[(bench.shop.tote_large, 3)]).await.order.id;
    let cut = async || bench.cut(order, &[(1, 2)]).await;
    let needs = [
        "orders.orders",
        "orders.edits",
        "orders.cut_lines",
        "orders.purchases",
        "inventory.stock",
        "inventory.movements",
        "inventory.reservations",
        "inventory.reservation_cuts",
    ];
    bench.break_everywhere(cut, &needs).await;
}

#[tokio::test]
async fn a_return_from_the_request_to_the_inspection() {
    let bench = Bench::new().await;
    let (order, _) = bench.delivered(&[(bench.shop.tote_large, 2)]).await;
    let ask = async || bench.ask_return(order, &[(1, 2)], Actor::Guest).await;
    let asking = [
        "orders.orders",
        "orders.transitions",
        "shipping.returns",
        "shipping.return_lines",
        "shipping.return_transitions",
    ];
    bench.break_everywhere(ask, &asking).await;
    let mut conn = bench.test.db().acquire().await.unwrap();
    let id = shipping::returns::of_order(&mut conn, order).await.unwrap()[0].id;
    drop(conn);
    let moving = ["shipping.returns", "shipping.return_transitions"];
    bench.break_everywhere(async || bench.decide(id, true).await, &moving).await;
    let arrive = async || bench.arrive(id, &[(1, 2)]).await;
    let arriving = ["shipping.returns", "shipping.return_lines", "shipping.return_transitions"];
    bench.break_everywhere(arrive, &arriving).await;
    let inspect = async || bench.inspect(id, &[(1, [1, 1, 0])]).await;
    let inspecting = [
        "orders.orders",
        "orders.transitions",
        "payments.refunds",
        "payments.refund_transitions",
        "inventory.stock",
        "inventory.movements",
        "inventory.fulfilments",
        "shipping.shipments",
        "shipping.shipment_transitions",
        "shipping.returns",
        "shipping.return_lines",
        "shipping.return_transitions",
    ];
    bench.break_everywhere(inspect, &inspecting).await;
}

#[tokio::test]
async fn a_return_that_is_rejected_or_given_up() {
    let bench = Bench::new().await;
    let (order, _) = bench.delivered(&[(bench.shop.tote_large, 1)]).await;
    let needs =
        ["orders.orders", "orders.transitions", "shipping.returns", "shipping.return_transitions"];
    let first = bench.ask_return(order, &[(1, 1)], Actor::Guest).await.unwrap().id;
    bench.break_everywhere(async || bench.decide(first, false).await, &needs).await;
    let second = bench.ask_return(order, &[(1, 1)], Actor::Guest).await.unwrap().id;
    bench.break_everywhere(async || bench.cancel_return(second).await, &needs).await;
}

#[tokio::test]
async fn a_carriers_word_and_the_end_of_an_order() {
    let bench = Bench::new().await;
    let order = bench.bought(&[(bench.shop.tote_large, 1)]).await;
    let parcel = bench.send_all(order).await;
    bench.name(parcel, "tcat", "9012345678").await;
    let word = CarrierWord {
        carrier: "tcat".into(),
        tracking_number: "9012345678".into(),
        delivered_at: None,
    };
    // Said again it is no news, and no error.
    let listen = async || match bench.checkout.take_carriers_word(&word).await {
        Ok(false) => Err(CheckoutError::OrderNotFound),
        other => other,
    };
    let needs = ["orders.orders", "shipping.shipments", "shipping.shipment_transitions"];
    bench.break_everywhere(listen, &needs).await;
    bench.minutes_pass(8 * 24 * 60);
    let complete = async || match bench.checkout.complete_batch().await {
        Ok(0) => Err(CheckoutError::OrderNotFound),
        other => other,
    };
    bench.break_everywhere(complete, &["orders.orders", "orders.transitions"]).await;
}
