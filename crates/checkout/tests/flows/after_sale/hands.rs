//! The hands of operations, of the warehouse and of a customer who has the goods.

use checkout::{
    Checkout, CheckoutError, OrderEdit, PlannedLine, ReturnAsk, ShipmentPatch, ShipmentPlan,
};
use inventory::{Fate, parts};
use jiff::Timestamp;
use kernel::{
    Actor, Clock as _, Quantity,
    id::{OrderId, ReturnId, ShipmentId, VariantId, WarehouseId},
};
use orders::Order;
use shipping::{
    Carrier, Return, Shipment,
    returns::{Arrival, Finding, ReturnCause},
    shipments::{ShipmentMove, Tracking},
};

use crate::bench::Bench;

pub use crate::desk::staff;

impl Bench {
    /// One change of the back office: a transaction of its own, committed when all went well.
    pub async fn change<T>(
        &self,
        work: impl AsyncFnOnce(&Checkout, &mut pg::Connection, Timestamp) -> Result<T, CheckoutError>,
    ) -> Result<T, CheckoutError> {
        let mut tx = self.test.db().begin().await.unwrap();
        let done = work(&self.checkout, &mut tx, self.test.clock().now()).await?;
        tx.commit().await.unwrap();
        Ok(done)
    }

    /// An order that is paid.
    pub async fn bought(&self, lines: &[(VariantId, i64)]) -> OrderId {
        let order = self.place(lines).await.order.id;
        self.pay(order).await;
        order
    }

    /// Plans a parcel with these lines; none: with everything that is left in the warehouse.
    pub async fn plan(
        &self,
        order: OrderId,
        warehouse: WarehouseId,
        lines: &[(i16, i64)],
    ) -> Result<Shipment, CheckoutError> {
        let line = |(line_no, units): &(i16, i64)| PlannedLine {
            line_no: *line_no,
            variant: None,
            quantity: Quantity::new(*units).unwrap(),
        };
        let lines = lines.iter().map(line).collect();
        let plan = ShipmentPlan { warehouse, lines, tracking: Tracking::default() };
        self.change(async |checkout, conn, now| {
            checkout.create_shipment(conn, order, &plan, staff(), now).await
        })
        .await
    }

    /// Something happens to a parcel.
    pub async fn act(
        &self,
        id: ShipmentId,
        asked: ShipmentMove,
    ) -> Result<Shipment, CheckoutError> {
        let patch = ShipmentPatch { asked: Some(asked), ..ShipmentPatch::default() };
        self.change(async |checkout, conn, now| {
            let done = checkout.change_shipment(conn, id, None, &patch, staff(), now).await;
            done.map(|(_, after)| after)
        })
        .await
    }

    /// A parcel is given to a carrier, with a number.
    pub async fn name(&self, id: ShipmentId, carrier: &str, number: &str) {
        let carrier = Carrier::find(carrier);
        let tracking = Some(Tracking { carrier, number: Some(number.to_owned()) });
        let patch = ShipmentPatch { tracking, ..ShipmentPatch::default() };
        self.change(async |checkout, conn, now| {
            checkout.change_shipment(conn, id, None, &patch, staff(), now).await
        })
        .await
        .unwrap();
    }

    /// Packs a parcel and hands it over.
    pub async fn send(&self, id: ShipmentId) {
        self.act(id, ShipmentMove::Pack).await.unwrap();
        self.act(id, ShipmentMove::Ship).await.unwrap();
    }

    /// Sends all of an order in one parcel from Taipei.
    pub async fn send_all(&self, order: OrderId) -> ShipmentId {
        let parcel = self.plan(order, self.shop.taipei, &[]).await.unwrap();
        self.send(parcel.id).await;
        parcel.id
    }

    /// An order that was sent whole, and has arrived.
    pub async fn delivered(&self, lines: &[(VariantId, i64)]) -> (OrderId, ShipmentId) {
        let order = self.bought(lines).await;
        let parcel = self.send_all(order).await;
        self.act(parcel, ShipmentMove::Deliver).await.unwrap();
        (order, parcel)
    }

    pub async fn cancel_paid(&self, order: OrderId, fate: Fate) -> Result<Order, CheckoutError> {
        self.change(async |checkout, conn, now| {
            let reason = "ran over by a forklift";
            checkout.cancel_for_operations(conn, order, fate, reason, staff(), now).await
        })
        .await
    }

    /// Takes units off: each line with what stays.
    pub async fn cut(&self, order: OrderId, lines: &[(i16, u32)]) -> Result<Order, CheckoutError> {
        let seen = self.version(order).await;
        let asked =
            OrderEdit { address: None, lines: lines.to_vec(), reason: "sold out after all" };
        self.change(async |checkout, conn, now| {
            let done = checkout.edit_order(conn, order, seen, &asked, staff(), now).await;
            done.map(|(_, after)| after)
        })
        .await
    }

