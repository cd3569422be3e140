//! What may be paid with, and what each method asks for besides.

use super::{Refusal, codes, refuse, whole};
use crate::config::Config;
use crate::form::Form;
use crate::method::Method;

/// The methods that the buyer may choose from.
pub(super) fn check(form: &Form, amount: u32, config: &Config) -> Result<Vec<Method>, Refusal> {
    let methods = offered(form, config)?;
    let fits = |method: &Method| config.limits_of(*method).contains(&amount);
    let (taken, left): (Vec<Method>, Vec<Method>) = methods.into_iter().partition(fits);
    if taken.is_empty() {
        if left == [Method::Bnpl] {
            return refuse(codes::BNPL_TOO_LITTLE, "the amount is too small for BNPL");
        }
        let limits: Vec<String> = left.iter().map(|method| allowed(*method, config)).collect();
        let message = format!("TotalAmount must be {}", limits.join(", or "));
        return refuse(codes::AMOUNT, message);
    }
    check_sub_payment(form)?;
    check_expiry(form)?;
    check_binding(form)?;
    check_instalments(form)?;
    check_recurring(form)?;
    check_exclusions(form)?;
    Ok(taken)
}

fn allowed(method: Method, config: &Config) -> String {
    let limits = config.limits_of(method);
    format!("{} to {} for {}", limits.start(), limits.end(), method.as_str())
}

fn offered(form: &Form, config: &Config) -> Result<Vec<Method>, Refusal> {
    let choice = form.get("ChoosePayment");
    let ignored: Vec<&str> =
        form.get("IgnorePayment").split('#').filter(|name| !name.is_empty()).collect();
    let methods: Vec<Method> = if choice == "ALL" {
        if ignored.contains(&"DigitalPayment") {
            return refuse(codes::BAD_VALUE, "DigitalPayment cannot be ignored");
        }
        if let Some(odd) = ignored.iter().find(|name| Method::parse(name).is_none()) {
            return refuse(codes::BAD_VALUE, format!("IgnorePayment names no method: {odd}"));
        }
        Method::ALL.into_iter().filter(|method| !ignored.contains(&method.as_str())).collect()
    } else {
        if !ignored.is_empty() {
            return refuse(codes::CONFLICT, "IgnorePayment goes with ChoosePayment=ALL only");
        }
        Method::parse(choice).into_iter().collect()
    };
    let enabled: Vec<Method> =
        methods.into_iter().filter(|method| config.methods.contains(method)).collect();
    if enabled.is_empty() {
        return refuse(codes::NO_METHOD, "no payment method can be used");
    }
    Ok(enabled)
}

fn check_sub_payment(form: &Form) -> Result<(), Refusal> {
    let Some(sub) = form.filled("ChooseSubPayment") else { return Ok(()) };
    let known = Method::parse(form.get("ChoosePayment"))
        .is_some_and(|method| method.sub_payments().contains(&sub));
    if known {
        return Ok(());
    }
    refuse(codes::BAD_VALUE, format!("ChooseSubPayment has no {sub} for this ChoosePayment"))
}

fn check_expiry(form: &Form) -> Result<(), Refusal> {
    let (name, most, unit) = match form.get("ChoosePayment") {
        "ATM" => ("ExpireDate", 60, "days"),
        "CVS" => ("StoreExpireDate", 43_200, "minutes"),
        "BARCODE" => ("StoreExpireDate", 30, "days"),
        _ => return Ok(()),
    };
    match form.filled(name).map(whole) {
        None => Ok(()),
        Some(Some(number)) if (1..=most).contains(&number) => Ok(()),
        Some(_) => refuse(codes::BAD_VALUE, format!("{name} must be 1 to {most} {unit}")),
    }
}

fn check_binding(form: &Form) -> Result<(), Refusal> {
    if form.get("BindingCard") != "1" {
        return Ok(());
    }
    let Some(member) = form.filled("MerchantMemberID") else {
        return refuse(codes::MISSING, "MerchantMemberID is missing");
    };
    let rest = member.strip_prefix(form.get("MerchantID"));
    if rest.is_none_or(str::is_empty) {
        let message = "MerchantMemberID must be the MerchantID followed by the member's id";
        return refuse(codes::BAD_VALUE, message);
    }
    Ok(())
}

fn check_instalments(form: &Form) -> Result<(), Refusal> {
    let Some(plans) = form.filled("CreditInstallment") else { return Ok(()) };
    let known = |plan: &str| ["3", "6", "12", "18", "24", "30N"].contains(&plan);
    if plans.split(',').all(known) {
        return Ok(());
    }
    refuse(codes::BAD_VALUE, "CreditInstallment is not a list of 3,6,12,18,24,30N")
}

const RECURRING: [&str; 4] = ["PeriodAmount", "PeriodType", "Frequency", "ExecTimes"];

fn is_recurring(form: &Form) -> bool {
    RECURRING.iter().any(|name| form.filled(name).is_some())
}

fn check_recurring(form: &Form) -> Result<(), Refusal> {
    if !is_recurring(form) {
        return Ok(());
    }
    for name in RECURRING {
        if form.filled(name).is_none() {
            return refuse(codes::MISSING, format!("{name} is missing"));
        }
    }
    if form.get("ChoosePayment") != "Credit" {
        return refuse(codes::CONFLICT, "only a card is charged again and again");
    }
    if form.get("PeriodAmount") != form.get("TotalAmount") {
        return refuse(codes::CONFLICT, "PeriodAmount must equal TotalAmount");
    }
    let (frequency, times) = match form.get("PeriodType") {
        "D" => (1..=365, 2..=999),
        "M" => (1..=12, 2..=99),
        _ => (1..=1, 2..=9),
    };
    for (name, range) in [("Frequency", frequency), ("ExecTimes", times)] {
        if !whole(form.get(name)).is_some_and(|number| range.contains(&number)) {
            let message = format!("{name} must be {} to {}", range.start(), range.end());
            return refuse(codes::BAD_VALUE, message);
        }
    }
    Ok(())
}

fn check_exclusions(form: &Form) -> Result<(), Refusal> {
    let instalments = form.filled("CreditInstallment").is_some();
    let redeem = form.get("Redeem") == "Y";
    let binding = form.get("BindingCard") == "1";
    let recurring = is_recurring(form);
    let kinds = [instalments, redeem, recurring];
    if kinds.into_iter().filter(|asked| *asked).count() > 1 {
        let message = "CreditInstallment, Redeem and Period… exclude each other";
        return refuse(codes::CONFLICT, message);
    }
    if form.get("UnionPay") == "1" && (instalments || redeem || recurring || binding) {
        let message = "UnionPay=1 excludes Redeem, BindingCard, CreditInstallment, Period…";
        return refuse(codes::CONFLICT, message);
    }
    Ok(())
}
