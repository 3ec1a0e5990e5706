//! The options of the process: gdb's, with one dash or two, shortened as far as they stay unambiguous, their values after
//! `=` or as the next word.

use std::ffi::OsString;
use std::time::Duration;

/// What `-version` prints.
pub const VERSION: &str = concat!(
    "kdive ",
    env!("CARGO_PKG_VERSION"),
    "\nA debugger for kernels that run in QEMU. Licence: MIT or Apache-2.0.\n\
     There is no warranty, to the extent permitted by law.\n"
);

/// What `-help` prints.
pub const HELP: &str = "\
Usage: kdive [OPTION]... [VMLINUX] [ADDRESS]
       kdive [OPTION]... --args PROGRAM [ARGUMENT]...

kdive debugs a Linux kernel in QEMU. Its commands are gdb's; \"help\" lists them.

Files:
  -se FILE, VMLINUX      the program with its symbols
  -s, -symbols FILE      symbols only
  -e, -exec FILE         the program only
  -d, -directory DIR     look for sources in DIR too
  -module-path DIR       look for kernel modules in DIR first
  -cd DIR                run in DIR

Commands, run in this order:
  -eix, -early-init-command FILE, -eiex, -early-init-eval-command COMMAND
                         before anything is said (set startup-quietly)
  -ix, -init-command FILE, -iex, -init-eval-command COMMAND
                         before the program is read
  -x, -command FILE, -ex, -eval-command COMMAND
                         afterwards; any number, in the order given
  -batch                 leave after them; the exit status is 1 if the last one
                         failed or a file could not be read. No questions,
                         nothing is paged
  -timeout SECONDS       with -batch: leave when the time is over, with exit
                         status 124, and say what was waited for
  -batch-silent          the same without standard output
  -return-child-result   leave with the exit code of the guest
  -nx                    run no .kdiveinit
  -nh                    run no .kdiveinit of the home directory
  -gdbinit               run .gdbinit files as well

Target:
  ADDRESS                as of target remote: :1234, guest.sock, unix:PATH
  -l SECONDS             time limit for an answer
  -b BAUD                speed of a serial line

Editors and other programs:
  -i, -interpreter dap   speak the Debug Adapter Protocol
  -i, -interpreter mi    speak GDB/MI; mi1 to mi4 are its versions
  -i, -interpreter mcp   speak the Model Context Protocol
  -json                  print an object of JSON for each command and event, one
                         a line, and read commands from standard input
  -listen ADDR           with it: wait for editors at HOST:PORT instead of
                         using standard input and output

Others:
  -q, -quiet, -silent    do not say what this is
  -args                  what follows the program are its arguments
  -version, -help

gdb's other options are refused, or have no effect and say so, in one line.

Examples:
  qemu-system-x86_64 -kernel bzImage -append console=ttyS0 -nographic -s
  kdive vmlinux -ex 'target remote :1234'
                         a guest that runs, at its gdb port
  kdive -batch vmlinux -ex 'target remote :1234' -ex 'task apply all bt'
                         the stacks of all its tasks, and out
  kdive -batch vmlinux -ex 'ptype /o struct task_struct'
                         a question that needs no guest
  kdive -module-path ~/linux vmlinux -x commands.gdb
                         a command file; modules lie in a build tree

\"help target\" at the prompt tells how to reach QEMU, libvirt and kgdb.
";

/// Why a command line is not taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Mistake {
    /// It is no command line of kdive; `-help` shows what is.
    Usage(String),
    /// It asks for what kdive does not have. The text says what there is instead.
    Refused(String),
}

impl std::fmt::Display for Mistake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Usage(text) => write!(f, "{text}\nUse `kdive --help' for a complete list of options."),
            Self::Refused(text) => f.write_str(text),
        }
    }
}

/// One command of the command line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// `-x FILE`
    File(String),
    /// `-ex COMMAND`
    Command(String),
}

