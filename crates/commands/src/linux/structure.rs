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
        help: "Usage: struct [-o] [-x | -d] NAME[.MEMBER[,MEMBER]...] [ADDRESS]\n\
               As crash does: without ADDRESS like ptype/o, with it what is there. MEMBER may be\n\
               one of a member (se.vruntime). ADDRESS is an expression, or hexadecimal digits.\n\
               -o   offsets of the members, with ADDRESS their addresses\n\
               -x   numbers in hexadecimal\n\
               -d   numbers in decimal",
        examples: &[
            "struct list_head",
            "struct task_struct.comm &init_task",
            "struct task_struct.pid,comm $lx_current()",
            "struct -o task_struct.pid,se.vruntime",
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
        help: "Usage: union [-o] [-x | -d] NAME[.MEMBER[,MEMBER]...] [ADDRESS]\nAs struct.",
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

fn structure(shell: &mut Shell, args: Args<'_>, tag: Tag, keyword: &str) -> Result<(), Error> {
    let mut text = args.required("Argument required (name of the type).")?;
    let (mut offsets, mut format) = (false, "");
    while text.starts_with('-') {
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        match word {
            "-o" => offsets = true,
            "-x" => format = "/x",
            "-d" => format = "/d",
            _ => return Err(Error::msg(format!("{keyword} has no option {word}; see help {keyword}."))),
        }
        text = rest.trim_start();
    }
    let (name, place) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let (name, members) = name.split_once('.').unwrap_or((name, ""));
    if name.is_empty() {
        return Err(Error::msg("Argument required (name of the type)."));
    }
    let members: Vec<&str> = members.split(',').filter(|member| !member.is_empty()).collect();
    let place = place.trim();
    let place = if place.is_empty() { None } else { Some(place_of(shell, place)?) };
    match (place, &members[..]) {
        (place, members) if offsets => show_offsets(shell, tag, keyword, name, members, place),
        (None, []) => shell.execute(&format!("ptype/o {keyword} {name}"), false),
        (None, members) => members.iter().try_for_each(|member| {
            shell.execute(&format!("whatis (({keyword} {name} *)0)->{member}"), false)
        }),
        (Some(place), []) => {
            shell.execute(&format!("print -pretty -- {format} *({keyword} {name} *){:#x}", place.0), false)
        }
        (Some(place), members) => members.iter().try_for_each(|member| {
            let line = format!(
                "with print pretty on -- output {format} (({keyword} {name} *){:#x})->{member}",
                place.0
            );
            let (result, value) = shell.capture(|shell| shell.execute(&line, false));
            result?;
            shell.out.put(&format!("  {member} = "));
            shell.out.put_bytes(String::from_utf8_lossy(&value).replace('\n', "\n  ").as_bytes());
            shell.out.put("\n");
            Ok(())
        }),
    }
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
    let missing =
        || Error::unknown(format!("No {keyword} type named {name}."), Missing::Type(tag, name.to_owned()));
    let ty = shell.program().modules.ty(tag, name, None).ok_or_else(missing)?;
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
