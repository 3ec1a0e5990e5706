//! Making, changing and removing breakpoints.

use crate::breakpoint::{Breakpoint, BreakpointKind, Disposition, Entry, Location, LocationState};
use crate::event::Warning;
use crate::place::BreakArgs;
use crate::{Error, Event, Session};
use kdive_base::VirtAddr;
use kdive_expr::Expr;
use kdive_program::{CodeLocation, Resolution};

/// What `break` and its kin ask for.
#[derive(Clone, PartialEq, Debug)]
pub struct BreakRequest {
    /// The argument, taken apart.
    pub args: BreakArgs,
    /// [`BreakpointKind::Software`], [`BreakpointKind::Hardware`] or [`BreakpointKind::Dprintf`].
    pub kind: BreakpointKind,
    /// `tbreak`, `thbreak`.
    pub temporary: bool,
    /// Whether a place that is not known yet makes a pending breakpoint; otherwise it is [`Error::NotFound`].
    pub may_pend: bool,
}

/// A breakpoint was made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Added {
    /// Its number.
    pub number: u32,
    /// Its addresses at which others are too.
    pub also_set: Vec<AlsoSet>,
    /// Warnings about its condition and its task.
    pub warnings: Vec<Warning>,
    /// Of which CPU the watched per-CPU variable is.
    pub copies: Option<String>,
}

/// An address at which several breakpoints are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AlsoSet {
    /// The address.
    pub addr: VirtAddr,
    /// Those that were there before.
    pub breakpoints: Vec<u32>,
}

/// How breakpoints are switched on or off.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Switch {
    /// `enable`.
    On,
    /// `disable`.
    Off,
    /// `enable once`.
    Once,
    /// `enable delete`.
    Delete,
    /// `enable count N`.
    Count(u64),
}

impl Session {
    /// Makes a breakpoint.
    ///
    /// # Errors
    /// [`Error::NotFound`] when its place is unknown and it may not pend; a malformed location, a condition that does not
    /// compile in any of its places, an unknown thread.
    pub fn add_breakpoint(&mut self, request: BreakRequest) -> Result<Added, Error> {
        let BreakRequest { args, kind, temporary, may_pend } = request;
        let thread = args.thread.as_deref().map(|id| self.thread_number(id)).transpose()?;
        let task = self.task_filter(args.task.as_deref(), args.comm.as_deref())?;
        let spec = if args.location.is_empty() {
            match self.program.selected_frame() {
                Ok(frame) => format!("*{}", frame.pc()),
                Err(_) => return Err(Error::msg("No default breakpoint address now.")),
            }
        } else {
            args.location.clone()
        };
        let mut shown = Breakpoint {
            number: 0,
            kind,
            disposition: if temporary { Disposition::Delete } else { Disposition::Keep },
            enabled: true,
            spec,
            canonical: String::new(),
            extra: args.extra.clone(),
            locations: Vec::new(),
            condition: args.condition.clone(),
            thread,
            task,
            hits: 0,
            ignore: 0,
            enable_count: 0,
            commands: Vec::new(),
        };
        let mut also_set = Vec::new();
        let mut warnings: Vec<Warning> = self.absent_task(shown.task.as_ref()).into_iter().collect();
        let mut conditions = Vec::new();
        match self.resolve(&shown.spec) {
            Ok(resolution) => {
                for place in &resolution.locations {
                    also_set.extend(self.also_set_at(place.addr));
                }
                shown.canonical = resolution.canonical.clone();
                shown.locations = locations(resolution);
                let force = args.force_condition;
                conditions = self.compile_conditions(&mut shown, force, &mut warnings)?;
            }
            Err(Error::NotFound { .. }) if may_pend => shown.canonical.clone_from(&shown.spec),
            Err(error) => return Err(error),
        }
        let number = self.take_number();
        shown.number = number;
        self.breakpoints.push(Entry {
            shown,
            conditions,
            expr: None,
            condition: None,
            scope: None,
            delete_at_stop: false,
        });
        Ok(Added { number, also_set, warnings, copies: None })
    }

