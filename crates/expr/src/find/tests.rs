//! Patterns where chunks of memory meet, and where memory ends.

use super::*;
use crate::fake::{Fake, kitchen};

fn found(fake: &Fake, find: &Find) -> Vec<u64> {
    let mut found = Vec::new();
    find.run(fake, &mut |addr| {
        found.push(addr.0);
        Ok(())
    })
    .unwrap();
    found
}

/// Memory of its own, with something at each of some places.
fn memory(len: usize, pattern: &[u8], at: &[usize]) -> Fake {
    let fake = kitchen();
    let mut bytes = vec![0; len];
    for &at in at {
        bytes[at..at + pattern.len()].copy_from_slice(pattern);
    }
    fake.map(0x1_0000, &bytes);
    fake
}

#[test]
fn matches_across_chunks_are_found_once() {
    let first = CHUNK + 2;
    let places = [0, first - 2, first - 1 + 4, 2 * CHUNK, 3 * CHUNK - 3];
    let fake = memory(3 * CHUNK, b"abc", &places);
    let find =
        Find { start: VirtAddr(0x1_0000), len: 3 * CHUNK as u64, limit: None, pattern: b"abc".to_vec() };
    let expected: Vec<u64> = places.iter().map(|&at| 0x1_0000 + at as u64).collect();
    assert_eq!(found(&fake, &find), expected);
    assert_eq!(found(&fake, &Find { limit: Some(2), ..find }), expected[..2]);
}

#[test]
fn matches_may_overlap() {
    let fake = memory(16, b"aaaa", &[3]);
    let find = Find { start: VirtAddr(0x1_0000), len: 16, limit: None, pattern: b"aa".to_vec() };
    assert_eq!(found(&fake, &find), [0x1_0003, 0x1_0004, 0x1_0005]);
}

#[test]
fn the_end_of_memory_ends_the_search_with_a_warning() {
    let fake = memory(100, b"xyz", &[97]);
    let find = Find { start: VirtAddr(0x1_0000), len: 1000, limit: None, pattern: b"xyz".to_vec() };
    assert_eq!(found(&fake, &find), [0x1_0061]);
    assert_eq!(
        *fake.warnings.borrow(),
        "warning: Unable to access 1000 bytes of target memory at 0x10000, halting search.\n"
    );
}

#[test]
fn what_finds_may_stop_the_search() {
    let fake = memory(100, b"x", &[1, 2, 3]);
    let find = Find { start: VirtAddr(0x1_0000), len: 100, limit: None, pattern: b"x".to_vec() };
    let mut count = 0;
    let stopped = find.run(&fake, &mut |_| {
        count += 1;
        Err(ExprError::Interrupted)
    });
    assert_eq!((stopped, count), (Err(ExprError::Interrupted), 1));
}
