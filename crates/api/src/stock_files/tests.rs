use std::fmt::Write as _;

use ::inventory::{Cause, SaveContext, bulk::Units};
use kernel::{Actor, id::VariantId};
use proptest::prelude::*;
use testkit::{TestDb, seed};
use uuid::Uuid;

use super::*;

fn read(text: &str) -> Sheet {
    let mut reader = Reader::default();
    reader.push(text.as_bytes());
    reader.finish()
}

fn mistakes(text: &str) -> Vec<(u64, usize, String)> {
    read(text).errors.into_iter().map(|it| (it.line, it.column, it.detail)).collect()
}

#[test]
fn a_file_from_a_spreadsheet_is_read() {
    let sheet = read(
        "\u{feff}SKU,Warehouse,total,available,safety_stock, reason\r\n\
         MUG-WHITE,TPE,12,3,,\"counted\r\ntwice, \"\"really\"\"\"\r\n\
         \r\n\
         '-ODD,KHH,,9,4,\r\n",
    );
    assert_eq!((sheet.rejected, sheet.places), (0, [1, 2, 3]));
    let expected = [
        SheetLine {
            line: 2,
            sku: "MUG-WHITE".into(),
            warehouse: "TPE".into(),
            units: Some(Units::Total(12)),
            safety_stock: None,
            reason: Some("counted\r\ntwice, \"really\"".into()),
        },
        SheetLine {
            line: 5,
            sku: "-ODD".into(),
            warehouse: "KHH".into(),
            units: None,
            safety_stock: Some(4),
            reason: None,
        },
    ];
    assert_eq!(sheet.lines, expected);
}

#[test]
fn a_file_that_cannot_be_understood_is_refused_as_a_whole() {
    for (text, line, column, detail) in [
        ("", 1, 1, "has no lines"),
        ("\u{feff}", 1, 1, "has no lines"),
        ("sku,total\nA,1\n", 1, 1, "`sku` and `warehouse`"),
        ("sku,warehouse\nA,TPE\n", 1, 1, "no `total`"),
        ("sku,warehouse,total,by\nA,TPE,1,1\n", 1, 4, "cannot both"),
        ("sku,warehouse,total,price\nA,TPE,1,1\n", 1, 4, "no column `price`"),
        ("sku,warehouse,total,SKU\nA,TPE,1,A\n", 1, 4, "`SKU` is there twice"),
        ("sku;warehouse;total\nA;TPE;1\n", 1, 1, "no column `sku;warehouse;total`"),
    ] {
        let found = mistakes(text);
        assert_eq!(found.len(), 1, "{text:?}: {found:?}");
        assert_eq!((found[0].0, found[0].1), (line, column), "{text:?}");
        assert!(found[0].2.contains(detail), "{text:?}: {found:?}");
        assert_eq!((read(text).lines, read(text).unusable), (vec![], true));
    }
}

#[test]
fn every_bad_row_is_named_with_its_place() {
    let head = "sku,warehouse,by,safety_stock,reason\n";
    let whole = "must be a whole number from";
    for (row, column, detail) in [
        (",TPE,1,,x", 1, "must not be empty"),
        ("A,,1,,x", 2, "must not be empty"),
        ("A,TPE,one,,x", 3, whole),
        ("A,TPE,1.0,,x", 3, whole),
        ("A,TPE,1000000001,,x", 3, whole),
        ("A,TPE,-1000000001,,x", 3, whole),
        ("A,TPE,99999999999999999999,,x", 3, whole),
        ("A,TPE,1,-1,x", 4, whole),
        ("A,TPE,1,\"1,000\",x", 4, whole),
        ("A,TPE,1", 3, "has 3 fields, and the first line has 5"),
        ("A,TPE,1,,x,y", 5, "has 6 fields, and the first line has 5"),
        ("A,TPE,1,,\0", 5, "is not UTF-8 text"),
    ] {
        let found = mistakes(&format!("{head}GOOD,TPE,1,,x\n{row}\nGOOD,KHH,-1,2,x"));
        assert_eq!(found.len(), 1, "{row}: {found:?}");
        assert_eq!((found[0].0, found[0].1), (3, column), "{row}");
        assert!(found[0].2.contains(detail), "{row}: {found:?}");
    }
    let long = format!("{head}A,TPE,1,,{}\nB,TPE,1,,{}", "數".repeat(200), "數".repeat(201));
    assert_eq!(mistakes(&long), [(3, 5, "has at most 200 characters".into())]);
    let mut reader = Reader::default();
    reader.push(b"sku,warehouse,total\nA,\xff,1\n");
    assert_eq!(reader.finish().errors[0].column, 2);
}

#[test]
fn mistakes_without_end_are_counted_and_rows_without_end_refused() {
    let bad = format!("sku,warehouse,total\n{}", "A,TPE,x\n".repeat(MAX_ERRORS + 5));
    let sheet = read(&bad);
    assert_eq!((sheet.errors.len(), sheet.rejected), (MAX_ERRORS, MAX_ERRORS + 5));
    let most = format!("sku,warehouse,total\n{}", "A,TPE,1\n".repeat(MAX_ROWS));
    assert_eq!((read(&most).lines.len(), read(&most).rejected), (MAX_ROWS, 0));
    let more = format!("{most}A,TPE,1\nA,TPE,1\n");
    let sheet = read(&more);
    assert_eq!((sheet.lines.len(), sheet.rejected), (MAX_ROWS, 1));
    assert_eq!(sheet.errors[0].line, u64::try_from(MAX_ROWS).unwrap() + 2);
}

