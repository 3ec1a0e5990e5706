//! Single commands and the prompt, with gdb 13.1's answers.

use super::harness::{Bench, ex, file};
use crate::spec::Needs;

#[test]
fn names_and_abbreviations() {
    for (line, expected) in [
        ("foo", "Undefined command: \"foo\".  Try \"help\".\n"),
        ("foo bar", "Undefined command: \"foo\".  Try \"help\".\n"),
        ("foo-bar 1", "Undefined command: \"foo-bar\".  Try \"help\".\n"),
        ("(1)", "Undefined command: \"\".  Try \"help\".\n"),
        ("$x", "Undefined command: \"$x\".  Try \"help\".\n"),
        ("P 1", "Undefined command: \"P\".  Try \"help\".\n"),
        ("info foo", "Undefined info command: \"foo\".  Try \"help info\".\n"),
        ("i foo bar", "Undefined info command: \"foo bar\".  Try \"help info\".\n"),
        ("info (1)", "Undefined info command: \"(1)\".  Try \"help info\".\n"),
        ("info l", "Ambiguous info command \"l\": line, locals.\n"),
        ("pr 1", "Ambiguous command \"pr 1\": print, printf.\n"),
        ("show foo", "Undefined show command: \"foo\".  Try \"help show\".\n"),
        ("set print foo bar", "Undefined set print command: \"foo bar\".  Try \"help set print\".\n"),
        ("set p=1", "Undefined set print command: \"=1\".  Try \"help set print\".\n"),
        ("set p p on", "Ambiguous set print command \"p on\": pascal_static-members, pretty.\n"),
        ("maint foo", "Undefined maintenance command: \"foo\".  Try \"help maintenance\".\n"),
        ("help foo", "Undefined command: \"foo\".  Try \"help\".\n"),
        ("help info foo", "Undefined info command: \"foo\".  Try \"help info\".\n"),
        ("p/x 16", "$1 = 16\n"),
        ("print/x16", "A syntax error in expression, near `'.\n"),
        ("  p 1", "$1 = 1\n"),
        ("inspect 1", "$1 = 1\n"),
        ("delete 1-3", "delete(1-3)\n"),
        ("d disp 1", "d disp(1)\n"),
        ("# comment", ""),
        ("", ""),
    ] {
        assert_eq!(ex(line), expected, "{line}");
    }
}

#[test]
fn long_lists_of_candidates_are_cut_as_gdb_cuts_them() {
    let mut bench = Bench::new();
    for name in [
        "add-auto-load-safe-path",
        "add-auto-load-scripts-directory",
        "add-inferior",
        "add-symbol-file",
        "add-symbol-file-from-memory",
    ] {
        bench.file(&format!("define {name}\nend\n"));
    }
    assert_eq!(
        bench.ex("add"),
        "Ambiguous command \"add\": add-auto-load-safe-path, add-auto-load-scripts-directory, add-inferior, add-symbol-file...\n"
    );
}

#[test]
fn a_deprecated_name_warns_once() {
    let mut bench = Bench::full();
    bench.ex("maintenance deprecate inspect \"print\"");
    let warning =
        "Warning: 'inspect', an alias for the command 'print', is deprecated.\nUse 'print'.\n\n$1 = 1\n";
    assert_eq!(bench.ex("inspect 1"), warning);
    assert_eq!(bench.ex("inspect 1"), "$2 = 1\n");
    assert_eq!(bench.ex("print 1"), "$3 = 1\n");
    bench.ex("maintenance deprecate set pagination");
    let warning = "Warning: command 'set pagination' is deprecated.\nNo alternative known.\n\n";
    assert_eq!(bench.ex("set pagination off"), warning);
    bench.ex("maintenance deprecate set pagination");
    bench.ex("maintenance undeprecate set pagination");
    assert_eq!(bench.ex("set pagination off"), "");
}

