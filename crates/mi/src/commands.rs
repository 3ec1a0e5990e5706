//! The table of MI's commands.

use crate::parse::{MiCommand, arguments};
use crate::record::Fields;
use crate::run::{Channel, Shared};
use crate::variables::VarObjects;
use kdive_engine::{Console, Engine, Scope, StopReason, Which};
use std::cell::RefMut;

/// What a command answers: the fields of `^done`, or the message of `^error`.
pub type Outcome = Result<Fields, String>;

/// A command was not used as it has to be.
pub fn usage(text: &str) -> Outcome {
    Err(text.to_owned())
}

/// What a client has set up.
#[derive(Debug, Default)]
pub struct Client {
    /// Variable objects.
    pub variables: VarObjects,
    /// `-inferior-tty-set`.
    pub tty: String,
    /// `PATH` as it was when the debugger started.
    pub path: Option<String>,
    /// `-enable-timings`.
    pub timings: bool,
    /// `-gdb-set mi-async`.
    pub is_async: bool,
}

/// One command that is carried out.
pub struct Session<'a> {
    /// The debugger with its console.
    pub console: &'a mut dyn Console,
    /// The way to the client.
    pub shared: &'a Shared,
    /// What the client has set up.
    pub client: &'a mut Client,
    /// `--thread`, `--frame`.
    pub scope: Scope,
    /// Whether they were given.
    pub has_scope: bool,
    /// The program was made to run: the answer is given, the stop comes later.
    pub runs: bool,
    /// The answer's class, `done` unless it is another.
    pub class: &'static str,
    /// The client wants to leave.
    pub exit: Option<i32>,
}

impl<'a> Session<'a> {
    /// The debugger.
    pub fn engine(&mut self) -> &mut Engine {
        self.console.engine_mut()
    }

