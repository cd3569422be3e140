//! The cart as shoppers see it.

use ::cart::{CartOwner, LineQuantity};
use kernel::{
    Clock as _, LocalizedText, Money,
    id::{CartId, UserId, VariantId},
};
use pricing::{Audience, PriceList, price_lists};
use queries::{Availability, cart::view};
use testkit::{TestDb, seed::Shop};

async fn cart_with(db: &TestDb, lines: &[(VariantId, u32)]) -> CartId {
    let mut conn = db.db().acquire().await.unwrap();
    let owner: Option<CartOwner> = None;
    let cart = ::cart::open(&mut conn, owner, db.ids(), &*db.clock()).await.unwrap();
    for (variant, units) in lines {
        let units = LineQuantity::new(*units).unwrap();
        ::cart::add(&mut conn, cart, *variant, units, db.ids(), &*db.clock()).await.unwrap();
        db.clock().advance(jiff::SignedDuration::from_secs(1));
    }
    cart
}

#[tokio::test]
async fn a_cart_shows_todays_prices_and_stock() {
    let db = TestDb::new().await;
    let shop = Shop::small(&db).await;
    let cart = cart_with(&db, &[(shop.mug_black, 3), (shop.mug_white, 1)]).await;
    let mut conn = db.db().acquire().await.unwrap();
    let shown = view(&mut conn, Some(cart), None, db.clock().now()).await.unwrap();
    let [black, white] = &shown.items[..] else { panic!("{shown:?}") };
    assert_eq!((black.variant_id, black.quantity), (shop.mug_black, 3));
    assert_eq!(black.product_slug, "mug");
    assert_eq!((black.available, black.availability), (1, Availability::LowStock));
    assert_eq!((black.unit_price.amount(), black.line_total.amount()), (420, 1260));
    assert_eq!((white.available, white.availability), (15, Availability::InStock));
    assert_eq!((shown.id, shown.item_count), (Some(cart), 4));
    assert_eq!((shown.subtotal.amount(), shown.total.amount()), (1650, 1650));
    assert_eq!(shown.shipping_fee, None);
    assert_eq!(shown.free_shipping_remaining, Some(Money::ZERO));
}

#[tokio::test]
async fn members_see_their_own_prices() {
    let db = TestDb::new().await;
    let shop = Shop::small(&db).await;
    let cart = cart_with(&db, &[(shop.mug_black, 3), (shop.mug_white, 1)]).await;
    let mut conn = db.db().acquire().await.unwrap();
    let now = db.clock().now();
    let hour = jiff::SignedDuration::from_hours(1);
    let list = PriceList {
        id: uuid::Uuid::from_u128(1).into(),
        name: LocalizedText::new("會員價", "Members"),
        audience: Audience::Members,
        valid_from: None,
        valid_until: Some(now + hour),
        active: true,
    };
    price_lists::add(&mut conn, &list, now).await.unwrap();
    let cheaper = [(shop.mug_black, Some(Money::twd(400).unwrap()))];
    price_lists::put_entries(&mut conn, list.id, &cheaper, 1, now).await.unwrap();
    let member = Some(UserId::from(uuid::Uuid::from_u128(7)));
    for (who, at, black, usual) in
        [(None, now, 420, None), (member, now, 400, Some(420)), (member, now + hour, 420, None)]
    {
        let shown = view(&mut conn, Some(cart), who, at).await.unwrap();
        let [first, second] = &shown.items[..] else { panic!("{shown:?}") };
        assert_eq!((first.unit_price.amount(), first.line_total.amount()), (black, 3 * black));
        assert_eq!(first.usual_price.map(Money::amount), usual);
        assert_eq!(first.price_list.as_ref(), usual.map(|_| &list.name));
        assert_eq!((second.unit_price.amount(), second.usual_price), (390, None));
        assert_eq!(shown.total.amount(), 3 * black + 390);
    }
}

#[tokio::test]
async fn what_is_no_longer_sold_stays_visible_but_unavailable() {
    let db = TestDb::new().await;
    let shop = Shop::small(&db).await;
    let cart = cart_with(&db, &[(shop.tote_old, 1), (shop.tote_large, 1)]).await;
    let mut conn = db.db().acquire().await.unwrap();
    let shown = view(&mut conn, Some(cart), None, db.clock().now()).await.unwrap();
    assert_eq!(shown.items[0].availability, Availability::SoldOut);
    assert_eq!(shown.items[0].available, 0);
    assert_eq!(shown.items[1].available, 99, "never more than a line holds");
}

#[tokio::test]
async fn nobody_has_an_empty_cart_with_a_goal() {
    let db = TestDb::new().await;
    let mut conn = db.db().acquire().await.unwrap();
    let shown = view(&mut conn, None, None, db.clock().now()).await.unwrap();
    assert_eq!((shown.id, shown.items.len(), shown.total), (None, 0, Money::ZERO));
    assert_eq!(shown.free_shipping_remaining, None, "no free shipping, no goal");
    Shop::small(&db).await;
    let shown = view(&mut conn, None, None, db.clock().now()).await.unwrap();
    assert_eq!(shown.free_shipping_remaining, Some(Money::twd(1000).unwrap()));
}
