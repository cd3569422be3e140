//! What every test that moves stock may check at its end.

use crate::TestDb;

impl TestDb {
    /// Every balance is the sum of its movements, and every active reservation is in `reserved`.
    ///
    /// # Panics
    /// When it is not so; the message names the rows.
    pub async fn assert_ledger_balanced(&self) {
        let mut conn = self.owner().acquire().await.unwrap();
        let wrong: Vec<String> = sqlx::query_scalar(
            "SELECT format('variant %s in warehouse %s: balance (%s, %s, %s, %s) v%s, ledger (%s, %s, %s, %s) v%s, held %s',
                    variant_id, warehouse_id, s.total, s.available, s.reserved, s.sold, s.version,
                    m.total, m.available, m.reserved, m.sold, m.version, coalesce(r.held, 0))
             FROM inventory.stock s
             FULL JOIN (
                 SELECT variant_id, warehouse_id, sum(d_total) AS total,
                        sum(d_available) AS available, sum(d_reserved) AS reserved,
                        sum(d_sold) AS sold, count(*) AS version
                 FROM inventory.movements GROUP BY variant_id, warehouse_id
             ) m USING (variant_id, warehouse_id)
             FULL JOIN (
                 SELECT variant_id, warehouse_id, sum(quantity) AS held
                 FROM inventory.reservations WHERE status = 'active'
                 GROUP BY variant_id, warehouse_id
             ) r USING (variant_id, warehouse_id)
             WHERE (s.total, s.available, s.reserved, s.sold, s.version, s.reserved)
                 IS DISTINCT FROM
                 (coalesce(m.total, 0), coalesce(m.available, 0), coalesce(m.reserved, 0),
                  coalesce(m.sold, 0), coalesce(m.version, 0), coalesce(r.held, 0))",
        )
        .fetch_all(&mut *conn)
        .await
        .unwrap();
        assert!(wrong.is_empty(), "the ledger does not add up:\n{}", wrong.join("\n"));
    }
}
