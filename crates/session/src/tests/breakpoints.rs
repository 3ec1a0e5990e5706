//! Breakpoints: making, changing, hitting, tables.

use super::toy::{Cpu, Function, Inlined, Op, Source, Toy};
use crate::StepKind;
use crate::{
    BreakArgs, BreakRequest, Breakpoint, BreakpointKind, Complaint, Error, Event, LocationState, Switch,
    parse_list, parse_ranges,
};

/// `main` calls `leaf` in a loop of four; `twice` is inlined into both.
fn looping() -> Toy {
    let code = [
        (0x1000, Op::Nop),
        (0x1004, Op::Store(0x8000, 3)),
        (0x1008, Op::Call(0x2000)),
        (0x100d, Op::Loop(0x8000, 0x1008)),
        (0x1010, Op::Nop),
        (0x1014, Op::Exit(0)),
        (0x2000, Op::Nop),
        (0x2004, Op::Nop),
        (0x2008, Op::Ret),
    ];
    let rows = vec![
        (0x1000, 10, true),
        (0x1004, 11, true),
        (0x1008, 12, true),
        (0x100d, 13, true),
        (0x1010, 50, true),
        (0x1014, 15, true),
        (0x1018, 0, true),
        (0x2000, 20, true),
        (0x2004, 50, true),
        (0x2008, 22, true),
        (0x200c, 0, true),
    ];
    let functions = vec![
        Function { name: "main", start: 0x1000, end: 0x1018, body: 0x1004 },
        Function { name: "leaf", start: 0x2000, end: 0x200c, body: 0x2004 },
        Function { name: "bare", start: 0x3000, end: 0x3010, body: 0 },
    ];
    let inlined = vec![
        Inlined { name: "twice", start: 0x1010, end: 0x1014, call_line: 14 },
        Inlined { name: "twice", start: 0x2004, end: 0x2008, call_line: 21 },
    ];
    let variables = [("count", 0x8000)].into();
    let source = Source { rows, functions, inlined, variables, ..Source::default() };
    Toy::new(&code, source, &[Cpu { pc: 0x1000, sp: 0x10000, rax: 0 }])
}

fn table(toy: &Toy) -> String {
    let all: Vec<&Breakpoint> = toy.session.breakpoints().collect();
    super::breakpoint_words::table(&all).into_text()
}

fn notes(toy: &Toy, added: &crate::Added) -> Vec<String> {
    let get = |number: u32| toy.session.breakpoint(number).unwrap();
    let thread = get(added.number).thread;
    added
        .also_set
        .iter()
        .filter_map(|place| {
            let others: Vec<&Breakpoint> = place.breakpoints.iter().map(|number| get(*number)).collect();
            super::breakpoint_words::also_set(&others, place.addr, thread)
        })
        .collect()
}

#[test]
fn a_no_op_under_a_breakpoint_is_not_stepped() {
    let code = [
        (0x1000, Op::Call(0x2000)),
        (0x1005, Op::Loop(0x8000, 0x1000)), // a hundred times
        (0x1008, Op::Exit(0)),
        (0x2000, Op::Nopl),
        (0x2004, Op::Set(7)),
        (0x2008, Op::Ret),
    ];
    let functions = vec![
        Function { name: "main", start: 0x1000, end: 0x100c, body: 0x1000 },
        Function { name: "traced", start: 0x2000, end: 0x200c, body: 0x2000 },
    ];
    let source = Source { functions, ..Source::default() };
    let mut toy = Toy::new(&code, source, &[Cpu { pc: 0x1000, sp: 0x10000, rax: 0 }]);
    toy.machine.borrow_mut().memory.insert(0x8000, 99);
    toy.add("*0x2000 if $rax == 8");
    toy.log();
    assert!(toy.cont().contains("exited normally"));
    let log = toy.log();
    assert_eq!(log.split(' ').filter(|word| *word == "c").count(), 101, "{log}");
    assert!(!log.contains('s'), "{log}");
}

