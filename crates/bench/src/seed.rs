//! What is sold in the benchmark: the demo shop, and ten thousand variants beside it.

use kernel::Shard;
use uuid::Uuid;

/// Variants that orders are spread over.
pub const VARIANTS: u16 = 10_000;

/// The units of each: more than any benchmark sells.
pub const UNITS: i32 = 1_000_000_000;

/// A product of the demo shop, for the pages.
pub const PRODUCT: &str = "alishan-high-mountain-oolong";

/// The variant with this rank. They lie on all shards in turn.
pub const fn variant(rank: u16) -> Uuid {
    let base = 0x0199_0000_0000_7000_8b00_0000_0000_0000 | ((rank as u128) << 8);
    Shard::new(rank.to_be_bytes()[1] % 64).stamp(Uuid::from_u128(base))
}

/// The most wanted variant.
pub const fn hot() -> Uuid {
    variant(0)
}

/// Nothing is left of this one.
pub const fn sold_out() -> Uuid {
    variant(VARIANTS)
}

/// All variants that can be ordered, the most wanted first.
pub fn variants() -> Vec<Uuid> {
    (0..VARIANTS).map(variant).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn variants_are_different_ids_of_version_7_on_all_shards() {
        let all: HashSet<Uuid> = (0..=VARIANTS).map(variant).collect();
        assert_eq!(all.len(), usize::from(VARIANTS) + 1);
        assert!(all.iter().all(|id| id.get_version_num() == 7));
        let shards: HashSet<u8> = all.iter().map(|id| id.as_bytes()[15] & 63).collect();
        assert_eq!(shards.len(), 64);
    }
}
