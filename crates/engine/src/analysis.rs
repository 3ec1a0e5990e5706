//! What the kernel's last report (oops, panic, BUG, WARN) says, worked out as data.

use crate::scope::Whose;
use crate::{Engine, Error, FrameInfo};
use kdive_base::VirtAddr;
use kdive_linux::{Access, BadPointer, Oops, cause_of, parse_oopses, taint_words};
use serde::Serialize;

/// How many frames are given of who called.
const MAX_CALLERS: usize = 12;

/// A report of the kernel.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Analysis {
    /// The kernel's words for it, line by line.
    pub reasons: Vec<String>,
    /// Whether the kernel is about to print it; otherwise it is in the log.
    pub begins: bool,
    /// Name of the task it is about.
    pub comm: Option<String>,
    /// PID of that task.
    pub pid: Option<i32>,
    /// The CPU.
    pub cpu: Option<u32>,
    /// The address that could not be accessed.
    #[serde(serialize_with = "crate::hex::optional")]
    pub address: Option<u64>,
    /// Where it happened.
    pub frame: Option<FrameInfo>,
    /// Which pointer was wrong, where that can be told.
    pub cause: Option<CauseInfo>,
    /// The call trace, innermost first.
    pub trace: Vec<TraceInfo>,
    /// What taints the kernel, in words.
    pub taint: Vec<String>,
}

/// A pointer that was wrong.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct CauseInfo {
    /// What the CPU did.
    pub access: Option<AccessInfo>,
    /// The pointer as the source names it: `req->owner`.
    pub pointer: String,
    /// What it points to: `struct task_struct`.
    pub target: String,
    /// The member that was accessed: `list.next`.
    pub member: String,
    /// The pointer's value.
    #[serde(serialize_with = "crate::hex::number")]
    pub value: u64,
    /// Offset of the member, in bytes.
    pub offset: u64,
    /// What is wrong with the value.
    pub wrong: WrongPointer,
    /// Whether only the line of the source tells which pointer it was.
    pub by_line: bool,
}

/// How memory was accessed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccessInfo {
    /// It was read.
    Read,
    /// It was written.
    Write,
    /// An instruction was fetched.
    Fetch,
}

/// What is wrong with a pointer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WrongPointer {
    /// It is NULL.
    Null,
    /// It is an offset from NULL.
    NearNull,
    /// It is an error number, `ERR_PTR`.
    ErrorNumber,
    /// What it was in was taken off its list.
    OffList,
    /// What it was in was freed.
    Freed,
    /// What it was in was never set.
    NotSet,
    /// It is no address.
    NoAddress,
    /// Nothing is mapped there.
    NotMapped,
}

/// A line of a call trace.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct TraceInfo {
    /// The function.
    pub function: String,
    /// Bytes from its start.
    pub offset: u64,
    /// The module.
    pub module: Option<String>,
    /// The source file.
    pub file: Option<String>,
    /// The line.
    pub line: Option<u32>,
    /// Whether the kernel's unwinder vouches for it.
    pub sure: bool,
}

fn wrong(pointer: Option<BadPointer>) -> WrongPointer {
    match pointer {
        Some(BadPointer::Null) => WrongPointer::Null,
        Some(BadPointer::NearNull) => WrongPointer::NearNull,
        Some(BadPointer::ErrorNumber(_)) => WrongPointer::ErrorNumber,
        Some(BadPointer::ListPoison1 | BadPointer::ListPoison2) => WrongPointer::OffList,
        Some(BadPointer::FreedObject) => WrongPointer::Freed,
        Some(BadPointer::NewObject) => WrongPointer::NotSet,
        Some(BadPointer::NoAddress) => WrongPointer::NoAddress,
        None => WrongPointer::NotMapped,
    }
}

impl Engine {
    /// The report that the selected CPU begins, else the last one of the log; `None` when there is none.
    ///
    /// # Errors
    /// No log that can be read.
    pub fn analyze(&mut self) -> Result<Option<Analysis>, Error> {
        if let Some(begins) = self.report_that_begins()? {
            return Ok(Some(begins));
        }
        let text = self.log(usize::MAX)?.text();
        let last = parse_oopses(&text).into_iter().next_back().filter(|oops| !oops.reason.is_empty());
        last.map(|oops| self.analysis_of(&oops)).transpose()
    }

    fn report_that_begins(&mut self) -> Result<Option<Analysis>, Error> {
        let Some(trouble) = kdive_linux::trouble_here(self.program()) else { return Ok(None) };
        let context = kdive_linux::stop_context(self.program()).ok();
        let frames = self.stack(None, 0, MAX_CALLERS + 1)?;
        let trace = frames.iter().skip(1).map(|frame| TraceInfo {
            function: frame.function.clone().unwrap_or_default(),
            offset: 0,
            module: frame.module.clone(),
            file: frame.file.clone(),
            line: frame.line,
            sure: true,
        });
        Ok(Some(Analysis {
            reasons: vec![trouble.reason],
            begins: true,
            comm: context.as_ref().map(|context| context.comm.clone()),
            pid: context.as_ref().map(|context| context.pid),
            cpu: context.as_ref().and_then(|context| u32::try_from(context.cpu).ok()),
            trace: trace.collect(),
            frame: frames.into_iter().next(),
            ..Analysis::default()
        }))
    }

    fn analysis_of(&mut self, oops: &Oops) -> Result<Analysis, Error> {
        let pc = match &oops.at {
            Some(at) => at.address(self.program()),
            None => oops.at_address.map(VirtAddr),
        };
        // Without the registers of the report there is no frame to look at.
        let machine = pc.and_then(|pc| kdive_linux::at_oops(self.program(), pc, &oops.registers).ok());
        let (frame, cause) = match machine {
            Some(machine) => self.visiting(&Whose::Machine(machine), |engine| {
                let program = engine.program();
                let frame = program.frame(0).ok().map(|frame| FrameInfo::new(program, &frame));
                let cause = cause_of(program, oops).map(|cause| CauseInfo {
                    access: cause.access.map(|access| match access {
                        Access::Read => AccessInfo::Read,
                        Access::Write => AccessInfo::Write,
                        Access::Fetch => AccessInfo::Fetch,
                    }),
                    wrong: wrong(cause.wrong),
                    pointer: cause.pointer,
                    target: cause.target,
                    member: cause.member,
                    value: cause.value.0,
                    offset: cause.offset,
                    by_line: cause.by_line,
                });
                Ok((frame, cause))
            })?,
            None => (None, None),
        };
        let program = self.program();
        let trace = oops.trace.iter().map(|line| {
            let place = &line.place;
            // A return address belongs to the call before it.
            let addr = place.address(program).map(|addr| VirtAddr(addr.0.wrapping_sub(1)));
            let row = addr.and_then(|addr| program.modules.line_at(addr, false)).filter(|row| row.line != 0);
            TraceInfo {
                function: place.symbol.clone(),
                offset: place.offset,
                module: place.module.clone(),
                file: row.as_ref().map(|row| program.shown_file(&row.file)),
                line: row.map(|row| row.line),
                sure: line.sure,
            }
        });
        let words = oops.taint.as_deref().map(taint_words).unwrap_or_default();
        Ok(Analysis {
            reasons: oops.reason.clone(),
            begins: false,
            comm: oops.comm.clone(),
            pid: oops.pid,
            cpu: oops.cpu,
            address: oops.address,
            frame,
            cause,
            trace: trace.collect(),
            taint: words.into_iter().map(str::to_owned).collect(),
        })
    }
}