#[test]
fn what_is_said_when_one_is_made() {
    let mut toy = looping();
    assert_eq!(toy.add("leaf"), "Breakpoint 1 at 0x2004: file toy.c, line 21.");
    assert_eq!(toy.add("twice"), "Breakpoint 2 at 0x1010: twice. (2 locations)");
    assert_eq!(toy.add("bare"), "Breakpoint 3 at 0x3000");
    assert_eq!(toy.add("nvme_probe if count == 1"), "Breakpoint 4 (nvme_probe if count == 1) pending.");
    assert_eq!(toy.add(""), "Breakpoint 5 at 0x1000: file toy.c, line 10.");
    assert_eq!(toy.convenience("bpnum"), 5);
    let request = |text: &str, kind, temporary| BreakRequest {
        args: BreakArgs::parse(text).unwrap(),
        kind,
        temporary,
        may_pend: false,
    };
    let added = toy.session.add_breakpoint(request("leaf", BreakpointKind::Software, true)).unwrap();
    assert_eq!(
        super::breakpoint_words::mention(toy.session.breakpoint(added.number).unwrap()),
        "Temporary breakpoint 6 at 0x2004: file toy.c, line 21."
    );
    assert_eq!(notes(&toy, &added), ["Note: breakpoints 1 and 2 also set at pc 0x2004."]);
    let added =
        toy.session.add_breakpoint(request("leaf thread 1", BreakpointKind::Hardware, false)).unwrap();
    assert_eq!(
        super::breakpoint_words::mention(toy.session.breakpoint(added.number).unwrap()),
        "Hardware assisted breakpoint 7 at 0x2004: file toy.c, line 21."
    );
    assert_eq!(
        notes(&toy, &added),
        ["Note: breakpoints 1 (all threads), 2 (all threads) and 6 (all threads) also set at pc 0x2004."]
    );
    let added = toy
        .session
        .add_breakpoint(request("leaf", BreakpointKind::Dprintf("\"x\\n\"".into()), false))
        .unwrap();
    assert_eq!(
        super::breakpoint_words::mention(toy.session.breakpoint(added.number).unwrap()),
        "Dprintf 8 at 0x2004: file toy.c, line 21."
    );
    let missing = toy.session.add_breakpoint(request("nosuch", BreakpointKind::Software, false));
    assert_eq!(missing, Err(kdive_symbols::LinespecError::NoFunction("nosuch".into()).into()));
    let thread = toy.session.add_breakpoint(request("leaf thread 9", BreakpointKind::Software, false));
    assert_eq!(thread.unwrap_err().to_string(), "Unknown thread 9.");
    let condition = toy.session.add_breakpoint(request("leaf if zork", BreakpointKind::Software, false));
    assert_eq!(condition.unwrap_err().to_string(), "No symbol \"zork\" in current context.");
    assert_eq!(toy.session.last_number(), 8);
}

#[test]
fn the_table() {
    let mut toy = looping();
    toy.add("leaf if count == 2");
    toy.add("twice");
    toy.add("nvme_probe if count == 1");
    toy.add("bare");
    toy.add("leaf thread 1");
    let session = &mut toy.session;
    session.set_ignore(1, 5).unwrap();
    session.set_commands(1, vec!["silent".into(), "if 1".into(), "  print 2".into(), "end".into()]).unwrap();
    session.switch_locations(2, (2, 2), false).unwrap();
    session.switch(2, Switch::Off).unwrap();
    session.switch(4, Switch::Count(2)).unwrap();
    assert_eq!(
        table(&toy),
        "\
Num     Type           Disp Enb Address            What
1       breakpoint     keep y   0x0000000000002004 in leaf at toy.c:21
\tstop only if count == 2
\tignore next 5 hits
        silent
        if 1
          print 2
        end
2       breakpoint     keep n   <MULTIPLE>         
2.1                         y-  0x0000000000001010 in twice at toy.c:50
2.2                         n   0x0000000000002004 in twice at toy.c:50
3       breakpoint     keep y   <PENDING>          nvme_probe if count == 1
4       breakpoint     dis  y   0x0000000000003000 <bare>
\tdisable after next 2 hits
5       breakpoint     keep y   0x0000000000002004 in leaf at toy.c:21 thread 1
\tstop only in thread 1
"
    );
    toy.session.delete_all();
    toy.add("nvme_probe");
    assert_eq!(
        table(&toy),
        "\
Num     Type           Disp Enb Address    What
6       breakpoint     keep y   <PENDING>  nvme_probe
"
    );
}

#[test]
fn saving() {
    let mut toy = looping();
    toy.add("50 if count == 2");
    toy.add("nvme_probe if x");
    toy.add("twice");
    let session = &mut toy.session;
    session.set_ignore(1, 4).unwrap();
    session.set_commands(1, vec!["silent".into(), "print 1".into()]).unwrap();
    session.switch(2, Switch::Off).unwrap();
    session.switch_locations(3, (1, 1), false).unwrap();
    assert_eq!(
        super::breakpoint_words::save(session.breakpoints()),
        "\
break /src/toy.c:50
  condition $bpnum count == 2
  ignore $bpnum 4
  commands
    silent
    print 1
  end
break nvme_probe if x
disable $bpnum
break twice
disable $bpnum.1
"
    );
}

