//! Plays transcripts: the commands after `(gdb) ` are run, and what they print is put in the place of what stands there.

use super::Fake;
use crate::context::Context;
use crate::error::{ExprError, Result};
use crate::print::{print_address, print_value};
use crate::{
    Examine, Expr, Find, FormatSpec, Instructions, Printf, builtin, describe_type, echo, parse_boolean,
    parse_print_options, parse_type_flags,
};
use kdive_base::VirtAddr;
use kdive_types::{Out, Value};

struct NoCode;

impl Instructions for NoCode {
    fn instruction(&self, _: VirtAddr, _: &mut Out) -> Result<u64> {
        Err(ExprError::msg("no instructions here"))
    }

    fn is_pc(&self, _: VirtAddr) -> bool {
        false
    }

    fn backward(&self, addr: VirtAddr, count: u64) -> Result<(VirtAddr, u64)> {
        Ok((addr, count))
    }
}

/// The transcript with our answers in it.
pub(crate) fn play(fake: &Fake, transcript: &str) -> String {
    let mut examine = Examine::default();
    let mut answers = String::new();
    for command in transcript.lines().filter_map(|line| line.strip_prefix("(gdb) ")) {
        answers.push_str(&format!("(gdb) {command}\n"));
        let mut out = Vec::new();
        let result = run(fake, &mut examine, command, &mut out);
        answers.push_str(&std::mem::take(&mut *fake.warnings.borrow_mut()));
        answers.extend(out.iter().map(|&byte| char::from(byte)));
        if let Err(error) = result {
            answers.push_str(&error.to_string());
        }
        if !answers.ends_with('\n') {
            answers.push('\n');
        }
    }
    answers
}

fn run(fake: &Fake, examine: &mut Examine, command: &str, out: &mut Vec<u8>) -> Result<()> {
    let end = command.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(command.len());
    let (verb, args) = command.split_at(end);
    let args = args.trim_start();
    let mut text = Out::new();
    let result = match verb {
        "p" => print(fake, examine, args, &mut text),
        "output" => output(fake, examine, args, &mut text),
        "whatis" | "ptype" => parse_type_flags(args).and_then(|(options, rest)| {
            let expr = Expr::parse(rest, fake)?;
            describe_type(fake, &expr, verb == "ptype", options, &mut text)
        }),
        "x" => x(fake, examine, args, &mut text),
        "printf" => return Printf::parse(args, fake)?.print_into(fake, out),
        "echo" => {
            out.extend(echo(args));
            Ok(())
        }
        "find" => find(fake, args, &mut text),
        "set" => set(fake, args),
        _ => Err(ExprError::msg(format!("the player does not know {verb}"))),
    };
    out.extend_from_slice(text.text().as_bytes());
    result
}

fn print(fake: &Fake, examine: &mut Examine, args: &str, out: &mut Out) -> Result<()> {
    let mut options = fake.print_options();
    let mut rest = parse_print_options(args, &mut options)?;
    if let Some(letters) = rest.strip_prefix('/') {
        let (spec, after) = FormatSpec::parse(letters);
        options.format = spec.for_value("print", examine.last_format())?;
        examine.set_last_format(options.format);
        rest = after;
    }
    let value = Expr::parse(rest, fake)?.evaluate(fake)?;
    value.contents(fake)?;
    let number = fake.store().record(value.clone());
    out.push(&format!("${number} = "));
    examine.set_printed(&value);
    print_value(fake, &value, &options, out)
}

fn output(fake: &Fake, examine: &mut Examine, args: &str, out: &mut Out) -> Result<()> {
    let mut options = fake.print_options();
    let mut rest = args;
    if let Some(letters) = args.strip_prefix('/') {
        let (spec, after) = FormatSpec::parse(letters);
        options.format = spec.for_value("output", None)?;
        rest = after;
    }
    let value = Expr::parse(rest, fake)?.evaluate(fake)?;
    examine.set_printed(&value);
    print_value(fake, &value, &options, out)
}

fn x(fake: &Fake, examine: &mut Examine, args: &str, out: &mut Out) -> Result<()> {
    let (spec, rest) = match args.strip_prefix('/') {
        Some(letters) => {
            let (spec, rest) = FormatSpec::parse(letters);
            (Some(spec), rest)
        }
        None => (None, args),
    };
    let addr = match rest {
        "" => None,
        rest => Some(Expr::parse(rest, fake)?.evaluate_address(fake)?),
    };
    examine.run(fake, &NoCode, spec.as_ref(), addr, &fake.print_options(), out)
}

fn find(fake: &Fake, args: &str, out: &mut Out) -> Result<()> {
    let find = Find::parse(args, fake)?;
    if find.len == 0 {
        out.push("Empty search range.\n");
    }
    let mut count = 0u32;
    find.run(fake, &mut |addr| {
        count += 1;
        print_address(fake, addr, &fake.print_options(), out);
        out.push("\n");
        Ok(())
    })?;
    fake.store().set("numfound", Value::from_bytes(builtin().int.clone(), count.to_le_bytes()));
    out.push(&match count {
        0 => "Pattern not found.\n".to_owned(),
        1 => "1 pattern found.\n".to_owned(),
        _ => format!("{count} patterns found.\n"),
    });
    Ok(())
}

fn set(fake: &Fake, args: &str) -> Result<()> {
    let Some(setting) = args.strip_prefix("print ") else {
        Expr::parse(args.strip_prefix("var ").unwrap_or(args), fake)?.evaluate(fake)?;
        return Ok(());
    };
    let (name, value) = setting.split_once(' ').unwrap_or((setting, "on"));
    let flag = parse_boolean(value);
    let limit = value.parse::<u32>().ok();
    let mut options = fake.options.borrow_mut();
    match (name, flag, limit) {
        ("pretty", Some(on), _) => options.pretty = on,
        ("array", Some(on), _) => options.array = on,
        ("union", Some(on), _) => options.union = on,
        ("symbol", Some(on), _) => options.symbol = on,
        ("address", Some(on), _) => options.address = on,
        ("null-stop", Some(on), _) => options.null_stop = on,
        ("sevenbit-strings", Some(on), _) => options.sevenbit_strings = on,
        ("repeats", _, limit) => options.repeats = limit,
        ("elements", _, limit) => options.elements = limit,
        ("max-depth", _, limit) => options.max_depth = limit,
        _ => return Err(ExprError::msg(format!("the player does not know print {name}"))),
    }
    Ok(())
}
