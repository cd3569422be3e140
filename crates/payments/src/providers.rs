//! The providers that this installation has.

pub mod bank_transfer;
pub mod cash_on_delivery;
pub mod ecpay;
mod ecpay_refund;
mod ecpay_statements;

use std::sync::Arc;

pub use self::{
    bank_transfer::BankTransfer,
    cash_on_delivery::CashOnDelivery,
    ecpay::{EcpayOptions, EcpayProvider},
};
use crate::{
    methods::Method,
    provider::{BankAccount, PaymentProvider},
};

/// Who takes money here. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Providers {
    all: Vec<Arc<dyn PaymentProvider>>,
    account: Option<BankAccount>,
}

impl Providers {
    /// These.
    pub fn new(all: impl IntoIterator<Item = Arc<dyn PaymentProvider>>) -> Self {
        Self { all: all.into_iter().collect(), account: None }
    }

    /// And transfers to this account.
    #[must_use]
    pub fn with_account(mut self, account: BankAccount) -> Self {
        self.all.push(Arc::new(BankTransfer::new(account.clone())));
        self.account = Some(account);
        self
    }

    /// The account that buyers transfer to, if there is one.
    pub const fn account(&self) -> Option<&BankAccount> {
        self.account.as_ref()
    }

    /// The provider of this name, if it is set up here.
    pub fn named(&self, name: &str) -> Option<&dyn PaymentProvider> {
        self.all.iter().find(|provider| provider.name() == name).map(AsRef::as_ref)
    }

    /// The provider that serves a method, if it is set up here.
    pub fn of(&self, method: &Method) -> Option<&dyn PaymentProvider> {
        let provider = self.named(&method.provider)?;
        provider.methods().contains(&&*method.code).then_some(provider)
    }
}