#[test]
fn conditions_ignore_counts_and_hits() {
    let mut toy = looping();
    toy.add("leaf if count == 1");
    assert_eq!(toy.cont(), "\nBreakpoint 1, leaf:21");
    assert_eq!(toy.machine.borrow().memory[&0x8000], 1);
    assert_eq!(toy.session.breakpoint(1).unwrap().hits, 1);
    let mut toy = looping();
    toy.add("leaf");
    toy.session.set_ignore(1, 2).unwrap();
    assert_eq!(toy.cont(), "\nBreakpoint 1, leaf:21");
    assert_eq!(toy.machine.borrow().memory[&0x8000], 1);
    assert_eq!(toy.session.breakpoint(1).unwrap().hits, 3);
    // A condition that cannot be evaluated stops and says so.
    let mut toy = looping();
    toy.add("leaf if *(long *) 0");
    assert_eq!(
        toy.cont(),
        "Error in testing breakpoint condition:\nCannot access memory at address 0x0\n\nBreakpoint 1, leaf:21"
    );
}

#[test]
fn dispositions() {
    let mut toy = looping();
    toy.add("leaf");
    toy.session.switch(1, Switch::Once).unwrap();
    assert_eq!(toy.cont(), "\nBreakpoint 1, leaf:21");
    assert!(!toy.session.breakpoint(1).unwrap().enabled);
    toy.session.switch(1, Switch::Delete).unwrap();
    assert_eq!(toy.cont(), "\nTemporary breakpoint 1, leaf:21");
    assert_eq!(toy.session.breakpoint(1), Err(Error::NoBreakpoint(1)));
    assert_eq!(toy.cont(), "[Inferior 1 (process 1) exited normally]");
    assert_eq!(toy.convenience("_exitcode"), 0);
    assert_eq!(toy.cont(), "The program is not being run.");
}

#[test]
fn several_at_one_place() {
    let mut toy = looping();
    toy.add("leaf");
    toy.add("leaf");
    toy.add("leaf if count == 99");
    toy.session.set_commands(2, vec!["print 1".into()]).unwrap();
    toy.session.resume(crate::Request::Continue).unwrap();
    let Some(Event::Stopped(stop)) = toy.session.poll(std::time::Duration::from_secs(5)).unwrap() else {
        panic!("no stop")
    };
    // The first is reported, all are counted, the commands of all are run.
    assert_eq!(super::stop_words::heading(&stop), "\nBreakpoint 1, ");
    assert_eq!(toy.session.next_commands(), Some((2, vec!["print 1".to_owned()])));
    assert_eq!(toy.session.next_commands(), None);
    assert_eq!(toy.session.last_hits(), [1, 2]);
    let hits: Vec<u64> = toy.session.breakpoints().map(|shown| shown.hits).collect();
    assert_eq!(hits, [1, 1, 0]);
    // One place in the target serves all.
    assert_eq!(toy.log(), "Z0 2004 c");
}

#[test]
fn silent_ones_and_dprintf() {
    let mut toy = looping();
    toy.add("leaf");
    toy.session.set_commands(1, vec!["silent".into(), "print 1".into()]).unwrap();
    assert_eq!(toy.cont(), "-");
    toy.session.delete_all();
    let request = BreakRequest {
        args: BreakArgs::parse("leaf").unwrap(),
        kind: BreakpointKind::Dprintf("\"%d\\n\",count".into()),
        temporary: false,
        may_pend: true,
    };
    toy.session.add_breakpoint(request).unwrap();
    let line = "dprintf \"%d\\n\",count\n";
    assert_eq!(toy.cont(), format!("{line}{line}{line}[Inferior 1 (process 1) exited normally]"));
    assert_eq!(toy.session.breakpoint(2).unwrap().hits, 3);
}

#[test]
fn several_locations_are_numbered() {
    let mut toy = looping();
    toy.add("twice");
    assert_eq!(toy.cont(), "\nBreakpoint 1.2, twice:50");
    toy.session.switch_locations(1, (2, 2), false).unwrap();
    assert_eq!(toy.cont(), "\nBreakpoint 1.1, twice:50");
    assert_eq!(toy.convenience("_hit_bpnum"), 1);
    assert_eq!(toy.convenience("_hit_locno"), 1);
    assert_eq!(
        toy.session.switch_locations(1, (2, 3), false).unwrap_err().to_string(),
        "Bad breakpoint location number '3'"
    );
}

