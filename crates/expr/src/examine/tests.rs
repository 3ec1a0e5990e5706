//! Memory as gdb 13.1 lists it; `printf`, `echo` and `find` are in the same transcript.

use crate::fake::{kitchen, play};
use crate::print::tests::similar;

#[test]
fn memory_is_listed_as_in_gdb() {
    let expected = include_str!("../fake/memory.txt");
    similar(&play(&kitchen(), expected), expected);
}
