//! Registers, memory and instructions.

use crate::program::stopped_in;
use kdive_engine::{RegisterGroup, Scope, ValueFormat};

#[test]
fn registers_have_numbers_names_and_values_in_formats() {
    let Some(mut debugged) = stopped_in("leaf") else { return };
    let engine = &mut debugged.engine;
    let registers = engine.registers().unwrap();
    // The first 24 of gdb's list for x86-64.
    let names: Vec<&str> = registers.iter().take(24).map(|register| register.name.as_str()).collect();
    let expected =
        "rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 rip eflags cs ss ds es fs gs";
    assert_eq!(names.join(" "), expected);
    assert!(registers.iter().enumerate().all(|(at, register)| register.number == at));
    let group = |name: &str| registers.iter().find(|register| register.name == name).unwrap().group;
    assert_eq!(group("rip"), RegisterGroup::General);
    assert_eq!(group("st0"), RegisterGroup::Float);
    assert_eq!(group("xmm0"), RegisterGroup::Vector);
    assert_eq!(group("eax"), RegisterGroup::Part);
    assert!(!registers.iter().any(|register| register.name == "pc"));

    let scope = Scope::default();
    let value = |engine: &mut kdive_engine::Engine, format| {
        engine.register_values(&scope, Some(&[5, 16]), format).unwrap().remove(1).value
    };
    let pc = engine.stack(None, 0, 1).unwrap()[0].pc;
    assert_eq!(value(engine, ValueFormat::Hexadecimal), format!("{pc:#x}"));
    assert_eq!(value(engine, ValueFormat::ZeroHexadecimal), format!("{pc:#018x}"));
    assert_eq!(value(engine, ValueFormat::Octal), format!("0{pc:o}"));
    assert_eq!(value(engine, ValueFormat::Binary), format!("{pc:b}"));
    assert_eq!(value(engine, ValueFormat::Decimal), pc.to_string());
    let natural = value(engine, ValueFormat::Natural);
    assert!(natural.starts_with(&format!("{pc:#x} <leaf+")), "{natural}");
    // As the caller has it: rbx is known, rax is not.
    let outer = engine.register_values(&Scope::of(None, 1), Some(&[16]), ValueFormat::Natural).unwrap();
    assert!(outer[0].value.contains("<main+"), "{outer:?}");
    assert_eq!(engine.register_values(&scope, None, ValueFormat::Natural).unwrap().len(), registers.len());
    assert!(engine.register_values(&scope, Some(&[9999]), ValueFormat::Natural).is_err());

    assert_eq!(engine.changed_registers(&scope).unwrap().len(), registers.len());
    assert_eq!(engine.changed_registers(&scope).unwrap(), [0; 0]);
    engine.set_register(&scope, "$rbx", "0x1234").unwrap();
    let changed = engine.changed_registers(&scope).unwrap();
    let changed: Vec<&str> = changed.iter().map(|&number| registers[number].name.as_str()).collect();
    assert_eq!(changed, ["rbx", "bl", "bh", "bx", "ebx"]);
    assert!(engine.set_register(&scope, "rbq", "1").is_err());
    let general = engine.register_variables(&scope, RegisterGroup::General).unwrap();
    let rbx = general.iter().find(|register| register.name == "rbx").unwrap();
    assert_eq!(engine.variable(rbx.id).unwrap().value, "4660");
}

#[test]
fn memory_has_holes() {
    let Some(mut debugged) = stopped_in("leaf") else { return };
    let engine = &mut debugged.engine;
    let gs = engine.evaluate(&Scope::default(), "gs").unwrap();
    let addr = engine.variable(gs).unwrap().address.unwrap();
    let pieces = engine.read_memory(addr, 4).unwrap();
    assert_eq!((pieces.len(), pieces[0].addr, &*pieces[0].bytes), (1, addr, &[1, 0, 0, 0][..]));
    assert_eq!(engine.read_memory(0, 64).unwrap(), []);
    assert!(engine.read_memory(addr, 1 << 40).is_err());
    engine.write_memory(addr, &[9]).unwrap();
    let x = engine.evaluate(&Scope::default(), "gs.x").unwrap();
    assert_eq!(engine.variable(x).unwrap().value, "9");
    assert!(engine.write_memory(0, &[9]).is_err());
    // The stack ends; what lies below its end is read, what lies above is not.
    let sp = engine.evaluate(&Scope::default(), "(long)$sp").unwrap();
    let sp: u64 = engine.variable(sp).unwrap().value.parse().unwrap();
    let pieces = engine.read_memory(sp, 1 << 20).unwrap();
    assert_eq!(pieces[0].addr, sp);
    assert!(pieces[0].bytes.len() < 1 << 20);
    assert_eq!((sp + pieces[0].bytes.len() as u64) % 4096, 0);
}

#[test]
fn instructions_forwards_and_backwards() {
    let Some(mut debugged) = stopped_in("leaf") else { return };
    let engine = &mut debugged.engine;
    let frame = engine.stack(None, 0, 1).unwrap().remove(0);
    let (name, ranges) = engine.function_ranges(frame.pc).unwrap();
    assert_eq!((name.as_str(), ranges.len()), ("leaf", 1));
    let all = engine.disassemble(ranges[0].0, ranges[0].1).unwrap();
    assert_eq!((all[0].text.as_str(), all[0].bytes.as_slice()), ("push   %rbp", &[0x55][..]));
    assert_eq!((all[0].function.as_deref(), all[0].offset, all[0].line), (Some("leaf"), 0, Some(14)));
    assert!(all[0].starts_line && !all[1].starts_line);
    assert!(all[0].fullname.as_deref().unwrap().ends_with("/program.c"));
    assert_eq!(all.last().unwrap().text, "ret");
    assert_eq!(engine.disassemble_count(ranges[0].0, 3).unwrap(), all[..3]);

    let at = all.iter().position(|insn| insn.addr == frame.pc).unwrap();
    let around = engine.disassemble_around(frame.pc, -2, 5).unwrap();
    assert_eq!(around, all[at - 2..at + 3]);
    assert_eq!(engine.disassemble_around(frame.pc, 2, 2).unwrap(), all[at + 2..at + 4]);
    assert_eq!(engine.disassemble_around(frame.pc, -2, 1).unwrap(), all[at - 2..at - 1]);
    // Into the function before: its last instruction is the return.
    let before = engine.disassemble_around(all[0].addr, -2, 3).unwrap();
    assert_eq!(before[1].text, "ret");
    assert_eq!(before[1].function.as_deref(), Some("twice"));
    assert_eq!(before[2], all[0]);
    // Where nothing is there are as many as were asked for, without bytes.
    let nothing = engine.disassemble_around(0x10, -3, 6).unwrap();
    assert_eq!(nothing.iter().map(|insn| insn.addr).collect::<Vec<_>>(), (0xd..0x13).collect::<Vec<_>>());
    assert!(nothing.iter().all(|insn| !insn.is_valid()));
    assert!(engine.disassemble(0, 16).is_err());
    assert!(engine.disassemble_around(frame.pc, i64::MIN, 1).is_err());

    let line = engine.line_ranges("program.c", 22).unwrap();
    assert_eq!((line.len(), line[0].1 > line[0].0), (1, true));
    assert_eq!(engine.place_of(line[0].0).line, Some(22));
    assert!(engine.line_ranges("nosuch.c", 1).is_err());
}