#[test]
fn only_differences_are_sent() {
    let mut toy = looping();
    toy.add("leaf");
    toy.add("15");
    toy.cont();
    assert_eq!(toy.log(), "Z0 1014 Z0 2004 c");
    toy.cont();
    // Past the breakpoint in one step, everything stays where it is.
    assert_eq!(toy.log(), "s1 c");
    toy.session.delete(1).unwrap();
    toy.cont();
    assert_eq!(toy.log(), "z0 2004 c");
}

#[test]
fn a_stub_that_does_not_step_over_breakpoints() {
    let mut toy = looping();
    toy.machine.borrow_mut().tcg = false;
    toy.add("leaf");
    toy.cont();
    toy.log();
    assert_eq!(toy.cont(), "\nBreakpoint 1, leaf:21");
    assert_eq!(toy.log(), "z0 2004 s1 Z0 2004 c");
}

#[test]
fn a_step_that_led_nowhere_is_not_a_second_hit() {
    let mut toy = looping();
    toy.add("leaf");
    toy.cont();
    toy.log();
    toy.machine.borrow_mut().stalled_steps = 2;
    assert_eq!(toy.step(StepKind::Over), "| 22");
    assert_eq!(toy.log(), "s1 s1 s1");
    assert_eq!(toy.session.breakpoint(1).unwrap().hits, 1);
    // Continuing is no different.
    toy.machine.borrow_mut().stalled_steps = 1;
    toy.cont();
    assert_eq!(toy.session.breakpoint(1).unwrap().hits, 2);
    toy.machine.borrow_mut().stalled_steps = 2;
    toy.log();
    toy.cont();
    assert_eq!(toy.log(), "s1 s1 s1 c");
    assert_eq!(toy.session.breakpoint(1).unwrap().hits, 3);
    let mut toy = looping();
    toy.add("leaf");
    toy.cont();
    toy.step(StepKind::Over);
    // Not for ever: an instruction may repeat itself.
    toy.cont();
    toy.machine.borrow_mut().stalled_steps = 100;
    assert_eq!(toy.step(StepKind::Over), "\nBreakpoint 1, leaf:21");
    assert_eq!(toy.session.breakpoint(1).unwrap().hits, 3);
    // stepi does what the target did.
    assert!(toy.step(StepKind::Instruction).starts_with("\nBreakpoint 1, "));
}

#[test]
fn what_cannot_be_inserted_does_not_keep_the_program_from_running() {
    let mut toy = looping();
    toy.machine.borrow_mut().unmapped = vec![0x2004];
    toy.add("leaf");
    assert_eq!(
        toy.cont(),
        "Breakpoint 1 uses a hardware breakpoint: nothing can be written at 0x2004 yet.\n\nBreakpoint 1, leaf:21"
    );
    assert_eq!(
        toy.session.breakpoint(1).unwrap().locations[0].state,
        LocationState::HardwareInstead(crate::HardwareReason::NotMapped(kdive_base::VirtAddr(0x2004)))
    );
    assert_eq!(toy.log(), "Z0 2004 Z1 2004 c");
    // Said once.
    assert_eq!(toy.cont(), "\nBreakpoint 1, leaf:21");
    let mut toy = looping();
    toy.machine.borrow_mut().unmapped = vec![0x2004];
    toy.machine.borrow_mut().slots = 0;
    toy.add("leaf");
    toy.add("15");
    assert_eq!(
        toy.cont(),
        "Warning:\nCannot insert breakpoint 1.\nCannot access memory at address 0x2004\n\n\nBreakpoint 2, main:15"
    );
}

#[test]
fn a_breakpoint_that_is_not_allowed_ends_the_command() {
    let mut toy = looping();
    toy.machine.borrow_mut().forbidden = true;
    toy.machine.borrow_mut().source.internal = vec![0x2008];
    toy.add("leaf");
    let expected = "warning: May not insert breakpoints\nWarning:\nCannot insert breakpoint 1.\n\
               Cannot access memory at address 0x2004\n\nCommand aborted.";
    assert_eq!(toy.cont(), expected);
    assert_eq!(toy.log(), "", "nothing was inserted, and nothing ran");
    assert!(!toy.session.is_running());
    toy.machine.borrow_mut().forbidden = false;
    assert_eq!(toy.cont(), "\nBreakpoint 1, leaf:21");
}

