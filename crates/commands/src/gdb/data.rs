//! Values and types: `print`, `output`, `call`, `x`, `whatis`, `ptype`, `find`.

use crate::gdb::call::with_calls;
use crate::gdb::disassemble::patched_near;
use crate::output::Style;
use crate::spec::{Class, Completer, Needs, Repeat};
use crate::{Args, Error, Shell, Spec};
use kdive_base::{AddrRange, VirtAddr};
use kdive_expr::print::{print_address, print_value};
use kdive_expr::{
    Expr, ExprError, Find, Format, FormatSpec, Instructions, PrintOptions, describe, describe_type,
    parse_type_flags_over,
};
use kdive_linux::PatchMap;
use kdive_program::Program;
use kdive_types::{Kind, Out, Part, TypeOptions, Value};
use std::rc::Rc;

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "print",
        aliases: &["p", "inspect"],
        class: Class::Data,
        summary: "Print value of expression EXP",
        help: "Usage: print [[OPTION]... --] [/FMT] [EXP]\n\
               FMT is one of x d u o t z a c f s r. Without EXP, the last value again.\n\
               Options: -address -array -array-indexes -elements N -max-depth N -null-stop\n\
               -pretty -repeats N\n\
               \x20        -symbol -union, each as the setting of the same name below `set print`.\n\
               A per-CPU variable is that of the selected CPU, which is said; SYMBOL@cpu(N) is\n\
               another's, SYMBOL@all shows that of each. See set percpu.",
        examples: &[
            "print init_task.comm",
            "print/x $rip",
            "print runqueues@all.nr_running",
            "print -pretty on -- init_task.se",
        ],
        complete: Completer::Expr,
        run: |shell, args| print_command(shell, args, true),
        ..Spec::EMPTY
    },
    Spec {
        name: "call",
        class: Class::Running,
        summary: "Evaluate an expression and print its value unless it is void",
        help: "Usage: call [/FMT] EXP\n\
               Functions in EXP are called on the selected CPU, in the task that runs there; print\n\
               calls them too. The kernel's own rules hold: what sleeps must not be called where\n\
               sleeping is forbidden. A stop on the way stays where it is; `continue` lets the\n\
               function return, and everything is as it was before the call.",
        examples: &["call jiffies_to_msecs(250)", "call (int)printk(\"here\\n\")"],
        complete: Completer::Expr,
        run: |shell, args| print_command(shell, args, false),
        ..Spec::EMPTY
    },
    Spec {
        name: "output",
        class: Class::Data,
        summary: "Like print but without value history and without newline",
        help: "Usage: output [/FMT] EXP",
        examples: &["output/x $rip"],
        complete: Completer::Expr,
        run: output,
        ..Spec::EMPTY
    },
    Spec {
        name: "x",
        class: Class::Data,
        summary: "Examine memory",
        help: "Usage: x [/FMT] [ADDRESS]\n\
               FMT is a repeat count, a format letter (x d u o t z a c f i s) and a size\n\
               letter (b h w g).\n\
               A negative count goes backwards. Without ADDRESS it goes on after what was\n\
               examined last, and an empty line after it does so too.",
        examples: &["x/4gx $rsp", "x/5i $pc", "x/s saved_command_line"],
        repeat: Repeat::Bare,
        complete: Completer::Expr,
        run: examine,
        ..Spec::EMPTY
    },
    Spec {
        name: "whatis",
        class: Class::Data,
        summary: "Print data type of expression EXP",
        help: "Usage: whatis EXP-OR-TYPE\nOnly one level of typedefs is unrolled.",
        examples: &["whatis init_task", "whatis pid_t"],
        complete: Completer::Expr,
        run: |shell, args| type_command(shell, args, false),
        ..Spec::EMPTY
    },
    Spec {
        name: "ptype",
        aliases: &["pt"],
        class: Class::Data,
        summary: "Print definition of type TYPE",
        help: "Usage: ptype[/FLAGS] TYPE-OR-EXPRESSION\n\
               \x20 /o  offsets and sizes of the members, holes and padding\n\
               \x20 /x  those in hexadecimal\n\
               \x20 /d  those in decimal",
        examples: &["ptype struct list_head", "ptype/o struct task_struct"],
        complete: Completer::Type,
        run: |shell, args| type_command(shell, args, true),
        ..Spec::EMPTY
    },
    Spec {
        name: "find",
        class: Class::Data,
        needs: Needs::NONE,
        summary: "Search memory for a sequence of bytes",
        help: "Usage: find [/SIZE-CHAR] [/MAX-COUNT] START, +LENGTH, EXPR1 [, EXPR2 ...]\n\
               \x20      find [/SIZE-CHAR] [/MAX-COUNT] START, END, EXPR1 [, EXPR2 ...]\n\
               SIZE-CHAR is b, h, w or g. The last address found is in $_, their number in\n\
               $numfound.",
        examples: &["find /w linux_banner, +4096, 0x756e694c"],
        complete: Completer::Expr,
        run: find,
        ..Spec::EMPTY
    },
];

