//! `kdive`: wires the debugger, the commands and the shell together.

mod assistant;
mod cli;
mod editor;
mod init_files;
mod json;
mod startup;
mod time_limit;

use std::io::Write;
use std::process::ExitCode;
use std::thread;

/// Command files nest; the bounds on how deep they may are made for this much stack, of which only what is touched costs
/// memory.
const STACK: usize = 256 << 20;

fn main() -> ExitCode {
    let options = match cli::parse(std::env::args_os().skip(1)) {
        Ok(cli::Request::Run(options)) => options,
        Ok(cli::Request::Help) => return say(cli::HELP),
        Ok(cli::Request::Version) => return say(cli::VERSION),
        Err(message) => {
            let _ = writeln!(std::io::stderr(), "kdive: {message}");
            return ExitCode::FAILURE;
        }
    };
    let shell =
        thread::Builder::new().name("kdive".to_owned()).stack_size(STACK).spawn(|| startup::run(*options));
    // A panic has printed its message already.
    match shell.map(thread::JoinHandle::join) {
        Ok(Ok(status)) => ExitCode::from(status),
        _ => ExitCode::FAILURE,
    }
}

/// Prints a text; a reader that stops early is no failure.
fn say(text: &str) -> ExitCode {
    let mut out = std::io::stdout();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    ExitCode::SUCCESS
}