#[test]
fn marks_for_an_editor_stand_around_the_prompt() {
    let mut bench = Bench::new();
    bench.ex("set annotate 2");
    let output = bench.typed("echo a\\n\n", false);
    assert!(
        output.contains(
            "\n\u{1a}\u{1a}pre-prompt\n(kdive) \n\u{1a}\u{1a}prompt\n\n\u{1a}\u{1a}post-prompt\na\n"
        ),
        "{output:?}"
    );
}

#[test]
fn preconditions_are_checked_in_one_place() {
    let mut bench = Bench::new();
    assert_eq!(bench.ex("continue"), "The program is not being run.\n");
    assert_eq!(bench.ex("info registers"), "The program has no registers now.\n");
    assert_eq!(bench.ex("info locals"), "No frame selected.\n");
    *bench.hooks.state.borrow_mut() = Some(Needs::TARGET);
    assert_eq!(bench.ex("continue"), "Selected thread is running.\n");
    *bench.hooks.state.borrow_mut() = Some(Needs::STOPPED);
    assert_eq!(bench.ex("continue"), "");
}

#[test]
fn assignments_and_settings() {
    for (line, expected) in [
        ("set", "Argument required (expression to compute).\n"),
        ("set var", "Argument required (expression to compute).\n"),
        ("set $x=1", ""),
        ("set x=1", "No symbol table is loaded.  Use the \"file\" command.\n"),
        ("set variable x=1", "No symbol table is loaded.  Use the \"file\" command.\n"),
        ("set listsize=3", "Argument must be preceded by space.\n"),
        ("set list=3", "Argument must be preceded by space.\n"),
        ("set print pretty foo", "\"on\" or \"off\" expected.\n"),
        ("set breakpoint pending foo", "\"on\", \"off\" or \"auto\" expected.\n"),
        ("set disassembly-flavor", "Requires an argument. Valid arguments are att, intel.\n"),
        ("set print elements", "Argument required (integer to set it to, or \"unlimited\").\n"),
        ("set print elements foo", "No symbol \"foo\" in current context.\n"),
        ("show confirm foo", "Whether to confirm potentially dangerous operations is on.\n"),
        ("show args", "Argument list to give program being debugged when it is started is \"\".\n"),
    ] {
        assert_eq!(ex(line), expected, "{line}");
    }
    let mut bench = Bench::new();
    assert_eq!(
        bench.all(&["set print elements 2+3", "show print elements", "set p elem 0", "show p elem"]),
        "Limit on string chars or array elements to print is 5.\n\
         Limit on string chars or array elements to print is unlimited.\n"
    );
    assert_eq!(bench.all(&["set prompt a b  ", "show prompt"]), "Gdb's prompt is \"a b  \".\n");
    assert_eq!(
        bench.all(&["set max-value-size 5", "show max-value-size"]),
        "max-value-size set too low, increasing to 16 bytes\nMaximum value size is 16 bytes.\n"
    );
    assert_eq!(
        bench.all(&["set architecture i8086", "show architecture"]),
        "refused\nThe target architecture is set to \"auto\" (currently \"i386:x86-64\").\n"
    );
    assert_eq!(
        bench.all(&[
            "set endian big",
            "show endian",
            "set endian auto",
            "show endian",
            "show language",
            "show osabi"
        ]),
        "kdive reads little-endian targets only.\n\
         The target endianness is set automatically (currently little endian).\n\
         The target endianness is set automatically (currently little endian).\n\
         The target endianness is set automatically (currently little endian).\n\
         The current source language is \"auto; currently c\".\nThe current OS ABI is \"auto\" (currently \"GNU/Linux\").\n\
         The default OS ABI is \"GNU/Linux\".\n"
    );
    assert_eq!(
        bench.all(&[
            "set remote X-packet off",
            "show remote binary-download-packet",
            "show remote noack-packet"
        ]),
        "Support for the `X' packet is currently disabled.\n\
         Support for the `QStartNoAckMode' packet is auto-detected, currently unknown.\n"
    );
    assert_eq!(
        bench.ex("set output-radix 7"),
        "Unsupported output radix ``decimal 7''; output radix unchanged.\n"
    );
    assert_eq!(
        bench.ex("show logging"),
        "logging debugredirect:  off: Debug output will go to both the screen and the log file.\n\
         logging enabled:  off: Logging is disabled.\n\
         logging file:  The current logfile is \"gdb.txt\".\n\
         logging overwrite:  off: Logging appends to the log file.\n\
         logging redirect:  off: Output will go to both the screen and the log file.\n"
    );
}

