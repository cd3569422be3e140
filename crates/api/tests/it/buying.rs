//! Orders that are paid, sent, delivered.

use identity::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    app::{Answer, TestApp, Visitor},
    orders::order,
};

/// An order of a guest.
pub struct Bought<'a> {
    pub app: &'a TestApp,
    pub id: String,
    pub number: String,
    /// Who has its token.
    pub buyer: Visitor<'a>,
}

/// Three white mugs and a large tote: NT$ 3,160, sent for nothing.
pub fn three_mugs_and_a_tote(app: &TestApp) -> Value {
    order(&[(app.shop.mug_white, 3), (app.shop.tote_large, 1)])
}

/// Places an order.
pub async fn placed(app: &TestApp, body: Value) -> Bought<'_> {
    let key = Uuid::from_bytes(app.db.ids().bytes()).to_string();
    let mut visitor = app.visitor().with("idempotency-key", key);
    let placed = visitor.post("/api/orders", body).await.ok(201);
    let text = |name: &str| placed[name].as_str().unwrap().to_owned();
    let buyer = app.visitor().with("x-order-token", text("access_token"));
    Bought { app, id: text("id"), number: text("number"), buyer }
}

/// Places an order, and pays it.
pub async fn paid(app: &TestApp, body: Value) -> Bought<'_> {
    let bought = placed(app, body).await;
    pay(app, &bought.path(""), &bought.buyer).await;
    bought
}

/// Pays an order by card: the provider says that the money came.
pub async fn pay(app: &TestApp, order: &str, buyer: &Visitor<'_>) {
    let key = order.replace('/', "-");
    let mut payer = buyer.clone().with("idempotency-key", key);
    let form = payer.post(&format!("{order}/payments"), json!({})).await.ok(201);
    let fields = form["fields"].as_array().unwrap();
    let field = |name: &str| {
        let field = fields.iter().find(|field| field["name"] == name).unwrap();
        field["value"].as_str().unwrap().to_owned()
    };
    let (trade_no, amount) = (field("MerchantTradeNo"), field("TotalAmount"));
    let merchant = ecpay::Merchant::new("3002607", "pwFHCqoQZGmho4w6", "EkRm7iFT261dpevs").unwrap();
    let notice = [
        ("MerchantID", "3002607"),
        ("MerchantTradeNo", trade_no.as_str()),
        ("RtnCode", "1"),
        ("RtnMsg", "交易成功"),
        ("TradeNo", trade_no.as_str()),
        ("TradeAmt", amount.as_str()),
        ("PaymentDate", "2026/06/01 10:05:00"),
        ("PaymentType", "Credit_CreditCard"),
        ("TradeDate", "2026/06/01 10:00:00"),
        ("SimulatePaid", "0"),
    ];
    let mac = merchant.sign(notice);
    let body = ecpay::to_form_body(notice.into_iter().chain([("CheckMacValue", mac.as_str())]));
    assert_eq!(app.form_text("/api/payments/ecpay/notify", &body).await, (200, "1|OK".into()));
}

/// An order of three mugs and a tote that has arrived.
pub async fn delivered(app: &TestApp) -> Bought<'_> {
    let bought = paid(app, three_mugs_and_a_tote(app)).await;
    let parcel = bought.plan(json!({"warehouse_id": app.shop.taipei})).await.ok(201);
    for (seen, status) in [(1, "ready_to_ship"), (2, "shipped"), (3, "delivered")] {
        change(app, &parcel, seen, json!({"status": status})).await.ok(200);
    }
    bought
}

impl Bought<'_> {
    /// The order's address, with this behind it.
    pub fn path(&self, more: &str) -> String {
        format!("/api/orders/{}{more}", self.id)
    }

    /// The same for the back office.
    pub fn admin(&self, more: &str) -> String {
        format!("/api/admin/orders/{}{more}", self.id)
    }

    /// The order as its buyer sees it.
    pub async fn seen(&self) -> Value {
        self.buyer.clone().get(&self.path("")).await.ok(200)
    }

    /// The order as operations see it.
    pub async fn inside(&self) -> Value {
        self.app.staff(Role::Ops).get(&self.admin("")).await.ok(200)
    }

    /// How far it has come.
    pub async fn status(&self) -> String {
        self.seen().await["status"].as_str().unwrap().to_owned()
    }

    /// The warehouse plans a parcel.
    pub async fn plan(&self, form: Value) -> Answer {
        self.app.staff(Role::Warehouse).post(&self.admin("/shipments"), form).await
    }

    /// The buyer wants to send units of lines back.
    pub async fn ask_return(&self, lines: Value) -> Answer {
        let form = json!({"cause": "damaged", "reason": "杯子裂了", "lines": lines});
        self.buyer.clone().post(&self.path("/returns"), form).await
    }

    /// Takes units off the order.
    pub async fn edit(&self, seen: i64, form: Value) -> Answer {
        self.app.staff(Role::Ops).patch_seen(&self.admin(""), seen, form).await
    }
}

/// The warehouse changes a parcel of which it has seen this version.
pub async fn change(app: &TestApp, parcel: &Value, seen: i64, form: Value) -> Answer {
    let path = format!("/api/admin/shipments/{}", parcel["id"].as_str().unwrap());
    app.staff(Role::Warehouse).patch_seen(&path, seen, form).await
}

/// What lies in Taipei of a variant: total, available, sold.
pub async fn taipei(app: &TestApp, variant: kernel::id::VariantId) -> [i64; 3] {
    let balances = crate::orders::stock(app, variant).await;
    let rows = balances.as_array().unwrap();
    let row = rows.iter().find(|row| row["warehouse_id"] == json!(app.shop.taipei)).unwrap();
    ["total", "available", "sold"].map(|name| row[name].as_i64().unwrap())
}

/// What was asked back of all payments.
pub async fn asked_back(app: &TestApp) -> i64 {
    app.count("SELECT coalesce(sum(amount), 0)::bigint FROM payments.refunds").await
}
