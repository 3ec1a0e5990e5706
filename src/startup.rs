//! From the options to the first prompt, in gdb's order, and the exit status.

use std::path::Path;
use std::rc::Rc;

use kdive_base::Interrupt;
use kdive_commands::gdb::access::new_session;
use kdive_commands::gdb::debugger::Debugger;
use kdive_commands::settings::{Value, expand_home};
use kdive_commands::{Error, Shell, print_version};

use crate::cli::{Action, Options};
use crate::init_files::{self, Flavor, Local};

/// Runs the debugger; the exit status.
pub fn run(options: Options) -> u8 {
    let interrupt = Interrupt::new();
    // Without the handler Ctrl-C ends the process, which is what happens without a debugger too.
    let _ = kdive_repl::catch_ctrl_c(&interrupt);
    let session = new_session(interrupt.clone());
    let output =
        if options.silent { kdive_repl::errors_only(&interrupt) } else { kdive_repl::output(&interrupt) };
    let mut shell = Shell::new(session, output, Rc::new(Debugger), interrupt);
    shell.batch = options.batch;
    if options.batch {
        shell.settings.put("style enabled", Value::Bool(false));
    } else {
        shell.follow_window();
        shell.set_progress(kdive_repl::progress(&shell.interrupt));
    }
    shell.set_input(kdive_repl::input(&shell.interrupt));
    let mut starting = Starting { shell, ok: true };
    let status = match starting.all(&options) {
        Err(status) => status,
        Ok(()) if options.child_result => starting.child_result(),
        Ok(()) if options.batch => i32::from(!starting.ok),
        Ok(()) => starting.shell.interact(),
    };
    let mut shell = starting.shell;
    let hooks = shell.hooks();
    hooks.before_exit(&mut shell);
    shell.out.flush();
    (status & 0xff) as u8
}

struct Starting {
    shell: Shell,
    /// Whether the last thing that was tried worked: the exit status of batch mode.
    ok: bool,
}

impl Starting {
    /// Everything up to the prompt; the exit status when something said `quit`.
    fn all(&mut self, options: &Options) -> Result<(), i32> {
        for action in &options.earliest {
            self.action(action)?;
        }
        let quiet = options.quiet || self.shell.settings.bool("startup-quietly");
        if !quiet && !options.batch {
            print_version(&mut self.shell);
            self.shell.out.line("For help, type \"help\". \"apropos WORD\" searches all manuals.");
        }
        for text in &options.without_effect {
            self.shell.out.warning(text);
        }
        self.settings(options)?;
        let home = self.home_file(options)?;
        for action in &options.early {
            self.action(action)?;
        }
        if let Some(dir) = &options.cd {
            self.command(&format!("cd {dir}"), false)?;
        }
        for dir in &options.directories {
            self.command(&format!("directory {}", quoted(dir)), false)?;
        }
        self.program(options)?;
        self.local_file(options, home.as_deref())?;
        for action in &options.actions {
            self.action(action)?;
        }
        Ok(())
    }

    fn settings(&mut self, options: &Options) -> Result<(), i32> {
        let module_path = (!options.module_path.is_empty()).then(|| options.module_path.join(":"));
        let settings = [
            ("module-path", module_path.as_ref()),
            ("remotetimeout", options.timeout.as_ref()),
            ("serial baud", options.baud.as_ref()),
        ];
        for (name, value) in settings {
            if let Some(value) = value {
                self.command(&format!("set {name} {value}"), false)?;
            }
        }
        Ok(())
    }

    fn program(&mut self, options: &Options) -> Result<(), i32> {
        let from_tty = !options.batch;
        let files = [
            ("file", options.program.as_ref()),
            ("exec-file", options.exec.as_ref()),
            ("symbol-file", options.symbols.as_ref()),
        ];
        for (command, path) in files {
            if let Some(path) = path {
                self.command(&format!("{command} {}", quoted(path)), from_tty)?;
            }
        }
        if let Some(args) = &options.args {
            let args: Vec<String> = args.iter().map(|arg| quoted(arg)).collect();
            self.command(&format!("set args {}", args.join(" ")), false)?;
        }
        if let Some(first) = options.excess.first() {
            let more = if options.excess.len() > 1 { " ..." } else { "" };
            self.shell.out.line(&format!("Excess command line arguments ignored. ({first}{more})"));
        }
        if let Some(core) = &options.core {
            let text =
                format!("{core}: kdive reads no core files; it debugs what runs: target remote ADDRESS");
            self.outcome(Err(Error::msg(text)))?;
        }
        Ok(())
    }

