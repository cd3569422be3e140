//! Tells those who wait for something sold out that it is back.
//!
//! No event says so alone: units arrive, return, come free, thaw, a warehouse opens, a bundle's
//! scarcest part is filled up. So a worker looks, every few seconds, at what somebody waits for, and
//! nothing of it costs an order anything. Any number of nodes may look.

use std::time::Duration;

use kernel::{Ids, SharedClock, id::VariantId};
use notifications::notices::{self, Goods};
use pg::{Db, DbError, DbResult};
use queries::{
    Availability,
    products::{Offered, offered},
};
use tokio::time::sleep;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::supervise::worker;

/// The pause between two rounds.
const PERIOD: Duration = Duration::from_secs(15);
/// Variants looked at together.
const VARIANTS: u16 = 200;
/// Mails a round for one variant, so that more urgent ones need not wait behind them: and as long as
/// there is some left, the next round tells more.
const MAILS: u16 = 200;

/// What the worker needs.
#[derive(Clone, Debug)]
pub struct Teller {
    /// The database.
    pub db: Db,
    /// Time.
    pub clock: SharedClock,
    /// Ids.
    pub ids: Ids,
    /// The shop's address as browsers see it, without a slash at the end.
    pub shop: String,
}

/// Starts the worker.
pub fn spawn(tasks: &TaskTracker, stop: &CancellationToken, teller: Teller) {
    worker::spawn(tasks, stop, "notices", move |stop| run(teller.clone(), stop));
}

async fn run(teller: Teller, stop: CancellationToken) {
    while !stop.is_cancelled() {
        if let Err(error) = teller.round(&stop).await {
            tracing::warn!(%error, "who waits for stock could not be told; trying again");
        }
        if stop.run_until_cancelled(sleep(PERIOD)).await.is_none() {
            return;
        }
    }
}

impl Teller {
    /// Looks at everything that is waited for, and tells of what is there. What cannot be told keeps
    /// nobody from hearing of the rest.
    async fn round(&self, stop: &CancellationToken) -> DbResult<()> {
        let mut after = None;
        while !stop.is_cancelled() {
            let waited_for = self.waiting(after).await?;
            for goods in self.back(&waited_for).await? {
                if let Err(error) = self.tell(&goods).await {
                    let sku = &goods.sku;
                    tracing::warn!(%error, "who waits for {sku} could not be told; trying again");
                }
            }
            match waited_for.last() {
                Some(last) if waited_for.len() >= usize::from(VARIANTS) => after = Some(*last),
                _ => return Ok(()),
            }
        }
        Ok(())
    }

    async fn waiting(&self, after: Option<VariantId>) -> DbResult<Vec<VariantId>> {
        let mut conn = self.db.acquire().await?;
        notices::waiting(&mut conn, after, VARIANTS).await
    }

    /// Those of them that lie in a warehouse now. What may only be ordered ahead is not back yet.
    async fn back(&self, variants: &[VariantId]) -> DbResult<Vec<Goods>> {
        if variants.is_empty() {
            return Ok(Vec::new());
        }
        let mut conn = self.db.acquire().await?;
        let offered = offered(&mut conn, variants, self.clock.now()).await?;
        Ok(offered
            .into_iter()
            .filter(|it| it.availability > Availability::Backorder)
            .map(goods)
            .collect())
    }

    async fn tell(&self, goods: &Goods) -> DbResult<()> {
        let mut tx = self.db.begin().await?;
        let with = (&self.ids, &*self.clock);
        let told = notices::tell(&mut tx, goods, &self.shop, MAILS, with).await?;
        tx.commit().await.map_err(DbError::from)?;
        if told > 0 {
            tracing::info!(variant.id = %goods.variant, mails = told, "{} is back: {told} told", goods.sku);
        }
        Ok(())
    }
}

fn goods(offered: Offered) -> Goods {
    let Offered { variant_id, slug, product, sku, variant, .. } = offered;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let page = if sku.bytes().all(is_plain) {
        format!("/products/{slug}?variant={sku}")
    } else {
        format!("/products/{slug}")
    };
    Goods { variant: variant_id, sku, name: product, variant_name: variant, page }
}

#[cfg(test)]
mod tests {
    use kernel::{Locale, id::VariantId};
    use notifications::notices::Wanted;
    use serde_json::Value;
    use testkit::{TestDb, seed, seed::Shop};

    use super::*;

    struct Bench {
        test: TestDb,
        shop: Shop,
        teller: Teller,
    }

    impl Bench {
        async fn new() -> Self {
            let test = TestDb::new().await;
            let shop = Shop::small(&test).await;
            let teller = Teller {
                db: test.db().clone(),
                clock: test.shared_clock(),
                ids: test.ids().clone(),
                shop: "https://shop.test".to_owned(),
            };
            Self { test, shop, teller }
        }

        async fn ask(&self, email: &str, variant: VariantId, locale: Locale) {
            let mut tx = self.test.db().begin().await.unwrap();
            let wanted = Wanted { email, variant, locale };
            let now = self.test.shared_clock().now();
            assert!(notices::ask(&mut tx, &wanted, self.test.ids(), now).await.unwrap());
            tx.commit().await.unwrap();
            self.test.clock().advance(jiff::SignedDuration::from_secs(1));
        }

