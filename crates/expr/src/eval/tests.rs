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
