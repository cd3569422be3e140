//! Trials, all or nothing, and interruptions.

use std::{
    fmt::Write as _,
    sync::{Mutex, PoisonError},
};

use catalog::EditContext;
use futures::future::BoxFuture;
use kernel::Locale;
use pg::{Connection, DbResult};
use product_files::{BATCH, Format, Import, Recorder, Rules, Tally};
use testkit::{TestDb, seed::Shop};
use uuid::Uuid;

use super::{Unrecorded, count, export, import, rules, sums};

const ROWS: &str = "SELECT (SELECT count(*) FROM catalog.products)
    + (SELECT count(*) FROM catalog.variants) + (SELECT count(*) FROM catalog.categories)
    + (SELECT count(*) FROM outbox.events) + (SELECT sum(version)::bigint FROM catalog.products)";

/// Remembers what each transaction is said to have done.
#[derive(Default)]
struct Remembering(Mutex<Vec<Tally>>);

impl Recorder for Remembering {
    fn record<'a>(
        &'a self,
        _: &'a mut Connection,
        _: Uuid,
        done: &'a Tally,
    ) -> BoxFuture<'a, DbResult<()>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(*done);
        Box::pin(async { Ok(()) })
    }
}

/// So many products with three variants each.
pub fn many(products: usize) -> String {
    let mut text = "Handle,Title,Body (HTML),Type,Tags,Option1 Name,Option1 Value,Variant SKU,\
                    Variant Price,Status\n"
        .to_owned();
    for n in 0..products {
        for (place, size) in ["S", "M", "L"].into_iter().enumerate() {
            let first = if place == 0 {
                format!("Product {n},<p>Number <b>{n}</b>.</p>,things,\"a, b\",Size")
            } else {
                ",,,,".into()
            };
            let price = n % 900 + 100;
            let status = if place == 0 { "active" } else { "" };
            writeln!(text, "product-{n:06},{first},{size},P{n}-{size},{price}.00,{status}")
                .unwrap();
        }
    }
    text
}

#[tokio::test]
async fn a_trial_says_what_would_be_and_changes_nothing() {
    let db = TestDb::new().await;
    Shop::small(&db).await;
    let before = count(&db, ROWS).await;
    let text = format!("{}mug,Other Mug,,,,,,,,\n", many(BATCH + 1));
    let trial = Rules { dry_run: true, ..rules(Format::Csv) };
    let report = import(&db, trial, &text).await;
    assert_eq!((sums(&report), report.categories_added), ([201, 1, 0, 0], 1));
    assert_eq!((report.written, report.dry_run), (false, true));
    assert_eq!(count(&db, ROWS).await, before);
    let report = import(&db, rules(Format::Csv), &text).await;
    assert_eq!((sums(&report), report.written), ([201, 1, 0, 0], true));
}

#[tokio::test]
async fn a_bad_row_refuses_its_product_or_strictly_the_file() {
    let db = TestDb::new().await;
    Shop::small(&db).await;
    let before = count(&db, ROWS).await;
    let text = many(BATCH + 2).replace("P7-M,107.00", "P7-M,107.50");
    let strict = Rules { strict: true, ..rules(Format::Csv) };
    let report = import(&db, strict.clone(), &text).await;
    assert_eq!((sums(&report), report.written), ([201, 0, 0, 1], false));
    let told: Vec<(u64, &str)> =
        report.errors.iter().map(|it| (it.line, it.product.as_str())).collect();
    assert_eq!(told, [(24, "product-000007")]);
    assert_eq!(count(&db, ROWS).await, before);
    let report = import(&db, rules(Format::Csv), &text).await;
    assert_eq!((sums(&report), report.written), ([201, 0, 0, 1], true));
    let report = import(&db, strict, &many(BATCH + 2)).await;
    assert_eq!((sums(&report), report.written), ([1, 0, 201, 0], true));
}

#[tokio::test]
async fn an_interrupted_import_goes_on_and_ends_the_same() {
    let (broken, whole) = (TestDb::new().await, TestDb::new().await);
    let text = many(2 * BATCH + 50);
    {
        let clock = broken.clock();
        let context = EditContext { clock: &*clock, ids: broken.ids() };
        let mut import = Import::new(broken.db(), rules(Format::Csv), context, &Unrecorded);
        // More than a transaction's worth, and less than two.
        import.push(&text.as_bytes()[..text.len() * 3 / 5]).await.unwrap();
        assert_eq!(sums(import.so_far()), [200, 0, 0, 0]);
    }
    let written = "SELECT count(*) FROM catalog.products";
    assert_eq!(count(&broken, written).await, 200);
    assert_eq!(sums(&import(&broken, rules(Format::Csv), &text).await), [250, 0, 200, 0]);
    assert_eq!(sums(&import(&whole, rules(Format::Csv), &text).await), [450, 0, 0, 0]);
    let [one, other] = [&broken, &whole].map(|db| export(db, Format::Csv, Locale::ZhTw));
    assert_eq!(one.await, other.await);
    for db in [&broken, &whole] {
        let events = "SELECT count(*) FROM outbox.events WHERE type LIKE 'product.%'";
        assert_eq!(count(db, events).await, 900, "each is created and published, once");
        let versions = "SELECT max(version) FROM catalog.products";
        assert_eq!(count(db, versions).await, 1);
    }
    // Again: no row, no event, and the catalogue's revision stands.
    let before = count(&whole, ROWS).await;
    let revision = count(&whole, "SELECT number FROM catalog.revision").await;
    assert_eq!(sums(&import(&whole, rules(Format::Csv), &text).await), [0, 0, 450, 0]);
    assert_eq!(count(&whole, ROWS).await, before);
    assert_eq!(count(&whole, "SELECT number FROM catalog.revision").await, revision);
}

/// Two products, of which the first goes with the second.
pub fn pair() -> String {
    let product = |number: u8, related: &str| {
        format!(
            "{{\"id\": \"01990000-0000-7000-8000-00000000008{number}\", \"slug\": \"pair-{number}\",
               \"category\": \"kitchen\", \"name\": {{\"zh_tw\": \"杯\", \"en\": \"Cup\"}},
               \"variants\": [{{\"sku\": \"PAIR-{number}\",
                   \"price\": {{\"amount\": 100, \"currency\": \"TWD\"}}}}],
               \"related\": [{related}]}}"
        )
        .replace('\n', " ")
    };
    let second = "\"01990000-0000-7000-8000-000000000082\"";
    format!("{}\n{}\n", product(1, second), product(2, ""))
}

#[tokio::test]
async fn what_goes_with_products_further_down_is_set_and_recorded() {
    let db = TestDb::new().await;
    Shop::small(&db).await;
    let clock = db.clock();
    let recorder = Remembering::default();
    let context = EditContext { clock: &*clock, ids: db.ids() };
    let mut import = Import::new(db.db(), rules(Format::Jsonl), context, &recorder);
    import.push(pair().as_bytes()).await.unwrap();
    let report = import.finish().await.unwrap();
    assert_eq!((report.errors.as_slice(), sums(&report)), (&[][..], [2, 0, 0, 0]));
    let related = "SELECT count(*) FROM catalog.related_products";
    assert_eq!(count(&db, related).await, 1);
    let told = recorder.0.into_inner().unwrap();
    let expected =
        [Tally { added: 2, ..Tally::default() }, Tally { changed: 1, ..Tally::default() }];
    assert_eq!(told, expected, "no change without its entry");
}
