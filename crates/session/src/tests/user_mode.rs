//! Steps that lead through code of another kind: the kernel below a user program, the trampolines of tracers.

use super::toy::{Cpu, Function, Op, Source, Toy};
use crate::{Request, StepKind};

/// A user program that goes round in `work`, whose call `leaf` is traced or not; a kernel from 0x8000 on, whose entry nobody knows
/// the frames of, and whose handler of page faults is a function like any other.
fn program(leaf: Op) -> Toy {
    let code = [
        (0x1000, Op::Count(0x9000)),         // line 10
        (0x1004, Op::Fault(0x9008, 0x8100)), // line 11
        (0x1008, Op::Enter(0x8000)),         // line 12
        (0x100c, Op::Nop),                   //   of 12
        (0x1010, Op::Call(0x2000)),          // line 13
        (0x1014, Op::Nop),                   //   of 13
        (0x1018, Op::Jump(0x1000)),          // line 14
        (0x2000, leaf),                      // line 20
        (0x2004, Op::Nop),                   // line 21
        (0x2008, Op::Ret),                   // line 22
        (0x7000, Op::Nop),
        (0x7004, Op::Rejoin),
        (0x8000, Op::Nop),
        (0x8004, Op::Leave),
        (0x8100, Op::Nop),
        (0x8104, Op::Ret),
    ];
    let lines = [(0x1000, 10), (0x1004, 11), (0x1008, 12), (0x1010, 13), (0x1018, 14), (0x101c, 0)];
    let leaf = [(0x2000, 20), (0x2004, 21), (0x2008, 22), (0x200c, 0)];
    let rows = lines.into_iter().chain(leaf).map(|(addr, line)| (addr, line, true)).collect();
    let function = |name, start, end| Function { name, start, end, body: start };
    let functions = vec![
        function("work", 0x1000, 0x101c),
        function("leaf", 0x2000, 0x200c),
        function("trampoline", 0x7000, 0x7008),
        function("handler", 0x8100, 0x8108),
    ];
    let source =
        Source { rows, functions, kernel: Some(0x8000), trampoline: Some(0x7000), ..Source::default() };
    let toy = Toy::new(&code, source, &[Cpu { pc: 0x1000, sp: 0x10000, rax: 0 }]);
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
        let mut toy = program(Op::Nop);
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
            let told: Vec<String> = last.iter().map(|_| toy.step(kind)).collect();
            assert_eq!(told.len(), last.len());
            assert!(
                told.iter().zip(&last).all(|(told, line)| told.ends_with(line.trim_start_matches("| "))),
                "{told:?}"
            );
            assert_eq!(rounds(&toy), round);
        }
    }
}

#[test]
fn single_instructions_show_the_kernel() {
    let mut toy = program(Op::Nop);
    toy.machine.borrow_mut().memory.insert(0x9008, 1);
    toy.step(StepKind::Instruction);
    assert_eq!(toy.step(StepKind::Instruction), "0x8100 handler:0");
    // `nexti` takes what the kernel does for part of the instruction.
    let mut toy = program(Op::Nop);
    toy.machine.borrow_mut().memory.insert(0x9008, 1);
    for line in ["| 11", "| 12", "| 0x100c 12"] {
        assert_eq!(toy.step(StepKind::InstructionOver), line);
    }
}

#[test]
fn a_breakpoint_whose_instruction_faults_is_hit_once() {
    for tcg in [true, false] {
        let mut toy = program(Op::Nop);
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
    let mut toy = program(Op::Trace);
    toy.add("22");
    assert_eq!(toy.cont(), "\nBreakpoint 1, leaf:22");
    for kind in [StepKind::Over, StepKind::Into, StepKind::InstructionOver] {
        let told = toy.step(kind);
        assert!(told == "work:14" || told == "0x1014 work:13", "{kind:?}: {told}");
        assert_eq!(toy.cont(), "\nBreakpoint 1, leaf:22");
    }
    assert_eq!(toy.run(Request::Finish), "0x1014 work:13 $1 = 0");
    assert_eq!(toy.cont(), "\nBreakpoint 1, leaf:22");
    let told = toy.run(Request::Until);
    assert!(told == "work:14", "{told}");
}
