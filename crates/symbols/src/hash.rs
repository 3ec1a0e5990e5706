//! One hash function for names and offsets. Its values are written to the on-disk index, so it never changes without a new
//! index version.

use std::hash::{BuildHasherDefault, Hasher};

const K: u64 = 0x9e37_79b9_7f4a_7c15;

/// Hash of a name: eight bytes at a time, multiplied and folded, with the length mixed in. Not meant to withstand an
/// attacker: a table full of collisions is slow, not wrong.
pub(crate) fn name_hash(name: &[u8]) -> u32 {
    let mut state = name.len() as u64;
    let mut chunks = name.chunks_exact(8);
    for chunk in &mut chunks {
        let word = chunk.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        state = fold(state ^ word);
    }
    let mut tail = [0u8; 8];
    for (to, from) in tail.iter_mut().zip(chunks.remainder()) {
        *to = *from;
    }
    let hash = fold(state ^ u64::from_le_bytes(tail));
    (hash ^ (hash >> 32)) as u32
}

/// Checksum of a file's content against damage, not against forgery.
pub(crate) fn checksum(data: &[u8]) -> u64 {
    // Four lanes, so that the multiplications overlap.
    let mut lanes = [K, K ^ 1, K ^ 2, K ^ 3];
    let mut blocks = data.chunks_exact(32);
    for block in &mut blocks {
        for (lane, word) in lanes.iter_mut().zip(block.chunks_exact(8)) {
            *lane = fold(*lane ^ word.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes)));
        }
    }
    let tail = blocks.remainder().chunks(8).fold(data.len() as u64, |state, chunk| {
        let word = chunk.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte));
        fold(state ^ word)
    });
    lanes.into_iter().fold(tail, |state, lane| fold(state ^ lane))
}

/// Multiplies to 128 bits and xors the halves.
fn fold(word: u64) -> u64 {
    let wide = u128::from(word ^ K) * u128::from(0xa076_1d64_78bd_642f_u64);
    (wide as u64) ^ ((wide >> 64) as u64)
}

/// Hasher for sets of integers.
#[derive(Default, Clone, Copy, Debug)]
pub(crate) struct IntHasher(u64);

impl Hasher for IntHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = fold(self.0.rotate_left(17) ^ value);
    }
}

/// Hasher for maps of names: [`name_hash`].
#[derive(Default, Clone, Copy, Debug)]
pub(crate) struct NameHasher(u64);

impl Hasher for NameHasher {
    fn finish(&self) -> u64 {
        fold(self.0)
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = self.0.rotate_left(17) ^ u64::from(name_hash(bytes));
    }

    fn write_u8(&mut self, _: u8) {
        // The end of a string, whose length is hashed.
    }
}

/// For `HashMap` over strings.
pub(crate) type NameBuild = BuildHasherDefault<NameHasher>;

/// For `HashMap` and `HashSet` over integers.
pub(crate) type IntBuild = BuildHasherDefault<IntHasher>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksum_sees_every_byte() {
        let data: Vec<u8> = (0..100).collect();
        let sum = checksum(&data);
        for at in 0..data.len() {
            let mut damaged = data.clone();
            damaged[at] ^= 1;
            assert_ne!(checksum(&damaged), sum);
        }
        assert_ne!(checksum(&data[..99]), sum);
    }

    #[test]
    fn names_differ() {
        assert_ne!(name_hash(b"a"), name_hash(b"a\0"));
        assert_ne!(name_hash(b"vfs_read"), name_hash(b"vfs_reae"));
        assert_ne!(name_hash(b"start_kernel"), name_hash(b"start_kernel_"));
    }
}
