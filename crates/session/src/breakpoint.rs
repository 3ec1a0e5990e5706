//! Logical breakpoints: what the user made and what became of it.

use crate::catch::Caught;
use crate::event::HardwareReason;
use kdive_base::VirtAddr;
use kdive_expr::Expr;
use kdive_program::{CodeLocation, FrameKey, TaskFilter};
use kdive_target::{BreakpointError, ThreadId, WatchKind};

/// What a breakpoint is, by the command that made it.
#[derive(Clone, PartialEq, Debug)]
pub enum BreakpointKind {
    /// `break`, `tbreak`.
    Software,
    /// `hbreak`, `thbreak`.
    Hardware,
    /// `dprintf LOCATION,FORMAT,ARGS`: what follows the location.
    Dprintf(String),
    /// `watch`, `rwatch`, `awatch`.
    Watch(Box<Watch>),
    /// `catch signal`.
    Signal(Caught),
}

/// The part of a watchpoint that other breakpoints do not have.
#[derive(Clone, PartialEq, Debug)]
pub struct Watch {
    /// Which accesses.
    pub access: WatchKind,
    /// The expression as typed, `-location EXPR` with `-l`.
    pub text: String,
    /// Whether the stub watches it; otherwise kdive steps and compares.
    pub hardware: bool,
    /// The frame whose locals it names; it is deleted when that frame is gone.
    pub frame: Option<FrameKey>,
    /// The thread of that frame.
    pub thread: Option<ThreadId>,
    /// The task of that frame, where tasks are known; it may have come to another thread.
    pub task: Option<VirtAddr>,
    /// The value seen last, `None` before the first look.
    pub value: Option<SeenValue>,
    /// The memory it covers.
    pub ranges: Vec<(VirtAddr, u64)>,
}

/// A value of a watched expression.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SeenValue {
    /// Its bytes; `None` when it could not be read.
    pub bytes: Option<Vec<u8>>,
    /// As `print` shows it, or why it could not be read.
    pub text: String,
}

/// What happens to a breakpoint when it is hit.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Disposition {
    /// `keep`.
    Keep,
    /// `del`: deleted at the stop (`tbreak`, `enable delete`).
    Delete,
    /// `dis`: disabled at the stop (`enable once`, `enable count`).
    Disable,
}

/// What became of one location of a breakpoint.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum LocationState {
    /// Not inserted, and nothing is wrong with that.
    #[default]
    Idle,
    /// In the target as a software breakpoint.
    Software,
    /// In the target as a hardware breakpoint although a software one was asked for; why.
    HardwareInstead(HardwareReason),
    /// In the target as a hardware breakpoint or watchpoint.
    Hardware,
    /// Could not be inserted; the reason. Tried again at every resume.
    Failed(BreakpointError),
    /// Not inserted, because the code is not there any more; why. It is inserted again when the code is back.
    Owed(String),
}

/// One address of a breakpoint.
#[derive(Clone, PartialEq, Debug)]
pub struct Location {
    /// Where.
    pub place: CodeLocation,
    /// `disable 1.2`.
    pub enabled: bool,
    /// The condition does not compile in this place.
    pub condition_invalid: bool,
    /// What the target was told.
    pub state: LocationState,
}

/// A breakpoint as the user sees it.
#[derive(Clone, PartialEq, Debug)]
pub struct Breakpoint {
    /// Its number.
    pub number: u32,
    /// What it is.
    pub kind: BreakpointKind,
    /// What happens when it is hit.
    pub disposition: Disposition,
    /// `enable`, `disable`.
    pub enabled: bool,
    /// The location as typed; for a watchpoint empty.
    pub spec: String,
    /// The location in a form that means the same later: `/src/init/main.c:905` for a bare `905`.
    pub canonical: String,
    /// What was typed after the location, shown while it is pending: `if x == 1`.
    pub extra: String,
    /// Its addresses, by address. Empty: pending, or a watchpoint.
    pub locations: Vec<Location>,
    /// `condition`, as typed.
    pub condition: Option<String>,
    /// `thread N`: gdb's number.
    pub thread: Option<u32>,
    /// `task PID`, `comm NAME`.
    pub task: Option<TaskFilter>,
    /// How often it stopped or would have, but for its ignore count.
    pub hits: u64,
    /// `ignore`: crossings still to be ignored.
    pub ignore: u64,
    /// `enable count`: hits until it is disabled.
    pub enable_count: u64,
    /// `commands`, one line each, nested blocks indented by the user's own lines.
    pub commands: Vec<String>,
}

impl Disposition {
    /// gdb's word for it in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Delete => "del",
            Self::Disable => "dis",
        }
    }
}

impl Breakpoint {
    /// gdb's name of its kind in tables.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match &self.kind {
            BreakpointKind::Software => "breakpoint",
            BreakpointKind::Hardware => "hw breakpoint",
            BreakpointKind::Dprintf(_) => "dprintf",
            BreakpointKind::Signal(_) => "catchpoint",
            BreakpointKind::Watch(watch) => match (watch.hardware, watch.access) {
                (false, _) => "watchpoint",
                (true, WatchKind::Write) => "hw watchpoint",
                (true, WatchKind::Read) => "read watchpoint",
                (true, WatchKind::Access) => "acc watchpoint",
            },
        }
    }

    /// Whether its location is not known yet.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.locations.is_empty() && !self.is_watch() && !self.is_catch()
    }

    /// Whether it is a catchpoint, which has no place.
    #[must_use]
    pub fn is_catch(&self) -> bool {
        matches!(self.kind, BreakpointKind::Signal(_))
    }

    /// Whether it is a watchpoint.
    #[must_use]
    pub fn is_watch(&self) -> bool {
        matches!(self.kind, BreakpointKind::Watch(_))
    }
}

/// A breakpoint with what was compiled from its texts.
pub(crate) struct Entry {
    pub(crate) shown: Breakpoint,
    /// The condition, one per location.
    pub(crate) conditions: Vec<Option<Expr>>,
    /// The watched expression.
    pub(crate) expr: Option<Expr>,
    /// The condition of a watchpoint or catchpoint.
    pub(crate) condition: Option<Expr>,
    /// Where the frame of a watched local returns to.
    pub(crate) scope: Option<Scope>,
    /// To be deleted at the next stop.
    pub(crate) delete_at_stop: bool,
}

/// The place a frame returns to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Scope {
    pub(crate) pc: VirtAddr,
    pub(crate) caller: FrameKey,
}

impl Entry {
    /// The watchpoint, if it is one.
    pub(crate) fn watch(&self) -> Option<&Watch> {
        match &self.shown.kind {
            BreakpointKind::Watch(watch) => Some(watch),
            _ => None,
        }
    }

    /// The watchpoint, if it is one, to change.
    pub(crate) fn watch_mut(&mut self) -> Option<&mut Watch> {
        match &mut self.shown.kind {
            BreakpointKind::Watch(watch) => Some(watch),
            _ => None,
        }
    }

    /// Whether it can stop anything now.
    pub(crate) fn is_active(&self) -> bool {
        self.shown.enabled && !self.delete_at_stop
    }

    /// Whether it is a watchpoint that kdive has to step for.
    pub(crate) fn needs_stepping(&self) -> bool {
        self.is_active() && self.watch().is_some_and(|watch| !watch.hardware)
    }
}
