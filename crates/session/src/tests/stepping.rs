//! `step`, `next`, `stepi`, `nexti`, `finish`, `until`, `advance`.

use super::toy::{Cpu, Function, Inlined, Op, Source, Toy};
use crate::{Request, StepKind};

/// `main` calls `leaf` twice from one line, then `nodebug`, then the recursive `rec`.
fn calls() -> Toy {
    let code = [
        (0x1000, Op::Nop),
        (0x1004, Op::Nop),              // line 11
        (0x1008, Op::Call(0x2000)),     // line 12
        (0x100d, Op::Nop),              //   rest of 12
        (0x1010, Op::Call(0x2000)),     //   second call of 12
        (0x1015, Op::Nop),              // line 13
        (0x1018, Op::Call(0x3000)),     //   of 13: no debug information
        (0x101d, Op::Store(0x8008, 2)), // line 14: counter of rec
        (0x1020, Op::Call(0x4000)),     //   of 14
        (0x1025, Op::Nop),              // line 15
        (0x1028, Op::Exit(0)),
        (0x2000, Op::Nop),    // leaf, line 20
        (0x2004, Op::Set(7)), // line 21
        (0x2008, Op::Ret),    // line 22
        (0x3000, Op::Nop),
        (0x3004, Op::Ret),
        (0x4000, Op::Nop),                  // rec, line 40
        (0x4004, Op::Loop(0x8008, 0x4010)), // line 41
        (0x4008, Op::Jump(0x4018)),         //   of 41
        (0x4010, Op::Call(0x4000)),         // line 42
        (0x4015, Op::Nop),                  //   of 42
        (0x4018, Op::Ret),                  // line 43
    ];
    let rows = vec![
        (0x1000, 10, true),
        (0x1004, 11, true),
        (0x1008, 12, true),
        (0x1015, 13, true),
        (0x101d, 14, true),
        (0x1025, 15, true),
        (0x102c, 0, true),
        (0x2000, 20, true),
        (0x2004, 21, true),
        (0x2008, 22, true),
        (0x200c, 0, true),
        (0x4000, 40, true),
        (0x4004, 41, true),
        (0x4010, 42, true),
        (0x4018, 43, true),
        (0x401c, 0, true),
    ];
    let functions = vec![
        Function { name: "main", start: 0x1000, end: 0x102c, body: 0x1004 },
        Function { name: "leaf", start: 0x2000, end: 0x200c, body: 0x2004 },
        Function { name: "nodebug", start: 0x3000, end: 0x3008, body: 0 },
        Function { name: "rec", start: 0x4000, end: 0x401c, body: 0x4004 },
    ];
    let source = Source { rows, functions, ..Source::default() };
    Toy::new(&code, source, &[Cpu { pc: 0x1004, sp: 0x10000, rax: 0 }])
}

#[test]
fn next_runs_calls_and_step_enters_them() {
    let mut toy = calls();
    assert_eq!(toy.step(StepKind::Over), "| 12");
    assert_eq!(toy.step(StepKind::Over), "| 13");
    let mut toy = calls();
    assert_eq!(toy.step(StepKind::Into), "| 12");
    assert_eq!(toy.step(StepKind::Into), "leaf:21");
    assert_eq!(toy.step(StepKind::Into), "| 22");
    // Back in the middle of line 12, on to the second call.
    assert_eq!(toy.step(StepKind::Into), "leaf:21");
    assert_eq!(toy.step(StepKind::Over), "| 22");
    assert_eq!(toy.step(StepKind::Over), "main:13");
    // A function without lines is run through.
    assert_eq!(toy.step(StepKind::Into), "| 14");
}

#[test]
fn step_stops_after_the_prologue_that_a_breakpoint_is_set_after() {
    for (is_clang, line) in [(false, 20), (true, 21)] {
        let mut toy = calls();
        let mut machine = toy.machine.borrow_mut();
        machine.source.is_clang = is_clang;
        // No frame is set up.
        machine.source.functions[1].body = 0x2000;
        drop(machine);
        toy.step(StepKind::Into);
        assert_eq!(toy.step(StepKind::Into), format!("leaf:{line}"));
        assert_eq!(
            toy.add("leaf"),
            format!("Breakpoint 1 at {:#x}: file toy.c, line {line}.", 0x2000 + 4 * (line - 20))
        );
    }
}

