//! Chains over a made-up program: function N starts at N * 0x100.

use super::*;
use crate::{Call, ObjectAt};
use std::cell::Cell;
use std::collections::BTreeMap;

struct Program {
    /// Tail calls by function.
    tail_calls: BTreeMap<u64, Vec<(u64, Option<u64>)>>,
    /// What the call of the outermost function goes to.
    called: Option<u64>,
    /// What no chain is followed into.
    barred: Option<u64>,
    /// Whether everything is at hand.
    at_hand: bool,
    /// How many functions were examined.
    passed: Cell<usize>,
}

impl Program {
    fn new(tail_calls: &[(u64, Calls<'_>)], called: Option<u64>) -> Self {
        let tail_calls = tail_calls.iter().map(|(function, calls)| (*function, calls.to_vec())).collect();
        Self { tail_calls, called, barred: None, at_hand: false, passed: Cell::new(0) }
    }

    fn chain(&self) -> Vec<u64> {
        find_chain(self, RETURN_PC, VirtAddr(0x904)).into_iter().map(|pc| pc.0).collect()
    }
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

    fn is_at_hand(&self, _: VirtAddr) -> bool {
        self.at_hand
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
        self.passed.set(self.passed.get() + 1);
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
    let mut program = Program::new(tail_calls, Some(1));
    let found = program.chain();
    program.at_hand = true;
    assert_eq!(program.chain(), found, "what is at hand decides nothing");
    found
}

#[test]
fn one_way_is_shown_innermost_first() {
    assert_eq!(chain(&[(1, &[(8, Some(2))]), (2, &[(8, Some(3)), (16, Some(9))]), (3, &[])]), [0x210, 0x108]);
}

#[test]
fn a_direct_call_or_an_unknown_one_has_no_chain() {
    assert!(Program::new(&[], Some(9)).chain().is_empty());
    let computed = Program::new(&[], None);
    assert!(computed.chain().is_empty());
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
    for (barred, found) in [(None, 1), (Some(2), 0), (Some(9), 0)] {
        let mut program = Program::new(&[(1, &[(8, Some(9)), (16, Some(2))]), (2, &[])], Some(1));
        program.barred = barred;
        assert_eq!(program.chain().len(), found, "{barred:?}");
    }
}

#[test]
fn what_is_at_hand_saves_a_look_at_the_others() {
    let table: Vec<(u64, Option<u64>)> = (0..50).map(|call| (call, Some(10 + call))).collect();
    let last: Calls<'_> = &[(8, None)];
    let mut functions: Vec<(u64, Calls<'_>)> = (10..59).map(|function| (function, &[][..])).collect();
    functions.extend([(1, &table[..]), (59, last)]);
    let mut program = Program::new(&functions, Some(1));
    assert!(program.chain().is_empty());
    assert!(program.passed.get() > 50);
    // Only the last one.
    program.at_hand = true;
    program.passed.set(0);
    program.tail_calls.retain(|function, _| *function == 1 || *function == 59);
    program.tail_calls.insert(1, vec![(8, Some(59)), (16, Some(10))]);
    assert!(program.chain().is_empty());
    assert_eq!(program.passed.get(), 2);
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
