//! A shop with its engine, and the hands of a buyer and of the provider.

use std::{sync::Arc, time::Duration};

use checkout::{Checkout, OrderAccess, Patience, PaymentMetrics, Provider, Reply};
use ecpay::{Client, ClientOptions, Environment, Merchant};
use ecpay_simulator::Simulator;
use futures::future::join_all;
use intake::{Intake, PlaceError, PlaceOrder, Placed, RequestedLine, Settings};
use inventory::{
    Balance, StockKey,
    stocktakes::{self, Opening},
};
use kernel::{
    Actor, Clock as _, Locale, Quantity,
    id::{OrderId, StocktakeId, VariantId, WarehouseId},
};
use orders::{Address, Contact, Order};
use payments::{
    BankAccount, PaymentProvider, Providers,
    providers::{CashOnDelivery, EcpayOptions, EcpayProvider},
};
use testkit::{TestDb, seed::Shop};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

pub struct Bench {
    pub test: TestDb,
    pub shop: Shop,
    pub intake: Intake,
    pub checkout: Checkout,
    /// ECPay, as far as anybody can tell.
    pub simulator: Simulator,
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
        let simulator = simulator(&test).await;
        let provider = provider(&simulator);
        let checkout = Checkout {
            db: test.db().clone(),
            clock: test.shared_clock(),
            ids: test.ids().clone(),
            providers: providers(&provider),
            provider,
            patience: Patience::default(),
            metrics: PaymentMetrics::default(),
            access: OrderAccess::new([1; 32]),
            public_url: "https://shop.example".into(),
            sourcing: settings.sourcing,
            return_days: 7,
        };
        Self { test, shop, intake, checkout, simulator, tracker, cancel }
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

