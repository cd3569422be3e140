//! Whether anything was written at all.

use sqlx::AssertSqlSafe;

use crate::TestDb;

impl TestDb {
    /// Everything the database holds but for these tables (`schema.table`), as one text that changes
    /// with every write.
    ///
    /// # Panics
    /// When it cannot be read.
    pub async fn fingerprint(&self, but: &[&str]) -> String {
        let mut conn = self.owner().acquire().await.unwrap();
        let tables: Vec<String> = sqlx::query_scalar(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
              WHERE schemaname NOT IN ('pg_catalog', 'information_schema', 'public')
                AND schemaname || '.' || tablename <> ALL ($1)",
        )
        .bind(but)
        .fetch_all(&mut *conn)
        .await
        .unwrap();
        assert!(tables.len() > 25, "{tables:?}");
        let each = tables.iter().map(|table| {
            // Whatever is written has a new transaction, and what is deleted is missing.
            format!(
                "SELECT '{table} ' || count(*) || ':' || coalesce(max(xmin::text::bigint), 0) AS h
                 FROM {table}"
            )
        });
        let all = each.collect::<Vec<_>>().join(" UNION ALL ");
        // PostgreSQL may read the tables side by side, and then they come as they are ready.
        let sql = format!("SELECT string_agg(h, ', ' ORDER BY h) FROM ({all}) AS s");
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut *conn).await.unwrap()
    }
}