proptest! {
    /// However a file is cut in pieces, it is the same file.
    #[test]
    fn pieces_make_no_difference(
        rows in prop::collection::vec("[A-C\"\n\r,' 1-3]{0,12}", 0..8),
        cuts in prop::collection::vec(1..9_usize, 0..40),
    ) {
        let text = format!("sku,warehouse,total,reason\n{}", rows.join("\n"));
        let whole = read(&text);
        let (mut reader, mut rest) = (Reader::default(), text.as_bytes());
        for cut in cuts {
            let (piece, after) = rest.split_at(cut.min(rest.len()));
            reader.push(piece);
            rest = after;
        }
        reader.push(rest);
        prop_assert_eq!(reader.finish(), whole);
    }
}

/// A hundred thousand rows, as large as a file may be: all are taken, and the ledger explains each.
#[tokio::test]
async fn a_hundred_thousand_rows_are_taken_at_once() {
    let test = TestDb::new().await;
    let shop = seed::Shop::small(&test).await;
    let mut conn = test.owner().acquire().await.unwrap();
    sqlx::query(
        "INSERT INTO catalog.variants (id, product_id, sku, name_zh, name_en, price, position)
         SELECT overlay(gen_random_uuid()::text PLACING '7' FROM 15)::uuid, $1, 'BULK-' || n, '', ''
              , 1, n + 10
           FROM generate_series(1, 50000) AS n",
    )
    .bind(shop.mug.as_uuid())
    .execute(&mut *conn)
    .await
    .unwrap();
    let mut sheet = "sku,warehouse,total,safety_stock,reason\n".to_owned();
    for n in 1..=50_000 {
        for code in ["TPE", "KHH"] {
            writeln!(sheet, "BULK-{n},{code},{},3,opening stock", n % 100).unwrap();
        }
    }
    let clock = test.shared_clock();
    let context = SaveContext { clock: &*clock, ids: test.ids() };
    let cause = Cause { actor: Actor::System, reference: None, reason: None, at: clock.now() };
    let began = std::time::Instant::now();
    let mut reader = Reader::default();
    for piece in sheet.as_bytes().chunks(16 * 1024) {
        reader.push(piece);
    }
    let sheet = reader.finish();
    let read_in = began.elapsed();
    let mut tx = test.db().begin().await.unwrap();
    let rules = Rules::default();
    let id = Uuid::from_u128(7);
    let report = import(&mut tx, sheet, &rules, id, &cause, &context).await.unwrap();
    tx.commit().await.unwrap();
    println!("100,000 rows: read in {read_in:?}, taken in {:?}", began.elapsed());
    assert_eq!((report.rows, report.changed, report.rejected), (100_000, 100_000, 0));
    assert!(report.accepted);
    // A thousand of each remainder, each with units but those of none, and its level.
    let sums: (i64, i64, i64) = sqlx::query_as(
        "SELECT count(*), sum(total)::bigint, sum(version)::bigint FROM inventory.stock
          WHERE safety_stock = 3",
    )
    .fetch_one(&mut *conn)
    .await
    .unwrap();
    assert_eq!(sums, (100_000, 1_000 * (0..100).sum::<i64>(), 99_000 * 2 + 1_000));
    let movements: i64 =
        sqlx::query_scalar("SELECT count(*) FROM inventory.movements WHERE reference_id = $1")
            .bind(id)
            .fetch_one(&mut *conn)
            .await
            .unwrap();
    assert_eq!(movements, 199_000);
    test.assert_ledger_balanced().await;
}

async fn stock_of(test: &TestDb, variant: VariantId) -> Vec<(i32, i32)> {
    let mut conn = test.db().acquire().await.unwrap();
    let rows = ::inventory::balances(&mut conn, variant).await.unwrap();
    rows.iter().map(|row| (row.balance.total, row.safety_stock)).collect()
}

#[tokio::test]
async fn what_was_exported_is_taken_back_and_changes_nothing() {
    use futures::TryStreamExt as _;
    let test = TestDb::new().await;
    let shop = seed::Shop::small(&test).await;
    let pieces: Vec<axum::body::Bytes> = export(test.db().clone()).try_collect().await.unwrap();
    let sheet = pieces.concat();
    let told = String::from_utf8(sheet.clone()).unwrap();
    assert_eq!(
        told,
        "\u{feff}sku,warehouse,total,available,reserved,sold,safety_stock\n\
         MUG-BLACK,TPE,1,1,0,0,0\n\
         MUG-WHITE,KHH,5,5,0,0,0\n\
         MUG-WHITE,TPE,10,10,0,0,0\n\
         TOTE-L,TPE,100,100,0,0,0\n\
         TOTE-OLD,TPE,5,5,0,0,0\n\
         TOTE-S,TPE,0,0,0,0,0\n"
    );
    let mut reader = Reader::default();
    reader.push(&sheet);
    let clock = test.shared_clock();
    let context = SaveContext { clock: &*clock, ids: test.ids() };
    let cause = Cause { actor: Actor::System, reference: None, reason: None, at: clock.now() };
    let rules = Rules { reason: Some("round trip".into()), ..Rules::default() };
    let mut tx = test.db().begin().await.unwrap();
    let sheet = reader.finish();
    let report = import(&mut tx, sheet, &rules, Uuid::nil(), &cause, &context).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!((report.changed, report.unchanged, report.rejected), (0, 6, 0));
    assert_eq!(stock_of(&test, shop.mug_white).await, [(10, 0), (5, 0)]);
}
