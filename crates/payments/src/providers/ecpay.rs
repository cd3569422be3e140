//! ECPay 綠界科技: the buyer's browser is sent to its page; what came of it, ECPay tells us, and we can
//! ask.

use ecpay::{
    Atm, Barcode, CallError, Client, CodeUrls, Credit, Cvs, Instalment, Language, MerchantTradeNo,
    Method, TradeStatus,
};
use jiff::Timestamp;
use kernel::{Locale, Money};

use super::ecpay_refund;
use crate::{
    code::{IssuedCode, day_of},
    model::Payment,
    provider::{
        BoxFuture, Instruction, PaymentAsk, PaymentProvider, ProviderError, ProviderState,
        RefundAnswer, RefundOrder,
    },
};

/// The name in the database.
pub const NAME: &str = "ecpay";

/// `TradeStatus` of an order that failed, or that its buyer gave up.
const FAILED: i64 = 10_200_095;

/// What else is needed for some calls.
#[derive(Clone, Debug, Default)]
pub struct EcpayOptions {
    /// The merchant's check code (商家檢查碼), without which card details cannot be asked for.
    pub check_code: Option<u64>,
}

/// ECPay, with all its methods.
#[derive(Clone, Debug)]
pub struct EcpayProvider {
    pub(super) client: Client,
    pub(super) options: EcpayOptions,
}

impl EcpayProvider {
    /// Over this client.
    pub const fn new(client: Client, options: EcpayOptions) -> Self {
        Self { client, options }
    }

    fn form(
        &self,
        attempt: &Payment,
        ask: &PaymentAsk<'_>,
    ) -> Result<ecpay::CheckoutForm, ProviderError> {
        let unfit = |error: ecpay::CheckoutError| ProviderError::Unfit(error.to_string());
        let method = method(attempt, ask)?;
        let delayed = method.is_delayed();
        let order = ecpay::Order {
            merchant_trade_no: trade_no(attempt)?,
            created_at: attempt.created_at,
            total_amount: dollars(attempt.amount)?,
            description: format!("Order {}", ask.number),
            items: ask.items.clone(),
            return_url: format!("{}/api/payments/ecpay/notify", ask.public_url),
        };
        let mut checkout =
            ecpay::Checkout::new(order, method).client_back_url(ask.order_url).extra_paid_info();
        // ECPay does not use it for codes: the buyer stays on the page that shows the code.
        if !delayed {
            let result = format!("{}/api/payments/ecpay/result", ask.public_url);
            checkout = checkout.order_result_url(result);
        }
        if ask.locale == Locale::En {
            checkout = checkout.language(Language::English);
        }
        checkout.sign(self.client.merchant(), self.client.environment()).map_err(unfit)
    }

    async fn ask(&self, attempt: &Payment, now: Timestamp) -> Result<ProviderState, ProviderError> {
        let number = trade_no(attempt)?;
        let info = self.client.trade_info(&number, now).await.map_err(failed)?;
        match info.status {
            TradeStatus::Paid => {
                let amount = Money::twd(info.amount.into());
                let amount = amount.map_err(|error| ProviderError::Unclear(error.to_string()))?;
                let card_auth_no = ecpay::authorisation(info.fields());
                Ok(ProviderState::Paid {
                    trade_no: info.trade_no,
                    amount,
                    card_auth_no: card_auth_no.and_then(|number| i64::try_from(number).ok()),
                })
            }
            TradeStatus::Failed => {
                let message = "not paid, or given up".to_owned();
                Ok(ProviderState::Failed { code: FAILED, message })
            }
            TradeStatus::NotFound => Ok(ProviderState::Unknown),
            TradeStatus::Unpaid if is_delayed(&attempt.method) && attempt.code.is_none() => {
                Ok(self.fetch_code(&number, now).await)
            }
            TradeStatus::Unpaid => Ok(ProviderState::Unpaid),
            TradeStatus::Other(status) => {
                Err(ProviderError::Unclear(format!("the trade's status is {status}")))
            }
        }
    }

    /// The code of an order that is not paid. That there is none, or that it cannot be told, is no
    /// reason to doubt that the order is unpaid.
    async fn fetch_code(&self, number: &MerchantTradeNo, now: Timestamp) -> ProviderState {
        match self.client.payment_code(number, now).await {
            Ok(info) => info
                .payment_code
                .map_or(ProviderState::Unpaid, |code| ProviderState::Code(IssuedCode::from(code))),
            Err(error) => {
                tracing::debug!(%error, "a payment code could not be fetched");
                ProviderState::Unpaid
            }
        }
    }
}

