//! Values as gdb 13.1 prints them.

use super::*;
use crate::Charset;
use crate::fake::{Fake, kitchen, play};
use crate::{Expr, builtin};
use kdive_base::{Fault, VirtAddr};
use kdive_types::{Access, Bytes, FrameId, Hole, Piece, PieceSource, RegisterId, ValueError};
use std::sync::Arc;

#[test]
fn values_print_as_in_gdb() {
    let expected = include_str!("../fake/print.txt");
    similar(&play(&kitchen(), expected), expected);
}

/// Compares line by line, so that a difference names its command.
pub(crate) fn similar(got: &str, expected: &str) {
    let mut command = "";
    for (at, (got, expected)) in got.lines().zip(expected.lines()).enumerate() {
        if expected.starts_with("(gdb) ") {
            command = expected;
        }
        assert_eq!(got, expected, "line {} after {command}", at + 1);
    }
    assert_eq!(got.lines().count(), expected.lines().count());
}

fn value(fake: &Fake, text: &str) -> Value {
    Expr::parse(text, fake).unwrap().evaluate(fake).unwrap()
}

fn shown(fake: &Fake, value: &Value) -> String {
    let mut out = Out::new();
    match print_value(fake, value, &fake.options.borrow(), &mut out) {
        Ok(()) => out.into_text(),
        Err(error) => format!("{}!{error}", out.into_text()),
    }
}

/// `gs` with some of its bits missing.
fn with_holes(fake: &Fake, holes: Vec<Hole>) -> Value {
    let gs = value(fake, "gs");
    let bytes = gs.bytes(fake).unwrap().clone();
    Value::with_contents(gs.ty().clone(), Place::None, Contents::with_holes(bytes, holes))
}

#[test]
fn missing_parts_are_named_where_they_are() {
    let fake = kitchen();
    let hole = |bit_offset, bit_size, reason| Hole { bit_offset, bit_size, reason };
    let holes = vec![
        hole(0, 32, Missing::OptimizedOut),
        hole(35, 5, Missing::Unavailable),
        hole(128, 64, Missing::SyntheticPointer),
        hole(256 + 32, 64, Missing::OptimizedOut),
    ];
    assert_eq!(
        shown(&fake, &with_holes(&fake, holes)),
        "{x = <optimized out>, bf = 5, sbf = <unavailable>, in = {a = 7, c = 113 'q'}, \
         pin = <synthetic pointer>, name = \"hi\\000\\000\\000\\000\\000\", \
         arr = {1, <optimized out>, <optimized out>, 4}, {u1 = 42, f1 = 5.88545355e-44}, d = 2.5}"
    );
    let all = with_holes(&fake, vec![hole(0, 64 * 8, Missing::OptimizedOut)]);
    assert_eq!(shown(&fake, &all), "<optimized out>");
    // A part of the same array that repeats is missing as a whole.
    let array = Value::optimized_out(builtin().int.array_of(Some(20)));
    assert_eq!(shown(&fake, &array), "<optimized out>");
    let string = with_holes(&fake, vec![hole(24 * 8 + 8, 8, Missing::OptimizedOut)]);
    let (offset, member) = string.ty().member("name").unwrap();
    let name = string.component(member.ty.get(), offset, None);
    assert_eq!(
        shown(&fake, &name),
        "{104 'h', <optimized out>, 0 '\\000', 0 '\\000', 0 '\\000', 0 '\\000', 0 '\\000', 0 '\\000'}"
    );
}

#[test]
fn computing_with_a_missing_value_fails_with_its_reason() {
    let fake = kitchen();
    fake.store().set("gone", Value::optimized_out(builtin().int.clone()));
    let error = Expr::parse("$gone + 1", &fake).unwrap().evaluate(&fake).unwrap_err();
    assert_eq!(error.to_string(), "value has been optimized out");
    assert_eq!(shown(&fake, &value(&fake, "$gone")), "<optimized out>");
}

#[test]
fn registers_that_were_not_saved() {
    let fake = kitchen();
    let register = Value::lazy(
        builtin().int.clone(),
        Place::Register { frame: FrameId(0), register: RegisterId(9), offset: 0 },
    );
    assert_eq!(shown(&fake, &register), "<unavailable>");
    let place = register.place().clone();
    let gone = Contents::missing(4, Missing::OptimizedOut);
    let not_saved = Value::with_contents(builtin().int.clone(), place, gone);
    assert_eq!(shown(&fake, &not_saved), "<not saved>");
}

