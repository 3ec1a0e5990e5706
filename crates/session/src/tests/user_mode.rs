//! Steps that lead through code of another kind: the kernel below a user program, the trampolines of tracers.

use super::toy::{Cpu, Function, Op, Source, Toy};
use crate::{Request, StepKind};

/// Where the kernel lies.
const KERNEL: u64 = 0xffff_ffff_8100_0000;

/// Code that goes round in `work`, from `base` on, and calls `leaf`, which is traced or not.
fn code(base: u64, leaf: Op) -> (Vec<(u64, Op)>, Source) {
    let code = [
        (0x1000, Op::Count(0x9000)),                  // line 10
        (0x1004, Op::Fault(0x9008, KERNEL + 0x8100)), // line 11
        (0x1008, Op::Enter(KERNEL + 0x8000)),         // line 12
        (0x100c, Op::Nop),                            //   of 12
        (0x1010, Op::Call(base + 0x2000)),            // line 13
        (0x1015, Op::Nop),                            //   of 13
        (0x1018, Op::Jump(base + 0x1000)),            // line 14
        (0x2000, leaf),                               // line 20
        (0x2004, Op::Nop),                            // line 21
        (0x2008, Op::Ret),                            // line 22
    ];
    let lines = [(0x1000, 10), (0x1004, 11), (0x1008, 12), (0x1010, 13), (0x1018, 14), (0x101c, 0)];
    let leaf = [(0x2000, 20), (0x2004, 21), (0x2008, 22), (0x200c, 0)];
    let rows = lines.into_iter().chain(leaf).map(|(addr, line)| (base + addr, line, true)).collect();
    let functions =
        vec![function("work", base + 0x1000, base + 0x101c), function("leaf", base + 0x2000, base + 0x200c)];
    (code.map(|(addr, op)| (base + addr, op)).to_vec(), Source { rows, functions, ..Source::default() })
}

fn function(name: &'static str, start: u64, end: u64) -> Function {
    Function { name, start, end, body: start }
}

/// The same as a user program below a kernel whose entry nobody knows the frames of.
fn program() -> Toy {
    let (mut code, mut source) = code(0, Op::Nop);
    code.extend([
        (KERNEL + 0x8000, Op::Nop),
        (KERNEL + 0x8004, Op::Leave),
        (KERNEL + 0x8100, Op::Nop),
        (KERNEL + 0x8104, Op::Leave),
    ]);
    source.functions.push(function("handler", KERNEL + 0x8100, KERNEL + 0x8108));
    source.kernel = Some(KERNEL);
    source.variables = [("rounds", 0x9000), ("faults", 0x9008)].into();
    let toy = Toy::new(&code, source, &[Cpu { pc: 0x1000, sp: 0x10000, rax: 0 }]);
    toy.machine.borrow_mut().tasks = vec![10];
    toy
}

/// The same in a kernel whose tracer has put its trampoline in the place of the caller of `leaf`.
fn traced() -> Toy {
    let (mut code, mut source) = code(KERNEL, Op::Trace);
    code.extend([(KERNEL + 0x1008, Op::Nop), (KERNEL + 0x7000, Op::Nop), (KERNEL + 0x7004, Op::Rejoin)]);
    source.functions.push(function("trampoline", KERNEL + 0x7000, KERNEL + 0x7008));
    source.trampoline = Some(KERNEL + 0x7000);
    let sp = 0xffff_c900_0002_0000;
    let toy = Toy::new(&code, source, &[Cpu { pc: KERNEL + 0x1000, sp, rax: 0 }]);
    toy.machine.borrow_mut().tasks = vec![10];
    toy
}

/// How often `work` went round.
fn rounds(toy: &Toy) -> u64 {
    toy.machine.borrow().memory.get(&0x9000).copied().unwrap_or(0)
}

#[test]
fn the_kernel_is_passed_over() {
    for kind in [StepKind::Over, StepKind::Into] {
        let mut toy = program();
        for round in 1..4 {
            toy.machine.borrow_mut().memory.insert(0x9008, 2);
            for line in ["11", "12", "13"] {
                assert_eq!(toy.step(kind), format!("| {line}"), "{kind:?} in round {round}");
            }
            let last = if kind == StepKind::Over {
                vec!["| 14", "| 10"]
            } else {
                vec!["leaf:20", "| 21", "| 22", "work:14", "| 10"]
            };
            let output: Vec<String> = last.iter().map(|_| toy.step(kind)).collect();
            assert_eq!(output.len(), last.len());
            assert!(
                output
                    .iter()
                    .zip(&last)
                    .all(|(line, wanted)| line.ends_with(wanted.trim_start_matches("| "))),
                "{output:?}"
            );
            assert_eq!(rounds(&toy), round);
        }
    }
}

#[test]
fn single_instructions_show_the_kernel() {
    let mut toy = program();
    toy.machine.borrow_mut().memory.insert(0x9008, 1);
    toy.step(StepKind::Instruction);
    assert_eq!(toy.step(StepKind::Instruction), "0xffffffff81008100 handler:0");
    // `nexti` takes what the kernel does for part of the instruction.
    let mut toy = program();
    toy.machine.borrow_mut().memory.insert(0x9008, 1);
    for line in ["| 11", "| 12", "| 0x100c 12"] {
        assert_eq!(toy.step(StepKind::InstructionOver), line);
    }
}

#[test]
fn a_breakpoint_whose_instruction_faults_is_hit_once() {
    for tcg in [true, false] {
        let mut toy = program();
        toy.machine.borrow_mut().tcg = tcg;
        toy.add("11");
        for round in 1..4 {
            toy.machine.borrow_mut().memory.insert(0x9008, 1);
            assert_eq!(toy.cont(), "\nBreakpoint 1, work:11");
            assert_eq!(rounds(&toy), round);
        }
        toy.machine.borrow_mut().memory.insert(0x9008, 1);
        assert_eq!(toy.step(StepKind::Over), "| 12");
        assert_eq!(toy.cont(), "\nBreakpoint 1, work:11");
        assert_eq!(rounds(&toy), 4);
    }
}

#[test]
fn a_traced_function_returns_to_its_caller() {
    let mut toy = traced();
    toy.add("22");
    assert_eq!(toy.cont(), "\nBreakpoint 1, leaf:22");
    for kind in [StepKind::Over, StepKind::Into, StepKind::InstructionOver] {
        let output = toy.step(kind);
        assert!(output == "work:14" || output == "0xffffffff81001015 work:13", "{kind:?}: {output}");
        assert_eq!(toy.cont(), "\nBreakpoint 1, leaf:22");
    }
    assert_eq!(toy.run(Request::Finish), "0xffffffff81001015 work:13 $1 = 0");
    assert_eq!(toy.cont(), "\nBreakpoint 1, leaf:22");
    let output = toy.run(Request::Until);
    assert!(output == "work:14", "{output}");
}