/// Who is at the other end.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Interpreter {
    /// A person or a script, with command lines.
    #[default]
    Console,
    /// An editor, with the Debug Adapter Protocol.
    Dap,
    /// An editor, with this version of GDB/MI.
    Mi(u8),
    /// An assistant, with the Model Context Protocol.
    Mcp,
    /// A program, with command lines that are answered in JSON.
    Json,
}

/// What to run.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// `-batch`
    pub batch: bool,
    /// `-batch-silent`
    pub silent: bool,
    /// `-return-child-result`
    pub child_result: bool,
    /// Options that are taken and have no effect, each with its reason.
    pub without_effect: Vec<String>,
    /// `-q`
    pub quiet: bool,
    /// `-nx`
    pub no_init: bool,
    /// `-nh`
    pub no_home_init: bool,
    /// `-gdbinit`
    pub gdbinit: bool,
    /// `-cd`
    pub cd: Option<String>,
    /// `-d`, in order.
    pub directories: Vec<String>,
    /// `-module-path`, in order.
    pub module_path: Vec<String>,
    /// `-eix`, `-eiex`
    pub earliest: Vec<Action>,
    /// `-ix`, `-iex`
    pub early: Vec<Action>,
    /// `-x`, `-ex`
    pub actions: Vec<Action>,
    /// `-s`
    pub symbols: Option<String>,
    /// `-e`
    pub exec: Option<String>,
    /// `-se` or the first word that is no option.
    pub program: Option<String>,
    /// The second: a core file or a process.
    pub core: Option<String>,
    /// The third and later.
    pub excess: Vec<String>,
    /// After `-args`.
    pub args: Option<Vec<String>>,
    /// `-l`
    pub timeout: Option<String>,
    /// `-b`
    pub baud: Option<String>,
    /// `-interpreter`: who is at the other end of standard input and output.
    pub interpreter: Interpreter,
    /// `-listen`: where editors connect instead.
    pub listen: Option<String>,
    /// `-annotate`, `-fullname`: which marks are printed for an editor.
    pub annotate: Option<String>,
    /// `-timeout`
    pub time_limit: Option<Duration>,
}

