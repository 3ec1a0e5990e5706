//! Leaving a line at one go: where control can leave it, so that a step over it is one run to there rather than one for each
//! instruction.
//!
//! The code is followed from the pc through the range of the step, and on through code of the same function that does not end
//! the step: other pieces of the line, inlined calls that are passed over, the middle of other lines ([`crate::line_rules`] tells).
//! Where the step ends, a breakpoint ends the run; where control leaves the function, or nobody can say where it goes, one at
//! the instruction that does. Single steps take over there, with the step as it would have been had they led there, so that
//! the stops [`crate::step`] sees are those they would have ended in.

use crate::Session;
use crate::frames;
use crate::line_rules::{Here, LineAction};
use crate::run::{Momentary, Wake};
use crate::step::{Range, Step, StepOver};
use kdive_arch::{Flow, Insn};
use kdive_base::{AddrRange, VirtAddr};
use kdive_program::{FrameKey, Program};
use std::collections::{BTreeMap, BTreeSet};

/// Most instructions that are looked at. A line has ten; a function without lines may have thousands.
const MAX_INSNS: usize = 512;

/// Most different steps one may become on the way.
const MAX_STEPS: usize = 32;

/// Bytes of code fetched beforehand, before and behind the pc.
const BYTES_BEFORE: u64 = 0x100;
const BYTES_BEHIND: u64 = 0x400;

/// Bytes of which every instruction is a part: one that begins in the range may end this far behind it.
pub(crate) const LONGEST_INSN: usize = 16;

/// Most places a run may end in: each is a breakpoint in the target.
const MAX_ENDS: usize = 16;

/// Where a run ends.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct RangeEnds {
    /// With the step as it is on the way there.
    places: BTreeMap<VirtAddr, Step>,
    /// Instructions that are executed on the way to one of them.
    passed: usize,
}

/// What following code needs to know about it.
trait Code {
    /// The instruction at an address.
    fn instruction(&self, addr: VirtAddr) -> Option<Insn>;

    /// Whether an address is in the function of the step.
    fn is_home(&self, addr: VirtAddr) -> bool;

    /// Where else control may go when the instruction in this range faults.
    fn fixups(&self, range: AddrRange) -> Vec<VirtAddr>;

    /// What the step does when it comes to an address of the function outside of its range; `None` when only being there
    /// tells.
    fn action_at(&self, step: &Step, addr: VirtAddr) -> Option<LineAction>;
}

impl Session {
    /// Breakpoints at which a run over the rest of the line ends; none when single steps are to go on.
    pub(crate) fn range_ends(&mut self) -> Vec<Wake> {
        self.find_range_ends().unwrap_or_default()
    }

    fn find_range_ends(&mut self) -> Option<Vec<Wake>> {
        let run = self.run.as_ref().filter(|_| self.settings.range_stepping)?;
        let step = run.step.clone().filter(|step| matches!(step.range, Range::Within(_)))?;
        let thread = run.thread;
        // Elsewhere breakpoints are written into the code, and what a step costs there is another matter. One that stands at a
        // breakpoint has to step off it first.
        let target = self.target.clone()?;
        if !target.run_control()?.steps_over_breakpoints() || run.at_handled.contains_key(&thread) {
            return None;
        }
        if self.threads.selected().map(|entry| entry.id) != Some(thread) {
            self.focus(thread);
        }
        let pc = self.program.pc().ok()?;
        let home = self.program.described_function(pc)?;
        let (_, function) = self.program.modules.function_bounds(pc)?;
        let first = function.start.max(VirtAddr(pc.0.saturating_sub(BYTES_BEFORE)));
        let last = function.end.min(VirtAddr(pc.0.saturating_add(BYTES_BEHIND)));
        let len = last.distance_from(first).and_then(|len| usize::try_from(len).ok())?;
        target.prefetch(first, len + LONGEST_INSN);
        let stack = frames::stack_id(&self.program, 0)?;
        let mut code = InFrame { program: &self.program, home, stack, goes_on: true };
        // In the frame of the step it is known what will be found.
        code.goes_on =
            step.stack == Some(stack) && step.frame.is_some_and(|frame| frame.address() == stack.address());
        let ends = find(&step, pc, &code).or_else(|| {
            code.goes_on = false;
            find(&step, pc, &code)
        })?;
        if ends.passed < 2 || ends.places.len() > MAX_ENDS {
            return None;
        }
        // A command ends in the task it began in, so that is asked once.
        let known = self.run.as_ref().and_then(|run| run.task);
        let task = known.unwrap_or_else(|| self.program.task());
        if let Some(run) = self.run.as_mut() {
            run.task = Some(task);
        }
        // In another frame of the same function control only passes through.
        let wake = |(addr, step)| Wake {
            at: Momentary { addr, frame: Some(stack), thread, task },
            step: Some(step),
        };
        Some(ends.places.into_iter().map(wake).collect())
    }
}

