//! The process: options, order of things, files that run at start, exit status, both streams. What is expected is what
//! gdb 13.1 does for the same options, unless a test says otherwise.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// A home directory of its own, and the current directory in it.
pub(crate) struct Place {
    dir: tempfile::TempDir,
}

pub(crate) struct Outcome {
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) status: i32,
}

impl Place {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("work")).unwrap();
        Self { dir }
    }

    pub(crate) fn home(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a file; relative names are in the current directory.
    pub(crate) fn file(&self, name: &str, text: &str) -> &Self {
        let path = self.home().join("work").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kdive"));
        command.current_dir(self.home().join("work")).env("HOME", self.home()).env("TERM", "dumb");
        for name in ["XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"] {
            command.env_remove(name);
        }
        command
    }

    pub(crate) fn run(&self, args: &[&str], input: &str) -> Outcome {
        let mut child = self
            .command()
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A process that does not read its input is none of this test's business.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        Outcome {
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
            status: output.status.code().unwrap(),
        }
    }

    #[track_caller]
    pub(crate) fn check(&self, args: &[&str], out: &str, err: &str, status: i32) {
        let got = self.run(args, "");
        assert_eq!((got.out.as_str(), got.err.as_str(), got.status), (out, err, status), "{args:?}");
    }
}

const UNDEFINED: &str = "Undefined command: \"foo\".  Try \"help\".\n";

#[test]
fn a_failing_line_ends_its_file_and_the_last_failure_is_the_status() {
    let place = Place::new();
    place
        .file("bad.gdb", "echo one\\n\nfoo\necho two\\n\n")
        .file("outer.gdb", "source bad.gdb\necho three\\n\n");
    let in_bad = format!("bad.gdb:2: Error in sourced command file:\n{UNDEFINED}");
    let in_outer = format!("outer.gdb:1: Error in sourced command file:\n{in_bad}");
    place.check(&["-nx", "-batch", "-x", "bad.gdb"], "one\n", &in_bad, 1);
    place.check(&["-nx", "-batch", "-x", "outer.gdb"], "one\n", &in_outer, 1);
    place.check(&["-nx", "-batch", "-x", "bad.gdb", "-ex", "echo after\\n"], "one\nafter\n", &in_bad, 0);
    place.check(&["-nx", "-batch", "-ex", "foo", "-ex", "echo after\\n"], "after\n", UNDEFINED, 0);
    place.check(&["-nx", "-batch", "-ex", "echo before\\n", "-ex", "foo"], "before\n", UNDEFINED, 1);
    place.check(&["-nx", "-batch", "-ex", "quit 7", "-ex", "echo after\\n"], "", "", 7);
}

#[test]
fn a_missing_command_file_is_a_failure() {
    let place = Place::new();
    let warning = "warning: none.gdb: No such file or directory\n";
    // gdb leaves with 0 here.
    place.check(&["-nx", "-batch", "-x", "none.gdb"], "", warning, 1);
    place.check(&["-nx", "-batch", "-x", "none.gdb", "-ex", "echo on\\n"], "on\n", warning, 0);
}

#[test]
fn a_file_that_is_not_there_is_not_made_up_for() {
    let place = Place::new();
    let missing = "nosuchfile: No such file or directory.\n";
    // gdb leaves with 0 here.
    place.check(&["-nx", "-batch", "nosuchfile", "-ex", "p 1"], "$1 = 1\n", missing, 1);
    place.check(&["-nx", "-batch", "-s", "nosuchfile", "-ex", "p 1"], "$1 = 1\n", missing, 1);
}

#[test]
fn a_job_has_a_time_limit() {
    let place = Place::new();
    place.file("loop.gdb", "while 1\nset $i = 1\nend\necho not reached\\n\n");
    let printed = |what: &str| format!("kdive: the time limit of 0.5 s is over; it waited for \"{what}\"\n");
    let limited = ["-nx", "-batch", "-timeout", "0.5"];
    for (line, last) in
        [("source loop.gdb", "set $i = 1"), ("target remote late.sock", "target remote late.sock")]
    {
        let got = place.run(&[&limited[..], &["-ex", line, "-ex", "echo not reached\\n"]].concat(), "");
        assert_eq!((got.out.as_str(), got.status), ("", 124), "{line}: {}", got.err);
        assert!(got.err.ends_with(&printed(last)), "{line}: {}", got.err);
    }
    // What does not listen to the interrupt is ended all the same.
    let got = place.run(&[&limited[..], &["-ex", "shell exec sleep 100 > /dev/null 2>&1"]].concat(), "");
    assert_eq!(got.status, 124, "{}", got.err);
    // Who is done in time has the usual status.
    place.check(&["-nx", "-batch", "-timeout", "100", "-ex", "p 1"], "$1 = 1\n", "", 0);
}

#[test]
fn files_and_commands_run_in_the_order_given() {
    let place = Place::new();
    place.file("f.gdb", "echo f\\n\n");
    place.check(
        &[
            "-nx",
            "-batch",
            "-ex",
            "echo 1\\n",
            "-x",
            "f.gdb",
            "-iex",
            "echo early\\n",
            "--ex=echo 2\\n",
            "-x",
            "f.gdb",
        ],
        "early\n1\nf\n2\nf\n",
        "",
        0,
    );
}

