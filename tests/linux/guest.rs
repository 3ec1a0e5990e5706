//! A guest with a shell on its serial line: what kdive says about it is compared with what it says itself.

use crate::cli::{Outcome, Place};
use kdive_testkit::environment::{guest, guest_of, guest_with_kgdb, programs, skip};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// How long a guest may take for anything.
const PATIENCE: Duration = Duration::from_secs(180);

/// Sets off what [`Guest::at_go`] has prepared: the next command may let the guest run. The variable means nothing without swap space.
pub(crate) const GO: &str = "set var page_cluster = 0";

/// A booted guest, ended with the test.
pub(crate) struct Guest {
    child: Child,
    place: Place,
    files: PathBuf,
    serial: UnixStream,
    /// Pieces of what the guest prints. A thread takes them in: a guest whose serial line is not read comes to a halt.
    printed: Receiver<String>,
    heard: String,
}

/// What kdive printed.
pub(crate) struct Answers {
    /// On connecting.
    pub(crate) connected: String,
    /// For each command.
    pub(crate) out: Vec<String>,
    /// On standard error, for all of them.
    pub(crate) err: String,
}

/// What to boot.
#[derive(Clone, Copy, Default)]
pub(crate) struct Boot<'a> {
    /// The series of the kernel, such as `6.12`, or `kgdb` for the one with its own stub; the usual one otherwise.
    pub(crate) series: Option<&'a str>,
    /// With modules of the distribution, which `kdive.distribution` loads.
    pub(crate) distribution: bool,
    /// With `tests/guest/program.c` as `/program`, at its own addresses, and as `/moved`, which is loaded anywhere; and both in
    /// kdive's directory.
    pub(crate) program: bool,
    /// Words for the kernel command line.
    pub(crate) append: &'a str,
    /// Further options of QEMU.
    pub(crate) options: &'a [&'a str],
}

impl Boot<'_> {
    /// Starts QEMU; with `-S` among the options, stopped at reset. `None`, said aloud, without a prepared guest.
    pub(crate) fn start(self) -> Option<Guest> {
        let files = match self.series {
            None => guest(),
            Some("kgdb") => guest_with_kgdb(),
            Some(series) => guest_of(series),
        }?;
        let mut initrd = files.join(if self.distribution { "initrd-modules.gz" } else { "initrd.gz" });
        if !initrd.exists() {
            return skip(&format!("no {}; `cargo xtask guest` makes it", initrd.display()));
        }
        if !programs(&["qemu-system-x86_64"]) {
            return None;
        }
        let place = Place::new();
        let work = place.home().join("work");
        if self.program {
            initrd = with_programs(&initrd, &work)?;
        }
        // The kernel takes the first one for all messages.
        let console = if self.append.contains("console=") { "" } else { "console=ttyS0" };
        let child = Command::new("qemu-system-x86_64")
            .current_dir(&work)
            .args(["-accel", "tcg", "-m", "512", "-display", "none", "-nodefaults", "-nic", "none"])
            .args(["-chardev", "socket,id=stub,path=guest.sock,server=on,wait=off", "-gdb", "chardev:stub"])
            .args(["-chardev", "socket,id=line,path=line.sock,server=on,wait=off", "-serial", "chardev:line"])
            .arg("-kernel")
            .arg(files.join("vmlinuz"))
            .arg("-initrd")
            .arg(&initrd)
            .args(["-append", &format!("{console} panic=-1 rdinit=/init {}", self.append)])
            .args(self.options)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let limit = Instant::now() + Duration::from_secs(30);
        let serial = loop {
            if let Ok(serial) = UnixStream::connect(work.join("line.sock")) {
                break serial;
            }
            assert!(Instant::now() < limit, "QEMU does not start");
            std::thread::sleep(Duration::from_millis(10));
        };
        let (sender, printed) = channel();
        let mut line = serial.try_clone().unwrap();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = line.read(&mut bytes) {
                if sender.send(String::from_utf8_lossy(&bytes[..count]).replace('\r', "")).is_err() {
                    break;
                }
            }
        });
        Some(Guest { child, place, files, serial, printed, heard: String::new() })
    }

    /// Starts QEMU and waits for the shell. The kernel's own messages stay in its log from then on, emergencies as well: they would
    /// stand in the middle of what commands print. A CPU that gets no time on a busy machine is no emergency anyway.
    pub(crate) fn to_shell(self) -> Option<Guest> {
        let mut guest = self.start()?;
        guest.wait_for("# ");
        guest.shell("echo 0 > /proc/sys/kernel/printk; echo 60 > /proc/sys/kernel/watchdog_thresh");
        Some(guest)
    }
}