    /// The way to the client.
    pub fn channel(&self) -> RefMut<'_, Channel> {
        self.shared.borrow_mut()
    }

    /// How breakpoints are written.
    pub fn form(&self) -> crate::breakpoints::Form {
        self.channel().form(self.console.engine())
    }

    /// Makes what `--thread` and `--frame` name the selected thread and frame.
    pub fn select_scope(&mut self) -> Result<(), String> {
        if !self.has_scope {
            return Ok(());
        }
        let scope = self.scope;
        if let Some(thread) = scope.thread {
            self.engine().select_thread(thread).map_err(|error| error.to_string())?;
        }
        self.engine().program().select_frame(scope.frame).map(drop).map_err(|error| error.to_string())
    }

    /// Runs a command of the console; its text goes to the client.
    pub fn console_command(&mut self, line: &str) -> Result<(), String> {
        let answer = self.console.command(line);
        self.exit = answer.exit.or(self.exit);
        answer.error.map_or(Ok(()), Err)
    }

    /// The same without its text.
    pub fn console_quietly(&mut self, line: &str) -> Result<String, String> {
        let sink = crate::run::text_sink(self.shared);
        self.console.stream(None);
        let answer = self.console.command(line);
        self.console.stream(Some(sink));
        let text: String =
            answer.text.iter().filter(|piece| !piece.is_error).map(|piece| piece.text.as_str()).collect();
        answer.error.map_or(Ok(text), Err)
    }

    /// What a failed evaluation says: gdb's words where a function has not returned.
    pub fn failure(&mut self, error: kdive_engine::Error) -> String {
        let kdive_engine::Error::NotReturned(name) = &error else { return error.to_string() };
        let stop = self.engine().last_stop();
        let by_signal = stop
            .is_some_and(|stop| stop.reasons.iter().any(|reason| matches!(reason, StopReason::Signal(_))));
        if self.engine().target().is_none() {
            return format!(
                "The program being debugged exited while in a function called from GDB.\n\
                 Evaluation of the expression containing the function\n({name}) will be abandoned."
            );
        }
        let (what, then) = if by_signal {
            (
                "was signaled",
                "GDB remains in the frame where the signal was received.\n\
                 To change this behavior use \"set unwindonsignal on\".\n",
            )
        } else {
            ("stopped", "")
        };
        format!(
            "The program being debugged {what} while in a function called from GDB.\n{then}\
             Evaluation of the expression containing the function\n({name}) will be abandoned.\n\
             When the function is done executing, GDB will silently stop."
        )
    }

    /// The value of an expression as a number that is not negative.
    pub fn number(&mut self, text: &str) -> Result<u64, String> {
        if let Ok(number) = text.parse() {
            return Ok(number);
        }
        let scope = self.scope;
        self.engine().address_of(&scope, text).map_err(|error| error.to_string())
    }

    /// Carries out a command.
    pub fn run(&mut self, command: &MiCommand) -> Outcome {
        let name = command.name.as_str();
        if !COMMANDS.contains(&name) && !name.starts_with("catch-") {
            return Err(String::new());
        }
        if matches!(name, "gdb-set" | "gdb-show") {
            return if name == "gdb-set" {
                self.gdb_set(&command.rest)
            } else {
                self.gdb_show(&command.rest)
            };
        }
        let args = arguments(&command.rest).map_err(|_| {
            format!("Problem parsing arguments: {name} {}", command.rest).trim_end().to_owned()
        })?;
        let args = args.as_slice();
        match name {
            "break-insert" => self.break_insert(args),
            "dprintf-insert" => self.dprintf_insert(args),
            "break-watch" => self.break_watch(args),
            "break-list" | "break-info" => self.break_list(args),
            "break-delete" => self.break_delete(args),
            "break-enable" => self.break_switch(args, true),
            "break-disable" => self.break_switch(args, false),
            "break-condition" => self.break_condition(args),
            "break-after" => self.break_after(args),
            "break-commands" => self.break_set_commands(args),
            "break-passcount" => {
                Err("kdive has no tracepoints; dprintf shows values without a stop".to_owned())
            }
            "exec-continue"
            | "exec-next"
            | "exec-step"
            | "exec-next-instruction"
            | "exec-step-instruction"
            | "exec-finish"
            | "exec-until"
            | "exec-jump" => self.exec(name, args),
            "exec-return" => self.exec_return(args),
            "exec-run" => self.exec_run(args),
            "exec-interrupt" => Ok(Fields::new()),
            "exec-arguments" => {
                self.console_quietly(&format!("set args {}", command.rest)).map(|_| Fields::new())
            }
            "stack-list-frames" => self.list_frames(args),
            "stack-info-depth" => self.info_depth(args),
            "stack-info-frame" => self.info_frame(args),
            "stack-select-frame" => self.select_frame(args),
            "stack-list-arguments" => self.list_arguments(args),
            "stack-list-locals" => self.list_variables(args, Which::Locals),
            "stack-list-variables" => self.list_variables(args, Which::All),
            "thread-info" => self.thread_info(args),
            "thread-list-ids" => self.thread_list_ids(args),
            "thread-select" => self.thread_select(args),
            "list-thread-groups" => self.list_thread_groups(args),
            "var-create"
            | "var-delete"
            | "var-list-children"
            | "var-info-num-children"
            | "var-info-expression"
            | "var-info-path-expression"
            | "var-info-type"
            | "var-show-attributes"
            | "var-show-format"
            | "var-set-format"
            | "var-evaluate-expression"
            | "var-assign"
            | "var-update"
            | "var-set-frozen"
            | "var-set-update-range"
            | "var-set-visualizer" => self.variable_object(name, args),
            "data-evaluate-expression" => self.evaluate_expression(args),
            "data-list-register-names" => self.register_names(args),
            "data-list-register-values" => self.register_values(args),
            "data-list-changed-registers" => self.changed_registers(args),
            "data-write-register-values" => self.write_registers(args),
            "data-read-memory" => self.read_memory(args),
            "data-read-memory-bytes" => self.read_memory_bytes(args),
            "data-write-memory-bytes" => self.write_memory_bytes(args),
            "data-disassemble" => self.disassemble(args),
            "file-list-exec-source-file" => self.source_file(),
            "file-list-exec-source-files" => self.source_files(args),
            "symbol-list-lines" => self.list_lines(args),
            "symbol-info-functions" | "symbol-info-variables" | "symbol-info-types" => {
                self.symbol_info(name, args)
            }
            "interpreter-exec" => self.interpreter_exec(args),
            _ => self.environment(name, args, &command.rest),
        }
    }

    /// `-interpreter-exec console COMMAND...`; `mi` is the server's.
    fn interpreter_exec(&mut self, args: &[String]) -> Outcome {
        let [interpreter, commands @ ..] = args else {
            return usage("-interpreter-exec: Usage: -interpreter-exec interp command");
        };
        if commands.is_empty() {
            return usage("-interpreter-exec: Usage: -interpreter-exec interp command");
        }
        if interpreter != "console" {
            return Err(format!("-interpreter-exec: could not find interpreter \"{interpreter}\""));
        }
        self.channel().is_quiet = false;
        for line in commands {
            if let Err(error) = self.console_command(line) {
                self.channel().say(true, &format!("{error}\n"));
                return Err(error);
            }
        }
        Ok(Fields::new())
    }
}