#[test]
fn settings_without_effect_say_so_when_they_ask_for_something_else() {
    let mut bench = Bench::new();
    let warning = |name: &str| format!("warning: \"set {name}\" has no effect in kdive.\n");
    assert_eq!(bench.ex("set use-deprecated-index-sections on"), warning("use-deprecated-index-sections"));
    assert_eq!(
        bench.ex("set use-deprecated-index-sections on"),
        warning("use-deprecated-index-sections"),
        "each time"
    );
    assert_eq!(bench.ex("set use-deprecated-index-sections off"), "", "what kdive does anyway");
    assert_eq!(
        bench.ex("with use-deprecated-index-sections on -- p 1"),
        warning("use-deprecated-index-sections") + "$1 = 1\n"
    );
    assert_eq!(bench.ex("set auto-load python-scripts off"), "", "and this as well");
    assert_eq!(bench.all(&["set sysroot", "set sysroot /"]), "");
    assert_eq!(bench.ex("set sysroot /srv/root"), warning("sysroot"));
    assert_eq!(
        bench.ex("set stop-on-solib-events 1"),
        "warning: \"set stop-on-solib-events\" has no effect in kdive.  \
         \"catch module\" stops when the kernel loads a module.\n"
    );
    assert_eq!(bench.ex("set stop-on-solib-events 0"), "");
    assert_eq!(
        file("set use-deprecated-index-sections on\np 1\n"),
        warning("use-deprecated-index-sections") + "$1 = 1\n",
        "the script goes on"
    );
    let said =
        bench.all(&["set breakpoint condition-evaluation target", "show breakpoint condition-evaluation"]);
    assert_eq!(
        said,
        "warning: Target does not support breakpoint condition evaluation.\nUsing host evaluation mode instead.\n\
         Breakpoint condition evaluation mode is auto (currently host).\n"
    );
    assert_eq!(bench.ex("set breakpoint condition-evaluation host"), "");
    assert_eq!(
        bench.ex("set multiple-symbols ask"),
        "warning: \"set multiple-symbols ask\" has no effect in kdive: all places are taken.\n"
    );
    assert_eq!(
        bench.ex("set language rust"),
        "warning: expressions are read as C, \"set language rust\" does not change that.\n"
    );
    assert_eq!(bench.ex("set language c"), "");
    assert!(bench.ex("help set use-deprecated-index-sections").contains("It has no effect in kdive."));
}

#[test]
fn one_setting_stands_for_all_breakpoint_packets() {
    let mut bench = Bench::new();
    bench.ex("set remote Z-packet off");
    bench.ex("set remote read-watchpoint-packet auto");
    assert_eq!(
        bench.ex("show remote Z-packet"),
        "Support for the `Z0' packet is currently disabled.\nSupport for the `Z1' packet is currently disabled.\n\
         Support for the `Z2' packet is currently disabled.\n\
         Support for the `Z3' packet is auto-detected, currently unknown.\n\
         Support for the `Z4' packet is currently disabled.\n"
    );
    // One that is never sent is off already.
    assert_eq!(bench.ex("set remote hostio-open-packet off"), "");
    assert_eq!(
        bench.ex("set remote hostio-open-packet on"),
        "warning: \"set remote hostio-open-packet\" has no effect in kdive.\n"
    );
}

