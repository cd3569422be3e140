//! Bank transfer 銀行轉帳: the buyer transfers to the shop's account, and operations confirm what they
//! see on its statement.

use jiff::Timestamp;

use crate::{
    model::Payment,
    provider::{
        BankAccount, BoxFuture, Instruction, PaymentAsk, PaymentProvider, ProviderError,
        ProviderState, RefundAnswer, RefundOrder,
    },
    trade_no::TradeNo,
};

/// The name in the database.
pub const NAME: &str = "bank_transfer";
/// How much of the trade number a buyer has to copy: forty random bits.
const REFERENCE_LETTERS: usize = 8;

/// The shop's account.
#[derive(Clone, Debug)]
pub struct BankTransfer {
    account: BankAccount,
}

impl BankTransfer {
    /// To this account.
    pub const fn new(account: BankAccount) -> Self {
        Self { account }
    }
}

/// What the buyer writes with the transfer: the end of the attempt's trade number.
pub fn reference(trade_no: &TradeNo) -> &str {
    let text = trade_no.as_str();
    &text[text.len() - REFERENCE_LETTERS..]
}

impl PaymentProvider for BankTransfer {
    fn name(&self) -> &'static str {
        NAME
    }

    fn methods(&self) -> &[&'static str] {
        &["bank_transfer"]
    }

    fn begin(&self, attempt: &Payment, _: &PaymentAsk<'_>) -> Result<Instruction, ProviderError> {
        let reference = reference(&attempt.trade_no).to_owned();
        Ok(Instruction::Transfer { account: self.account.clone(), reference })
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
            let reason = "what came by bank transfer goes back by one".to_owned();
            Ok(RefundAnswer::ByHand { reason })
        })
    }
}
