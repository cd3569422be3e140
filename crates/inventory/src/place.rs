//! Points on the Earth, and how far they are from one another.

/// Twice the Earth's mean radius.
const DIAMETER_KM: f64 = 12_742.017_6;

/// A point as a vector from the middle of the Earth, of length one: the distance of two is a few
/// multiplications, and only the vector itself costs sines and cosines.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Place([f64; 3]);

impl Place {
    /// The point at these degrees north and east.
    pub(crate) fn at(latitude: f64, longitude: f64) -> Self {
        let (north, east) = (latitude.to_radians(), longitude.to_radians());
        Self([north.cos() * east.cos(), north.cos() * east.sin(), north.sin()])
    }

    /// The great-circle distance in whole kilometres. In SQL (`inventory.kilometres`) the same steps
    /// come to the same number: nothing here may be multiplied and added in one.
    pub(crate) fn kilometres_to(self, other: Self) -> u32 {
        let [x, y, z] = [0, 1, 2].map(|axis| self.0[axis] - other.0[axis]);
        let chord = (x * x + y * y + z * z).sqrt();
        let distance = DIAMETER_KM * (chord / 2.0).min(1.0).asin();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 20,015")]
        let kilometres = (0.5 + distance).floor() as u32;
        kilometres
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_distances() {
        let taipei = Place::at(25.0478, 121.5170);
        assert_eq!(taipei.kilometres_to(taipei), 0);
        // Taipei's main station to Kaohsiung's, to Tokyo's, and to the other side of the Earth.
        assert_eq!(taipei.kilometres_to(Place::at(22.6394, 120.3025)), 295);
        assert_eq!(taipei.kilometres_to(Place::at(35.6812, 139.7671)), 2_107);
        assert_eq!(taipei.kilometres_to(Place::at(-25.0478, -58.4830)), 20_015);
    }

    proptest! {
        /// Against the haversine formula, and the same both ways.
        #[test]
        fn agrees_with_the_haversine_formula(
            (a, b) in ((-89.0..89.0_f64, -180.0..180.0_f64), (-89.0..89.0_f64, -180.0..180.0_f64))
        ) {
            let half = |from: f64, to: f64| ((to - from).to_radians() / 2.0).sin().powi(2);
            let h = half(a.0, b.0)
                + a.0.to_radians().cos() * b.0.to_radians().cos() * half(a.1, b.1);
            let expected = 2.0 * 6_371.008_8 * h.min(1.0).sqrt().asin();
            let (from, to) = (Place::at(a.0, a.1), Place::at(b.0, b.1));
            let found = from.kilometres_to(to);
            prop_assert!((f64::from(found) - expected).abs() < 0.6, "{found} {expected}");
            prop_assert_eq!(found, to.kilometres_to(from));
        }
    }
}