    pub(crate) fn take_number(&mut self) -> u32 {
        self.last_number += 1;
        self.program.set_convenience("bpnum", Some(i64::from(self.last_number)));
        self.last_number
    }

    /// Looks up a location typed by the user. The default place is the one shown last.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it may exist later.
    pub fn resolve(&self, location: &str) -> Result<Resolution, Error> {
        self.resolutions.set(self.resolutions.get() + 1);
        Ok(self.program.resolve(location)?)
    }

    /// The thread a user names: `2` or `1.2`.
    ///
    /// # Errors
    /// `Invalid thread ID: x`, `Unknown thread 9.`
    pub fn thread_number(&self, text: &str) -> Result<u32, Error> {
        let digits = text.strip_prefix("1.").unwrap_or(text);
        let number: u32 = digits.parse().map_err(|_| Error::msg(format!("Invalid thread ID: {text}")))?;
        if number == 0 {
            return Err(Error::msg(format!("Invalid thread ID: {text}")));
        }
        match self.threads.by_number(number) {
            Some(_) => Ok(number),
            None => Err(Error::msg(format!("Unknown thread {text}."))),
        }
    }

    /// Compiles the condition of a breakpoint in each of its places. A place in which it means nothing is switched off;
    /// when it means nothing anywhere the breakpoint is refused, unless forced.
    fn compile_conditions(
        &mut self,
        shown: &mut Breakpoint,
        force: bool,
        warnings: &mut Vec<Warning>,
    ) -> Result<Vec<Option<Expr>>, Error> {
        let Some(text) = shown.condition.clone() else {
            return Ok(shown.locations.iter().map(|_| None).collect());
        };
        let (mut compiled, mut failures, mut valid) = (Vec::new(), Vec::new(), false);
        for (index, location) in shown.locations.iter_mut().enumerate() {
            match self.program.compile(&text, Some(location.place.addr)) {
                Ok(expr) => {
                    valid = true;
                    location.condition_invalid = false;
                    compiled.push(Some(expr));
                }
                Err(error) => {
                    location.condition_invalid = true;
                    failures.push((index + 1, error));
                    compiled.push(None);
                }
            }
        }
        if !valid
            && !force
            && let Some((_, error)) = failures.into_iter().next_back()
        {
            return Err(error.into());
        } else if !valid && !force {
            return Ok(compiled);
        }
        for (index, location) in shown.locations.iter().enumerate() {
            if location.condition_invalid {
                let Err(error) = self.program.compile(&text, Some(location.place.addr)) else { continue };
                warnings.push(Warning::ConditionInvalid {
                    breakpoint: Some(shown.number).filter(|number| *number != 0),
                    location: index + 1,
                    error: Box::new(error.into()),
                });
            }
        }
        Ok(compiled)
    }

    /// The breakpoints that are at an address already.
    fn also_set_at(&self, addr: VirtAddr) -> Option<AlsoSet> {
        let is_there =
            |shown: &&Breakpoint| shown.locations.iter().any(|location| location.place.addr == addr);
        let breakpoints: Vec<u32> = self.breakpoints().filter(is_there).map(|shown| shown.number).collect();
        (!breakpoints.is_empty()).then_some(AlsoSet { addr, breakpoints })
    }

    /// The breakpoint with this number.
    ///
    /// # Errors
    /// `No breakpoint number 9.`
    pub fn breakpoint(&self, number: u32) -> Result<&Breakpoint, Error> {
        self.breakpoints
            .iter()
            .map(|entry| &entry.shown)
            .find(|shown| shown.number == number)
            .ok_or(Error::NoBreakpoint(number))
    }

