//! Several CPUs: whose stop it is, who runs while one is stepped, and interrupts.

use super::toy::{Cpu, Function, Op, Source, Toy};
use crate::{Event, Request, SchedulerLocking, StepKind};
use std::time::Duration;

/// CPU 0 runs `first`, CPU 1 runs `second`; both call `leaf`.
fn two() -> Toy {
    let code = [
        (0x1000, Op::Nop),
        (0x1004, Op::Call(0x3000)),
        (0x1009, Op::Nop),
        (0x100c, Op::Jump(0x1000)),
        (0x2000, Op::Nop),
        (0x2004, Op::Call(0x3000)),
        (0x2009, Op::Jump(0x2000)),
        (0x3000, Op::Nop),
        (0x3004, Op::Nop),
        (0x3008, Op::Nop),
        (0x300c, Op::Ret),
    ];
    let rows = vec![
        (0x1000, 10, true),
        (0x1004, 11, true),
        (0x1009, 12, true),
        (0x100d, 13, true),
        (0x1010, 0, true),
        (0x2000, 20, true),
        (0x2004, 21, true),
        (0x2009, 22, true),
        (0x200c, 0, true),
        (0x3000, 30, true),
        (0x3004, 31, true),
        (0x3008, 32, true),
        (0x300c, 33, true),
        (0x3010, 0, true),
    ];
    let functions = vec![
        Function { name: "first", start: 0x1000, end: 0x1010, body: 0x1000 },
        Function { name: "second", start: 0x2000, end: 0x200c, body: 0x2000 },
        Function { name: "leaf", start: 0x3000, end: 0x3010, body: 0x3004 },
    ];
    let source = Source { rows, functions, ..Source::default() };
    let cpus = [Cpu { pc: 0x1000, sp: 0x10000, rax: 0 }, Cpu { pc: 0x2000, sp: 0x20000, rax: 0 }];
    Toy::new(&code, source, &cpus)
}

#[test]
fn the_thread_that_stopped_is_selected_and_named() {
    let mut toy = two();
    toy.add("second");
    assert_eq!(toy.cont(), "[Switching to Thread 1.2]\n\nThread 2 hit Breakpoint 1, second:20");
    assert_eq!(toy.session.known_threads().selected().unwrap().number, 2);
    assert_eq!(toy.convenience("_thread"), 2);
    // The output names each.
    toy.add("12");
    assert_eq!(toy.cont(), "[Switching to Thread 1.1]\n\nThread 1 hit Breakpoint 2, first:12");
}

#[test]
fn a_breakpoint_for_one_thread() {
    let mut toy = two();
    toy.add("leaf thread 2");
    assert_eq!(toy.cont(), "[Switching to Thread 1.2]\n\nThread 2 hit Breakpoint 1, leaf:31");
    assert_eq!(toy.session.breakpoint(1).unwrap().hits, 1);
}

#[test]
fn next_does_not_wander_to_another_cpu() {
    let mut toy = two();
    // Both CPUs call leaf all the time; the breakpoint at the return address is for the first one only.
    assert_eq!(toy.step(StepKind::Over), "| 11");
    assert_eq!(toy.step(StepKind::Over), "| 12");
    assert_eq!(toy.session.known_threads().selected().unwrap().number, 1);
    // In leaf, where the other CPU comes by as well.
    toy.add("leaf thread 1");
    toy.cont();
    toy.session.delete_all();
    assert_eq!(toy.step(StepKind::Over), "| 32");
    assert_eq!(toy.step(StepKind::Over), "| 33");
    assert_eq!(toy.step(StepKind::Over), "first:12");
}

#[test]
fn others_stand_still_while_one_is_stepped() {
    let mut toy = two();
    let before = toy.machine.borrow().cpus[1].pc;
    toy.step(StepKind::Over);
    assert_eq!(toy.log(), "s1");
    assert_eq!(toy.machine.borrow().cpus[1].pc, before);
    toy.session.settings.scheduler_locking = SchedulerLocking::On;
    toy.step(StepKind::Over);
    assert_eq!(toy.log(), "s1 Z0 1009 c1");
    assert_eq!(toy.machine.borrow().cpus[1].pc, before);
}

#[test]
fn finish_counts_in_its_thread_only() {
    let mut toy = two();
    toy.add("leaf thread 1");
    toy.cont();
    toy.session.delete_all();
    toy.session.resume(Request::Finish).unwrap();
    assert_eq!(toy.drain(), "first:12 $1 = 0");
}