#[test]
fn options_become_settings() {
    let place = Place::new();
    place.check(
        &["-nx", "-batch", "-l", "5", "-b", "9600", "-d", "/usr", "-d", "/bin", "-cd", "/", "-ex", "pwd", "-ex", "show remotetimeout", "-ex", "show serial baud", "-ex", "show directories", "-ex", "show width", "-ex", "show height"],
        "Working directory /.\nTimeout limit to wait for target to respond is 5.\nBaud rate for remote serial I/O is 9600.\n\
         Source directories searched: /bin:/usr:$cdir:$cwd\nNumber of characters gdb thinks are in a line is unlimited.\n\
         Number of lines gdb thinks are in a page is unlimited.\n",
        "",
        0,
    );
}

#[test]
fn mistakes_on_the_command_line() {
    let place = Place::new();
    let hint = "Use `kdive --help' for a complete list of options.\n";
    place.check(&["-foo"], "", &format!("kdive: unrecognized option '-foo'\n{hint}"), 1);
    place.check(&["-q", "-ex"], "", &format!("kdive: option '-ex' requires an argument\n{hint}"), 1);
    place.check(
        &["-nx", "-batch", "-cd", "/nonexistent"],
        "",
        "/nonexistent: No such file or directory.\n",
        1,
    );
    let got = place.run(&["-nx", "-batch", "nonexistent"], "");
    assert_eq!((got.err.as_str(), got.status), ("nonexistent: No such file or directory.\n", 1));
}

#[test]
fn version_and_help() {
    let place = Place::new();
    let version = place.run(&["--version"], "");
    assert!(version.out.starts_with(concat!("kdive ", env!("CARGO_PKG_VERSION"), "\n")), "{}", version.out);
    assert_eq!((version.err.as_str(), version.status), ("", 0));
    let help = place.run(&["-help"], "");
    assert!(help.out.starts_with("Usage: kdive [OPTION]... [VMLINUX] [ADDRESS]\n"), "{}", help.out);
    let banner = place.run(&["-nx"], "");
    assert!(banner.out.starts_with("kdive ") && banner.out.ends_with("(kdive) "), "{}", banner.out);
}

#[test]
fn commands_on_standard_input() {
    let place = Place::new();
    let got = place.run(&["-nx", "-q"], "echo hi\\n\nfoo\n\nif 1\necho in\\n\nend\nquit 4\n");
    assert_eq!(got.out, "(kdive) hi\n(kdive) (kdive) (kdive)  > >in\n(kdive) ");
    assert_eq!((got.err.as_str(), got.status), (&*UNDEFINED.repeat(2), 4));
    let got = place.run(&["-nx", "-q"], "define echo\nend\n");
    assert_eq!(
        got.out,
        "(kdive) Really redefine built-in command \"echo\"? (y or n) [answered Y; input not from terminal]\n>(kdive) "
    );
    assert_eq!(got.status, 0);
}

#[test]
fn files_that_run_at_start() {
    let place = Place::new();
    place
        .file("../.kdiveinit", "echo home\\n\n")
        .file("../.gdbinit", "echo gdb\\n\n")
        .file(".kdiveinit", "echo local\\n\n");
    place.check(&["-batch", "-ex", "echo ex\\n", "-iex", "echo early\\n"], "home\nearly\nlocal\nex\n", "", 0);
    place.check(&["-batch", "-nh"], "local\n", "", 0);
    place.check(&["-batch", "-nx"], "", "", 0);
    place.check(&["-batch", "-gdbinit"], "home\ngdb\nlocal\n", "", 0);
    place.file(
        "../.config/kdive/kdiveinit",
        "echo config\\n\nset auto-load gdbinit on\nset auto-load local-gdbinit off\n",
    );
    place.check(&["-batch"], "config\ngdb\n", "", 0);
}

#[test]
fn a_file_anybody_can_write_does_not_run_at_start() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    place.file(".kdiveinit", "shell touch owned\n");
    let path = place.home().join("work/.kdiveinit");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    let got = place.run(&["-batch"], "");
    assert!(got.err.contains(".kdiveinit is not run: anybody can write it."), "{}", got.err);
    assert!(!place.home().join("work/owned").exists());
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let place = Place::new();
    let mut child = place
        .command()
        .args(["-nx", "-batch", "-ex", "while 1", "-ex", "echo not reached"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"echo x\\n\nend\n").unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert!(output.status.code().is_some(), "ended by a signal");
}

#[test]
fn ctrl_c_ends_a_script_not_the_debugger() {
    use std::io::Read;
    let place = Place::new();
    let mut child = place
        .command()
        .args([
            "-nx",
            "-batch",
            "-ex",
            "shell kill -INT $PPID",
            "-ex",
            "echo started\\n",
            "-ex",
            "while 1",
            "-ex",
            "echo after\\n",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"echo x\\n\nend\n").unwrap();
    let mut out = child.stdout.take().unwrap();
    let mut some = [0; 64];
    // The loop is running once it has written.
    while !String::from_utf8_lossy(&some).contains('x') {
        assert!(out.read(&mut some).unwrap() > 0);
    }
    let status = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(status.success());
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    assert!(rest.ends_with("after\n"), "{:?}", &rest[rest.len().saturating_sub(40)..]);
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "Quit\n");
    assert_eq!(output.status.code(), Some(0));
}