/// The code of the frame a step is in.
struct InFrame<'a> {
    program: &'a Program,
    /// Its function.
    home: VirtAddr,
    stack: FrameKey,
    /// Whether code outside of the range is followed.
    goes_on: bool,
}

impl Code for InFrame<'_> {
    fn instruction(&self, addr: VirtAddr) -> Option<Insn> {
        self.program.decode(addr)
    }

    fn is_home(&self, addr: VirtAddr) -> bool {
        self.program.described_function(addr) == Some(self.home)
    }

    fn fixups(&self, range: AddrRange) -> Vec<VirtAddr> {
        self.program.fixups(range)
    }

    fn action_at(&self, step: &Step, addr: VirtAddr) -> Option<LineAction> {
        if !self.goes_on {
            return None;
        }
        Some(step.action_at(&Here::expected(self.program, self.stack, addr)?))
    }
}

/// Follows the code from `pc`. `None`: too much of it, or of what is not code, or it is not one step that comes to a place.
fn find(step: &Step, pc: VirtAddr, code: &impl Code) -> Option<RangeEnds> {
    let calls_are_steps = step.over != StepOver::All;
    let mut ends = RangeEnds::default();
    let mut steps = vec![step.clone()];
    let mut seen = BTreeSet::new();
    let mut left = vec![(pc, 0)];
    while let Some((addr, current)) = left.pop() {
        if !seen.insert((addr, current)) {
            continue;
        }
        if seen.len() > MAX_INSNS || steps.len() > MAX_STEPS {
            return None;
        }
        let step = steps.get(current)?;
        let is_inside = |step: &Step| matches!(step.range, Range::Within(range) if range.contains(addr));
        let mut goes_on: Vec<VirtAddr> = Vec::new();
        let keeps = if is_inside(step) {
            true
        } else {
            let action = if code.is_home(addr) { code.action_at(step, addr) } else { None };
            match action {
                Some(LineAction::KeepAs(fresh)) if is_inside(&fresh) => {
                    let known = steps.iter().position(|step| *step == *fresh);
                    left.push((addr, known.unwrap_or(steps.len())));
                    if known.is_none() {
                        steps.push(*fresh);
                    }
                    continue;
                }
                Some(LineAction::Keep) => true,
                _ => false,
            }
        };
        if keeps {
            let insn = code.instruction(addr)?;
            match (insn.flow, insn.target) {
                (Flow::Call, _) if calls_are_steps => {}
                (Flow::Next | Flow::Call | Flow::RepString | Flow::Halt, _) => goes_on.push(insn.next()),
                (Flow::Branch, Some(target)) if code.is_home(target) => goes_on.extend([insn.next(), target]),
                (Flow::Jump, Some(target)) if code.is_home(target) => goes_on.push(target),
                _ => {}
            }
            if !goes_on.is_empty() {
                ends.passed += 1;
                goes_on.extend(code.fixups(AddrRange::new(addr, insn.next())));
            }
        }
        if goes_on.is_empty() {
            let step = steps.get(current)?;
            if ends.places.insert(addr, step.clone()).is_some_and(|other| other != *step) {
                return None;
            }
        }
        left.extend(goes_on.into_iter().map(|addr| (addr, current)));
    }
    Some(ends)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kdive_symbols::SourceName;

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
            does_nothing: false,
        }
    }

    /// A function at 0x100..0x200; the step began in line 1, its first 16 bytes.
    struct Toy<'a> {
        code: &'a [(u64, Flow, Option<u64>)],
        /// What the step does elsewhere; where nothing is said it ends.
        elsewhere: &'a [(u64, Elsewhere)],
    }

    #[derive(Clone, Copy)]
    enum Elsewhere {
        /// Passed through.
        Keep,
        /// Another piece of this line, up to there.
        Piece(u32, u64),
    }

    fn step_of(line: u32, range: (u64, u64), over: StepOver) -> Step {
        Step {
            range: Range::Within(AddrRange::new(VirtAddr(range.0), VirtAddr(range.1))),
            over,
            frame: None,
            stack: None,
            function: None,
            line: Some((SourceName { name: "toy.c".into(), comp_dir: None }, line)),
            resume_at: None,
        }
    }

    impl Code for Toy<'_> {
        fn instruction(&self, addr: VirtAddr) -> Option<Insn> {
            let &(addr, flow, target) = self.code.iter().find(|entry| entry.0 == addr.0)?;
            Some(insn(addr, flow, target))
        }

        fn is_home(&self, addr: VirtAddr) -> bool {
            (0x100..0x200).contains(&addr.0)
        }

        fn fixups(&self, range: AddrRange) -> Vec<VirtAddr> {
            // The instruction at 0x130 may fault.
            if range.contains(VirtAddr(0x130)) { vec![VirtAddr(0x1f0)] } else { Vec::new() }
        }

        fn action_at(&self, step: &Step, addr: VirtAddr) -> Option<LineAction> {
            Some(match self.elsewhere.iter().find(|entry| entry.0 == addr.0) {
                None => LineAction::Done,
                Some((_, Elsewhere::Keep)) => LineAction::Keep,
                Some(&(at, Elsewhere::Piece(line, end))) => {
                    LineAction::KeepAs(Box::new(step_of(line, (at, end), step.over)))
                }
            })
        }
    }

    fn follow(code: &[(u64, Flow, Option<u64>)], elsewhere: &[(u64, Elsewhere)]) -> Option<RangeEnds> {
        find(&step_of(1, (0x100, 0x110), StepOver::All), VirtAddr(0x100), &Toy { code, elsewhere })
    }

    /// The ends of a line that is left wherever its range ends, and how much is passed.
    fn ends(code: &[(u64, Flow, Option<u64>)], calls_are_steps: bool) -> Option<(Vec<u64>, usize)> {
        let over = if calls_are_steps { StepOver::Undebuggable } else { StepOver::All };
        let step = step_of(1, (0x100, 0x110), over);
        let found = find(&step, VirtAddr(0x100), &Toy { code, elsewhere: &[] })?;
        Some((found.places.keys().map(|place| place.0).collect(), found.passed))
    }

    #[test]
    fn straight_code_leaves_at_its_end() {
        let code = [
            (0x100, Flow::Next, None),
            (0x104, Flow::RepString, None),
            (0x108, Flow::Call, Some(0x900)),
            (0x10c, Flow::Next, None),
        ];
        assert_eq!(ends(&code, false), Some((vec![0x110], 4)));
        // `step` may have to stop in what is called.
        assert_eq!(ends(&code, true), Some((vec![0x108], 2)));
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
        assert_eq!(ends(&code, false), Some((vec![0x180], 3)));
    }

    #[test]
    fn what_leaves_the_function_is_stepped() {
        let code = [
            (0x100, Flow::Next, None),
            (0x104, Flow::Branch, Some(0x10c)),
            (0x108, Flow::Return, None),
            (0x10c, Flow::Jump, Some(0x900)),
        ];
        assert_eq!(ends(&code, false), Some((vec![0x108, 0x10c], 2)));
        let code = [(0x100, Flow::Branch, Some(0x900))];
        assert_eq!(ends(&code, false), Some((vec![0x100], 0)));
        let code = [(0x100, Flow::Next, None), (0x104, Flow::Jump, None)];
        assert_eq!(ends(&code, false), Some((vec![0x104], 1)));
    }

    #[test]
    fn unreadable_code_is_stepped() {
        assert_eq!(ends(&[(0x100, Flow::Next, None)], false), None);
    }

    #[test]
    fn pieces_of_a_line_and_inlined_calls_are_passed() {
        let next = |addr| (addr, Flow::Next, None);
        let code = [
            next(0x100),
            (0x104, Flow::Jump, Some(0x120)),
            // An inlined call.
            next(0x120),
            next(0x124),
            // More of the line, with a way out.
            next(0x128),
            (0x12c, Flow::Branch, Some(0x140)),
            // The middle of line 2.
            next(0x130),
        ];
        let elsewhere = [
            (0x120, Elsewhere::Keep),
            (0x124, Elsewhere::Keep),
            (0x128, Elsewhere::Piece(1, 0x130)),
            (0x130, Elsewhere::Piece(2, 0x134)),
        ];
        let found = follow(&code, &elsewhere).unwrap();
        let places: Vec<(u64, u32)> =
            found.places.iter().map(|(place, step)| (place.0, step.line.as_ref().unwrap().1)).collect();
        // What the step has become is known where it ends; an instruction that faults goes on at its fixup.
        assert_eq!(places, [(0x134, 2), (0x140, 1), (0x1f0, 2)]);
        assert_eq!(found.passed, 7);
    }

    #[test]
    fn a_place_reached_by_different_steps_is_not_decided_here() {
        let code = [
            (0x100, Flow::Branch, Some(0x120)),
            (0x104, Flow::Jump, Some(0x140)),
            (0x120, Flow::Jump, Some(0x140)),
        ];
        assert!(follow(&code, &[(0x120, Elsewhere::Keep)]).is_some());
        assert!(follow(&code, &[(0x120, Elsewhere::Piece(2, 0x124))]).is_none());
    }

    #[test]
    fn endless_change_ends() {
        // Each piece is another line.
        let code: Vec<_> = (0x100..0x200).step_by(4).map(|addr| (addr, Flow::Next, None)).collect();
        let elsewhere: Vec<_> =
            (0x110..0x200).step_by(4).map(|addr| (addr, Elsewhere::Piece(addr as u32, addr + 4))).collect();
        assert!(follow(&code, &elsewhere).is_none());
    }
}
