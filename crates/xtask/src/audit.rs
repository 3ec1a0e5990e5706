//! `cargo xtask audit`: kdive and gdb asked the same random questions about the same files; the figures, and
//! every difference that is not accepted.

pub mod elf;
mod inventory;
mod programs;
mod questions;
mod random;
mod report;
mod transcript;
mod verdict;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};

use crate::child::Owned;
use crate::debugger::{self, Subject};
use crate::guest::Guest;
use crate::parity::accepted::{self, Accepted};
use crate::signals::Signals;
use crate::{host, paths, process, qemu};
use inventory::Inventory;
pub use questions::Kind;
use questions::Question;
use random::Random;
use report::{Row, Section};

/// How long a debugger may take for one kind of question. gdb needs seven minutes for the layouts of a vmlinux.
const LIMIT: Duration = Duration::from_secs(3600);
/// How often a debugger that ends is started again.
const RESTARTS: usize = 20;
/// How many modules are audited.
const MODULES: usize = 10;
/// Where the first of them is put, and how far apart they are.
const MODULE_BASE: u64 = 0xffff_ffff_c000_0000;
const MODULE_STEP: u64 = 0x0100_0000;

/// What is audited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The kernel.
    Vmlinux,
    /// Modules beside it.
    Modules,
    /// Small programs.
    Programs,
}

impl Part {
    /// The part of this name.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "vmlinux" => Some(Self::Vmlinux),
            "modules" => Some(Self::Modules),
            "programs" => Some(Self::Programs),
            _ => None,
        }
    }
}

/// What is asked, and how much of it.
#[derive(Debug)]
pub struct Options {
    /// The questions of each kind, if not as many as the kind has by itself.
    pub count: Option<usize>,
    /// What the samples depend on.
    pub seed: u64,
    /// The kinds, all of them if empty.
    pub only: Vec<Kind>,
    /// The parts, all of them if empty.
    pub parts: Vec<Part>,
    /// Whether the figures go into the documentation.
    pub write: bool,
    /// Kernel series beside the usual kernel.
    pub series: Vec<String>,
}

/// One session of both debuggers.
struct Sheet<'a> {
    /// The name of its directory.
    directory: String,
    /// The file on the command line.
    file: &'a Path,
    /// Commands before the questions.
    before: Vec<String>,
    /// What is booted for it, as `guest.sock`.
    guest: Option<&'a Subject>,
    questions: Vec<Question>,
}

struct Audit<'a> {
    gdb: PathBuf,
    kdive: &'a Path,
    accepted: Vec<Accepted>,
    options: &'a Options,
    signals: &'a Signals,
    directory: PathBuf,
}

/// Audits `kdive` on the kernels and modules of `guests` and on small programs. True if there was no unexpected
/// difference.
pub fn run(guests: &[Guest], kdive: &Path, options: &Options, signals: &Signals) -> Result<bool> {
    host::ensure(host::PARITY)?;
    let accepted = paths::root().join("tests/audit/accepted.diff-ok");
    let audit = Audit {
        gdb: process::find("gdb").context("no gdb on PATH")?,
        kdive,
        accepted: accepted::parse(&fs::read_to_string(&accepted)?)
            .with_context(|| accepted.display().to_string())?,
        options,
        signals,
        directory: paths::target().join("audit"),
    };
    // Guests beside each other: gdb uses one CPU most of the time.
    let audit = &audit;
    let parts: Vec<Result<Vec<Section>>> = thread::scope(|scope| {
        let guests: Vec<_> = guests.iter().map(|guest| scope.spawn(move || audit.guest(guest))).collect();
        let programs = audit.programs();
        let join = |thread: thread::ScopedJoinHandle<'_, _>| {
            thread.join().unwrap_or_else(|_| Err(anyhow!("a part of the audit panicked")))
        };
        guests.into_iter().map(join).chain([programs]).collect()
    });
    let mut sections = Vec::new();
    for part in parts {
        sections.extend(part?);
    }
    let table = report::table(&sections);
    println!("\n{table}");
    fs::write(audit.directory.join("figures.md"), &table)?;
    if options.write {
        report::write(&paths::root().join("docs/gdb-compat.md"), &sections, options.seed)?;
    }
    Ok(sections.iter().flat_map(|section| &section.rows).all(|row| row.tally.different == 0))
}

