//! Ids of demo rows: computed from what they are, so that loading twice finds the same rows.
//!
//! They are UUIDs of version 8 (RFC 9562 §5.8): the first 122 free bits of SHA-256 over
//! `oxcart-demo:<kind>:<name>`. The last bits are as random as those of a version 7, so variants
//! spread over the shards as others do.

use sha2::{Digest as _, Sha256};
use uuid::Builder;

/// The id of the thing of this kind and name.
pub fn id<T: From<uuid::Uuid>>(kind: &str, name: &str) -> T {
    let digest = Sha256::digest(format!("oxcart-demo:{kind}:{name}"));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    T::from(Builder::from_custom_bytes(bytes).into_uuid())
}

#[cfg(test)]
mod tests {
    use kernel::id::VariantId;

    use super::*;

    #[test]
    fn ids_never_change() {
        let variant: VariantId = id("variant", "OX-HOM-007-01");
        assert_eq!(variant.to_string(), "f4e37e82-d913-8a02-92f8-56cc675113e1");
        assert_eq!(variant.as_uuid().get_version_num(), 8);
    }
}
