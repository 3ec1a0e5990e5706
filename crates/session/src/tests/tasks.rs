//! Tasks: commands follow the one they began in, through sleep and from CPU to CPU.

use super::toy::{Cpu, Function, Op, Source, Toy};
use crate::{Request, StepKind};

/// CPUs 0 and 1 run tasks 10 and 20, task 30 waits. All of them go round in `work`, which calls `sleep`; that gives the CPU to
/// the task that waits longest.
fn three() -> Toy {
    let code = [
        (0x1000, Op::Nop),
        (0x1004, Op::Call(0x3000)),
        (0x1009, Op::Nop),
        (0x100c, Op::Jump(0x1000)),
        (0x3000, Op::Nop),
        (0x3004, Op::Yield),
        (0x3008, Op::Nop),
        (0x300c, Op::Ret),
    ];
    let rows = vec![
        (0x1000, 10, true),
        (0x1004, 11, true),
        (0x1009, 12, true),
        (0x100c, 13, true),
        (0x1010, 0, true),
        (0x3000, 30, true),
        (0x3004, 31, true),
        (0x3008, 32, true),
        (0x300c, 33, true),
        (0x3010, 0, true),
    ];
    let functions = vec![
        Function { name: "work", start: 0x1000, end: 0x1010, body: 0x1000 },
        Function { name: "sleep", start: 0x3000, end: 0x3010, body: 0x3004 },
    ];
    let source = Source { rows, functions, ..Source::default() };
    let at = |sp| Cpu { pc: 0x1000, sp, rax: 0 };
    let toy = Toy::new(&code, source, &[at(0x10000), at(0x20000)]);
    let mut machine = toy.machine.borrow_mut();
    machine.tasks = vec![10, 20];
    machine.ready.push_back((30, at(0x30000)));
    drop(machine);
    toy
}

/// The task of the selected thread.
fn task(toy: &mut Toy) -> u64 {
    toy.session.program.task().unwrap().0
}

#[test]
fn next_over_a_call_that_sleeps_ends_in_the_same_task() {
    let mut toy = three();
    let mut switched = 0;
    for round in 0..8 {
        for line in ["11", "12", "13", "10"] {
            let output = toy.step(StepKind::Over);
            switched += u32::from(output.starts_with("[Switching to Thread 1."));
            assert!(output.ends_with(&format!("| {line}")), "{round}: {output}");
            assert_eq!(task(&mut toy), 10, "{round}");
        }
    }
    // With three tasks on two CPUs it cannot stay on one.
    assert!(switched >= 2, "{switched}");
}

#[test]
fn finish_until_and_advance_count_in_the_same_task() {
    let mut toy = three();
    toy.add("sleep task 10");
    toy.cont();
    toy.session.delete_all();
    assert_eq!(task(&mut toy), 10);
    let output = toy.run(Request::Finish);
    assert!(output.ends_with("work:12 $1 = 0"), "{output}");
    assert_eq!(task(&mut toy), 10);
    for request in
        [Request::Advance("32".into()), Request::UntilLocation("12".into()), Request::Advance("12".into())]
    {
        let output = toy.run(request);
        assert!(output.ends_with("sleep:32") || output.ends_with("work:12"), "{output}");
        assert_eq!(task(&mut toy), 10);
    }
}

#[test]
fn step_into_a_function_that_others_enter_too() {
    let mut toy = three();
    assert_eq!(toy.step(StepKind::Into), "| 11");
    let output = toy.step(StepKind::Into);
    assert!(output.ends_with("sleep:31"), "{output}");
    assert_eq!(task(&mut toy), 10);
}

#[test]
fn without_tasks_the_thread_counts() {
    let mut toy = three();
    toy.step(StepKind::Over);
    toy.machine.borrow_mut().code.insert(0x3004, Op::Nop);
    toy.machine.borrow_mut().tasks.clear();
    assert_eq!(toy.step(StepKind::Over), "| 12");
    assert_eq!(toy.add("sleep task 7"), "Unknown task 7.");
}

#[test]
fn a_stop_left_over_from_before_is_no_stop() {
    // CPU 1 has come to its breakpoint while CPU 0 was output.
    let mut toy = three();
    toy.add("work");
    toy.machine.borrow_mut().cpus[0].pc = 0x100c;
    assert_eq!(toy.cont(), "[Switching to Thread 1.2]\n\nThread 2 hit Breakpoint 1, work:10");
    toy.log();
    // The request that is still there stops the machine in the name of the CPU that came last.
    toy.machine.borrow_mut().left_over.push_back(Some(1));
    assert_eq!(toy.step(StepKind::Over), "| 11");
    assert_eq!(toy.log(), "s2 s2");
    assert_eq!(toy.session.breakpoint(1).unwrap().hits, 1);
    // Another CPU is stepped: what CPU 1 has reported is not reported again.
    let mut toy = three();
    toy.add("work");
    toy.machine.borrow_mut().cpus[0].pc = 0x100c;
    toy.cont();
    toy.session.select_thread(1).unwrap();
    toy.log();
    toy.machine.borrow_mut().left_over.extend([None, Some(1)]);
    assert_eq!(toy.step(StepKind::Over), "| 11");
    assert_eq!(toy.log(), "s2 s1 s1");
    // The breakpoint is gone when the request stops what was continued.
    let mut toy = three();
    toy.add("work");
    toy.machine.borrow_mut().cpus[0].pc = 0x100c;
    toy.cont();
    toy.session.delete_all();
    toy.add("32");
    toy.machine.borrow_mut().left_over.push_back(Some(1));
    let output = toy.cont();
    assert!(output.ends_with("hit Breakpoint 2, sleep:32"), "{output}");
}