/// Compiles the user programs, in the directory, and makes an initrd that has them as well. `None`, said aloud, without a compiler.
fn with_programs(initrd: &Path, work: &Path) -> Option<PathBuf> {
    if !programs(&["gcc"]) {
        return None;
    }
    let source = crate::root().join("tests/guest/program.c");
    let compile = |name: &str, options: &[&str]| {
        let program = work.join(name);
        let mut gcc = Command::new("gcc");
        let compiled = gcc.args(["-g", "-O0"]).args(options).arg("-o").args([&program, &source]).status();
        assert!(compiled.unwrap().success());
        std::fs::read(program).unwrap()
    };
    let program = compile("program", &["-static", "-no-pie"]);
    let moved = compile("moved", &["-static-pie"]);
    let mut bytes = std::fs::read(initrd).unwrap();
    // The kernel unpacks one archive after the other; one that is not compressed begins at a multiple of four.
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    for (name, mode, content) in
        [("program", 0o100_755, program), ("moved", 0o100_755, moved), ("TRAILER!!!", 0, Vec::new())]
    {
        // The "new" format of cpio(5): thirteen numbers of eight digits, the name with its NUL, the content.
        let numbers = [0, mode, 0, 0, 1, 0, content.len(), 0, 0, 0, 0, name.len() + 1, 0];
        bytes.extend(b"070701");
        bytes.extend(numbers.iter().flat_map(|number| format!("{number:08x}").into_bytes()));
        bytes.extend(name.bytes().chain([0]));
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes.extend(content);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
    }
    let made = work.join("initrd-program.gz");
    std::fs::write(&made, bytes).unwrap();
    Some(made)
}

