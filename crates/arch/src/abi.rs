//! Where the calling convention puts results and arguments (System V psABI, x86-64 3.2.3 and i386 2.2.3).

use crate::{Arch, x86};

/// What the classification needs to know of a C type.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Shape {
    /// `void`.
    Void,
    /// Integer, enum, bool, pointer of this many bytes.
    Integer(u64),
    /// `float`, `double` or `_Float16` of this many bytes.
    Float(u64),
    /// `long double` (x87 extended), 16 bytes in memory on x86-64, 12 on i386.
    X87,
    /// `_Complex long double`.
    ComplexX87,
    /// An SSE vector of this many bytes (`__m128` 16).
    Vector(u64),
    /// A struct, union or array: its size and every scalar member with its byte offset. A bit-field counts as an
    /// integer of its declared type at the offset of its storage unit.
    Aggregate {
        /// Size in bytes.
        size: u64,
        /// Scalar members, nested aggregates flattened.
        members: Vec<Member>,
    },
}

/// A scalar member of a flattened aggregate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Member {
    /// Byte offset from the start of the outermost aggregate.
    pub offset: u64,
    /// What it is; never an aggregate.
    pub shape: Shape,
}

/// One register that holds some bytes of a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Part {
    /// Register name as target descriptions have it.
    pub register: &'static str,
    /// Byte offset in the value.
    pub offset: u64,
    /// Bytes of the value in the register, from its least significant end.
    pub size: u64,
}

/// Where a value is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// Nowhere: `void` or an empty struct.
    Nothing,
    /// In registers.
    Registers(Vec<Part>),
    /// For a result: in memory whose address is in the named register after the call (`rax`, `eax`).
    /// For an argument: on the stack.
    Memory(&'static str),
}

/// Where a function that has just returned left its value.
#[must_use]
pub fn return_place(arch: Arch, shape: &Shape) -> Place {
    x86::abi::return_place(arch, shape)
}

/// Where each argument is at the first instruction of a function, by the shapes of the parameters, with the shape of
/// the result because a result in memory takes the first register.
#[must_use]
pub fn argument_places(arch: Arch, result: &Shape, parameters: &[Shape]) -> Vec<Place> {
    x86::abi::argument_places(arch, result, parameters)
}
