//! Command files. Expected texts are what gdb 13.1 prints for the same file, with `(kdive) ` for its prompt.

use super::harness::{Bench, ex, file};

#[test]
fn the_first_error_ends_a_file() {
    assert_eq!(
        file("p 1\nfoo\np 2\n"),
        "$1 = 1\nf.gdb:2: Error in sourced command file:\nUndefined command: \"foo\".  Try \"help\".\n"
    );
}

#[test]
fn errors_name_every_file_on_the_way() {
    let dir = tempfile::tempdir().unwrap();
    let inner = dir.path().join("bad.gdb");
    std::fs::write(&inner, "p 1\nfoo\n").unwrap();
    let inner = inner.display();
    assert_eq!(
        file(&format!("# outer\nsource {inner}\np 3\n")),
        format!(
            "$1 = 1\nf.gdb:2: Error in sourced command file:\n{inner}:2: Error in sourced command file:\n\
             Undefined command: \"foo\".  Try \"help\".\n"
        )
    );
}

#[test]
fn blocks_end_where_the_file_does() {
    assert_eq!(file("if 1\np 1\nelse\np 2\n"), "$1 = 1\n");
    assert_eq!(file("define foo\n p 1\n"), "");
}

#[test]
fn words_out_of_place() {
    for (text, expected) in [
        (
            "p 1\nend\np 2\n",
            "$1 = 1\nf.gdb:2: Error in sourced command file:\nThis command cannot be used at the top level.\n",
        ),
        (
            "p 1\nelse\np 2\n",
            "$1 = 1\nf.gdb:2: Error in sourced command file:\nUndefined command: \"else\".  Try \"help\".\n",
        ),
        (
            "if 1\np 1\nelse\np 2\nelse\np 3\nend\n",
            "warning: Error reading in canned sequence of commands.\n$1 = 3\n\
             f.gdb:7: Error in sourced command file:\nThis command cannot be used at the top level.\n",
        ),
        (
            "while 1\np 1\nelse\np 2\nend\n",
            "warning: Error reading in canned sequence of commands.\n$1 = 2\n\
             f.gdb:5: Error in sourced command file:\nThis command cannot be used at the top level.\n",
        ),
        (
            "p 1\nloop_break\n",
            "$1 = 1\nf.gdb:2: Error in sourced command file:\nUndefined command: \"loop_break\".  Try \"help\".\n",
        ),
        (
            "while 1\nloop_break foo\nend\n",
            "f.gdb:3: Error in sourced command file:\nUndefined command: \"loop_break\".  Try \"help\".\n",
        ),
        ("if 1\nloop_break\nend\n", ""),
        ("if\np 1\nend\n", "f.gdb:1: Error in sourced command file:\nif command requires an argument.\n"),
        (
            "if 1\nwhile\np 1\nend\nend\n",
            "f.gdb:2: Error in sourced command file:\nwhile command requires an argument.\n",
        ),
        (
            "if 1+\np 1\nend\n",
            "f.gdb:3: Error in sourced command file:\nA syntax error in expression, near `'.\n",
        ),
        (
            "if 1\np 1\nfoo\np 2\nend\n",
            "$1 = 1\nf.gdb:5: Error in sourced command file:\nUndefined command: \"foo\".  Try \"help\".\n",
        ),
    ] {
        assert_eq!(file(text), expected, "{text}");
    }
}

#[test]
fn loops() {
    assert_eq!(
        file(
            "set $i=0\nwhile $i<5\nif $i==1\nset $i=$i+1\nloop_continue\nend\nif $i == 3\nloop_break\nend\np $i\nset $i=$i+1\nend\n"
        ),
        "$1 = 0\n$2 = 2\n"
    );
    assert_eq!(
        file(
            "set $n=0\nwhile $n<2\n  set $m=0\n  while $m<2\n p $n*10+$m\n set $m=$m+1\nend\nset $n=$n+1\nend\n"
        ),
        "$1 = 0\n$2 = 1\n$3 = 10\n$4 = 11\n"
    );
    assert_eq!(file("if (1)\np 1\nend\nif(1)\np 2\nend\nwhile(0)\nend\n"), "$1 = 1\n$2 = 2\n");
    assert_eq!(file("while 0\np 1\nend\nif 0\np 1\nelse\nif 1\np 7\nend\nend\n"), "$1 = 7\n");
}