impl Guest {
    /// Reads the serial line up to and with `text`; gives what came before it.
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        let limit = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.heard.find(text) {
                let rest = self.heard.split_off(at + text.len());
                let mut before = std::mem::replace(&mut self.heard, rest);
                before.truncate(at);
                return before;
            }
            assert!(Instant::now() < limit, "the guest does not say {text:?}; it said: {}", self.heard);
            if let Ok(piece) = self.printed.recv_timeout(Duration::from_millis(200)) {
                self.heard.push_str(&piece);
            }
        }
    }

    /// Runs a command in the guest's shell; its output without the echo of the command.
    pub(crate) fn shell(&mut self, command: &str) -> String {
        // The echo of the command must not look like the ends of its output.
        writeln!(self.serial, "echo kdive'-'begin; {command}; echo kdive'-'end").unwrap();
        self.wait_for("kdive-begin\n");
        self.wait_for("kdive-end\n")
    }

    /// Types a line without waiting for anything.
    pub(crate) fn type_line(&mut self, command: &str) {
        writeln!(self.serial, "{command}").unwrap();
    }

    /// Types a line that the shell executes once kdive has said [`GO`]: it cannot be over before kdive is there, however long that takes.
    pub(crate) fn at_go(&mut self, command: &str) {
        let file = "/proc/sys/vm/page-cluster";
        self.shell(&format!("asked() {{ read pages < {file}; [ $pages = 0 ]; }}"));
        self.type_line(&format!("until asked; do usleep 50000; done; echo 3 > {file}; {command}"));
    }

    /// kdive in the directory where the stub is `guest.sock`, to be started by the test.
    pub(crate) fn command(&self) -> Command {
        let mut command = self.place.command();
        command.current_dir(self.work());
        command
    }

    /// The socket of the guest's stub, from anywhere.
    pub(crate) fn stub(&self) -> PathBuf {
        self.work().join("guest.sock")
    }

    /// The guest's vmlinux.
    pub(crate) fn vmlinux(&self) -> PathBuf {
        self.file("vmlinux")
    }

    /// Runs kdive with the guest's vmlinux on a script, which finds the stub at `guest.sock`.
    pub(crate) fn kdive(&self, script: &str) -> Outcome {
        self.kdive_with(&self.file("vmlinux"), script)
    }

    /// The same with another vmlinux.
    pub(crate) fn kdive_with(&self, vmlinux: &Path, script: &str) -> Outcome {
        self.place.file("script.gdb", script);
        let modules = format!("set module-path {}", self.file("modules").display());
        let vmlinux = vmlinux.to_str().unwrap();
        self.place.run(&["-nx", "-batch", "-ex", &modules, "-x", "script.gdb", vmlinux], "")
    }

    /// Gives kdive lines through a pipe: what it prints on standard output and standard error, in order.
    pub(crate) fn piped(&self, lines: &str) -> String {
        let kdive = self.place.command();
        let mut command = Command::new("sh");
        command
            .args(["-c", "exec \"$0\" -nx -q \"$1\" 2>&1"])
            .arg(kdive.get_program())
            .arg(self.file("vmlinux"));
        command.current_dir(self.work());
        for (name, value) in kdive.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
        String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
    }

    /// Runs kdive on commands, each of which may fail, with the guest attached: what each printed on standard output.
    pub(crate) fn ask(&self, commands: &[&str]) -> Answers {
        self.ask_with(&self.file("modules"), commands)
    }

    /// The same with another directory for modules.
    pub(crate) fn ask_with(&self, modules: &Path, commands: &[&str]) -> Answers {
        self.lines("target remote guest.sock", modules, &self.file("vmlinux"), commands)
    }

    /// The same with another vmlinux.
    pub(crate) fn kdive_lines(&self, vmlinux: &Path, commands: &[&str]) -> Answers {
        self.lines("target remote guest.sock", &self.file("modules"), vmlinux, commands)
    }

    /// The same with another command that connects.
    pub(crate) fn run_on(&self, connect: &str, commands: &[&str]) -> Answers {
        self.lines(connect, &self.file("modules"), &self.file("vmlinux"), commands)
    }

    /// A command of kdive's that ends QEMU without a word to anybody, a second later.
    pub(crate) fn murder(&self) -> String {
        format!("shell (sleep 1; kill -9 {}) > /dev/null 2>&1 &", self.child.id())
    }

    fn lines(&self, connect: &str, modules: &Path, vmlinux: &Path, commands: &[&str]) -> Answers {
        const MARK: &str = "kdive-mark\n";
        let modules = format!("set module-path {}", modules.display());
        let mut args = vec!["-nx", "-batch", "-ex", &modules, "-ex", connect];
        for command in commands {
            args.extend(["-ex", "echo kdive-mark\\n", "-ex", command]);
        }
        args.extend(["-ex", "echo kdive-mark\\n", vmlinux.to_str().unwrap()]);
        let got = self.place.run(&args, "");
        let mut parts = got.out.split(MARK);
        let connected = parts.next().unwrap().to_owned();
        let out: Vec<String> = parts.take(commands.len()).map(str::to_owned).collect();
        assert_eq!(out.len(), commands.len(), "{}{}", got.out, got.err);
        // The source of where it was stopped is nowhere.
        let err = match got.err.split_once('\n') {
            Some((first, rest)) if first.ends_with(": No such file or directory.") => rest.to_owned(),
            _ => got.err,
        };
        Answers { connected, out, err }
    }

    /// Sends QEMU a signal.
    pub(crate) fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap().success());
    }

    /// Where kdive is run.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// Kdive's current directory.
    pub(crate) fn work(&self) -> PathBuf {
        self.place.home().join("work")
    }

    /// One of the files of the prepared guest.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.files.join(name)
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The number after `0x` in the first line that has `name`.
#[track_caller]
pub(crate) fn hex_in(text: &str, name: &str) -> u64 {
    let line = text.lines().find(|line| line.contains(name)).unwrap_or_else(|| panic!("no {name} in {text}"));
    let digits = line.split("0x").nth(1).unwrap_or_else(|| panic!("no 0x in {line}"));
    let end = digits.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(digits.len());
    u64::from_str_radix(&digits[..end], 16).unwrap()
}
