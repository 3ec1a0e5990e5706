//! Watchpoints.

use super::toy::{Cpu, Function, Op, Source, Toy};
use crate::{Breakpoint, StepKind, WatchRequest};
use kdive_target::WatchKind;

fn program() -> Toy {
    let code = [
        (0x1000, Op::Nop),
        (0x1004, Op::Store(0x8000, 0)),
        (0x1008, Op::Store(0x8000, 5)),
        (0x100c, Op::Load(0x8000)),
        (0x1010, Op::Call(0x2000)),
        (0x1015, Op::Set(3)),
        (0x1018, Op::Store(0x8000, 6)),
        (0x101c, Op::Exit(0)),
        (0x2000, Op::Nop),
        (0x2004, Op::Store(0x9000_0000 + 0x10000, 4)), // its local
        (0x2008, Op::Nop),
        (0x200c, Op::Ret),
    ];
    let rows = vec![
        (0x1000, 10, true),
        (0x1004, 11, true),
        (0x1008, 12, true),
        (0x100c, 13, true),
        (0x1010, 14, true),
        (0x1015, 15, true),
        (0x1018, 16, true),
        (0x101c, 17, true),
        (0x1020, 0, true),
        (0x2000, 20, true),
        (0x2004, 21, true),
        (0x2008, 22, true),
        (0x200c, 23, true),
        (0x2010, 0, true),
    ];
    let functions = vec![
        Function { name: "main", start: 0x1000, end: 0x1020, body: 0x1004 },
        Function { name: "leaf", start: 0x2000, end: 0x2010, body: 0x2004 },
    ];
    let variables = [("count", 0x8000)].into();
    let source = Source { rows, functions, variables, ..Source::default() };
    Toy::new(&code, source, &[Cpu { pc: 0x1000, sp: 0x10000, rax: 0 }])
}

