//! From the options to the first prompt, in gdb's order, and the exit status.

use std::path::Path;
use std::rc::Rc;

use kdive_base::Interrupt;
use kdive_commands::gdb::access::new_session;
use kdive_commands::gdb::debugger::Debugger;
use kdive_commands::settings::{Value, expand_home};
use kdive_commands::{Error, Shell, print_version};

use crate::cli::{Action, Interpreter, Options};
use crate::editor;
use crate::init_files::{self, Flavor, Local};
use crate::time_limit::{self, TimeLimit};
use crate::{assistant, json};

/// Runs the debugger; the exit status.
pub fn run(options: Options) -> u8 {
    match options.interpreter {
        Interpreter::Console => {}
        Interpreter::Dap => return editor::dap(&options),
        Interpreter::Mi(version) => return editor::mi(&options, version),
        Interpreter::Mcp => return assistant::serve(&options),
        Interpreter::Json => return json::run(&options),
    }
    let interrupt = Interrupt::new();
    // Without the handler Ctrl-C ends the process, which is what happens without a debugger too.
    let _ = kdive_repl::catch_ctrl_c(&interrupt);
    let session = new_session(interrupt.clone());
    let output =
        if options.silent { kdive_repl::errors_only(&interrupt) } else { kdive_repl::output(&interrupt) };
    let mut shell = Shell::new(session, output, Rc::new(Debugger), interrupt);
    // The character sets are those of the locale from the start.
    for name in ["host-charset", "target-charset"] {
        if let Err(error) = kdive_commands::settings::changed(&mut shell, name) {
            shell.report(&error);
        }
    }
    shell.batch = options.batch;
    if options.batch {
        shell.settings.put("style enabled", Value::Bool(false));
    } else {
        shell.follow_window();
    }
    shell.set_progress(kdive_repl::progress(&shell.interrupt, !options.batch));
    shell.set_input(kdive_repl::input(&shell.interrupt));
    let limit =
        options.time_limit.map(|limit| TimeLimit::start(limit, shell.interrupt.clone(), shell.doing.clone()));
    let limit = match limit.transpose() {
        Ok(limit) => limit,
        Err(error) => {
            shell.out.error(&format!("kdive: --timeout cannot be kept: {error}"));
            return 1;
        }
    };
    let mut starting = Starting { shell: &mut shell, limit, ok: true, files: true };
    let status = match starting.all(&options) {
        Err(status) => status,
        Ok(()) if options.child_result => starting.child_result(),
        Ok(()) if options.batch => i32::from(!starting.ok || !starting.files),
        Ok(()) => starting.shell.interact(),
    };
    let timed_out = starting.limit.as_ref().and_then(|limit| limit.leave(&missed(starting.shell)));
    // The last of it: what comes now is to be done in good order.
    let _ = shell.interrupt.take();
    if let Some(line) = &timed_out {
        shell.out.error(line);
    }
    let hooks = shell.hooks();
    hooks.before_exit(&mut shell);
    shell.out.flush();
    if timed_out.is_some() { time_limit::STATUS } else { (status & 0xff) as u8 }
}

/// Breakpoints that never stopped anything, for who wonders why nothing happened.
pub fn missed(shell: &Shell) -> Vec<String> {
    let enabled =
        shell.session.breakpoints().filter(|shown| shown.enabled && shown.hits == 0 && !shown.is_watch());
    let names = enabled.map(|shown| {
        let state = if shown.is_pending() { "is pending" } else { "was never hit" };
        format!("breakpoint {} ({}) {state}", shown.number, shown.spec)
    });
    names.take(4).collect()
}

/// The same for one that answers like a console: the exit status where a command has left.
pub fn start(shell: &mut Shell, options: &Options) -> Result<(), i32> {
    Starting { shell, limit: None, ok: true, files: true }.all(options)
}

/// Everything before the commands of the command line; whether all files and targets were there.
pub fn begin(shell: &mut Shell, options: &Options) -> Result<bool, i32> {
    let options = Options { actions: Vec::new(), quiet: true, ..options.clone() };
    let mut starting = Starting { shell, limit: None, ok: true, files: true };
    starting.all(&options)?;
    Ok(starting.ok && starting.files)
}

/// Runs the command files and commands of the command line for a front end that is no console.
pub fn prepare(shell: &mut Shell, options: &Options) {
    shell.batch = true;
    shell.settings.put("style enabled", Value::Bool(false));
    let mut starting = Starting { shell, limit: None, ok: true, files: true };
    // What went wrong was written; the client is served all the same.
    let _ = starting.all(options);
}

