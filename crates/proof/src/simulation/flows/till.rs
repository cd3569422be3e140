//! Who takes the money in a simulation: it tells every buyer the number and the amount, and is never
//! asked anything. What it says comes as notices, in whatever order the scenario likes.

use jiff::Timestamp;
use payments::{
    Instruction, Payment, PaymentAsk, PaymentProvider, ProviderError, ProviderState, RefundAnswer,
    RefundOrder, provider::BoxFuture,
};

/// The till.
#[derive(Clone, Copy, Debug)]
pub struct Till;

impl PaymentProvider for Till {
    fn name(&self) -> &'static str {
        "ecpay"
    }

    fn methods(&self) -> &[&'static str] {
        &["ecpay_credit"]
    }

    fn begin(&self, attempt: &Payment, _: &PaymentAsk<'_>) -> Result<Instruction, ProviderError> {
        let fields = [
            ("MerchantTradeNo", attempt.trade_no.as_str().to_owned()),
            ("TotalAmount", attempt.amount.amount().to_string()),
        ];
        let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Ok(Instruction::Redirect { action: "https://pay.example".into(), fields })
    }

    fn query<'a>(
        &'a self,
        _: &'a Payment,
        _: Timestamp,
    ) -> BoxFuture<'a, Result<ProviderState, ProviderError>> {
        Box::pin(async { Ok(ProviderState::Unknown) })
    }

    fn refund<'a>(
        &'a self,
        _: &'a Payment,
        _: &'a RefundOrder,
        _: Timestamp,
    ) -> BoxFuture<'a, Result<RefundAnswer, ProviderError>> {
        Box::pin(async { Ok(RefundAnswer::Pending) })
    }
}
