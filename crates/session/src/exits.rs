//! Leaving a line at one go: where control can leave a range of addresses, so that a step over it is one run to there
//! rather than one for each instruction.
//!
//! The code is followed from the pc through the range. Where it leaves the range for another place of the same function, a
//! breakpoint there ends the run; where it leaves the function, or nobody can say where it goes, one at the instruction that
//! does. From there single steps take over, so the stops that [`crate::step`] sees are those single steps would have
//! ended in.

use crate::Session;
use crate::frames;
use crate::run::Momentary;
use crate::step::{Range, StepOver};
use crate::view::View;
use kdive_arch::{Flow, Insn};
use kdive_base::{AddrRange, VirtAddr};
use std::collections::BTreeSet;

/// Most instructions that are looked at. A line has ten; a function without lines may have thousands.
const MAX_INSNS: usize = 512;

/// A rest of a range that is shorter is stepped through: two instructions, mostly.
const FEW_BYTES: usize = 8;

/// Most bytes of code that are fetched beforehand.
const MAX_BYTES: usize = 4096;

/// Bytes of which every instruction is a part: one that begins in the range may end this far behind it.
pub(crate) const LONGEST_INSN: usize = 16;

/// Most places a run may end in: each is a breakpoint in the target.
const MAX_EXITS: usize = 16;

/// Where a run through a range ends.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Exits {
    places: BTreeSet<VirtAddr>,
    /// Instructions that are executed on the way to one of them.
    passed: usize,
}

impl<V: View> Session<V> {
    /// Breakpoints at which a run over the rest of the stepped range ends; none when single steps are to go on.
    pub(crate) fn range_exits(&mut self) -> Vec<Momentary> {
        self.find_exits().unwrap_or_default()
    }

    fn find_exits(&mut self) -> Option<Vec<Momentary>> {
        let run = self.run.as_ref().filter(|_| self.settings.range_stepping)?;
        let step = run.step.as_ref()?;
        let Range::Within(range) = step.range else { return None };
        let (thread, calls_are_steps) = (run.thread, step.over != StepOver::All);
        // Elsewhere breakpoints are written into the code, and what a step costs there is another matter. One that stands at a
        // breakpoint has to step off it first.
        let target = self.target.clone()?;
        if !target.run_control()?.steps_over_breakpoints() || run.over.contains_key(&thread) {
            return None;
        }
        if self.threads.selected().map(|entry| entry.id) != Some(thread) {
            self.focus(thread);
        }
        let pc = self.view.pc().ok().filter(|&pc| range.contains(pc))?;
        let left = range.end.distance_from(pc).and_then(|left| usize::try_from(left).ok())?;
        if left < FEW_BYTES {
            return None;
        }
        target.prefetch(pc, left.min(MAX_BYTES) + LONGEST_INSN);
        let home = frames::function(&self.view, pc)?;
        let exits = find(
            pc,
            range,
            |insn| insn.flow == Flow::Call && calls_are_steps,
            |addr| frames::function(&self.view, addr) == Some(home),
            |addr| self.view.instruction(addr),
        )?;
        let mut places = exits.places;
        places.extend(self.view.fixups(range));
        if exits.passed < 2 || places.len() > MAX_EXITS {
            return None;
        }
        // In another frame of the same function control only passes through.
        let frame = Some(frames::stack_id(&mut self.view, 0)?);
        // A command ends in the task it began in, so that is asked once.
        let known = self.run.as_ref().and_then(|run| run.task);
        let task = known.unwrap_or_else(|| self.view.task());
        if let Some(run) = self.run.as_mut() {
            run.task = Some(task);
        }
        Some(places.into_iter().map(|addr| Momentary { addr, frame, thread, task }).collect())
    }
}

