//! Sending money back to a card through ECPay, step by step as the card's state asks for it.

use ecpay::{
    CardAction, CardKind, CardQuery, CardState, CardStatus, CardTrade, NextAction, next_action,
};
use jiff::Timestamp;

use super::ecpay::{EcpayProvider, dollars, failed, is_card, trade_no};
use crate::{
    model::Payment,
    provider::{ProviderError, RefundAnswer, RefundOrder},
};

/// A capture that is called back and then given up takes two actions; more are never right.
const STEPS: usize = 3;

/// Each step is decided by the card's state just before it, so that asking again never does a refund
/// twice: what ECPay says it has given back is held against what our books say it has. Money that went
/// back unknown to them is for people to look at.
pub(super) async fn refund(
    provider: &EcpayProvider,
    attempt: &Payment,
    refund: &RefundOrder,
    now: Timestamp,
) -> Result<RefundAnswer, ProviderError> {
    if !is_card(&attempt.method) {
        return Ok(by_hand("ECPay sends money back to cards only"));
    }
    let (Some(number), Some(query)) = (&attempt.provider_trade_no, detail(provider, attempt)?)
    else {
        return Ok(by_hand(
            "card details cannot be asked for: no authorisation number, or no check code",
        ));
    };
    let amount = dollars(refund.amount)?;
    for _ in 0..STEPS {
        let trade = read(provider, &query, now).await?;
        match known(refund, given_back(&trade)) {
            Known::NotYet => {}
            Known::Done => return Ok(RefundAnswer::Done),
            Known::Otherwise(given_back) => return Ok(contradiction(refund, given_back)),
        }
        let card = state(&trade, attempt);
        let next = match next_action(&card, amount, now) {
            Ok(next) => next,
            Err(error) => return Ok(RefundAnswer::Refused { code: 0, message: error.to_string() }),
        };
        let (action, of, last) = match next {
            NextAction::Do { action, amount, last } => (action, amount, last),
            NextAction::Done => return Ok(RefundAnswer::Done),
            NextAction::Wait { .. } => return Ok(RefundAnswer::Pending),
            NextAction::ByHand(why) => return Ok(by_hand(&why.to_string())),
        };
        let action = CardAction::new(trade_no(attempt)?, number, action, of)
            .map_err(|error| ProviderError::Unfit(error.to_string()))?;
        let reply = provider.client.do_action(&action).await.map_err(failed)?;
        if !reply.is_done() {
            return Ok(RefundAnswer::Refused { code: reply.code, message: reply.message });
        }
        if last {
            return Ok(RefundAnswer::Done);
        }
    }
    Err(ProviderError::Unclear("the card's state did not follow what was done to it".to_owned()))
}

/// The question about the card; nothing when something that it needs is not known.
fn detail(provider: &EcpayProvider, attempt: &Payment) -> Result<Option<CardQuery>, ProviderError> {
    let authorised = attempt.card_auth_no.and_then(|number| u64::try_from(number).ok());
    let Some((authorised, check_code)) = authorised.zip(provider.options.check_code) else {
        return Ok(None);
    };
    let query = CardQuery::new(authorised, dollars(attempt.amount)?, check_code);
    query.map(Some).map_err(|error| ProviderError::Unfit(error.to_string()))
}

/// A question that came to nothing has done nothing: asking all over is safe.
async fn read(
    provider: &EcpayProvider,
    query: &CardQuery,
    now: Timestamp,
) -> Result<CardTrade, ProviderError> {
    provider.client.card_trade(query, now).await.map_err(|error| match failed(error) {
        ProviderError::Unclear(why) => ProviderError::NotSent(why),
        error => error,
    })
}

fn state(trade: &CardTrade, attempt: &Payment) -> CardState {
    let kind = match &*attempt.method {
        "ecpay_instalments" => CardKind::Instalments,
        _ => CardKind::Plain,
    };
    let given_back = u32::try_from(given_back(trade)).unwrap_or(u32::MAX);
    CardState::of(trade, kind, given_back, attempt.paid_at.unwrap_or(attempt.created_at))
}

/// What ECPay lists as given back, in whole TWD. A capture that was called back, and an authorisation
/// that was given up, are not listed: the card's state tells them.
fn given_back(trade: &CardTrade) -> i64 {
    let refunds = trade.closings.iter().filter(|closing| closing.amount < 0);
    // What was given up itself gave nothing back.
    let refunds = refunds.filter(|closing| closing.status != CardStatus::CaptureCancelled);
    refunds.map(|closing| closing.amount.saturating_neg()).sum()
}

/// What ECPay knows of a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    /// Nothing.
    NotYet,
    /// It was paid back when it was told before.
    Done,
    /// So much was given back, which is neither what our books say nor that and this refund.
    Otherwise(i64),
}

fn known(refund: &RefundOrder, given_back: i64) -> Known {
    let (before, amount) = (refund.already.amount(), refund.amount.amount());
    match given_back {
        same if same == before => Known::NotYet,
        more if refund.again && more == before + amount => Known::Done,
        other => Known::Otherwise(other),
    }
}

fn contradiction(refund: &RefundOrder, given_back: i64) -> RefundAnswer {
    let before = refund.already.amount();
    let message = format!("ECPay has given back {given_back}, and our books say {before}");
    RefundAnswer::Refused { code: 0, message }
}

fn by_hand(reason: &str) -> RefundAnswer {
    RefundAnswer::ByHand { reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use kernel::Money;
    use uuid::Uuid;

    use super::*;

    fn order(amount: i64, already: i64, again: bool) -> RefundOrder {
        let twd = |amount| Money::twd(amount).unwrap();
        RefundOrder {
            id: Uuid::from_u128(1).into(),
            amount: twd(amount),
            whole: false,
            already: twd(already),
            again,
        }
    }

    #[test]
    fn what_was_given_back_tells_what_came_of_a_refund() {
        for again in [false, true] {
            assert_eq!(known(&order(400, 0, again), 0), Known::NotYet);
            assert_eq!(known(&order(400, 100, again), 100), Known::NotYet);
            // Neither: somebody gave money back elsewhere.
            for other in [0, 99, 101, 499, 501] {
                assert_eq!(known(&order(400, 100, again), other), Known::Otherwise(other));
            }
        }
        assert_eq!(known(&order(400, 100, true), 500), Known::Done);
        // Never told of it, ECPay cannot have paid it.
        assert_eq!(known(&order(400, 100, false), 500), Known::Otherwise(500));
    }

    #[test]
    fn refunds_are_what_is_listed_below_nothing() {
        let reply = r#"{"RtnMsg": "", "RtnValue": {"TradeID": "1", "amount": "1000",
            "clsamt": "1000", "authtime": "2026/6/1 上午 10:00:00", "status": "已關帳",
            "close_data": [
                {"status": "已關帳", "amount": "1000", "sno": "1", "datetime": "2026/6/1 下午 08:30:00"},
                {"status": "已關帳", "amount": "-400", "sno": "2", "datetime": "2026/6/2 上午 10:00:00"},
                {"status": "要關帳", "amount": "-100", "sno": "3", "datetime": "2026/6/3 上午 10:00:00"}
            ]}}"#;
        let trade = CardTrade::read(reply.as_bytes()).unwrap();
        assert_eq!(given_back(&trade), 500);
    }
}
