//! Expressions shown at every stop: `display`, `undisplay`, `info display`.

use crate::gdb::call::with_calls;
use crate::gdb::data::{examine_once, forget_copies, put, tell_copies, tell_warnings};
use crate::spec::{Class, Completer, Repeat};
use crate::{Args, Error, Shell, Spec};
use kdive_expr::print::print_value;
use kdive_expr::{Expr, Format, FormatSpec, PrintOptions, SymbolClass, UnitSize};
use kdive_types::Out;

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "display",
        class: Class::Data,
        summary: "Print value of expression EXP each time the program stops",
        help: "Usage: display[/FMT] [EXP]\n\
               With format i or s, or with a size or a count, memory at EXP is examined as with x.\n\
               Without argument, show all again.",
        examples: &["display ts->pid", "display/i $pc"],
        complete: Completer::Expr,
        run: display,
        ..Spec::EMPTY
    },
    Spec {
        name: "undisplay",
        aliases: &["delete display"],
        class: Class::Data,
        summary: "Cancel some expressions to be displayed when program stops",
        help: "Usage: undisplay [NUMBER]...\nRanges as in 2-4; without argument all.",
        examples: &["undisplay 1", "delete display 2-4"],
        repeat: Repeat::No,
        run: undisplay,
        ..Spec::EMPTY
    },
    Spec {
        name: "enable display",
        class: Class::Data,
        summary: "Enable some expressions to be displayed when program stops",
        help: "Usage: enable display [NUMBER]...",
        examples: &["enable display 1"],
        run: |shell, args| each(shell, args, |shown| shown.enabled = true),
        ..Spec::EMPTY
    },
    Spec {
        name: "disable display",
        class: Class::Data,
        summary: "Disable some expressions to be displayed when program stops",
        help: "Usage: disable display [NUMBER]...",
        examples: &["disable display 1"],
        run: |shell, args| each(shell, args, |shown| shown.enabled = false),
        ..Spec::EMPTY
    },
    Spec {
        name: "info display",
        class: Class::Status,
        summary: "Expressions to display when program stops, with code numbers",
        help: "Usage: info display",
        examples: &["info display"],
        run: info_display,
        ..Spec::EMPTY
    },
];

/// One displayed expression.
#[derive(Clone, Debug)]
struct Shown {
    number: u32,
    enabled: bool,
    text: String,
    /// The format letters as typed; `None` without a slash.
    spec: FormatSpec,
    /// The function whose locals it names: shown only there.
    function: Option<String>,
    /// An expression with macros: they go on to mean what they meant when it was made.
    expr: Option<Expr>,
}

/// The displayed expressions of a shell.
#[derive(Clone, Debug, Default)]
pub struct Displays {
    list: Vec<Shown>,
    last: u32,
}

impl Shown {
    /// Whether memory is examined rather than a value printed.
    fn examines(&self) -> bool {
        self.spec.size.is_some() || matches!(self.spec.format, Some(Format::Instruction | Format::String))
    }

    fn in_scope(&self, shell: &Shell) -> bool {
        let Some(function) = &self.function else { return true };
        let program = shell.program();
        let here = program.selected_frame().ok().and_then(|frame| program.frame_function(&frame));
        here.as_ref() == Some(function)
    }
}

fn display(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let text = args.text();
    if text.is_empty() {
        do_displays(shell);
        return Ok(());
    }
    let (mut spec, text) = match text.strip_prefix('/') {
        Some(letters) => FormatSpec::parse(letters),
        None => (FormatSpec::default(), text),
    };
    if spec.size.is_some() && spec.format.is_none() {
        spec.format = Some(Format::Hex);
    }
    if spec.count.is_some_and(|count| count != 1) && spec.format.is_none() {
        spec.format = Some(Format::Hex);
    }
    let program = shell.program();
    let expr = Expr::parse(text, program)?;
    let local = expr
        .symbols()
        .iter()
        .any(|symbol| matches!(symbol.class, SymbolClass::Variable { needs_frame: true, .. }));
    let function = if local {
        program.selected_frame().ok().and_then(|frame| program.frame_function(&frame))
    } else {
        None
    };
    shell.displays.last += 1;
    let text = text.to_owned();
    let expr = Some(expr).filter(Expr::uses_macros);
    let shown = Shown { number: shell.displays.last, enabled: true, text, spec, function, expr };
    shell.displays.list.push(shown.clone());
    // gdb shows it at once to a person only; a command file sees it at the next stop.
    if args.from_tty {
        show(shell, &shown);
    }
    Ok(())
}

/// Shows every enabled expression that means something here. Called at each stop.
pub fn do_displays(shell: &mut Shell) {
    for shown in shell.displays.list.clone() {
        if shown.enabled && shown.in_scope(shell) {
            show(shell, &shown);
        }
    }
}

