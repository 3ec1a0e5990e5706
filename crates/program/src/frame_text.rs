//! The line that describes a frame, and the values of its arguments: gdb's `print_frame`.

use crate::{EntryValues, Frame, Program};
use kdive_expr::print::print_argument;
use kdive_expr::{FrameArguments, PrintOptions};
use kdive_symbols::Variable;
use kdive_types::{Kind, Out, Style, Value, ValueError};
use kdive_unwind::FrameKind;

/// When the line shows the frame's address.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ShowAddress {
    /// When the pc is not at the beginning of a line, or there is no line.
    #[default]
    WhenNotAtLine,
    /// Always (`set print frame-info location-and-address`).
    Always,
}

/// What the line of a frame contains.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FrameStyle {
    /// `#0  ` in front.
    pub level: bool,
    /// The address.
    pub address: ShowAddress,
    /// Arguments in parentheses.
    pub args: bool,
    /// ` at FILE:LINE` at the end.
    pub location: bool,
}

impl Default for FrameStyle {
    fn default() -> Self {
        Self { level: false, address: ShowAddress::default(), args: true, location: true }
    }
}

impl Program {
    /// Whether a frame's address is worth showing (gdb's `frame_show_address`).
    #[must_use]
    pub fn shows_address(&self, frame: &Frame) -> bool {
        match self.frame_line(frame) {
            None => frame.inlined_call.is_none(),
            Some(line) => line.entry.is_some_and(|entry| entry.start != frame.pc() || !entry.is_stmt),
        }
    }

    /// The line that describes a frame, without the newline:
    /// `#1  0xffffffff812a1f6b in ksys_read (fd=3) at fs/read_write.c:620`.
    #[must_use]
    pub fn frame_text(&self, frame: &Frame, style: FrameStyle) -> Out {
        let mut out = Out::new();
        if style.level {
            out.push(&format!("#{:<2} ", frame.level));
        }
        if let Some(mark) = frame.mark() {
            out.styled(Style::Metadata, mark);
            return out;
        }
        let line = self.frame_line(frame);
        let address = style.address == ShowAddress::Always || line.is_none() || self.shows_address(frame);
        if self.options.print.address && address && frame.inlined_call.is_none() || line.is_none() {
            let width = 2 + 2 * usize::from(self.arch().address_size());
            out.styled(Style::Address, &format!("{:#0width$x}", frame.pc()));
            out.push(" in ");
        }
        if frame.real.kind == FrameKind::User {
            out.styled(Style::Function, "<user mode>");
            if let Some(who) = self.user_mode().filter(|_| style.args) {
                out.push(&format!(" ({who})"));
            }
            return out;
        }
        match self.frame_function(frame) {
            Some(name) => out.styled(Style::Function, &name),
            None => out.push("??"),
        }
        out.may_break(3);
        if style.args {
            out.push(" (");
            self.frame_args(frame, &mut out);
            out.push(")");
        }
        if style.location
            && let Some(line) = line
        {
            out.may_break(3);
            out.push(" at ");
            out.styled(Style::Filename, &self.shown_file(&line.file));
            out.push(&format!(":{}", line.line));
        }
        out
    }

    /// The arguments of a frame as [`Program::frame_text`] shows them between the parentheses.
    #[must_use]
    pub fn frame_args_text(&self, frame: &Frame) -> Out {
        let mut out = Out::new();
        self.frame_args(frame, &mut out);
        out
    }

    /// `a=1, b=0x0` as frames show their arguments.
    fn frame_args(&self, frame: &Frame, out: &mut Out) {
        let params = frame.scope.as_ref().map(|scope| scope.params()).unwrap_or_default();
        let policy = self.options.print.frame_arguments;
        if policy == FrameArguments::Presence {
            if !params.is_empty() {
                out.push("...");
            }
            return;
        }
        for (index, argument) in self.frame_arguments(frame).iter().enumerate() {
            if index > 0 {
                out.push(", ");
            }
            out.may_break(4);
            let name = &argument.name;
            out.styled(
                Style::Variable,
                &match argument.when {
                    ArgumentTime::Now => name.clone(),
                    ArgumentTime::Entry => format!("{name}@entry"),
                    ArgumentTime::Both => format!("{name}={name}@entry"),
                },
            );
            out.push("=");
            self.argument_value(&argument.value, &self.options.print, out);
        }
    }

