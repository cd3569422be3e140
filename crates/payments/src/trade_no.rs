//! Our number of an attempt at the provider.

use kernel::{Ids, Shard};

/// Crockford's alphabet: no I, L, O, U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const RANDOM_LETTERS: usize = 18;

/// A merchant trade number: twenty letters and digits (ECPay's limit), the first two the shard, so
/// that a notice leads to its rows; the rest 90 random bits, so that none is used twice.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TradeNo(String);

impl TradeNo {
    /// A new number for an attempt on `shard`.
    pub fn new(shard: Shard, ids: &Ids) -> Self {
        let random = ids.bytes::<RANDOM_LETTERS>();
        let letters = random.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)]));
        Self(format!("{:02}{}", shard.number(), letters.collect::<String>()))
    }

    /// Reads what the provider sends back; `None` when it cannot be one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let number: u8 = text.get(..2)?.parse().ok()?;
        let ours = number < kernel::SHARD_COUNT
            && text.len() == 2 + RANDOM_LETTERS
            && text.bytes().skip(2).all(|byte| ALPHABET.contains(&byte));
        ours.then(|| Self(text.to_owned()))
    }

    /// Where its rows lie.
    pub fn shard(&self) -> Shard {
        Shard::new(self.0[..2].parse().unwrap_or(0))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_leads_back_to_its_shard() {
        let ids = Ids::from_seed(3);
        for number in 0..64 {
            let trade_no = TradeNo::new(Shard::new(number), &ids);
            assert_eq!(trade_no.as_str().len(), 20);
            assert_eq!(TradeNo::parse(trade_no.as_str()), Some(trade_no.clone()));
            assert_eq!(trade_no.shard(), Shard::new(number));
        }
    }

    #[test]
    fn strangers_are_not_ours() {
        for text in [
            "",
            "0",
            "64AAAAAAAAAAAAAAAAAA",
            "訂單",
            "00aaaaaaaaaaaaaaaaaa",
            "0 AAAAAAAAAAAAAAAAAA",
            "+1AAAAAAAAAAAAAAAAAA2",
        ] {
            assert_eq!(TradeNo::parse(text), None, "{text}");
        }
    }
}
