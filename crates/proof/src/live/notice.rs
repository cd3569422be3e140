//! Payment notices as the provider's server sends them, signed by the simulator's code.

use ecpay_simulator::MerchantConfig;

use super::client::Attempt;

/// The body of a notice.
pub fn body(attempt: &Attempt, paid: bool) -> String {
    let merchant = MerchantConfig::public_test();
    let (code, message) = if paid { ("1", "交易成功") } else { ("10100058", "付款失敗") };
    let trade_no = format!("sim{}", attempt.trade_no);
    let mut fields: Vec<(String, String)> = [
        ("MerchantID", merchant.id.as_str()),
        ("MerchantTradeNo", attempt.trade_no.as_str()),
        ("PaymentDate", if paid { "2026/05/01 10:00:00" } else { "" }),
        ("PaymentType", "Credit_CreditCard"),
        ("PaymentTypeChargeFee", "5"),
        ("RtnCode", code),
        ("RtnMsg", message),
        ("SimulatePaid", "0"),
        ("StoreID", ""),
        ("TradeAmt", attempt.amount.as_str()),
        ("TradeDate", "2026/05/01 09:59:00"),
        ("TradeNo", trade_no.as_str()),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    let signature = ecpay_simulator::sign(&merchant, &fields);
    fields.push(("CheckMacValue".to_owned(), signature));
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shop_believes_them() {
        let merchant = ecpay::Merchant::new("3002607", "pwFHCqoQZGmho4w6", "EkRm7iFT261dpevs");
        let attempt = Attempt { trade_no: "07ABC123".to_owned(), amount: "480".to_owned() };
        for (paid, code) in [(true, 1), (false, 10_100_058)] {
            let body = body(&attempt, paid);
            let notice = ecpay::PaymentNotice::verify(body.as_bytes(), merchant.as_ref().unwrap());
            let notice = notice.unwrap();
            assert_eq!((notice.code, notice.amount, notice.simulated), (code, 480, false));
        }
    }
}