#[test]
fn pending_until_a_module_arrives() {
    let mut toy = looping();
    toy.machine.borrow_mut().source.internal = vec![0x2008];
    toy.machine.borrow_mut().code.extend([
        (0x1010, Op::Call(0x7000)),
        (0x7000, Op::Nop),
        (0x7004, Op::Nop),
        (0x7008, Op::Ret),
    ]);
    assert_eq!(toy.add("late"), "Breakpoint 1 (late) pending.");
    toy.add("leaf");
    let before = toy.session.resolutions.get();
    toy.session.switch(2, Switch::Off).unwrap();
    assert_eq!(toy.cont(), "\nBreakpoint 1, 0x7004 late:0");
    // When a module is loaded each breakpoint is looked up once.
    assert_eq!(toy.session.resolutions.get() - before, 2);
    assert_eq!(toy.machine.borrow().internal_hits[0], 0x2008);
    // The function goes away again with its module.
    toy.machine.borrow_mut().source.functions.retain(|function| function.name != "late");
    toy.reload();
    assert_eq!(toy.session.symbols_changed(), []);
    assert!(toy.session.breakpoint(1).unwrap().is_pending());
}

#[test]
fn what_was_switched_off_stays_off_when_code_moves() {
    let mut toy = looping();
    toy.add("twice");
    toy.session.switch_locations(1, (2, 2), false).unwrap();
    for block in &mut toy.machine.borrow_mut().source.inlined {
        block.start += 4;
        block.end += 4;
    }
    toy.reload();
    toy.session.symbols_changed();
    let shown = toy.session.breakpoint(1).unwrap();
    let state: Vec<(u64, bool)> = shown.locations.iter().map(|l| (l.place.addr.0, l.enabled)).collect();
    assert_eq!(state, [(0x1014, true), (0x2008, false)]);
}

#[test]
fn a_moved_pc_meets_the_breakpoint_it_was_moved_to() {
    let mut toy = looping();
    toy.add("leaf");
    toy.cont();
    toy.session.program.set_pc(kdive_base::VirtAddr(0x2000)).unwrap();
    assert_eq!(toy.cont(), "\nBreakpoint 1, leaf:21");
    let jump = crate::Request::Jump(kdive_base::VirtAddr(0x2004));
    assert_eq!(toy.run(jump), "\nBreakpoint 1, leaf:21");
}

#[test]
fn lists_of_numbers() {
    let toy = looping();
    let program = &toy.session.program;
    program.set_convenience("n", Some(7));
    let list = |text: &str| parse_list(program, text);
    assert_eq!(list("1-3 5 $n"), Ok((vec![1, 2, 3, 5, 7], vec![])));
    assert_eq!(list("2 x 3"), Ok((vec![2], vec![])));
    assert_eq!(list("-1").unwrap_err().to_string(), "negative value");
    assert_eq!(list("5-3").unwrap_err().to_string(), "inverted range");
    let warning = Complaint::Warning("bad breakpoint number at or near '0'".into());
    assert_eq!(list("0"), Ok((vec![], vec![warning.clone()])));
    let plain = Complaint::Plain("Convenience variable must have integer value.".into());
    assert_eq!(list("$zz"), Ok((vec![], vec![plain, warning])));
    let ranges = |text: &str| {
        parse_ranges(program, text)
            .map(|found| found.iter().map(|r| (r.number, r.locations)).collect::<Vec<_>>())
            .map_err(|error| error.to_string())
    };
    assert_eq!(ranges("4.2-3"), Ok(vec![(4, Some((2, 3)))]));
    assert_eq!(ranges("1-2"), Ok(vec![(1, None), (2, None)]));
    assert_eq!(ranges("2.x"), Err("Bad breakpoint location number 'x'".into()));
    assert_eq!(ranges("2.0"), Err("Bad breakpoint location number '0'".into()));
    assert_eq!(ranges("x.1"), Err("Bad breakpoint number 'x.1'".into()));
    assert_eq!(ranges("foo"), Err("Bad breakpoint number 'foo'".into()));
    assert_eq!(ranges("1-"), Err("Bad breakpoint number at or near: '1-'".into()));
}

#[test]
fn a_long_line_of_the_table_goes_on_below_its_last_column() {
    let mut toy = looping();
    toy.add("leaf");
    let all: Vec<&Breakpoint> = toy.session.breakpoints().collect();
    let table = super::breakpoint_words::table(&all);
    let row = table.clone().into_text().lines().nth(1).unwrap().to_owned();
    let column = table.clone().into_text().find("What").unwrap();
    let parts = table.parts();
    let at = parts.iter().position(|part| *part == kdive_types::Part::Break(column));
    let at = at.unwrap_or_else(|| panic!("{parts:?}"));
    let kdive_types::Part::Text(rest, _) = parts[at + 1] else { panic!("{parts:?}") };
    assert!(row.ends_with(rest.lines().next().unwrap()) && rest.starts_with("at "), "{row}: {rest}");
}
