//! Random choices that depend on nothing but a seed.

/// A SplitMix64 generator: small, and the same on every machine and with every version of every library.
#[derive(Debug, Clone)]
pub struct Random {
    state: u64,
}

impl Random {
    /// The sequence of `seed` for the purpose `name`: samples of different purposes do not depend on each other.
    pub fn new(seed: u64, name: &str) -> Self {
        // FNV-1a of the name.
        let salt = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
        });
        Self { state: seed ^ salt }
    }

    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `limit`, or 0 where there is none. The bias, below 2^-32 for limits below 2^32, does not
    /// matter to a sample.
    pub fn below(&mut self, limit: u64) -> u64 {
        if limit == 0 { 0 } else { self.next() % limit }
    }

    /// One of `items`.
    pub fn choose<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        let index = self.below(items.len() as u64);
        items.get(usize::try_from(index).ok()?)
    }

    /// `count` of `items` without repetition, in the order of `items`; all of them if there are no more.
    pub fn sample<'a, T>(&mut self, items: &'a [T], count: usize) -> Vec<&'a T> {
        let mut left = count.min(items.len()) as u64;
        let mut chosen = Vec::new();
        for (index, item) in items.iter().enumerate() {
            // Knuth's selection sampling: each item with the probability that is still needed.
            let remaining = (items.len() - index) as u64;
            if self.below(remaining) < left {
                chosen.push(item);
                left -= 1;
            }
        }
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_that_of_splitmix64() {
        // The published first outputs for seed 1234567.
        let mut random = Random { state: 1_234_567 };
        assert_eq!([random.next(), random.next()], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    }

    #[test]
    fn a_sample_has_its_size_and_order_and_no_repetition() {
        let items: Vec<u32> = (0..1000).collect();
        let sample = Random::new(1, "x").sample(&items, 100);
        assert_eq!(sample.len(), 100);
        assert!(sample.is_sorted_by(|a, b| a < b));
        assert_eq!(sample, Random::new(1, "x").sample(&items, 100));
        assert_ne!(sample, Random::new(2, "x").sample(&items, 100));
        assert_ne!(sample, Random::new(1, "y").sample(&items, 100));
        // Not only from the front.
        assert!(sample.iter().any(|item| **item > 900));
    }

    #[test]
    fn a_sample_of_few_is_all_of_them() {
        assert_eq!(Random::new(1, "x").sample(&[1, 2, 3], 10), [&1, &2, &3]);
        assert_eq!(Random::new(1, "x").choose::<u8>(&[]), None);
    }
}