/// Writes text with its marks to the output.
pub fn put(shell: &mut Shell, out: &Out) {
    for part in out.parts() {
        let (text, style) = match part {
            Part::Text(text, style) => (text, style),
            Part::Break(indent) => {
                shell.out.may_break(indent);
                continue;
            }
        };
        let style = match style {
            None => Style::Plain,
            Some(kdive_types::Style::Address) => Style::Address,
            Some(kdive_types::Style::Function) => Style::Function,
            Some(kdive_types::Style::Variable) => Style::Variable,
            Some(kdive_types::Style::Filename) => Style::File,
            Some(kdive_types::Style::Metadata) => Style::Metadata,
            Some(kdive_types::Style::Highlight) => Style::Highlight,
        };
        shell.out.styled(style, text);
    }
}

type Switch = fn(&mut PrintOptions, bool);
type Limit = fn(&mut PrintOptions, Option<u32>);

/// The value options of `print` that are switches, and which field of the options they set.
const SWITCHES: &[(&str, Switch)] = &[
    ("address", |options, on| options.address = on),
    ("array", |options, on| options.array = on),
    ("array-indexes", |options, on| options.array_indexes = on),
    ("nibbles", |options, on| options.nibbles = on),
    ("null-stop", |options, on| options.null_stop = on),
    ("object", |_, _| {}),
    ("pretty", |options, on| options.pretty = on),
    ("raw-values", |options, on| options.raw = on),
    ("static-members", |_, _| {}),
    ("symbol", |options, on| options.symbol = on),
    ("union", |options, on| options.union = on),
    ("vtbl", |_, _| {}),
];

/// Those that take a number; `None` is unlimited.
const NUMBERS: &[(&str, Limit)] = &[
    ("characters", |options, limit| options.characters = Some(limit)),
    ("elements", |options, limit| options.elements = limit),
    ("max-depth", |options, limit| options.max_depth = limit),
    ("repeats", |options, limit| options.repeats = limit),
];

/// Takes the options in front of an expression off. `print -5` is an expression: only letters after the dash make an
/// option, and with an option in front `--` may end them.
fn take_options<'a>(text: &'a str, options: &mut PrintOptions) -> Result<&'a str, Error> {
    let mut rest = text;
    let mut any = false;
    loop {
        rest = rest.trim_start();
        if any && let Some(after) = rest.strip_prefix("--") {
            return Ok(after.trim_start());
        }
        let Some(word) = rest.strip_prefix('-').and_then(|after| after.split_whitespace().next()) else {
            return Ok(rest);
        };
        if word == "-" {
            return Ok(rest.get(2..).unwrap_or_default().trim_start());
        }
        if !word.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Ok(rest);
        }
        let after = rest.get(1 + word.len()..).unwrap_or_default().trim_start();
        let value = after.split_whitespace().next().unwrap_or_default();
        let without_value = after.get(value.len()..).unwrap_or_default();
        let switches: Vec<_> = SWITCHES.iter().filter(|(name, _)| name.starts_with(word)).collect();
        let numbers: Vec<_> = NUMBERS.iter().filter(|(name, _)| name.starts_with(word)).collect();
        let exact = switches.iter().find(|(name, _)| *name == word).copied();
        match (
            exact.or_else(|| (switches.len() == 1 && numbers.is_empty()).then(|| switches[0])),
            numbers.as_slice(),
        ) {
            (Some((_, set)), _) => {
                let on = match value {
                    "on" | "1" | "yes" | "enable" => Some(true),
                    "off" | "0" | "no" | "disable" => Some(false),
                    _ => None,
                };
                set(options, on.unwrap_or(true));
                rest = if on.is_some() { without_value } else { after };
            }
            (None, [(_, set)]) if switches.is_empty() => {
                let limit = match value {
                    "" => return Err(Error::msg(format!("-{word} requires an argument"))),
                    "unlimited" | "-1" => None,
                    number => Some(number.parse().map_err(|_| {
                        Error::msg(format!("integer {number} out of range or not a number for -{word}"))
                    })?),
                };
                set(options, limit.filter(|&limit| limit != 0 || word.starts_with('m')));
                rest = without_value;
            }
            (None, []) if switches.is_empty() => return Ok(rest),
            // gdb takes what could be several options for the beginning of the expression.
            _ => return Ok(rest),
        }
        any = true;
    }
}

