//! A shell for tests: integers and convenience variables for expressions, a transcript for output, a list for input.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::rc::Rc;

use kdive_base::Interrupt;

use crate::hooks::Hooks;
use crate::input::{Ask, Input};
use crate::output::{Output, Stream, Transcript};
use crate::script::{FileSource, Line};
use crate::spec::{Class, Needs, Repeat, Spec};
use crate::{Args, Error, Shell};

/// Expressions made of integers, `$name`, `=`, `<`, `==`, `+`, `-` and `*`, read from left to right.
#[derive(Default)]
pub struct Toy {
    pub variables: RefCell<HashMap<String, i64>>,
    pub state: RefCell<Option<Needs>>,
    pub quit_question: RefCell<Option<String>>,
}

impl Toy {
    fn value(&self, text: &str) -> Result<i64, Error> {
        let text = text.trim();
        if let Some((left, right)) = text.split_once("==") {
            return Ok(i64::from(self.value(left)? == self.value(right)?));
        }
        if let Some((name, value)) = text.split_once('=') {
            let value = self.value(value)?;
            let name = name.trim();
            if !name.starts_with('$') {
                return Err(Error::msg("No symbol table is loaded.  Use the \"file\" command."));
            }
            self.variables.borrow_mut().insert(name[1..].to_owned(), value);
            return Ok(value);
        }
        if let Some((left, right)) = text.split_once('<') {
            return Ok(i64::from(self.value(left)? < self.value(right)?));
        }
        for (operator, apply) in [
            ('+', i64::wrapping_add as fn(i64, i64) -> i64),
            ('-', i64::wrapping_sub),
            ('*', i64::wrapping_mul),
        ] {
            if let Some((left, right)) = text.rsplit_once(operator)
                && !left.trim().is_empty()
            {
                return Ok(apply(self.value(left)?, self.value(right)?));
            }
        }
        let text = text.trim_start_matches('(').trim_end_matches(')').trim();
        if text.is_empty() {
            return Err(Error::msg("A syntax error in expression, near `'."));
        }
        if let Some(name) = text.strip_prefix('$') {
            return Ok(self.variables.borrow().get(name).copied().unwrap_or(0));
        }
        text.parse().map_err(|_| Error::msg(format!("No symbol \"{text}\" in current context.")))
    }
}

impl Hooks for Toy {
    fn state(&self, _shell: &Shell) -> Needs {
        self.state.borrow().unwrap_or(Needs::NONE)
    }
    fn is_true(&self, _shell: &mut Shell, expression: &str) -> Result<bool, Error> {
        self.value(expression).map(|value| value != 0)
    }
    fn evaluate(&self, _shell: &mut Shell, expression: &str) -> Result<(), Error> {
        self.value(expression).map(|_| ())
    }
    fn integer(&self, _shell: &mut Shell, expression: &str) -> Result<i64, Error> {
        self.value(expression)
    }
    fn format(&self, _shell: &mut Shell, args: &str, out: &mut Vec<u8>) -> Result<(), Error> {
        let mut parts = args.split(',');
        let format = parts.next().unwrap_or_default().trim();
        let format = format.strip_prefix('"').and_then(|format| format.strip_suffix('"'));
        let mut text = format.ok_or_else(|| Error::msg("Bad format string"))?.replace("\\n", "\n");
        for part in parts {
            let value = self.value(part)?.to_string();
            text = text.replacen("%d", &value, 1);
        }
        out.extend_from_slice(text.as_bytes());
        Ok(())
    }
    fn set_convenience(&self, _shell: &mut Shell, name: &str, value: Option<i64>) {
        let mut variables = self.variables.borrow_mut();
        match value {
            Some(value) => variables.insert(name.to_owned(), value),
            None => variables.remove(name),
        };
    }
    fn setting_changed(&self, shell: &mut Shell, name: &str) -> Result<(), Error> {
        if name == "architecture" && shell.settings.text(name) == "i8086" {
            return Err(Error::msg("refused"));
        }
        Ok(())
    }
    fn current(&self, _shell: &Shell, _setting: &str) -> Option<String> {
        None
    }
    fn after_command(&self, _shell: &mut Shell) -> Result<(), Error> {
        Ok(())
    }
    fn after_failure(&self, _shell: &mut Shell, error: Error) -> Error {
        error
    }
    fn quit_question(&self, _shell: &Shell) -> Option<String> {
        self.quit_question.borrow().clone()
    }
    fn before_exit(&self, _shell: &mut Shell) {}
    fn complete_expression(&self, _shell: &Shell, text: &str) -> Vec<String> {
        let word = text.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
        let names = ["init_task", "init_mm", "pid"];
        names.iter().filter(|name| name.starts_with(word)).map(|name| (*name).to_owned()).collect()
    }
    fn complete_location(&self, _shell: &Shell, _text: &str) -> Vec<String> {
        vec!["start_kernel".to_owned()]
    }
    fn complete_symbol(&self, _shell: &Shell, _prefix: &str) -> Vec<String> {
        Vec::new()
    }
    fn complete_type(&self, _shell: &Shell, _prefix: &str) -> Vec<String> {
        vec!["struct task_struct".to_owned()]
    }
}

