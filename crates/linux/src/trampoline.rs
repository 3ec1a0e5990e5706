//! Trampolines that functions return to while a tracer watches for their return, and what they go on to.
//!
//! A tracer of returns (function_graph, kretprobes, fprobe) writes the address of its trampoline over a function's return address and
//! keeps the true one, with the place on the stack it was at, in a record of the task:
//!
//! - `return_to_handler`: `ret_stack`, which is an array of `struct ftrace_ret_stack`, or (6.11) words in which each such record is
//!   followed by one whose low bits count the words back to it (kernel/trace/fgraph.c, `get_ret_stack`),
//! - `arch_rethook_trampoline`: the list `rethooks` of `struct rethook_node` (kernel/trace/rethook.c),
//! - `__kretprobe_trampoline`: the list `kretprobe_instances` of `struct kretprobe_instance` (kernel/kprobes.c).
//!
//! Which of them there are, and how they look, is in the debug information. Several tracers may watch one function, and functions
//! that one another leave by a jump share a return address: then what a record has is a trampoline, and another record for the same
//! place on the stack is next.

use crate::field::Field;
use crate::identity::symbol;
use crate::{KernelPlace, Object};
use kdive_base::{ReadMemory, VirtAddr};
use kdive_program::Program;
use std::cell::{OnceCell, RefCell};

/// How far above the stack pointer a trampoline finds the place of the return address it stands for, at most: it keeps what the function
/// returned there, since 6.12.13 in a whole `struct pt_regs` (168 bytes), and a word or two more. Outside of that it is 8 below.
const OWN_STACK: u64 = 184;

/// Most records for one place on the stack that are followed.
const MAX_TRACERS: usize = 64;

/// Most records of one task: a page of words (`SHADOW_STACK_SIZE`), and more than any list of probes is long.
const MAX_RECORDS: usize = 4096;

/// Bits of a word on the stack of 6.11 that count the words back to its record (`FGRAPH_FRAME_OFFSET_MASK`).
const BACK: u64 = 0x3ff;

/// How a task keeps its records.
#[derive(Debug)]
enum Records {
    /// An array of them; the number of the last, from 0.
    Array { base: Field, last: Field, size: u64 },
    /// Words; the number of those in use.
    Words { base: Field, used: Field },
    /// A list, by the place of its head in the task and that of the link in a record.
    List { first: Field, link: u64 },
}

/// A tracer's records.
#[derive(Debug)]
struct Kind {
    records: Records,
    /// In a record: the true return address, and the place on the stack it was at.
    to: Field,
    slot: Field,
}

/// A trampoline, and the records for it once they were asked for: every frame is compared with its address, few lie on one.
#[derive(Debug)]
struct Trampoline {
    name: &'static str,
    addr: VirtAddr,
    kind: OnceCell<Option<Kind>>,
}

/// What is known of the kernel's trampolines, looked up when it is first asked for.
#[derive(Debug, Default)]
pub(crate) struct Trampolines(RefCell<Option<(Option<KernelPlace>, Vec<Trampoline>)>>);

/// Their names; that of kretprobes is with underscores since 5.15.
const NAMES: [&str; 4] =
    ["return_to_handler", "arch_rethook_trampoline", "__kretprobe_trampoline", "kretprobe_trampoline"];

impl Trampoline {
    fn all(program: &Program) -> Vec<Self> {
        let find = |&name| Some(Self { name, addr: symbol(program, name)?, kind: OnceCell::new() });
        NAMES.iter().filter_map(find).collect()
    }

    fn kind(&self, program: &Program) -> Option<&Kind> {
        let look = || {
            let task = Object::of_struct(program, "task_struct", VirtAddr(0)).ok()?;
            match self.name {
                "return_to_handler" => Kind::graph(program, &task),
                "arch_rethook_trampoline" => Kind::list(program, &task, "rethooks", "rethook_node", "frame"),
                _ => Kind::list(program, &task, "kretprobe_instances", "kretprobe_instance", "fp"),
            }
        };
        self.kind.get_or_init(look).as_ref()
    }
}

