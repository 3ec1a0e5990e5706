//! Watchpoints: making them, and finding out what became of the value they watch.

use crate::breakpoint::{Breakpoint, BreakpointKind, Disposition, Entry, Scope, SeenValue, Watch};
use crate::edit::Added;
use crate::frames;
use crate::{Error, Session};
use kdive_program::{TaskFilter, WatchReading};
use kdive_target::{ThreadId, WatchKind};

/// What `watch` and its kin ask for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WatchRequest {
    /// The argument without options: `EXPR [if COND] [thread N]`.
    pub text: String,
    /// `watch`, `rwatch`, `awatch`.
    pub access: WatchKind,
    /// `-location`.
    pub location: bool,
}

/// What a look at a watched value found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Look {
    /// Nothing to say: another thread's frame.
    Ignore,
    /// The frame it belonged to is gone.
    Gone,
    /// Another value than before; the old one.
    Changed(Option<SeenValue>),
    /// The same value.
    Same,
}

impl Session {
    /// Makes a watchpoint.
    ///
    /// # Errors
    /// ``Cannot watch constant value `5'.``, an expression that does not compile, a read watchpoint on something that is
    /// not memory.
    pub fn add_watch(&mut self, request: &WatchRequest) -> Result<Added, Error> {
        let mut limits = Limits::default();
        let text = self.split_limits(request.text.trim(), &mut limits)?;
        let (text, condition) = split_if(text);
        let text = self.split_limits(text, &mut limits)?;
        if text.is_empty() {
            return Err(Error::msg("Argument required (expression to compute)."));
        }
        let typed = self.program.compile(text, None)?;
        if typed.is_constant() {
            return Err(Error::msg(format!("Cannot watch constant value `{text}'.")));
        }
        let mut note = None;
        let (expr, shown_text, frame_bound) = if request.location {
            let place = self.program.location_of(text)?;
            note = self.program.settle(typed).1;
            (self.program.compile(&place, None)?, format!("-location {text}"), false)
        } else {
            let bound = kdive_program::is_frame_bound(&typed);
            (typed, text.to_owned(), bound)
        };
        let compiled = condition.map(|text| self.program.compile(text, None)).transpose()?;
        let reading = self.program.watch(&expr);
        if let Some(refused) = reading.refused {
            return Err(refused.into());
        }
        let (expr, of_cpu) = self.program.settle(expr);
        let mut hardware = self.watches_in_hardware(&reading);
        if hardware && let Some(refusal) = self.no_room_to_watch(request.access, reading.ranges.len()) {
            if request.access != WatchKind::Write {
                return Err(Error::msg(refusal));
            }
            hardware = false;
        } else if !hardware && request.access != WatchKind::Write {
            return Err(Error::msg(if self.settings.hardware_watchpoints {
                "Expression cannot be implemented with read/access watchpoint."
            } else {
                "Can't set read/access watchpoint when hardware watchpoints are disabled."
            }));
        }
        let level = self.program.selected_level();
        let frame =
            if frame_bound { self.program.frame(level).ok().and_then(|frame| frame.key()) } else { None };
        let scope = frame.and_then(|_| {
            let caller = frames::caller(&self.program, level)?;
            Some(Scope { pc: caller.pc, caller: caller.key? })
        });
        let number = self.take_number();
        let shown = Breakpoint {
            number,
            kind: BreakpointKind::Watch(Box::new(Watch {
                access: request.access,
                text: shown_text,
                hardware,
                frame,
                thread: frame.and(self.threads.selected().map(|entry| entry.id)),
                task: frame.and_then(|_| self.program.task()),
                value: self
                    .target
                    .is_some()
                    .then_some(SeenValue { bytes: reading.bytes, text: reading.text }),
                ranges: reading.ranges,
            })),
            disposition: Disposition::Keep,
            enabled: true,
            spec: String::new(),
            canonical: String::new(),
            extra: String::new(),
            locations: Vec::new(),
            condition: condition.map(str::to_owned),
            thread: limits.thread,
            task: limits.task,
            hits: 0,
            ignore: 0,
            enable_count: 0,
            commands: Vec::new(),
        };
        let warnings = self.absent_task(shown.task.as_ref()).into_iter().collect();
        self.breakpoints.push(Entry {
            shown,
            conditions: Vec::new(),
            expr: Some(expr),
            condition: compiled,
            scope,
            delete_at_stop: false,
        });
        // What is watched has to be said even where nobody types.
        Ok(Added { number, also_set: Vec::new(), warnings, copies: note.or(of_cpu) })
    }

