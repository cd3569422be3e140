//! A SQL client, and the engine's words translated into the function's.

use std::{sync::Arc, time::Duration};

use intake::{Intake, PlaceError, PlaceOrder, Placed, Refusal, Settings};
use kernel::{Ids, SharedClock, SystemClock};
use orders::OrderNumber;
use serde_json::{Value, json};
use testkit::TestDb;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Connections for callers of the function, apart from the engine's; who comes too many waits.
pub fn callers(test: &TestDb) -> pg::Db {
    let options = pg::DbOptions::app(test.owner_url()).with_max_connections(8);
    let acquire_timeout = Duration::from_mins(1);
    pg::Db::open(&pg::DbOptions { acquire_timeout, ..options }).unwrap()
}

/// What came back: the answer, or the code with its details.
pub type Told = Result<Value, (String, Value)>;

/// Calls the function once, as its own transaction.
pub async fn call(db: &pg::Db, customer: &Value, items: &Value) -> Told {
    let mut conn = db.acquire().await.unwrap();
    call_on(&mut conn, customer, items).await
}

/// The same on a connection of the caller's.
pub async fn call_on(conn: &mut pg::Connection, customer: &Value, items: &Value) -> Told {
    sqlx::query_scalar("SELECT public.create_order_with_inventory_deduction($1, $2)")
        .bind(customer)
        .bind(items)
        .fetch_one(conn)
        .await
        .map_err(|error| refused(&error))
}

fn refused(error: &sqlx::Error) -> (String, Value) {
    let database = error.as_database_error().unwrap_or_else(|| panic!("{error}"));
    let error = database.downcast_ref::<sqlx::postgres::PgDatabaseError>();
    let detail = error.detail().and_then(|text| serde_json::from_str(text).ok());
    let Some(detail) = detail else { panic!("{error:?}") };
    // PostgREST answers with the status of the code's page.
    let known = kernel::ErrorCode::ALL.iter().find(|code| code.as_str() == error.message());
    let status = known.unwrap_or_else(|| panic!("{error:?}")).status();
    assert_eq!(error.code(), format!("PT{status}"), "{error:?}");
    assert!(error.hint().is_some_and(|hint| hint.ends_with('.')), "{error:?}");
    (error.message().to_owned(), detail)
}

/// Places an order through an engine of its own, which remembers nothing.
pub async fn place(test: &TestDb, request: PlaceOrder) -> Result<Arc<Placed>, PlaceError> {
    let engine = Engine::start(test, Settings::default());
    let placed = engine.intake.place(request).await;
    engine.stop().await;
    placed
}

/// An engine on the machine's clock, which is the function's.
pub struct Engine {
    pub intake: Intake,
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Engine {
    pub fn start(test: &TestDb, settings: Settings) -> Self {
        let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
        let clock: SharedClock = Arc::new(SystemClock);
        let ids = Ids::from_system();
        let settings = Settings { patience: Duration::from_mins(1), ..settings };
        let intake = Intake::start(
            test.db().clone(),
            clock,
            ids,
            settings,
            intake::IntakeMetrics::default(),
            &tracker,
            &stop,
        );
        Self { intake, tracker, stop }
    }

    pub async fn stop(self) {
        self.stop.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }
}

/// The engine's answer as the function gives it.
pub fn told(outcome: &Result<Arc<Placed>, PlaceError>) -> Told {
    match outcome {
        Ok(placed) => Ok(answer(placed)),
        Err(PlaceError::Refused(refusal)) => {
            let (code, detail) = explained(refusal);
            Err((code.to_owned(), detail))
        }
        Err(error) => panic!("{error}"),
    }
}

fn answer(placed: &Placed) -> Value {
    let order = &placed.order;
    let items: Vec<Value> = order
        .lines
        .iter()
        .map(|line| {
            json!({
                "line_no": line.line_no, "variant_id": line.variant, "sku": line.sku,
                "name": line.name, "variant_name": line.variant_name, "quantity": line.quantity,
                "unit_price": line.unit_price, "line_total": line.line_total,
            })
        })
        .collect();
    let deductions: Vec<Value> = placed
        .deductions
        .iter()
        .map(|d| {
            json!({
                "variant_id": d.variant, "sku": d.sku, "warehouse_id": d.warehouse,
                "quantity": d.quantity, "available_before": d.available_before,
                "available_after": d.available_after,
            })
        })
        .collect();
    json!({
        "id": order.id, "number": OrderNumber::of(order.id).to_string(),
        "status": "pending_payment", "items": items, "subtotal": order.subtotal,
        "discount": order.discount, "shipping_fee": order.shipping_fee, "total": order.total,
        "reserved_until": order.reserved_until, "created_at": order.created_at,
        "inventory_deduction_results": deductions,
    })
}

fn explained(refusal: &Refusal) -> (&'static str, Value) {
    let field =
        |pointer: String, detail: &str| json!({"errors": [{"pointer": pointer, "detail": detail}]});
    match refusal {
        Refusal::VariantNotFound { index } => {
            ("PRODUCT_NOT_FOUND", field(format!("/items/{index}/variant_id"), "is not for sale"))
        }
        Refusal::PriceChanged { lines, total } => {
            let lines: Vec<Value> = lines
                .iter()
                .map(|line| {
                    json!({
                        "index": line.index, "variant_id": line.variant,
                        "unit_price": line.unit_price,
                    })
                })
                .collect();
            ("PRICE_CHANGED", json!({"lines": lines, "total": total}))
        }
        Refusal::Shortage(lines) => {
            let lines: Vec<Value> = lines
                .iter()
                .map(|line| {
                    json!({
                        "index": line.index, "variant_id": line.variant, "sku": line.sku,
                        "requested": line.requested, "available": line.available,
                    })
                })
                .collect();
            ("INVENTORY_SHORTAGE", json!({"shortages": lines}))
        }
        Refusal::Frozen(variants) => ("STOCK_FROZEN", json!({"variant_ids": variants})),
        Refusal::UnknownShippingMethod => (
            "VALIDATION_FAILED",
            field("/customer/shipping_method".into(), "there is no such shipping method"),
        ),
        Refusal::PaymentMethod(refusal) => {
            ("VALIDATION_FAILED", field("/customer/payment_method".into(), &refusal.to_string()))
        }
        Refusal::PurchaseLimit(lines) => {
            let lines: Vec<Value> = lines
                .iter()
                .map(|line| {
                    json!({
                        "index": line.index, "variant_id": line.variant, "sku": line.sku,
                        "requested": line.requested, "limit": line.limit, "left": line.left,
                    })
                })
                .collect();
            ("PURCHASE_LIMIT_EXCEEDED", json!({"limits": lines}))
        }
        Refusal::TotalOutOfRange => (
            "VALIDATION_FAILED",
            field("/items".into(), "the total of such an order cannot be charged"),
        ),
        Refusal::KeyReused => ("IDEMPOTENCY_KEY_REUSED", json!({})),
        other @ (Refusal::CouponInvalid(_) | Refusal::HoldLimit { .. }) => {
            panic!("nobody asked for that: {other}")
        }
    }
}