impl Audit<'_> {
    /// Whether a part is wanted.
    fn wants(&self, part: Part) -> bool {
        self.options.parts.is_empty() || self.options.parts.contains(&part)
    }

    fn guest(&self, guest: &Guest) -> Result<Vec<Section>> {
        let release = guest.release()?;
        let mut sections = Vec::new();
        if self.wants(Part::Vmlinux) {
            sections.push(self.vmlinux(guest, &release)?);
        }
        if self.wants(Part::Modules) {
            sections.push(self.modules(guest, &release)?);
        }
        Ok(sections)
    }

    fn vmlinux(&self, guest: &Guest, release: &str) -> Result<Section> {
        let file = guest.vmlinux();
        let subject = Subject::from(guest);
        let inventory = Inventory::read(&file, None)?;
        let mut rows = Vec::new();
        for kind in self.kinds(Kind::ALL) {
            let questions = self.ask_about(&inventory, kind, 1);
            let mut before = Vec::new();
            if kind == Kind::Frames {
                // Protected mode, a stack, and the same registers every time.
                before.extend(
                    ["target remote guest.sock", "hbreak start_kernel", "continue", "delete"]
                        .map(str::to_owned),
                );
            }
            let directory = format!("vmlinux-{release}/{}", kind.name());
            let guest = (kind == Kind::Frames).then_some(&subject);
            rows.push(self.compare(kind, &Sheet { directory, file: &file, before, guest, questions })?);
        }
        Ok(Section { title: format!("vmlinux of {release}"), rows })
    }

    fn modules(&self, guest: &Guest, release: &str) -> Result<Section> {
        let file = guest.vmlinux();
        let directory = guest.dir().join(format!("root/usr/lib/debug/lib/modules/{release}"));
        let mut files = Vec::new();
        files_below(&directory, "ko", &mut files)?;
        files.sort();
        let chosen = Random::new(self.options.seed, "modules").sample(&files, MODULES);
        let mut before = Vec::new();
        let mut inventories = Vec::new();
        for (index, path) in chosen.iter().enumerate() {
            let base = MODULE_BASE + index as u64 * MODULE_STEP;
            let path = self.as_gdb_reads_it(path, &format!("modules-{release}"))?;
            let inventory = Inventory::read(&path, Some(base))?;
            before.push(inventory.layout.command(&path.to_string_lossy()));
            inventories.push(inventory);
        }
        let names: Vec<String> =
            chosen.iter().filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned())).collect();
        // Their debug files hold no data.
        let kinds = [Kind::Addresses, Kind::Functions, Kind::Lines, Kind::Layouts, Kind::Names, Kind::Locals];
        let mut rows = Vec::new();
        for kind in self.kinds(&kinds) {
            let questions =
                inventories.iter().flat_map(|inventory| self.ask_about(inventory, kind, MODULES)).collect();
            let directory = format!("modules-{release}/{}", kind.name());
            let sheet = Sheet { directory, file: &file, before: before.clone(), guest: None, questions };
            rows.push(self.compare(kind, &sheet)?);
        }
        Ok(Section { title: format!("modules of {release}: {}", names.join(", ")), rows })
    }

    /// A module, or a copy of it that gdb lays out (see [`elf::unplaced`]).
    fn as_gdb_reads_it(&self, path: &Path, directory: &str) -> Result<PathBuf> {
        let bytes = fs::read(path).with_context(|| path.display().to_string())?;
        let Some(copy) = elf::unplaced(&bytes)? else { return Ok(path.to_owned()) };
        let directory = self.directory.join(directory).join("files");
        fs::create_dir_all(&directory)?;
        let name = path.file_name().context("a module without a name")?;
        fs::write(directory.join(name), copy)?;
        Ok(directory.join(name))
    }

    fn programs(&self) -> Result<Vec<Section>> {
        let mut sections = Vec::new();
        if !self.wants(Part::Programs) {
            return Ok(sections);
        }
        let programs::Built { programs, missing } = programs::build(&self.directory.join("programs"))?;
        for compiler in missing {
            println!("audit: no {compiler} on this machine: its builds are left out");
        }
        let kinds = &Kind::ALL[..Kind::ALL.len() - 1];
        for (name, file) in &programs {
            let inventory = Inventory::read(file, None)?;
            let mut rows = Vec::new();
            for kind in self.kinds(kinds) {
                let questions = self.ask_about(&inventory, kind, 4);
                let stem = file.file_name().unwrap_or_default().to_string_lossy();
                let directory = format!("programs/{stem}.{}", kind.name());
                rows.push(
                    self.compare(
                        kind,
                        &Sheet { directory, file, before: Vec::new(), guest: None, questions },
                    )?,
                );
            }
            sections.push(Section { title: name.clone(), rows });
        }
        Ok(sections)
    }

    /// Those of `kinds` that are wanted.
    fn kinds(&self, kinds: &[Kind]) -> Vec<Kind> {
        let only = &self.options.only;
        kinds.iter().copied().filter(|kind| only.is_empty() || only.contains(kind)).collect()
    }

    /// Questions about one of several files that share the number of questions.
    fn ask_about(&self, inventory: &Inventory, kind: Kind, files: usize) -> Vec<Question> {
        let count = self.options.count.unwrap_or(kind.count());
        let count = if files > 1 && count == usize::MAX { 500 } else { count };
        questions::questions(kind, inventory, count.div_ceil(files), self.options.seed)
    }

    fn compare(&self, kind: Kind, sheet: &Sheet<'_>) -> Result<Row> {
        let directory = self.directory.join(&sheet.directory);
        // Both at once: neither knows of the other, and the machine has more than one CPU.
        let (left, right) = thread::scope(|scope| {
            let left = scope.spawn(|| self.answers(&self.gdb, &directory.join("gdb"), sheet));
            let right = self.answers(self.kdive, &directory.join("kdive"), sheet);
            (left.join(), right)
        });
        let left = left.map_err(|_| anyhow!("the gdb side panicked"))??;
        let right = right?;
        // Where gdb itself comes to an end there is nothing to compare with.
        let mut questions = Vec::new();
        let (mut lefts, mut rights) = (Vec::new(), Vec::new());
        for ((question, left), right) in sheet.questions.iter().zip(left).zip(right) {
            if left.iter().any(Option::is_none) {
                println!("audit: {}: gdb ends at {}", sheet.directory, question.join("; "));
                continue;
            }
            questions.push(question.clone());
            lefts.push(left);
            rights.push(right);
        }
        let verdict = verdict::compare(&questions, &lefts, &rights, &self.accepted);
        fs::write(directory.join("differences.txt"), &verdict.full)?;
        let tally = verdict.tally;
        // In one piece: other parts print too.
        let mut text = format!(
            "audit: {}: {} questions, {} answers, {} differ, {} more as accepted\n",
            sheet.directory,
            questions.len(),
            tally.commands,
            tally.different,
            tally.accepted
        );
        for class in &verdict.classes {
            text.push_str(&format!("  {}x  {}\n", class.count, class.commands.join("; ")));
            for line in class.difference.lines() {
                text.push_str(&format!("      {line}\n"));
            }
        }
        print!("{text}");
        Ok(Row { kind, questions: questions.len(), tally })
    }

    /// What one debugger answers. One that ends at a question is started again for those after it; the answers it did not
    /// give are `None`.
    fn answers(
        &self,
        debugger: &Path,
        directory: &Path,
        sheet: &Sheet<'_>,
    ) -> Result<Vec<Vec<Option<String>>>> {
        let mut all: Vec<Vec<Option<String>>> = Vec::new();
        for _ in 0..=RESTARTS {
            self.signals.check()?;
            let questions = sheet.questions.get(all.len()..).unwrap_or_default();
            let text =
                self.side(debugger, directory, sheet, &transcript::script(&sheet.before, questions))?;
            let mut answers = transcript::answers(&text, questions);
            if let Some(end) = answers.iter().position(|answer| answer.iter().any(Option::is_none)) {
                answers.truncate(end + 1);
            }
            all.extend(answers);
            if all.len() == sheet.questions.len() {
                return Ok(all);
            }
        }
        // It ends too often: the rest is without answers.
        all.extend(sheet.questions.iter().skip(all.len()).map(|question| vec![None; question.len()]));
        Ok(all)
    }

    /// What one debugger prints.
    fn side(&self, debugger: &Path, directory: &Path, sheet: &Sheet<'_>, script: &str) -> Result<String> {
        if directory.exists() {
            fs::remove_dir_all(directory)?;
        }
        fs::create_dir_all(directory)?;
        let boot = |subject: &Subject| subject.boot("", 1, qemu::Timing::Counted).start(directory);
        let machine = sheet.guest.map(boot).transpose()?;
        let (input, path) = (directory.join("script.gdb"), directory.join("output.txt"));
        fs::write(&input, script)?;
        let (input, output) = (File::open(&input)?, File::create(&path)?);
        let errors = output.try_clone()?;
        let mut child = Owned::spawn(&debugger.to_string_lossy(), true, |command| {
            command.current_dir(directory).stdin(input).stdout(output).stderr(errors);
            debugger::clean_environment(command);
            command.args(["-q", "-nx"]).arg(sheet.file);
        })?;
        child.wait(LIMIT, self.signals).with_context(|| format!("see {}", path.display()))?;
        drop(machine);
        Ok(String::from_utf8_lossy(&fs::read(&path)?).into_owned())
    }
}

/// The files below `directory` whose name ends with `.EXTENSION`.
pub fn files_below(directory: &Path, extension: &str, files: &mut Vec<PathBuf>) -> Result<()> {
    let entries = fs::read_dir(directory).with_context(|| format!("cannot read {}", directory.display()))?;
    for entry in entries {
        let path = entry?.path();
        // Links to directories are not followed: they may lead back.
        if path.symlink_metadata()?.is_dir() {
            files_below(&path, extension, files)?;
        } else if path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        }
    }
    if files.is_empty() && directory.ends_with("kernel") {
        bail!("no .{extension} in {}", directory.display());
    }
    Ok(())
}