#[test]
fn a_call_is_run_through_with_one_breakpoint() {
    let mut toy = calls();
    toy.step(StepKind::Over);
    toy.log();
    assert_eq!(toy.step(StepKind::Over), "| 13");
    assert_eq!(toy.log(), "Z0 1015 c");
    let mut toy = calls();
    toy.session.settings.range_stepping = false;
    toy.step(StepKind::Over);
    toy.log();
    assert_eq!(toy.step(StepKind::Over), "| 13");
    assert_eq!(toy.log(), "s1 Z0 100d c z0 100d s1 s1 Z0 1015 c");
}

#[test]
fn a_line_is_left_at_one_go() {
    let code = [
        (0x1000, Op::Nop),
        (0x1004, Op::Set(1)),
        (0x1008, Op::Loop(0x8000, 0x1000)), // line 10 goes round a thousand times
        (0x100c, Op::Nop),                  // line 11
        (0x1010, Op::Nop),
        (0x1014, Op::Ret), // of 11: wherever it leads
    ];
    let rows = vec![(0x1000, 10, true), (0x100c, 11, true), (0x1018, 0, true)];
    let functions = vec![Function { name: "main", start: 0x1000, end: 0x1018, body: 0x1000 }];
    let source = Source { rows, functions, ..Source::default() };
    let mut toy = Toy::new(&code, source, &[Cpu { pc: 0x1000, sp: 0x10000, rax: 0 }]);
    toy.machine.borrow_mut().memory.insert(0x8000, 1000);
    assert_eq!(toy.step(StepKind::Into), "| 11");
    assert_eq!(toy.log(), "Z0 100c c");
    // A breakpoint on the way is one like any other.
    toy.add("*0x1010");
    assert_eq!(toy.step(StepKind::Over), "\nBreakpoint 1, 0x1010 main:11");
}

#[test]
fn next_over_recursion_stops_in_its_own_frame() {
    let mut toy = calls();
    toy.add("rec");
    assert_eq!(toy.cont(), "\nBreakpoint 1, rec:41");
    toy.session.delete(1).unwrap();
    assert_eq!(toy.step(StepKind::Over), "| 42");
    assert_eq!(toy.step(StepKind::Over), "| 43");
    assert_eq!(toy.step(StepKind::Over), "main:15");
}

#[test]
fn a_breakpoint_inside_a_call_ends_next() {
    let mut toy = calls();
    toy.step(StepKind::Over);
    toy.add("leaf");
    assert_eq!(toy.step(StepKind::Over), "\nBreakpoint 1, leaf:21");
    // It is passed when the program goes on.
    assert_eq!(toy.cont(), "\nBreakpoint 1, leaf:21");
    assert_eq!(toy.session.breakpoint(1).unwrap().hits, 2);
}

#[test]
fn counts_go_on_through_functions() {
    let mut toy = calls();
    assert_eq!(toy.run(Request::Step { kind: StepKind::Over, count: 3 }), "| 14");
    let mut toy = calls();
    assert_eq!(toy.run(Request::Step { kind: StepKind::Into, count: 3 }), "| 22");
    toy.add("leaf");
    assert_eq!(toy.run(Request::Step { kind: StepKind::Over, count: 9 }), "\nBreakpoint 1, leaf:21");
}

#[test]
fn instructions() {
    let mut toy = calls();
    assert_eq!(toy.step(StepKind::Instruction), "| 12");
    assert_eq!(toy.step(StepKind::Instruction), "leaf:20");
    assert_eq!(toy.step(StepKind::Instruction), "| 21");
    assert_eq!(toy.run(Request::Step { kind: StepKind::Instruction, count: 2 }), "0x100d main:12");
    assert_eq!(toy.step(StepKind::InstructionOver), "| 0x1010 12");
    assert_eq!(toy.step(StepKind::InstructionOver), "| 13");
}