    fn entry_mut(&mut self, number: u32) -> Result<&mut Entry, Error> {
        self.breakpoints
            .iter_mut()
            .find(|entry| entry.shown.number == number)
            .ok_or(Error::NoBreakpoint(number))
    }

    /// Deletes a breakpoint.
    ///
    /// # Errors
    /// `No breakpoint number 9.`
    pub fn delete(&mut self, number: u32) -> Result<(), Error> {
        self.entry_mut(number)?;
        self.breakpoints.retain(|entry| entry.shown.number != number);
        Ok(())
    }

    /// Deletes all breakpoints.
    pub fn delete_all(&mut self) {
        self.breakpoints.clear();
    }

    /// Switches a whole breakpoint on or off.
    ///
    /// # Errors
    /// `No breakpoint number 9.`
    pub fn switch(&mut self, number: u32, how: Switch) -> Result<(), Error> {
        let shown = &mut self.entry_mut(number)?.shown;
        shown.enabled = how != Switch::Off;
        match how {
            Switch::On | Switch::Off => {}
            Switch::Once => (shown.disposition, shown.enable_count) = (Disposition::Disable, 1),
            Switch::Delete => shown.disposition = Disposition::Delete,
            Switch::Count(count) => {
                (shown.disposition, shown.enable_count) = (Disposition::Disable, count);
            }
        }
        if how == Switch::On {
            self.refresh_watch_value(number);
        }
        Ok(())
    }

    /// Switches some locations of a breakpoint on or off; the only location of a breakpoint stands for the whole.
    ///
    /// # Errors
    /// `No breakpoint number 9.`, `Bad breakpoint location number '7'`.
    pub fn switch_locations(&mut self, number: u32, (from, to): (u32, u32), on: bool) -> Result<(), Error> {
        let shown = &mut self.entry_mut(number)?.shown;
        let count = u32::try_from(shown.locations.len()).unwrap_or(u32::MAX);
        for index in from..=to {
            if index > count {
                return Err(Error::msg(format!("Bad breakpoint location number '{index}'")));
            }
            if count == 1 {
                shown.enabled = on;
            } else if let Some(location) = shown.locations.get_mut(index as usize - 1) {
                if location.condition_invalid && on {
                    return Err(Error::msg(format!(
                        "Breakpoint {number}'s condition is invalid at location {index}, cannot enable."
                    )));
                }
                location.enabled = on;
            }
        }
        Ok(())
    }

    /// Sets or removes (`None`) the condition of a breakpoint; answers with warnings about places where it means nothing.
    ///
    /// # Errors
    /// `No breakpoint number 9.`, or what is wrong with the expression.
    pub fn set_condition(
        &mut self,
        number: u32,
        condition: Option<&str>,
        force: bool,
    ) -> Result<Vec<Warning>, Error> {
        let mut warnings = Vec::new();
        let entry = self.entry_mut(number)?;
        let mut shown = entry.shown.clone();
        shown.condition = condition.map(str::to_owned);
        if shown.is_watch() || shown.is_catch() {
            let compiled = condition.map(|text| self.program.compile(text, None)).transpose()?;
            let entry = self.entry_mut(number)?;
            entry.shown = shown;
            entry.condition = compiled;
            return Ok(warnings);
        }
        for location in &mut shown.locations {
            location.condition_invalid = false;
        }
        let conditions = self.compile_conditions(&mut shown, force, &mut warnings)?;
        let entry = self.entry_mut(number)?;
        entry.shown = shown;
        entry.conditions = conditions;
        Ok(warnings)
    }

    /// Sets the number of crossings to be ignored; below zero counts as zero.
    ///
    /// # Errors
    /// `No breakpoint number 9.`
    pub fn set_ignore(&mut self, number: u32, count: i64) -> Result<(), Error> {
        self.entry_mut(number)?.shown.ignore = u64::try_from(count).unwrap_or(0);
        Ok(())
    }