#[test]
fn user_commands_and_their_arguments() {
    assert_eq!(
        file("define foo\np $arg0\nif $argc == 2\np $arg1\nelse\nfoo 8 9\nend\nend\nfoo 1\n"),
        "$1 = 1\n$2 = 8\n$3 = 9\n"
    );
    assert_eq!(
        file("define foo\necho $argc:$arg0:$arg9\\n\nend\nfoo 1\n"),
        "f.gdb:4: Error in sourced command file:\nMissing argument 9 in user function.\n"
    );
    assert_eq!(
        file("define foo\np 1 \\\n+ 1\nend\nfoo\nshow user foo\n"),
        "$1 = 2\nUser command \"foo\":\n  p 1 + 1\n\n"
    );
    assert_eq!(
        file("define foo\np 1\nelse\np 2\nend\nfoo\n"),
        "$1 = 2\nf.gdb:5: Error in sourced command file:\nThis command cannot be used at the top level.\n"
    );
    assert_eq!(
        file("if 1 # c\np 1\nend # c\n"),
        "f.gdb:4: Error in sourced command file:\nNo symbol \"1 # c\" in current context.\n"
    );
    assert_eq!(file("define foo\nend\nfoo\nshow user foo\n"), "User command \"foo\":\n");
    assert_eq!(
        file(
            "define outer\ndefine inner\np $argc\nend\ndocument inner\nInner doc.\nend\nend\nouter\ninner 1 2\nhelp inner\n"
        ),
        // The body was text when `outer` ran: its own count of arguments is in it.
        "$1 = 2\nInner doc.\n"
    );
}

#[test]
fn recursion_is_bounded() {
    // As deep as gdb allows needs more stack than a test thread has.
    let run = || {
        file(
            "set max-user-call-depth 3\ndefine foo\nbar\nend\ndefine bar\nbaz\nend\ndefine baz\nqux\nend\ndefine qux\np 1\nend\nbaz\nbar\nfoo\n",
        )
    };
    assert_eq!(
        run(),
        "$1 = 1\n$2 = 1\nf.gdb:16: Error in sourced command file:\nMax user call depth exceeded -- command aborted.\n"
    );
    let deep = || file("define foo\nif 1\nfoo\nend\nend\nfoo\nset max-user-call-depth unlimited\nfoo\n");
    let deep = std::thread::Builder::new().stack_size(256 << 20).spawn(deep).unwrap().join().unwrap();
    assert_eq!(
        deep,
        "f.gdb:6: Error in sourced command file:\nMax user call depth exceeded -- command aborted.\n"
    );
}

#[test]
fn nothing_a_file_contains_overflows_the_stack() {
    let run = || {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("loop.gdb");
        let name = path.display().to_string();
        std::fs::write(&path, format!("source {name}\n")).unwrap();
        let text = ex(&format!("source {name}"));
        assert!(text.ends_with("command files nested too deep (does one source itself?)\n"), "{text}");
        let with = ex(&format!("{}p 1", "with listsize 1 -- ".repeat(20_000)));
        assert_eq!(with, "Max user call depth exceeded -- command aborted.\n");
        assert_eq!(
            file(&"if 1\n".repeat(1000)),
            "f.gdb:254: Error in sourced command file:\nControl nesting too deep!\n"
        );
    };
    std::thread::Builder::new().stack_size(256 << 20).spawn(run).unwrap().join().unwrap();
}

#[test]
fn hooks_run_around_commands() {
    assert_eq!(
        file(
            "define hook-echo\nprintf \"<\"\nend\ndefine hookpost-echo\nprintf \">\"\nend\necho hi\necho ho\np 1\n"
        ),
        "<hi><ho>$1 = 1\n"
    );
    assert_eq!(
        file("define hook-echo\nbad\nend\necho hi\np 1\n"),
        "f.gdb:4: Error in sourced command file:\nUndefined command: \"bad\".  Try \"help\".\n"
    );
    // A hook for a command that is defined later never runs, in gdb neither.
    assert_eq!(
        file("define hook-foo\np 0\nend\ndefine foo\np 1\nend\nfoo\n"),
        "warning: Your new `hook-foo' command does not hook any existing command.\n\
         Proceed? (y or n) [answered Y; input not from terminal]\n$1 = 1\n"
    );
    assert_eq!(file("define hook-echo\necho [\nend\necho x\\n\n"), "[x\n");
    let mut bench = Bench::new();
    bench.file("define hook-stop\necho stop\\n\nend\n");
    bench.transcript.clear();
    bench.shell.run_stop_hook().unwrap();
    assert_eq!(bench.transcript.text(), "stop\n");
}