fn watch(toy: &mut Toy, text: &str, access: WatchKind) -> String {
    match toy.session.add_watch(&WatchRequest { text: text.into(), access, location: false }) {
        Ok(added) => toy.mention(added.number),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_write_stops_when_the_value_changes() {
    let mut toy = program();
    assert_eq!(watch(&mut toy, "count", WatchKind::Write), "Hardware watchpoint 1: count");
    // The store of the same value is passed.
    assert_eq!(toy.cont(), "\nHardware watchpoint 1: count\n\nOld value = 0\nNew value = 5\nmain:13");
    assert_eq!(toy.log(), "Z2 8000 c c");
    assert_eq!(toy.cont(), "\nHardware watchpoint 1: count\n\nOld value = 5\nNew value = 6\nmain:17");
    assert_eq!(toy.session.breakpoint(1).unwrap().hits, 2);
}

#[test]
fn reads_and_accesses() {
    let mut toy = program();
    assert_eq!(watch(&mut toy, "count", WatchKind::Read), "Hardware read watchpoint 1: count");
    assert_eq!(toy.cont(), "\nHardware read watchpoint 1: count\n\nValue = 5\nmain:14");
    let mut toy = program();
    assert_eq!(
        watch(&mut toy, "count", WatchKind::Access),
        "Hardware access (read/write) watchpoint 1: count"
    );
    let title = "\nHardware access (read/write) watchpoint 1: count\n\n";
    assert_eq!(toy.cont(), format!("{title}Value = 0\nmain:12"));
    assert_eq!(toy.cont(), format!("{title}Old value = 0\nNew value = 5\nmain:13"));
    assert_eq!(toy.cont(), format!("{title}Value = 5\nmain:14"));
}

#[test]
fn conditions_and_what_the_user_wrote_himself() {
    let mut toy = program();
    watch(&mut toy, "count if count == 6", WatchKind::Write);
    assert_eq!(toy.cont(), "\nHardware watchpoint 1: count\n\nOld value = 5\nNew value = 6\nmain:17");
    let mut toy = program();
    watch(&mut toy, "count", WatchKind::Write);
    toy.machine.borrow_mut().memory.insert(0x8000, 5);
    assert_eq!(toy.cont(), "\nHardware watchpoint 1: count\n\nOld value = 5\nNew value = 0\nmain:12");
}

#[test]
fn a_register_is_watched_by_stepping() {
    let mut toy = program();
    assert_eq!(watch(&mut toy, "$rax", WatchKind::Write), "Watchpoint 1: $rax");
    assert_eq!(
        watch(&mut toy, "$rax", WatchKind::Read),
        "Expression cannot be implemented with read/access watchpoint."
    );
    assert_eq!(toy.cont(), "\nWatchpoint 1: $rax\n\nOld value = 0\nNew value = 5\nmain:14");
    assert_eq!(toy.log(), "s1 s1 s1 s1");
    assert_eq!(toy.cont(), "\nWatchpoint 1: $rax\n\nOld value = 5\nNew value = 3\nmain:16");
    assert_eq!(toy.cont(), "[Inferior 1 (process 1) exited normally]");
}

#[test]
fn a_local_is_watched_as_long_as_its_frame_lives() {
    let mut toy = program();
    toy.add("leaf");
    toy.cont();
    assert_eq!(watch(&mut toy, "local", WatchKind::Write), "Hardware watchpoint 2: local");
    assert_eq!(toy.cont(), "\nHardware watchpoint 2: local\n\nOld value = 0\nNew value = 4\nleaf:22");
    assert_eq!(
        toy.cont(),
        "\nWatchpoint 2 deleted because the program has left the block in\nwhich its expression is valid.\nmain:15"
    );
    assert!(toy.session.breakpoint(2).is_err());
}

#[test]
fn during_a_step() {
    let mut toy = program();
    watch(&mut toy, "count", WatchKind::Write);
    assert_eq!(toy.step(StepKind::Over), "| 11");
    assert_eq!(toy.step(StepKind::Over), "| 12");
    assert_eq!(
        toy.step(StepKind::Over),
        "\nHardware watchpoint 1: count\n\nOld value = 0\nNew value = 5\nmain:13"
    );
}

#[test]
fn what_cannot_be_watched() {
    let mut toy = program();
    assert_eq!(watch(&mut toy, "", WatchKind::Write), "Argument required (expression to compute).");
    assert_eq!(watch(&mut toy, "5", WatchKind::Write), "Cannot watch constant value `5'.");
    assert_eq!(watch(&mut toy, "zork", WatchKind::Write), "No symbol \"zork\" in current context.");
    assert_eq!(watch(&mut toy, "count thread 7", WatchKind::Write), "Unknown thread 7.");
    toy.session.settings.hardware_watchpoints = false;
    assert_eq!(
        watch(&mut toy, "count", WatchKind::Read),
        "Can't set read/access watchpoint when hardware watchpoints are disabled."
    );
    assert_eq!(watch(&mut toy, "count", WatchKind::Write), "Watchpoint 1: count");
    assert_eq!(toy.session.last_number(), 1);
}

#[test]
fn no_slot_left() {
    let mut toy = program();
    toy.machine.borrow_mut().slots = 0;
    watch(&mut toy, "count", WatchKind::Write);
    toy.add("17");
    assert_eq!(
        toy.cont(),
        "Warning:\nCould not insert hardware watchpoint 1.\nCould not insert hardware breakpoints:\nYou may have requested too many hardware breakpoints/watchpoints.\n\nCommand aborted."
    );
    assert!(!toy.session.is_running());
    toy.machine.borrow_mut().slots = 1;
    let changed = "\nHardware watchpoint 1: count\n\nOld value = 0\nNew value = 5\nmain:13";
    assert_eq!(toy.cont(), changed, "it is tried again");
}

#[test]
fn in_the_table_and_saved() {
    let mut toy = program();
    watch(&mut toy, "count if count == 6", WatchKind::Write);
    watch(&mut toy, "count", WatchKind::Read);
    toy.session
        .add_watch(&WatchRequest { text: "count".into(), access: WatchKind::Access, location: true })
        .unwrap();
    toy.cont();
    let all: Vec<&Breakpoint> = toy.session.breakpoints().collect();
    assert_eq!(
        super::breakpoint_words::table(&all).into_text(),
        "\
Num     Type            Disp Enb Address            What
1       hw watchpoint   keep y                      count
\tstop only if count == 6
2       read watchpoint keep y                      count
3       acc watchpoint  keep y                      -location count
\tbreakpoint already hit 1 time
"
    );
    assert_eq!(
        super::breakpoint_words::save(toy.session.breakpoints()),
        "watch count\n  condition $bpnum count == 6\nrwatch count\nawatch -location count\n"
    );
}
