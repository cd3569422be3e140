//! Files in the background: their progress, and that whoever goes on does nothing twice.

use catalog::{CatalogError, ImportFailure, ImportStatus, ProductImport, Sender};
use jiff::SignedDuration;
use kernel::{
    Clock as _, Locale,
    id::{ProductImportId, UserId},
};
use pg::DbError;
use product_files::{BATCH, End, Format, Rules, Runner, Step, Upload, notes_of, shown};
use testkit::{TestDb, seed::Shop};

use super::{
    count, export, import, rules,
    taking::{many, pair},
};

/// Changes of the catalogue that the audit log tells.
const RECORDED: &str = "SELECT count(*) FROM audit.entries WHERE target_id = '*'";
const PRODUCTS: &str = "SELECT count(*) FROM catalog.products";
const EVENTS: &str = "SELECT count(*) FROM outbox.events WHERE type LIKE 'product.%'";

fn runner(db: &TestDb) -> Runner {
    Runner::new(db.db().clone(), db.shared_clock(), db.ids().clone())
}

fn sender(db: &TestDb) -> Sender {
    Sender {
        user: db.ids().next::<UserId>(&*db.clock()),
        source: "session".to_owned(),
        ip: Some("192.0.2.7".parse().unwrap()),
        trace_id: "trace".to_owned(),
    }
}

/// Sends a file in pieces of an odd size.
async fn send(db: &TestDb, rules: &Rules, text: &str) -> ProductImportId {
    let (clock, ids) = (db.clock(), db.ids());
    let id: ProductImportId = ids.next(&*clock);
    let sender = sender(db);
    let mut upload = Upload::begin(db.db(), id, (rules, &sender), clock.now()).await.unwrap();
    for piece in text.as_bytes().chunks(77_777) {
        upload.push(piece).await.unwrap();
    }
    upload.finish().await.unwrap();
    let mut tx = db.db().begin().await.unwrap();
    assert!(upload.queue(&mut tx, clock.now()).await.unwrap());
    tx.commit().await.unwrap();
    id
}

async fn found(db: &TestDb, id: ProductImportId) -> ProductImport {
    let mut conn = db.db().acquire().await.unwrap();
    catalog::product_import(&mut conn, id).await.unwrap().unwrap()
}

async fn cancel(db: &TestDb, id: ProductImportId) -> bool {
    let mut conn = db.db().acquire().await.unwrap();
    catalog::cancel_import(&mut conn, id, db.clock().now()).await.unwrap()
}

/// Takes what waits, by this runner; how each file ended.
async fn settle(runner: &Runner) -> Vec<End> {
    let mut ends = Vec::new();
    while let Some(mut job) = runner.claim().await.unwrap() {
        ends.push(loop {
            if let Step::Over(end) = job.step().await.unwrap() {
                break end;
            }
        });
    }
    ends
}

/// Changes the row of a file, or one of its pieces.
async fn change(db: &TestDb, sql: &'static str, id: ProductImportId) {
    let mut conn = db.owner().acquire().await.unwrap();
    let done = sqlx::query(sql).bind(id.as_uuid()).execute(&mut *conn).await.unwrap();
    assert_eq!(done.rows_affected(), 1);
}

/// Tries a file to its last try, which gives up; what stands in this column cannot be believed.
async fn try_in_vain(db: &TestDb, runner: &Runner, id: ProductImportId, column: &str) {
    for _ in 0..8 {
        let mut job = runner.claim().await.unwrap().unwrap();
        assert_eq!(job.id(), id);
        let error = job.step().await.unwrap_err();
        let is_it = matches!(
            &error,
            CatalogError::Db(DbError::Corrupt { column: found, .. }) if *found == column
        );
        assert!(is_it, "{error:?}");
        job.put_off().await.unwrap();
        assert!(runner.claim().await.unwrap().is_none(), "not at once");
        db.clock().advance(SignedDuration::from_secs(10));
    }
    let mut job = runner.claim().await.unwrap().unwrap();
    assert_eq!((job.id(), job.step().await.unwrap()), (id, Step::Over(End::Failed)));
    let failed = found(db, id).await;
    assert_eq!((failed.failure, failed.is_written), (Some(ImportFailure::Internal), false));
}

