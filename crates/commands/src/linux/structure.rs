//! Structures in the words of crash: `struct`, `union`.

use super::raw::hexadecimal;
use crate::gdb::debugger::{MAX_COMPLETIONS, members_of};
use crate::spec::{Class, Completer, Needs};
use crate::{Args, Error, Missing, Shell, Spec};
use kdive_base::VirtAddr;
use kdive_expr::Expr;
use kdive_symbols::{Completion, Tag};
use kdive_types::Type;

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "struct",
        class: Class::Linux,
        needs: Needs::SYMBOLS,
        summary: "Show a structure's members, or those at an address",
        help: "Usage: struct [-o] [-r] [-x | -d] [-l OFFSET] NAME[.MEMBER[,MEMBER]...]\n\
               \x20             [ADDRESS [COUNT]]\n\
               As crash does: without ADDRESS like ptype/o, with it what is there. MEMBER may be\n\
               one of a member (se.vruntime). ADDRESS is an expression, or hexadecimal digits.\n\
               COUNT structures stand one after the other, as in an array.\n\
               -l OFFSET   ADDRESS is that of a member: so many bytes into the structure, or\n\
               \x20           TYPE.MEMBER\n\
               -c COUNT    the same as COUNT at the end\n\
               -o          offsets of the members, with ADDRESS their addresses\n\
               -r          the memory itself, with ADDRESS\n\
               -x          numbers in hexadecimal\n\
               -d          numbers in decimal",
        examples: &[
            "struct list_head",
            "struct task_struct.comm &init_task",
            "struct task_struct.pid,comm $lx_current()",
            "struct -o task_struct.pid,se.vruntime",
            "struct module.name -l module.list modules.next",
            "struct softirq_action softirq_vec 3",
        ],
        complete: Completer::Custom(|shell, text| complete_structure(shell, text, "struct", Tag::Struct)),
        run: |shell, args| structure(shell, args, Tag::Struct, "struct"),
        ..Spec::EMPTY
    },
    Spec {
        name: "union",
        class: Class::Linux,
        needs: Needs::SYMBOLS,
        summary: "Show a union's members, or those at an address",
        help: "Usage: union [-o] [-r] [-x | -d] [-l OFFSET] NAME[.MEMBER[,MEMBER]...]\n\
               \x20            [ADDRESS [COUNT]]\n\
               As struct.",
        examples: &["union thread_union"],
        complete: Completer::Custom(|shell, text| complete_structure(shell, text, "union", Tag::Union)),
        run: |shell, args| structure(shell, args, Tag::Union, "union"),
        ..Spec::EMPTY
    },
];

/// The tag, its members after a dot (several with commas), then an address.
fn complete_structure(shell: &Shell, text: &str, keyword: &str, tag: Tag) -> Vec<String> {
    let program = shell.program();
    let mut text = text.trim_start();
    while text.starts_with('-') {
        let Some((_, rest)) = text.split_once(char::is_whitespace) else { return Vec::new() };
        text = rest.trim_start();
    }
    let word = text.rsplit(char::is_whitespace).next().unwrap_or_default();
    if word.len() < text.len() {
        return shell.hooks().complete_symbol(shell, word);
    }
    let Some((name, members)) = word.split_once('.') else {
        return program.modules.complete_name(Completion::Tag(tag), word, MAX_COMPLETIONS);
    };
    let member = members.rsplit(',').next().unwrap_or_default();
    let (object, prefix) = match member.rsplit_once('.') {
        Some((outer, prefix)) => (format!("(({keyword} {name} *)0)->{outer}"), prefix),
        None => (format!("({keyword} {name} *)0"), member),
    };
    let Ok(ty) = Expr::parse(&object, program).and_then(|object| object.type_of(program)) else {
        return Vec::new();
    };
    let typed = word.get(..word.len() - prefix.len()).unwrap_or_default();
    members_of(program, &ty, prefix).into_iter().map(|member| format!("{typed}{member}")).collect()
}

/// What `struct` was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Asked<'a> {
    offsets: bool,
    raw: bool,
    /// `/x` or `/d`.
    format: &'static str,
    /// `-l`.
    from: Option<&'a str>,
    count: Option<&'a str>,
    /// The name, with members.
    name: &'a str,
    place: String,
}