    /// Splits `thread N`, `task PID` and `comm NAME` off the end.
    fn split_limits<'a>(&mut self, text: &'a str, limits: &mut Limits) -> Result<&'a str, Error> {
        let mut text = text;
        while let Some((rest, value)) = split_value(text) {
            let rest = rest.trim_end();
            let Some((expr, word)) = rest.rsplit_once(char::is_whitespace) else { break };
            match word {
                "thread" => limits.thread = Some(self.thread_number(&value)?),
                "task" => limits.task = self.task_filter(Some(&value), None)?,
                "comm" => limits.task = self.task_filter(None, Some(&value))?,
                _ => break,
            }
            text = expr.trim_end();
        }
        Ok(text)
    }

    fn watches_in_hardware(&self, reading: &WatchReading) -> bool {
        self.settings.hardware_watchpoints
            && !reading.beyond_memory
            && (self.target.is_none() || !reading.ranges.is_empty())
            && self
                .settings
                .hardware
                .watch_length
                .is_none_or(|most| reading.ranges.iter().all(|&(_, len)| len <= most))
    }

    /// Why a watchpoint of so many ranges cannot use the hardware the user says there is. As in gdb, watchpoints of different
    /// kinds do not share it.
    fn no_room_to_watch(&self, access: WatchKind, ranges: usize) -> Option<&'static str> {
        let most = self.settings.hardware.watchpoints?;
        if most == 0 {
            return Some("Target does not support this type of hardware watchpoint.");
        }
        let used = || self.breakpoints.iter().filter(|entry| entry.shown.enabled).filter_map(Entry::watch);
        let others = used().any(|watch| watch.hardware && watch.access != access);
        let same = used().filter(|watch| watch.hardware && watch.access == access);
        let count = same.map(|watch| watch.ranges.len()).sum::<usize>() + ranges;
        (others || count as u64 > most)
            .then_some("There are not enough available hardware resources for this watchpoint.")
    }

    /// Looks at all watched values before the program runs: whatever the user wrote while it stood still is not news.
    pub(crate) fn refresh_watch_values(&mut self) {
        let numbers: Vec<u32> = self
            .breakpoints
            .iter()
            .filter(|entry| entry.is_active() && entry.watch().is_some())
            .map(|entry| entry.shown.number)
            .collect();
        for number in numbers {
            self.refresh_watch_value(number);
        }
    }

    /// Looks at one watched value; settles whether the stub can watch it.
    pub(crate) fn refresh_watch_value(&mut self, number: u32) {
        if self.target.is_none() {
            return;
        }
        let Some((reading, _)) = self.read_watch(number) else { return };
        let hardware = self.watches_in_hardware(&reading);
        if let Some(watch) = self.watch_mut(number) {
            watch.value = Some(SeenValue { bytes: reading.bytes, text: reading.text });
            watch.ranges = reading.ranges;
            if watch.access == WatchKind::Write {
                watch.hardware = hardware;
            }
        }
    }

    /// Symbols have changed: a watched variable may lie elsewhere. What cannot be understood any more stays as it was.
    pub(crate) fn reset_watch(&mut self, number: u32) {
        let Some(watch) = self.watch_mut(number).filter(|watch| watch.frame.is_none()) else { return };
        let text = watch.text.clone();
        let text = match text.strip_prefix("-location ") {
            Some(place) => self.program.location_of(place).ok(),
            None => Some(text),
        };
        let Some(expr) = text.and_then(|text| self.program.compile(&text, None).ok()) else { return };
        let reading = self.program.watch(&expr);
        let Some(entry) = self.breakpoints.iter_mut().find(|entry| entry.shown.number == number) else {
            return;
        };
        entry.expr = Some(expr);
        if let Some(watch) = entry.watch_mut()
            && watch.ranges != reading.ranges
        {
            watch.ranges = reading.ranges;
            watch.value =
                watch.value.is_some().then_some(SeenValue { bytes: reading.bytes, text: reading.text });
        }
    }

    fn watch_mut(&mut self, number: u32) -> Option<&mut Watch> {
        self.breakpoints.iter_mut().find(|entry| entry.shown.number == number)?.watch_mut()
    }

    /// The value now and the one seen last; `None` when its frame is not on the selected thread's stack.
    fn read_watch(&mut self, number: u32) -> Option<(WatchReading, Option<SeenValue>)> {
        let entry = self.breakpoints.iter().find(|entry| entry.shown.number == number)?;
        let (watch, expr) = (entry.watch()?, entry.expr.clone()?);
        let old = watch.value.clone();
        let before = self.program.selected_level();
        if let Some(frame) = watch.frame {
            let level = frames::find(&self.program, frame)?;
            self.select_level(level);
        } else {
            self.select_level(0);
        }
        let reading = self.program.watch(&expr);
        self.select_level(before);
        Some((reading, old))
    }

    /// Looks whether a watched value has changed, the thread that stopped being selected.
    pub(crate) fn look(&mut self, number: u32, thread: ThreadId) -> Look {
        let owner = self.watch_mut(number).map(|watch| (watch.frame.is_some(), watch.thread, watch.task));
        let Some((bound, owner, task)) = owner else { return Look::Ignore };
        let is_its = match task.filter(|_| bound).zip(if bound { self.program.task() } else { None }) {
            Some((task, here)) => task == here,
            None => owner.is_none_or(|owner| owner == thread),
        };
        if bound && !is_its {
            return Look::Ignore;
        }
        let Some((reading, old)) = self.read_watch(number) else { return Look::Gone };
        let changed = old.as_ref().is_none_or(|old| old.bytes != reading.bytes);
        let fresh = SeenValue { bytes: reading.bytes, text: reading.text };
        if let Some(watch) = self.watch_mut(number) {
            watch.ranges = reading.ranges;
            if changed {
                watch.value = Some(fresh);
            }
        }
        if changed { Look::Changed(old) } else { Look::Same }
    }
}

/// Whom a watchpoint is for.
#[derive(Default)]
struct Limits {
    thread: Option<u32>,
    task: Option<TaskFilter>,
}

/// Splits the last word off, or what stands in quotes at the end.
fn split_value(text: &str) -> Option<(&str, String)> {
    if let Some(quote) = text.chars().next_back().filter(|c| matches!(c, '"' | '\''))
        && let Some((rest, value)) = text.strip_suffix(quote).and_then(|text| text.rsplit_once(quote))
    {
        return Some((rest, value.to_owned()));
    }
    text.rsplit_once(char::is_whitespace).map(|(rest, value)| (rest, value.to_owned()))
}

/// Splits `if COND` off an expression.
fn split_if(text: &str) -> (&str, Option<&str>) {
    match crate::place::find_if(text) {
        Some(at) => {
            let (expr, rest) = text.split_at(at);
            (expr.trim_end(), rest.get(2..).map(str::trim))
        }
        None => (text, None),
    }
}
