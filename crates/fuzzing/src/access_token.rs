//! Access tokens (JWT).

use std::sync::LazyLock;

use identity::{AccessTokens, Email, Role, User};
use jiff::Timestamp;
use uuid::Uuid;

use crate::text;

struct Issued {
    tokens: AccessTokens,
    good: String,
}

static ISSUED: LazyLock<Issued> = LazyLock::new(|| {
    let tokens = AccessTokens::new(&[1; 32]).expect("any 32 bytes are a key");
    let email = Email::new("wang@example.com").expect("an address");
    let user = User::new(Uuid::from_u128(7).into(), email, "王小明".into(), vec![Role::Ops]);
    let good = tokens.issue(&user, Uuid::from_u128(8).into(), now()).expect("can be signed");
    Issued { tokens, good }
});

fn now() -> Timestamp {
    Timestamp::UNIX_EPOCH
}

/// Nothing but what was signed is believed: no bytes alone, and no bytes in the place of a part of a
/// good token.
pub fn access_token(data: &[u8]) {
    let Issued { tokens, good } = &*ISSUED;
    let believed = |token: &str| tokens.verify(token, now()).is_ok();
    assert!(believed(good));
    let given = text(data);
    assert!(!believed(&given) || given == *good, "{given:?} is believed");
    let parts: Vec<&str> = good.split('.').collect();
    for place in 0..parts.len() {
        let mut changed = parts.clone();
        changed[place] = &given;
        let changed = changed.join(".");
        assert!(!believed(&changed) || changed == *good, "{changed:?} is believed");
    }
    let Some((at, rest)) = data.split_first() else { return };
    // The good token is ASCII: every place in it is between two letters.
    let (before, after) = good.split_at(usize::from(*at) % good.len());
    let spliced = format!("{before}{}{after}", text(rest));
    assert!(!believed(&spliced) || spliced == *good, "{spliced:?} is believed");
}