#[test]
fn finish_shows_the_value() {
    let mut toy = calls();
    toy.add("leaf");
    toy.cont();
    assert_eq!(toy.run(Request::Finish), "0x100d main:12 $1 = 7");
    toy.session.delete_all();
    assert_eq!(toy.run(Request::Finish), "\"finish\" not meaningful in the outermost frame.");
}

#[test]
fn no_breakpoint_is_put_into_the_middle_of_an_instruction() {
    let mut toy = calls();
    toy.add("leaf");
    toy.cont();
    // Where leaf is said to return to is not where any instruction begins.
    let sp = toy.machine.borrow().cpus[0].sp;
    toy.machine.borrow_mut().memory.insert(sp, 0x100e);
    toy.session.delete_all();
    toy.session.invalidate();
    toy.log();
    let text = toy.run(Request::Finish);
    assert!(text.starts_with("Frame 1 is not to be trusted: "), "{text}");
    assert!(text.contains("in the middle of an instruction"), "{text}");
    assert_eq!(toy.log(), "");
}

#[test]
fn finish_out_of_recursion_and_from_an_outer_frame() {
    let mut toy = calls();
    toy.add("rec if rax_is == 1");
    assert_eq!(toy.session.breakpoints().count(), 0);
    toy.add("rec");
    toy.cont();
    toy.cont();
    assert_eq!(toy.cont(), "\nBreakpoint 1, rec:41");
    toy.session.delete_all();
    // Three frames of rec: out of the innermost into the second.
    assert_eq!(toy.run(Request::Finish), "0x4015 rec:42 $1 = 7");
    toy.session.select_level(1);
    assert_eq!(toy.run(Request::Finish), "main:15 $2 = 7");
}

#[test]
fn until_does_not_go_back() {
    // Lines 11 to 13 are a loop.
    let code = [
        (0x1000, Op::Nop),
        (0x1004, Op::Nop),
        (0x1008, Op::Nop),
        (0x100c, Op::Loop(0x8000, 0x1004)),
        (0x1010, Op::Nop),
        (0x1014, Op::Exit(0)),
    ];
    let rows = vec![
        (0x1000, 10, true),
        (0x1004, 11, true),
        (0x1008, 12, true),
        (0x100c, 13, true),
        (0x1010, 14, true),
        (0x1018, 0, true),
    ];
    let functions = vec![Function { name: "main", start: 0x1000, end: 0x1018, body: 0x1000 }];
    let source = Source { rows, functions, ..Source::default() };
    let mut toy = Toy::new(&code, source, &[Cpu { pc: 0x100c, sp: 0x10000, rax: 0 }]);
    toy.machine.borrow_mut().memory.insert(0x8000, 3);
    let mut other =
        Toy::new(&code, toy.machine.borrow().source.clone(), &[Cpu { pc: 0x100c, sp: 0x10000, rax: 0 }]);
    other.machine.borrow_mut().memory.insert(0x8000, 3);
    assert_eq!(other.step(StepKind::Over), "| 11");
    assert_eq!(toy.run(Request::Until), "| 14");
}

#[test]
fn until_and_advance_stop_at_the_return_of_the_frame() {
    let mut toy = calls();
    toy.add("leaf");
    toy.cont();
    toy.session.delete_all();
    assert_eq!(toy.run(Request::UntilLocation("15".into())), "0x100d main:12");
    assert_eq!(toy.run(Request::Advance("rec".into())), "rec:41");
    assert_eq!(toy.run(Request::Advance("nowhere".into())), "Function \"nowhere\" not defined.");
}

#[test]
fn without_lines_a_step_leaves_the_function() {
    let mut toy = calls();
    toy.add("nodebug");
    assert_eq!(toy.cont(), "\nBreakpoint 1, 0x3000 nodebug:0");
    assert_eq!(
        toy.step(StepKind::Over),
        "Single stepping until exit from function nodebug,\nwhich has no line number information.\nmain:14"
    );
    let mut toy = calls();
    toy.add("nodebug");
    toy.cont();
    toy.session.settings.step_mode = true;
    assert_eq!(toy.step(StepKind::Over), "| 0x3004 0");
}

