//! Which member of which pointer an access was about.
//!
//! The address that faulted is a pointer's value plus the offset of a member. Every pointer in scope is tried, and every
//! pointer in what those point to; where the source line is at hand, what it names goes first.

use super::reachable_locks::pointee;
use crate::Shell;
use kdive_base::{ReadMemory, VirtAddr};
use kdive_linux::{Access, Oops, member_at};
use kdive_program::Program;
use kdive_types::{Kind, Type};

/// An explanation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cause {
    /// `ts->pid at 0x0 + 0x970: ts is NULL, ...`.
    pub text: String,
    /// How much speaks for it.
    score: u32,
}

/// Pointers that are followed.
const MAX_POINTERS: usize = 2000;
/// Largest structure whose members are tried.
const MAX_STRUCT: u64 = 1 << 16;

/// Looks for it in the selected state.
#[must_use]
pub fn find(shell: &Shell, oops: &Oops) -> Option<Cause> {
    let fault = VirtAddr(oops.address.or_else(|| oops.register("cr2"))?);
    let program = shell.program();
    let line = source_line(program).unwrap_or_default();
    let mut best: Option<Cause> = None;
    let mut budget = MAX_POINTERS;
    let mut take = |found: Option<Cause>| {
        if let Some(found) = found
            && best.as_ref().is_none_or(|best| best.score < found.score)
        {
            best = Some(found);
        }
    };
    let pointers = pointers_in_scope(program);
    for (name, value, target) in &pointers {
        take(explain(program, name, *value, target, fault, oops.access, &line));
    }
    // What was on the stack may be gone by now: then the line alone tells which pointer was NULL.
    for (name, _, target) in &pointers {
        take(by_line_alone(program, name, target, fault, oops.access, &line));
    }
    // One level deeper: a member of what a pointer points to.
    for (name, value, target) in &pointers {
        if is_bad(*value) {
            continue;
        }
        let Kind::Composite(composite) = target.kind() else { continue };
        let Some(size) = target.size().filter(|size| *size <= MAX_STRUCT) else { continue };
        let mut bytes = vec![0; usize::try_from(size).unwrap_or(0)];
        if program.read(*value, &mut bytes).is_err() {
            continue;
        }
        for member in composite.members() {
            let Some(budgeted) = budget.checked_sub(1) else { break };
            budget = budgeted;
            let ty = program.modules.complete(&member.ty.get());
            let (Some(member_name), Some(inner)) = (&member.name, pointee(program, &ty)) else { continue };
            let start = usize::try_from(member.bit_offset / 8).unwrap_or(usize::MAX);
            let word = start.checked_add(8).and_then(|end| bytes.get(start..end)?.try_into().ok());
            let Some(inner_value) = word.map(u64::from_le_bytes) else { continue };
            let name = format!("{name}->{member_name}");
            take(explain(program, &name, VirtAddr(inner_value), &inner, fault, oops.access, &line));
        }
    }
    best
}

/// The text of the line the selected frame stands at.
fn source_line(program: &Program) -> Option<String> {
    let frame = program.selected_frame().ok()?;
    let line = program.frame_line(&frame)?;
    let source = program.sources.find(&line.file.name, line.file.comp_dir.as_deref().unwrap_or_default())?;
    source.line(u64::from(line.line)).map(str::to_owned)
}

/// Name, value and target of the pointers to structures in the innermost function, inlined calls included.
fn pointers_in_scope(program: &Program) -> Vec<(String, VirtAddr, Type)> {
    let mut found: Vec<(String, VirtAddr, Type)> = Vec::new();
    let mut level = 0;
    let selected = program.selected_level();
    while let Ok(frame) = program.frame(level) {
        let Some(scope) = &frame.scope else { break };
        let variables = scope.params().into_iter().chain(scope.locals().into_iter().flatten());
        if program.select_frame(level).is_err() {
            break;
        }
        for variable in variables {
            let Some(target) = pointee(program, &program.modules.complete(&variable.ty())) else { continue };
            if let Ok(value) = program.evaluate_address(variable.name())
                && !found.iter().any(|(name, ..)| name == variable.name())
            {
                found.push((variable.name().to_owned(), value, target));
            }
        }
        // Frames inlined into the same function share its registers.
        if !frame.is_inlined() {
            break;
        }
        level += 1;
    }
    // As it was before.
    let _ = program.select_frame(selected);
    found
}

