//! Cash on delivery 貨到付款: whoever brings the goods takes the money, and hands it over later.

use jiff::Timestamp;

use crate::{
    model::Payment,
    provider::{
        BoxFuture, Instruction, PaymentAsk, PaymentProvider, ProviderError, ProviderState,
        RefundAnswer, RefundOrder,
    },
};

/// The name in the database.
pub const NAME: &str = "cod";

/// The carrier at the door. The order is sent before its money has come (ADR 0022); operations
/// confirm what the carrier hands over.
#[derive(Clone, Copy, Debug, Default)]
pub struct CashOnDelivery;

impl PaymentProvider for CashOnDelivery {
    fn name(&self) -> &'static str {
        NAME
    }

    fn methods(&self) -> &[&'static str] {
        &["cash_on_delivery"]
    }

    fn begin(&self, _: &Payment, _: &PaymentAsk<'_>) -> Result<Instruction, ProviderError> {
        Ok(Instruction::Nothing)
    }

    fn query<'a>(
        &'a self,
        _: &'a Payment,
        _: Timestamp,
    ) -> BoxFuture<'a, Result<ProviderState, ProviderError>> {
        Box::pin(async { Ok(ProviderState::Unpaid) })
    }

    fn refund<'a>(
        &'a self,
        _: &'a Payment,
        _: &'a RefundOrder,
        _: Timestamp,
    ) -> BoxFuture<'a, Result<RefundAnswer, ProviderError>> {
        Box::pin(async {
            let reason = "what was paid in cash goes back by bank transfer".to_owned();
            Ok(RefundAnswer::ByHand { reason })
        })
    }
}