/// Splits `/FMT` off and makes it the format of the options.
fn take_format<'a>(
    shell: &Shell,
    text: &'a str,
    command: &str,
    options: &mut PrintOptions,
) -> Result<&'a str, Error> {
    let Some(letters) = text.strip_prefix('/') else {
        options.format = None;
        return Ok(text);
    };
    let (spec, rest) = FormatSpec::parse(letters);
    let last = shell.program().examine.borrow().last_format();
    options.format = spec.for_value(command, last)?;
    options.raw |= spec.raw;
    shell.program().examine.borrow_mut().set_last_format(options.format);
    Ok(rest)
}

fn print_command(shell: &mut Shell, args: Args<'_>, show_void: bool) -> Result<(), Error> {
    let mut options = shell.program().options.print.clone();
    let text = take_options(args.text(), &mut options)?;
    let text = take_format(shell, text, "print", &mut options)?;
    let program = shell.program();
    let value = if text.is_empty() {
        let last = program.store().history_len();
        match program.store().history(last) {
            Some(value) => value,
            None => {
                shell.out.line("The history is empty.");
                return Ok(());
            }
        }
    } else {
        forget_copies(program);
        let expr = Expr::parse(text, program)?;
        if expr.is_for_each_cpu() {
            return each_cpu(shell, &expr, "", &mut |shell, value| record(shell, value, &options));
        }
        with_calls(shell, |program| {
            forget_copies(program);
            expr.evaluate(program)
        })?
    };
    tell_warnings(shell);
    tell_copies(shell);
    if !show_void && value.ty().strip().is_void() {
        return Ok(());
    }
    record(shell, value, &options)
}

/// Forgets which copies of per-CPU variables were read so far.
pub fn forget_copies(program: &Program) {
    let _ = program.take_copies();
}

/// Says which copies of per-CPU variables were read since [`forget_copies`], where there were any.
pub fn tell_copies(shell: &mut Shell) {
    if let Some(line) = shell.program().take_copies() {
        shell.out.line(&line);
    }
}

/// Shows the value of an expression with `@all` for each CPU in turn. What one CPU does not have is said in its place.
fn each_cpu(
    shell: &mut Shell,
    expr: &Expr,
    between: &str,
    show: &mut dyn FnMut(&mut Shell, Value) -> Result<(), Error>,
) -> Result<(), Error> {
    let cpus = kdive_expr::Context::online_cpus(shell.program())?;
    for (turn, cpu) in cpus.into_iter().enumerate() {
        if shell.interrupt.is_raised() {
            return Err(Error::Interrupted);
        }
        let value = expr.evaluate_each(shell.program(), cpu);
        // What is wrong with the first is wrong with all.
        let value = if turn == 0 { Ok(value?) } else { value };
        tell_warnings(shell);
        if turn > 0 {
            shell.out.put(between);
        }
        shell.out.put(&format!("CPU {cpu}: "));
        if let Err(error) = value.map_err(Error::from).and_then(|value| show(shell, value)) {
            shell.out.styled(Style::Metadata, &format!("<error: {error}>"));
            shell.out.put("\n");
        }
    }
    forget_copies(shell.program());
    Ok(())
}

/// Says what expressions had to say that is no error.
pub fn tell_warnings(shell: &mut Shell) {
    for warning in shell.program().take_warnings() {
        shell.out.warning(&warning);
    }
}