/// Follows the code from `pc` through `range`. `None`: too much of it, or of what is not code.
fn find(
    pc: VirtAddr,
    range: AddrRange,
    is_step: impl Fn(&Insn) -> bool,
    is_home: impl Fn(VirtAddr) -> bool,
    instruction: impl Fn(VirtAddr) -> Option<Insn>,
) -> Option<Exits> {
    let mut exits = Exits::default();
    let mut seen = BTreeSet::new();
    let mut left = vec![pc];
    while let Some(addr) = left.pop() {
        if !seen.insert(addr) {
            continue;
        }
        if !range.contains(addr) {
            exits.places.insert(addr);
            continue;
        }
        if seen.len() > MAX_INSNS {
            return None;
        }
        let insn = instruction(addr)?;
        let goes_on: &[VirtAddr] = match (insn.flow, insn.target) {
            _ if is_step(&insn) => &[],
            (Flow::Next | Flow::Call | Flow::RepString | Flow::Halt, _) => &[insn.next()],
            (Flow::Branch, Some(target)) if is_home(target) => &[insn.next(), target],
            (Flow::Jump, Some(target)) if is_home(target) => &[target],
            _ => &[],
        };
        if goes_on.is_empty() {
            exits.places.insert(addr);
        } else {
            exits.passed += 1;
            left.extend(goes_on);
        }
    }
    Some(exits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn insn(addr: u64, flow: Flow, target: Option<u64>) -> Insn {
        Insn {
            addr: VirtAddr(addr),
            bytes: vec![0; 4],
            text: String::new(),
            flow,
            target: target.map(VirtAddr),
            memory: None,
            writes_flags: false,
            writes_sp: false,
        }
    }

    /// The exits of 0x100..0x110 in a function that ends at 0x200, and how much is passed.
    fn exits(code: &[(u64, Flow, Option<u64>)], calls_are_steps: bool) -> Option<(Vec<u64>, usize)> {
        let found = find(
            VirtAddr(0x100),
            AddrRange::new(VirtAddr(0x100), VirtAddr(0x110)),
            |insn| insn.flow == Flow::Call && calls_are_steps,
            |addr| (0x100..0x200).contains(&addr.0),
            |addr| {
                let &(addr, flow, target) = code.iter().find(|entry| entry.0 == addr.0)?;
                Some(insn(addr, flow, target))
            },
        )?;
        Some((found.places.iter().map(|place| place.0).collect(), found.passed))
    }

    #[test]
    fn straight_code_leaves_at_its_end() {
        let code = [
            (0x100, Flow::Next, None),
            (0x104, Flow::RepString, None),
            (0x108, Flow::Call, Some(0x900)),
            (0x10c, Flow::Next, None),
        ];
        assert_eq!(exits(&code, false), Some((vec![0x110], 4)));
        // `step` may have to stop in what is called.
        assert_eq!(exits(&code, true), Some((vec![0x108], 2)));
    }

    #[test]
    fn a_loop_leaves_where_its_branches_lead() {
        let code = [
            (0x100, Flow::Next, None),
            (0x104, Flow::Branch, Some(0x180)),
            (0x108, Flow::Jump, Some(0x100)),
            // Never reached, and no code.
            (0x10c, Flow::Invalid, None),
        ];
        assert_eq!(exits(&code, false), Some((vec![0x180], 3)));
    }

    #[test]
    fn what_leaves_the_function_is_stepped() {
        let code = [
            (0x100, Flow::Next, None),
            (0x104, Flow::Branch, Some(0x10c)),
            (0x108, Flow::Return, None),
            (0x10c, Flow::Jump, Some(0x900)),
        ];
        assert_eq!(exits(&code, false), Some((vec![0x108, 0x10c], 2)));
        let code = [(0x100, Flow::Branch, Some(0x900))];
        assert_eq!(exits(&code, false), Some((vec![0x100], 0)));
        let code = [(0x100, Flow::Next, None), (0x104, Flow::Jump, None)];
        assert_eq!(exits(&code, false), Some((vec![0x104], 1)));
    }

    #[test]
    fn unreadable_code_is_stepped() {
        assert_eq!(exits(&[(0x100, Flow::Next, None)], false), None);
    }
}
