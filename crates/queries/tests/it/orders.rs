//! Orders as their buyers see them.

use jiff::SignedDuration;
use jiff_sqlx::ToSqlx as _;
use kernel::{
    Clock as _, PageLimit, Shard,
    id::{OrderId, UserId, VariantId},
};
use queries::{
    ListError,
    orders::{
        OrderStatusWord, PaymentStatusWord, TimelineActor, TimelineKind, detail, list_for_customer,
    },
};
use testkit::{
    TestDb,
    seed::{self, Shop},
};

fn wang() -> UserId {
    seed::id(0xe0, 0)
}

/// An order of two lines, as the order engine would leave it.
async fn order(db: &TestDb, customer: Option<UserId>, variants: [VariantId; 2]) -> OrderId {
    let id: OrderId = db.ids().next_on(&*db.clock(), variants[0].shard());
    let now = db.clock().now().to_sqlx();
    let mut conn = db.owner().acquire().await.unwrap();
    sqlx::query(
        "INSERT INTO orders.orders (shard, id, status, customer_id, locale, contact_email,
             contact_phone, ship_name, ship_phone, ship_postal_code, ship_city, ship_district,
             ship_address1, shipping_method, payment_method, note, currency,
             subtotal, discount, shipping_fee, total, reserved_until, created_at)
         VALUES ($1, $2, 'pending_payment', $3, 'zh-TW', 'a@example.com', '0912345678',
             '王小明', '0912345678', '100', '臺北市', '中正區', '重慶南路 1 號',
             'home_delivery', 'ecpay_credit', '請打電話', 'TWD', 1200, 0, 80, 1280, $4, $4)",
    )
    .bind(id.shard().to_i16())
    .bind(id.as_uuid())
    .bind(customer.map(UserId::as_uuid))
    .bind(now)
    .execute(&mut *conn)
    .await
    .unwrap();
    for (line_no, variant) in (1_i16..).zip(variants) {
        sqlx::query(
            "INSERT INTO orders.lines (shard, order_id, line_no, variant_id, sku, name_zh, name_en,
                 variant_name_zh, variant_name_en, quantity, unit_price, line_total)
             VALUES ($1, $2, $3, $4, 'OLD-SKU', '舊名', 'Old name', '', '', 2, 300, 600)",
        )
        .bind(id.shard().to_i16())
        .bind(id.as_uuid())
        .bind(line_no)
        .bind(variant.as_uuid())
        .execute(&mut *conn)
        .await
        .unwrap();
    }
    id
}

#[tokio::test]
async fn an_order_shows_the_moment_of_sale_and_its_history() {
    let db = TestDb::new().await;
    let shop = Shop::small(&db).await;
    let unknown: VariantId = seed::id(0xf0, 7);
    let id = order(&db, Some(wang()), [shop.mug_white, unknown]).await;
    let mut conn = db.owner().acquire().await.unwrap();
    let (shard, now) = (id.shard().to_i16(), db.clock().now().to_sqlx());
    sqlx::query(
        "INSERT INTO payments.attempts (shard, id, order_id, merchant_trade_no, provider, method,
             amount, currency, status, idempotency_key, created_at, updated_at, paid_at)
         VALUES ($1, $2, $2, '01ABC', 'ecpay', 'ecpay_credit', 1280, 'TWD', 'succeeded', $2, $3, $3,
             $3)",
    )
    .bind(shard)
    .bind(id.as_uuid())
    .bind(now)
    .execute(&mut *conn)
    .await
    .unwrap();
    sqlx::query(
        "INSERT INTO orders.transitions (shard, order_id, seq, from_status, to_status, actor_kind,
             reason, occurred_at)
         VALUES ($1, $2, 1, 'pending_payment', 'paid', 'payment_provider', NULL, $3)",
    )
    .bind(shard)
    .bind(id.as_uuid())
    .bind(now)
    .execute(&mut *conn)
    .await
    .unwrap();
    sqlx::query("UPDATE orders.orders SET status = 'paid', paid_at = created_at")
        .execute(&mut *conn)
        .await
        .unwrap();

    let mut conn = db.db().acquire().await.unwrap();
    let shown = detail(&mut conn, id).await.unwrap().unwrap();
    assert_eq!((shown.id, shown.customer), (id, Some(wang())));
    assert_eq!(shown.number, orders::OrderNumber::of(id).to_string());
    assert_eq!(shown.status, OrderStatusWord::Paid);
    assert_eq!(shown.shipping_address.district, "中正區");
    assert_eq!(&*shown.items[0].name.en, "Old name", "not the name of today");
    assert_eq!((&*shown.items[0].product_slug, shown.items[0].quantity), ("mug", 2));
    assert_eq!(&*shown.items[1].product_slug, "");
    assert_eq!((shown.subtotal.amount(), shown.total.amount()), (1200, 1280));
    assert_eq!(shown.payments.len(), 1);
    assert_eq!(shown.payments[0].status, PaymentStatusWord::Succeeded);
    let [placed, paid] = &shown.timeline[..] else { panic!("{:?}", shown.timeline) };
    assert_eq!((placed.from.as_deref(), &*placed.to), (None, "pending_payment"));
    assert_eq!((paid.from.as_deref(), &*paid.to), (Some("pending_payment"), "paid"));
    assert_eq!((placed.kind, placed.id), (TimelineKind::Order, id.as_uuid()));
    assert_eq!(paid.actor, TimelineActor::PaymentProvider);

    let json = serde_json::to_value(&shown).unwrap();
    assert!(json.get("customer").is_none(), "whose it is stays inside");
    let elsewhere: OrderId = Shard::new(9).stamp(id.as_uuid()).into();
    assert_eq!(detail(&mut conn, elsewhere).await.unwrap(), None);
}

#[tokio::test]
async fn people_see_their_own_orders_the_newest_first() {
    let db = TestDb::new().await;
    let shop = Shop::small(&db).await;
    let mut placed = Vec::new();
    for _ in 0..5 {
        placed.insert(0, order(&db, Some(wang()), [shop.tote_large, shop.mug_white]).await);
        db.clock().advance(SignedDuration::from_secs(1));
    }
    order(&db, None, [shop.mug_white, shop.mug_black]).await;
    order(&db, Some(seed::id(0xe1, 0)), [shop.mug_white, shop.mug_black]).await;

    let mut conn = db.db().acquire().await.unwrap();
    let limit = PageLimit::clamped(Some(2));
    let mut seen = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = list_for_customer(&mut conn, wang(), cursor.as_deref(), limit).await.unwrap();
        assert!(page.items.iter().all(|item| item.item_count == 4));
        seen.extend(page.items.into_iter().map(|item| item.id));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, placed);
    let nobody = list_for_customer(&mut conn, seed::id(0xe9, 0), None, limit).await.unwrap();
    assert_eq!(nobody.items.len(), 0);
    let foreign = list_for_customer(&mut conn, wang(), Some("e30"), limit).await;
    assert!(matches!(foreign, Err(ListError::Cursor(_))));
}