/// Prints a value as `$N = VALUE` and puts it into the history.
///
/// # Errors
/// When it cannot be read or shown; the history is as it was then.
pub fn record(shell: &mut Shell, value: Value, options: &PrintOptions) -> Result<(), Error> {
    let program = shell.program();
    if let Some(reason) = value.ty().refusal() {
        return Err(Error::msg(reason.to_string()));
    }
    // What cannot be read is not recorded: the contents are asked for before a number is given.
    // A type known by its name has none.
    let has_contents =
        !matches!(value.ty().strip().kind(), Kind::Void | Kind::Function(_)) && !value.ty().is_declaration();
    if has_contents {
        value.contents(program).map_err(|error| Error::msg(error.to_string()))?;
    }
    let number = program.store().record(value.clone());
    let mut out = Out::new();
    out.push(&format!("${number} = "));
    let result = print_value(program, &value, options, &mut out);
    if result.is_ok() {
        out.push("\n");
        program.examine.borrow_mut().set_printed(&value);
    }
    put(shell, &out);
    Ok(result?)
}

fn output(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let mut options = shell.program().options.print.clone();
    let text = take_format(shell, args.text(), "output", &mut options)?;
    let program = shell.program();
    let expr = Expr::parse(text, program)?;
    if expr.is_for_each_cpu() {
        return each_cpu(shell, &expr, "\n", &mut |shell, value| put_value(shell, &value, &options));
    }
    let value = with_calls(shell, |program| expr.evaluate(program))?;
    tell_warnings(shell);
    put_value(shell, &value, &options)
}

fn put_value(shell: &mut Shell, value: &Value, options: &PrintOptions) -> Result<(), Error> {
    let mut out = Out::new();
    let result = print_value(shell.program(), value, options, &mut out);
    put(shell, &out);
    Ok(result?)
}

/// Instructions for `x/i`.
pub struct Code<'a> {
    /// The program.
    pub program: &'a Program,
    /// What the kernel has rewritten, if that is shown.
    pub patched: Option<Rc<PatchMap>>,
}

impl Instructions for Code<'_> {
    fn instruction(&self, addr: VirtAddr, out: &mut Out) -> Result<u64, ExprError> {
        let insn = self.program.instruction(addr).map_err(ExprError::from)?;
        out.push(&insn.text);
        let range = AddrRange::new(addr, insn.next());
        if let Some(note) = self.patched.as_ref().and_then(|map| map.note(self.program, range)) {
            out.push(&format!("\t; {note}"));
        }
        Ok(insn.len())
    }

    fn is_pc(&self, addr: VirtAddr) -> bool {
        self.program.selected_frame().is_ok_and(|frame| frame.pc() == addr)
    }

    fn backward(&self, addr: VirtAddr, count: u64) -> Result<(VirtAddr, u64), ExprError> {
        // As gdb: from the start of the line or function before the address, forwards.
        let bounds = self.program.modules.function_bounds(VirtAddr(addr.0.wrapping_sub(1)));
        let Some((_, range)) = bounds else {
            return Err(ExprError::msg("No line number information available for address."));
        };
        let mut starts = Vec::new();
        let mut at = range.start;
        while at < addr {
            starts.push(at);
            at = self.program.instruction(at).map_err(ExprError::from)?.next();
        }
        let wanted = usize::try_from(count).unwrap_or(usize::MAX).min(starts.len());
        let start = starts.get(starts.len() - wanted).copied().unwrap_or(addr);
        Ok((start, wanted as u64))
    }
}

fn examine(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let text = args.text();
    let (spec, text) = match text.strip_prefix('/') {
        Some(letters) => {
            let (spec, rest) = FormatSpec::parse(letters);
            (Some(spec), rest)
        }
        None => (None, text),
    };
    let program = shell.program();
    forget_copies(program);
    let addr = match text {
        "" => None,
        text => Some(with_calls(shell, |program| program.evaluate_address(text))?),
    };
    tell_warnings(shell);
    tell_copies(shell);
    let patched = patched_for(shell, spec.as_ref(), addr);
    let program = shell.program();
    // `$_` and the next address are set while the memory is shown.
    let mut state = program.examine.borrow().clone();
    let mut out = Out::new();
    let code = Code { program, patched };
    let options = PrintOptions { format: None, ..program.options.print.clone() };
    let result = state.run(program, &code, spec.as_ref(), addr, &options, &mut out);
    *program.examine.borrow_mut() = state;
    put(shell, &out);
    Ok(result?)
}

