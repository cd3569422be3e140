//! How a parcel is known on its way, as it is sent.

use ::shipping::{Carrier, carriers::is_tracking_number, shipments::Tracking};
use kernel::ErrorCode;

use crate::kit::Problem;

/// A carrier and a number that fit together. `before` is what stays where nothing is said.
pub fn tracking(
    carrier: Option<&str>,
    number: Option<&str>,
    before: &Tracking,
) -> Result<Tracking, Problem> {
    let invalid = || Problem::new(ErrorCode::ValidationFailed);
    let mut tracking = before.clone();
    if let Some(code) = carrier {
        let known = Carrier::find(code);
        tracking.carrier =
            Some(known.ok_or_else(|| invalid().field("/carrier", "there is no such carrier"))?);
    }
    if let Some(number) = number {
        if !is_tracking_number(number) {
            let what = "has 1 to 40 letters, digits and dashes";
            return Err(invalid().field("/tracking_number", what));
        }
        tracking.number = Some(number.to_owned());
    }
    if tracking.number.is_some() && tracking.carrier.is_none() {
        return Err(invalid().field("/carrier", "whose number is this?"));
    }
    Ok(tracking)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_belongs_to_a_carrier_and_what_is_not_said_stays() {
        let none = Tracking::default();
        let sent = tracking(Some("tcat"), Some("9012"), &none).unwrap();
        assert_eq!(sent.number.as_deref(), Some("9012"));
        assert_eq!(tracking(None, None, &sent).unwrap(), sent);
        let other = tracking(Some("post"), None, &sent).unwrap();
        assert_eq!((other.carrier.unwrap().code, other.number), ("post", sent.number));
        for (carrier, number) in
            [(Some("dhl"), None), (None, Some("9012")), (Some("tcat"), Some("a b"))]
        {
            let refused = tracking(carrier, number, &none).unwrap_err();
            assert_eq!(refused.code(), ErrorCode::ValidationFailed, "{carrier:?} {number:?}");
        }
    }
}
