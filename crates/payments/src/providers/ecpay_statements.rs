//! ECPay's statements of a day: the file of all trades, and that of card payouts.

use ecpay::{
    Environment, FundingDate, FundingFileQuery, FundingRow, PaidStatus, TradeDate, TradeRow,
    TradesFileQuery,
};
use jiff::civil::Date;
use kernel::Money;

use super::ecpay::{EcpayProvider, NAME, failed};
use crate::{
    provider::{BoxFuture, ProviderError},
    reconciliation::{PayoutRow, StatementRow, Statements},
};

impl Statements for EcpayProvider {
    fn provider(&self) -> &'static str {
        NAME
    }

    fn are_compared_daily(&self) -> bool {
        !matches!(self.client.environment(), Environment::Stage)
    }

    fn trades(&self, day: Date) -> BoxFuture<'_, Result<Vec<StatementRow>, ProviderError>> {
        Box::pin(async move {
            if !self.are_compared_daily() {
                let why = "ECPay's sandbox is everybody's: its books are not ours".to_owned();
                return Err(ProviderError::Unfit(why));
            }
            let query = TradesFileQuery::new(TradeDate::Paid, day, day)
                .map_err(|error| ProviderError::Unfit(error.to_string()))?;
            let rows = self.client.trades_file(&query).await.map_err(failed)?;
            rows.iter().map(trade).collect()
        })
    }

    fn payouts(&self, day: Date) -> BoxFuture<'_, Result<Vec<PayoutRow>, ProviderError>> {
        Box::pin(async move {
            let query = FundingFileQuery::new(FundingDate::PaidOut, day, day)
                .map_err(|error| ProviderError::Unfit(error.to_string()))?;
            let rows = self.client.funding_file(&query).await.map_err(failed)?;
            rows.iter().map(payout).collect()
        })
    }
}

fn trade(row: &TradeRow) -> Result<StatementRow, ProviderError> {
    let (paid, status) = match &row.status {
        // The file is of what was paid that day.
        None | Some(PaidStatus::Paid) => (Some(true), "paid"),
        Some(PaidStatus::Unpaid) => (Some(false), "unpaid"),
        Some(PaidStatus::Failed) => (Some(false), "failed"),
        Some(PaidStatus::Other(words)) => (None, words.as_str()),
    };
    // Where there is no such column, it says nothing about refunds.
    let told = row.cell("退款金額").is_some();
    Ok(StatementRow {
        number: row.merchant_trade_no.clone(),
        trade_no: row.trade_no.clone(),
        amount: dollars(row.line, row.amount)?,
        paid,
        status: status.to_owned(),
        refunded: told.then(|| dollars(row.line, row.refunded)).transpose()?,
        fee: row.fee,
    })
}

fn payout(row: &FundingRow) -> Result<PayoutRow, ProviderError> {
    Ok(PayoutRow {
        number: row.order_no.clone(),
        amount: dollars(row.line, row.amount.saturating_abs())?,
        is_refund: row.is_refund(),
        fee: row.fee.filter(|_| !row.is_refund()),
    })
}

fn dollars(line: u64, amount: i64) -> Result<Money, ProviderError> {
    let unreadable = |error| ProviderError::Unclear(format!("line {line}: {error}"));
    Money::twd(amount).map_err(unreadable)
}

#[cfg(test)]
mod tests {
    use ecpay::CharSet;

    use super::*;

    const TRADES: &str = "訂單日期,廠商訂單編號,綠界訂單編號,付款方式,付款狀態,交易金額,退款金額,交易手續費\n\
        2026/06/01 10:00:00,01A,2606011000001234,信用卡,已付款,1000,400,27.5\n\
        2026/06/01 10:01:00,01B,2606011000001235,信用卡,未付款,500,0,0\n\
        2026/06/01 10:02:00,01C,2606011000001236,信用卡,處理中,500,0,0\n";

    #[test]
    fn a_file_of_trades_says_what_it_says() {
        let rows = TradeRow::read_file(TRADES.as_bytes(), CharSet::Utf8).unwrap();
        let rows: Vec<_> = rows.iter().map(|row| trade(row).unwrap()).collect();
        let twd = |amount| Money::twd(amount).unwrap();
        assert_eq!(
            rows[0],
            StatementRow {
                number: "01A".into(),
                trade_no: "2606011000001234".into(),
                amount: twd(1000),
                paid: Some(true),
                status: "paid".into(),
                refunded: Some(twd(400)),
                fee: Some("27.5".parse().unwrap()),
            }
        );
        assert_eq!((rows[1].paid, &*rows[1].status), (Some(false), "unpaid"));
        assert_eq!((rows[2].paid, &*rows[2].status), (None, "處理中"));
        let silent = TRADES.replace("退款金額", "備註");
        let rows = TradeRow::read_file(silent.as_bytes(), CharSet::Utf8).unwrap();
        assert_eq!(trade(&rows[0]).unwrap().refunded, None);
    }

    #[test]
    fn a_file_of_payouts_says_what_it_says() {
        let file = "序號,授權單號,授權碼,訂單編號,交易日期,請款日期,交易金額,服務費,撥款金額\n\
            1,11958723,777777,01A,20260601,20260602,1000,27.5,972.5\n\
            2,11958723,777777,01A,20260601,20260603,-400,-11,-389\n";
        let rows = FundingRow::read_file(file.as_bytes(), CharSet::Utf8).unwrap();
        let rows: Vec<_> = rows.iter().map(|row| payout(row).unwrap()).collect();
        let told: Vec<_> =
            rows.iter().map(|row| (row.amount.amount(), row.is_refund, row.fee)).collect();
        let fee = Some("27.5".parse().unwrap());
        assert_eq!(told, [(1000, false, fee), (400, true, None)]);
    }
}
