//! The distribution key of the hot tables (`docs/adr/0002`).

use uuid::Uuid;

/// How many shards there are. Fixed for ever: it is baked into ids and primary keys.
pub const SHARD_COUNT: u8 = 64;

/// A shard, 0–63: the first column of every table on the order path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shard(u8);

impl Shard {
    /// The shard with this number.
    ///
    /// # Panics
    /// When `number` is 64 or more: shards are computed, never typed in.
    pub const fn new(number: u8) -> Self {
        assert!(number < SHARD_COUNT, "a shard is 0 to 63");
        Self(number)
    }

    /// The number, 0–63.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// As PostgreSQL's `smallint`.
    pub const fn to_i16(self) -> i16 {
        self.0 as i16
    }

    /// `id` with its shard bits set to this shard; the other 122 bits are kept.
    pub const fn stamp(self, id: Uuid) -> Uuid {
        let mut bytes = id.into_bytes();
        bytes[15] = (bytes[15] & !(SHARD_COUNT - 1)) | self.0;
        Uuid::from_bytes(bytes)
    }
}

/// The shard of an id: the low six bits of its last byte, which are random in a UUID v7.
///
/// One rule serves variants (their own bits) and orders (bits stamped from their first variant).
/// In SQL: `get_byte(uuid_send(id), 15) & 63`.
pub const fn shard_of(id: Uuid) -> Shard {
    Shard(id.as_bytes()[15] & (SHARD_COUNT - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamping_changes_only_the_shard_bits() {
        let id = Uuid::from_u128(u128::MAX);
        let stamped = Shard::new(5).stamp(id);
        assert_eq!(shard_of(stamped), Shard::new(5));
        assert_eq!(stamped.as_u128() | 63, id.as_u128());
    }

    #[test]
    fn a_stamped_v7_id_is_still_a_v7_id() {
        let id = Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0000);
        let stamped = Shard::new(63).stamp(id);
        assert_eq!(stamped.get_version_num(), 7);
    }
}