impl PaymentProvider for EcpayProvider {
    fn name(&self) -> &'static str {
        NAME
    }

    fn methods(&self) -> &[&'static str] {
        &[
            "ecpay_credit",
            "ecpay_instalments",
            "ecpay_apple_pay",
            "ecpay_twqr",
            "ecpay_webatm",
            "ecpay_atm",
            "ecpay_cvs",
            "ecpay_barcode",
        ]
    }

    fn begin(&self, attempt: &Payment, ask: &PaymentAsk<'_>) -> Result<Instruction, ProviderError> {
        let form = self.form(attempt, ask)?;
        Ok(Instruction::Redirect {
            action: form.action().to_owned(),
            fields: form.fields().map(|(n, v)| (n.to_owned(), v.to_owned())).collect(),
        })
    }

    fn query<'a>(
        &'a self,
        attempt: &'a Payment,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<ProviderState, ProviderError>> {
        Box::pin(self.ask(attempt, now))
    }

    fn refund<'a>(
        &'a self,
        attempt: &'a Payment,
        refund: &'a RefundOrder,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<RefundAnswer, ProviderError>> {
        Box::pin(ecpay_refund::refund(self, attempt, refund, now))
    }
}

/// Whether the buyer gets a code first, and pays hours or days later.
pub fn is_delayed(method: &str) -> bool {
    matches!(method, "ecpay_atm" | "ecpay_cvs" | "ecpay_barcode")
}

/// Whether it is paid with a card, of which parts can go back.
pub fn is_card(method: &str) -> bool {
    matches!(method, "ecpay_credit" | "ecpay_instalments" | "ecpay_apple_pay")
}

/// What ECPay calls the method, with how long a code of it is good for.
fn method(attempt: &Payment, ask: &PaymentAsk<'_>) -> Result<Method, ProviderError> {
    let too_short = || ProviderError::Unfit("too little time is left for this method".to_owned());
    let urls = || CodeUrls {
        payment_info_url: Some(format!("{}/api/payments/ecpay/info", ask.public_url)),
        client_redirect_url: None,
    };
    let (from, until) = (attempt.created_at, attempt.pay_until.unwrap_or(attempt.created_at));
    Ok(match &*attempt.method {
        "ecpay_credit" => Method::credit(),
        "ecpay_instalments" => {
            let instalments = ask.instalments.iter().filter_map(|number| instalment(*number));
            Method::Credit(Credit { instalments: instalments.collect(), ..Credit::default() })
        }
        "ecpay_apple_pay" => Method::ApplePay,
        "ecpay_twqr" => Method::Twqr,
        "ecpay_webatm" => Method::WebAtm,
        "ecpay_atm" => {
            let expire_days = Some(account_days(from, until).ok_or_else(too_short)?);
            Method::Atm(Atm { expire_days, urls: urls(), ..Atm::default() })
        }
        "ecpay_cvs" => {
            let expire_minutes = Some(whole(from, until, 60, 43_200).ok_or_else(too_short)?);
            Method::Cvs(Cvs { expire_minutes, urls: urls(), ..Cvs::default() })
        }
        "ecpay_barcode" => {
            let expire_days = Some(whole(from, until, 24 * 60 * 60, 30).ok_or_else(too_short)?);
            Method::Barcode(Barcode { expire_days, urls: urls(), ..Barcode::default() })
        }
        other => return Err(ProviderError::Unfit(format!("ECPay has no method {other}"))),
    })
}

const fn instalment(number: u8) -> Option<Instalment> {
    Some(match number {
        3 => Instalment::Three,
        6 => Instalment::Six,
        12 => Instalment::Twelve,
        18 => Instalment::Eighteen,
        24 => Instalment::TwentyFour,
        30 => Instalment::Flexible,
        _ => return None,
    })
}

/// The days to ask a virtual account for. It can be paid to the end of its last day in Taipei, which
/// must not come after `until`.
fn account_days(from: Timestamp, until: Timestamp) -> Option<u32> {
    let days = day_of(from).until(day_of(until)).ok()?.get_days() - 1;
    u32::try_from(days).ok().filter(|days| *days > 0).map(|days| days.min(60))
}

/// Whole units of `seconds` between two times, at least one, at most `most`.
fn whole(from: Timestamp, until: Timestamp, seconds: i64, most: u32) -> Option<u32> {
    let units = until.duration_since(from).as_secs() / seconds;
    u32::try_from(units).ok().filter(|units| *units > 0).map(|units| units.min(most))
}

pub(super) fn trade_no(attempt: &Payment) -> Result<MerchantTradeNo, ProviderError> {
    let number = MerchantTradeNo::new(attempt.trade_no.as_str());
    number.map_err(|error| ProviderError::Unfit(error.to_string()))
}

/// Whole dollars, as ECPay counts them.
pub(super) fn dollars(amount: Money) -> Result<u32, ProviderError> {
    let dollars = u32::try_from(amount.amount()).ok().filter(|dollars| *dollars > 0);
    dollars.ok_or_else(|| ProviderError::Unfit(format!("ECPay does not charge {amount}")))
}

/// What a call that came to nothing means to us.
pub(super) fn failed(error: CallError) -> ProviderError {
    match error {
        CallError::NotSent(..) | CallError::Refused { .. } => {
            ProviderError::NotSent(error.to_string())
        }
        CallError::Throttled { retry_after } => ProviderError::Throttled { retry_after },
        error => ProviderError::Unclear(error.to_string()),
    }
}

#[cfg(test)]
#[path = "ecpay_tests.rs"]
mod tests;
