//! Chains over a made-up program: function N starts at N * 0x100.

use super::*;
use crate::{Call, ObjectAt};
use std::collections::BTreeMap;

struct Program {
    /// Tail calls by function.
    tail_calls: BTreeMap<u64, Vec<(u64, Option<u64>)>>,
    /// What the call of the outermost function goes to.
    called: Option<u64>,
    /// What no chain is followed into.
    barred: Option<u64>,
}

/// Number of the call and of the function called, `None` for a computed one.
type Calls<'a> = &'a [(u64, Option<u64>)];

const RETURN_PC: VirtAddr = VirtAddr(0x5);

impl UnwindInfo for Program {
    fn object_at(&self, _: VirtAddr) -> Option<ObjectAt> {
        None
    }

    fn function_start(&self, pc: VirtAddr) -> Option<VirtAddr> {
        Some(VirtAddr(pc.0 & !0xff))
    }

    fn epilogue_cfi_valid(&self, _: VirtAddr) -> bool {
        true
    }

    fn inlined_calls(&self, _: VirtAddr) -> usize {
        0
    }

    fn call_site(&self, return_pc: VirtAddr) -> Option<Call> {
        let target = self.called.map(|function| VirtAddr(function * 0x100));
        (return_pc == RETURN_PC).then_some(Call { return_pc, target })
    }

    fn passed(&self, function: VirtAddr) -> Passed<'_> {
        let number = function.0 / 0x100;
        if self.barred == Some(number) {
            return Passed::Barred;
        }
        let Some(calls) = self.tail_calls.get(&number) else { return Passed::Unknown };
        let call = |&(number, target): &(u64, Option<u64>)| Call {
            return_pc: VirtAddr(function.0 + number),
            target: target.map(|target| VirtAddr(target * 0x100)),
        };
        Passed::Known(Box::new(calls.iter().map(call).collect::<Vec<_>>().into_iter()))
    }
}

/// The chain to function 9 when function 1 was called.
fn chain(tail_calls: &[(u64, Calls<'_>)]) -> Vec<u64> {
    let tail_calls = tail_calls.iter().map(|(function, calls)| (*function, calls.to_vec())).collect();
    let program = Program { tail_calls, called: Some(1), barred: None };
    find_chain(&program, RETURN_PC, VirtAddr(0x904)).into_iter().map(|pc| pc.0).collect()
}

#[test]
fn one_way_is_shown_innermost_first() {
    assert_eq!(chain(&[(1, &[(8, Some(2))]), (2, &[(8, Some(3)), (16, Some(9))]), (3, &[])]), [0x210, 0x108]);
}

#[test]
fn a_direct_call_or_an_unknown_one_has_no_chain() {
    let direct = Program { tail_calls: BTreeMap::new(), called: Some(9), barred: None };
    assert!(find_chain(&direct, RETURN_PC, VirtAddr(0x904)).is_empty());
    let computed = Program { tail_calls: BTreeMap::new(), called: None, barred: None };
    assert!(find_chain(&computed, RETURN_PC, VirtAddr(0x904)).is_empty());
    assert!(find_chain(&computed, VirtAddr(0x77), VirtAddr(0x904)).is_empty());
}

#[test]
fn of_two_ways_the_common_ends_are_shown() {
    // 1 -> 2 -> 9 and 1 -> 3 -> 9 share nothing: the calls in 1 differ too.
    assert!(
        chain(&[(1, &[(8, Some(2)), (16, Some(3))]), (2, &[(8, Some(9))]), (3, &[(8, Some(9))])]).is_empty()
    );
    // 1 -> 4 -> {2, 3} -> 5 -> 9
    let both: &[(u64, Calls<'_>)] = &[
        (1, &[(8, Some(4))]),
        (4, &[(8, Some(2)), (16, Some(3))]),
        (2, &[(8, Some(5))]),
        (3, &[(8, Some(5))]),
        (5, &[(8, Some(9))]),
    ];
    assert_eq!(chain(both), [0x508, 0x108]);
}

#[test]
fn one_computed_jump_on_the_way_spoils_it() {
    assert!(chain(&[(1, &[(8, Some(9)), (16, None)])]).is_empty());
    // Nor may a function be missing.
    assert!(chain(&[(1, &[(8, Some(9)), (16, Some(7))])]).is_empty());
}

#[test]
fn what_may_not_be_followed_spoils_it() {
    let calls: &[(u64, Calls<'_>)] = &[(1, &[(8, Some(9)), (16, Some(2))]), (2, &[])];
    let tail_calls: BTreeMap<_, _> =
        calls.iter().map(|(function, calls)| (*function, calls.to_vec())).collect();
    for (barred, found) in [(None, 1), (Some(2), 0), (Some(9), 0)] {
        let program = Program { tail_calls: tail_calls.clone(), called: Some(1), barred };
        assert_eq!(find_chain(&program, RETURN_PC, VirtAddr(0x904)).len(), found, "{barred:?}");
    }
}

#[test]
fn loops_and_explosions_end() {
    assert_eq!(chain(&[(1, &[(8, Some(2)), (16, Some(9))]), (2, &[(8, Some(1))])]), [0x110]);
    // Every function tail-calls all others twice.
    let calls: Vec<(u64, Option<u64>)> = (0..40).map(|call| (call, Some(10 + call / 2))).collect();
    let functions: Vec<(u64, Calls<'_>)> =
        std::iter::once(1).chain(10..30).map(|function| (function, &calls[..])).collect();
    assert!(chain(&functions).is_empty());
}