/// Added, changed, unchanged, refused.
fn sums(import: &ProductImport) -> [u64; 4] {
    let sums = import.sums;
    [sums.added, sums.changed, sums.unchanged, sums.refused]
}

/// What has been written of a file, whoever asks.
async fn traces(db: &TestDb) -> [i64; 3] {
    [count(db, PRODUCTS).await, count(db, EVENTS).await, count(db, RECORDED).await]
}

#[tokio::test]
async fn what_is_no_file_of_products_is_told_before_it_is_taken_and_fails() {
    let db = TestDb::new().await;
    let id = send(&db, &rules(Format::Csv), "x;y\n").await;
    assert_eq!(settle(&runner(&db)).await, [End::Failed]);
    let failed = found(&db, id).await;
    assert_eq!(failed.failure, Some(ImportFailure::Unreadable));
    assert_eq!((failed.is_complete, failed.sums.bad_rows), (false, 1));

    let (clock, sender) = (db.clock(), sender(&db));
    let sent = async |text: &str| {
        let id: ProductImportId = db.ids().next(&*clock);
        let rules = rules(Format::Csv);
        let begun = Upload::begin(db.db(), id, (&rules, &sender), clock.now()).await;
        let mut upload = begun.unwrap();
        upload.push(text.as_bytes()).await.unwrap();
        let early = upload.unreadable().cloned();
        upload.finish().await.unwrap();
        (early.is_some(), upload.unreadable().map(|bad| bad.line))
    };
    assert_eq!(sent("x;y\n").await, (false, Some(1)));
    assert_eq!(sent(&"x;y\n".repeat(100_000)).await, (true, Some(1)), "with the first piece");
    assert_eq!(sent(&many(3)).await, (false, None));
}

#[tokio::test]
async fn a_file_is_taken_batch_by_batch_and_its_progress_is_seen() {
    let db = TestDb::new().await;
    let id = send(&db, &rules(Format::Csv), &many(2 * BATCH + 50)).await;
    let queued = found(&db, id).await;
    assert_eq!((queued.status, queued.lines), (ImportStatus::Queued, 3 * 450 + 1));
    let runner = runner(&db);
    let mut job = runner.claim().await.unwrap().unwrap();
    assert_eq!(found(&db, id).await.status, ImportStatus::Running);
    let lines = [3 * 199 + 2, 3 * 399 + 2, 3 * 449 + 2];
    for (products, line) in [200, 400, 450].into_iter().zip(lines) {
        assert_eq!(job.step().await.unwrap(), Step::More);
        let now = found(&db, id).await;
        assert_eq!((now.status, sums(&now)), (ImportStatus::Running, [products, 0, 0, 0]));
        assert_eq!((now.sums.lines_read, now.is_written), (line, true));
        assert_eq!(count(&db, PRODUCTS).await, i64::try_from(products).unwrap());
    }
    assert_eq!(job.step().await.unwrap(), Step::Over(End::Done));
    let done = found(&db, id).await;
    assert_eq!((done.status, sums(&done)), (ImportStatus::Done, [450, 0, 0, 0]));
    assert_eq!((done.sums.lines_read, done.is_complete, done.failure), (1_351, true, None));
    assert_eq!(count(&db, RECORDED).await, 3, "an entry for each transaction");
    let sender = "SELECT count(*) FROM audit.entries
        WHERE source = 'session' AND ip = '192.0.2.7' AND trace_id = 'trace'
            AND actor_kind = 'staff'";
    assert_eq!(count(&db, sender).await, 3);
    let kept = "SELECT count(*) FROM catalog.product_import_pieces";
    assert_eq!(count(&db, kept).await, 0);
    assert!(runner.claim().await.unwrap().is_none());
}

