//! Breakpoints as plain data.

use crate::{Breakpoint, BreakpointKind, Engine, Location, LocationState, WatchKind};
use kdive_program::TaskFilter;
use serde::Serialize;

/// What a breakpoint is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BreakpointType {
    /// In code.
    Code,
    /// In code, by a debug register.
    Hardware,
    /// It prints and goes on.
    Log,
    /// On writes to data.
    Write,
    /// On reads of data.
    Read,
    /// On both.
    Access,
    /// On signals.
    Signal,
}

/// A breakpoint.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct BreakpointInfo {
    /// Its number.
    pub number: u32,
    /// What it is.
    pub kind: BreakpointType,
    /// Whether it is enabled.
    pub enabled: bool,
    /// Whether it is deleted when it is hit.
    pub temporary: bool,
    /// Where, as it was asked for; for data the expression.
    pub location: String,
    /// Whether its place is not known yet.
    pub pending: bool,
    /// Its condition.
    pub condition: Option<String>,
    /// The only thread it stops.
    pub thread: Option<u32>,
    /// The PID or name of the only tasks it stops.
    pub task: Option<String>,
    /// How often it was hit.
    pub hits: u64,
    /// How often it is passed before it stops.
    pub ignore: u64,
    /// Commands that run when it is hit.
    pub commands: Vec<String>,
    /// Its places.
    pub places: Vec<PlaceInfo>,
}

/// A place of a breakpoint.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct PlaceInfo {
    /// The address.
    #[serde(serialize_with = "crate::hex::number")]
    pub address: u64,
    /// The function.
    pub function: Option<String>,
    /// The source file.
    pub file: Option<String>,
    /// The line.
    pub line: Option<u32>,
    /// Whether it is enabled.
    pub enabled: bool,
    /// Why it is not in the target, or not in the way it was asked for.
    pub problem: Option<String>,
}

impl From<&Location> for PlaceInfo {
    fn from(location: &Location) -> Self {
        let place = &location.place;
        Self {
            address: place.addr.0,
            function: place.function.as_deref().map(str::to_owned),
            file: place.file.as_deref().map(str::to_owned),
            line: (place.line > 0).then_some(place.line),
            enabled: location.enabled,
            problem: match &location.state {
                LocationState::Failed(reason) => Some(reason.to_string()),
                LocationState::HardwareInstead(reason) => Some(reason.to_string()),
                LocationState::Owed(reason) => Some(reason.clone()),
                LocationState::Idle | LocationState::Software | LocationState::Hardware => None,
            },
        }
    }
}

impl From<&Breakpoint> for BreakpointInfo {
    fn from(shown: &Breakpoint) -> Self {
        let (kind, watched) = match &shown.kind {
            BreakpointKind::Software => (BreakpointType::Code, None),
            BreakpointKind::Hardware => (BreakpointType::Hardware, None),
            BreakpointKind::Dprintf(_) => (BreakpointType::Log, None),
            BreakpointKind::Signal(_) => (BreakpointType::Signal, None),
            BreakpointKind::Watch(watch) => {
                let kind = match watch.access {
                    WatchKind::Write => BreakpointType::Write,
                    WatchKind::Read => BreakpointType::Read,
                    WatchKind::Access => BreakpointType::Access,
                };
                (kind, Some(watch.text.clone()))
            }
        };
        Self {
            number: shown.number,
            kind,
            enabled: shown.enabled,
            temporary: shown.disposition == crate::Disposition::Delete,
            location: watched.unwrap_or_else(|| shown.spec.clone()),
            pending: shown.is_pending(),
            condition: shown.condition.clone(),
            thread: shown.thread,
            task: shown.task.as_ref().map(|task| match task {
                TaskFilter::Pid(pid) => pid.to_string(),
                TaskFilter::Comm(name) => name.clone(),
            }),
            hits: shown.hits,
            ignore: shown.ignore,
            commands: shown.commands.clone(),
            places: shown.locations.iter().map(PlaceInfo::from).collect(),
        }
    }
}

impl Engine {
    /// How many values `print` has recorded.
    #[must_use]
    pub fn history_len(&self) -> usize {
        self.program().store().history_len()
    }

    /// All breakpoints by number.
    #[must_use]
    pub fn breakpoint_list(&self) -> Vec<BreakpointInfo> {
        self.session.breakpoints().map(BreakpointInfo::from).collect()
    }
}
