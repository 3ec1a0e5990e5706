//! Values as gdb 13.1 prints them.

use super::*;
use crate::builtin;
use crate::fake::{kitchen, play};
use kdive_base::VirtAddr;
use kdive_types::{Bytes, FrameId, Hole, Piece, PieceSource, RegisterId, ValueError};

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