        async fn round(&self) {
            self.teller.round(&CancellationToken::new()).await.unwrap();
        }

        /// What the mails were told, in their order.
        async fn mails(&self) -> Vec<Value> {
            let mut conn = self.test.owner().acquire().await.unwrap();
            sqlx::query_scalar(
                "SELECT payload FROM outbox.jobs WHERE kind = 'send_back_in_stock' ORDER BY id",
            )
            .fetch_all(&mut *conn)
            .await
            .unwrap()
        }
    }

    #[tokio::test]
    async fn whoever_waits_is_told_once_in_their_language_when_it_is_back() {
        let bench = Bench::new().await;
        let Shop { tote_small, mug_black, taipei, .. } = bench.shop;
        bench.ask("A@example.com", tote_small, Locale::ZhTw).await;
        bench.ask("b@example.com", tote_small, Locale::En).await;
        bench.round().await;
        assert_eq!(bench.mails().await.len(), 0, "it is still sold out");

        seed::receive(&bench.test, tote_small, taipei, 1).await;
        bench.round().await;
        bench.round().await;
        let mails = bench.mails().await;
        let told: Vec<_> = mails.iter().map(|it| it["email"].as_str().unwrap()).collect();
        assert_eq!(told.len(), 2);
        assert!(told.contains(&"a@example.com") && told.contains(&"b@example.com"), "{told:?}");
        let english = mails.iter().find(|it| it["locale"] == "en").unwrap();
        assert_eq!(english["product_url"], "https://shop.test/en/products/tote?variant=TOTE-S");
        let stop = english["stop_url"].as_str().unwrap();
        let token = stop.strip_prefix("https://shop.test/en/stock-notices/").unwrap();
        let one_click = format!("https://shop.test/api/stock-notices/{token}");
        assert_eq!(english["one_click_url"], one_click);

        // Asked once more, they wait once more; and what was never sold out needs nobody to wait.
        bench.ask("a@example.com", mug_black, Locale::ZhTw).await;
        bench.round().await;
        assert_eq!(bench.mails().await.len(), 3);
    }

    #[tokio::test]
    async fn what_is_not_on_show_is_waited_for_until_it_is() {
        let bench = Bench::new().await;
        let Shop { tote_small, taipei, .. } = bench.shop;
        bench.ask("a@example.com", tote_small, Locale::ZhTw).await;
        seed::receive(&bench.test, tote_small, taipei, 3).await;
        let mut conn = bench.test.owner().acquire().await.unwrap();
        for (status, told) in [("draft", 0), ("published", 1)] {
            sqlx::query("UPDATE catalog.products SET status = $1 WHERE slug = 'tote'")
                .bind(status)
                .execute(&mut *conn)
                .await
                .unwrap();
            bench.round().await;
            assert_eq!(bench.mails().await.len(), told, "{status}");
        }
    }

    #[tokio::test]
    async fn one_that_dies_before_it_commits_has_told_nobody_and_lost_nobody() {
        let bench = Bench::new().await;
        let Shop { tote_small, taipei, .. } = bench.shop;
        bench.ask("a@example.com", tote_small, Locale::ZhTw).await;
        seed::receive(&bench.test, tote_small, taipei, 1).await;
        let goods = bench.teller.back(&[tote_small]).await.unwrap().remove(0);
        let with = (bench.test.ids(), &*bench.teller.clock);
        let mut dying = bench.test.db().begin().await.unwrap();
        assert_eq!(notices::tell(&mut dying, &goods, "", MAILS, with).await.unwrap(), 1);
        // Another node looks meanwhile: it waits for nobody, and tells nobody twice.
        bench.round().await;
        assert_eq!(bench.mails().await.len(), 0);
        dying.rollback().await.unwrap();
        bench.round().await;
        assert_eq!(bench.mails().await.len(), 1);
    }

    #[tokio::test]
    async fn a_crowd_is_told_by_and_by_the_first_who_asked_first() {
        let bench = Bench::new().await;
        let Shop { tote_small, taipei, .. } = bench.shop;
        for number in 0..3 {
            bench.ask(&format!("{number}@example.com"), tote_small, Locale::En).await;
        }
        seed::receive(&bench.test, tote_small, taipei, 1).await;
        let goods = bench.teller.back(&[tote_small]).await.unwrap().remove(0);
        for expected in ["0@example.com", "1@example.com", "2@example.com"] {
            let mut tx = bench.test.db().begin().await.unwrap();
            let with = (bench.test.ids(), &*bench.teller.clock);
            assert_eq!(notices::tell(&mut tx, &goods, "", 1, with).await.unwrap(), 1);
            tx.commit().await.unwrap();
            assert_eq!(bench.mails().await.last().unwrap()["email"], expected);
        }
    }

    #[test]
    fn a_sku_that_would_have_to_be_escaped_is_left_out_of_the_link() {
        for (sku, page) in [("A-1", "/products/mug?variant=A-1"), ("A&1", "/products/mug")] {
            let offered = Offered {
                variant_id: seed::id(1, 1),
                product_id: seed::id(2, 0),
                slug: "mug".to_owned(),
                product: kernel::LocalizedText::new("杯", "Mug"),
                sku: sku.to_owned(),
                variant: kernel::LocalizedText::new("", ""),
                availability: Availability::InStock,
            };
            assert_eq!(goods(offered).page, page);
        }
    }
}
