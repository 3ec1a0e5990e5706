//! Values gcc passes and returns; each expectation was checked against its output.

use super::*;

fn registers(parts: &[(&'static str, u64, u64)]) -> Place {
    Place::Registers(parts.iter().map(|&(register, offset, size)| Part { register, offset, size }).collect())
}

fn aggregate_of(size: u64, members: &[(u64, Shape)]) -> Shape {
    let members =
        members.iter().map(|(offset, shape)| Member { offset: *offset, shape: shape.clone() }).collect();
    Shape::Aggregate { size, members }
}

#[test]
fn scalar_results() {
    let place = |shape| return_place(Arch::X86_64, &shape);
    assert_eq!(place(Shape::Void), Place::Nothing);
    assert_eq!(place(Shape::Integer(4)), registers(&[("rax", 0, 4)]));
    assert_eq!(place(Shape::Integer(16)), registers(&[("rax", 0, 8), ("rdx", 8, 8)]));
    assert_eq!(place(Shape::Float(8)), registers(&[("xmm0", 0, 8)]));
    assert_eq!(place(Shape::X87), registers(&[("st0", 0, 10)]));
    assert_eq!(place(Shape::ComplexX87), registers(&[("st0", 0, 10), ("st1", 16, 10)]));
    assert_eq!(place(Shape::Vector(16)), registers(&[("xmm0", 0, 16)]));
    assert_eq!(place(Shape::Vector(32)), registers(&[("ymm0", 0, 32)]));
}

#[test]
fn aggregate_results() {
    let place = |shape| return_place(Arch::X86_64, &shape);
    let int = Shape::Integer(4);
    // struct { int a, b, c; }
    let three = aggregate_of(12, &[(0, int.clone()), (4, int.clone()), (8, int.clone())]);
    assert_eq!(place(three), registers(&[("rax", 0, 8), ("rdx", 8, 4)]));
    // struct { double d; long l; }
    let mixed = aggregate_of(16, &[(0, Shape::Float(8)), (8, Shape::Integer(8))]);
    assert_eq!(place(mixed), registers(&[("xmm0", 0, 8), ("rax", 8, 8)]));
    // struct { float f; int i; }: both in one eightbyte
    let packed = aggregate_of(8, &[(0, Shape::Float(4)), (4, int.clone())]);
    assert_eq!(place(packed), registers(&[("rax", 0, 8)]));
    // struct { float x, y, z; }
    let point = aggregate_of(12, &[(0, Shape::Float(4)), (4, Shape::Float(4)), (8, Shape::Float(4))]);
    assert_eq!(place(point), registers(&[("xmm0", 0, 8), ("xmm1", 8, 4)]));
    // struct { long a, b, c; }
    let long = Shape::Integer(8);
    let big = aggregate_of(24, &[(0, long.clone()), (8, long.clone()), (16, long.clone())]);
    assert_eq!(place(big), Place::Memory("rax"));
    // struct __attribute__((packed)) { char c; long l; }
    let unaligned = aggregate_of(9, &[(0, Shape::Integer(1)), (1, long)]);
    assert_eq!(place(unaligned), Place::Memory("rax"));
    // struct { long double d; }, and one with a char after it
    assert_eq!(place(aggregate_of(16, &[(0, Shape::X87)])), registers(&[("st0", 0, 10)]));
    let tail = aggregate_of(32, &[(0, Shape::X87), (16, Shape::Integer(1))]);
    assert_eq!(place(tail), Place::Memory("rax"));
    // struct { __m256 v; }
    assert_eq!(place(aggregate_of(32, &[(0, Shape::Vector(32))])), registers(&[("ymm0", 0, 32)]));
    assert_eq!(place(aggregate_of(0, &[])), Place::Nothing);
    assert_eq!(place(aggregate_of(u64::MAX, &[(0, int)])), Place::Memory("rax"));
}

#[test]
fn arguments_take_registers_in_order() {
    let long = Shape::Integer(8);
    let pair = aggregate_of(16, &[(0, long.clone()), (8, long.clone())]);
    let parameters =
        [long.clone(), Shape::Float(8), long.clone(), pair.clone(), long.clone(), pair.clone(), long.clone()];
    let places = argument_places(Arch::X86_64, &Shape::Void, &parameters);
    let expected = [
        registers(&[("rdi", 0, 8)]),
        registers(&[("xmm0", 0, 8)]),
        registers(&[("rsi", 0, 8)]),
        registers(&[("rdx", 0, 8), ("rcx", 8, 8)]),
        registers(&[("r8", 0, 8)]),
        Place::Memory("rsp"),
        registers(&[("r9", 0, 8)]),
    ];
    assert_eq!(places, expected);
    // A result in memory takes rdi.
    let big = aggregate_of(24, &[(0, long.clone()), (8, long.clone()), (16, long.clone())]);
    let places = argument_places(Arch::X86_64, &big, &[long, Shape::X87]);
    assert_eq!(places, [registers(&[("rsi", 0, 8)]), Place::Memory("rsp")]);
}

#[test]
fn i386_results_and_arguments() {
    let place = |shape| return_place(Arch::I386, &shape);
    assert_eq!(place(Shape::Integer(4)), registers(&[("eax", 0, 4)]));
    assert_eq!(place(Shape::Integer(8)), registers(&[("eax", 0, 4), ("edx", 4, 4)]));
    assert_eq!(place(Shape::Float(4)), registers(&[("st0", 0, 10)]));
    assert_eq!(place(aggregate_of(4, &[(0, Shape::Integer(4))])), Place::Memory("eax"));
    let parameters = [Shape::Integer(4), Shape::Integer(8), Shape::Integer(4)];
    let places = argument_places(Arch::I386, &Shape::Void, &parameters);
    let expected =
        [registers(&[("eax", 0, 4)]), registers(&[("edx", 0, 4), ("ecx", 4, 4)]), Place::Memory("esp")];
    assert_eq!(places, expected);
}
