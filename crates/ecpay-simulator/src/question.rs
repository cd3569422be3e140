//! What all requests of a shop's server have in common.

use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use crate::config::MerchantConfig;
use crate::fault::FaultKind;
use crate::form::Form;
use crate::server::Shared;
use crate::signature;
use crate::store::Call;
use crate::trade::Trade;

/// How far `TimeStamp` may be off, in seconds.
const TIME_STAMP_WINDOW: u64 = 180;

/// A request whose signature fits.
pub(crate) struct Question {
    /// Who asks, with the keys that sign the answer.
    pub(crate) merchant: MerchantConfig,
    pub(crate) form: Form,
}

impl Question {
    /// Reads a request and notes it down; what to answer if it is not to be trusted.
    pub(crate) fn read(
        shared: &Shared,
        path: &'static str,
        body: &[u8],
    ) -> Result<Self, &'static str> {
        let Ok(form) = Form::parse(body) else { return Err("Parameter Error") };
        let merchant_trade_no = form.get("MerchantTradeNo").chars().take(20).collect();
        shared.store().note_call(Call { at: shared.now(), path, merchant_trade_no });
        let Some(merchant) = shared.merchant(Trade::signer_id(&form)) else {
            return Err("MerchantID Error");
        };
        if !signature::verify(merchant, &form.0) {
            return Err("CheckMacValue Error");
        }
        let mut merchant = merchant.clone();
        form.get("MerchantID").clone_into(&mut merchant.id);
        Ok(Self { merchant, form })
    }

    /// The same of a request that carries a `TimeStamp`.
    pub(crate) fn read_fresh(
        shared: &Shared,
        path: &'static str,
        body: &[u8],
    ) -> Result<Self, &'static str> {
        let question = Self::read(shared, path, body)?;
        let now = shared.shops_now().as_second();
        let stamp = question.form.get("TimeStamp").parse::<i64>();
        if stamp.is_ok_and(|stamp| now.abs_diff(stamp) <= TIME_STAMP_WINDOW) {
            Ok(question)
        } else {
            Err("TimeStamp Is Expired")
        }
    }

    /// The shop's number of the order it is about.
    pub(crate) fn number(&self) -> &str {
        self.form.get("MerchantTradeNo")
    }
}

/// How long the caller waits in vain, if that is to be.
pub(crate) fn hold(faults: &[FaultKind]) -> Option<Duration> {
    faults.iter().find_map(|fault| match fault {
        FaultKind::QueryUnanswered { hold_ms } | FaultKind::ActionUnanswered { hold_ms, .. } => {
            Some(Duration::from_millis(*hold_ms))
        }
        _ => None,
    })
}

/// Lets a caller wait, and then does not answer.
pub(crate) async fn leave_unanswered(shared: &Shared, hold: Duration) -> Response {
    tokio::select! {
        () = tokio::time::sleep(hold) => {}
        () = shared.closing.cancelled() => {}
    }
    StatusCode::GATEWAY_TIMEOUT.into_response()
}