#[tokio::test]
async fn whoever_goes_on_after_a_death_does_nothing_twice() {
    let (broken, whole) = (TestDb::new().await, TestDb::new().await);
    // Bad rows before the place and behind it, and a column that is noted.
    let text = many(3 * BATCH)
        .replace(",Tags,", ",Vendor,")
        .replace("P7-M,107.00", "P7-M,107.50")
        .replace("P500-M,600.00", "P500-M,oops");
    let id = send(&broken, &rules(Format::Csv), &text).await;
    let dead = runner(&broken);
    let mut job = dead.claim().await.unwrap().unwrap();
    assert_eq!(job.step().await.unwrap(), Step::More);
    assert_eq!(sums(&found(&broken, id).await), [199, 0, 0, 1]);

    // It hangs rather than being dead: nobody else begins before its claim has run out.
    let other = runner(&broken);
    assert!(other.claim().await.unwrap().is_none());
    broken.clock().advance(SignedDuration::from_secs(121));
    let mut next = other.claim().await.unwrap().unwrap();
    assert_eq!(next.step().await.unwrap(), Step::More);
    let before = traces(&broken).await;
    assert_eq!(job.step().await.unwrap(), Step::Over(End::Lost), "it comes too late");
    assert_eq!(traces(&broken).await, before, "and has written nothing");
    drop(job);
    while next.step().await.unwrap() == Step::More {}

    let done = found(&broken, id).await;
    assert_eq!((done.status, sums(&done)), (ImportStatus::Done, [598, 0, 0, 2]));
    let same = send(&whole, &rules(Format::Csv), &text).await;
    assert_eq!(settle(&runner(&whole)).await, [End::Done]);
    let at_once = found(&whole, same).await;
    assert_eq!((done.sums, done.is_written), (at_once.sums, at_once.is_written));
    assert_eq!(notes_of(&done).unwrap(), notes_of(&at_once).unwrap());
    assert_eq!(traces(&broken).await, traces(&whole).await);
    let mut conn = broken.db().acquire().await.unwrap();
    let rows = catalog::import_rows(&mut conn, id, None, 10).await.unwrap();
    let told: Vec<(u64, u64, &str)> =
        rows.iter().map(|row| (row.number, row.line, row.product.as_str())).collect();
    assert_eq!(told, [(0, 24, "product-000007"), (1, 1_503, "product-000500")]);
    let [one, two] = [&broken, &whole].map(|db| export(db, Format::Csv, Locale::ZhTw));
    assert_eq!(one.await, two.await);
}

#[tokio::test]
async fn relations_are_set_at_the_end_also_by_whoever_goes_on() {
    let db = TestDb::new().await;
    Shop::small(&db).await;
    let id = send(&db, &rules(Format::Jsonl), &pair()).await;
    let dead = runner(&db);
    let mut job = dead.claim().await.unwrap().unwrap();
    assert_eq!(job.step().await.unwrap(), Step::More);
    drop(job);
    let related = "SELECT count(*) FROM catalog.related_products";
    assert_eq!(count(&db, related).await, 0);
    db.clock().advance(SignedDuration::from_secs(121));
    assert_eq!(settle(&runner(&db)).await, [End::Done]);
    assert_eq!((count(&db, related).await, count(&db, RECORDED).await), (1, 2));
    let done = found(&db, id).await;
    assert_eq!((sums(&done), notes_of(&done).unwrap()), ([2, 0, 0, 0], vec![]));
    let left = "SELECT count(*) FROM catalog.product_import_relations";
    assert_eq!(count(&db, left).await, 0);
}

#[tokio::test]
async fn two_runners_never_take_the_same_file_and_files_wait_for_each_other() {
    let db = TestDb::new().await;
    Shop::small(&db).await;
    let text = |title: &str| format!("Handle,Title\nmug,{title}\n");
    let first = send(&db, &rules(Format::Csv), &text("First")).await;
    send(&db, &rules(Format::Csv), &text("Second")).await;
    let (one, other) = (runner(&db), runner(&db));
    let (a, b) = tokio::join!(one.claim(), other.claim());
    let claimed: Vec<_> = [a, b].into_iter().filter_map(Result::unwrap).collect();
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0].id(), first, "the oldest");
    drop(claimed);
    db.clock().advance(SignedDuration::from_secs(121));
    let (a, b) = tokio::join!(settle(&one), settle(&other));
    assert_eq!([a, b].concat(), [End::Done, End::Done]);
    let attempts = "SELECT sum(attempt)::bigint FROM catalog.product_imports";
    assert_eq!(count(&db, attempts).await, 3, "the dead one, and one for each file");
    let mug = super::product(&db, "mug").await;
    assert_eq!((&*mug.product.name.zh_tw, mug.version), ("Second", 3));
}

