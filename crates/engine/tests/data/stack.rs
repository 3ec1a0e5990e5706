//! Threads and frames.

use crate::program::stopped_in;
use kdive_engine::{ArgumentTime, FrameKindInfo, Scope, ThreadState};

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
