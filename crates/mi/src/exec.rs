//! Making the program run.

use crate::commands::{Outcome, Session, usage};
use crate::options::Options;
use crate::record::Fields;
use crate::stack;
use kdive_engine::{Request, StepKind};

impl Session<'_> {
    /// `-exec-continue` and its kin.
    pub fn exec(&mut self, what: &str, args: &[String]) -> Outcome {
        let mut options = Options::new(what, args);
        let known = [("--reverse", false), ("--all", false), ("--start", false), ("--thread-group", true)];
        while options.rest().first().is_some_and(|first| known.iter().any(|(name, _)| name == first)) {
            if let Some(("--reverse", _)) = options.next(&known)? {
                return Err("Target remote does not support this command.".to_owned());
            }
        }
        let rest = options.rest();
        let request = match what {
            "exec-continue" => Request::Continue,
            "exec-next" => self.step(StepKind::Over, rest)?,
            "exec-step" => self.step(StepKind::Into, rest)?,
            "exec-next-instruction" => self.step(StepKind::InstructionOver, rest)?,
            "exec-step-instruction" => self.step(StepKind::Instruction, rest)?,
            "exec-finish" => Request::Finish,
            "exec-until" if rest.is_empty() => Request::Until,
            "exec-until" => Request::UntilLocation(rest.join(" ")),
            "exec-jump" => {
                if rest.is_empty() {
                    return Err("Argument required (starting address).".to_owned());
                }
                let place =
                    self.engine().address_of_place(&rest.join(" ")).map_err(|error| error.to_string())?;
                let place = place.ok_or("The place has no code.")?;
                Request::Jump(kdive_base::VirtAddr(place))
            }
            _ => return Err(format!("Undefined MI command: {what}")),
        };
        self.select_scope()?;
        self.engine().resume(request).map_err(|error| error.to_string())?;
        self.runs = true;
        Ok(Fields::new())
    }

    fn step(&mut self, kind: StepKind, args: &[String]) -> Result<Request, String> {
        let count = match args {
            [] => 1,
            args => {
                let text = args.join(" ");
                text.parse::<u64>().or_else(|_| self.number(&text))?
            }
        };
        Ok(Request::Step { kind, count })
    }

    /// `-exec-return`.
    pub fn exec_return(&mut self, args: &[String]) -> Outcome {
        self.select_scope()?;
        let value = args.join(" ");
        self.console_quietly(&format!("return {value}"))?;
        let info =
            self.engine().frame_info(&kdive_engine::Scope::default()).map_err(|error| error.to_string())?;
        let mut fields = Fields::new();
        stack::frame(&mut fields, &info, true, true);
        Ok(fields)
    }

    /// `-exec-run`: kdive starts no programs, but tells what it says about `run`.
    pub fn exec_run(&mut self, args: &[String]) -> Outcome {
        if args.iter().any(|arg| arg != "--start" && arg != "--all") {
            return usage("-exec-run: Usage: -exec-run [--start]");
        }
        let text = if args.iter().any(|arg| arg == "--start") { "start" } else { "run" };
        self.console_command(text)?;
        Ok(Fields::new())
    }
}