    /// The exit code of the guest, -1 without one, as gdb has it.
    fn child_result(&mut self) -> i32 {
        let hooks = self.shell.hooks();
        match hooks.integer(&mut self.shell, "$_exitcode") {
            Ok(code) => i32::try_from(code).unwrap_or(-1),
            Err(_) => -1,
        }
    }

    /// Runs the command files of the home directory; the path of `.kdiveinit`'s.
    fn home_file(&mut self, options: &Options) -> Result<Option<std::path::PathBuf>, i32> {
        if options.no_init || options.no_home_init {
            return Ok(None);
        }
        let home = init_files::home(Flavor::Kdive);
        if let Some(path) = &home {
            self.source(path)?;
        }
        if self.wants_gdbinit(options)
            && let Some(path) = init_files::home(Flavor::Gdb)
        {
            self.source(&path)?;
        }
        Ok(home)
    }

    fn wants_gdbinit(&self, options: &Options) -> bool {
        options.gdbinit || self.shell.settings.bool("auto-load gdbinit")
    }

    fn local_file(&mut self, options: &Options, home: Option<&Path>) -> Result<(), i32> {
        if options.no_init || !self.shell.settings.bool("auto-load local-gdbinit") {
            return Ok(());
        }
        let Ok(dir) = std::env::current_dir() else { return Ok(()) };
        let gdb_home = init_files::home(Flavor::Gdb);
        let flavors =
            [(Flavor::Kdive, true, home), (Flavor::Gdb, self.wants_gdbinit(options), gdb_home.as_deref())];
        for (flavor, wanted, home) in flavors {
            if !wanted {
                continue;
            }
            let safe_path = self.shell.settings.text("auto-load safe-path");
            match init_files::local(flavor, &dir, home, &safe_path) {
                Local::None => {}
                Local::Trusted(path) => self.source(&path)?,
                Local::Refused(path, why) => self.shell.out.warning(&format!(
                    "{} is not run: {why}. \"set auto-load safe-path DIRECTORY\" in your own .kdiveinit allows it.",
                    path.display()
                )),
            }
        }
        Ok(())
    }

    fn source(&mut self, path: &Path) -> Result<(), i32> {
        self.command(&format!("source {}", path.display()), false)
    }

    fn action(&mut self, action: &Action) -> Result<(), i32> {
        match action {
            Action::File(path) => {
                // gdb warns about a file that is not there and leaves with 0; a job that runs nothing has not worked.
                let there = std::fs::File::open(expand_home(path)).is_ok();
                self.command(&format!("source -- {path}"), false)?;
                self.ok &= there;
                Ok(())
            }
            Action::Command(line) => self.command(line, !self.shell.batch),
        }
    }

    fn command(&mut self, line: &str, from_tty: bool) -> Result<(), i32> {
        let result = self.shell.execute(line, from_tty);
        self.outcome(result)
    }

    /// Prints an error; it does not keep the next thing from being tried.
    fn outcome(&mut self, result: Result<(), Error>) -> Result<(), i32> {
        self.ok = result.is_ok();
        match result {
            Err(Error::Exit(status)) => return Err(status),
            Err(error) => self.shell.report(&error),
            Ok(()) => {}
        }
        // What was interrupted is over.
        let _ = self.shell.interrupt.take();
        if self.shell.out.is_closed() {
            return Err(0);
        }
        self.shell.out.flush();
        Ok(())
    }
}

/// A word for a command that splits its argument as a shell does.
fn quoted(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    for c in word.chars() {
        if c.is_whitespace() || matches!(c, '\'' | '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_and_quotes_in_names() {
        assert_eq!(quoted("/a b/it's"), "/a\\ b/it\\'s");
        assert_eq!(quoted("vmlinux-6.1"), "vmlinux-6.1");
    }
}