#[test]
fn sizes_of_packets_are_numbers_and_how_they_are_meant() {
    let mut bench = Bench::new();
    let show = "show remote memory-read-packet-size";
    let limit = " The actual limit will be further reduced dependent on the target.\n";
    assert_eq!(bench.ex(show), format!("The memory-read-packet-size is 0 (default).{limit}"));
    assert_eq!(
        bench.ex("set remote memory-read-packet-size x"),
        "Invalid memory-read-packet-size (bad syntax).\n"
    );
    assert_eq!(
        bench.ex("set remote memory-read-packet-size"),
        "Argument required (integer, `fixed' or `limited').\n"
    );
    bench.ex("set remote memory-read-packet-size 100");
    assert_eq!(bench.ex(show), format!("The memory-read-packet-size is 100.{limit}"));
    bench.ex("set confirm off");
    bench.ex("set remote memory-read-packet-size fixed");
    assert_eq!(bench.ex(show), "The memory-read-packet-size is 100. Packets are fixed at 100 bytes.\n");
    bench.ex("set remote memory-read-packet-size limit");
    assert_eq!(bench.ex(show), format!("The memory-read-packet-size is 100.{limit}"));
}

#[test]
fn observer_mode_is_several_permissions() {
    let mut bench = Bench::new();
    let permissions = [
        "show observer",
        "show may-write-memory",
        "show may-write-registers",
        "show may-insert-breakpoints",
        "show may-insert-tracepoints",
        "show may-insert-fast-tracepoints",
        "show may-interrupt",
        "show pagination",
        "show non-stop",
    ];
    let mut states = |line: &str| {
        let said = bench.ex(line);
        let text = bench.all(&permissions);
        let states = text.lines().map(|line| {
            let value = line.trim_end_matches(['.', '"', ',']).rsplit(' ').next().unwrap();
            if line.contains("without effect") { "?" } else { value }.to_owned()
        });
        format!("{said}{}", states.collect::<Vec<_>>().join(" "))
    };
    assert_eq!(states("set observer on"), "on off off off off on off off ?");
    assert_eq!(
        states("set may-write-memory on"),
        "on on off off off on off off ?",
        "as in gdb it does not count"
    );
    assert_eq!(states("set may-interrupt on"), "Observer mode is now off.\noff on off off off on on off ?");
    assert_eq!(states("set may-interrupt off"), "Observer mode is now on.\non on off off off on off off ?");
    assert_eq!(states("set observer off"), "off on on on on on on off ?", "what was not a permission stays");
}

#[test]
fn substitute_path() {
    let mut bench = Bench::new();
    assert_eq!(
        bench.all(&[
            "set substitute-path /a /b",
            "set substitute-path /c/ /d",
            "show substitute-path",
            "show substitute-path /a/x",
            "show substitute-path /ax",
            "unset substitute-path /zzz",
            "unset substitute-path /a",
            "set substitute-path /c",
            "unset substitute-path",
            "show substitute-path",
        ]),
        "List of all source path substitution rules:\n  `/a' -> `/b'.\n  `/c' -> `/d'.\n\
         Source path substitution rule matching `/a/x':\n  `/a' -> `/b'.\n\
         Source path substitution rule matching `/ax':\n\
         No substitution rule defined for `/zzz'\n\
         Incorrect usage, too few arguments in command\n\
         Delete all source path substitution rules? (y or n) [answered Y; input not from terminal]\n\
         List of all source path substitution rules:\n"
    );
}

#[test]
fn source_directories() {
    let mut bench = Bench::new();
    assert_eq!(
        bench.all(&[
            "directory /nonexistent-1 /",
            "show directories",
            "set directories /:/",
            "show directories",
            "directory",
            "show directories"
        ]),
        "Warning: /nonexistent-1: No such file or directory.\n\
         Source directories searched: /nonexistent-1:/:$cdir:$cwd\n\
         Source directories searched: /:$cdir:$cwd\n\
         Source directories searched: $cdir:$cwd\n"
    );
}

#[test]
fn with_changes_a_setting_for_one_command() {
    let mut bench = Bench::new();
    assert_eq!(
        bench.all(&["with print elements 3 -- show print elements", "show print elements"]),
        "Limit on string chars or array elements to print is 3.\nLimit on string chars or array elements to print is 200.\n"
    );
    assert_eq!(
        bench.all(&["with p pre on -- foo", "show print pretty"]),
        "Undefined command: \"foo\".  Try \"help\".\nPretty formatting of structures is off.\n"
    );
    assert_eq!(bench.ex("with"), "Missing arguments.\n");
    assert_eq!(bench.ex("with foo"), "No previous command to relaunch\n");
}

