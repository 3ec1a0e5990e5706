//! How long expressions over a kernel's variables take: `KDIVE_GUEST=... cargo bench -p kdive-program`.
//!
//! Memory is what the file holds, so that nothing but parsing, look-up, evaluation and printing is measured.

#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on says where")]

use divan::Bencher;
use kdive_base::Interrupt;
use kdive_expr::print::print_value;
use kdive_expr::{Expr, PrintOptions};
use kdive_program::Program;
use kdive_symbols::{ObjectFile, OpenOptions, Placement};
use kdive_types::Out;

fn main() {
    if kdive_testkit::environment::guest().is_some() {
        divan::main();
    }
}

/// A kernel whose index is there.
fn program() -> Program {
    let path = kdive_testkit::environment::guest().unwrap().join("vmlinux");
    let object = ObjectFile::open(&path, &OpenOptions::default()).unwrap();
    object.prepare_index();
    let mut program = Program::new(Interrupt::new());
    program.modules.add(object, Placement::default());
    program
}

const EXPRESSIONS: &[&str] = &[
    "1 + 2 * 3",
    "init_task.comm[0] == 's'",
    "((struct task_struct *)&init_task)->se.load.weight",
    "sizeof(struct task_struct)",
    "&init_task.tasks",
];

/// From text to value.
#[divan::bench(args = EXPRESSIONS)]
fn evaluate(bencher: Bencher<'_, '_>, text: &str) {
    let program = program();
    program.evaluate(text).unwrap();
    bencher.bench_local(|| program.evaluate(text).unwrap());
}

/// As the condition of a breakpoint: parsed once.
#[divan::bench(args = EXPRESSIONS)]
fn evaluate_parsed(bencher: Bencher<'_, '_>, text: &str) {
    let program = program();
    let parsed = Expr::parse(text, &program).unwrap();
    bencher.bench_local(|| parsed.evaluate(&program).unwrap());
}

/// A structure of 250 members as text.
#[divan::bench]
fn print_init_task(bencher: Bencher<'_, '_>) {
    let program = program();
    let value = program.evaluate("init_task").unwrap();
    let options = PrintOptions::default();
    bencher.bench_local(|| {
        let mut out = Out::new();
        print_value(&program, &value, &options, &mut out).unwrap();
        out.text().len()
    });
}
