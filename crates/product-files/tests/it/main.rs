//! Files of products on a real database.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod background;
mod bad_rows;
mod round_trip;
mod shopify;
mod taking;

use catalog::{EditContext, StoredProduct};
use futures::{TryStreamExt as _, future::BoxFuture};
use kernel::{Clock as _, Locale};
use pg::{Connection, DbResult};
use product_files::{Format, Import, Recorder, Report, Rules, Tally};
use testkit::TestDb;
use uuid::Uuid;

/// Nobody asks afterwards who it was.
struct Unrecorded;

impl Recorder for Unrecorded {
    fn record<'a>(
        &'a self,
        _: &'a mut Connection,
        _: Uuid,
        _: &'a Tally,
    ) -> BoxFuture<'a, DbResult<()>> {
        Box::pin(async { Ok(()) })
    }
}

/// The rules that tests begin with: new categories are made.
fn rules(format: Format) -> Rules {
    Rules { format, create_categories: true, ..Rules::default() }
}

/// Takes a file in pieces of an odd size.
async fn import(db: &TestDb, rules: Rules, text: &str) -> Report {
    let clock = db.clock();
    let context = EditContext { clock: &*clock, ids: db.ids() };
    let mut import = Import::new(db.db(), rules, context, &Unrecorded);
    for piece in text.as_bytes().chunks(777) {
        import.push(piece).await.unwrap();
    }
    import.finish().await.unwrap()
}

async fn export(db: &TestDb, format: Format, language: Locale) -> String {
    let products = product_files::export(db.db().clone(), format, language, db.clock().now());
    let pieces: Vec<bytes::Bytes> = products.try_collect().await.unwrap();
    String::from_utf8(pieces.concat()).unwrap()
}

async fn product(db: &TestDb, slug: &str) -> StoredProduct {
    let mut conn = db.db().acquire().await.unwrap();
    let found = catalog::find_products(&mut conn, &[], &[slug.to_owned()]).await.unwrap();
    found.into_iter().next().unwrap()
}

async fn count(db: &TestDb, sql: &'static str) -> i64 {
    let mut conn = db.owner().acquire().await.unwrap();
    sqlx::query_scalar(sql).fetch_one(&mut *conn).await.unwrap()
}

/// Added, changed, unchanged, refused.
fn sums(report: &Report) -> [u64; 4] {
    assert_eq!(report.products, report.tally().products());
    [report.added, report.changed, report.unchanged, report.refused]
}