/// The shell's own commands and the few below: what others are in the table does not matter to these tests.
const TABLE: &[&[Spec]] = &[
    COMMANDS,
    crate::meta::prefix::COMMANDS,
    crate::meta::flow::COMMANDS,
    crate::meta::echo::COMMANDS,
    crate::meta::shell::COMMANDS,
    crate::meta::dir::COMMANDS,
    crate::meta::quit::COMMANDS,
    crate::meta::with::COMMANDS,
    crate::meta::show::COMMANDS,
    crate::meta::logging::COMMANDS,
    crate::meta::radix::COMMANDS,
    crate::settings::PATH_COMMANDS,
    crate::user::COMMANDS,
    crate::alias::COMMANDS,
    crate::help::COMMANDS,
    crate::apropos::COMMANDS,
    crate::complete::COMMANDS,
];

/// What the debugger's commands would be, as far as scripts need them.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "print",
        aliases: &["inspect", "p"],
        class: Class::Data,
        summary: "Print the value of an expression",
        examples: &["print 1"],
        complete: crate::spec::Completer::Expr,
        run: print,
        ..Spec::EMPTY
    },
    Spec {
        name: "ptype",
        class: Class::Data,
        summary: "A type",
        complete: crate::spec::Completer::Type,
        ..Spec::EMPTY
    },
    Spec {
        name: "break",
        aliases: &["b"],
        class: Class::Breakpoints,
        summary: "Stop there",
        complete: crate::spec::Completer::Location,
        ..Spec::EMPTY
    },
    Spec { name: "info line", class: Class::Status, summary: "Lines", ..Spec::EMPTY },
    Spec { name: "info locals", class: Class::Status, needs: Needs::FRAME, summary: "Locals", ..Spec::EMPTY },
    Spec {
        name: "info registers",
        class: Class::Status,
        needs: Needs::REGISTERS,
        summary: "Registers",
        ..Spec::EMPTY
    },
    Spec {
        name: "continue",
        aliases: &["c"],
        class: Class::Running,
        needs: Needs::STOPPED,
        summary: "Go",
        ..Spec::EMPTY
    },
    Spec {
        name: "commands",
        class: Class::Breakpoints,
        summary: "Commands of a breakpoint",
        run: commands,
        ..Spec::EMPTY
    },
    Spec {
        name: "list",
        aliases: &["l"],
        summary: "List",
        repeat: Repeat::Bare,
        run: echo_args,
        ..Spec::EMPTY
    },
    Spec { name: "detach", summary: "Detach", repeat: Repeat::No, run: echo_args, ..Spec::EMPTY },
    Spec {
        name: "delete",
        aliases: &["d"],
        summary: "Delete",
        allow_unknown: true,
        run: echo_args,
        ..Spec::EMPTY
    },
    Spec { name: "maintenance packet", summary: "Packet", ..Spec::EMPTY },
    Spec { name: "delete display", summary: "Delete displays", run: echo_args, ..Spec::EMPTY },
];

fn print(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let hooks = shell.hooks();
    let (_, args) = args.split_format();
    let value = hooks.integer(shell, args.text())?;
    let number = hooks.integer(shell, "$history + 1")?;
    hooks.set_convenience(shell, "history", Some(number));
    shell.out.line(&format!("${number} = {value}"));
    Ok(())
}

