//! Changing and listing breakpoints.

use crate::breakpoints::table;
use crate::commands::{Outcome, Session, usage};
use crate::record::Fields;
use kdive_engine::{Event, Switch};

/// `2` or `2.1`.
fn number_and_location(text: &str) -> Option<(u32, Option<u32>)> {
    match text.split_once('.') {
        Some((number, location)) => Some((number.parse().ok()?, Some(location.parse().ok()?))),
        None => Some((text.parse().ok()?, None)),
    }
}

impl Session<'_> {
    /// `-break-list`, `-break-info`.
    pub fn break_list(&mut self, args: &[String]) -> Outcome {
        let mut wanted = Vec::new();
        for arg in args {
            match number_and_location(arg) {
                Some((number, None)) => wanted.push(number),
                _ => return Err(format!("Bad breakpoint argument: '{arg}'")),
            }
        }
        let form = self.form();
        let engine = self.engine();
        let shown: Vec<_> = engine
            .breakpoints()
            .filter(|shown| wanted.is_empty() || wanted.contains(&shown.number))
            .cloned()
            .collect();
        if let [number] = wanted[..]
            && shown.is_empty()
        {
            return Err(format!("No breakpoint or watchpoint matching '{number}'."));
        }
        Ok(table(engine, &shown, form))
    }

    /// `-break-delete`.
    pub fn break_delete(&mut self, args: &[String]) -> Outcome {
        if args.is_empty() {
            self.engine().delete_all();
        }
        for arg in args {
            let Some((number, None)) = number_and_location(arg) else {
                return Err(format!("Bad breakpoint argument: '{arg}'"));
            };
            if let Err(error) = self.engine().delete(number) {
                self.channel().say(false, &format!("{error}\n"));
            }
        }
        Ok(Fields::new())
    }

    /// `-break-enable`, `-break-disable`.
    pub fn break_switch(&mut self, args: &[String], on: bool) -> Outcome {
        let how = if on { Switch::On } else { Switch::Off };
        if args.is_empty() {
            let all: Vec<u32> = self.engine().breakpoints().map(|shown| shown.number).collect();
            for number in all {
                self.engine().switch(number, how).map_err(|error| error.to_string())?;
            }
        }
        for arg in args {
            match number_and_location(arg) {
                Some((number, None)) => {
                    if let Err(error) = self.engine().switch(number, how) {
                        self.channel().say(false, &format!("{error}\n"));
                    }
                }
                Some((number, Some(location))) if location > 0 => self
                    .engine()
                    .switch_locations(number, (location, location), on)
                    .map_err(|error| error.to_string())?,
                _ => return Err(format!("Bad breakpoint number '{arg}'")),
            }
        }
        Ok(Fields::new())
    }

    /// `-break-condition`.
    pub fn break_condition(&mut self, args: &[String]) -> Outcome {
        let (force, args) = match args.split_first() {
            Some((first, rest)) if first == "--force" => (true, rest),
            _ => (false, args),
        };
        let Some((number, condition)) = args.split_first() else {
            return usage("-break-condition: Missing the <number> argument");
        };
        let number = number.parse().map_err(|_| format!("Bad breakpoint argument: '{number}'"))?;
        let condition = condition.join(" ");
        let condition = Some(condition.as_str()).filter(|text| !text.is_empty());
        let invalid = |session: &mut Self| -> Vec<usize> {
            let shown = session.engine().breakpoint(number).ok();
            let locations = shown.map(|shown| shown.locations.as_slice()).unwrap_or_default();
            (1..)
                .zip(locations)
                .filter(|(_, location)| location.condition_invalid)
                .map(|(index, _)| index)
                .collect()
        };
        let before = invalid(self);
        let warnings =
            self.engine().set_condition(number, condition, force).map_err(|error| error.to_string())?;
        let after = invalid(self);
        for location in before.iter().filter(|location| !after.contains(location)) {
            let text =
                format!("Breakpoint {number}'s condition is now valid at location {location}, enabling.\n");
            self.channel().say(false, &text);
        }
        for warning in warnings {
            self.console.show(Event::Warning(warning));
        }
        Ok(Fields::new())
    }

    /// `-break-after`.
    pub fn break_after(&mut self, args: &[String]) -> Outcome {
        let [number, count] = args else {
            return Err(match args.len() {
                0 => "Argument required (a breakpoint number).",
                _ => "Second argument (specified ignore-count) is missing.",
            }
            .to_owned());
        };
        let number = number.parse().map_err(|_| format!("bad breakpoint number: '{number}'"))?;
        let count = self.number(count)?;
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        self.engine().set_ignore(number, count).map_err(|error| error.to_string())?;
        Ok(Fields::new())
    }

    /// `-break-commands`.
    pub fn break_set_commands(&mut self, args: &[String]) -> Outcome {
        let Some((number, commands)) = args.split_first() else {
            return usage("-break-commands: USAGE: -break-commands <BKPT> [<COMMAND> [<COMMAND>...]]");
        };
        let number = number.parse().map_err(|_| format!("breakpoint number {number} not found."))?;
        let end = commands.iter().rposition(|line| line == "end");
        let commands = match end {
            Some(end) if end + 1 == commands.len() => commands.get(..end).unwrap_or_default(),
            _ => commands,
        };
        self.engine().set_commands(number, commands.to_vec()).map_err(|error| error.to_string())?;
        Ok(Fields::new())
    }
}