#[test]
fn pieces_are_put_together_and_pointed_through() {
    let fake = kitchen();
    fake.registers.borrow_mut().push(0x1122_3344_5566_7788);
    let pieces = vec![
        Piece { bit_size: 16, bit_offset: 8, source: PieceSource::Register(FrameId(0), RegisterId(0)) },
        Piece { bit_size: 8, bit_offset: 0, source: PieceSource::Literal(Bytes::from([0xaa])) },
        Piece { bit_size: 8, bit_offset: 0, source: PieceSource::Memory(VirtAddr(0x40_1000)) },
    ];
    let word = Value::pieces(builtin().unsigned_int.clone(), pieces);
    let mut out = Out::new();
    let hex = PrintOptions { format: Some(Format::Hex), ..PrintOptions::default() };
    print_value(&fake, &word, &hex, &mut out).unwrap();
    assert_eq!(out.text(), "0x1aa6677");
    // A constant is nowhere: as in gdb, the rest is written.
    word.write(&fake, &[1, 2, 3, 4]).unwrap();
    let mut byte = [0];
    fake.read_memory(VirtAddr(0x40_1000), &mut byte).unwrap();
    assert_eq!(byte, [4]);

    let target = value(&fake, "gs.in");
    let source = PieceSource::ImplicitPointer { target: Arc::new(target.clone()), offset: 0 };
    let pointer =
        Value::pieces(target.ty().pointer_to(), vec![Piece { bit_size: 64, bit_offset: 0, source }]);
    assert_eq!(shown(&fake, &pointer), "(struct inner *) <synthetic pointer>");
}

#[test]
fn half_written_pieces_go_to_memory_and_register() {
    let fake = kitchen();
    fake.registers.borrow_mut().push(0xffff_ffff_ffff_ffff);
    let pieces = vec![
        Piece { bit_size: 16, bit_offset: 8, source: PieceSource::Register(FrameId(0), RegisterId(0)) },
        Piece { bit_size: 16, bit_offset: 0, source: PieceSource::Memory(VirtAddr(0x40_1060)) },
    ];
    let word = Value::pieces(builtin().unsigned_int.clone(), pieces);
    word.write(&fake, &[1, 2, 3, 4]).unwrap();
    assert_eq!(fake.registers.borrow()[0], 0xffff_ffff_ff02_01ff);
    assert_eq!(shown(&fake, &value(&fake, "garr[0]")), "1027");
}

#[test]
fn unreadable_memory_is_an_error_of_its_value() {
    let fake = kitchen();
    assert_eq!(shown(&fake, &value(&fake, "*(int *)16")), "!Cannot access memory at address 0x10");
    let broken = Value::error(builtin().int.clone(), ValueError::from(Fault::unmapped(VirtAddr(8))));
    assert_eq!(shown(&fake, &broken), "!Cannot access memory at address 0x8");
    let huge = Value::at(builtin().int.array_of(Some(100_000)), VirtAddr(0x40_1000));
    assert_eq!(shown(&fake, &huge), "!value requires 400000 bytes, which is more than max-value-size");
}

#[test]
fn values_of_types_that_are_none_print_their_name() {
    let fake = kitchen();
    let data = Value::at(Type::derived(Kind::NoDebugData), VirtAddr(0x40_1000));
    assert_eq!(shown(&fake, &data), "<data variable, no debug info>");
    let broken = Value::at(Type::error("entry is damaged"), VirtAddr(0x40_1000));
    assert_eq!(shown(&fake, &broken), "<unknown type>");
    let code = Value::at(Type::derived(Kind::NoDebugText), VirtAddr(0x40_00e8));
    assert_eq!(shown(&fake, &code), "{<text variable, no debug info>} 0x4000e8 <f>");
}

