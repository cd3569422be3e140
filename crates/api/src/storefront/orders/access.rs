//! Who may see an order: whom the policies let (its owner, people of the shop), or who has its token.
//! To everybody else it does not exist.

use ::access::{Action, Kind, Resource};
use axum::{
    extract::{FromRef, FromRequestParts},
    http::request::Parts,
};
use kernel::{Actor, ErrorCode, id::OrderId};
use payments::{BankAccount, TradeNo, providers::bank_transfer};
use queries::orders::{
    OrderPaymentView, OrderStatusWord, OrderView, PaymentStatusWord, TransferView,
};

use crate::{
    AppState,
    access::permit::{declared, question},
    kit::{Caller, ClientIp, Path, Problem},
};

/// An order the caller may see, as it is now.
#[derive(Debug)]
pub struct AccessibleOrder {
    /// The order.
    pub order: OrderView,
    /// The caller, as the author of a change.
    pub actor: Actor,
}

#[derive(serde::Deserialize)]
struct OrderPath {
    id: OrderId,
}

impl<S> FromRequestParts<S> for AccessibleOrder
where
    AppState: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let not_found = || Problem::new(ErrorCode::OrderNotFound);
        let Path(OrderPath { id }) =
            Path::from_request_parts(parts, state).await.map_err(|_| not_found())?;
        let app = AppState::from_ref(state);
        let by_token = token(parts).is_some_and(|token| app.checkout.access.opens(id, &token));
        let caller = Caller::from_request_parts(parts, state).await;
        let order = read(&app, id).await?.ok_or_else(not_found)?;
        match caller {
            Ok(Caller(None)) if !by_token => Err(not_found()),
            Ok(Caller(None)) => Ok(Self { order, actor: Actor::Guest }),
            Ok(caller) => {
                let actor = by_policy(&app, parts, &caller, &order, by_token).await?;
                Ok(Self { order, actor })
            }
            // A stale sign-in does not lock a guest's link out.
            Err(_) if by_token => Ok(Self { order, actor: Actor::Guest }),
            Err(problem) => Err(problem),
        }
    }
}

/// Asks the policies whether somebody signed in may do with this order what the route declares. To
/// whom may not even see it, it does not exist. Its token opens it as well.
async fn by_policy(
    app: &AppState,
    parts: &mut Parts,
    caller: &Caller,
    order: &OrderView,
    by_token: bool,
) -> Result<Actor, Problem> {
    let not_found = || Problem::new(ErrorCode::OrderNotFound);
    let claims = caller.0.as_ref().ok_or_else(not_found)?;
    let action = declared(parts).and_then(|rule| rule.action).ok_or_else(not_found)?;
    let Ok(ClientIp(ip)) = ClientIp::from_request_parts(parts, app).await;
    let resource = Resource::one(Kind::Order, order.id)
        .owned_by(order.customer)
        .with_status(order.status.as_str());
    let ask = |action| {
        let question = question(claims, action, resource.clone(), ip, app);
        app.guardian.ask(&question).allowed
    };
    let owns = order.customer == Some(claims.user_id);
    if ask(action) {
        let staff = !owns && !claims.roles.is_empty();
        return Ok(if staff { Actor::Staff(claims.user_id) } else { caller.actor() });
    }
    if by_token {
        return Ok(caller.actor());
    }
    let sees = action != Action::OrderRead && ask(Action::OrderRead);
    Err(if sees { ErrorCode::Forbidden.into() } else { not_found() })
}

/// The order as it is now.
pub async fn read(state: &AppState, id: OrderId) -> Result<Option<OrderView>, Problem> {
    let mut conn = state.db.acquire().await?;
    let mut order = queries::orders::detail(&mut conn, id).await?;
    let account = state.checkout.providers.account();
    let awaited = |order: &&mut OrderView| order.status == OrderStatusWord::PendingPayment;
    if let Some((order, account)) = order.as_mut().filter(awaited).zip(account) {
        for payment in &mut order.payments {
            payment.transfer = transfer_of(payment, account);
        }
    }
    Ok(order)
}

/// Where to transfer the money of an attempt to, while it is awaited.
fn transfer_of(payment: &OrderPaymentView, account: &BankAccount) -> Option<TransferView> {
    let awaited =
        payment.provider == bank_transfer::NAME && payment.status == PaymentStatusWord::Pending;
    let trade_no = TradeNo::parse(&payment.merchant_trade_no).filter(|_| awaited)?;
    let reference = bank_transfer::reference(&trade_no).to_owned();
    Some(super::pay::transfer(account, reference, payment.amount))
}

fn token(parts: &Parts) -> Option<String> {
    let header = parts.headers.get("x-order-token").and_then(|value| value.to_str().ok());
    let query = || {
        let query = parts.uri.query().unwrap_or_default();
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs.find(|(name, _)| name == "access_token").map(|(_, value)| value.into_owned())
    };
    header.map(str::to_owned).or_else(query)
}