struct Starting<'s> {
    shell: &'s mut Shell,
    /// `--timeout`.
    limit: Option<TimeLimit>,
    /// Whether the last thing that was tried worked: the exit status of batch mode.
    ok: bool,
    /// Whether every file and target of the command line was there: commands that work without them do not make up for them.
    files: bool,
}

impl Starting<'_> {
    /// Everything up to the prompt; the exit status when something said `quit`.
    fn all(&mut self, options: &Options) -> Result<(), i32> {
        for action in &options.earliest {
            self.action(action)?;
        }
        let quiet = options.quiet || self.shell.settings.bool("startup-quietly");
        if !quiet && !options.batch {
            print_version(self.shell);
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
        let target = self.program(options)?;
        self.local_file(options, home.as_deref())?;
        if let Some(address) = target {
            self.command(&format!("target remote {address}"), !options.batch)?;
            self.files &= self.ok;
        }
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
            ("annotate", options.annotate.as_ref()),
        ];
        for (name, value) in settings {
            if let Some(value) = value {
                self.command(&format!("set {name} {value}"), false)?;
            }
        }
        Ok(())
    }

    /// Loads the files; the address of a target if one stands among them.
    fn program(&mut self, options: &Options) -> Result<Option<String>, i32> {
        let from_tty = !options.batch;
        let (program, core) = (options.program.as_deref(), options.core.as_deref());
        let target = program.filter(|word| is_address(word)).or(core.filter(|word| is_address(word)));
        let is_file = |word: &&String| target != Some(word.as_str());
        let files = [
            ("file", options.program.as_ref().filter(is_file)),
            ("exec-file", options.exec.as_ref()),
            ("symbol-file", options.symbols.as_ref()),
        ];
        for (command, path) in files {
            if let Some(path) = path {
                self.command(&format!("{command} {}", quoted(path)), from_tty)?;
                self.files &= self.ok;
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
        if let Some(core) = options.core.as_ref().filter(is_file) {
            let text =
                format!("{core}: kdive reads no core files; it debugs what runs: target remote ADDRESS");
            self.outcome(Err(Error::msg(text)))?;
            self.files = false;
        }
        Ok(target.map(str::to_owned))
    }

    /// The exit code of the guest, -1 without one, as gdb has it.
    fn child_result(&mut self) -> i32 {
        let hooks = self.shell.hooks();
        match hooks.integer(self.shell, "$_exitcode") {
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
                Local::Refused(path, reason) => self.shell.out.warning(&format!(
                    "{} is not run: {reason}. \"set auto-load safe-path DIRECTORY\" in your own .kdiveinit allows it.",
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
                // gdb warns about a file that is not there and leaves with 0; a job that runs nothing has not worked. Nor has one whose
                // file is Python.
                let runs = !path.ends_with(".py") && std::fs::File::open(expand_home(path)).is_ok();
                self.command(&format!("source -- {path}"), false)?;
                self.ok &= runs;
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
            // The time limit has its own line.
            _ if self.limit.as_ref().is_some_and(TimeLimit::is_over) => {
                return Err(i32::from(time_limit::STATUS));
            }
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

/// Whether a word of the command line is where a stub is rather than a file: `:1234`, `host:1234`, `unix:PATH`, a socket that is
/// there or has such a name.
fn is_address(word: &str) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    if let Ok(metadata) = std::fs::metadata(expand_home(word)) {
        return metadata.file_type().is_socket();
    }
    let is_port = |(host, port): (&str, &str)| {
        !host.contains('/') && !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())
    };
    word.starts_with("unix:") || word.ends_with(".sock") || word.rsplit_once(':').is_some_and(is_port)
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
    fn addresses_are_no_files() {
        for word in [":1234", "localhost:1", "tcp::1234", "[::1]:1234", "unix:/tmp/gdb", "guest.sock"] {
            assert!(is_address(word), "{word}");
        }
        for word in ["vmlinux", "/dev/null", "1234", "a/b:1", "/", "core.1234", "disk:"] {
            assert!(!is_address(word), "{word}");
        }
    }

    #[test]
    fn blanks_and_quotes_in_names() {
        assert_eq!(quoted("/a b/it's"), "/a\\ b/it\\'s");
        assert_eq!(quoted("vmlinux-6.1"), "vmlinux-6.1");
    }
}