impl Kind {
    fn graph(program: &Program, task: &Object<'_>) -> Option<Self> {
        let record = Object::of_struct(program, "ftrace_ret_stack", VirtAddr(0)).ok()?;
        let base = Field::new(task, "ret_stack").ok()?;
        let top = Field::new(task, "curr_ret_stack").ok()?;
        let element = task.member("ret_stack").ok()?.ty().strip().target()?;
        let is_record = program.modules.complete(&element).strip().member("retp").is_some();
        let records = if is_record {
            Records::Array { base, last: top, size: record.ty().size()? }
        } else {
            Records::Words { base, used: top }
        };
        let (to, slot) = (Field::new(&record, "ret").ok()?, Field::new(&record, "retp").ok()?);
        Some(Self { records, to, slot })
    }

    fn list(program: &Program, task: &Object<'_>, head: &str, record: &str, slot: &str) -> Option<Self> {
        let first = Field::new(task, &format!("{head}.first")).ok()?;
        let record = Object::of_struct(program, record, VirtAddr(0)).ok()?;
        let records = Records::List { first, link: record.offset_of("llist").ok()? };
        let (to, slot) = (Field::new(&record, "ret_addr").ok()?, Field::new(&record, slot).ok()?);
        Some(Self { records, to, slot })
    }

    /// The return address in a task's records for a place on the stack, the newest of them but `skip`.
    fn find(&self, program: &Program, task: VirtAddr, slot: VirtAddr, skip: usize) -> Option<VirtAddr> {
        let mut left = skip;
        let mut return_of = |record: VirtAddr| {
            if self.slot.pointer(program, record).ok()? != slot {
                return None;
            }
            let Some(less) = left.checked_sub(1) else { return self.to.pointer(program, record).ok() };
            left = less;
            None
        };
        match &self.records {
            Records::Array { base, last, size } => {
                let last = last.read(program, task).ok()? as u32 as i32;
                let base = base.pointer(program, task).ok().filter(|base| base.0 != 0)?;
                let count = usize::try_from(last).ok()?.saturating_add(1).min(MAX_RECORDS);
                (0..count).rev().find_map(|index| return_of(base.offset((index as u64).wrapping_mul(*size))))
            }
            Records::Words { base, used } => {
                let used = used.read(program, task).ok()? as u32 as i32;
                let base = base.pointer(program, task).ok().filter(|base| base.0 != 0)?;
                let mut top = u64::try_from(used).ok()?.min(MAX_RECORDS as u64);
                while top > 0 {
                    top -= 1;
                    let back = program.read_uint(base.offset(top * 8), 8).ok()? & BACK;
                    top = top.checked_sub(back).filter(|_| back != 0)?;
                    if let Some(to) = return_of(base.offset(top * 8)) {
                        return Some(to);
                    }
                }
                None
            }
            Records::List { first, link } => {
                let mut node = first.pointer(program, task).ok()?;
                for _ in 0..MAX_RECORDS {
                    if node.0 == 0 {
                        return None;
                    }
                    if let Some(to) = return_of(VirtAddr(node.0.wrapping_sub(*link))) {
                        return Some(to);
                    }
                    // A node's link to the next one is all there is to it.
                    node = VirtAddr(program.read_uint(node, 8).ok()?);
                }
                None
            }
        }
    }
}

/// A true return address, and the place on the stack it was at.
type Return = (VirtAddr, VirtAddr);

impl Kind {
    /// What the newest record of a task says, and the one after it, which is no longer in use.
    fn newest(&self, program: &Program, task: VirtAddr) -> Option<(Option<Return>, Option<Return>)> {
        let return_of = |record: VirtAddr| {
            Some((self.to.pointer(program, record).ok()?, self.slot.pointer(program, record).ok()?))
        };
        match &self.records {
            Records::Array { base, last, size } => {
                let last = i64::from(last.read(program, task).ok()? as u32 as i32);
                let base = base.pointer(program, task).ok().filter(|base| base.0 != 0)?;
                let record = |index: i64| {
                    let index = u64::try_from(index).ok().filter(|&index| index < MAX_RECORDS as u64)?;
                    return_of(base.offset(index.wrapping_mul(*size)))
                };
                Some((record(last), record(last + 1)))
            }
            Records::Words { base, used } => {
                let used = u64::try_from(used.read(program, task).ok()? as u32 as i32).ok()?;
                let base = base.pointer(program, task).ok().filter(|base| base.0 != 0)?;
                let top = used.checked_sub(1).filter(|&top| top < MAX_RECORDS as u64);
                let live = top.and_then(|top| {
                    let back = program.read_uint(base.offset(top * 8), 8).ok()? & BACK;
                    return_of(base.offset(top.checked_sub(back)? * 8))
                });
                Some((live, return_of(base.offset(used.min(MAX_RECORDS as u64) * 8))))
            }
            // While these run, the kernel's own tables tell where the return address is.
            Records::List { .. } => None,
        }
    }
}

