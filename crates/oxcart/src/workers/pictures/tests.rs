//! Real pictures, a real store, a real database.

use std::{collections::BTreeSet, io::Cursor, path::Path};

use catalog::Uploaded;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use jiff::SignedDuration;
use kernel::Clock as _;
use outbox::schedule::{Recurring as _, Turn};
use queries::products::{ProductKey, detail};
use tempfile::TempDir;
use testkit::{TestDb, seed::Shop};

use super::*;

struct Place {
    test: TestDb,
    objects: ObjectStore,
    folder: TempDir,
}

impl Place {
    async fn new() -> Self {
        let test = TestDb::new().await;
        Shop::small(&test).await;
        let folder = tempfile::tempdir().unwrap();
        let objects = ObjectStore::directory(folder.path()).unwrap();
        Self { test, objects, folder }
    }

    fn renderer(&self) -> Renderer {
        let counter = Metrics::new().counters("made", "made", &["outcome"]).unwrap();
        let (db, clock) = (self.test.db().clone(), self.test.shared_clock());
        Renderer::new(db, clock, self.objects.clone(), counter)
    }

    async fn execute(&self, sql: &'static str) {
        let mut conn = self.test.owner().acquire().await.unwrap();
        sqlx::query(sql).execute(&mut *conn).await.unwrap();
    }

    async fn number(&self, sql: &'static str) -> i64 {
        let mut conn = self.test.owner().acquire().await.unwrap();
        sqlx::query_scalar(sql).fetch_one(&mut *conn).await.unwrap()
    }

    /// `key: status attempts` of every picture.
    async fn pictures(&self) -> Vec<String> {
        let mut conn = self.test.owner().acquire().await.unwrap();
        sqlx::query_scalar(
            "SELECT format('%s: %s %s', object_key, status, attempts)
             FROM catalog.pictures ORDER BY object_key",
        )
        .fetch_all(&mut *conn)
        .await
        .unwrap()
    }

    /// The mug has these pictures, and their objects are there.
    async fn mug_shows(&self, keys: &[&str]) {
        let mut conn = self.test.owner().acquire().await.unwrap();
        for (position, key) in (0_i32..).zip(keys) {
            sqlx::query(
                "INSERT INTO catalog.images SELECT id, $1, $2, '杯', 'Mug', 400, 8
                 FROM catalog.products WHERE slug = 'mug'",
            )
            .bind(position)
            .bind(key)
            .execute(&mut *conn)
            .await
            .unwrap();
            self.put(key, position).await;
        }
    }

    async fn put(&self, key: &str, shade: i32) {
        let shade = u8::try_from(shade % 256).unwrap();
        let picture = RgbImage::from_pixel(400, 8, Rgb([200, shade, 30]));
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::from(picture).write_to(&mut bytes, ImageFormat::Png).unwrap();
        self.objects.put(&key.parse().unwrap(), bytes.into_inner().into()).await.unwrap();
    }

    /// The names of all sizes in the store.
    fn files(&self) -> BTreeSet<String> {
        let folder = self.folder.path().join("renditions");
        if !Path::new(&folder).exists() {
            return BTreeSet::new();
        }
        let files = std::fs::read_dir(folder).unwrap();
        files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
    }

    async fn upload(&self, key: &str) -> Uploaded {
        let mut conn = self.test.db().acquire().await.unwrap();
        let now = self.test.clock().now();
        catalog::upload_picture(&mut conn, key, (400, 8), now).await.unwrap()
    }

    fn pass(&self, seconds: i64) {
        self.test.clock().advance(SignedDuration::from_secs(seconds));
    }
}

/// Works until there is nothing to do; how many pictures that were.
async fn settle(renderer: &mut Renderer) -> usize {
    let (stop, mut worked) = (CancellationToken::new(), 0);
    while renderer.round(&stop).await.unwrap() == Round::Worked {
        worked += 1;
    }
    worked
}

const REVISION: &str = "SELECT number FROM catalog.revision";

