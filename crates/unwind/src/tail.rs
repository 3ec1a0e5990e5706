//! Functions that left by a tail call: no trace of them is on the stack, but the debug information of calls may leave
//! only one way from the caller to the callee. The rules are gdb's (`call_site_find_chain`).

use crate::info::{Passed, TailCalls, UnwindInfo};
use kdive_base::VirtAddr;
use std::collections::HashSet;

/// Most call sites that are examined for one frame.
const MAX_VISITS: usize = 1_000;

/// Longest chain of tail calls that is followed.
const MAX_CHAIN: usize = 64;

/// The pcs of the functions that tail-called their way to the function around `callee_pc`, innermost first, when the
/// call that returns to `return_pc` was made to another function. Empty when there are none or it is not certain.
pub(crate) fn find_chain(info: &dyn UnwindInfo, return_pc: VirtAddr, callee_pc: VirtAddr) -> Vec<VirtAddr> {
    search(info, return_pc, callee_pc).map(|common| common.pcs()).unwrap_or_default()
}

/// A function on the way, with its tail calls still to be tried.
struct Visit<'a> {
    calls: TailCalls<'a>,
    taken: VirtAddr,
}

fn search(info: &dyn UnwindInfo, return_pc: VirtAddr, callee_pc: VirtAddr) -> Option<Common> {
    let callee = info.function_start(callee_pc)?;
    let mut target = info.call_site(return_pc)?.target?;
    if target != callee && is_spoiled(info, target, callee) {
        return None;
    }
    let mut path: Vec<Visit<'_>> = Vec::new();
    let mut on_path = HashSet::new();
    let mut common: Option<Common> = None;
    for _ in 0..MAX_VISITS {
        // One unknown target anywhere and nothing is certain, hence the question marks.
        let mut calls = match info.passed(target) {
            Passed::Barred => return None,
            _ if target == callee => {
                let chain: Vec<VirtAddr> = path.iter().map(|visit| visit.taken).collect();
                common = Some(match common {
                    None => Common::new(chain),
                    Some(common) => common.intersect(&chain)?,
                });
                Box::new(std::iter::empty())
            }
            Passed::Known(calls) => calls,
            Passed::Unknown => return None,
        };
        let next = loop {
            // gdb gives up on the siblings of a call it is already in; so the search goes back from there too.
            if let Some(call) = calls.next()
                && path.len() < MAX_CHAIN
                && on_path.insert(call.return_pc)
            {
                break call;
            }
            let Some(visit) = path.pop() else { return common };
            on_path.remove(&visit.taken);
            calls = visit.calls;
        };
        target = next.target?;
        path.push(Visit { calls, taken: next.return_pc });
    }
    None
}

/// Whether something that is at hand shows that nothing will be certain. The search comes by all functions that `first`
/// tail-calls, and a system call table has hundreds: they need not all be read when one is known that ends it.
fn is_spoiled(info: &dyn UnwindInfo, first: VirtAddr, callee: VirtAddr) -> bool {
    let Passed::Known(calls) = info.passed(first) else { return true };
    calls.take(MAX_VISITS).any(|call| match call.target {
        Some(target) if target != callee && info.is_at_hand(target) => match info.passed(target) {
            Passed::Known(mut calls) => calls.any(|call| call.target.is_none()),
            Passed::Unknown | Passed::Barred => true,
        },
        Some(_) => false,
        None => true,
    })
}

/// What all chains found so far have in common.
struct Common {
    chain: Vec<VirtAddr>,
    /// How many at the caller's end.
    callers: usize,
    /// How many at the callee's end.
    callees: usize,
}

impl Common {
    fn new(chain: Vec<VirtAddr>) -> Self {
        Self { callers: chain.len(), callees: chain.len(), chain }
    }

    /// `None` when nothing is left.
    fn intersect(mut self, other: &[VirtAddr]) -> Option<Self> {
        let same = |(a, b): &(&VirtAddr, &VirtAddr)| a == b;
        self.callers = self.chain.iter().zip(other).take(self.callers).take_while(same).count();
        self.callees =
            self.chain.iter().rev().zip(other.iter().rev()).take(self.callees).take_while(same).count();
        (self.callers + self.callees > 0).then_some(self)
    }

    fn pcs(&self) -> Vec<VirtAddr> {
        let mut pcs: Vec<VirtAddr> = self.chain.iter().rev().take(self.callees).copied().collect();
        if self.callees != self.chain.len() {
            pcs.extend(self.chain.iter().take(self.callers).rev());
        }
        pcs
    }
}

#[cfg(test)]
mod tests;