#[tokio::test]
async fn what_is_cancelled_ends_at_once_and_what_was_written_stays() {
    let db = TestDb::new().await;
    let id = send(&db, &rules(Format::Csv), &many(BATCH + 50)).await;
    let runner = runner(&db);
    let mut job = runner.claim().await.unwrap().unwrap();
    assert_eq!(job.step().await.unwrap(), Step::More);
    let before = traces(&db).await;
    assert!(cancel(&db, id).await);
    assert!(!cancel(&db, id).await, "twice is once");
    assert_eq!(job.step().await.unwrap(), Step::Over(End::Lost));
    assert_eq!(traces(&db).await, before);
    let ended = found(&db, id).await;
    assert_eq!((ended.status, sums(&ended)), (ImportStatus::Cancelled, [200, 0, 0, 0]));
    assert!(ended.is_written && ended.finished_at.is_some());
    assert!(runner.claim().await.unwrap().is_none());
}

#[tokio::test]
async fn a_trial_and_what_is_strict_write_all_or_nothing() {
    let db = TestDb::new().await;
    Shop::small(&db).await;
    let before = traces(&db).await;
    let bad = many(BATCH + 2).replace("P7-M,107.00", "P7-M,107.50");
    let trial = Rules { dry_run: true, ..rules(Format::Csv) };
    let strict = Rules { strict: true, ..rules(Format::Csv) };
    let tried = send(&db, &trial, &bad).await;
    let refused = send(&db, &strict, &bad).await;
    assert_eq!(settle(&runner(&db)).await, [End::Done, End::Failed]);
    assert_eq!(traces(&db).await, before);
    for (id, failure) in [(tried, None), (refused, Some(ImportFailure::BadRows))] {
        let ended = found(&db, id).await;
        assert_eq!((ended.failure, sums(&ended)), (failure, [201, 0, 0, 1]));
        assert_eq!((ended.is_written, ended.sums.categories_added), (false, 1));
        let mut conn = db.db().acquire().await.unwrap();
        let rows = catalog::import_rows(&mut conn, id, None, 10).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [24]);
    }
    // A strict one that is cancelled, and one whose runner dies, leave nothing, either.
    let cancelled = send(&db, &strict, &many(BATCH + 2)).await;
    let runner = runner(&db);
    let mut job = runner.claim().await.unwrap().unwrap();
    assert_eq!(job.step().await.unwrap(), Step::More);
    assert_eq!(sums(&found(&db, cancelled).await), [200, 0, 0, 0], "progress is seen");
    assert!(cancel(&db, cancelled).await);
    assert_eq!(job.step().await.unwrap(), Step::Over(End::Lost));
    let again = send(&db, &strict, &many(BATCH + 2)).await;
    let mut job = runner.claim().await.unwrap().unwrap();
    assert_eq!(job.step().await.unwrap(), Step::More);
    drop(job);
    assert_eq!(traces(&db).await, before);
    db.clock().advance(SignedDuration::from_secs(121));
    assert_eq!(settle(&runner).await, [End::Done]);
    let done = found(&db, again).await;
    assert_eq!((sums(&done), done.is_written), ([202, 0, 0, 0], true));
    assert_eq!(count(&db, PRODUCTS).await, before[0] + 202);
    assert_eq!(count(&db, RECORDED).await, 1, "one transaction, one entry");
}