#[test]
fn a_step_left_over_from_before_is_no_stop() {
    let mut toy = three();
    toy.machine.borrow_mut().earlier_steps.push_back(1);
    toy.add("32");
    let output = toy.cont();
    assert!(output.ends_with("hit Breakpoint 1, sleep:32"), "{output}");
    assert_eq!(toy.log(), "Z0 3008 c c");
    // Who traps again and again has a reason of its own.
    let mut toy = three();
    toy.machine.borrow_mut().earlier_steps.extend([1, 1, 1]);
    let output = toy.cont();
    assert!(output.contains("Thread 2 received signal SIGTRAP"), "{output}");
    // So has one whose target reports the program's own traps.
    let mut toy = three();
    toy.machine.borrow_mut().tcg = false;
    toy.machine.borrow_mut().earlier_steps.push_back(1);
    let output = toy.cont();
    assert!(output.contains("Thread 2 received signal SIGTRAP"), "{output}");
}

#[test]
fn a_breakpoint_for_one_task() {
    let mut toy = three();
    toy.add("sleep task 30");
    for hits in 1..=3 {
        let output = toy.cont();
        assert!(output.ends_with("hit Breakpoint 1, sleep:31"), "{output}");
        assert_eq!(task(&mut toy), 30);
        assert_eq!(toy.session.breakpoint(1).unwrap().hits, hits);
    }
    toy.session.delete(1).unwrap();
    toy.add("12 if 1 comm task20");
    let output = toy.cont();
    assert!(output.ends_with("hit Breakpoint 2, work:12"), "{output}");
    assert_eq!(task(&mut toy), 20);
}

#[test]
fn a_connection_that_ended_before_the_run_is_the_error() {
    let mut toy = three();
    toy.machine.borrow_mut().broken = Some("Remote connection closed".to_owned());
    assert_eq!(toy.cont(), "Remote connection closed");
    assert_eq!(toy.cont(), "The program is not being run.");
}

#[test]
fn a_task_that_is_not_there_may_come() {
    let mut toy = three();
    let mut warnings = |text: &str| {
        let args = crate::BreakArgs::parse(text).unwrap();
        let kind = crate::BreakpointKind::Software;
        let request = crate::BreakRequest { args, kind, temporary: false, may_pend: true };
        toy.session.add_breakpoint(request).unwrap().warnings
    };
    assert!(warnings("sleep task 20").is_empty());
    assert!(warnings("sleep comm nobody").is_empty());
    assert_eq!(warnings("sleep task 31"), [crate::Warning::NoTask(31)]);
    let request = crate::WatchRequest {
        text: "count task 32".to_owned(),
        access: crate::WatchKind::Write,
        location: false,
    };
    toy.machine.borrow_mut().source.variables.insert("count", 0x8000);
    toy.reload();
    let added = toy.session.add_watch(&request).unwrap();
    assert_eq!(added.warnings, [crate::Warning::NoTask(32)]);
}

#[test]
fn tasks_in_tables_and_files() {
    let mut toy = three();
    toy.add("sleep task 30");
    toy.add("12 comm 'a b' if 1");
    toy.add("later task 5 if 1");
    let all: Vec<_> = toy.session.breakpoints().collect();
    assert_eq!(
        super::breakpoint_words::table(&all).into_text(),
        "Num     Type           Disp Enb Address            What\n\
         1       breakpoint     keep y   0x0000000000003004 in sleep at toy.c:31 task 30\n\
         \tstop only in task 30\n\
         2       breakpoint     keep y   0x0000000000001009 in work at toy.c:12 comm \"a b\"\n\
         \tstop only if 1\n\
         \tstop only in tasks named a b\n\
         3       breakpoint     keep y   <PENDING>          later task 5 if 1\n\
         \tstop only in task 5\n"
    );
    assert_eq!(
        super::breakpoint_words::save(toy.session.breakpoints()),
        "break sleep task 30\nbreak /src/toy.c:12 comm \"a b\"\n  condition $bpnum 1\nbreak later task 5 if 1\n"
    );
}

#[test]
fn a_watchpoint_for_one_task() {
    let mut toy = three();
    toy.machine.borrow_mut().code.insert(0x3008, Op::Count(0x8000));
    toy.machine.borrow_mut().source.variables.insert("count", 0x8000);
    toy.reload();
    let request = |text: &str| crate::WatchRequest {
        text: text.to_owned(),
        access: crate::WatchKind::Write,
        location: false,
    };
    toy.session.add_watch(&request("count task 20 if 1")).unwrap();
    assert_eq!(toy.session.breakpoint(1).unwrap().condition.as_deref(), Some("1"));
    for _ in 0..2 {
        let output = toy.cont();
        assert!(output.contains("hit Hardware watchpoint 1: count\n\nOld value = "), "{output}");
        assert_eq!(task(&mut toy), 20);
    }
    assert_eq!(
        toy.session.add_watch(&request("count if 1 task 1x")).unwrap_err().to_string(),
        "Junk after task keyword."
    );
    // A kernel's tasks have names.
    toy.session.add_watch(&request("count task looper")).unwrap();
    assert_eq!(
        super::breakpoint_words::save(toy.session.breakpoints()).lines().nth(2),
        Some("watch count comm looper")
    );
    toy.session.add_watch(&request("count if 1 comm 'a b'")).unwrap();
    assert_eq!(
        super::breakpoint_words::save(toy.session.breakpoints()).lines().nth(3),
        Some("watch count comm \"a b\"")
    );
}
