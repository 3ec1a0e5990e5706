//! Assistants at the other end: the Model Context Protocol on standard input and output.

use crate::cli::Options;
use crate::startup::prepare;
use kdive_base::Interrupt;
use kdive_commands::ShellConsole;
use kdive_commands::settings::Value;
use kdive_engine::Console as _;
use std::io::{self, Write as _};

/// Answers a client until it leaves; the exit status.
pub fn serve(options: &Options) -> u8 {
    let interrupt = Interrupt::new();
    // Without the handler Ctrl-C ends the process, which leaves the guest as it is.
    let _ = kdive_repl::catch_ctrl_c(&interrupt);
    let mut console = ShellConsole::new(interrupt.clone());
    console.shell.settings.put("print low-symbols", Value::Text("off".to_owned()));
    let options = Options { quiet: true, ..options.clone() };
    prepare(&mut console.shell, &options);
    // What the beginning has to say is no answer to the client.
    for piece in console.command("").text {
        let _ = write!(io::stderr(), "{}", piece.text);
    }
    kdive_mcp::serve(&mut console, interrupt, Box::new(io::stdin()), Box::new(io::stdout()));
    let shell = &mut console.shell;
    let _ = shell.interrupt.take();
    let hooks = shell.hooks();
    hooks.before_exit(shell);
    0
}
