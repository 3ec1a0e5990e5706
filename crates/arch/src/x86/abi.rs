//! System V calling conventions of x86-64 (psABI 3.2.3) and i386 (psABI 2.2.3), the latter with the kernel's
//! `-mregparm=3` for arguments.

use crate::Arch;
use crate::abi::{Member, Part, Place, Shape};

pub(crate) const X86_64_PRESERVED: &[&str] = &["rbx", "rbp", "rsp", "r12", "r13", "r14", "r15"];
pub(crate) const I386_PRESERVED: &[&str] = &["ebx", "esp", "ebp", "esi", "edi"];

const INTEGER_ARGUMENTS: [&str; 6] = ["rdi", "rsi", "rdx", "rcx", "r8", "r9"];
const INTEGER_ARGUMENTS_I386: [&str; 3] = ["eax", "edx", "ecx"];
const SSE_ARGUMENTS: [&str; 8] = ["xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7"];

/// Class of one eightbyte.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Class {
    Unused,
    Integer,
    Sse,
    SseUp,
    X87,
    Memory,
}

/// psABI 3.2.3, "Classification", step 4.
fn merge(a: Class, b: Class) -> Class {
    match (a, b) {
        _ if a == b => a,
        (Class::Unused, other) | (other, Class::Unused) => other,
        (Class::Memory, _) | (_, Class::Memory) => Class::Memory,
        (Class::Integer, _) | (_, Class::Integer) => Class::Integer,
        (Class::X87, _) | (_, Class::X87) => Class::Memory,
        _ => Class::Sse,
    }
}

/// Size and classes of the eightbytes of a value; `None` for void and empty values. X87 stands for all of its kind.
fn classify(shape: &Shape) -> Option<(u64, Vec<Class>)> {
    let eightbytes = |size: u64| usize::try_from(size.div_ceil(8)).unwrap_or(usize::MAX);
    Some(match shape {
        Shape::Void => return None,
        Shape::Integer(size) if *size > 16 => (*size, vec![Class::Memory]),
        Shape::Integer(size) => (*size, vec![Class::Integer; eightbytes(*size).max(1)]),
        Shape::Float(size) if *size > 8 => {
            // __float128 is passed like a vector.
            (*size, vec![Class::Sse, Class::SseUp])
        }
        Shape::Float(size) => (*size, vec![Class::Sse]),
        Shape::X87 => (16, vec![Class::X87]),
        Shape::ComplexX87 => (32, vec![Class::X87, Class::X87]),
        Shape::Vector(size @ (8 | 16 | 32 | 64)) => {
            let mut classes = vec![Class::SseUp; eightbytes(*size)];
            if let Some(first) = classes.first_mut() {
                *first = Class::Sse;
            }
            (*size, classes)
        }
        Shape::Vector(size) => (*size, vec![Class::Memory]),
        Shape::Aggregate { size: 0, .. } => return None,
        Shape::Aggregate { size, members } => (*size, aggregate(*size, members)),
    })
}

fn aggregate(size: u64, members: &[Member]) -> Vec<Class> {
    if size > 64 {
        return vec![Class::Memory];
    }
    let mut classes = vec![Class::Unused; usize::try_from(size.div_ceil(8)).unwrap_or(0)];
    for member in members {
        let Some((length, parts)) = classify(&member.shape) else { continue };
        let aligned = length == 0 || member.offset % length.min(16) == 0 || length > 16;
        if !aligned || parts.contains(&Class::Memory) {
            return vec![Class::Memory];
        }
        let first = usize::try_from(member.offset / 8).unwrap_or(usize::MAX);
        // X87 takes two eightbytes in memory.
        let parts = if parts == [Class::X87] { vec![Class::X87; 2] } else { parts };
        for (at, class) in parts.into_iter().enumerate() {
            if let Some(slot) = first.checked_add(at).and_then(|at| classes.get_mut(at)) {
                *slot = merge(*slot, class);
            }
        }
    }
    // Post-merger clean-up: more than two eightbytes must be one vector.
    let one_vector =
        classes.first() == Some(&Class::Sse) && classes.iter().skip(1).all(|class| *class == Class::SseUp);
    if classes.contains(&Class::Memory) || (size > 16 && !one_vector) {
        return vec![Class::Memory];
    }
    classes
}

pub(crate) fn return_place(arch: Arch, shape: &Shape) -> Place {
    match arch {
        Arch::X86_64 => return_place64(shape),
        Arch::I386 => return_place32(shape),
        Arch::Foreign(_) => Place::Nothing,
    }
}

fn return_place64(shape: &Shape) -> Place {
    let Some((size, classes)) = classify(shape) else { return Place::Nothing };
    match shape {
        Shape::X87 => return Place::Registers(vec![Part { register: "st0", offset: 0, size: 10 }]),
        Shape::ComplexX87 => {
            let part = |register, offset| Part { register, offset, size: 10 };
            return Place::Registers(vec![part("st0", 0), part("st1", 16)]);
        }
        // A structure that is nothing but a long double comes back in st0 too.
        _ if classes == [Class::X87; 2] => {
            return Place::Registers(vec![Part { register: "st0", offset: 0, size: 10 }]);
        }
        _ => {}
    }
    if classes.contains(&Class::Memory) || classes.contains(&Class::X87) {
        return Place::Memory("rax");
    }
    Place::Registers(assign(size, &classes, &mut ["rax", "rdx"].iter(), &mut ["xmm0", "xmm1"].iter()))
}