#[tokio::test]
async fn the_same_comes_of_a_file_whichever_way_it_is_taken() {
    let (one, other) = (TestDb::new().await, TestDb::new().await);
    Shop::small(&one).await;
    Shop::small(&other).await;
    let open_quotation = format!("{}\"", many(2));
    let bad = many(2).replace("101.00", "oops");
    for text in [String::new(), "x;y\n".to_owned(), many(3), bad, open_quotation] {
        let report = import(&one, rules(Format::Csv), &text).await;
        let id = send(&other, &rules(Format::Csv), &text).await;
        settle(&runner(&other)).await;
        let ended = found(&other, id).await;
        let expected = [report.added, report.changed, report.unchanged, report.refused];
        assert_eq!((sums(&ended), ended.is_complete), (expected, report.complete), "{text:?}");
        assert_eq!(ended.sums.bad_rows, report.bad_rows, "{text:?}");
        assert_eq!(notes_of(&ended).unwrap(), report.notes, "{text:?}");
        let is_none = !report.complete && report.products == 0;
        assert_eq!(ended.failure, is_none.then_some(ImportFailure::Unreadable), "{text:?}");
    }
}

#[tokio::test]
async fn nobody_tries_for_ever_and_a_closing_shop_does_not_count() {
    let db = TestDb::new().await;
    Shop::small(&db).await;
    let id = send(&db, &rules(Format::Csv), "Handle,Title\nmug,Mug\n").await;
    let behind = send(&db, &rules(Format::Csv), "Handle,Title\nmug,Other\n").await;
    let runner = runner(&db);
    for _ in 0..20 {
        runner.claim().await.unwrap().unwrap().let_go().await.unwrap();
    }
    for _ in 0..8 {
        runner.claim().await.unwrap().unwrap().put_off().await.unwrap();
        assert!(runner.claim().await.unwrap().is_none(), "not at once");
        db.clock().advance(SignedDuration::from_secs(10));
    }
    assert_eq!(settle(&runner).await, [End::Failed, End::Done], "and it holds up nobody else");
    let failed = found(&db, id).await;
    assert_eq!((failed.failure, failed.is_written), (Some(ImportFailure::Internal), false));
    assert_eq!(found(&db, behind).await.status, ImportStatus::Done);
}

#[tokio::test]
async fn what_only_a_newer_program_can_read_fails_and_holds_up_nobody() {
    let db = TestDb::new().await;
    Shop::small(&db).await;
    let text = "Handle,Title\nmug,Newer\n";
    let format = send(&db, &rules(Format::Csv), text).await;
    let member = send(&db, &rules(Format::Csv), text).await;
    let behind = send(&db, &rules(Format::Csv), "Handle,Title\nmug,Known\n").await;
    let sql = r#"UPDATE catalog.product_imports
        SET rules = rules || '{"format": "xlsx"}' WHERE id = $1"#;
    change(&db, sql, format).await;
    let sql = r#"UPDATE catalog.product_imports
        SET rules = rules || '{"only_new": true}' WHERE id = $1"#;
    change(&db, sql, member).await;
    let runner = runner(&db);
    try_in_vain(&db, &runner, format, "rules").await;
    try_in_vain(&db, &runner, member, "rules").await;
    assert_eq!(settle(&runner).await, [End::Done]);
    let mug = super::product(&db, "mug").await;
    assert_eq!((&*mug.product.name.zh_tw, mug.version), ("Known", 2));

    let (seen, notes) = shown(&found(&db, member).await);
    assert_eq!((seen, notes.len()), (rules(Format::Csv), 1), "that it is not all is told");
    assert_eq!(shown(&found(&db, behind).await), (rules(Format::Csv), vec![]));
}