/// `outer` at line 20..22 inlined into main at line 12; `inner` inlined into `outer` at line 21.
fn inlined() -> Toy {
    let code: Vec<(u64, Op)> =
        (0..12).map(|n| (0x1000 + 4 * n, Op::Nop)).chain([(0x1030, Op::Exit(0))]).collect();
    let rows = vec![
        (0x1000, 10, true),
        (0x1004, 11, true),
        (0x1008, 20, true), // outer begins
        (0x100c, 30, true), // inner begins
        (0x1010, 31, true),
        (0x1014, 22, true),  // back in outer
        (0x1018, 12, false), // rest of the line of the call
        (0x101c, 13, true),
        (0x1034, 0, true),
    ];
    let functions = vec![Function { name: "main", start: 0x1000, end: 0x1034, body: 0x1004 }];
    let inlined = vec![
        Inlined { name: "outer", start: 0x1008, end: 0x1018, call_line: 12 },
        Inlined { name: "inner", start: 0x100c, end: 0x1014, call_line: 21 },
    ];
    let source = Source { rows, functions, inlined, ..Source::default() };
    Toy::new(&code, source, &[Cpu { pc: 0x1004, sp: 0x10000, rax: 0 }])
}

#[test]
fn step_stops_at_the_call_then_goes_into_it() {
    let mut toy = inlined();
    assert_eq!(toy.step(StepKind::Into), "| 12");
    toy.log();
    // Nothing runs: only the view changes.
    assert_eq!(toy.step(StepKind::Into), "outer:20");
    assert_eq!(toy.log(), "");
    // At the first instruction of inner, the call in line 21 is shown first.
    assert_eq!(toy.step(StepKind::Into), "| 21");
    assert_eq!(toy.step(StepKind::Into), "inner:30");
    assert_eq!(toy.step(StepKind::Into), "| 31");
    assert_eq!(toy.step(StepKind::Into), "outer:22");
    // The end of line 12 does not begin a statement.
    assert_eq!(toy.step(StepKind::Into), "| 13");
}

#[test]
fn next_passes_inlined_calls() {
    let mut toy = inlined();
    assert_eq!(toy.step(StepKind::Over), "| 12");
    assert_eq!(toy.step(StepKind::Over), "| 13");
    let mut toy = inlined();
    assert_eq!(toy.run(Request::Step { kind: StepKind::Into, count: 2 }), "outer:20");
    assert_eq!(toy.step(StepKind::Over), "| 21");
    assert_eq!(toy.step(StepKind::Over), "| 22");
}

#[test]
fn a_breakpoint_in_an_inlined_function_shows_that_frame() {
    let mut toy = inlined();
    toy.add("inner");
    assert_eq!(toy.cont(), "\nBreakpoint 1, inner:30");
    let mut toy = inlined();
    toy.add("outer");
    assert_eq!(toy.cont(), "\nBreakpoint 1, outer:20");
    // An address stands for the innermost call, as in gdb.
    let mut toy = inlined();
    toy.add("*0x100c");
    assert_eq!(toy.cont(), "\nBreakpoint 1, inner:30");
}

#[test]
fn finish_out_of_an_inlined_call() {
    let mut toy = inlined();
    toy.add("inner");
    toy.cont();
    assert_eq!(toy.run(Request::Finish), "outer:22");
    assert_eq!(toy.run(Request::Finish), "main:13");
}

#[test]
fn stepi_shows_the_innermost_frame() {
    let mut toy = inlined();
    assert_eq!(toy.step(StepKind::Instruction), "outer:20");
}

#[test]
fn interrupts_that_come_in_are_run_through() {
    let mut toy = calls();
    toy.machine.borrow_mut().code.extend([(0x5000, Op::Nop), (0x5004, Op::Ret)]);
    toy.machine.borrow_mut().source.functions.push(Function {
        name: "handler",
        start: 0x5000,
        end: 0x5008,
        body: 0x5000,
    });
    toy.machine.borrow_mut().interrupt_handler = Some(0x5000);
    assert_eq!(toy.step(StepKind::Over), "| 12");
    // Every step lands in the handler; the instruction is executed on the way back.
    assert_eq!(toy.log(), "s1 Z0 1008 c");
    assert_eq!(toy.step(StepKind::Instruction), "leaf:20");
    assert_eq!(toy.step(StepKind::Over), "| 21");
}
