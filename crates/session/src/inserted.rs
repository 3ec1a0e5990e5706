//! What the target was told: the physical side of breakpoints.
//!
//! Before each resume the set of places that are wanted is compared with the set that is there, and only the differences are
//! sent. Several logical breakpoints at one address are one place here, so nothing has to be counted.

use crate::{HardwareReason, LocationState};
use kdive_base::{AddrRange, VirtAddr};
use kdive_target::{BreakpointError, BreakpointKind, RunControl, WatchKind};
use std::collections::{BTreeMap, BTreeSet};

/// One thing to be inserted.
///
/// Ordered as they are inserted: breakpoints before watchpoints, so that debug registers go to code first, and each by
/// address, as gdb does. The order decides what is refused when there are too few debug registers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Place {
    pub(crate) kind: PlaceKind,
    pub(crate) addr: VirtAddr,
    /// Bytes watched; 1 for breakpoints.
    pub(crate) len: u64,
}

impl Place {
    fn order(&self) -> (bool, VirtAddr, u64, PlaceKind) {
        let watches = !matches!(self.kind, PlaceKind::Hardware | PlaceKind::Software);
        (watches, self.addr, self.len, self.kind)
    }
}

impl Ord for Place {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.order().cmp(&other.order())
    }
}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// As [`BreakpointKind`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum PlaceKind {
    Hardware,
    Software,
    Write,
    Read,
    Access,
}

impl PlaceKind {
    pub(crate) fn watch(kind: WatchKind) -> Self {
        match kind {
            WatchKind::Write => Self::Write,
            WatchKind::Read => Self::Read,
            WatchKind::Access => Self::Access,
        }
    }

    fn wire(self) -> BreakpointKind {
        match self {
            Self::Software => BreakpointKind::Software,
            Self::Hardware => BreakpointKind::Hardware,
            Self::Write => BreakpointKind::Watch(WatchKind::Write),
            Self::Read => BreakpointKind::Watch(WatchKind::Read),
            Self::Access => BreakpointKind::Watch(WatchKind::Access),
        }
    }
}

impl Place {
    pub(crate) fn software(addr: VirtAddr) -> Self {
        Self { kind: PlaceKind::Software, addr, len: 1 }
    }

    pub(crate) fn internal_watch(range: AddrRange) -> Self {
        Self { kind: PlaceKind::Access, addr: range.start, len: range.len() }
    }

    pub(crate) fn hardware(addr: VirtAddr) -> Self {
        Self { kind: PlaceKind::Hardware, addr, len: 1 }
    }
}

/// What became of the places that were wanted.
#[derive(Debug, Default)]
pub(crate) struct Synced {
    /// Places that changed their state in this round, with the new one.
    pub(crate) changed: Vec<(Place, LocationState)>,
    /// Places the user allows nothing at (`set may-insert-breakpoints off`).
    pub(crate) forbidden: Vec<Place>,
    /// The connection failed; nothing more was tried.
    pub(crate) lost: Option<kdive_target::Error>,
}

/// What is in the target.
#[derive(Debug, Default)]
pub(crate) struct Inserted {
    /// By what was wanted: what is really there, or why there is nothing.
    places: BTreeMap<Place, Result<Present, BreakpointError>>,
    /// Breakpoint instructions that were found overwritten, and put back.
    healed: u64,
}

/// What is in the target for one place.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Present {
    kind: PlaceKind,
    /// Address and length of each part: one, but for watchpoints that are too large for one debug register.
    parts: Vec<(VirtAddr, u64)>,
    /// Why it is another kind than was asked for.
    reason: Option<HardwareReason>,
}

/// How places are to be inserted.
pub(crate) struct Policy<'a> {
    /// A debug register where no instruction can be written.
    pub(crate) auto_hardware: bool,
    /// Whether to look if instructions in memory are still there: single steps change nothing elsewhere.
    pub(crate) verify: bool,
    /// Why no instruction should be written at an address, where a debug register can do instead.
    pub(crate) rewritten: &'a dyn Fn(VirtAddr) -> Option<String>,
}