impl<'a> Asked<'a> {
    /// Options may stand before and after the name; what is none of them there is the address, and a number after it the count.
    fn parse(text: &'a str, keyword: &str) -> Result<Self, Error> {
        let mut asked = Self::default();
        let mut place: Vec<&str> = Vec::new();
        let mut words = text.split_whitespace();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| Error::msg(format!("{word} requires an argument")));
            match word {
                // What an expression consists of.
                _ if !place.is_empty() && !matches!(word, "-l" | "-c" | "-o" | "-r" | "-x" | "-d") => {
                    place.push(word)
                }
                "-o" => asked.offsets = true,
                "-r" => asked.raw = true,
                "-x" => asked.format = "/x",
                "-d" => asked.format = "/d",
                "-l" => asked.from = Some(value()?),
                "-c" => asked.count = Some(value()?),
                _ if word.starts_with('-') && asked.name.is_empty() => {
                    return Err(Error::msg(format!("{keyword} has no option {word}; see help {keyword}.")));
                }
                _ if asked.name.is_empty() => asked.name = word,
                _ => place.push(word),
            }
        }
        if let [address @ .., last] = &place[..]
            && asked.count.is_none()
            && last.bytes().all(|byte| byte.is_ascii_digit())
            && address
                .last()
                .is_some_and(|word| word.ends_with(|c: char| c.is_alphanumeric() || "_)]".contains(c)))
        {
            asked.count = Some(last);
            place.pop();
        }
        asked.place = place.join(" ");
        Ok(asked)
    }
}

fn structure(shell: &mut Shell, args: Args<'_>, tag: Tag, keyword: &str) -> Result<(), Error> {
    let text = args.required("Argument required (name of the type).")?;
    let asked = Asked::parse(text, keyword)?;
    let (name, members) = asked.name.split_once('.').unwrap_or((asked.name, ""));
    if name.is_empty() {
        return Err(Error::msg("Argument required (name of the type)."));
    }
    let members: Vec<&str> = members.split(',').filter(|member| !member.is_empty()).collect();
    if asked.place.is_empty() {
        return match &members[..] {
            members if asked.offsets => show_offsets(shell, tag, keyword, name, members, None),
            [] => shell.execute(&format!("ptype/o {keyword} {name}"), false),
            members => members.iter().try_for_each(|member| {
                shell.execute(&format!("whatis (({keyword} {name} *)0)->{member}"), false)
            }),
        };
    }
    let first = place_of(shell, &asked.place)?;
    let first = match asked.from {
        Some(from) => VirtAddr(first.0.wrapping_sub(distance(shell, from)?)),
        None => first,
    };
    let count = match asked.count {
        Some(text) => shell.program().evaluate_address(text)?.0,
        None => 1,
    };
    // Only who asks for several has to know how large one is.
    let size =
        if count > 1 || asked.raw { type_named(shell, tag, keyword, name)?.size().unwrap_or(0) } else { 0 };
    for index in 0..count {
        shell.check_interrupt()?;
        let place = first.offset(index.wrapping_mul(size));
        if index > 0 && (asked.raw || asked.offsets || !members.is_empty()) {
            shell.out.line("");
        }
        if asked.raw {
            shell.execute(&format!("rd {:x} {}", place.0, size.div_ceil(8)), false)?;
        } else if asked.offsets {
            show_offsets(shell, tag, keyword, name, &members, Some(place))?;
        } else {
            show_values(shell, &format!("{keyword} {name}"), asked.format, &members, place)?;
        }
    }
    Ok(())
}

/// How far into a structure a member is: `TYPE.MEMBER`, or the number of bytes.
fn distance(shell: &Shell, text: &str) -> Result<u64, Error> {
    let (name, member) = match text.split_once('.') {
        Some((name, member)) if !name.starts_with(|c: char| c.is_ascii_digit()) => (name, member),
        _ => return Ok(shell.program().evaluate_address(text)?.0),
    };
    let ty = type_named(shell, Tag::Struct, "struct", name)?;
    Ok(member_of(shell, &ty, member)?.0)
}

/// One structure, or some members of it.
fn show_values(
    shell: &mut Shell,
    ty: &str,
    format: &str,
    members: &[&str],
    place: VirtAddr,
) -> Result<(), Error> {
    if members.is_empty() {
        return shell.execute(&format!("print -pretty -- {format} *({ty} *){:#x}", place.0), false);
    }
    for member in members {
        let line = format!("with print pretty on -- output {format} (({ty} *){:#x})->{member}", place.0);
        let (result, value) = shell.capture(|shell| shell.execute(&line, false));
        result?;
        shell.out.put(&format!("  {member} = "));
        shell.out.put_bytes(String::from_utf8_lossy(&value).replace('\n', "\n  ").as_bytes());
        shell.out.put("\n");
    }
    Ok(())
}

