//! Threads and frames.

use crate::program::{loaded, stopped_in};
use kdive_engine::{ArgumentTime, FrameKindInfo, Request, Scope, ThreadState, ValueFormat, Which};
use std::time::Duration;

#[test]
fn frames_come_with_source_and_arguments() {
    let Some(mut debugged) = stopped_in("twice") else { return };
    let frames = debugged.engine.stack(None, 0, 3).unwrap();
    let names: Vec<_> = frames.iter().filter_map(|frame| frame.function.as_deref()).collect();
    assert_eq!(names, ["twice", "leaf", "main"]);
    let leaf = &frames[1];
    assert_eq!((leaf.level, leaf.kind, leaf.inlined), (1, FrameKindInfo::Normal, false));
    assert_eq!((leaf.line, leaf.module.as_deref()), (Some(22), Some("program")));
    assert!(leaf.fullname.as_deref().unwrap().ends_with("/program.c"), "{leaf:?}");
    assert_eq!(leaf.arch, "i386:x86-64");
    assert!(frames[0].at_line && !leaf.at_line);
    let args: Vec<_> = leaf.args.iter().map(|arg| (&*arg.name, &*arg.ty, arg.when)).collect();
    assert_eq!(args, [("a", "struct s *", ArgumentTime::Now), ("n", "int", ArgumentTime::Now)]);
    assert_eq!(leaf.args[1].value, "3");
    assert!(leaf.args[0].value.ends_with(" <gs>"), "{:?}", leaf.args);

    assert_eq!(debugged.engine.stack(None, 2, 1).unwrap()[0].function.as_deref(), Some("main"));
    assert_eq!(debugged.engine.depth(None, 2).unwrap(), 2);
    let all = debugged.engine.depth(None, 100).unwrap();
    assert!((3..100).contains(&all), "{all}");
    assert_eq!(debugged.engine.stack(None, all, 5).unwrap(), []);
}

#[test]
fn threads_tell_where_they_stand() {
    let Some(mut debugged) = stopped_in("leaf") else { return };
    let threads = debugged.engine.threads();
    assert_eq!(threads.len(), 1);
    let thread = &threads[0];
    assert_eq!((thread.number, thread.state, thread.selected), (1, ThreadState::Stopped, true));
    assert_eq!(thread.frame.as_ref().unwrap().function.as_deref(), Some("leaf"));
    let missing = debugged.engine.stack(Some(7), 0, 1).unwrap_err();
    assert_eq!(missing.to_string(), "Unknown thread 7.");
    let missing = debugged.engine.frame_info(&Scope::of(None, 99)).unwrap_err();
    assert_eq!(missing.to_string(), "No frame at level 99.");
}

#[test]
fn what_needs_a_target_says_so() {
    let Some((mut engine, _dir)) = loaded() else { return };
    assert_eq!(engine.stack(None, 0, 1).unwrap_err().to_string(), "No stack.");
    assert_eq!(engine.threads(), []);
    assert_eq!(engine.registers().unwrap_err().to_string(), "The program has no registers now.");
    let scope = Scope::default();
    assert!(engine.variables_of(&scope, Which::All).is_err());
    assert!(engine.evaluate(&scope, "$rax").is_err());
    assert!(engine.evaluate(&scope, "twice(1)").is_err());
    // What the file holds is there all the same.
    let x = engine.evaluate(&scope, "gs.x").unwrap();
    let shown = engine.variable(x).unwrap();
    assert_eq!((shown.value.as_str(), shown.thread), ("1", None));
    assert_eq!(engine.update(x).unwrap(), []);
    assert!(engine.set_variable(x, "2").is_err());
    let addr = shown.address.unwrap();
    assert_eq!(engine.read_memory(addr, 4).unwrap()[0].bytes, [1, 0, 0, 0]);
    let (_, ranges) = engine.function_ranges(engine.line_ranges("program.c", 22).unwrap()[0].0).unwrap();
    assert_eq!(engine.disassemble_count(ranges[0].0, 1).unwrap()[0].text, "push   %rbp");
}

#[test]
fn nothing_is_asked_while_the_program_runs() {
    let Some(mut debugged) = stopped_in("leaf") else { return };
    let engine = &mut debugged.engine;
    let scope = Scope::default();
    let n = engine.evaluate(&scope, "n").unwrap();
    engine.evaluate(&scope, "spins = 1").unwrap();
    engine.resume(Request::Continue).unwrap();
    assert_eq!(engine.poll(Duration::from_millis(100)).unwrap(), None);
    assert_eq!(engine.threads()[0].state, ThreadState::Running);
    assert_eq!(engine.stack(None, 0, 1).unwrap_err().to_string(), "Selected thread is running.");
    assert!(engine.variables_of(&scope, Which::All).is_err());
    assert!(engine.evaluate(&scope, "twice(n)").is_err());
    assert!(engine.register_values(&scope, None, ValueFormat::Natural).is_err());
    assert!(engine.set_variable(n, "5").is_err());
    assert!(engine.write_memory(0x1000, &[0]).is_err());
    assert_eq!(engine.read_memory(0x1000, 8).unwrap(), []);
    assert_eq!(engine.variable(n).unwrap().value, "3");
    // It stops as if nothing had been asked.
    engine.program().interrupt.raise();
    debugged.stop();
    assert_eq!(debugged.engine.stack(None, 0, 1).unwrap()[0].function.as_deref(), Some("main"));
}