#[tokio::test]
async fn what_a_product_shows_is_there_in_other_sizes_before_pages_offer_it() {
    let place = Place::new().await;
    place.mug_shows(&["demo/mug.png"]).await;
    let before = place.number(REVISION).await;
    assert_eq!(settle(&mut place.renderer()).await, 1);
    assert_eq!(place.number(REVISION).await, before + 1, "pages are made anew, once");
    let mut conn = place.test.db().acquire().await.unwrap();
    let now = place.test.clock().now();
    let mug = detail(&mut conn, &ProductKey::from("mug"), now).await.unwrap().unwrap();
    let widths: Vec<u32> = mug.images[0].renditions.iter().map(|it| it.width).collect();
    assert_eq!(widths, [320, 400], "none is larger than the picture");
    assert_eq!(mug.summary.image.as_ref(), Some(&mug.images[0]), "in lists, too");
    for offered in &mug.images[0].renditions {
        for (url, kind) in [(&offered.avif, "image/avif"), (&offered.webp, "image/webp")] {
            let key: ObjectKey = url.strip_prefix("/media/").unwrap().parse().unwrap();
            assert_eq!(key.content_type(), kind);
            let file = place.objects.get(&key).await.unwrap().unwrap();
            if kind == "image/webp" {
                let shown = image::load_from_memory_with_format(&file, ImageFormat::WebP).unwrap();
                assert_eq!(shown.width(), offered.width);
            } else {
                assert_eq!(&file[4..12], b"ftypavif");
            }
        }
    }
    assert_eq!(settle(&mut place.renderer()).await, 0, "nothing is left to do");
    assert_eq!(place.number(REVISION).await, before + 1);
}

#[tokio::test]
async fn two_nodes_never_make_the_same() {
    let place = Place::new().await;
    place.mug_shows(&["demo/a.png", "demo/b.png", "demo/c.png", "demo/d.png"]).await;
    let (mut one, mut other) = (place.renderer(), place.renderer());
    let (one, other) = tokio::join!(settle(&mut one), settle(&mut other));
    assert_eq!(one + other, 4);
    let made_once = ["a", "b", "c", "d"].map(|name| format!("demo/{name}.png: ready 1"));
    // Whoever ended first may have left what the other was at to be shown by a later round.
    assert_eq!(settle(&mut place.renderer()).await, 0);
    assert_eq!(place.pictures().await, made_once);
    assert_eq!(place.files().len(), 4 * 4);
}

#[tokio::test]
async fn what_was_on_its_way_when_a_node_died_is_made_again_and_is_the_same() {
    let place = Place::new().await;
    place.mug_shows(&["demo/mug.png"]).await;
    let (stop, mut dead) = (CancellationToken::new(), place.renderer());
    dead.adopt().await.unwrap();
    let mut conn = place.test.db().acquire().await.unwrap();
    let now = place.test.clock().now();
    let claimed = catalog::claim_picture(&mut conn, now, later(now, LEASE)).await.unwrap().unwrap();
    let made = dead.make(&claimed, &stop).await.unwrap();
    let files = place.files();
    assert_eq!(files.len(), 4, "its objects are there, and nobody knows");
    assert_eq!(settle(&mut place.renderer()).await, 0, "it may be at work still");
    place.pass(601);
    assert_eq!(settle(&mut place.renderer()).await, 1);
    assert_eq!(place.files(), files);
    assert_eq!(place.pictures().await, ["demo/mug.png: ready 2"]);
    dead.record(&claimed, Ok(made)).await.unwrap();
    assert_eq!(place.pictures().await, ["demo/mug.png: ready 2"], "it comes too late");
}

#[tokio::test]
async fn what_fails_is_tried_again_later_and_what_is_hopeless_never() {
    let place = Place::new().await;
    place.mug_shows(&["demo/a.png", "demo/b.png"]).await;
    let (lost, text) = ("demo/a.png".parse().unwrap(), "demo/b.png".parse().unwrap());
    place.objects.delete(&lost).await.unwrap();
    place.objects.put(&text, "no picture".into()).await.unwrap();
    let mut renderer = place.renderer();
    assert_eq!(settle(&mut renderer).await, 2);
    assert_eq!(place.pictures().await, ["demo/a.png: waiting 1", "demo/b.png: failed 1"]);
    place.pass(29);
    assert_eq!(settle(&mut renderer).await, 0);
    place.pass(1);
    assert_eq!(settle(&mut renderer).await, 1);
    place.put("demo/a.png", 1).await;
    place.pass(59);
    assert_eq!(settle(&mut renderer).await, 0, "twice as long");
    place.pass(1);
    assert_eq!(settle(&mut renderer).await, 1);
    assert_eq!(place.pictures().await, ["demo/a.png: ready 3", "demo/b.png: failed 1"]);
}

#[tokio::test]
async fn of_what_is_private_nothing_is_made_for_everybody() {
    let place = Place::new().await;
    place.mug_shows(&["private/returns/a.png"]).await;
    assert_eq!(settle(&mut place.renderer()).await, 1);
    assert_eq!(place.pictures().await, ["private/returns/a.png: failed 1"]);
    assert_eq!(place.files(), BTreeSet::new());
}

