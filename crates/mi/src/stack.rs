//! Frames, arguments and locals.

use crate::commands::{Outcome, Session, usage};
use crate::options::Options;
use crate::record::Fields;
use kdive_engine::{
    ArgumentInfo, ArgumentTime, FrameInfo, FrameKindInfo, Scope, VariableInfo, VariableKind, Which,
};

/// Frames that are counted or listed where no end was named; a corrupt stack has no end of its own.
const MAX_FRAMES: usize = 100_000;

/// What is shown of a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Values {
    /// Nothing.
    None,
    /// The whole value.
    All,
    /// Its type, and the value unless it is an array, structure or union.
    Simple,
}

impl Values {
    /// `0`, `--no-values` and so on.
    pub fn parse(text: &str) -> Result<Self, String> {
        Ok(match text {
            "0" | "--no-values" => Self::None,
            "1" | "--all-values" => Self::All,
            "2" | "--simple-values" => Self::Simple,
            _ => {
                return Err("Unknown value for PRINT_VALUES: must be: 0 or \"--no-values\", 1 or \"--all-values\", 2 or \
                            \"--simple-values\""
                    .to_owned());
            }
        })
    }
}

/// `frame={...}`.
pub fn frame(fields: &mut Fields, info: &FrameInfo, level: bool, args: bool) {
    fields.tuple("frame", |fields| {
        if level {
            fields.field("level", info.level);
        }
        fields.field("addr", format_args!("{:#018x}", info.pc));
        match info.kind {
            FrameKindInfo::SignalHandler => return fields.field("func", "<signal handler called>").end(),
            FrameKindInfo::CalledByDebugger => {
                return fields.field("func", "<function called from gdb>").end();
            }
            _ => {}
        }
        fields.field("func", info.function.as_deref().unwrap_or("??"));
        if args {
            fields.list("args", |fields| {
                for argument in &info.args {
                    fields.tuple("", |fields| {
                        fields.field("name", argument_name(argument)).field("value", &argument.value);
                    });
                }
            });
        }
        if let Some(file) = &info.file {
            fields.field("file", file).optional("fullname", info.fullname.as_deref());
            fields.optional("line", info.line);
        } else {
            fields.optional("from", info.module.as_deref());
        }
        fields.field("arch", &info.arch);
    });
}

/// The name of an argument, with what its value is of: `x`, `x@entry`.
fn argument_name(argument: &ArgumentInfo) -> String {
    match argument.when {
        ArgumentTime::Now => argument.name.clone(),
        ArgumentTime::Entry => format!("{}@entry", argument.name),
        ArgumentTime::Both => format!("{0}={0}@entry", argument.name),
    }
}

