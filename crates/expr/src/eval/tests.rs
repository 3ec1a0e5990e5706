//! Evaluation against gdb 13.1.

use crate::fake::{kitchen, play};
use crate::print::tests::similar;

#[test]
fn expressions_evaluate_as_in_gdb() {
    let expected = include_str!("../fake/eval.txt");
    similar(&play(&kitchen(), expected), expected);
}

#[test]
fn errors_are_those_of_gdb() {
    let expected = include_str!("../fake/errors.txt");
    similar(&play(&kitchen(), expected), expected);
}

#[test]
fn flags_and_unions_of_registers_are_numbers_and_places() {
    let fake = kitchen();
    *fake.registers.borrow_mut() = vec![0; 5];
    let expected = include_str!("../fake/flags.txt");
    similar(&play(&fake, expected), expected);
    // What gdb refuses in a cast to a wider type, and in 16 bytes.
    let wider = "(gdb) whatis $eflags + 1L\ntype = long\n";
    similar(&play(&fake, wider), wider);
}
