//! `cargo xtask bench`: what kdive, gdb and drgn take for the same work on the same guest, in one run; written to
//! `docs/performance.md`.

mod document;
mod facts;
mod packets;
mod profile;
mod session;
mod stats;
mod tools;
mod work;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::audit::files_below;
use crate::debugger::Subject;
use crate::guest::Guest;
use crate::signals::Signals;
use crate::{guest, host, initrd, paths, process, qemu};
use document::{Document, Measured};
use packets::Wire;
use session::{Debugger, Session};
use tools::Tools;
use work::{DRGN, KDIVE, MODULES, Results, WIRE, Work};

/// What is measured, and how often.
#[derive(Debug)]
pub struct Options {
    /// How often everything is measured.
    pub repetitions: usize,
    /// Kernel series beside the usual kernel.
    pub series: Vec<String>,
    /// Whether only kdive is measured, for a look while changing it; nothing is written then.
    pub only_kdive: bool,
}

/// Calls of `write_null` in each round of the guest.
const HITS: u32 = 300;
/// Steps, and values printed again, of one session.
const STEPS: usize = 100;
const AGAIN: usize = 20;
/// Lines stepped over from the breakpoint on; `uptime_proc_show` has more.
const LINES: usize = 10;
/// Rounds of these.
const ROUNDS: usize = 5;
/// Where memory is read: the kernel's map of all memory, 16 MiB from its start.
const MEMORY: u64 = 0xffff_8880_0100_0000;
const MEMORY_SIZE: u64 = 16 << 20;
/// A set of modules that took longer than this is not loaded again.
const LONG: f64 = 10.0;

struct Bench<'a> {
    tools: Tools,
    options: &'a Options,
    signals: &'a Signals,
    directory: PathBuf,
}

/// Measures and writes the document.
pub fn run(kdive: &Path, options: &Options, signals: &Signals) -> Result<()> {
    host::ensure(host::PARITY)?;
    let directory = paths::target().join("bench");
    let tools = if options.only_kdive { Tools::only(kdive) } else { tools::find(kdive, &directory)? };
    let bench = Bench { tools, options, signals, directory };
    let mut measured = Vec::new();
    for series in std::iter::once(None).chain(options.series.iter().map(|series| Some(series.as_str()))) {
        measured.push(bench.measure(&guest::prepare(series)?)?);
    }
    let reasons = paths::root().join("tests/bench/reasons.txt");
    let reasons = document::reasons(&fs::read_to_string(reasons).unwrap_or_default());
    let document = Document {
        machine: facts::machine()?,
        debuggers: bench.tools.debuggers.iter().map(|debugger| debugger.name.clone()).collect(),
        drgn: bench.tools.drgn.as_ref().map(|(_, version)| version.clone()),
        repetitions: options.repetitions,
        reasons: &reasons,
        measured,
    };
    let text = document.text();
    print!("{text}");
    if !options.only_kdive {
        fs::write(paths::root().join("docs/performance.md"), text)?;
    }
    Ok(())
}