#[test]
fn aliases() {
    let mut bench = Bench::new();
    assert_eq!(
        bench.all(&["alias foo = print", "foo 1", "alias foo = list", "alias p=print"]),
        "$1 = 1\nAlias already exists: foo\nAlias already exists: p\n"
    );
    assert_eq!(bench.ex("alias"), "Usage: alias [-a] [--] ALIAS = COMMAND [DEFAULT-ARGS...]\n");
    assert_eq!(bench.ex("alias foo=bar"), "Undefined command: \"bar\".  Try \"help\".\n");
    assert_eq!(bench.ex("alias a b = info line"), "ALIAS and COMMAND prefixes do not match.\n");
    assert_eq!(
        bench.ex("alias set pp = set print pretty"),
        "Mismatched command length between ALIAS and COMMAND.\n"
    );
    assert_eq!(
        bench.all(&["alias plus = print 40 +", "plus 2", "alias plusplus = plus 2 +", "plusplus 3"]),
        "$2 = 42\n$3 = 45\n"
    );
    assert_eq!(
        bench.all(&["alias set sp = set print", "set sp elem 4", "show print elements", "show sp"]),
        "Limit on string chars or array elements to print is 4.\nUndefined show command: \"sp\".  Try \"help show\".\n"
    );
    assert_eq!(bench.all(&["alias dd = info", "dd l"]), "Ambiguous info command \"l\": line, locals.\n");
}

#[test]
fn other_programs() {
    let mut bench = Bench::new();
    assert_eq!(
        bench.all(&["shell exit 3", "p $_shell_exitcode", "!true", "p $_shell_exitcode"]),
        "$1 = 3\n$2 = 0\n"
    );
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let path = out.display();
    assert_eq!(bench.ex(&format!("pipe echo a|tr a-z A-Z > {path}")), "");
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "A");
    assert_eq!(bench.ex(&format!("| -d @@ echo x|y @@ cat > {path}")), "");
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "x|y");
    assert_eq!(bench.all(&["pipe p 1 | false", "p $_shell_exitcode"]), "$4 = 1\n");
    for (line, expected) in [
        ("pipe", "Missing COMMAND\n"),
        ("pipe p 1", "Missing delimiter before SHELL_COMMAND\n"),
        ("pipe p 1 |", "Missing SHELL_COMMAND\n"),
        ("pipe foo | cat", "Undefined command: \"foo\".  Try \"help\".\n"),
        ("| -dX p 5 X cat", "Missing delimiter before SHELL_COMMAND\n"),
    ] {
        assert_eq!(bench.ex(line), expected, "{line}");
    }
}

#[test]
fn texts() {
    assert_eq!(ex("echo a\\tb"), "a\tb");
    assert_eq!(ex("echo \"a\"\\n"), "\"a\"\n");
    assert_eq!(ex("echo a   \\"), "a   ");
    assert_eq!(ex("printf"), "Argument required (format-control string and values to print).\n");
    assert_eq!(ex("printf \"%d\\n\", 1+2"), "3\n");
    assert_eq!(ex("eval \"p %d\", 3"), "$1 = 3\n");
    assert_eq!(ex("eval \"echo %d\n\", 3"), "3\n");
    assert_eq!(ex("p $_gdb_major"), "$1 = 13\n");
    let left_out = "kdive has no Python, so this is left out; \"help linux\" lists what kdive knows of the kernel by itself.\n";
    assert_eq!(ex("python print(1)"), format!("python: {left_out}"));
    assert_eq!(file("python\nprint(1)\nend\np 1\n"), format!("python: {left_out}$1 = 1\n"));
    assert_eq!(ex("pwd foo"), "The \"pwd\" command does not take an argument: foo\n");
    assert_eq!(ex("cd /nonexistent-2"), "/nonexistent-2: No such file or directory.\n");
    assert_eq!(ex("source"), "source command requires file name of file to source.\n");
    assert_eq!(ex("source nofile"), "warning: nofile: No such file or directory\n");
    assert_eq!(ex("apropos"), "REGEXP string is empty\n");
    assert_eq!(ex("show user print"), "Not a user command.\n");
}

