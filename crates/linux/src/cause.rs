//! Which member of which pointer an access was about.
//!
//! The address that faulted is a pointer's value plus the offset of a member. Every pointer in scope is tried, and every
//! pointer in what those point to; where the source line is at hand, what it names goes first.

use crate::reachable_locks::pointee;
use crate::{Access, Oops, member_at};
use kdive_base::{ReadMemory, VirtAddr};
use kdive_program::Program;
use kdive_types::{Kind, Type};

/// The access of an oops, by the pointer and the member it was about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cause {
    /// What the CPU did.
    pub access: Option<Access>,
    /// The pointer as the source would name it: `ts`, `req->owner`.
    pub pointer: String,
    /// Its type: `struct task_struct *` without the star.
    pub target: String,
    /// The member: `pid`, `list.next`.
    pub member: String,
    /// The pointer's value; 0 where only the line tells.
    pub value: VirtAddr,
    /// The member's offset in bytes.
    pub offset: u64,
    /// What is wrong with the value; `None` for an address that is not mapped.
    pub wrong: Option<BadPointer>,
    /// The value is gone, and the line of the source alone tells which pointer it was.
    pub by_line: bool,
    /// How much speaks for it.
    score: u32,
}

/// Values that no pointer to an object has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BadPointer {
    /// 0.
    Null,
    /// Less than a page: a member of a structure at NULL.
    NearNull,
    /// `ERR_PTR` of this negative number (include/linux/err.h).
    ErrorNumber(i64),
    /// `LIST_POISON1` (include/linux/poison.h): `next` of what was taken off its list.
    ListPoison1,
    /// `LIST_POISON2`: `prev` of what was taken off its list.
    ListPoison2,
    /// `POISON_FREE`: a freed slab object.
    FreedObject,
    /// `POISON_INUSE`: a slab object that was not set.
    NewObject,
    /// Not canonical: no address at all.
    NoAddress,
}

impl BadPointer {
    /// What is wrong with a value, if that can be seen.
    #[must_use]
    pub fn of(value: VirtAddr) -> Option<Self> {
        Some(match value.0 {
            0 => Self::Null,
            0xdead_0000_0000_0100 => Self::ListPoison1,
            0xdead_0000_0000_0122 | 0xdead_0000_0000_0200 => Self::ListPoison2,
            0x6b6b_6b6b_6b6b_6b6b => Self::FreedObject,
            0x5a5a_5a5a_5a5a_5a5a => Self::NewObject,
            value if value < 4096 => Self::NearNull,
            error if error > u64::MAX - 4095 => Self::ErrorNumber(error as i64),
            _ if !value.is_canonical(57) => Self::NoAddress,
            _ => return None,
        })
    }
}

/// Pointers that are followed.
const MAX_POINTERS: usize = 2000;
/// Largest structure whose members are tried.
const MAX_STRUCT: u64 = 1 << 16;

/// Looks for it in the selected state, which is that of the oops.
#[must_use]
pub fn cause_of(program: &Program, oops: &Oops) -> Option<Cause> {
    let fault = VirtAddr(oops.address.or_else(|| oops.register("cr2"))?);
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
    let known = || pointers.iter().filter_map(|(name, value, target)| Some((name, (*value)?, target)));
    for (name, value, target) in known() {
        take(explain(program, name, value, target, fault, oops.access, &line));
    }
    // What was on the stack may be gone by now, and the stack with it: then the line alone tells which pointer was NULL.
    for (name, _, target) in &pointers {
        take(by_line_alone(program, name, target, fault, oops.access, &line));
    }
    // One level deeper: a member of what a pointer points to.
    for (name, value, target) in known() {
        if is_bad(value) {
            continue;
        }
        let Kind::Composite(composite) = target.kind() else { continue };
        let Some(size) = target.size().filter(|size| *size <= MAX_STRUCT) else { continue };
        let mut bytes = vec![0; usize::try_from(size).unwrap_or(0)];
        if program.read(value, &mut bytes).is_err() {
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

/// Name, value (where it can be read) and target of the pointers to structures in the innermost function, inlined calls included.
fn pointers_in_scope(program: &Program) -> Vec<(String, Option<VirtAddr>, Type)> {
    let mut found: Vec<(String, Option<VirtAddr>, Type)> = Vec::new();
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
            if !found.iter().any(|(name, ..)| name == variable.name()) {
                let value = program.evaluate_address(variable.name()).ok();
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
    line.contains(&format!("{name}->{member}")).then(|| Cause {
        access,
        pointer: name.to_owned(),
        target: target.declaration(""),
        member,
        value: VirtAddr(0),
        offset: fault.0,
        wrong: Some(BadPointer::Null),
        by_line: true,
        // More than what a value found on a stack that is in use again seems to say of another member.
        score: 12,
    })
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
    let wrong = BadPointer::of(value);
    score += if wrong.is_some() { 4 } else { 0 };
    score += if mentioned { 4 } else { 0 };
    score += if line.contains(first_member) { 2 } else { 0 };
    score += if line.contains(&format!("{name}->{first_member}")) { 4 } else { 0 };
    score += if name.contains("->") { 0 } else { 1 };
    Some(Cause {
        access,
        pointer: name.to_owned(),
        target: target.declaration(""),
        member,
        value,
        offset,
        wrong,
        by_line: false,
        score,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_no_pointer_has() {
        for (value, wrong) in [
            (0, Some(BadPointer::Null)),
            (0x970, Some(BadPointer::NearNull)),
            (-14_i64 as u64, Some(BadPointer::ErrorNumber(-14))),
            (0xdead_0000_0000_0100, Some(BadPointer::ListPoison1)),
            (0xdead_0000_0000_0122, Some(BadPointer::ListPoison2)),
            (0x6b6b_6b6b_6b6b_6b6b, Some(BadPointer::FreedObject)),
            (0x5a5a_5a5a_5a5a_5a5a, Some(BadPointer::NewObject)),
            (0x0123_4567_89ab_cdef, Some(BadPointer::NoAddress)),
            (0xffff_8880_0000_1000, None),
        ] {
            assert_eq!(BadPointer::of(VirtAddr(value)), wrong, "{value:#x}");
        }
    }
}
