//! `kdive`: wires the session, the commands and the shell together.

fn main() {}