impl Inserted {
    /// Makes the target hold what is wanted. A place that fails never keeps the others from being inserted; it is tried
    /// again next time, and reported again only when the reason changes.
    pub(crate) fn sync(
        &mut self,
        control: &dyn RunControl,
        wanted: &BTreeSet<Place>,
        policy: &Policy<'_>,
    ) -> Synced {
        let mut synced = Synced::default();
        let stale: Vec<Place> = self.places.keys().filter(|place| !wanted.contains(place)).copied().collect();
        for place in stale {
            if let Err(error) = self.remove(control, place) {
                synced.lost = Some(error);
                return synced;
            }
        }
        // Instructions in memory that the guest has written over: the stub forgets them, and they are made anew.
        let lost = if policy.verify { control.lost_breakpoints() } else { Vec::new() };
        for addr in lost {
            let lost = Place::software(addr);
            if matches!(self.places.get(&lost), Some(Ok(present)) if present.kind == PlaceKind::Software) {
                self.healed += 1;
                if let Err(error) = self.remove(control, lost) {
                    synced.lost = Some(error);
                    return synced;
                }
            }
        }
        for &place in wanted {
            let before = self.places.get(&place).cloned();
            if matches!(before, Some(Ok(_))) {
                continue;
            }
            let after = match insert(control, place, policy) {
                Ok(present) => Ok(present),
                Err(BreakpointError::Forbidden(_)) => {
                    synced.forbidden.push(place);
                    continue;
                }
                Err(BreakpointError::Target(error)) => {
                    synced.lost = Some(error);
                    return synced;
                }
                Err(error) => Err(error),
            };
            if before.as_ref() != Some(&after) {
                synced.changed.push((place, state(&after)));
            }
            self.places.insert(place, after);
        }
        synced
    }

    /// How many breakpoint instructions were found overwritten and put back.
    #[cfg(test)]
    pub(crate) fn healed(&self) -> u64 {
        self.healed
    }

    /// Takes one place out of the target.
    ///
    /// # Errors
    /// When the connection failed; a refusal is not one, the place is forgotten all the same.
    pub(crate) fn remove(
        &mut self,
        control: &dyn RunControl,
        place: Place,
    ) -> Result<(), kdive_target::Error> {
        let Some(Ok(present)) = self.places.remove(&place) else { return Ok(()) };
        for (addr, len) in present.parts {
            if let Err(BreakpointError::Target(error)) = control.remove(present.kind.wire(), addr, len) {
                return Err(error);
            }
        }
        Ok(())
    }

    /// Takes everything out: before the connection is given up.
    pub(crate) fn remove_all(&mut self, control: &dyn RunControl) {
        let all: Vec<Place> = self.places.keys().copied().collect();
        for place in all {
            if self.remove(control, place).is_err() {
                break;
            }
        }
        self.places.clear();
    }

    /// The target is gone with everything in it.
    pub(crate) fn forget(&mut self) {
        self.places.clear();
    }

    /// The breakpoints (not watchpoints) in the target at an address.
    pub(crate) fn code_at(&self, addr: VirtAddr) -> Vec<Place> {
        self.places
            .iter()
            .filter(|(place, state)| {
                place.addr == addr
                    && state.is_ok()
                    && matches!(place.kind, PlaceKind::Software | PlaceKind::Hardware)
            })
            .map(|(place, _)| *place)
            .collect()
    }

    /// Whether a read watchpoint had to be made an access watchpoint (x86 debug registers know no reads alone).
    pub(crate) fn stands_in_for_read(&self, addr: VirtAddr, len: u64) -> bool {
        let place = Place { kind: PlaceKind::Read, addr, len };
        matches!(self.places.get(&place), Some(Ok(present)) if present.kind == PlaceKind::Access)
    }

    /// What became of a place, [`LocationState::Idle`] for one that was not wanted the last time.
    pub(crate) fn state(&self, place: Place) -> LocationState {
        self.places.get(&place).map_or(LocationState::Idle, state)
    }
}

fn state(result: &Result<Present, BreakpointError>) -> LocationState {
    match result {
        Ok(Present { kind: PlaceKind::Software, .. }) => LocationState::Software,
        Ok(Present { reason: Some(reason), .. }) => LocationState::HardwareInstead(reason.clone()),
        Ok(_) => LocationState::Hardware,
        Err(reason) => LocationState::Failed(reason.clone()),
    }
}

