//! Editors at the other end: standard input and output, or a socket they connect to.

use crate::cli::Options;
use crate::startup::prepare;
use kdive_base::Interrupt;
use kdive_commands::ShellConsole;
use kdive_commands::settings::Value;
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
