//! Which variant is asked for: cheap random numbers, and the distributions of the rows.

use serde::{Deserialize, Serialize};

/// A small generator (`SplitMix64`): a load generator needs speed and a seed, not secrets.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The same seed gives the same numbers.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which is small: the bias is beyond measure.
    pub fn below(&mut self, bound: usize) -> usize {
        let wide = u128::from(self.next()) * (bound as u128);
        usize::try_from(wide >> 64).unwrap_or(0)
    }
}

/// How the demand is spread over the variants.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spread {
    /// Everybody wants the first one.
    One,
    /// Everybody wants any.
    Uniform,
    /// The n-th most wanted one is wanted in proportion to `1 / n^s`.
    Zipf(f64),
}

/// A spread over a number of variants, ready to draw from.
#[derive(Clone, Debug)]
pub struct Draw {
    count: usize,
    /// Of a Zipf spread: for each rank the share of it and all before, of 2^64.
    cumulative: Vec<u64>,
}

impl Draw {
    /// Over `count` variants.
    pub fn new(spread: Spread, count: usize) -> Self {
        let count = count.max(1);
        match spread {
            Spread::One => Self { count: 1, cumulative: Vec::new() },
            Spread::Uniform => Self { count, cumulative: Vec::new() },
            Spread::Zipf(s) => Self { count, cumulative: zipf(s, count) },
        }
    }

    /// The rank of the next one, from 0.
    pub fn next(&self, random: &mut Random) -> usize {
        if self.cumulative.is_empty() {
            return if self.count == 1 { 0 } else { random.below(self.count) };
        }
        let point = random.next();
        self.cumulative.partition_point(|share| *share < point).min(self.count - 1)
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "shares of a probability; the last digits do not matter, and `as` saturates"
)]
fn zipf(s: f64, count: usize) -> Vec<u64> {
    let weights: Vec<f64> = (1..=count).map(|rank| (rank as f64).powf(-s)).collect();
    let total: f64 = weights.iter().sum();
    let mut sum = 0.0;
    weights
        .iter()
        .map(|weight| {
            sum += weight;
            (sum / total * 2_f64.powi(64)) as u64
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(spread: Spread, count: usize) -> Vec<f64> {
        let (draw, mut random) = (Draw::new(spread, count), Random::new(7));
        let mut hits = vec![0_u32; count];
        for _ in 0..200_000 {
            hits[draw.next(&mut random)] += 1;
        }
        hits.into_iter().map(|n| f64::from(n) / 200_000.0).collect()
    }

    fn near(share: f64, expected: f64) -> bool {
        (share - expected).abs() < 0.005
    }

    #[test]
    fn zipf_follows_its_law() {
        // 1 / H(10,000) = 0.1022; 1 / (pi^2 / 6) = 0.608.
        let one = shares(Spread::Zipf(1.0), 10_000);
        assert!(near(one[0], 0.1022) && near(one[1], 0.0511) && near(one[9], 0.0102));
        let two = shares(Spread::Zipf(2.0), 10_000);
        assert!(near(two[0], 0.608) && near(two[1], 0.152) && near(two[2], 0.0675));
    }

    #[test]
    fn uniform_is_flat_and_one_is_one() {
        assert!(shares(Spread::Uniform, 10).iter().all(|share| near(*share, 0.1)));
        assert!(near(shares(Spread::One, 10)[0], 1.0));
    }

    #[test]
    fn a_seed_repeats_itself() {
        let (mut a, mut b) = (Random::new(3), Random::new(3));
        assert!((0..100).all(|_| a.next() == b.next()));
        assert_ne!(Random::new(3).next(), Random::new(4).next());
    }
}