#[tokio::test]
async fn a_file_of_which_a_piece_is_lost_is_not_taken_for_a_shorter_one() {
    let db = TestDb::new().await;
    let line = |n| format!("{{\"slug\": \"p{n}\", \"more\": \"{}\"}}\n", "x".repeat(60_000));
    let text: String = (0..6).map(line).collect();
    let runner = runner(&db);
    let torn = send(&db, &rules(Format::Jsonl), &text).await;
    let one = "DELETE FROM catalog.product_import_pieces WHERE import_id = $1 AND number = 1";
    change(&db, one, torn).await;
    try_in_vain(&db, &runner, torn, "bytes").await;
    let lost = send(&db, &rules(Format::Jsonl), "{}\n").await;
    let all = "DELETE FROM catalog.product_import_pieces WHERE import_id = $1";
    change(&db, all, lost).await;
    try_in_vain(&db, &runner, lost, "bytes").await;
    assert_eq!(found(&db, torn).await.sums, found(&db, lost).await.sums, "nothing was counted");

    let cancelled = send(&db, &rules(Format::Jsonl), &text).await;
    let mut job = runner.claim().await.unwrap().unwrap();
    assert!(cancel(&db, cancelled).await);
    assert_eq!(job.step().await.unwrap(), Step::Over(End::Lost), "which is no loss of pieces");
}

#[tokio::test]
async fn what_is_given_up_keeps_what_was_written_and_noted() {
    let db = TestDb::new().await;
    let text = many(BATCH + 50).replace(",Tags,", ",Vendor,");
    let id = send(&db, &rules(Format::Csv), &text).await;
    let runner = runner(&db);
    let mut job = runner.claim().await.unwrap().unwrap();
    assert_eq!(job.step().await.unwrap(), Step::More);
    job.put_off().await.unwrap();
    let before = found(&db, id).await;
    let noted = notes_of(&before).unwrap();
    assert_eq!((sums(&before), &*noted[0].column), ([200, 0, 0, 0], "Vendor"));
    for _ in 0..8 {
        db.clock().advance(SignedDuration::from_secs(10));
        runner.claim().await.unwrap().unwrap().put_off().await.unwrap();
    }
    db.clock().advance(SignedDuration::from_secs(10));
    assert_eq!(settle(&runner).await, [End::Failed]);
    let failed = found(&db, id).await;
    assert_eq!((failed.failure, failed.sums), (Some(ImportFailure::Internal), before.sums));
    assert_eq!((failed.is_written, notes_of(&failed).unwrap()), (true, noted));
}

#[tokio::test]
async fn what_did_not_arrive_and_what_is_long_over_is_forgotten() {
    let db = TestDb::new().await;
    Shop::small(&db).await;
    let (clock, ids, runner) = (db.clock(), db.ids(), runner(&db));
    let sender = Sender {
        user: ids.next::<UserId>(&*clock),
        source: "api_key".to_owned(),
        ip: None,
        trace_id: String::new(),
    };
    let id: ProductImportId = ids.next(&*clock);
    let told = (&Rules::default(), &sender);
    let mut upload = Upload::begin(db.db(), id, told, clock.now()).await.unwrap();
    upload.push("x".repeat(300 * 1024).as_bytes()).await.unwrap();
    let kept = "SELECT count(*) FROM catalog.product_import_pieces";
    assert_eq!(count(&db, kept).await, 1);
    assert!(runner.claim().await.unwrap().is_none(), "it is on its way");
    for (seconds, pieces) in [(300, 1), (1, 0)] {
        clock.advance(SignedDuration::from_secs(seconds));
        assert!(runner.claim().await.unwrap().is_none());
        assert_eq!(count(&db, kept).await, pieces);
    }
    let mut conn = db.db().acquire().await.unwrap();
    assert!(!upload.queue(&mut conn, clock.now()).await.unwrap(), "it comes too late");

    let over = send(&db, &rules(Format::Csv), "Handle,Title\nmug,\n,x\n").await;
    settle(&runner).await;
    assert_eq!(catalog::forget_imports(&mut conn, clock.now(), 10).await.unwrap(), 0);
    clock.advance(SignedDuration::from_secs(1));
    assert_eq!(catalog::forget_imports(&mut conn, clock.now(), 10).await.unwrap(), 1);
    assert!(catalog::product_import(&mut conn, over).await.unwrap().is_none());
    let rows = "SELECT count(*) FROM catalog.product_import_rows";
    assert_eq!(count(&db, rows).await, 0);
}