    pub async fn version(&self, order: OrderId) -> i64 {
        let mut conn = self.test.db().acquire().await.unwrap();
        orders::edit::version(&mut conn, order).await.unwrap()
    }

    /// Somebody wants to send units of lines back.
    pub async fn ask_return(
        &self,
        order: OrderId,
        lines: &[(i16, i64)],
        actor: Actor,
    ) -> Result<Return, CheckoutError> {
        let line = |(line_no, units): &(i16, i64)| (*line_no, Quantity::new(*units).unwrap());
        let lines = lines.iter().map(line).collect();
        let ask = ReturnAsk { cause: ReturnCause::ChangedMind, reason: "too small", lines };
        self.change(async |checkout, conn, now| {
            checkout.request_return(conn, order, &ask, actor, now).await
        })
        .await
    }

    pub async fn decide(&self, id: ReturnId, approved: bool) -> Result<Return, CheckoutError> {
        self.change(async |checkout, conn, now| {
            let decision = (approved, Some("send it to Taipei"));
            let done = checkout.decide_return(conn, id, None, decision, staff(), now).await;
            done.map(|(_, after)| after)
        })
        .await
    }

    pub async fn arrive(
        &self,
        id: ReturnId,
        lines: &[(i16, i32)],
    ) -> Result<Return, CheckoutError> {
        let arrival =
            |(line_no, received): &(i16, i32)| Arrival { line_no: *line_no, received: *received };
        let arrived: Vec<_> = lines.iter().map(arrival).collect();
        self.change(async |checkout, conn, now| {
            let done = checkout.receive_return(conn, id, None, &arrived, staff(), now).await;
            done.map(|(_, after)| after)
        })
        .await
    }

    /// What was found: of each line, restocked, written off, refused.
    pub async fn inspect(
        &self,
        id: ReturnId,
        lines: &[(i16, [i32; 3])],
    ) -> Result<Return, CheckoutError> {
        let finding = |(line_no, [restocked, written_off, refused]): &(i16, [i32; 3])| Finding {
            line_no: *line_no,
            restocked: *restocked,
            written_off: *written_off,
            refused: *refused,
            note: (*written_off > 0).then(|| "a crack in the handle".to_owned()),
        };
        let found: Vec<_> = lines.iter().map(finding).collect();
        self.change(async |checkout, conn, now| {
            let done = checkout.inspect_return(conn, id, None, &found, staff(), now).await;
            done.map(|(_, after)| after)
        })
        .await
    }

    pub async fn cancel_return(&self, id: ReturnId) -> Result<Return, CheckoutError> {
        self.change(async |checkout, conn, now| {
            let done = checkout.cancel_return(conn, id, None, None, Actor::Guest, now).await;
            done.map(|(_, after)| after)
        })
        .await
    }

    /// A return that has arrived whole.
    pub async fn arrived(&self, order: OrderId, lines: &[(i16, i64)]) -> ReturnId {
        let back = self.ask_return(order, lines, Actor::Guest).await.unwrap();
        self.decide(back.id, true).await.unwrap();
        let came: Vec<_> =
            lines.iter().map(|(line, units)| (*line, i32::try_from(*units).unwrap())).collect();
        self.arrive(back.id, &came).await.unwrap();
        back.id
    }

    /// Of each line and warehouse: bought, shipped, returned, withdrawn.
    pub async fn fulfilments(&self, order: OrderId) -> Vec<[i32; 4]> {
        let mut conn = self.test.db().acquire().await.unwrap();
        let all = parts::fulfilments(&mut conn, &[order]).await.unwrap();
        all.iter().map(|it| [it.quantity, it.shipped, it.returned, it.withdrawn]).collect()
    }

    /// What goes back of an order's money: the amounts, the first one first.
    pub async fn refunds(&self, order: OrderId) -> Vec<i64> {
        let mut conn = self.test.owner().acquire().await.unwrap();
        sqlx::query_scalar("SELECT amount FROM payments.refunds WHERE order_id = $1 ORDER BY id")
            .bind(order.as_uuid())
            .fetch_all(&mut *conn)
            .await
            .unwrap()
    }

    /// Everything the database holds, as one text that changes with every write.
    pub async fn fingerprint(&self) -> String {
        self.test.fingerprint(&[]).await
    }
}

/// The code of a refusal, in a word that tests compare.
pub fn refusal<T: std::fmt::Debug>(answer: Result<T, CheckoutError>) -> String {
    match answer {
        Err(CheckoutError::AfterSale(error)) => {
            let text = format!("{error:?}");
            let end = text.find([' ', '(', '{']).unwrap_or(text.len());
            text[..end].to_owned()
        }
        Err(CheckoutError::InvalidTransition(invalid)) => {
            format!("{:?} from {:?}", invalid.asked, invalid.from)
        }
        other => panic!("not refused: {other:?}"),
    }
}