/// What is rewritten in the code that `x` will show, if it is code; without a format or an address it goes on as before.
fn patched_for(shell: &mut Shell, spec: Option<&FormatSpec>, addr: Option<VirtAddr>) -> Option<Rc<PatchMap>> {
    let (format, addr) = {
        let before = shell.program().examine.borrow();
        let format = spec.and_then(|spec| spec.format).or_else(|| before.last_format());
        (format, addr.or_else(|| before.next_address())?)
    };
    if format == Some(Format::Instruction) { patched_near(shell, addr) } else { None }
}

/// Shows memory for `display/FMT`: as `x`, without disturbing what `x` remembers.
///
/// # Errors
/// As `x`.
pub fn examine_once(shell: &mut Shell, spec: &FormatSpec, addr: VirtAddr) -> Result<(), Error> {
    let patched = patched_for(shell, Some(spec), Some(addr));
    let program = shell.program();
    let mut state = program.examine.borrow().clone();
    let mut out = Out::new();
    let options = PrintOptions { format: None, ..program.options.print.clone() };
    let code = Code { program, patched };
    let result = state.run(program, &code, Some(spec), Some(addr), &options, &mut out);
    *program.examine.borrow_mut() = state;
    put(shell, &out);
    Ok(result?)
}

/// `ptype` shows the members (`expand`), `whatis` the name.
fn type_command(shell: &mut Shell, args: Args<'_>, expand: bool) -> Result<(), Error> {
    let usual = TypeOptions { hex: shell.settings.bool("print type hex"), ..TypeOptions::default() };
    let (mut options, text) = parse_type_flags_over(args.text(), usual)?;
    options.offsets &= expand;
    let program = shell.program();
    let mut out = Out::new();
    if text.is_empty() {
        let last = program.store().history(program.store().history_len());
        let last = last.ok_or_else(|| Error::msg("The history is empty."))?;
        describe(program, last.ty(), expand, options, &mut out);
    } else {
        // A bare `struct foo` gets gdb's words for a tag that does not exist from the parser.
        describe_type(program, &Expr::parse(text, program)?, expand, options, &mut out)?;
    }
    put(shell, &out);
    tell_warnings(shell);
    Ok(())
}

fn find(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let search = Find::parse(args.text(), shell.program())?;
    let mut found: u64 = 0;
    let mut last = None;
    let interrupt = shell.interrupt.clone();
    let options = shell.program().options.print.clone();
    let mut lines = Vec::new();
    let result = search.run(shell.program(), &mut |addr| {
        if interrupt.is_raised() {
            return Err(ExprError::Interrupted);
        }
        lines.push(addr);
        Ok(())
    });
    for addr in lines {
        let mut out = Out::new();
        print_address(shell.program(), addr, &options, &mut out);
        out.push("\n");
        put(shell, &out);
        found += 1;
        last = Some(addr);
    }
    result?;
    let hooks = shell.hooks();
    hooks.set_convenience(shell, "numfound", Some(i64::try_from(found).unwrap_or(i64::MAX)));
    if let Some(addr) = last {
        shell.program().set_next_address(addr);
    }
    shell.out.line(&match found {
        0 => "Pattern not found.".to_owned(),
        1 => "1 pattern found.".to_owned(),
        n => format!("{n} patterns found."),
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(text: &str) -> (PrintOptions, String) {
        let mut options = PrintOptions::default();
        let rest = take_options(text, &mut options).unwrap().to_owned();
        (options, rest)
    }

    #[test]
    fn options_before_an_expression() {
        let (set, rest) = options("-pretty -elements 3 -- x");
        assert!(set.pretty);
        assert_eq!((set.elements, rest.as_str()), (Some(3), "x"));
        let (set, rest) = options("-pretty off -union x");
        assert!(!set.pretty && set.union);
        assert_eq!(rest, "x");
    }

    #[test]
    fn a_negative_number_is_no_option() {
        assert_eq!(options("-5 + x").1, "-5 + x");
        assert_eq!(options("-x").1, "-x");
        assert_eq!(options("-elements unlimited -- -5").1, "-5");
    }
}
