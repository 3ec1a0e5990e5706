//! `kdive -i=mi` as a process: what a client sends, and what it reads.

use crate::cli::Place;
use crate::guest::{boot, prepared};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A client.
struct Client {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Client {
    fn start(place: &Place, args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_kdive"))
            .current_dir(place.home().join("work"))
            .env("HOME", place.home())
            .args(["-nx", "-q", "-i=mi"])
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut client = Self { child, input, output };
        client.until_prompt();
        client
    }

    fn send(&mut self, line: &str) {
        let input = self.input.as_mut().unwrap();
        input.write_all(line.as_bytes()).and_then(|()| input.write_all(b"\n")).unwrap();
    }

    /// Everything up to the next prompt.
    fn until_prompt(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            assert_ne!(self.output.read_line(&mut line).unwrap(), 0, "kdive ended after {lines:?}");
            let line = line.trim_end_matches('\n');
            if line == "(gdb) " {
                return lines;
            }
            lines.push(line.to_owned());
        }
    }

    fn ask(&mut self, line: &str) -> Vec<String> {
        self.send(line);
        self.until_prompt()
    }

    /// The only record of an answer.
    #[track_caller]
    fn answer(&mut self, line: &str) -> String {
        let lines = self.ask(line);
        let [only] = &lines[..] else { panic!("{line}: {lines:?}") };
        only.clone()
    }