impl Session<'_> {
    /// `-stack-list-frames`.
    pub fn list_frames(&mut self, args: &[String]) -> Outcome {
        let usage = "-stack-list-frames: Usage: [--no-frame-filters] [FRAME_LOW FRAME_HIGH]";
        let (low, count) = self.range(args, usage)?;
        let frames = self.frames(low, count)?;
        if frames.is_empty() && low > 0 {
            return Err("-stack-list-frames: Not enough frames in stack.".to_owned());
        }
        let mut fields = Fields::new();
        fields.list("stack", |fields| {
            for info in &frames {
                frame(fields, info, true, false);
            }
        });
        Ok(fields)
    }

    /// Frames from `low` on, up to where a backtrace ends: at `main` and at the program's entry, as the settings have it.
    fn frames(&mut self, low: usize, count: usize) -> Result<Vec<FrameInfo>, String> {
        let count = self.shown_depth(low.saturating_add(count))?.saturating_sub(low);
        let thread = self.scope.thread;
        self.engine().stack(thread, low, count).map_err(|error| error.to_string())
    }

    fn shown_depth(&mut self, most: usize) -> Result<usize, String> {
        let is_off = |name: &str| self.console.setting(name).is_none_or(|value| value == "off");
        let ends = (is_off("backtrace past-main"), is_off("backtrace past-entry"));
        let thread = self.scope.thread;
        self.engine().stack_end(thread, most, ends).map_err(|error| error.to_string())
    }

    /// The first frame and how many: all without arguments.
    fn range(&self, args: &[String], usage: &str) -> Result<(usize, usize), String> {
        let mut options = Options::new("stack-list-frames", args);
        let known = [("--no-frame-filters", false), ("--skip-unavailable", false)];
        while is_option(options.rest(), &known) {
            options.next(&known)?;
        }
        match options.rest() {
            [] => Ok((0, MAX_FRAMES)),
            [low, high] => {
                let number = |text: &str| text.parse::<i64>().map_err(|_| usage.to_owned());
                let (low, high) = (number(low)?, number(high)?);
                if high < 0 || low < 0 {
                    return Ok((0, MAX_FRAMES));
                }
                let count = (high - low + 1).clamp(0, MAX_FRAMES as i64);
                Ok((low as usize, count as usize))
            }
            _ => Err(usage.to_owned()),
        }
    }

    /// `-stack-info-depth`.
    pub fn info_depth(&mut self, args: &[String]) -> Outcome {
        let most = match args {
            [] => MAX_FRAMES,
            [most] => most.parse().unwrap_or(MAX_FRAMES),
            _ => return usage("-stack-info-depth: Usage: [MAX_DEPTH]"),
        };
        let depth = self.shown_depth(most)?;
        let mut fields = Fields::new();
        fields.field("depth", depth);
        Ok(fields)
    }

    /// `-stack-info-frame`.
    pub fn info_frame(&mut self, args: &[String]) -> Outcome {
        if !args.is_empty() {
            return usage("-stack-info-frame: No arguments allowed");
        }
        let info = self.frame_info()?;
        let mut fields = Fields::new();
        frame(&mut fields, &info, true, false);
        Ok(fields)
    }

    /// The frame of the scope.
    pub fn frame_info(&mut self) -> Result<FrameInfo, String> {
        let scope = self.scope;
        self.engine().frame_info(&scope).map_err(|error| error.to_string())
    }

    /// `-stack-select-frame`.
    pub fn select_frame(&mut self, args: &[String]) -> Outcome {
        let [level] = args else { return usage("-stack-select-frame: Usage: FRAME_SPEC") };
        if let Ok(level) = level.parse::<usize>() {
            let selected = self.engine().program().select_frame(level);
            return selected.map(|_| Fields::new()).map_err(|error| error.to_string());
        }
        self.console_quietly(&format!("frame {level}"))?;
        Ok(Fields::new())
    }

    /// `-stack-list-arguments`.
    pub fn list_arguments(&mut self, args: &[String]) -> Outcome {
        let words = "-stack-list-arguments: Usage: [--no-frame-filters] [--skip-unavailable] PRINT_VALUES [FRAME_LOW FRAME_HIGH]";
        let args = without_filters(args);
        let Some((values, range)) = args.split_first() else { return usage(words) };
        let values = Values::parse(values)?;
        let (low, count) = self.range(range, words)?;
        let frames = self.frames(low, count)?;
        let mut fields = Fields::new();
        let mut failure = None;
        fields.list("stack-args", |fields| {
            for info in &frames {
                fields.tuple("frame", |fields| {
                    fields.field("level", info.level);
                    fields.list("args", |fields| {
                        let scope = Scope { frame: info.level, ..self.scope };
                        let listed = self.list_into(fields, &scope, Which::Arguments, values, false);
                        failure = failure.take().or(listed.err());
                    });
                });
            }
        });
        match failure {
            Some(failure) => Err(failure),
            None => Ok(fields),
        }
    }

    /// `-stack-list-locals`, `-stack-list-variables`.
    pub fn list_variables(&mut self, args: &[String], which: Which) -> Outcome {
        let (command, name) = match which {
            Which::Locals => ("-stack-list-locals", "locals"),
            _ => ("-stack-list-variables", "variables"),
        };
        let args = without_filters(args);
        let [values] = args else {
            return usage(&format!(
                "{command}: Usage: [--no-frame-filters] [--skip-unavailable] PRINT_VALUES"
            ));
        };
        let values = Values::parse(values)?;
        let scope = self.scope;
        let mut fields = Fields::new();
        let mut result = Ok(());
        fields.list(name, |fields| {
            result = self.list_into(fields, &scope, which, values, which == Which::All);
        });
        result.map(|()| fields)
    }

    fn list_into(
        &mut self,
        fields: &mut Fields,
        scope: &Scope,
        which: Which,
        values: Values,
        marks_arguments: bool,
    ) -> Result<(), String> {
        let engine = self.engine();
        let variables = engine.variables_of(scope, which).map_err(|error| error.to_string())?;
        for named in variables {
            let info = engine.variable(named.id).map_err(|error| error.to_string());
            engine.release(named.id);
            let is_argument = marks_arguments && named.is_argument;
            if values == Values::None && !is_argument && !marks_arguments {
                fields.field("name", &named.name);
                continue;
            }
            fields.tuple("", |fields| {
                fields.field("name", &named.name);
                if is_argument {
                    fields.field("arg", 1);
                }
                let (ty, value, is_simple) = match &info {
                    Ok(info) => (info.ty.as_str(), value_text(info), is_simple(info)),
                    Err(error) => ("", format!("<error: {error}>"), true),
                };
                match values {
                    Values::None => {}
                    Values::All => fields.field("value", value).end(),
                    Values::Simple => {
                        fields.field("type", ty);
                        if is_simple {
                            fields.field("value", value);
                        }
                    }
                }
            });
        }
        Ok(())
    }
}

/// The value, or why there is none.
pub fn value_text(info: &VariableInfo) -> String {
    info.error.as_ref().map_or_else(|| info.value.clone(), |error| format!("<error: {error}>"))
}

/// Whether it has no parts.
pub fn is_simple(info: &VariableInfo) -> bool {
    !matches!(info.kind, VariableKind::Structure | VariableKind::Union | VariableKind::Array)
}

fn is_option(args: &[String], known: &[(&str, bool)]) -> bool {
    args.first().is_some_and(|first| known.iter().any(|(name, _)| name == first))
}

fn without_filters(args: &[String]) -> &[String] {
    let options =
        args.iter().take_while(|arg| matches!(arg.as_str(), "--no-frame-filters" | "--skip-unavailable"));
    args.get(options.count()..).unwrap_or_default()
}