    /// Sets the commands to run at each stop, one line each, nested blocks indented by two blanks a level.
    ///
    /// # Errors
    /// `No breakpoint number 9.`
    pub fn set_commands(&mut self, number: u32, commands: Vec<String>) -> Result<(), Error> {
        let shown = &mut self.entry_mut(number)?.shown;
        if matches!(shown.kind, BreakpointKind::Dprintf(_)) {
            return Err(Error::msg("Can't use the \"commands\" command among a dprintf's commands."));
        }
        shown.commands = commands;
        Ok(())
    }

    /// The breakpoints `clear` would delete for places it was given.
    #[must_use]
    pub fn at_places(&self, places: &[CodeLocation], by_line: bool) -> Vec<u32> {
        let matches = |location: &Location| {
            places.iter().any(|place| {
                location.place.addr == place.addr
                    || by_line
                        && place.line != 0
                        && location.place.line == place.line
                        && location.place.file.is_some()
                        && location.place.file == place.file
            })
        };
        self.breakpoints
            .iter()
            .map(|entry| &entry.shown)
            .filter(|shown| shown.locations.iter().any(matches))
            .map(|shown| shown.number)
            .collect()
    }

    /// A file was added, removed or moved: places are looked up again, pending breakpoints may get theirs, and those whose
    /// code is gone wait for it again.
    pub fn symbols_changed(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        for index in 0..self.breakpoints.len() {
            let Some(entry) = self.breakpoints.get(index) else { continue };
            let mut shown = entry.shown.clone();
            if shown.is_watch() {
                self.reset_watch(shown.number);
                continue;
            }
            if shown.is_catch() {
                continue;
            }
            // An address that depends on the machine stays what it was when it was typed.
            if shown.spec.starts_with('*') && shown.spec.contains('$') {
                continue;
            }
            let spec = if shown.canonical.is_empty() { &shown.spec } else { &shown.canonical };
            let Ok(resolution) = self.resolve(&spec.clone()) else {
                if let Some(entry) = self.breakpoints.get_mut(index) {
                    entry.shown.locations.clear();
                    entry.conditions.clear();
                }
                continue;
            };
            let mut fresh = locations(resolution);
            carry_over(&shown.locations, &mut fresh);
            shown.locations = fresh;
            let mut warnings = Vec::new();
            match self.compile_conditions(&mut shown, true, &mut warnings) {
                Ok(conditions) => {
                    if let Some(entry) = self.breakpoints.get_mut(index) {
                        entry.shown = shown;
                        entry.conditions = conditions;
                    }
                    events.extend(warnings.into_iter().map(Event::Warning));
                }
                Err(error) => {
                    let error = Box::new(error);
                    events.push(Event::Warning(Warning::NotReset { breakpoint: shown.number, error }));
                }
            }
        }
        events
    }
}

/// Locations in the order of their addresses.
fn locations(resolution: Resolution) -> Vec<Location> {
    let mut places = resolution.locations;
    places.sort_by_key(|place| place.addr);
    places
        .into_iter()
        .map(|place| Location {
            place,
            enabled: true,
            condition_invalid: false,
            state: LocationState::default(),
        })
        .collect()
}

/// Keeps what the user switched off: by address, or by function and order where the code has moved.
fn carry_over(old: &[Location], fresh: &mut [Location]) {
    for location in old.iter().filter(|location| !location.enabled) {
        let same_address = fresh.iter().position(|new| new.place.addr == location.place.addr);
        let same_function = || {
            let nth = old
                .iter()
                .filter(|other| other.place.function == location.place.function)
                .position(|other| other.place.addr == location.place.addr)?;
            fresh
                .iter()
                .enumerate()
                .filter(|(_, new)| new.place.function == location.place.function)
                .nth(nth)
                .map(|(index, _)| index)
        };
        if let Some(new) = same_address.or_else(same_function).and_then(|index| fresh.get_mut(index)) {
            new.enabled = false;
        }
    }
}