impl Trampolines {
    /// Another system, or other files.
    pub(crate) fn forget(&mut self) {
        *self.0.get_mut() = None;
    }

    fn with<T>(
        &self,
        program: &Program,
        kernel: Option<KernelPlace>,
        ask: impl FnOnce(&[Trampoline]) -> T,
    ) -> T {
        let mut known = self.0.borrow_mut();
        match &*known {
            Some((then, all)) if *then == kernel => ask(all),
            _ => {
                let all = &known.insert((kernel, Trampoline::all(program))).1;
                ask(all)
            }
        }
    }

    /// Whether one of them begins at an address.
    pub(crate) fn begins_at(&self, program: &Program, kernel: Option<KernelPlace>, pc: VirtAddr) -> bool {
        self.with(program, kernel, |all| all.iter().any(|trampoline| trampoline.addr == pc))
    }

    /// Where the return address of the function was that has returned to the trampoline at `start`, and where control goes on, while
    /// the trampoline's own instructions run with the stack at `sp`. It drops its record before it is done: from then on what
    /// registers or the stack hold has to agree with what the record said.
    pub(crate) fn inside(
        &self,
        program: &Program,
        kernel: Option<KernelPlace>,
        start: VirtAddr,
        sp: VirtAddr,
        holds: &[u64],
        task: VirtAddr,
    ) -> Option<(VirtAddr, VirtAddr)> {
        let newest = |all: &[Trampoline]| {
            all.iter().find(|trampoline| trampoline.addr == start)?.kind(program)?.newest(program, task)
        };
        let (live, dropped) = self.with(program, kernel, newest)?;
        let is_near = |return_of: &Return| return_of.1.0.wrapping_sub(sp.0.wrapping_sub(8)) <= OWN_STACK;
        let (live, dropped) = (live.filter(is_near), dropped.filter(is_near));
        let (to, slot) = dropped.filter(|return_of| holds.contains(&return_of.0.0)).or(live).or(dropped)?;
        // Another tracer may watch the same function.
        let to = self.true_return(program, kernel, to, slot, || Some(task)).unwrap_or(to);
        Some((slot, to))
    }