/// Whether nothing can be there: the first page, an error number, or an address that is none.
fn is_bad(value: VirtAddr) -> bool {
    value.0 < 4096 || value.0 > u64::MAX - 4095 || !value.is_canonical(57)
}

/// What is wrong with a pointer, in words.
fn what_is_wrong(value: VirtAddr) -> Option<String> {
    // include/linux/poison.h; list_del() leaves the first two.
    let poison = match value.0 {
        0 => return Some("NULL".to_owned()),
        0xdead_0000_0000_0100 => "LIST_POISON1: it was taken off its list",
        0xdead_0000_0000_0122 | 0xdead_0000_0000_0200 => "LIST_POISON2: it was taken off its list",
        0x6b6b_6b6b_6b6b_6b6b => "the poison of freed slab objects: used after it was freed",
        0x5a5a_5a5a_5a5a_5a5a => "the poison of new slab objects: used before it was set",
        value if value < 4096 => return Some(format!("{value:#x}, an offset from NULL")),
        value if value > u64::MAX - 4095 => {
            return Some(format!("ERR_PTR({}): an error that was not checked for", value as i64));
        }
        _ if !value.is_canonical(57) => return Some(format!("{value:#x}, which is no address")),
        _ => return None,
    };
    Some(format!("{:#x}, {poison}", value.0))
}

fn verb(access: Option<Access>) -> &'static str {
    match access {
        Some(Access::Write) => "writing ",
        Some(Access::Read) => "reading ",
        Some(Access::Fetch) | None => "",
    }
}

/// The explanation by a line that has `name->member` with the member at the address itself.
fn by_line_alone(
    program: &Program,
    name: &str,
    target: &Type,
    fault: VirtAddr,
    access: Option<Access>,
    line: &str,
) -> Option<Cause> {
    let (member, _) = member_at(program, target, fault.0)?;
    let text = line.contains(&format!("{name}->{member}")).then(|| {
        let (verb, ty) = (verb(access), target.declaration(""));
        format!("{verb}{name}->{member} at 0x0 + {:#x}: {name} was NULL ({ty})", fault.0)
    })?;
    // More than what a value found on a stack that is in use again seems to say of another member.
    Some(Cause { text, score: 12 })
}

fn explain(
    program: &Program,
    name: &str,
    value: VirtAddr,
    target: &Type,
    fault: VirtAddr,
    access: Option<Access>,
    line: &str,
) -> Option<Cause> {
    let offset = fault.distance_from(value)?;
    if offset >= target.size()? {
        return None;
    }
    let (member, _) = member_at(program, target, offset)?;
    let last = name.rsplit("->").next().unwrap_or(name);
    let first_member = member.split(['.', '[']).next().unwrap_or(&member);
    let mentioned = line.contains(&format!("{last}->")) || line.contains(&format!("*{last}"));
    let mut score = 1;
    score += if what_is_wrong(value).is_some() { 4 } else { 0 };
    score += if mentioned { 4 } else { 0 };
    score += if line.contains(first_member) { 2 } else { 0 };
    score += if line.contains(&format!("{name}->{first_member}")) { 4 } else { 0 };
    score += if name.contains("->") { 0 } else { 1 };
    let access = verb(access);
    let wrong = what_is_wrong(value).map_or_else(
        || format!("{name} is {value:#x}, where that is not mapped"),
        |wrong| format!("{name} is {wrong}"),
    );
    let ty = target.declaration("");
    Some(Cause {
        text: format!("{access}{name}->{member} at {value:#x} + {offset:#x}: {wrong} ({ty})"),
        score,
    })
}