fn commands(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let body = shell.read_body(&args)?;
    for line in body.render(8) {
        shell.out.line(&line);
    }
    Ok(())
}

fn echo_args(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    shell.out.line(&format!(
        "{}({}){}",
        args.invoked,
        args.text(),
        if args.repeated { " again" } else { "" }
    ));
    Ok(())
}

/// A person at a terminal, or a pipe.
pub struct Lines {
    lines: std::vec::IntoIter<String>,
    terminal: bool,
    transcript: Transcript,
    typed: Vec<String>,
}

impl Input for Lines {
    fn is_terminal(&self) -> bool {
        self.terminal
    }
    fn read(&mut self, _shell: &Shell, prompt: &str, ask: Ask) -> io::Result<Line> {
        use crate::output::{Sink, Style};
        self.transcript.write(Stream::Out, Style::Plain, prompt.as_bytes());
        match self.lines.next() {
            Some(line) if line == "^C" => Ok(Line::Interrupted),
            Some(line) => {
                if self.terminal {
                    self.transcript.write(Stream::Out, Style::Plain, format!("{line}\n").as_bytes());
                }
                if ask != Ask::Answer && self.terminal && !line.trim().is_empty() {
                    self.typed.push(line.clone());
                }
                Ok(Line::Text(line))
            }
            None => Ok(Line::End),
        }
    }
    fn history(&self) -> (usize, Vec<String>) {
        (1, self.typed.clone())
    }
}

pub struct Bench {
    pub shell: Shell,
    pub hooks: Rc<Toy>,
    pub transcript: Transcript,
}

impl Bench {
    pub fn new() -> Self {
        let transcript = Transcript::default();
        let hooks = Rc::new(Toy::default());
        let out = Output::new(Box::new(transcript.clone()));
        let mut shell = Shell::new(
            crate::gdb::access::new_session(Interrupt::new()),
            out,
            hooks.clone(),
            Interrupt::new(),
        );
        *shell.tree_mut() = crate::tree::Tree::new(TABLE, crate::settings::TABLE);
        shell.batch = true;
        Self { shell, hooks, transcript }
    }

    /// With all commands there are, instead of the few of these tests.
    pub fn full() -> Self {
        let mut bench = Self::new();
        *bench.shell.tree_mut() = crate::tree::Tree::new(crate::table::TABLE, crate::settings::TABLE);
        bench
    }

    /// Runs a line as `-ex` in batch mode does and returns everything printed, errors last.
    pub fn ex(&mut self, line: &str) -> String {
        self.transcript.clear();
        if let Err(error) = self.shell.execute(line, false) {
            self.shell.report(&error);
        }
        self.transcript.text()
    }

    /// Runs several lines.
    pub fn all(&mut self, lines: &[&str]) -> String {
        lines.iter().map(|line| self.ex(line)).collect()
    }

    /// Runs a text as `-x f.gdb` does.
    pub fn file(&mut self, text: &str) -> String {
        self.transcript.clear();
        match self.shell.source_file("f.gdb", FileSource::from_text(text)) {
            Ok(()) => {}
            Err(Error::Exit(status)) => return format!("{}[exit {status}]", self.transcript.text()),
            Err(error) => self.shell.report(&error),
        }
        self.transcript.text()
    }

    /// Types lines at the prompt until they are used up; the exit status stands at the end.
    pub fn typed(&mut self, lines: &str, terminal: bool) -> String {
        self.transcript.clear();
        self.shell.batch = false;
        let lines: Vec<String> = lines.lines().map(str::to_owned).collect();
        self.shell.set_input(Box::new(Lines {
            lines: lines.into_iter(),
            terminal,
            transcript: self.transcript.clone(),
            typed: Vec::new(),
        }));
        let status = self.shell.interact();
        format!("{}[exit {status}]", self.transcript.text())
    }
}

/// What a file prints in a fresh shell.
pub fn file(text: &str) -> String {
    Bench::new().file(text)
}

/// What a line prints in a fresh shell.
pub fn ex(line: &str) -> String {
    Bench::new().ex(line)
}