#[tokio::test]
async fn nobody_tries_for_ever() {
    let place = Place::new().await;
    place.mug_shows(&["demo/a.png"]).await;
    place.objects.delete(&"demo/a.png".parse().unwrap()).await.unwrap();
    let mut renderer = place.renderer();
    for _ in 0..catalog::ATTEMPTS_MAX {
        assert_eq!(settle(&mut renderer).await, 1);
        place.pass(6 * 3600);
    }
    assert_eq!(settle(&mut renderer).await, 0);
    assert_eq!(place.pictures().await, ["demo/a.png: failed 8"]);
    // One that kills whoever tries it ends as well.
    place.execute("UPDATE catalog.pictures SET status = 'waiting'").await;
    assert_eq!(settle(&mut renderer).await, 1);
    assert_eq!(place.pictures().await, ["demo/a.png: failed 9"]);
}

#[tokio::test]
async fn a_closing_shop_gives_back_what_it_has_begun() {
    let place = Place::new().await;
    place.mug_shows(&["demo/mug.png"]).await;
    let stop = CancellationToken::new();
    stop.cancel();
    assert_eq!(place.renderer().round(&stop).await.unwrap(), Round::Worked);
    assert_eq!(place.pictures().await, ["demo/mug.png: waiting 0"]);
    assert_eq!(settle(&mut place.renderer()).await, 1, "somebody else begins at once");
}

#[tokio::test]
async fn the_worker_stops_when_told() {
    let place = Place::new().await;
    place.mug_shows(&["demo/mug.png"]).await;
    let stop = CancellationToken::new();
    let ready = async {
        while place.pictures().await != ["demo/mug.png: ready 1"] {
            tokio::task::yield_now().await;
        }
        stop.cancel();
    };
    let both = async { tokio::join!(place.renderer().run(stop.clone()), ready) };
    tokio::time::timeout(Duration::from_mins(1), both).await.unwrap();
}

#[tokio::test]
async fn uploads_that_no_product_ever_showed_are_removed_after_a_day() {
    let place = Place::new().await;
    for key in ["catalog/left.png", "catalog/shown.png", "catalog/again.png"] {
        place.put(key, 9).await;
        assert_eq!(place.upload(key).await, Uploaded::New);
    }
    assert_eq!(settle(&mut place.renderer()).await, 0, "their objects may be on their way");
    place.pass(2);
    assert_eq!(settle(&mut place.renderer()).await, 3);
    place.mug_shows(&["catalog/shown.png"]).await;
    let keeper = AbandonedPictures {
        db: place.test.db().clone(),
        clock: place.test.shared_clock(),
        objects: place.objects.clone(),
    };
    let turn = Turn::unscheduled("abandoned-pictures");
    let nothing = "removed 0 uploads that no product showed";
    assert_eq!(keeper.run(&turn).await.unwrap(), nothing);
    place.pass(23 * 3600);
    assert_eq!(place.upload("catalog/again.png").await, Uploaded::Known);
    place.pass(3600);
    assert_eq!(keeper.run(&turn).await.unwrap(), "removed 1 uploads that no product showed");
    let left = ["catalog/again.png: ready 1", "catalog/shown.png: ready 1"];
    assert_eq!(place.pictures().await, left);
    assert_eq!(place.files().len(), 2 * 4, "with its sizes");
    assert!(!place.objects.exists(&"catalog/left.png".parse().unwrap()).await.unwrap());
    assert_eq!(place.upload("catalog/left.png").await, Uploaded::New, "it may come again");
}

#[tokio::test]
async fn a_removal_that_was_broken_off_is_brought_to_its_end() {
    let place = Place::new().await;
    place.put("catalog/left.png", 9).await;
    place.upload("catalog/left.png").await;
    place.execute("UPDATE catalog.pictures SET status = 'removing'").await;
    assert_eq!(place.upload("catalog/left.png").await, Uploaded::Removing, "not now");
    let keeper = AbandonedPictures {
        db: place.test.db().clone(),
        clock: place.test.shared_clock(),
        objects: place.objects.clone(),
    };
    let told = keeper.run(&Turn::unscheduled("abandoned-pictures")).await.unwrap();
    assert_eq!(told, "removed 1 uploads that no product showed");
    assert_eq!(place.pictures().await, Vec::<String>::new());
    assert!(!place.objects.exists(&"catalog/left.png".parse().unwrap()).await.unwrap());
}