    /// Where a function of a task really returns to whose return address, at `slot`, is `return_pc`; `None` when that is none of
    /// them, or no record tells.
    pub(crate) fn true_return(
        &self,
        program: &Program,
        kernel: Option<KernelPlace>,
        return_pc: VirtAddr,
        slot: VirtAddr,
        task: impl FnOnce() -> Option<VirtAddr>,
    ) -> Option<VirtAddr> {
        self.with(program, kernel, |all| {
            let at = |pc: VirtAddr| all.iter().position(|trampoline| trampoline.addr == pc);
            let mut index = at(return_pc)?;
            let task = task()?;
            // How many records of each were followed.
            let mut followed = [0; NAMES.len()];
            for _ in 0..MAX_TRACERS {
                let skip = followed.get_mut(index)?;
                let to = all.get(index)?.kind(program)?.find(program, task, slot, *skip)?;
                *skip += 1;
                match at(to) {
                    Some(another) => index = another,
                    None => return Some(to),
                }
            }
            None
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::image;

    /// Asks for what is at element `slot` of the array `stack`.
    fn ask(program: &Program, trampoline: &str, slot: u64) -> Option<u64> {
        let at = |name| symbol(program, name).unwrap();
        let slot = at("stack").offset(slot * 8);
        let task = || symbol(program, "task");
        Trampolines::default().true_return(program, None, at(trampoline), slot, task).map(|to| to.0)
    }

    const STACK: &str = "unsigned long stack[8]; void return_to_handler(void) {}
        void arch_rethook_trampoline(void) {} void __kretprobe_trampoline(void) {}
        struct llist_node { struct llist_node *next; }; struct llist_head { struct llist_node *first; };\n";

    fn kernel(rest: &str) -> Program {
        image(&format!("{STACK}{rest}"))
    }

    #[test]
    fn an_array_of_records() {
        let program = kernel(
            "struct ftrace_ret_stack { unsigned long ret, func; unsigned long long calltime; unsigned long *retp; };
            struct task_struct { int pid, curr_ret_stack; struct ftrace_ret_stack *ret_stack; };
            struct ftrace_ret_stack records[4] = {
                { 0x1000, 1, 0, &stack[7] },
                { 0x2000, 2, 0, &stack[5] }, { (unsigned long)return_to_handler, 3, 0, &stack[5] },
                /* Not in use. */
                { 0x3000, 3, 0, &stack[1] } };
            struct task_struct task = { 1, 2, records }, fresh = { 2, -1, records };",
        );
        assert_eq!(ask(&program, "return_to_handler", 7), Some(0x1000));
        // Two records of one place: a function that left by a jump to another one.
        assert_eq!(ask(&program, "return_to_handler", 5), Some(0x2000));
        assert_eq!(ask(&program, "return_to_handler", 1), None);
        assert_eq!(ask(&program, "stack", 7), None);
        let at = |name| symbol(&program, name).unwrap();
        let fresh = || Some(at("fresh"));
        let known = Trampolines::default();
        let slot = at("stack").offset(56);
        assert_eq!(known.true_return(&program, None, at("return_to_handler"), slot, fresh), None);
        assert!(known.begins_at(&program, None, at("return_to_handler")));
        assert!(!known.begins_at(&program, None, at("stack")));
        // Nothing of this kernel keeps records for it.
        assert_eq!(ask(&program, "arch_rethook_trampoline", 7), None);
    }

    #[test]
    fn words_that_count_back() {
        let program = kernel(
            "struct ftrace_ret_stack { unsigned long ret, func, *retp; } described;
            struct task_struct { int curr_ret_stack; unsigned long *ret_stack; };
            unsigned long words[16] = {
                0x1000, 1, (unsigned long)&stack[7], 0xabc03,
                /* With a word of data of a tracer. */
                0x2000, 2, (unsigned long)&stack[5], 77, 0x800 | 4,
                (unsigned long)return_to_handler, 3, (unsigned long)&stack[5], 3 };
            struct task_struct task = { 13, words };",
        );
        assert_eq!(ask(&program, "return_to_handler", 7), Some(0x1000));
        assert_eq!(ask(&program, "return_to_handler", 5), Some(0x2000));
        assert_eq!(ask(&program, "return_to_handler", 6), None);
    }

    /// Asks in the trampoline, with the stack pointer at element `sp` of the array `stack`: the element where the return address was,
    /// and the address.
    fn ask_inside(program: &Program, sp: u64, holds: &[u64]) -> Option<(u64, u64)> {
        let at = |name| symbol(program, name).unwrap();
        let stack = at("stack");
        let trampolines = Trampolines::default();
        let start = at("return_to_handler");
        let return_of = trampolines.inside(program, None, start, stack.offset(sp * 8), holds, at("task"));
        return_of.map(|(slot, to)| ((slot.0 - stack.0) / 8, to.0))
    }

    #[test]
    fn inside_the_trampoline_the_record_may_be_dropped() {
        let arrays = kernel(
            "struct ftrace_ret_stack { unsigned long ret, func; unsigned long *retp; };
            struct task_struct { int curr_ret_stack; struct ftrace_ret_stack *ret_stack; };
            struct ftrace_ret_stack records[3] = { { 0x1000, 1, &stack[7] }, { 0x2000, 2, &stack[4] }, { 0x3000, 3, &stack[3] } };
            struct task_struct task = { 1, records };",
        );
        let words = kernel(
            "struct ftrace_ret_stack { unsigned long ret, func, *retp; } described;
            struct task_struct { int curr_ret_stack; unsigned long *ret_stack; };
            unsigned long words[16] = { 0x1000, 1, (unsigned long)&stack[7], 3, 0x2000, 2, (unsigned long)&stack[4], 3,
                0x3000, 3, (unsigned long)&stack[3], 3 };
            struct task_struct task = { 8, words };",
        );
        for program in [arrays, words] {
            // Two words of its own on the stack; the record is in use.
            assert_eq!(ask_inside(&program, 3, &[0, 0x55]), Some((4, 0x2000)));
            // It is dropped, and a register has what it said.
            assert_eq!(ask_inside(&program, 2, &[0x3000]), Some((3, 0x3000)));
            // The one in use is far away.
            assert_eq!(ask_inside(&program, 0, &[]), Some((4, 0x2000)));
            assert_eq!(ask_inside(&program, 6, &[]), None);
        }
    }

    #[test]
    fn damaged_words_end_the_search() {
        for (word, return_of) in [("3", Some(0x1000)), ("0", None), ("900", None)] {
            let program = kernel(&format!(
                "struct ftrace_ret_stack {{ unsigned long ret, func, *retp; }} described;
                struct task_struct {{ int curr_ret_stack; unsigned long *ret_stack; }};
                unsigned long words[8] = {{ 0x1000, 1, (unsigned long)&stack[7], 3, 0, 0, 0, {word} }};
                struct task_struct task = {{ 8, words }};"
            ));
            assert_eq!(ask(&program, "return_to_handler", 7), return_of, "{word}");
        }
    }

    #[test]
    fn a_list_of_records() {
        let program = kernel(
            "struct rethook_node { union { int rcu; }; struct llist_node llist; void *rethook; unsigned long ret_addr, frame; };
            struct task_struct { int pid; struct llist_head rethooks; };
            struct rethook_node outer = { { 0 }, { 0 }, 0, 0x1000, (unsigned long)&stack[7] },
                inner = { { 0 }, { &outer.llist }, 0, 0x2000, (unsigned long)&stack[3] },
                again = { { 0 }, { &inner.llist }, 0, (unsigned long)arch_rethook_trampoline, (unsigned long)&stack[3] };
            struct task_struct task = { 1, { &again.llist } };",
        );
        assert_eq!(ask(&program, "arch_rethook_trampoline", 7), Some(0x1000));
        assert_eq!(ask(&program, "arch_rethook_trampoline", 3), Some(0x2000));
        assert_eq!(ask(&program, "arch_rethook_trampoline", 4), None);
    }

    #[test]
    fn probes_of_older_kernels_and_a_tracer_over_them() {
        let program = kernel(
            "struct ftrace_ret_stack { unsigned long ret, func, *retp; };
            struct kretprobe_instance { union { struct llist_node llist; }; void *rph; int *ret_addr; void *fp; char data[]; };
            struct task_struct { int curr_ret_stack; struct ftrace_ret_stack *ret_stack;
                struct llist_head kretprobe_instances; };
            struct kretprobe_instance probe = { { { 0 } }, 0, (int *)0x1000, &stack[6] };
            struct ftrace_ret_stack records[1] = { { (unsigned long)__kretprobe_trampoline, 1, &stack[6] } };
            struct task_struct task = { 0, records, { &probe.llist } };",
        );
        assert_eq!(ask(&program, "__kretprobe_trampoline", 6), Some(0x1000));
        assert_eq!(ask(&program, "return_to_handler", 6), Some(0x1000));
    }

    #[test]
    fn two_tracers_of_two_functions_with_one_return_address() {
        // The first function left by a jump to the second; both were probed first and then traced.
        let program = kernel(
            "struct ftrace_ret_stack { unsigned long ret, func, *retp; };
            struct rethook_node { struct llist_node llist; unsigned long ret_addr, frame; };
            struct task_struct { int curr_ret_stack; struct ftrace_ret_stack *ret_stack; struct llist_head rethooks; };
            #define HOOK (unsigned long)arch_rethook_trampoline
            struct ftrace_ret_stack records[2] = { { HOOK, 1, &stack[6] }, { HOOK, 2, &stack[6] } };
            struct rethook_node first = { { 0 }, 0x1000, (unsigned long)&stack[6] },
                second = { { &first.llist }, (unsigned long)return_to_handler, (unsigned long)&stack[6] };
            struct task_struct task = { 1, records, { &second.llist } };",
        );
        assert_eq!(ask(&program, "return_to_handler", 6), Some(0x1000));
    }

    #[test]
    fn a_list_in_a_circle_ends() {
        let program = kernel(
            "struct rethook_node { struct llist_node llist; unsigned long ret_addr, frame; };
            struct task_struct { struct llist_head rethooks; };
            struct rethook_node node = { { &node.llist }, 0x1000, 8 };
            struct task_struct task = { { &node.llist } };",
        );
        assert_eq!(ask(&program, "arch_rethook_trampoline", 7), None);
    }
}