    /// Begins a payment by a method and brings its form to ECPay, as the buyer's browser does: its trade
    /// number and amount.
    pub async fn at_ecpay(&self, order: OrderId, method: &str) -> (String, u32) {
        let key = Uuid::from_bytes(self.test.ids().bytes());
        let begun = self.checkout.begin_payment_by(order, Some(method), key, Actor::Guest).await;
        let form = begun.unwrap();
        assert!(form.posts, "{form:?}");
        let page = browser().post(&form.action).form(&form.fields).send().await;
        let status = page.unwrap().status();
        assert!(status.is_success() || status.is_redirection(), "{status}");
        let field = |name: &str| {
            form.fields.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone()).unwrap()
        };
        (field("MerchantTradeNo"), field("TotalAmount").parse().unwrap())
    }

    /// Makes something happen at ECPay: `pay`, `issue`.
    pub async fn ecpay_does(&self, trade_no: &str, what: &str, body: serde_json::Value) {
        let address = self.simulator.local_addr();
        let url = format!("http://{address}/simulator/trades/{trade_no}/{what}");
        let answer = browser().post(url).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    /// Something goes wrong at ECPay.
    pub async fn ecpay_fails(&self, fault: serde_json::Value) {
        let url = format!("http://{}/simulator/faults", self.simulator.local_addr());
        let answer = browser().post(url).json(&fault).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    /// What our server has asked ECPay about a number.
    pub async fn asked(&self, trade_no: &str) -> usize {
        let address = self.simulator.local_addr();
        let url = format!("http://{address}/simulator/calls?merchant_trade_no={trade_no}");
        let calls = browser().get(url).send().await.unwrap();
        let calls: serde_json::Value = calls.json().await.unwrap();
        calls["items"].as_array().unwrap().len()
    }

    /// The announcement of a code as the provider signs it.
    pub fn code_notice(&self, trade_no: &str, amount: u32, code: &[(&str, &str)]) -> String {
        let amount = amount.to_string();
        let common = [
            ("MerchantID", "3002607"),
            ("MerchantTradeNo", trade_no),
            ("StoreID", ""),
            ("RtnMsg", "Get Code Succeeded."),
            ("TradeNo", "2606011000001234"),
            ("TradeAmt", &amount),
            ("PaymentType", "ATM_ESUN"),
            ("TradeDate", "2026/06/01 10:00:00"),
        ];
        let fields: Vec<(&str, &str)> = common.into_iter().chain(code.iter().copied()).collect();
        let mac = self.checkout.provider.merchant.sign(fields.iter().copied());
        ecpay::to_form_body(fields.into_iter().chain([("CheckMacValue", mac.as_str())]))
    }

    /// Delivers the announcement of a code.
    pub async fn deliver_code(&self, body: &str) -> Reply {
        let notice = self.checkout.verify_code(body.as_bytes()).unwrap();
        self.checkout.receive_code(&notice, body).await.unwrap()
    }

    /// The attempts to pay an order, the first one first.
    pub async fn attempts(&self, order: OrderId) -> Vec<payments::Payment> {
        let mut conn = self.test.owner().acquire().await.unwrap();
        payments::of_order(&mut conn, order).await.unwrap()
    }

    /// Another node: a pool of its own on the same database.
    pub fn another_node(&self) -> Checkout {
        let db = pg::Db::open(&pg::DbOptions::app(self.test.owner_url())).unwrap();
        Checkout { db, ..self.checkout.clone() }
    }

    /// Ends what is due, as the program's workers do: unasked where nobody has to be asked.
    pub async fn end_due(&self) -> usize {
        self.checkout.expire_due().await.unwrap()
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

    /// Opens a stocktake of a variant in Taipei.
    pub async fn take_stock(&self, variant: VariantId) -> StocktakeId {
        let (clock, ids) = (self.test.clock(), self.test.ids());
        let at = clock.now();
        let opening = Opening {
            warehouse: self.shop.taipei,
            variants: Some(vec![variant]),
            counts_required: 1,
            expires_at: at + jiff::SignedDuration::from_hours(4),
            note: String::new(),
        };
        let cause = inventory::Cause { actor: Actor::System, reference: None, reason: None, at };
        let context = inventory::SaveContext { clock: &*clock, ids };
        let (id, by) = (ids.next(&*clock), ids.next(&*clock));
        let mut tx = self.test.db().begin().await.unwrap();
        stocktakes::open(&mut tx, id, &opening, by, &cause, &context).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// Closes a warehouse, or opens it again.
    pub async fn set_open(&self, warehouse: WarehouseId, active: bool) {
        let clock = self.test.clock();
        let context = inventory::SaveContext { clock: &*clock, ids: self.test.ids() };
        let mut tx = self.test.db().begin().await.unwrap();
        let seen = inventory::warehouse(&mut tx, warehouse).await.unwrap().unwrap();
        let wish = inventory::Warehouse { active, ..seen };
        inventory::change_warehouse(&mut tx, wish, &context).await.unwrap();
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

/// A browser that goes nowhere by itself.
pub fn browser() -> reqwest::Client {
    let browser = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(5))
        .timeout(Duration::from_secs(10))
        .no_proxy();
    browser.build().unwrap()
}

/// ECPay's stand-in, on the test's clock.
async fn simulator(test: &TestDb) -> Simulator {
    let clock = test.shared_clock();
    let config = ecpay_simulator::Config {
        clock: Arc::new(move || clock.now()),
        rate_limit: None,
        file_interval: Duration::ZERO,
        ..ecpay_simulator::Config::default()
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    Simulator::start(config, listener).unwrap()
}

fn provider(simulator: &Simulator) -> Provider {
    let merchant = Merchant::new("3002607", "pwFHCqoQZGmho4w6", "EkRm7iFT261dpevs").unwrap();
    let address = format!("http://{}", simulator.local_addr());
    Provider { merchant, environment: Environment::custom(&address).unwrap() }
}

/// Everybody who takes money; ECPay is asked as often as a test likes.
pub fn providers(ecpay: &Provider) -> Providers {
    let often = std::num::NonZero::new(100_000).unwrap();
    let options = ClientOptions { calls_per_minute: often, burst: often, ..Default::default() };
    let (merchant, environment) = (ecpay.merchant.clone(), ecpay.environment.clone());
    let client = Client::new(merchant, environment, options).unwrap();
    let all: [Arc<dyn PaymentProvider>; 2] =
        [Arc::new(EcpayProvider::new(client, EcpayOptions::default())), Arc::new(CashOnDelivery)];
    Providers::new(all).with_account(BankAccount {
        bank_code: "004".into(),
        bank_name: "臺灣銀行".into(),
        number: "123456789012".into(),
        holder: "牛車選物".into(),
    })
}

pub fn quick() -> Settings {
    Settings { patience: Duration::from_mins(1), ..Settings::default() }
}