/// Gives each eightbyte the next register of its class; the caller has checked that there are enough.
fn assign<'a>(
    size: u64,
    classes: &[Class],
    integer: &mut dyn Iterator<Item = &'a &'static str>,
    sse: &mut dyn Iterator<Item = &'a &'static str>,
) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for (at, class) in classes.iter().enumerate() {
        let offset = at as u64 * 8;
        let length = (size - offset).min(8);
        let register = match class {
            Class::Integer => integer.next(),
            // An eightbyte of padding takes a register of the other class only as part of an SSE argument.
            Class::Sse | Class::Unused => sse.next(),
            Class::SseUp => {
                if let Some(last) = parts.last_mut() {
                    last.size += length;
                    // From the second 16 bytes on the value is in a wider name of the same register.
                    last.register = widen(last.register, last.size);
                }
                continue;
            }
            Class::X87 | Class::Memory => None,
        };
        if let Some(register) = register {
            parts.push(Part { register, offset, size: length });
        }
    }
    parts
}

/// The name of an SSE register that is `size` bytes wide.
fn widen(register: &'static str, size: u64) -> &'static str {
    const YMM: [&str; 8] = ["ymm0", "ymm1", "ymm2", "ymm3", "ymm4", "ymm5", "ymm6", "ymm7"];
    const ZMM: [&str; 8] = ["zmm0", "zmm1", "zmm2", "zmm3", "zmm4", "zmm5", "zmm6", "zmm7"];
    let number = register.trim_start_matches(char::is_alphabetic).parse::<usize>().unwrap_or(0);
    let names = match size {
        0..=16 => &SSE_ARGUMENTS,
        17..=32 => &YMM,
        _ => &ZMM,
    };
    names.get(number).copied().unwrap_or(register)
}

fn return_place32(shape: &Shape) -> Place {
    let one = |register, size| Place::Registers(vec![Part { register, offset: 0, size }]);
    match shape {
        Shape::Void | Shape::Aggregate { size: 0, .. } => Place::Nothing,
        Shape::Integer(size @ 0..=4) => one("eax", *size),
        Shape::Integer(size @ 5..=8) => Place::Registers(vec![
            Part { register: "eax", offset: 0, size: 4 },
            Part { register: "edx", offset: 4, size: size - 4 },
        ]),
        Shape::Float(_) | Shape::X87 => one("st0", 10),
        Shape::Vector(8) => one("mm0", 8),
        Shape::Vector(16) => one("xmm0", 16),
        Shape::Integer(_) | Shape::ComplexX87 | Shape::Vector(_) | Shape::Aggregate { .. } => {
            Place::Memory("eax")
        }
    }
}

pub(crate) fn argument_places(arch: Arch, result: &Shape, parameters: &[Shape]) -> Vec<Place> {
    let hidden = matches!(return_place(arch, result), Place::Memory(_));
    match arch {
        Arch::X86_64 => arguments64(hidden, parameters),
        Arch::I386 => arguments32(hidden, parameters),
        Arch::Foreign(_) => Vec::new(),
    }
}

fn arguments64(hidden: bool, parameters: &[Shape]) -> Vec<Place> {
    let mut integer = INTEGER_ARGUMENTS.get(usize::from(hidden)..).unwrap_or(&[]);
    let mut sse = &SSE_ARGUMENTS[..];
    let place = |shape: &Shape| {
        let Some((size, classes)) = classify(shape) else { return Place::Nothing };
        if classes.contains(&Class::Memory) || classes.contains(&Class::X87) {
            return Place::Memory("rsp");
        }
        let count = |class| classes.iter().filter(|each| **each == class).count();
        let (integers, vectors) = (count(Class::Integer), count(Class::Sse) + count(Class::Unused));
        // Either the whole argument fits into registers or none of it goes there.
        let (Some((ints, more_ints)), Some((vecs, more_vecs))) =
            (integer.split_at_checked(integers), sse.split_at_checked(vectors))
        else {
            return Place::Memory("rsp");
        };
        (integer, sse) = (more_ints, more_vecs);
        Place::Registers(assign(size, &classes, &mut ints.iter(), &mut vecs.iter()))
    };
    parameters.iter().map(place).collect()
}

/// `-mregparm=3`: integers of up to 8 bytes in eax, edx, ecx while they last; everything after the first argument that
/// does not fit goes on the stack.
fn arguments32(hidden: bool, parameters: &[Shape]) -> Vec<Place> {
    let mut free = INTEGER_ARGUMENTS_I386.get(usize::from(hidden)..).unwrap_or(&[]);
    let place = |shape: &Shape| match shape {
        Shape::Void | Shape::Aggregate { size: 0, .. } => Place::Nothing,
        Shape::Integer(size @ 0..=8) | Shape::Aggregate { size: size @ 1..=8, .. } => {
            let words = usize::try_from(size.div_ceil(4).max(1)).unwrap_or(1);
            let Some((taken, rest)) = free.split_at_checked(words) else {
                free = &[];
                return Place::Memory("esp");
            };
            free = rest;
            let part = |(at, register): (usize, &&'static str)| {
                let offset = at as u64 * 4;
                Part { register, offset, size: (size - offset).min(4) }
            };
            Place::Registers(taken.iter().enumerate().map(part).collect())
        }
        _ => Place::Memory("esp"),
    };
    parameters.iter().map(place).collect()
}

#[cfg(test)]
mod tests;