/// The type with a tag.
fn type_named(shell: &Shell, tag: Tag, keyword: &str, name: &str) -> Result<Type, Error> {
    let missing =
        || Error::unknown(format!("No {keyword} type named {name}."), Missing::Type(tag, name.to_owned()));
    shell.program().modules.ty(tag, name, None).ok_or_else(missing)
}

/// Where a structure is: hexadecimal digits as crash prints them, the place of an object, or the value of an expression.
fn place_of(shell: &Shell, text: &str) -> Result<VirtAddr, Error> {
    if let Some(addr) = hexadecimal(text) {
        return Ok(addr);
    }
    let program = shell.program();
    let value = program.evaluate(text)?;
    match value.address().filter(|_| value.ty().strip().is_composite()) {
        Some(addr) => Ok(addr),
        None => Ok(program.evaluate_address(text)?),
    }
}

/// `struct -o`: a line for each member, then the size of the whole.
fn show_offsets(
    shell: &mut Shell,
    tag: Tag,
    keyword: &str,
    name: &str,
    members: &[&str],
    place: Option<VirtAddr>,
) -> Result<(), Error> {
    let ty = type_named(shell, tag, keyword, name)?;
    let at = |offset: u64| match place {
        Some(place) => format!("{:x}", place.offset(offset).0),
        None => offset.to_string(),
    };
    let mut lines = vec![format!("{keyword} {name} {{")];
    if members.is_empty() {
        let all = ty.with_composite(|composite| {
            let line = |member: &kdive_types::Member| {
                let name = member.name.as_deref().unwrap_or_default();
                format!("  [{}] {};", at(member.bit_offset / 8), member.ty.get().declaration(name))
            };
            composite.members().iter().map(line).collect::<Vec<_>>()
        });
        lines.extend(all.unwrap_or_default());
    }
    for path in members {
        let (offset, member) = member_of(shell, &ty, path)?;
        lines.push(format!("  [{}] {};", at(offset), member.declaration(path)));
    }
    lines.push("}".to_owned());
    if let (Some(size), true) = (ty.size(), members.is_empty()) {
        lines.push(format!("SIZE: {size}"));
    }
    for line in lines {
        shell.out.line(&line);
    }
    Ok(())
}

/// The offset in bytes and the type of a member, or of a member of a member.
fn member_of(shell: &Shell, ty: &Type, path: &str) -> Result<(u64, Type), Error> {
    let (mut offset, mut ty) = (0u64, ty.clone());
    for name in path.split('.') {
        let whole = shell.program().modules.complete(&ty);
        let (bits, member) = whole.member(name).ok_or_else(|| {
            Error::unknown(
                format!("There is no member named {name}."),
                Missing::Near(whole.nearest_members(name)),
            )
        })?;
        offset = offset.wrapping_add(bits / 8);
        ty = member.ty.get();
    }
    Ok((offset, ty))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_names_addresses_and_counts() {
        let parse = |text| Asked::parse(text, "struct").map_err(|error| error.to_string());
        let asked =
            |name, place: &str, count| Asked { name, place: place.to_owned(), count, ..Asked::default() };
        assert_eq!(parse("list_head"), Ok(asked("list_head", "", None)));
        assert_eq!(parse("list_head ffff8880 3"), Ok(asked("list_head", "ffff8880", Some("3"))));
        assert_eq!(parse("s.a,b $lx_current() 2"), Ok(asked("s.a,b", "$lx_current()", Some("2"))));
        assert_eq!(parse("s &table[1] -c 0x10"), Ok(asked("s", "&table[1]", Some("0x10"))));
        // A number that belongs to the expression.
        assert_eq!(parse("s &table + 1"), Ok(asked("s", "&table + 1", None)));
        assert_eq!(parse("s 3"), Ok(asked("s", "3", None)));
        assert_eq!(parse("s a - -1"), Ok(asked("s", "a - -1", None)));
        let all = Asked {
            offsets: true,
            format: "/x",
            from: Some("module.list"),
            ..asked("module", "modules", None)
        };
        assert_eq!(parse("-o module -l module.list modules -x"), Ok(all));
        assert_eq!(parse("-l"), Err("-l requires an argument".to_owned()));
        assert_eq!(parse("-z s"), Err("struct has no option -z; see help struct.".to_owned()));
        assert_eq!(parse("s -1"), Ok(asked("s", "-1", None)));
    }
}
