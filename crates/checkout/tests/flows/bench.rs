//! A shop with its engine, and the hands of a buyer and of the provider.

use std::{sync::Arc, time::Duration};

use checkout::{Checkout, OrderAccess, Provider, Reply};
use ecpay::{Environment, Merchant};
use futures::future::join_all;
use intake::{Intake, PlaceError, PlaceOrder, Placed, RequestedLine, Settings};
use inventory::{Balance, StockKey};
use kernel::{
    Actor, Clock as _, Locale, Quantity,
    id::{OrderId, VariantId, WarehouseId},
};
use orders::{Address, Contact, Order};
use testkit::{TestDb, seed::Shop};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

pub struct Bench {
    pub test: TestDb,
    pub shop: Shop,
    pub intake: Intake,
    pub checkout: Checkout,
    tracker: TaskTracker,
    cancel: CancellationToken,
}

impl Bench {
    pub async fn new() -> Self {
        Self::with(Settings::default()).await
    }

    pub async fn with(settings: Settings) -> Self {
        let test = TestDb::new().await;
        let shop = Shop::small(&test).await;
        let (tracker, cancel) = (TaskTracker::new(), CancellationToken::new());
        let intake = Intake::start(
            test.db().clone(),
            test.shared_clock(),
            test.ids().clone(),
            settings,
            intake::IntakeMetrics::default(),
            &tracker,
            &cancel,
        );
        let merchant = Merchant::new("3002607", "pwFHCqoQZGmho4w6", "EkRm7iFT261dpevs").unwrap();
        let checkout = Checkout {
            db: test.db().clone(),
            clock: test.shared_clock(),
            ids: test.ids().clone(),
            provider: Provider { merchant, environment: Environment::Stage },
            access: OrderAccess::new([1; 32]),
            public_url: "https://shop.example".into(),
            sourcing: settings.sourcing,
        };
        Self { test, shop, intake, checkout, tracker, cancel }
    }

    /// Stops the engine and starts another one on the same database.
    pub async fn restart(&mut self) {
        self.cancel.cancel();
        self.tracker.close();
        self.tracker.wait().await;
        (self.tracker, self.cancel) = (TaskTracker::new(), CancellationToken::new());
        self.intake = Intake::start(
            self.test.db().clone(),
            self.test.shared_clock(),
            self.test.ids().clone(),
            Settings::default(),
            intake::IntakeMetrics::default(),
            &self.tracker,
            &self.cancel,
        );
    }

    /// Stops the engine; what is queued is still answered.
    pub async fn stop(&self) {
        self.cancel.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }

    pub fn order(&self, lines: &[(VariantId, i64)]) -> PlaceOrder {
        let key = Uuid::from_bytes(self.test.ids().bytes());
        let lines: Vec<RequestedLine> = lines
            .iter()
            .map(|(variant, quantity)| RequestedLine {
                variant: *variant,
                quantity: Quantity::new(*quantity).unwrap(),
                unit_price: None,
            })
            .collect();
        PlaceOrder {
            key,
            fingerprint: [7; 32],
            customer: None,
            locale: Locale::ZhTw,
            contact: Arc::new(Contact {
                email: "a@example.com".into(),
                phone: "0912345678".into(),
            }),
            shipping_address: Arc::new(Address {
                name: "王小明".into(),
                phone: "0912345678".into(),
                postal_code: "100".into(),
                city: "臺北市".into(),
                district: "中正區".into(),
                address1: "重慶南路一段 122 號".into(),
                address2: None,
            }),
            shipping_method: "home_delivery".into(),
            payment_method: "ecpay_credit".into(),
            coupon_code: None,
            note: None,
            lines,
            expected_total: None,
            spared: false,
        }
    }

    pub async fn place(&self, lines: &[(VariantId, i64)]) -> Arc<Placed> {
        self.intake.place(self.order(lines)).await.unwrap()
    }

    pub async fn place_all(
        &self,
        requests: impl IntoIterator<Item = PlaceOrder>,
    ) -> Vec<Result<Arc<Placed>, PlaceError>> {
        join_all(requests.into_iter().map(|request| self.intake.place(request))).await
    }

