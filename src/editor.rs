//! Editors at the other end: standard input and output, or a socket they connect to.

use crate::cli::Options;
use crate::startup::{prepare, start};
use kdive_base::Interrupt;
use kdive_commands::input::{Ask, Input};
use kdive_commands::script::Line;
use kdive_commands::settings::Value;
use kdive_commands::{Shell, ShellConsole};
use kdive_engine::Console as _;
use kdive_mi::{BodyReader, Lines, Server};
use std::io::{self, Read, Write};
use std::net::TcpListener;

/// Speaks the Debug Adapter Protocol; the exit status.
pub fn dap(options: &Options) -> u8 {
    let Some(address) = &options.listen else {
        serve(options, Box::new(io::stdin()), Box::new(io::stdout()));
        return 0;
    };
    let listener = match listen(address) {
        Ok(listener) => listener,
        Err(error) => {
            let _ = writeln!(io::stderr(), "kdive: cannot listen at {address}: {error}");
            return 1;
        }
    };
    // One editor after the other: there is one guest.
    for client in listener.incoming() {
        let Ok(client) = client else { continue };
        // What is sent is small, and waited for.
        let _ = client.set_nodelay(true);
        if let Ok(output) = client.try_clone() {
            serve(options, Box::new(client), Box::new(output));
        }
    }
    0
}

/// Speaks GDB/MI on standard input and output; the exit status.
pub fn mi(options: &Options, version: u8) -> u8 {
    let interrupt = Interrupt::new();
    // Without the handler Ctrl-C ends the process, which leaves the guest as it is.
    let _ = kdive_repl::catch_ctrl_c(&interrupt);
    let mut console = ShellConsole::new(interrupt.clone());
    let lines = match Lines::read(io::stdin(), interrupt) {
        Ok(lines) => lines,
        Err(error) => {
            let _ = writeln!(io::stderr(), "kdive: standard input cannot be read: {error}");
            return 1;
        }
    };
    let mut server = Server::new(lines, Box::new(io::BufWriter::new(io::stdout())), version);
    server.attach(&mut console);
    let shell = &mut console.shell;
    shell.set_input(Box::new(Body(server.reader())));
    shell.settings.put("style enabled", Value::Bool(false));
    // As gdb: records are plain ASCII.
    shell.settings.put("print sevenbit-strings", Value::Bool(true));
    for name in ["host-charset", "target-charset", "print sevenbit-strings"] {
        if let Err(error) = kdive_commands::settings::changed(shell, name) {
            shell.report(&error);
        }
    }
    let _ = console.changed_settings();
    if !options.quiet {
        server.greet();
    }
    let quiet = Options { quiet: true, ..options.clone() };
    let status = match start(&mut console.shell, &quiet) {
        Err(status) => status,
        Ok(()) => server.run(&mut console),
    };
    let shell = &mut console.shell;
    let _ = shell.interrupt.take();
    let hooks = shell.hooks();
    hooks.before_exit(shell);
    (status & 0xff) as u8
}

/// Lines that belong to a command of the console: the body of `commands` or `define`.
struct Body(BodyReader);

impl Input for Body {
    fn is_terminal(&self) -> bool {
        false
    }

    fn read(&mut self, _: &Shell, prompt: &str, _: Ask) -> io::Result<Line> {
        Ok((self.0)(prompt).map_or(Line::End, Line::Text))
    }
}

/// Waits at an address; says where that is, as the port may be chosen by the system.
fn listen(address: &str) -> io::Result<TcpListener> {
    let address = match address.strip_prefix(':') {
        Some(port) => format!("127.0.0.1:{port}"),
        None => address.to_owned(),
    };
    let listener = TcpListener::bind(address)?;
    writeln!(io::stderr(), "kdive: waiting for editors at {}", listener.local_addr()?)?;
    Ok(listener)
}

fn serve(options: &Options, input: Box<dyn Read + Send>, output: Box<dyn Write + Send>) {
    let interrupt = Interrupt::new();
    // Without the handler Ctrl-C ends the process, which leaves the guest as it is.
    let _ = kdive_repl::catch_ctrl_c(&interrupt);
    let mut console = ShellConsole::new(interrupt.clone());
    // A person reads the values.
    console.shell.settings.put("print low-symbols", Value::Text("off".to_owned()));
    prepare(&mut console.shell, options);
    kdive_dap::serve(&mut console, interrupt, input, output);
}
