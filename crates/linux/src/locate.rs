//! Keeping the symbols of the kernel image where the kernel runs: at connect, at every stop until it is known, and again
//! after a restart of the guest.

use crate::LinuxLayer;
use crate::identity::{Identity, identity};
use crate::kaslr::{AREA, Found, FoundBy, Kaslr, Kernel};
use kdive_base::{AddrRange, VirtAddr};
use kdive_program::{OsNote, OsReport, Program};
use kdive_symbols::ModuleId;

/// Where an x86 CPU begins after reset.
pub(crate) const RESET_VECTOR: VirtAddr = VirtAddr(0xffff_fff0);

/// Uses of the image area that may turn out to be no kernel's before it is given up.
const MAX_TOUCHES: u32 = 64;

/// Where the kernel is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KernelPlace {
    /// First address of the image.
    pub start: VirtAddr,
    /// What KASLR added.
    pub slide: u64,
    /// How it was found.
    pub by: FoundBy,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum State {
    #[default]
    Unknown,
    Known(KernelPlace),
    /// Another kernel than the symbols'; the user was warned.
    Stranger,
}

/// What is known of the kernel's place.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Whereabouts {
    kaslr: Kaslr,
    state: State,
    /// The image area is watched: its first use is the kernel's own, right after it has turned on its page tables, long
    /// before `start_kernel`.
    armed: bool,
    touches: u32,
    /// The symbols were moved by us, not by the user.
    moved: bool,
    /// The file whose kernel was looked for.
    of: Option<ModuleId>,
}

impl Whereabouts {
    /// Another target, or other files.
    pub(crate) fn start_over(&mut self) {
        self.state = State::Unknown;
        self.armed = false;
        self.touches = 0;
    }

    /// Whether another file has the kernel's symbols than the one looked for before; that one is looked for from now on.
    pub(crate) fn take_file(&mut self, program: &Program) -> bool {
        let now = Kernel::of(program).map(|kernel| kernel.module.id());
        let changed = self.of != now;
        if changed {
            self.of = now;
            self.moved = false;
        }
        changed
    }

    pub(crate) fn is_known(&self) -> bool {
        matches!(self.state, State::Known(_))
    }

    pub(crate) fn watched(&self) -> Option<AddrRange> {
        self.armed.then_some(AREA)
    }

    /// The image area was used.
    pub(crate) fn was_touched(&mut self) {
        self.touches += 1;
        if self.touches >= MAX_TOUCHES {
            self.armed = false;
        }
    }
}

/// Whether the kernel to come may be moved at all. Each use of watched memory is a stop, which a guest whose time is counted
/// in instructions (`-icount`) notices by one tick: with `nokaslr` there shall be none. QEMU tells the kernel's command
/// line where it has one (`-append`).
fn may_move(program: &Program) -> bool {
    let arguments = program.machine().and_then(|machine| machine.ask_monitor("qom-get /machine append"));
    !arguments.is_some_and(|words| {
        words.split(|c: char| c.is_whitespace() || c == '"').any(|word| word == "nokaslr")
    })
}

impl LinuxLayer {
    /// Where the kernel runs, once that is known.
    #[must_use]
    pub fn kernel_place(&self) -> Option<KernelPlace> {
        match self.place.state {
            State::Known(place) => Some(place),
            _ => None,
        }
    }

    /// `set kaslr`: takes effect at once.
    pub fn set_kaslr(&mut self, program: &mut Program, kaslr: Kaslr) -> OsReport {
        let mut report = OsReport::default();
        self.place.kaslr = kaslr;
        self.place.start_over();
        if kaslr == Kaslr::Off {
            self.put_back(program, &mut report);
        }
        self.locate(program, &mut report);
        report
    }

    /// Looks for the kernel, unless its place is known.
    pub(crate) fn locate(&mut self, program: &mut Program, report: &mut OsReport) {
        if self.place.is_known() {
            return;
        }
        let Some(kernel) = Kernel::of(program) else { return };
        let found = match self.place.kaslr {
            Kaslr::Off => return,
            Kaslr::By(slide) => {
                let changed = kernel.place(program, slide);
                self.place.moved |= changed;
                report.symbols_changed |= changed;
                return;
            }
            Kaslr::Auto => kernel.find(program),
        };
        match found {
            Found::At(slide, by) => {
                let place = KernelPlace { start: kernel.start(slide), slide, by };
                self.place.state = State::Known(place);
                self.place.armed = false;
                if kernel.place(program, slide) {
                    self.place.moved = true;
                    report.symbols_changed = true;
                    program.modules_changed();
                    report.notes.push(OsNote::KernelAt { start: place.start, slide });
                }
            }
            Found::NotYet => {
                self.put_back(program, report);
                self.place.armed =
                    program.machine().is_some() && self.place.touches < MAX_TOUCHES && may_move(program);
            }
            Found::Stranger => {
                self.place.armed = false;
                let already_reported = self.place.state == State::Stranger;
                self.place.state = State::Stranger;
                // The notes of another build often lie in the same place: then that is said, with both build-ids.
                if !already_reported && !matches!(identity(program), Identity::Different { .. }) {
                    report.warnings.push(crate::stranger::warning(program, Some(&kernel), None));
                }
            }
        }
    }

    /// The symbols go back to where the file has them.
    fn put_back(&mut self, program: &mut Program, report: &mut OsReport) {
        if std::mem::take(&mut self.place.moved)
            && let Some(kernel) = Kernel::of(program)
            && kernel.place(program, 0)
        {
            program.modules_changed();
            report.symbols_changed = true;
        }
    }

    /// A CPU is at its reset vector: the guest restarts.
    pub(crate) fn restarted(&mut self, program: &mut Program, report: &mut OsReport) {
        report.symbols_changed |= self.forget(program);
        self.place.start_over();
        self.place.armed = self.place.kaslr == Kaslr::Auto && may_move(program);
        self.put_back(program, report);
        report.notes.push(OsNote::Restarted);
    }
}