    pub async fn stock(&self, variant: VariantId, warehouse: WarehouseId) -> Balance {
        let mut conn = self.test.owner().acquire().await.unwrap();
        let rows = inventory::balances(&mut conn, variant).await.unwrap();
        let key = StockKey { variant, warehouse };
        rows.iter().find(|row| row.key == key).unwrap().balance
    }

    pub async fn load(&self, order: OrderId) -> Order {
        let mut conn = self.test.owner().acquire().await.unwrap();
        orders::load(&mut conn, &[order]).await.unwrap().remove(0)
    }

    /// Begins a payment and answers with its trade number and amount.
    pub async fn begin(&self, order: OrderId) -> (String, u32) {
        let key = Uuid::from_bytes(self.test.ids().bytes());
        let form = self.checkout.begin_payment(order, key, Actor::Guest).await.unwrap();
        let field = |name: &str| {
            form.fields.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone()).unwrap()
        };
        (field("MerchantTradeNo"), field("TotalAmount").parse().unwrap())
    }

    /// A notice as the provider signs it.
    pub fn notice(&self, trade_no: &str, amount: u32, code: &str, simulated: &str) -> String {
        let amount = amount.to_string();
        let fields = [
            ("MerchantID", "3002607"),
            ("MerchantTradeNo", trade_no),
            ("StoreID", ""),
            ("RtnCode", code),
            ("RtnMsg", "交易成功"),
            ("TradeNo", "2606011000001234"),
            ("TradeAmt", &amount),
            ("PaymentDate", "2026/06/01 10:05:00"),
            ("PaymentType", "Credit_CreditCard"),
            ("PaymentTypeChargeFee", "5"),
            ("TradeDate", "2026/06/01 10:00:00"),
            ("SimulatePaid", simulated),
        ];
        let mac = self.checkout.provider.merchant.sign(fields);
        ecpay::to_form_body(fields.into_iter().chain([("CheckMacValue", mac.as_str())]))
    }

    pub async fn deliver(&self, body: &str) -> Reply {
        let notice = self.checkout.verify_notice(body.as_bytes()).unwrap();
        self.checkout.receive_notice(&notice, body).await.unwrap()
    }

    pub async fn pay(&self, order: OrderId) -> Reply {
        let (trade_no, amount) = self.begin(order).await;
        self.deliver(&self.notice(&trade_no, amount, "1", "0")).await
    }

    pub fn minutes_pass(&self, minutes: i64) {
        self.test.clock().advance(jiff::SignedDuration::from_mins(minutes));
    }

    /// Kinds of the events written so far about `subject`, oldest first.
    pub async fn events(&self, order: OrderId) -> Vec<String> {
        let mut conn = self.test.owner().acquire().await.unwrap();
        sqlx::query_scalar("SELECT type FROM outbox.events WHERE subject = $1 ORDER BY id")
            .bind(order.as_uuid())
            .fetch_all(&mut *conn)
            .await
            .unwrap()
    }

    /// Units arrive in Taipei.
    pub async fn receive(&self, variant: VariantId, quantity: i64) {
        let clock = self.test.clock();
        let (actor, at) = (Actor::System, clock.now());
        let cause = inventory::Cause { actor, reference: None, reason: Some("found"), at };
        let context = inventory::SaveContext { clock: &*clock, ids: self.test.ids() };
        let quantity = Quantity::new(quantity).unwrap();
        let mut tx = self.test.db().begin().await.unwrap();
        let warehouse = self.shop.taipei;
        inventory::receive(&mut tx, variant, warehouse, quantity, &cause, &context).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// A number from the database.
    pub async fn count(&self, sql: &'static str) -> i64 {
        let mut conn = self.test.owner().acquire().await.unwrap();
        sqlx::query_scalar(sql).fetch_one(&mut *conn).await.unwrap()
    }

    pub async fn assert_books_are_right(&self) {
        let report = queries::audit::run(self.test.db()).await.unwrap();
        assert!(report.is_clean(), "{report}");
    }
}

pub fn quick() -> Settings {
    Settings { patience: Duration::from_mins(1), ..Settings::default() }
}
