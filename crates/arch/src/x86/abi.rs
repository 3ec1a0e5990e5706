//! System V calling conventions of x86-64 and i386.

use crate::Arch;
use crate::abi::{Place, Shape};

pub(crate) const X86_64_CLOBBERED: &[&str] =
    &["rax", "rdx", "rcx", "rsi", "rdi", "r8", "r9", "r10", "r11", "rip", "eflags"];
pub(crate) const X86_64_PRESERVED: &[&str] = &["rbx", "rbp", "rsp", "r12", "r13", "r14", "r15"];
pub(crate) const I386_CLOBBERED: &[&str] = &["eax", "ecx", "edx", "eip", "eflags"];
pub(crate) const I386_PRESERVED: &[&str] = &["ebx", "esp", "ebp", "esi", "edi"];

pub(crate) fn return_place(_: Arch, _: &Shape) -> Place {
    Place::Nothing
}

pub(crate) fn argument_places(_: Arch, _: &Shape, _: &[Shape]) -> Vec<Place> {
    Vec::new()
}