#[test]
fn a_thread_that_waits_for_another_gets_it() {
    let code = [
        (0x1000, Op::Spin(0x8000)),
        (0x1004, Op::Nop),
        (0x2000, Op::Nop),
        (0x2004, Op::Store(0x8000, 1)),
        (0x2008, Op::Jump(0x2008)),
    ];
    let rows = vec![
        (0x1000, 10, true),
        (0x1004, 11, true),
        (0x1008, 0, true),
        (0x2000, 20, true),
        (0x200c, 0, true),
    ];
    let functions = vec![
        Function { name: "first", start: 0x1000, end: 0x1008, body: 0x1000 },
        Function { name: "second", start: 0x2000, end: 0x200c, body: 0x2000 },
    ];
    let source = Source { rows, functions, ..Source::default() };
    let cpus = [Cpu { pc: 0x1000, sp: 0x10000, rax: 0 }, Cpu { pc: 0x2000, sp: 0x20000, rax: 0 }];
    let mut toy = Toy::new(&code, source, &cpus);
    assert_eq!(toy.step(StepKind::Over), "| 11");
    let log = toy.log();
    assert_eq!((log.matches("s1 ").count(), log.matches("s1;c").count()), (512, 1));
}

#[test]
fn a_halted_cpu_is_waited_for() {
    let code = [(0x1000, Op::Halt), (0x1004, Op::Nop), (0x1008, Op::Jump(0x1000))];
    let rows = vec![(0x1000, 10, true), (0x1004, 11, true), (0x1008, 12, true), (0x100c, 0, true)];
    let functions = vec![Function { name: "idle", start: 0x1000, end: 0x100c, body: 0x1000 }];
    let source = Source { rows, functions, ..Source::default() };
    let mut toy = Toy::new(&code, source, &[Cpu { pc: 0x1000, sp: 0x10000, rax: 0 }]);
    assert_eq!(toy.step(StepKind::Over), "| 11");
    // The step would never end: it is interrupted, and the CPU runs into a breakpoint behind the instruction.
    assert_eq!(toy.log(), "s1 Z0 1004 c");
    toy.machine.borrow_mut().wake_after = 3;
    toy.machine.borrow_mut().cpus[0].pc = 0x1000;
    assert_eq!(toy.step(StepKind::Instruction), "| 11");
}

#[test]
fn ctrl_c() {
    let mut toy = two();
    toy.session.resume(Request::Continue).unwrap();
    assert_eq!(toy.session.poll(Duration::from_millis(5)), Ok(None));
    toy.interrupt.raise();
    assert!(toy.drain().starts_with("\nThread 1 received signal SIGINT, Interrupt.\n"));
    assert!(!toy.interrupt.is_raised());
    // While a step is on its way.
    toy.session.resume(Request::Step { kind: StepKind::Over, count: 1_000_000 }).unwrap();
    toy.interrupt.raise();
    assert!(toy.drain().starts_with("\nThread 1 received signal SIGINT, Interrupt.\n"));
    assert_eq!(toy.session.poll(Duration::ZERO), Err(crate::Error::NotRunning));
}

#[test]
fn switching_threads() {
    let mut toy = two();
    assert_eq!(toy.session.select_thread(3).unwrap_err().to_string(), "Unknown thread 3.");
    toy.session.select_thread(2).unwrap();
    assert_eq!(toy.step(StepKind::Over), "| 21");
    assert_eq!(toy.session.thread_number("x").unwrap_err().to_string(), "Invalid thread ID: x");
    assert_eq!(toy.session.thread_number("1.2"), Ok(2));
    // Where a thread was selected, a breakpoint at its place is passed.
    toy.session.select_thread(1).unwrap();
    toy.add("10 thread 1");
    toy.add("12 thread 1");
    assert_eq!(toy.cont(), "\nThread 1 hit Breakpoint 2, first:12");
}

#[test]
fn breakpoints_of_a_thread_end_with_it() {
    let mut toy = two();
    toy.add("leaf thread 2");
    toy.machine.borrow_mut().code.insert(0x1000, Op::Exit(3));
    assert_eq!(
        toy.cont(),
        "Thread-specific breakpoint 1 deleted - thread 2 no longer in the thread list.\n[Inferior 1 (process 1) exited with code 03]"
    );
    assert_eq!(toy.session.breakpoints().count(), 0);
    assert_eq!(toy.convenience("_exitcode"), 3);
    assert!(toy.session.target().is_none());
}

#[test]
fn releasing_takes_everything_out() {
    let mut toy = two();
    toy.add("leaf");
    toy.cont();
    toy.log();
    assert!(toy.session.release().is_some());
    assert_eq!(toy.log(), "z0 3004");
    assert_eq!(toy.session.pending_events(), Vec::<Event>::new());
    assert_eq!(toy.cont(), "The program is not being run.");
    assert_eq!(toy.session.breakpoints().count(), 1);
}
