//! A small shop, and the hands of whoever moves its stock.

use inventory::{
    Balance, Cause, InventoryError, Ledger, MovementKind, Reservation, ReservationStatus,
    SaveContext, StockError, StockKey, reservations,
};
use kernel::{
    Actor,
    id::{OrderId, VariantId, WarehouseId},
};
use serde_json::Value;
use testkit::{TestDb, seed::Shop};

pub struct Bench {
    pub test: TestDb,
    pub shop: Shop,
}

impl Bench {
    pub async fn new() -> Self {
        let test = TestDb::new().await;
        let shop = Shop::small(&test).await;
        Self { test, shop }
    }

    pub fn cause(&self) -> Cause<'static> {
        let at = self.test.shared_clock().now();
        Cause { actor: Actor::System, reference: None, reason: None, at }
    }

    /// Changes locked rows and saves them; commits when all went well.
    pub async fn change(
        &self,
        variants: &[VariantId],
        how: impl FnOnce(&mut Ledger) -> Result<(), StockError>,
    ) -> Result<(), InventoryError> {
        let clock = self.test.shared_clock();
        let context = SaveContext { clock: &*clock, ids: self.test.ids() };
        let mut tx = self.test.db().begin().await.unwrap();
        let mut ledger = inventory::lock(&mut tx, variants).await?;
        how(&mut ledger)?;
        inventory::save(&mut tx, ledger, &context).await?;
        tx.commit().await.unwrap();
        Ok(())
    }

    /// An order that holds units of single lines, 1, 2, …
    pub async fn order(&self, lines: &[(VariantId, WarehouseId, i32)]) -> OrderId {
        let clock = self.test.shared_clock();
        let order: OrderId = self.test.ids().next_on(&*clock, lines[0].0.shard());
        let variants: Vec<_> = lines.iter().map(|line| line.0).collect();
        let context = SaveContext { clock: &*clock, ids: self.test.ids() };
        let mut tx = self.test.db().begin().await.unwrap();
        let mut ledger = inventory::lock(&mut tx, &variants).await.unwrap();
        let mut held = Vec::new();
        for (line_no, (variant, warehouse, quantity)) in (1..).zip(lines) {
            let key = StockKey { variant: *variant, warehouse: *warehouse };
            let cause = Cause { reference: Some(order.as_uuid()), ..self.cause() };
            let before = ledger.apply(key, MovementKind::Reserve, *quantity, &cause).unwrap();
            held.push(Reservation {
                order,
                line_no,
                key,
                quantity: *quantity,
                available_before: before,
                status: ReservationStatus::Active,
                expires_at: clock.now(),
                created_at: clock.now(),
            });
        }
        reservations::insert(&mut tx, &held).await.unwrap();
        inventory::save(&mut tx, ledger, &context).await.unwrap();
        tx.commit().await.unwrap();
        order
    }

    /// The order is paid.
    pub async fn confirm(&self, order: OrderId) -> usize {
        let clock = self.test.shared_clock();
        let context = SaveContext { clock: &*clock, ids: self.test.ids() };
        let mut tx = self.test.db().begin().await.unwrap();
        let confirmed =
            inventory::confirm(&mut tx, &[order], Actor::System, clock.now(), &context).await;
        tx.commit().await.unwrap();
        confirmed.unwrap()
    }

    /// What the order holds or held: quantities and words, in line order.
    pub async fn held(&self, order: OrderId) -> Vec<(i32, &'static str)> {
        let mut conn = self.test.db().acquire().await.unwrap();
        let rows = reservations::of_orders(&mut conn, &[order]).await.unwrap();
        rows.iter().map(|it| (it.quantity, it.status.as_str())).collect()
    }

    /// Total, available, reserved, sold.
    pub async fn stock(&self, variant: VariantId, warehouse: WarehouseId) -> [i32; 4] {
        let mut conn = self.test.db().acquire().await.unwrap();
        let rows = inventory::balances(&mut conn, variant).await.unwrap();
        let row = rows.iter().find(|row| row.key.warehouse == warehouse).unwrap();
        let Balance { total, available, reserved, sold } = row.balance;
        [total, available, reserved, sold]
    }

    /// The data of all events of a kind, oldest first.
    pub async fn events(&self, kind: &str) -> Vec<Value> {
        let mut conn = self.test.owner().acquire().await.unwrap();
        sqlx::query_scalar("SELECT data::jsonb FROM outbox.events WHERE type = $1 ORDER BY id")
            .bind(kind)
            .fetch_all(&mut *conn)
            .await
            .unwrap()
    }
}