    /// Closes the input; the exit status.
    fn leave(mut self) -> Option<i32> {
        drop(self.input.take());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Each with what gdb 13.1 answers.
#[test]
fn answers_without_a_program() {
    let place = Place::new();
    let mut client = Client::start(&place, &[]);
    let answers = [
        ("-break-foo", r#"^error,msg="Undefined MI command: break-foo",code="undefined-command""#),
        ("12-break-insert -z main", r#"12^error,msg="-break-insert: Unknown option ``z''""#),
        ("-break-insert -c", r#"^error,msg="-break-insert: Option -c requires an argument""#),
        ("-break-insert", r#"^error,msg="-break-insert: Missing <location>""#),
        (r#"5-break-insert "a"#, r#"5^error,msg="Problem parsing arguments: break-insert \"a""#),
        ("-thread-select --thread x", r#"^error,msg="Invalid value for the '--thread' option""#),
        ("-var-create - * nosuch", r#"^error,msg="-var-create: unable to create variable object""#),
        ("-var-delete x", r#"^error,msg="Variable object not found""#),
        ("-data-evaluate-expression 1+1", r#"^done,value="2""#),
        ("-exec-continue", r#"^error,msg="The program is not being run.""#),
        ("-info-gdb-mi-command break-insert", r#"^done,command={exists="true"}"#),
        ("-info-gdb-mi-command foo", r#"^done,command={exists="false"}"#),
        ("-list-target-features", "^done,features=[]"),
        ("-gdb-show print elements", r#"^done,value="200""#),
        ("-gdb-show p elem", r#"^done,value="200""#),
        ("-gdb-set print pretty xx", r#"^error,msg="\"on\" or \"off\" expected.""#),
        ("-thread-list-ids", r#"^done,thread-ids={},number-of-threads="0""#),
        ("-list-thread-groups", r#"^done,groups=[{id="i1",type="process"}]"#),
        ("-data-list-register-names -1", r#"^error,msg="bad register number""#),
    ];
    for (line, answer) in answers {
        assert_eq!(client.answer(line), answer, "{line}");
    }
    assert_eq!(client.ask(""), ["&\"\\n\"", "^done"]);
    assert_eq!(client.ask("7print 6 * 7"), ["&\"print 6 * 7\\n\"", "~\"$1 = 42\\n\"", "7^done"]);
    assert_eq!(
        client.ask("set listsize 5"),
        ["&\"set listsize 5\\n\"", "=cmd-param-changed,param=\"listsize\",value=\"5\"", "^done"]
    );
    assert_eq!(
        client.ask("-interpreter-exec console bogus"),
        [
            "&\"Undefined command: \\\"bogus\\\".  Try \\\"help\\\".\\n\"",
            "^error,msg=\"Undefined command: \\\"bogus\\\".  Try \\\"help\\\".\""
        ]
    );
    client.send("9-gdb-exit");
    let mut last = String::new();
    client.output.read_line(&mut last).unwrap();
    assert_eq!(last, "9^exit\n");
    assert_eq!(client.leave(), Some(0));
}

#[test]
fn a_thousand_commands_and_nonsense_are_each_answered() {
    let place = Place::new();
    let mut client = Client::start(&place, &[]);
    for number in 0..1000 {
        client.send(&format!("{number}-data-evaluate-expression {number}"));
    }
    for number in 0..1000 {
        assert_eq!(client.until_prompt(), [format!("{number}^done,value=\"{number}\"")]);
    }
    for line in [
        "-",
        "--",
        "99999999999999999999999-",
        "-break-insert \"\\",
        "-var-update",
        "-exec-next x\u{fffd}",
        "\u{1}",
    ] {
        let answer = client.ask(line);
        assert!(
            answer.iter().any(|line| line.contains("^error") || line.contains("^done")),
            "{line}: {answer:?}"
        );
    }
    let huge = format!("-data-evaluate-expression \"{}\"", "1+".repeat(1 << 20));
    assert!(client.answer(&huge).starts_with("^error"));
    assert_eq!(client.answer("-data-evaluate-expression 6*7"), "^done,value=\"42\"");
    assert_eq!(client.leave(), Some(0));
}

/// Breakpoints, stops, frames, variables and an interruption, then a client that vanishes while the guest runs.
#[test]
fn a_session_on_the_guest() {
    let Some(prepared) = prepared() else { return };
    let (place, guest) = boot(&prepared, "nokaslr");
    let mut client = Client::start(&place, &["vmlinux"]);
    let connected = client.ask("1-target-select remote guest.sock");
    assert_eq!(connected.last().unwrap(), "1^connected", "{connected:?}");
    assert!(
        connected.iter().any(|line| line.starts_with("=thread-group-started,id=\"i1\"")),
        "{connected:?}"
    );
    assert!(connected.iter().any(|line| line.starts_with("*stopped,frame={addr=")), "{connected:?}");
    let bkpt = client.answer("2-break-insert -h -t start_kernel");
    assert!(bkpt.starts_with("2^done,bkpt={number=\"1\",type=\"hw breakpoint\",disp=\"del\""), "{bkpt}");
    assert!(bkpt.contains("func=\"start_kernel\""), "{bkpt}");
    assert_eq!(client.ask("3-exec-continue"), ["3^running", "*running,thread-id=\"all\""]);
    let stopped = client.until_prompt();
    let stop = stopped.iter().find(|line| line.starts_with("*stopped")).unwrap();
    assert!(
        stop.starts_with(
            "*stopped,reason=\"breakpoint-hit\",disp=\"del\",bkptno=\"1\",frame={addr=\"0xffffffff8"
        ),
        "{stop}"
    );
    assert_eq!(stopped.last().unwrap(), "=breakpoint-deleted,id=\"1\"");
    let stack = client.answer("-stack-list-frames 0 0");
    assert!(stack.starts_with("^done,stack=[frame={level=\"0\",addr=\""), "{stack}");
    assert!(stack.contains("func=\"start_kernel\""), "{stack}");
    let created = client.answer("-var-create v * &init_task");
    assert!(created.starts_with("^done,name=\"v\",numchild=\""), "{created}");
    assert!(created.ends_with("type=\"struct task_struct *\",has_more=\"0\""), "{created}");
    let children = client.answer("-var-list-children --simple-values v 0 2");
    assert!(
        children.starts_with("^done,numchild=\"2\",children=[child={name=\"v.thread_info\""),
        "{children}"
    );
    assert!(children.ends_with("has_more=\"1\""), "{children}");
    let bytes = client.answer("-data-read-memory-bytes &linux_banner 5");
    assert!(bytes.contains("contents=\"4c696e7578\""), "Linux: {bytes}");
    let code = client.answer("-data-disassemble -s start_kernel -e start_kernel+1 -- 2");
    assert!(code.starts_with("^done,asm_insns=[{address=\"0xffffffff8"), "{code}");
    // The program runs until it is stopped.
    assert_eq!(client.ask("4-exec-continue"), ["4^running", "*running,thread-id=\"all\""]);
    // A thousand commands wait for the stop meanwhile; the interruption does not.
    for number in 1000..2000 {
        client.send(&format!("{number}-data-evaluate-expression {number}"));
    }
    client.send("5-exec-interrupt");
    let mut told = client.until_prompt();
    while !told.iter().any(|line| line.starts_with("1999^")) {
        told.extend(client.until_prompt());
    }
    let first = |wanted: &str| told.iter().position(|line| line.starts_with(wanted));
    assert!(first("*stopped") < first("1000^done"), "{told:?}");
    for number in 1000..2000 {
        let answer = format!("{number}^done,value=\"{number}\"");
        assert_eq!(told.iter().filter(|line| **line == answer).count(), 1, "{answer}");
    }
    let core = |line: &String| line.starts_with("*stopped") && line.ends_with(",core=\"0\"");
    assert!(told.iter().any(core), "one CPU, whose number the kernel tells: {:?}", &told[..10]);
    assert!(told.contains(&"5^done".to_owned()), "{told:?}");
    let signal =
        "*stopped,reason=\"signal-received\",signal-name=\"SIGINT\",signal-meaning=\"Interrupt\",frame={";
    assert!(told.iter().any(|line| line.starts_with(signal)), "{told:?}");
    assert_eq!(client.ask("6-exec-continue"), ["6^running", "*running,thread-id=\"all\""]);
    assert_eq!(client.leave(), Some(0));
    // The guest goes on without breakpoints: another client finds it.
    let mut client = Client::start(&place, &["vmlinux"]);
    let connected = client.ask("-target-select remote guest.sock");
    assert_eq!(connected.last().unwrap(), "^connected", "{connected:?}");
    drop(client);
    drop(guest);
}