/// Inserts one place. Where no breakpoint instruction can be written (nothing is mapped there yet), a debug register does.
/// Watchpoints that debug registers cannot do as they are (reads alone, odd sizes) are made of what they can.
fn insert(control: &dyn RunControl, place: Place, policy: &Policy<'_>) -> Result<Present, BreakpointError> {
    let whole = |kind| Present { kind, parts: vec![(place.addr, place.len)], reason: None };
    if place.kind == PlaceKind::Software
        && policy.auto_hardware
        && !control.steps_over_breakpoints()
        && let Some(what) = (policy.rewritten)(place.addr)
    {
        match control.insert(BreakpointKind::Hardware, place.addr, place.len) {
            Ok(()) => {
                let reason = Some(HardwareReason::Rewritten(place.addr, what));
                return Ok(Present { reason, ..whole(PlaceKind::Hardware) });
            }
            Err(BreakpointError::Target(error)) => return Err(BreakpointError::Target(error)),
            // There is none left: better an instruction than nothing.
            Err(_) => {}
        }
    }
    let refusal = match control.insert(place.kind.wire(), place.addr, place.len) {
        Ok(()) => return Ok(whole(place.kind)),
        Err(error @ (BreakpointError::Target(_) | BreakpointError::Forbidden(_))) => return Err(error),
        Err(refusal) => refusal,
    };
    match place.kind {
        PlaceKind::Software if policy.auto_hardware => {
            match control.insert(BreakpointKind::Hardware, place.addr, place.len) {
                Ok(()) => {
                    let reason = Some(HardwareReason::NotMapped(place.addr));
                    Ok(Present { reason, ..whole(PlaceKind::Hardware) })
                }
                Err(BreakpointError::Target(error)) => Err(BreakpointError::Target(error)),
                Err(_) => Err(refusal),
            }
        }
        PlaceKind::Software | PlaceKind::Hardware => Err(refusal),
        PlaceKind::Read if refusal == BreakpointError::Unsupported => {
            match control.insert(BreakpointKind::Watch(WatchKind::Access), place.addr, place.len) {
                Ok(()) => Ok(whole(PlaceKind::Access)),
                Err(_) => insert_parts(control, place, PlaceKind::Access, refusal),
            }
        }
        kind => insert_parts(control, place, kind, refusal),
    }
}

/// Inserts a watchpoint in parts of 1, 2, 4 or 8 bytes, each aligned to its size: what a debug register of x86 covers.
fn insert_parts(
    control: &dyn RunControl,
    place: Place,
    kind: PlaceKind,
    refusal: BreakpointError,
) -> Result<Present, BreakpointError> {
    let parts = parts(place.addr, place.len);
    // Nobody has more debug registers; a single part is what was refused already.
    if parts.len() < 2 || parts.len() > 4 {
        return Err(refusal);
    }
    let mut done: Vec<(VirtAddr, u64)> = Vec::new();
    for &(addr, len) in &parts {
        if let Err(error) = control.insert(kind.wire(), addr, len) {
            for (addr, len) in done {
                control.remove(kind.wire(), addr, len)?;
            }
            return Err(error);
        }
        done.push((addr, len));
    }
    Ok(Present { kind, parts, reason: None })
}

fn parts(addr: VirtAddr, len: u64) -> Vec<(VirtAddr, u64)> {
    let (mut parts, mut at, end) = (Vec::new(), addr.0, addr.0.saturating_add(len.min(64)));
    while at < end {
        let size = [8u64, 4, 2, 1]
            .into_iter()
            .find(|&size| at.is_multiple_of(size) && end - at >= size)
            .unwrap_or(1);
        parts.push((VirtAddr(at), size));
        at += size;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_aligned_to_their_size() {
        let check = |addr: u64, len: u64| {
            parts(VirtAddr(addr), len).iter().map(|(addr, len)| (addr.0, *len)).collect::<Vec<_>>()
        };
        assert_eq!(check(0x1000, 8), [(0x1000, 8)]);
        assert_eq!(check(0x1003, 7), [(0x1003, 1), (0x1004, 4), (0x1008, 2)]);
        assert_eq!(check(0x1006, 12), [(0x1006, 2), (0x1008, 8), (0x1010, 2)]);
    }
}