#[test]
fn definitions_and_documents() {
    assert_eq!(
        file("define foo\np 1\nend\ndefine foo\np 2\nend\nfoo\n"),
        "Redefine command \"foo\"? (y or n) [answered Y; input not from terminal]\n$1 = 2\n"
    );
    assert_eq!(
        file("define print\nend\n"),
        "Really redefine built-in command \"print\"? (y or n) [answered Y; input not from terminal]\n"
    );
    assert_eq!(file("set confirm off\ndefine foo\nend\ndefine foo\np 3\nend\nfoo\n"), "$1 = 3\n");
    assert_eq!(file("define foo\nend\ndocument foo\n  ind\n\n# hash\nend\nhelp foo\n"), "  ind\n\n# hash\n");
    assert_eq!(
        file("document foo\n"),
        "f.gdb:1: Error in sourced command file:\nUndefined command: \"foo\".\n"
    );
    assert_eq!(
        file("document print\n"),
        "f.gdb:1: Error in sourced command file:\nCommand \"print\" is built-in.\n"
    );
    assert_eq!(
        file("document\n"),
        "f.gdb:1: Error in sourced command file:\nArgument required (name of command to define).\n"
    );
    assert_eq!(
        file("define foo$\nend\n"),
        "f.gdb:1: Error in sourced command file:\nJunk in argument list: \"$\"\n"
    );
    assert_eq!(
        file("define abc def\np 12\nend\n"),
        "f.gdb:1: Error in sourced command file:\nUndefined command: \"abc\".  Try \"help\".\n"
    );
    assert_eq!(
        file("define info foo bar\n"),
        "f.gdb:1: Error in sourced command file:\nUndefined info command: \"foo\".  Try \"help info\".\n"
    );
    assert_eq!(
        file("define-prefix abc\ndefine abc def\np 12\nend\nabc def\nabc xyz\n"),
        "$1 = 12\nf.gdb:6: Error in sourced command file:\nUndefined abc command: \"xyz\".  Try \"help abc\".\n"
    );
    assert_eq!(
        file("define set foo\np 12\nend\nset foo\ndefine info foo\np 1\nend\ninfo foo\n"),
        "$1 = 12\n$2 = 1\n"
    );
    assert_eq!(file("define a-b_c.d\np 1\nend\na-b_c.d\na-b\n"), "$1 = 1\n$2 = 1\n");
}

#[test]
fn blocks_of_commands_keep_gdbs_shape() {
    assert_eq!(
        file("commands\n  silent\n  if 1\n      p 1\n  else\n p 2\n end\n python\n  x=1\n end\nend\np 1\n"),
        "        silent\n        if 1\n          p 1\n        else\n          p 2\n        end\n        python\n  x=1\n        \
         end\n$1 = 1\n"
    );
    // The body inside another block was read with it.
    assert_eq!(file("if 1\ncommands\nsilent\nend\nend\np 1\n"), "        silent\n$1 = 1\n");
    let shell = Bench::new().shell;
    let kept = ["silent".to_owned(), "if $x".to_owned(), "  p 1".to_owned(), "end".to_owned()];
    assert_eq!(shell.parse_lines(&kept).unwrap().render(0), kept);
}

#[test]
fn comments_blanks_and_ends_of_lines() {
    assert_eq!(file("echo hi\\n   \n  \t echo ho\\n\n\n\r\np 1\r\n"), "hi\nho\n$1 = 1\n");
    assert_eq!(file("p 1 \\\n+ 2\n  # comment\n\n\necho a\\\nb\\n\n#foo\np 7\n"), "$1 = 3\nab\n$2 = 7\n");
    assert_eq!(file("# comment \\\np 1\np 2\n"), "$1 = 2\n");
    assert_eq!(
        file("\u{feff}p 1\n"),
        "f.gdb:1: Error in sourced command file:\nUndefined command: \"\".  Try \"help\".\n"
    );
    assert_eq!(
        file("echo  lead\\n\necho   trail   \\n\necho trail   \\\n\necho\np 1\n"),
        "lead\ntrail   \ntrail$1 = 1\n"
    );
}

#[test]
fn leaving_ends_everything() {
    assert_eq!(file("p 1\nquit 7\np 2\n"), "$1 = 1\n[exit 7]");
    assert_eq!(file("define foo\nquit 7\nend\nif 1\nfoo\nend\np 2\n"), "[exit 7]");
}

#[test]
fn tracing() {
    assert_eq!(
        file(
            "set trace-commands on\ndefine foo\nif $argc\np $arg0\nend\nend\nfoo 1\nwhile 0\nend\nset trace-commands off\np 1\n"
        ),
        "+define foo\n+foo 1\n++if $argc\n+++p 1\n$1 = 1\n+while 0\n+set trace-commands off\n$2 = 1\n"
    );
}

#[test]
fn an_endless_loop_ends_on_interrupt() {
    let mut bench = Bench::new();
    let interrupt = bench.shell.interrupt.clone();
    let flag = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(50));
        interrupt.raise();
    });
    assert_eq!(bench.file("while 1\nend\np 1\n"), "Quit\n");
    flag.join().unwrap();
}