fn show(shell: &mut Shell, shown: &Shown) {
    shell.out.put(&format!("{}: ", shown.number));
    if shown.examines() {
        let count = shown.spec.count.unwrap_or(1);
        let mut head = "x/".to_owned();
        if count != 1 {
            head.push_str(&count.to_string());
        }
        head.extend(shown.spec.format.map(Format::letter));
        if let Some(size) = shown.spec.size
            && !matches!(shown.spec.format, Some(Format::Instruction | Format::String))
        {
            head.push(size.letter());
        }
        let gap = if count != 1 || shown.spec.format == Some(Format::Instruction) { "\n" } else { "  " };
        shell.out.put(&format!("{head} {}{gap}", shown.text));
        let program = shell.program();
        let addr = match &shown.expr {
            Some(expr) => expr.evaluate_address(program),
            None => program.evaluate_address(&shown.text),
        };
        let result = addr.map_err(Error::from).and_then(|addr| examine_once(shell, &shown.spec, addr));
        if let Err(error) = result {
            shell.out.styled(crate::output::Style::Metadata, &format!("<error: {error}>"));
            shell.out.put("\n");
        }
        return;
    }
    let letter = shown.spec.format.map_or_else(String::new, |format| format!("/{} ", format.letter()));
    shell.out.put(&format!("{letter}{} = ", shown.text));
    forget_copies(shell.program());
    let mut options: PrintOptions = shell.program().options.print.clone();
    options.format = shown.spec.format;
    options.raw |= shown.spec.raw;
    let mut out = Out::new();
    // A stop within a function that a display has called does not call it again.
    let evaluate = |program: &kdive_program::Program| match &shown.expr {
        Some(expr) => expr.evaluate(program),
        None => program.evaluate(&shown.text),
    };
    let value = match shell.program().is_evaluating() {
        false => with_calls(shell, evaluate),
        true => evaluate(shell.program()).map_err(Error::from),
    };
    let result = value.and_then(|value| Ok(print_value(shell.program(), &value, &options, &mut out)?));
    put(shell, &out);
    if let Err(error) = result {
        shell.out.styled(crate::output::Style::Metadata, &format!("<error: {error}>"));
    }
    shell.out.put("\n");
    tell_warnings(shell);
    tell_copies(shell);
}

/// The numbers of an argument such as `1 3-5 $n`.
fn numbers(shell: &Shell, text: &str) -> Result<Vec<u32>, Error> {
    let mut numbers = Vec::new();
    for word in text.split([' ', '\t', ',']).filter(|word| !word.is_empty()) {
        let one = |text: &str| -> Result<u32, Error> {
            if let Some(name) = text.strip_prefix('$') {
                let value = shell.program().evaluate_address(&format!("${name}"))?;
                return u32::try_from(value.0).map_err(|_| Error::msg("Arguments must be display numbers."));
            }
            text.parse().map_err(|_| Error::msg("Arguments must be display numbers."))
        };
        match word.split_once('-').filter(|(first, _)| !first.is_empty()) {
            Some((first, last)) => {
                let (first, last) = (one(first)?, one(last)?);
                if last < first {
                    return Err(Error::msg("inverted range"));
                }
                numbers.extend(first..=last.min(first.saturating_add(10_000)));
            }
            None => numbers.push(one(word)?),
        }
    }
    Ok(numbers)
}

fn each(shell: &mut Shell, args: Args<'_>, change: fn(&mut Shown)) -> Result<(), Error> {
    if args.is_empty() {
        shell.displays.list.iter_mut().for_each(change);
        return Ok(());
    }
    for number in numbers(shell, args.text())? {
        match shell.displays.list.iter_mut().find(|shown| shown.number == number) {
            Some(shown) => change(shown),
            None => shell.out.line(&format!("No display number {number}.")),
        }
    }
    Ok(())
}

fn undisplay(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    if args.is_empty() {
        if shell.query("Delete all auto-display expressions") {
            shell.displays.list.clear();
        }
        return Ok(());
    }
    for number in numbers(shell, args.text())? {
        let before = shell.displays.list.len();
        shell.displays.list.retain(|shown| shown.number != number);
        if shell.displays.list.len() == before {
            shell.out.line(&format!("No display number {number}."));
        }
    }
    Ok(())
}

fn info_display(shell: &mut Shell, _: Args<'_>) -> Result<(), Error> {
    if shell.displays.list.is_empty() {
        shell.out.line("There are no auto-display expressions now.");
        return Ok(());
    }
    shell.out.line("Auto-display expressions now in effect:\nNum Enb Expression");
    for shown in shell.displays.list.clone() {
        let mut line = format!("{}:   {}  ", shown.number, if shown.enabled { 'y' } else { 'n' });
        let letter = shown.spec.format.map(Format::letter);
        // Strings and instructions are examined byte by byte.
        let size = match shown.spec.format {
            Some(Format::Instruction | Format::String) => Some('b'),
            _ => shown.spec.size.map(UnitSize::letter),
        };
        match (size, letter) {
            (Some(size), Some(letter)) => {
                let count = shown.spec.count.unwrap_or(1);
                line.push_str(&format!("/{count}{size}{letter} "));
            }
            (None, Some(letter)) => line.push_str(&format!("/{letter} ")),
            _ => {}
        }
        line.push_str(&shown.text);
        if !shown.in_scope(shell) {
            line.push_str("\n(cannot be evaluated in the current context)");
        }
        shell.out.line(&line);
    }
    Ok(())
}
