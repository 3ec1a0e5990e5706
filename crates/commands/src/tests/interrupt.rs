//! Ctrl-C and `q` at the pager end a command, and what comes after it in its script.

use super::harness::Bench;
use crate::Output;
use crate::output::{Flow, Sink, Stream, Style, Transcript};
use kdive_base::Interrupt;

/// A reader who presses Ctrl-C, or answers `q` or goes away, when a line is shown.
struct Reader {
    shown: Transcript,
    at: &'static [u8],
    flow: Flow,
    interrupt: Interrupt,
}

impl Sink for Reader {
    fn write(&mut self, stream: Stream, style: Style, bytes: &[u8]) -> Flow {
        self.shown.write(stream, style, bytes);
        if bytes.starts_with(self.at) {
            if self.flow == Flow::Go {
                self.interrupt.raise();
            }
            return self.flow;
        }
        Flow::Go
    }
}

fn bench(at: &'static [u8], flow: Flow) -> Bench {
    let mut bench = Bench::new();
    let reader =
        Reader { shown: bench.transcript.clone(), at, flow, interrupt: bench.shell.interrupt.clone() };
    bench.shell.out = Output::new(Box::new(reader));
    bench.shell.out.watch(&bench.shell.interrupt.clone());
    bench
}

#[test]
fn nothing_more_of_an_interrupted_command_is_shown() {
    for flow in [Flow::Go, Flow::Quit] {
        let mut interrupted = bench(b"two", flow);
        let script = "echo one\\n\necho two\\n\necho three\\n\n";
        assert_eq!(interrupted.file(script), "one\ntwo\nQuit\n");
        // That is over then.
        assert_eq!(interrupted.ex("echo four\\n"), "four\n");
        let mut looping = bench(b"3", flow);
        let loops = "set $i = 0\nwhile $i < 10\nprintf \"%d\\n\", $i\nset $i = $i + 1\nend\necho after\\n\n";
        assert_eq!(looping.file(loops), "0\n1\n2\n3\nQuit\n");
        assert_eq!(looping.ex("printf \"%d\\n\", $i"), "3\nQuit\n");
    }
    let mut closed = bench(b"two", Flow::Closed);
    assert_eq!(closed.file("echo one\\n\necho two\\n\necho three\\n\n"), "one\ntwo\n");
    assert_eq!(closed.ex("echo four\\n"), "");
}

#[test]
fn a_typed_line_after_an_interrupted_one_runs() {
    let mut bench = bench(b"two", Flow::Go);
    let shown = bench.typed("echo two\\n\necho three\\n", false);
    assert!(shown.contains("two\nQuit\n") && shown.contains("three\n"), "{shown}");
}

#[test]
fn an_interrupt_is_no_text() {
    use crate::Error;
    let fault =
        kdive_base::Fault { addr: kdive_base::VirtAddr(16), kind: kdive_base::FaultKind::Interrupted };
    let expression = kdive_expr::ExprError::from(fault);
    assert_eq!(expression, kdive_expr::ExprError::Interrupted);
    let program = kdive_program::Error::Expr(expression.clone());
    let target = kdive_session::Error::Target(kdive_target::Error::Interrupted);
    let walk = kdive_base::Exhausted::Interrupted;
    for error in [Error::from(fault), expression.into(), program.into(), target.into(), walk.into()] {
        assert_eq!(error, Error::Interrupted);
    }
    assert_eq!(Error::Interrupted.to_string(), "Quit");
    let unmapped = Error::from(kdive_base::Fault::unmapped(kdive_base::VirtAddr(16)));
    assert_eq!(unmapped.to_string(), "Cannot access memory at address 0x10");
}