/// All commands but `-catch-*`, for `-info-gdb-mi-command`.
pub const COMMANDS: &[&str] = &[
    "add-inferior",
    "ada-task-info",
    "break-after",
    "break-commands",
    "break-condition",
    "break-delete",
    "break-disable",
    "break-enable",
    "break-info",
    "break-insert",
    "break-list",
    "break-passcount",
    "break-watch",
    "complete",
    "data-disassemble",
    "data-evaluate-expression",
    "data-list-changed-registers",
    "data-list-register-names",
    "data-list-register-values",
    "data-read-memory",
    "data-read-memory-bytes",
    "data-write-memory-bytes",
    "data-write-register-values",
    "dprintf-insert",
    "enable-frame-filters",
    "enable-pretty-printing",
    "enable-timings",
    "environment-cd",
    "environment-directory",
    "environment-path",
    "environment-pwd",
    "exec-arguments",
    "exec-continue",
    "exec-finish",
    "exec-interrupt",
    "exec-jump",
    "exec-next",
    "exec-next-instruction",
    "exec-return",
    "exec-run",
    "exec-step",
    "exec-step-instruction",
    "exec-until",
    "file-exec-and-symbols",
    "file-exec-file",
    "file-list-exec-source-file",
    "file-list-exec-source-files",
    "file-list-shared-libraries",
    "file-symbol-file",
    "fix-breakpoint-script-output",
    "fix-multi-location-breakpoint-output",
    "gdb-exit",
    "gdb-set",
    "gdb-show",
    "gdb-version",
    "inferior-tty-set",
    "inferior-tty-show",
    "info-gdb-mi-command",
    "info-os",
    "interpreter-exec",
    "list-features",
    "list-target-features",
    "list-thread-groups",
    "remove-inferior",
    "stack-info-depth",
    "stack-info-frame",
    "stack-list-arguments",
    "stack-list-frames",
    "stack-list-locals",
    "stack-list-variables",
    "stack-select-frame",
    "symbol-info-functions",
    "symbol-info-types",
    "symbol-info-variables",
    "symbol-list-lines",
    "target-attach",
    "target-detach",
    "target-disconnect",
    "target-download",
    "target-select",
    "thread-info",
    "thread-list-ids",
    "thread-select",
    "var-assign",
    "var-create",
    "var-delete",
    "var-evaluate-expression",
    "var-info-expression",
    "var-info-num-children",
    "var-info-path-expression",
    "var-info-type",
    "var-list-children",
    "var-set-format",
    "var-set-frozen",
    "var-set-update-range",
    "var-set-visualizer",
    "var-show-attributes",
    "var-show-format",
    "var-update",
];
