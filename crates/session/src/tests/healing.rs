//! Breakpoints on a target that writes them into memory, and a system that writes there too.

use super::toy::{Cpu, Function, Op, Source, Toy};
use crate::{LocationState, StepKind};

/// `main` calls `leaf` for ever.
fn rounds(tcg: bool) -> Toy {
    let code = [
        (0x1000, Op::Call(0x2000)),
        (0x1005, Op::Jump(0x1000)),
        (0x2000, Op::Nop),
        (0x2004, Op::Nop),
        (0x2008, Op::Ret),
    ];
    let rows = vec![
        (0x1000, 10, true),
        (0x1005, 11, true),
        (0x1008, 0, true),
        (0x2000, 20, true),
        (0x2004, 21, true),
        (0x2008, 22, true),
        (0x200c, 0, true),
    ];
    let functions = vec![
        Function { name: "main", start: 0x1000, end: 0x1008, body: 0x1000 },
        Function { name: "leaf", start: 0x2000, end: 0x200c, body: 0x2004 },
    ];
    let toy = Toy::new(
        &code,
        Source { rows, functions, ..Source::default() },
        &[Cpu { pc: 0x1000, sp: 0x10000, rax: 0 }],
    );
    toy.machine.borrow_mut().tcg = tcg;
    toy
}

fn state(toy: &Toy) -> LocationState {
    toy.session.breakpoint(1).unwrap().locations[0].state.clone()
}

fn details(toy: &Toy) -> String {
    let all: Vec<_> = toy.session.breakpoints().collect();
    super::breakpoint_words::table(&all)
        .into_text()
        .lines()
        .filter(|line| line.starts_with('\t'))
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn an_instruction_that_was_written_over_is_put_back() {
    let mut toy = rounds(false);
    toy.add("leaf");
    toy.add("11");
    assert_eq!(toy.cont(), "\nBreakpoint 1, leaf:21");
    toy.log();
    toy.machine.borrow_mut().lost = vec![0x1005];
    assert_eq!(toy.cont(), "\nBreakpoint 2, main:11");
    assert_eq!(toy.log(), "z0 2004 s1 z0 1005 Z0 1005 Z0 2004 c");
    assert_eq!(toy.session.inserted.healed(), 1);
    assert_eq!(state(&toy), LocationState::Software);
}

#[test]
fn rewritten_code_gets_a_debug_register_while_there_is_one() {
    let mut toy = rounds(false);
    toy.machine.borrow_mut().rewritten = vec![0x2004];
    toy.add("leaf");
    // Nothing is said about it when it happens.
    assert_eq!(toy.cont(), "\nBreakpoint 1, leaf:21");
    assert_eq!(toy.log(), "Z1 2004 c");
    assert!(
        details(&toy).starts_with(
            "\tin a debug register: the kernel rewrites the code at 0x2004: static branch of key k"
        ),
        "{}",
        details(&toy)
    );
    // Without one an instruction is better than nothing.
    let mut toy = rounds(false);
    toy.machine.borrow_mut().rewritten = vec![0x2004];
    toy.machine.borrow_mut().slots = 0;
    toy.add("leaf");
    assert_eq!(toy.cont(), "\nBreakpoint 1, leaf:21");
    assert_eq!(toy.log(), "Z1 2004 Z0 2004 c");
    assert_eq!(state(&toy), LocationState::Software);
    // A target that keeps its breakpoints beside memory does no harm.
    let mut toy = rounds(true);
    toy.machine.borrow_mut().rewritten = vec![0x2004];
    toy.add("leaf");
    toy.cont();
    assert_eq!(toy.log(), "Z0 2004 c");
    assert_eq!(state(&toy), LocationState::Software);
}

#[test]
fn freed_code_is_left_alone_until_it_is_back() {
    let mut toy = rounds(false);
    toy.add("leaf");
    toy.cont();
    toy.machine.borrow_mut().freed = vec![0x2004];
    toy.log();
    toy.step(StepKind::Instruction);
    assert_eq!(toy.log(), "z0 2004 s1");
    assert_eq!(state(&toy), LocationState::Owed("freed".to_owned()));
    assert!(details(&toy).starts_with("\tnot set until the code is there again: freed"), "{}", details(&toy));
    toy.machine.borrow_mut().freed.clear();
    assert_eq!(toy.cont(), "\nBreakpoint 1, leaf:21");
    assert_eq!(state(&toy), LocationState::Software);
}