impl Bench<'_> {
    fn measure(&self, guest: &Guest) -> Result<Measured> {
        let vmlinux = guest.vmlinux();
        let mut measured = Measured {
            release: guest.release()?,
            size: fs::metadata(&vmlinux)?.len(),
            reading: facts::reading(&vmlinux)?,
            wire_step: None,
            tasks: 0,
            results: Results::default(),
            profile: None,
        };
        let boot = self.boot(guest)?;
        let (mut steps, mut with_registers) = (Vec::new(), Vec::new());
        for repetition in 1..=self.options.repetitions {
            println!("bench: {}: repetition {repetition}", measured.release);
            let mut lines = Vec::new();
            for debugger in &self.tools.debuggers {
                self.signals.check()?;
                self.start_up(debugger, &vmlinux, &mut measured.results)
                    .with_context(|| format!("{}: start", debugger.name))?;
                measured.tasks = self
                    .live(debugger, &vmlinux, &boot, &mut measured.results, &mut lines)
                    .with_context(|| format!("{}: session", debugger.name))?;
                self.modules(debugger, guest, &measured.release, &mut measured.results)
                    .with_context(|| format!("{}: modules", debugger.name))?;
            }
            if let Some((python, _)) = &self.tools.drgn {
                // A comparison that fails does not lose the others.
                if let Err(error) = self.drgn(python, &vmlinux, &boot, &mut measured.results) {
                    println!("bench: drgn: {error:#}");
                }
            }
            let (step, with) =
                self.wire(&vmlinux, &boot, &lines, &mut measured.results).context("bare wire")?;
            steps.push(step);
            with_registers.push(with);
        }
        measured.wire_step = stats::median(&steps).zip(stats::median(&with_registers));
        let script = paths::root().join("tests/bench/startup.gdb");
        if let Some(kdive) = self.tools.debuggers.first() {
            match profile::count(&kdive.program, &vmlinux, &script, &self.fresh("profile")?) {
                Ok(profile) => measured.profile = Some(profile),
                Err(error) => println!("bench: no profile: {error:#}"),
            }
        }
        Ok(measured)
    }

    /// The guest that is measured on: the usual one with an init of its own.
    fn boot(&self, guest: &Guest) -> Result<qemu::Boot> {
        let root = guest.dir().join("root");
        let busybox = ["usr/bin/busybox", "bin/busybox"].map(|name| root.join(name));
        let busybox = busybox.iter().find(|path| path.exists()).context("the guest has no busybox")?;
        let image = initrd::pack(busybox, &paths::root().join("tests/bench/init"), &[])?;
        let path = self.directory.join("initrd.gz");
        fs::create_dir_all(&self.directory)?;
        fs::write(&path, image)?;
        let mut subject = Subject::from(guest);
        subject.initrd = Some(path);
        Ok(subject.boot("", 1, qemu::Timing::Real))
    }

    /// Starts the guest and lets it run until its init goes round and round.
    fn started(&self, boot: &qemu::Boot, directory: &Path) -> Result<qemu::Machine> {
        let machine = boot.start(directory)?;
        Wire::connect(&directory.join(qemu::SOCKET))?.detach()?;
        let deadline = Instant::now() + Duration::from_secs(120);
        let ready = || {
            fs::read_to_string(directory.join(qemu::CONSOLE))
                .is_ok_and(|log| log.contains("kdive-bench: ready"))
        };
        while !ready() {
            if Instant::now() > deadline {
                bail!("the guest does not get ready");
            }
            self.signals.check()?;
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(machine)
    }

    /// A directory of its own for one session, empty.
    fn fresh(&self, name: &str) -> Result<PathBuf> {
        let directory = self.directory.join("run").join(name.replace(' ', "-"));
        if directory.exists() {
            fs::remove_dir_all(&directory)?;
        }
        fs::create_dir_all(&directory)?;
        Ok(directory)
    }

    fn start_up(&self, debugger: &Debugger, vmlinux: &Path, results: &mut Results) -> Result<()> {
        let directory = self.fresh(&debugger.name)?;
        let cache = directory.join("cache");
        let script = paths::root().join("tests/bench/startup.gdb");
        let (script, vmlinux) = (script.to_string_lossy(), vmlinux.to_string_lossy());
        let mut measure = |keep: bool, time: Work, memory: Option<Work>| -> Result<()> {
            let keep = if keep { "set index-cache enabled on" } else { "set index-cache enabled off" };
            let arguments = ["-iex", keep, "-x", &script, &vmlinux];
            let (session, taken) = Session::start(debugger, &arguments, &directory, &cache)?;
            if let Some(memory) = memory {
                results.add(time, &debugger.name, taken.as_secs_f64());
                results.add(memory, &debugger.name, session.peak()? as f64);
            }
            session.quit()
        };
        measure(false, Work::Cold, Some(Work::ColdMemory))?;
        // Once to write the index, once to use it.
        measure(true, Work::Warm, None)?;
        measure(true, Work::Warm, Some(Work::WarmMemory))
    }

    /// Everything on a running guest. Returns the number of tasks; `lines` becomes where kdive's `next` ends.
    fn live(
        &self,
        debugger: &Debugger,
        vmlinux: &Path,
        boot: &qemu::Boot,
        results: &mut Results,
        lines: &mut Vec<u64>,
    ) -> Result<usize> {
        let directory = self.fresh(&debugger.name)?;
        let machine = self.started(boot, &directory)?;
        let vmlinux = vmlinux.to_string_lossy();
        let (mut session, _) = Session::start(debugger, &[&vmlinux], &directory, &directory.join("cache"))?;
        let name = debugger.name.as_str();
        session.run(&format!("target remote {}", qemu::SOCKET))?;
        session.run("break uptime_proc_show")?;
        run_to(&mut session, "uptime_proc_show")?;
        results.add(Work::Backtrace, name, session.seconds("backtrace")?);
        results.add(Work::PrintFirst, name, session.seconds("print init_task")?);
        for _ in 0..AGAIN {
            results.add(Work::PrintAgain, name, session.seconds("print init_task")?);
        }
        for _ in 0..ROUNDS {
            let mut taken = 0.0;
            for _ in 0..LINES {
                taken += session.seconds("next")?;
            }
            results.add(Work::Next, name, taken / LINES as f64);
            run_to(&mut session, "uptime_proc_show")?;
        }
        if name == KDIVE {
            lines.clear();
            for _ in 0..LINES {
                session.run("next")?;
                let said = session.run("print/x (long)$pc")?;
                let place = said.trim().split_once("0x").context("kdive does not tell where it is")?.1;
                lines.push(u64::from_str_radix(place, 16)?);
            }
            run_to(&mut session, "uptime_proc_show")?;
        }
        for _ in 0..STEPS {
            results.add(Work::Stepi, name, session.seconds("stepi")?);
        }
        let dump = format!("dump binary memory memory.bin {MEMORY:#x} {:#x}", MEMORY + MEMORY_SIZE);
        results.add(Work::Dump, name, session.seconds(&dump)?);
        if fs::metadata(directory.join("memory.bin"))?.len() != MEMORY_SIZE {
            bail!("the dump is incomplete");
        }
        let walk = paths::root().join("tests/bench/walk.gdb");
        session.run(&format!("source {}", walk.display()))?;
        let tasks = session.run("walk")?.lines().filter(|line| !line.trim().is_empty()).count();
        for _ in 0..3 {
            results.add(Work::Walk, name, session.seconds("walk")?);
        }

        session.run("delete")?;
        session.run("break ksys_sync")?;
        run_to(&mut session, "ksys_sync")?;
        let without = round(&mut session)?;
        session.run("break write_null if count == 123456789")?;
        for _ in 0..2 {
            let with = round(&mut session)?;
            results.add(Work::Condition, name, (with - without).max(0.0) / f64::from(HITS));
        }
        drop(session);
        drop(machine);
        Ok(tasks)
    }

    fn modules(
        &self,
        debugger: &Debugger,
        guest: &Guest,
        release: &str,
        results: &mut Results,
    ) -> Result<()> {
        let mut files = Vec::new();
        files_below(
            &guest.dir().join(format!("root/usr/lib/debug/lib/modules/{release}")),
            "ko",
            &mut files,
        )?;
        files.sort();
        let vmlinux = guest.vmlinux();
        let directory = self.fresh(&debugger.name)?;
        let load = |count: usize| -> Result<f64> {
            let mut script = String::new();
            for (index, path) in files.iter().take(count).enumerate() {
                let base = 0xffff_ffff_c000_0000 + index as u64 * 0x10_0000;
                script.push_str(&facts::sections(path, base)?.command(&path.to_string_lossy()));
                script.push('\n');
            }
            fs::write(directory.join("modules.gdb"), script)?;
            let vmlinux = vmlinux.to_string_lossy();
            let cache = directory.join("cache");
            let (mut session, _) = Session::start(debugger, &[&vmlinux], &directory, &cache)?;
            let taken = session.seconds("source modules.gdb")?;
            session.quit()?;
            Ok(taken)
        };
        for count in MODULES.iter().copied().filter(|count| *count <= files.len()) {
            let work = Work::Modules(count);
            if results.median(work, &debugger.name).is_some_and(|taken| taken > LONG) {
                continue;
            }
            results.add(work, &debugger.name, load(count)?);
        }
        Ok(())
    }

    fn drgn(&self, python: &Path, vmlinux: &Path, boot: &qemu::Boot, results: &mut Results) -> Result<()> {
        let script = paths::root().join("tests/bench/with_drgn.py");
        let directory = self.fresh(DRGN)?;
        let start = Instant::now();
        let said = process::output(Command::new(python).arg(&script).arg("types").arg(vmlinux))?;
        results.add(Work::Cold, DRGN, start.elapsed().as_secs_f64());
        let peak = said.lines().find_map(|line| line.strip_prefix("peak "));
        results.add(Work::ColdMemory, DRGN, peak.context("with_drgn.py said no peak")?.parse()?);
        let machine = self.started(boot, &directory)?;
        let mut command = Command::new(python);
        command.arg(&script).arg("walk").arg(vmlinux).arg(directory.join(qemu::SOCKET)).arg("4");
        let said = process::output(&mut command)?;
        drop(machine);
        // The first walk reads types.
        for line in said.lines().skip(1) {
            let seconds = line.split_whitespace().next().context("with_drgn.py said nothing")?;
            results.add(Work::Walk, DRGN, seconds.parse()?);
        }
        Ok(())
    }

    /// The bare wire; `lines` is where the lines of `uptime_proc_show` begin, in the order in which they are executed.
    /// Returns the seconds of a step, and of one with the registers read after it.
    fn wire(
        &self,
        vmlinux: &Path,
        boot: &qemu::Boot,
        lines: &[u64],
        results: &mut Results,
    ) -> Result<(f64, f64)> {
        let directory = self.fresh(WIRE)?;
        let symbol = |name| facts::symbol(vmlinux, name);
        let (write_null, sync, uptime) =
            (symbol("write_null")?, symbol("ksys_sync")?, symbol("uptime_proc_show")?);
        let machine = self.started(boot, &directory)?;
        let mut wire = Wire::connect(&directory.join(qemu::SOCKET))?;
        let hit = wire.hits(write_null, sync, HITS)?;
        results.add(Work::Condition, WIRE, hit.as_secs_f64());
        results.add(Work::Next, WIRE, wire.lines(uptime, lines, ROUNDS as u32)?.as_secs_f64());
        let step = wire.steps(STEPS as u32)?.as_secs_f64();
        results.add(Work::Stepi, WIRE, step);
        let with_registers = wire.steps_with_registers(STEPS as u32)?.as_secs_f64();
        results.add(Work::Dump, WIRE, wire.read(MEMORY, MEMORY_SIZE)?.as_secs_f64());
        drop(machine);
        Ok((step, with_registers))
    }
}

/// Lets the guest run to a breakpoint in `function`.
fn run_to(session: &mut Session, function: &str) -> Result<()> {
    let said = session.run("continue")?;
    if !said.contains(function) {
        bail!("did not stop in {function}: {said}");
    }
    Ok(())
}

/// The seconds of one round of the guest, from `ksys_sync` to `ksys_sync`.
fn round(session: &mut Session) -> Result<f64> {
    session.seconds("continue")
}
