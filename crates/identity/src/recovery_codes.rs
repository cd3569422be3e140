//! Recovery codes: for whoever has lost the device with the authenticator app.
//!
//! Ten codes, each good once, of ten letters and digits that cannot be mistaken for one another:
//! 32¹⁰ possibilities, 50 random bits. That is too many to be guessed over the network however
//! patiently, so a plain hash is kept instead of a slow one: SHA-256 over the owner and the code,
//! so that whoever has the table must search for each person by themselves. (Such a thief still
//! lacks the password, which is kept by a slow hash.)

use kernel::{Ids, id::UserId};
use sha2::{Digest as _, Sha256};

/// How many are made at a time.
pub const RECOVERY_CODES: usize = 10;

const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
const LENGTH: usize = 10;

/// A code that stands in for the app, once. Not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCode([u8; LENGTH]);

impl RecoveryCode {
    pub(crate) fn new(ids: &Ids) -> Self {
        // Five bits of each byte: every letter is as likely as every other.
        Self(ids.bytes::<LENGTH>().map(|byte| LETTERS[usize::from(byte & 31)]))
    }

    /// A set of new ones.
    pub(crate) fn set(ids: &Ids) -> Vec<Self> {
        (0..RECOVERY_CODES).map(|_| Self::new(ids)).collect()
    }

    /// Reads what somebody typed; `None` when it cannot be a code. Case, spaces and hyphens do not
    /// matter.
    pub fn parse(text: &str) -> Option<Self> {
        let mut typed = text.chars().filter(|c| !c.is_whitespace() && *c != '-');
        let mut letters = [0; LENGTH];
        for letter in &mut letters {
            *letter = u8::try_from(typed.next()?.to_ascii_lowercase()).ok()?;
        }
        let known = letters.iter().all(|letter| LETTERS.contains(letter));
        (known && typed.next().is_none()).then_some(Self(letters))
    }

    /// What its owner is shown: two groups of five.
    pub fn reveal(&self) -> String {
        let (a, b) = self.0.split_at(LENGTH / 2);
        format!("{}-{}", String::from_utf8_lossy(a), String::from_utf8_lossy(b))
    }

    /// What the database keeps.
    pub(crate) fn digest(&self, owner: UserId) -> [u8; 32] {
        let hash = Sha256::new().chain_update(b"oxcart recovery code");
        hash.chain_update(owner.as_uuid()).chain_update(self.0).finalize().into()
    }
}

impl std::fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecoveryCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_set_has_ten_different_codes_of_two_groups() {
        let codes = RecoveryCode::set(&Ids::from_seed(1));
        assert_eq!(codes.len(), 10);
        for (number, code) in codes.iter().enumerate() {
            let shown = code.reveal();
            assert_eq!((shown.len(), shown.find('-')), (11, Some(5)), "{shown}");
            assert!(!shown.contains(['0', '1', 'l', 'o']), "{shown}");
            assert!(!codes[..number].contains(code));
        }
        assert_eq!(format!("{:?}", codes[0]), "RecoveryCode(…)");
    }

    #[test]
    fn what_is_kept_differs_from_person_to_person() {
        let code = RecoveryCode::new(&Ids::from_seed(1));
        let [a, b] = [1, 2].map(|id| code.digest(uuid::Uuid::from_u128(id).into()));
        assert_ne!(a, b);
    }

    proptest! {
        #[test]
        fn a_code_is_read_however_it_is_typed(seed: u64, spaces in "[ -]{0,3}") {
            let code = RecoveryCode::new(&Ids::from_seed(seed));
            let shown = code.reveal();
            for typed in [shown.clone(), shown.to_uppercase(), shown.replace('-', &spaces)] {
                prop_assert_eq!(RecoveryCode::parse(&typed), Some(code.clone()));
            }
            let too_long = format!("{shown}a");
            for bad in ["", "123456", &shown[..9], &too_long, &shown.replace('-', "0")] {
                prop_assert_eq!(RecoveryCode::parse(bad), None);
            }
        }

        #[test]
        fn nothing_that_is_typed_breaks_it(text in "\\PC{0,20}") {
            if let Some(code) = RecoveryCode::parse(&text) {
                prop_assert_eq!(RecoveryCode::parse(&code.reveal()), Some(code));
            }
        }
    }
}