#[test]
fn logging() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l.txt");
    let mut bench = Bench::new();
    let set = format!("set logging file {}", path.display());
    let said = bench.all(&[
        &set,
        "set logging enabled on",
        "p 1",
        "foo",
        "set logging enabled on",
        "set logging enabled off",
        "p 2",
    ]);
    let already = format!("Already logging to {}.\n", path.display());
    let undefined = "Undefined command: \"foo\".  Try \"help\".\n";
    assert_eq!(said, format!("$1 = 1\n{undefined}{already}$2 = 2\n"));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("$1 = 1\n{undefined}{already}"));
    assert_eq!(
        bench.all(&[
            "set logging redirect on",
            "set logging overwrite on",
            "set logging enabled on",
            "p 3",
            "set logging enabled off"
        ]),
        ""
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "$3 = 3\n");
    assert_eq!(
        bench.ex("set logging off"),
        "Warning: 'set logging off', an alias for the command 'set logging enabled', is deprecated.\nUse 'set logging enabled off'.\n\n"
    );
    let bad =
        bench.all(&["set logging file /nonexistent-3/x", "set logging enabled on", "show logging enabled"]);
    assert_eq!(bad, "set logging: /nonexistent-3/x: No such file or directory.\noff: Logging is disabled.\n");
}

#[test]
fn piped_input_is_prompted_as_in_gdb() {
    let mut bench = Bench::new();
    assert_eq!(
        bench.typed("p 1\n\np 2\n", false),
        "(kdive) $1 = 1\n(kdive) $2 = 1\n(kdive) $3 = 2\n(kdive) [exit 0]"
    );
    assert_eq!(
        Bench::new().typed("if 1\np 1\nelse\np 2\nend\np 3\n", false),
        "(kdive)  > > > >$1 = 1\n(kdive) $2 = 3\n(kdive) [exit 0]"
    );
    assert_eq!(
        Bench::new().typed("while 1\nif 1\nloop_break\nend\nend\np 5\n", false),
        "(kdive)  >  >  > >(kdive) $1 = 5\n(kdive) [exit 0]"
    );
    assert_eq!(
        Bench::new().typed("define foo\np 1\nend\nfoo\n\nfoo2\nquit 4\np 2\n", false),
        "(kdive) >>(kdive) $1 = 1\n(kdive) $2 = 1\n(kdive) Undefined command: \"foo2\".  Try \"help\".\n(kdive) [exit 4]"
    );
    assert_eq!(Bench::new().typed("p 1 \\\n+2\n", false), "(kdive) $1 = 3\n(kdive) [exit 0]");
    assert_eq!(
        Bench::new().typed("source nofile\n", false),
        "(kdive) nofile: No such file or directory.\n(kdive) [exit 0]"
    );
    assert_eq!(Bench::new().typed("if 1\np 1\n", false), "(kdive)  > >$1 = 1\n(kdive) [exit 0]");
}

#[test]
fn an_empty_line_repeats_as_the_command_wants() {
    assert_eq!(
        Bench::new().typed("list 5,10\n\n\n", false),
        "(kdive) list(5,10)\n(kdive) list() again\n(kdive) list() again\n(kdive) [exit 0]"
    );
    assert_eq!(
        Bench::new().typed("\ndetach\n\np 1\n", false),
        "(kdive) (kdive) detach()\n(kdive) (kdive) $1 = 1\n(kdive) [exit 0]"
    );
    assert_eq!(
        Bench::new().typed("define foo\ndont-repeat\np 1\nend\nfoo\n\n", false),
        "(kdive) >>>(kdive) $1 = 1\n(kdive) (kdive) [exit 0]"
    );
    assert_eq!(
        Bench::new().typed("p 1\nwith listsize 5\n", false),
        "(kdive) $1 = 1\n(kdive) $2 = 1\n(kdive) [exit 0]"
    );
}