    /// The arguments of a frame with their values now and when the function was called, as `set print entry-values` wants them.
    #[must_use]
    pub fn frame_arguments(&self, frame: &Frame) -> Vec<FrameArgument> {
        let params = frame.scope.as_ref().map(|scope| scope.params()).unwrap_or_default();
        let mut found = Vec::with_capacity(params.len());
        for param in &params {
            let (actual, entry) = self.argument(param, frame);
            let mut add = |when, value| {
                found.push(FrameArgument { name: param.name().to_owned(), ty: param.ty(), when, value });
            };
            match (actual, entry) {
                (Some(actual), Entry::Same) => add(ArgumentTime::Both, actual),
                (actual, entry) => {
                    if let Some(actual) = actual {
                        add(ArgumentTime::Now, actual);
                    }
                    if let Entry::Value(entry) = entry {
                        add(ArgumentTime::Entry, entry);
                    }
                }
            }
        }
        found
    }

    /// The value of an argument as frames show it.
    #[must_use]
    pub fn argument_text(&self, argument: &FrameArgument) -> String {
        let mut out = Out::new();
        self.argument_value(&argument.value, &self.options.print, &mut out);
        out.into_text()
    }

    fn argument_value(&self, value: &Result<Value, ValueError>, options: &PrintOptions, out: &mut Out) {
        match value {
            Ok(value) => print_argument(self, value, options, out),
            Err(error) => out.styled(Style::Metadata, &format!("<error reading variable: {error}>")),
        }
    }

    /// A parameter's value now and when the function was called, as `set print entry-values` wants them.
    fn argument(&self, param: &Variable, frame: &Frame) -> (Option<Result<Value, ValueError>>, Entry) {
        let policy = self.options.entry_values;
        let mut actual = (policy != EntryValues::Only).then(|| self.variable_value(param, Some(frame)));
        let gone = match &actual {
            Some(Ok(value)) => self.is_optimized_out(value),
            Some(Err(_)) => false,
            None => true,
        };
        let wanted = match policy {
            EntryValues::No => false,
            EntryValues::IfNeeded => gone,
            _ => true,
        };
        let mut entry = if wanted { self.entry_value(param, frame) } else { None };
        if matches!(policy, EntryValues::Compact | EntryValues::Default)
            && let (Some(Ok(now)), Some(then)) = (&actual, &entry)
            && self.same_contents(now, then)
        {
            return (actual, Entry::Same);
        }
        if entry.is_none()
            && (matches!(policy, EntryValues::Only | EntryValues::Both)
                || policy == EntryValues::Preferred && gone)
        {
            entry = Some(Value::optimized_out(param.ty()));
        }
        if matches!(policy, EntryValues::Compact | EntryValues::IfNeeded | EntryValues::Preferred)
            && gone
            && entry.is_some()
        {
            actual = None;
        }
        (actual, entry.map_or(Entry::None, |value| Entry::Value(Ok(value))))
    }

    fn is_optimized_out(&self, value: &Value) -> bool {
        value.contents(self).is_ok_and(|contents| contents.entirely_missing().is_some())
    }

    fn same_contents(&self, a: &Value, b: &Value) -> bool {
        match (a.bytes(self), b.bytes(self)) {
            (Ok(a), Ok(b)) => a[..] == b[..],
            _ => false,
        }
    }
}

/// When an argument had a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ArgumentTime {
    /// Now.
    Now,
    /// When the function was called.
    Entry,
    /// Then and now: it is the same.
    Both,
}

/// An argument of a frame.
#[derive(Clone, Debug)]
pub struct FrameArgument {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: kdive_types::Type,
    /// When it had the value.
    pub when: ArgumentTime,
    /// The value, or why it cannot be had.
    pub value: Result<Value, ValueError>,
}

/// What is known of a parameter's value at the call.
enum Entry {
    /// Nothing.
    None,
    /// The same as now.
    Same,
    /// This.
    Value(Result<Value, ValueError>),
}

/// Whether gdb shows a value of this type in summaries rather than `...`.
#[must_use]
pub fn is_scalar(ty: &kdive_types::Type) -> bool {
    !matches!(ty.strip().kind(), Kind::Composite(_) | Kind::Array(_))
}
