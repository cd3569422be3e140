//! A real file, a real database. What becomes of its products is tested in `crates/product-files`.

use catalog::{ImportStatus, Sender};
use kernel::{
    Clock as _,
    id::{ProductImportId, UserId},
};
use product_files::{Rules, Upload};
use testkit::{TestDb, seed::Shop};

use super::*;

struct Place {
    test: TestDb,
    metrics: Metrics,
}

impl Place {
    async fn new() -> Self {
        let test = TestDb::new().await;
        Shop::small(&test).await;
        Self { test, metrics: Metrics::new() }
    }

    fn importer(&self, name: &str) -> Importer {
        let counter = self.metrics.counters(name, "taken", &["outcome"]).unwrap();
        let (db, ids) = (self.test.db().clone(), self.test.ids().clone());
        Importer { runner: Runner::new(db, self.test.shared_clock(), ids), counter }
    }

    async fn send(&self, text: &str) -> ProductImportId {
        let (clock, ids) = (self.test.clock(), self.test.ids());
        let id: ProductImportId = ids.next(&*clock);
        let sender = Sender {
            user: ids.next::<UserId>(&*clock),
            source: "session".to_owned(),
            ip: None,
            trace_id: "trace".to_owned(),
        };
        let told = (&Rules::default(), &sender);
        let mut upload = Upload::begin(self.test.db(), id, told, clock.now()).await.unwrap();
        upload.push(text.as_bytes()).await.unwrap();
        upload.finish().await.unwrap();
        let mut conn = self.test.db().acquire().await.unwrap();
        assert!(upload.queue(&mut conn, clock.now()).await.unwrap());
        id
    }

    async fn status(&self, id: ProductImportId) -> ImportStatus {
        let mut conn = self.test.db().acquire().await.unwrap();
        catalog::product_import(&mut conn, id).await.unwrap().unwrap().status
    }
}

const TEXT: &str = "Handle,Title\nmug,Camping Mug\n";

#[tokio::test]
async fn a_file_is_taken_and_counted_and_then_there_is_nothing_to_do() {
    let place = Place::new().await;
    let (importer, stop) = (place.importer("taken"), CancellationToken::new());
    assert_eq!(importer.round(&stop).await.unwrap(), Round::Idle);
    let id = place.send(TEXT).await;
    assert_eq!(importer.round(&stop).await.unwrap(), Round::Worked);
    assert_eq!(place.status(id).await, ImportStatus::Done);
    assert_eq!(importer.round(&stop).await.unwrap(), Round::Idle);
    let page = place.metrics.encode().unwrap();
    assert!(page.lines().any(|line| line == "taken{outcome=\"done\"} 1"), "{page}");
}

#[tokio::test]
async fn a_closing_shop_gives_back_what_it_has_begun() {
    let place = Place::new().await;
    let id = place.send(TEXT).await;
    let stop = CancellationToken::new();
    stop.cancel();
    assert_eq!(place.importer("one").round(&stop).await.unwrap(), Round::Worked);
    assert_eq!(place.status(id).await, ImportStatus::Running);
    let open = CancellationToken::new();
    let other = place.importer("other");
    assert_eq!(other.round(&open).await.unwrap(), Round::Worked, "somebody else begins at once");
    assert_eq!(place.status(id).await, ImportStatus::Done);
}

#[tokio::test]
async fn the_worker_stops_when_told() {
    let place = Place::new().await;
    let id = place.send(TEXT).await;
    let stop = CancellationToken::new();
    let ready = async {
        while place.status(id).await != ImportStatus::Done {
            tokio::task::yield_now().await;
        }
        stop.cancel();
    };
    let both = async { tokio::join!(place.importer("taken").run(stop.clone()), ready) };
    tokio::time::timeout(Duration::from_mins(1), both).await.unwrap();
}