#[test]
fn arguments_of_frames() {
    let fake = kitchen();
    let show = |text: &str, frame_arguments| {
        let mut out = Out::new();
        let options = PrintOptions { frame_arguments, pretty: true, ..PrintOptions::default() };
        print_argument(&fake, &value(&fake, text), &options, &mut out);
        out.into_text()
    };
    assert_eq!(show("gs", FrameArguments::Scalars), "...");
    assert_eq!(show("garr", FrameArguments::Scalars), "...");
    assert_eq!(show("gs.in", FrameArguments::All), "{a = 7, c = 113 'q'}");
    assert_eq!(show("gs.x", FrameArguments::None), "...");
    assert_eq!(show("sp", FrameArguments::Scalars), "0x401000 <gs>");
    assert_eq!(show("str", FrameArguments::Scalars), "0x400170 \"hello\"");
    assert_eq!(show("bad", FrameArguments::Scalars), "0x10 <error: Cannot access memory at address 0x10>");
    assert_eq!(show("fp", FrameArguments::Scalars), "0x4000e8 <f>");
    assert_eq!(
        show("*onlyp", FrameArguments::Scalars),
        "<incomplete type>",
        "a structure that is only declared has nothing to read"
    );
    assert_eq!(
        show("*(int *)16", FrameArguments::All),
        "<error reading variable: Cannot access memory at address 0x10>"
    );
}

#[test]
fn values_without_their_type() {
    let fake = kitchen();
    let options = PrintOptions { pretty: true, ..PrintOptions::default() };
    assert_eq!(value_text(&fake, &value(&fake, "sp"), &options).unwrap(), "0x401000 <gs>");
    let mut out = Out::new();
    print_plain(&fake, &value(&fake, "gs.in"), &options, 4, &mut out).unwrap();
    assert_eq!(out.text(), "{\n          a = 7,\n          c = 113 'q'\n        }");
}

#[test]
fn marks_say_what_may_be_coloured() {
    let fake = kitchen();
    let mut out = Out::new();
    print_value(&fake, &value(&fake, "ops.open"), &PrintOptions::default(), &mut out).unwrap();
    assert_eq!(out.text(), "(int (*)(struct s *, int)) 0x4000f4 <g>");
    let marked: Vec<_> =
        out.spans().iter().map(|(span, style)| (&out.text()[span.clone()], *style)).collect();
    assert_eq!(marked, [("0x4000f4", Style::Address), ("g", Style::Function)]);
}

#[test]
fn utf8_is_shown_where_the_terminal_takes_it() {
    let fake = kitchen();
    let text = value(&fake, "\"a\\303\\251\\377\\342\\202\\254\\342\\202\"");
    assert_eq!(shown(&fake, &text), r#""a\303\251\377\342\202\254\342\202""#);
    fake.options.borrow_mut().charset = Charset::Utf8;
    assert_eq!(shown(&fake, &text), r#""a\303\251\377\342\202\254", <incomplete sequence \342\202>"#);
    fake.options.borrow_mut().utf8 = true;
    assert_eq!(shown(&fake, &text), "\"aé\\377€\", <incomplete sequence \\342\\202>");
    // What may become a character, five and six bytes long ones included (`iconv -f UTF-8` waits for more of it).
    for (bytes, shown_as) in [
        ("a\\370\\210", r#""a", <incomplete sequence \370\210>"#),
        ("a\\374\\204\\200", r#""a", <incomplete sequence \374\204\200>"#),
        ("a\\364\\220", r#""a", <incomplete sequence \364\220>"#),
        ("a\\370\\300", r#""a\370\300""#),
        ("a\\376\\377", r#""a\376\377""#),
        ("a\\370\\210\\200\\200\\200", r#""a\370\210\200\200\200""#),
    ] {
        let text = value(&fake, &format!("\"{bytes}\""));
        assert_eq!(shown(&fake, &text), shown_as);
    }
    fake.options.borrow_mut().charset = Charset::Latin1;
    assert_eq!(shown(&fake, &text), "\"aÃ©ÿâ\\202¬â\\202\"");
    fake.options.borrow_mut().charset = Charset::Utf8;
    // A combining accent, a blank of a width, a separator of lines, and an unassigned place.
    let text = value(&fake, "\"e\\314\\201\\302\\240\\342\\200\\250\\315\\270\"");
    assert_eq!(shown(&fake, &text), "\"e\u{301}\u{a0}\\342\\200\\250\\315\\270\"");
}