/// What the command line asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Request {
    /// A debugger.
    Run(Box<Options>),
    /// `-help`
    Help,
    /// `-version`
    Version,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Meaning {
    Annotate,
    Args,
    Batch,
    BatchSilent,
    Baud,
    Cd,
    ChildResult,
    Command,
    Core,
    Directory,
    EarlyCommand,
    EarlyFile,
    EarliestCommand,
    EarliestFile,
    Exec,
    FullName,
    File,
    GdbInit,
    Help,
    Interpreter,
    Json,
    Listen,
    ModulePath,
    /// Without effect; the text is the reason.
    NoEffect(&'static str),
    /// The same, with a value.
    NoEffectOfValue(&'static str),
    NoHomeInit,
    NoInit,
    Pid,
    Program,
    Quiet,
    /// What kdive does anyway.
    Same,
    Symbols,
    TimeLimit,
    Timeout,
    Tui,
    Version,
}

use Meaning as O;

const DATA: O = O::NoEffectOfValue("kdive needs no files but its own");
const GUI: O = O::NoEffect("kdive has no graphical interface");
const READ_NEVER: O = O::NoEffect("the symbols of the file are read; without a file there are none");
const READ_NOW: O = O::NoEffect("symbols are read when they are needed");
const STATISTICS: O = O::NoEffect("\"maintenance packets\" counts the traffic with the target");
const TTY: O = O::NoEffectOfValue("the program runs in QEMU, which has the terminal");
const WRITE: O = O::NoEffect("program files are only read");

/// Names gdb has, and what each does here.
const NAMES: &[(&str, O)] = &[
    ("D", DATA),
    ("annotate", O::Annotate),
    ("args", O::Args),
    ("b", O::Baud),
    ("batch", O::Batch),
    ("batch-silent", O::BatchSilent),
    ("baud", O::Baud),
    ("c", O::Core),
    ("cd", O::Cd),
    ("command", O::File),
    ("configuration", O::Version),
    ("core", O::Core),
    ("d", O::Directory),
    ("data-directory", DATA),
    ("directory", O::Directory),
    ("e", O::Exec),
    ("early-init-command", O::EarliestFile),
    ("early-init-eval-command", O::EarliestCommand),
    ("eiex", O::EarliestCommand),
    ("eix", O::EarliestFile),
    ("eval-command", O::Command),
    ("ex", O::Command),
    ("exec", O::Exec),
    ("f", O::FullName),
    ("fullname", O::FullName),
    ("gdbinit", O::GdbInit),
    ("h", O::Help),
    ("help", O::Help),
    ("i", O::Interpreter),
    ("iex", O::EarlyCommand),
    ("init-command", O::EarlyFile),
    ("init-eval-command", O::EarlyCommand),
    ("interpreter", O::Interpreter),
    ("ix", O::EarlyFile),
    ("json", O::Json),
    ("l", O::Timeout),
    ("listen", O::Listen),
    ("module-path", O::ModulePath),
    ("n", O::NoInit),
    ("nh", O::NoHomeInit),
    ("nowindows", O::Same),
    ("nw", O::Same),
    ("nx", O::NoInit),
    ("p", O::Pid),
    ("pid", O::Pid),
    ("q", O::Quiet),
    ("quiet", O::Quiet),
    ("r", READ_NOW),
    ("readnever", READ_NEVER),
    ("readnow", READ_NOW),
    ("return-child-result", O::ChildResult),
    ("s", O::Symbols),
    ("se", O::Program),
    ("silent", O::Quiet),
    ("statistics", STATISTICS),
    ("symbols", O::Symbols),
    ("t", TTY),
    ("timeout", O::TimeLimit),
    ("tty", TTY),
    ("tui", O::Tui),
    ("version", O::Version),
    ("w", GUI),
    ("windows", GUI),
    ("write", WRITE),
    ("x", O::File),
];

impl Meaning {
    fn takes_value(self) -> bool {
        matches!(
            self,
            O::Annotate
                | O::Baud
                | O::Cd
                | O::Command
                | O::Core
                | O::Directory
                | O::EarlyCommand
                | O::EarlyFile
                | O::EarliestCommand
                | O::EarliestFile
                | O::Exec
                | O::File
                | O::Interpreter
                | O::Listen
                | O::ModulePath
                | O::NoEffectOfValue(_)
                | O::Pid
                | O::Program
                | O::Symbols
                | O::TimeLimit
                | O::Timeout
        )
    }
}

/// The option with this name: exactly, or the only one, or several that mean the same, that start with it.
fn find(name: &str, typed: &str) -> Result<O, Mistake> {
    if let Some((_, option)) = NAMES.iter().find(|(known, _)| *known == name) {
        return Ok(*option);
    }
    let candidates: Vec<&(&str, O)> = NAMES.iter().filter(|(known, _)| known.starts_with(name)).collect();
    match candidates.split_first() {
        None => Err(Mistake::Usage(format!("unrecognized option '{typed}'"))),
        Some(((_, first), rest)) if rest.iter().all(|(_, option)| option == first) => Ok(*first),
        Some(_) => {
            let names: Vec<String> = candidates.iter().map(|(known, _)| format!("'--{known}'")).collect();
            let names = names.join(" ");
            Err(Mistake::Usage(format!("option '{typed}' is ambiguous; possibilities: {names}")))
        }
    }
}

/// Reads the command line, the program's own name left out.
///
/// # Errors
/// What is wrong with it.
pub fn parse(args: impl Iterator<Item = OsString>) -> Result<Request, Mistake> {
    let mut args = args.map(|arg| {
        arg.into_string()
            .map_err(|arg| Mistake::Usage(format!("argument is not UTF-8: {}", arg.to_string_lossy())))
    });
    let mut options = Options::default();
    let mut free = Vec::new();
    let mut program_args = false;
    let mut only_free = false;
    while let Some(arg) = args.next() {
        let arg = arg?;
        // `-args` ends options at the program.
        if only_free || program_args && !free.is_empty() || !arg.starts_with('-') || arg == "-" {
            free.push(arg);
            continue;
        }
        if arg == "--" {
            only_free = true;
            continue;
        }
        let stripped = arg.strip_prefix("--").or_else(|| arg.strip_prefix('-')).unwrap_or(&arg);
        let (name, value) = match stripped.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (stripped, None),
        };
        let typed = &arg[..arg.len() - stripped.len() + name.len()];
        let option = find(name, typed)?;
        let value = match (option.takes_value(), value) {
            (true, Some(value)) => value,
            (true, None) => args
                .next()
                .ok_or_else(|| Mistake::Usage(format!("option '{typed}' requires an argument")))??,
            (false, Some(_)) => {
                return Err(Mistake::Usage(format!("option '{typed}' doesn't allow an argument")));
            }
            (false, None) => String::new(),
        };
        match option {
            O::Help => return Ok(Request::Help),
            O::Version => return Ok(Request::Version),
            O::Args => program_args = true,
            O::Batch => options.batch = true,
            O::BatchSilent => (options.batch, options.silent) = (true, true),
            O::ChildResult => options.child_result = true,
            O::Quiet => options.quiet = true,
            O::NoInit => options.no_init = true,
            O::NoHomeInit => options.no_home_init = true,
            O::GdbInit => options.gdbinit = true,
            O::Cd => options.cd = Some(value),
            O::Directory => options.directories.push(value),
            O::ModulePath => options.module_path.push(value),
            O::EarliestFile => options.earliest.push(Action::File(value)),
            O::EarliestCommand => options.earliest.push(Action::Command(value)),
            O::EarlyFile => options.early.push(Action::File(value)),
            O::EarlyCommand => options.early.push(Action::Command(value)),
            O::File => options.actions.push(Action::File(value)),
            O::Command => options.actions.push(Action::Command(value)),
            O::Symbols => options.symbols = Some(value),
            O::Exec => options.exec = Some(value),
            O::Program => options.program = Some(value),
            O::Core => options.core = Some(value),
            O::Timeout => options.timeout = Some(value),
            O::Annotate => options.annotate = Some(value),
            O::FullName => options.annotate = Some("1".to_owned()),
            O::Listen => options.listen = Some(value),
            O::Baud => options.baud = Some(value),
            O::TimeLimit => options.time_limit = Some(seconds(typed, &value)?),
            O::Same => {}
            O::NoEffect(reason) | O::NoEffectOfValue(reason) => {
                options.without_effect.push(format!("option '{typed}' has no effect: {reason}."));
            }
            O::Interpreter if value == "console" => options.interpreter = Interpreter::Console,
            O::Interpreter if value == "mcp" => options.interpreter = Interpreter::Mcp,
            O::Json => options.interpreter = Interpreter::Json,
            O::Interpreter if value == "dap" => options.interpreter = Interpreter::Dap,
            O::Interpreter if mi_version(&value).is_some() => {
                options.interpreter = mi_version(&value).map_or(Interpreter::Console, Interpreter::Mi);
            }
            O::Interpreter | O::Pid | O::Tui => refuse(option, typed, &value)?,
        }
    }
    if options.listen.is_some() && options.interpreter != Interpreter::Dap {
        return Err(Mistake::Refused("option '--listen' is for editors: add -i=dap".to_owned()));
    }
    if options.time_limit.is_some() && !options.batch {
        let text = "option '--timeout' is for unattended jobs: add --batch";
        return Err(Mistake::Refused(text.to_owned()));
    }
    place(&mut options, free, program_args);
    Ok(Request::Run(Box::new(options)))
}

/// The version of MI that a name of an interpreter stands for.
fn mi_version(name: &str) -> Option<u8> {
    match name {
        // As in gdb 13.
        "mi" | "mi4" => Some(4),
        "mi3" => Some(3),
        "mi2" => Some(2),
        "mi1" => Some(1),
        _ => None,
    }
}

/// Refuses what kdive does not have, with what it has; lets the values pass that ask for what it does anyway.
fn refuse(option: O, typed: &str, value: &str) -> Result<(), Mistake> {
    let instead = match (option, value) {
        (O::Tui, _) | (O::Interpreter, "tui") => {
            "kdive has no windows; a stop shows its source line, \"list\" and \"disassemble\" show more"
                .to_owned()
        }
        (O::Interpreter, name) => format!(
            "kdive has no interpreter \"{name}\", only \"console\", \"dap\", \"mi\" and \"mcp\"; programs can run it with -json"
        ),
        _ => "kdive debugs kernels, it cannot attach to a process".to_owned(),
    };
    Err(Mistake::Refused(format!("option '{typed}': {instead}")))
}

/// A number of seconds, fractions allowed.
fn seconds(typed: &str, value: &str) -> Result<Duration, Mistake> {
    let seconds = value.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.filter(|time| !time.is_zero()).ok_or_else(|| {
        Mistake::Usage(format!("option '{typed}' takes a number of seconds above 0, not '{value}'"))
    })
}

/// The words that are no options: program, core file, and what is too much; or program and its arguments.
fn place(options: &mut Options, free: Vec<String>, program_args: bool) {
    let mut free = free.into_iter();
    if options.program.is_none() {
        options.program = free.next();
    }
    if program_args {
        options.args = Some(free.collect());
        return;
    }
    if options.core.is_none() {
        options.core = free.next();
    }
    options.excess = free.collect();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(line: &[&str]) -> Options {
        match parse(line.iter().map(OsString::from)) {
            Ok(Request::Run(options)) => *options,
            other => panic!("{other:?}"),
        }
    }

    fn error(line: &[&str]) -> String {
        match parse(line.iter().map(OsString::from)) {
            Err(Mistake::Usage(text) | Mistake::Refused(text)) => text,
            Ok(request) => panic!("{request:?}"),
        }
    }

    fn command(text: &str) -> Action {
        Action::Command(text.to_owned())
    }

    #[test]
    fn dashes_prefixes_and_values() {
        let got = options(&[
            "-q",
            "--batch",
            "--ex=p 1",
            "-ex=p 2",
            "--eval-command",
            "p 3",
            "-eval-c",
            "p 4",
            "-x",
            "f",
        ]);
        assert!(got.quiet && got.batch);
        let expected =
            [command("p 1"), command("p 2"), command("p 3"), command("p 4"), Action::File("f".into())];
        assert_eq!(got.actions, expected);
        assert_eq!(options(&["-iex", "a", "-ix", "b", "-init-e", "c"]).early.len(), 3);
        assert_eq!(options(&["-d", "/usr", "--dir=/bin"]).directories, ["/usr", "/bin"]);
        assert_eq!(options(&["-cd", "/tmp", "-l", "5", "-b=9600"]).baud.as_deref(), Some("9600"));
        assert_eq!(options(&["-module-path", "/m", "--mod=/n"]).module_path, ["/m", "/n"]);
        assert_eq!(options(&["-exe", "-ex", "p 1"]).exec.as_deref(), Some("-ex"));
        assert!(
            options(&["-nw", "-nh", "-return-child-result", "-readnow", "-tty", "/dev/null"]).no_home_init
        );
    }

    #[test]
    fn words_that_are_no_options() {
        let got = options(&["-batch", "vmlinux", "core", "a", "b", "-q"]);
        assert_eq!((got.program.as_deref(), got.core.as_deref()), (Some("vmlinux"), Some("core")));
        assert_eq!(got.excess, ["a", "b"]);
        assert!(got.quiet);
        let got = options(&["-ex", "p 1", "--", "-odd"]);
        assert_eq!(got.program.as_deref(), Some("-odd"));
        let got = options(&["-batch", "--args", "prog", "a", "-ex", "c d"]);
        assert_eq!(got.program.as_deref(), Some("prog"));
        assert_eq!(got.args.unwrap(), ["a", "-ex", "c d"]);
        assert!(got.actions.is_empty());
        assert_eq!(options(&["-se", "prog"]).program.as_deref(), Some("prog"));
    }

    #[test]
    fn time_limits() {
        assert_eq!(options(&["-batch", "--timeout", "10"]).time_limit, Some(Duration::from_secs(10)));
        assert_eq!(options(&["-timeout=0.5", "-batch"]).time_limit, Some(Duration::from_millis(500)));
        assert_eq!(options(&["-batch", "-l", "7"]).time_limit, None);
    }

    #[test]
    fn mistakes_in_the_words_of_getopt() {
        assert_eq!(error(&["-foo"]), "unrecognized option '-foo'");
        assert_eq!(error(&["--foo=1"]), "unrecognized option '--foo'");
        assert_eq!(error(&["-e"]), "option '-e' requires an argument");
        assert_eq!(error(&["-q", "-ex"]), "option '-ex' requires an argument");
        assert_eq!(error(&["--batch=1"]), "option '--batch' doesn't allow an argument");
        assert_eq!(
            error(&["-bat", "-ba"]),
            "option '-bat' is ambiguous; possibilities: '--batch' '--batch-silent'"
        );
        assert_eq!(
            error(&["-batch", "-timeout=soon"]),
            "option '-timeout' takes a number of seconds above 0, not 'soon'"
        );
        assert!(error(&["-batch", "--timeout", "-3"]).ends_with("not '-3'"));
        assert!(error(&["--timeout", "3"]).ends_with("add --batch"));
        assert_eq!(error(&["-p", "1"]), "option '-p': kdive debugs kernels, it cannot attach to a process");
    }

    #[test]
    fn what_kdive_does_not_have_is_refused_with_what_it_has() {
        for (line, instead) in [
            (["-tui", "x"], "option '-tui': kdive has no windows; "),
            (
                ["-i=mi5", "x"],
                "option '-i': kdive has no interpreter \"mi5\", only \"console\", \"dap\", \"mi\" and \"mcp\"; ",
            ),
            (["--interpreter", "insight"], "option '--interpreter': kdive has no interpreter \"insight\", "),
            (["-i=tui", "x"], "option '-i': kdive has no windows; "),
            (["-p", "1"], "option '-p': kdive debugs kernels, "),
        ] {
            let text = error(&line);
            assert!(text.starts_with(instead), "{text}");
            assert!(!text.contains('\n'), "one line: {text}");
        }
        assert_eq!(options(&["-i=console", "-nw"]), Options::default());
        assert_eq!(options(&["-annotate=2"]).annotate.as_deref(), Some("2"));
        assert_eq!(options(&["-fullname"]).annotate.as_deref(), Some("1"));
    }

    #[test]
    fn options_without_effect_say_so() {
        let line = ["-write", "-readnow", "-tty", "/dev/null", "--data-directory=/x", "-w", "-statistics"];
        let got = options(&line);
        assert_eq!(got.without_effect.len(), 6);
        assert_eq!(got.without_effect[0], "option '-write' has no effect: program files are only read.");
        assert_eq!(Options { without_effect: Vec::new(), ..got }, Options::default());
    }

    /// The options of `gdb --help`.
    #[test]
    fn every_option_of_gdb_is_known() {
        for name in [
            "args",
            "core",
            "exec",
            "pid",
            "directory",
            "se",
            "symbols",
            "readnow",
            "readnever",
            "write",
            "command",
            "x",
            "init-command",
            "ix",
            "eval-command",
            "ex",
            "init-eval-command",
            "iex",
            "nh",
            "nx",
            "fullname",
            "interpreter",
            "tty",
            "w",
            "nw",
            "tui",
            "q",
            "quiet",
            "silent",
            "batch",
            "batch-silent",
            "return-child-result",
            "configuration",
            "help",
            "version",
            "b",
            "l",
            "cd",
            "data-directory",
            "D",
        ] {
            assert!(NAMES.iter().any(|(known, _)| *known == name), "{name}");
        }
    }

    #[test]
    fn texts() {
        assert_eq!(parse(["-version"].iter().map(OsString::from)), Ok(Request::Version));
        assert_eq!(parse(["-q", "--help"].iter().map(OsString::from)), Ok(Request::Help));
        assert!(HELP.lines().all(|line| line.len() <= 80));
    }

    #[test]
    fn names_are_sorted_and_unique() {
        assert!(NAMES.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
