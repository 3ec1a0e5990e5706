//! What the transcripts cannot show: bytes, and text before an error.

use super::*;
use crate::fake::kitchen;

#[test]
fn text_before_the_argument_at_fault_is_kept() {
    let fake = kitchen();
    let mut out = Vec::new();
    let printf = Printf::parse("\"a %d b %d\\n\", 1, gs", &fake).unwrap();
    let error = printf.print_into(&fake, &mut out).unwrap_err();
    assert_eq!(error.to_string(), "Value can't be converted to integer.");
    assert_eq!(out, b"a 1 b ");
}

#[test]
fn literals_need_no_target() {
    let fake = kitchen();
    let text = |args| String::from_utf8(Printf::parse(args, &fake).unwrap().print(&fake).unwrap()).unwrap();
    assert_eq!(text("\"%s|%5s|%.1s\", \"ab\", \"cd\", \"ef\""), "ab|   cd|e");
    fake.store().set("s", Value::from_bytes(crate::builtin().char.array_of(Some(2)), *b"xy"));
    assert_eq!(text("\"%s\", $s"), "xy", "without a NUL it ends with the array");
}

#[test]
fn widths_are_bounded() {
    let fake = kitchen();
    let text = Printf::parse("\"%99999999999999999999d\", 1", &fake).unwrap().print(&fake).unwrap();
    assert_eq!(text.len(), MAX_WIDTH);
}

#[test]
fn a_format_is_printed_as_often_as_one_likes() {
    let fake = kitchen();
    let printf = Printf::parse("\"%d\", $n++", &fake).unwrap();
    fake.store().set("n", Value::from_bytes(crate::builtin().int.clone(), 7i32.to_le_bytes()));
    assert_eq!(printf.print(&fake).unwrap(), b"7");
    assert_eq!(printf.print(&fake).unwrap(), b"8");
}

#[test]
fn echo_writes_bytes() {
    assert_eq!(echo("a\\n\\t\\101\\377 b"), b"a\n\tA\xff b");
    assert_eq!(echo("keep  \\"), b"keep  ");
    assert_eq!(echo("\\q\\\\\\\""), b"q\\\"");
}
