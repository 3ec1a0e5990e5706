//! Words for a person who looks at a kernel: it runs in a guest, which gdb would call an inferior and a process.

use crate::gdb::event_words;
use crate::{Error, Shell};

/// Whether somebody at a terminal looks at a kernel. Scripts see gdb's lines, and so does who debugs a program.
#[must_use]
pub fn is_spoken_of(shell: &Shell) -> bool {
    shell.is_interactive() && shell.program().knows_tasks()
}

/// What `quit` asks about.
pub const QUIT: &str = "The guest is let go: it runs on without the debugger.\nQuit anyway";
/// What is said when the guest was let go.
pub const LET_GO: &str = "[The guest runs on]";
/// What is said when the connection was closed and nothing else done.
pub const DISCONNECTED: &str = "Disconnected; the guest stays as it is.";

/// Asks whether to leave the guest for another one.
///
/// # Errors
/// When the answer is no.
pub fn may_leave(shell: &mut Shell) -> Result<(), Error> {
    if shell.query("kdive is connected to a guest, which stays as it is.  Connect again") {
        return Ok(());
    }
    Err(Error::msg("Still connected."))
}

/// Whether `kill`, typed as `invoked`, is to end what is debugged.
///
/// # Errors
/// When the answer is no; where there is no terminal to ask at and it is not clear that the guest is meant.
pub fn may_kill(shell: &mut Shell, invoked: &str) -> Result<(), Error> {
    // crash, WinDbg and a slip of the finger have `k` too, and a guest that was killed is lost.
    let is_short = invoked != "kill" && "kill".starts_with(invoked) && shell.program().knows_tasks();
    if is_short && !(shell.is_interactive() && shell.settings.bool("confirm")) {
        return Err(Error::msg(format!(
            "\"{invoked}\" does not kill the guest without a question: write kill.  The stack is shown by backtrace."
        )));
    }
    let question = match (is_spoken_of(shell), is_short) {
        (true, true) => format!(
            "\"{invoked}\" is kill, and ends the guest at once; the stack is shown by backtrace.  Kill it"
        ),
        (true, false) => "kill ends the guest at once, as pulling the plug does.  Kill it".to_owned(),
        (false, _) => "Kill the program being debugged".to_owned(),
    };
    if shell.query(&question) { Ok(()) } else { Err(Error::msg("Not confirmed.")) }
}

/// gdb's line about the end of what was debugged, or one about the guest: `[Inferior 1 (process 1) exited with code 01]`.
#[must_use]
pub fn ended(shell: &Shell, code: u8, process: Option<u64>) -> String {
    match code {
        _ if !is_spoken_of(shell) => event_words::exited(code, process),
        0 => "[The guest has ended]".to_owned(),
        code => format!("[The guest has ended with code 0{code:o}]"),
    }
}