#[test]
fn a_terminal_is_asked() {
    let mut bench = Bench::new();
    assert_eq!(
        bench.typed("define print\nperhaps\nn\np 1\n^C\np 2\n", true),
        "(kdive) define print\nReally redefine built-in command \"print\"? (y or n) perhaps\nPlease answer y or n.\n\
         Really redefine built-in command \"print\"? (y or n) n\nCommand \"print\" not redefined.\n\
         (kdive) p 1\n$1 = 1\n(kdive) Quit\n(kdive) p 2\n$2 = 2\n(kdive) quit\n[exit 0]"
    );
    assert_eq!(
        Bench::new().typed("define foo\np 1\nend\nshow commands\nquit\n", true),
        "(kdive) define foo\nType commands for definition of \"foo\".\nEnd with a line saying just \"end\".\n>p 1\n>end\n\
         (kdive) show commands\n    1  define foo\n    2  p 1\n    3  end\n    4  show commands\n(kdive) quit\n[exit 0]"
    );
    assert_eq!(
        Bench::new().typed("define print\n^C\nif 1\n^C\np 1\nquit\n", true),
        "(kdive) define print\nReally redefine built-in command \"print\"? (y or n) Quit\n(kdive) if 1\n >Quit\n\
         (kdive) p 1\n$1 = 1\n(kdive) quit\n[exit 0]"
    );
}

#[test]
fn enough_seen_ends_the_command() {
    use crate::output::{Flow, Sink, Stream, Style};
    struct Short(crate::output::Transcript, usize);
    impl Sink for Short {
        fn write(&mut self, stream: Stream, style: Style, bytes: &[u8]) -> Flow {
            self.0.write(stream, style, bytes);
            self.1 += 1;
            if stream == Stream::Out && self.1 == 3 { Flow::Quit } else { Flow::Go }
        }
    }
    let mut bench = Bench::new();
    bench.shell.out = crate::Output::new(Box::new(Short(bench.transcript.clone(), 0)));
    bench.shell.out.watch(&bench.shell.interrupt.clone());
    assert_eq!(
        bench.typed("echo 1\nif 1\necho 2\necho 3\necho 4\necho 5\nend\np 1\n", false),
        "(kdive) 1(kdive)  > > > > >23Quit\n(kdive) $1 = 1\n(kdive) [exit 0]"
    );
}

#[test]
fn leaving_an_active_session_is_confirmed() {
    let mut bench = Bench::new();
    let asked = "A debugging session is active.\n\n\tInferior 1 [process 1] will be detached.\n\nQuit anyway";
    *bench.hooks.quit_question.borrow_mut() = Some(asked.into());
    let question = format!("{asked}? (y or n) ");
    assert_eq!(bench.typed("q\n", true), format!("(kdive) q\n{question}EOF [assumed Y]\n[exit 0]"));
    assert_eq!(
        bench.typed("quit\nn\nq\ny\n", true),
        "(kdive) quit\nA debugging session is active.\n\n\tInferior 1 [process 1] will be detached.\n\nQuit anyway? (y or n) n\n\
         Not confirmed.\n(kdive) q\nA debugging session is active.\n\n\tInferior 1 [process 1] will be detached.\n\nQuit anyway? (y or n) y\n[exit 0]"
    );
}

#[test]
fn help_in_all_its_forms() {
    let classes = ex("help");
    assert!(classes.starts_with("List of classes of commands:\n\naliases -- "), "{classes}");
    assert!(
        classes.contains("\nbreakpoints -- Stopping the program where it is of interest.\n"),
        "{classes}"
    );
    assert!(
        ex("help p").starts_with("print, inspect, p\nPrint the value of an expression.\n"),
        "{}",
        ex("help p")
    );
    assert!(ex("help user-defined").contains("List of commands:\n"));
    assert!(ex("help data").contains("\nprint, inspect, p -- Print the value of an expression.\n"));
    assert!(ex("info").starts_with("List of info subcommands:\n\ninfo line -- Lines.\n"), "{}", ex("info"));
    assert!(
        ex("set history")
            .contains("\nset history save -- Set whether the commands typed are kept in a file.\n")
    );
    assert!(
        ex("help set print").contains("List of set print subcommands:\n\nset print address -- Set whether")
    );
    assert!(ex("help set disassembly-flavor").ends_with("Values: att, intel.\n"));
    assert!(ex("help all").contains("\nCommand class: data\n\n"));
    let apropos = ex("apropos disassembly-fl");
    assert_eq!(
        apropos,
        "apropos -- Search the manuals of all commands and settings.\n\
         set disassembly-flavor -- Set the syntax of disassembled x86 instructions.\n\
         show disassembly-flavor -- Show the syntax of disassembled x86 instructions.\n"
            .trim_start_matches("apropos -- Search the manuals of all commands and settings.\n")
    );
    let mut bench = Bench::new();
    bench.file("define foo\nend\ndocument foo\nFoo it.\nSecond.\nend\n");
    assert!(bench.ex("help user-defined").contains("\nfoo -- Foo it.\n"));
    assert_eq!(bench.ex("apropos foo it"), "foo -- Foo it.\n");
    bench.ex("alias fooo = foo 1");
    assert_eq!(bench.ex("help foo"), "foo, fooo\n  alias fooo = foo 1\nFoo it.\nSecond.\n");
}

#[test]
fn completion() {
    let mut bench = Bench::new();
    for (line, expected) in [
        ("complete info l", "info line\ninfo locals\n"),
        ("complete set confirm ", "set confirm off\nset confirm on\n"),
        ("complete set disassembly-flavor i", "set disassembly-flavor intel\n"),
        ("complete show conf", "show confirm\n"),
        ("complete foo", ""),
        ("complete p", "pipe\nprint\nprintf\nptype\npwd\npython\npython-interactive\n"),
        ("complete i", "if\ninfo\ninspect\n"),
        ("complete é", ""),
        ("complete p é", ""),
        ("complete help info li", "help info line\n"),
        ("complete set print ele", "set print elements\n"),
        ("complete p ini", "p init_mm\np init_task\n"),
        ("complete p/x init_t", "p/x init_task\n"),
        ("complete p/x init_task->p", "p/x init_task->pid\n"),
        ("complete b start", "b start_kernel\n"),
        ("complete with print ele", "with print elements\n"),
        (
            "complete with print pretty on -- info l",
            "with print pretty on -- info line\nwith print pretty on -- info locals\n",
        ),
        (
            "complete set breakpoint pending ",
            "set breakpoint pending auto\nset breakpoint pending off\nset breakpoint pending on\n",
        ),
        ("complete ptype struct ta", "ptype struct task_struct\n"),
        ("complete delete d", "delete display\n"),
        ("complete pipe info l", "pipe info line\npipe info locals\n"),
    ] {
        assert_eq!(bench.ex(line), expected, "{line}");
    }
    bench.ex("set max-completions 1");
    assert_eq!(
        bench.ex("complete info l"),
        "info line\ninfo l *** List may be truncated, max-completions reached. ***\n"
    );
    bench.ex("set max-completions 0");
    assert_eq!(bench.ex("complete info l"), "max-completions is zero, completion is disabled.\n");
    assert_eq!(bench.shell.complete("info l").words, Vec::<String>::new());
    bench.ex("set max-completions 200");
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("sub")).unwrap();
    std::fs::write(dir.path().join("some.gdb"), "").unwrap();
    let path = dir.path().display().to_string();
    let words = bench.shell.complete(&format!("source {path}/s")).words;
    assert_eq!(words, [format!("{path}/some.gdb"), format!("{path}/sub/")]);
    assert_eq!(bench.shell.complete(&format!("cd {path}/s")).words, [format!("{path}/sub/")]);
    assert_eq!(bench.shell.complete("info").words, ["info"]);
}
