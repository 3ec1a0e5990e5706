//! Values over memory that counts how often it is read.

use super::*;
use crate::{Encoding, ValueError};
use std::cell::{Cell, RefCell};

#[derive(Default)]
struct Target {
    memory: RefCell<Vec<u8>>,
    reads: Cell<usize>,
    limit: Option<u64>,
}

impl Target {
    fn new(memory: &[u8]) -> Self {
        Self { memory: RefCell::new(memory.to_vec()), reads: Cell::new(0), limit: Some(65536) }
    }
}

impl Access for Target {
    fn read_memory(&self, addr: VirtAddr, buf: &mut [u8]) -> Result<(), Fault> {
        self.reads.set(self.reads.get() + 1);
        let memory = self.memory.borrow();
        for (at, slot) in buf.iter_mut().enumerate() {
            let here = addr.offset(at as u64);
            *slot = *memory.get(here.0 as usize).ok_or(Fault::unmapped(here))?;
        }
        Ok(())
    }

    fn write_memory(&self, addr: VirtAddr, bytes: &[u8]) -> Result<(), Fault> {
        let start = addr.0 as usize;
        let mut memory = self.memory.borrow_mut();
        memory.get_mut(start..start + bytes.len()).ok_or(Fault::unmapped(addr))?.copy_from_slice(bytes);
        Ok(())
    }

    fn read_register(&self, _: FrameId, _: RegisterId, _: usize, _: &mut [u8]) -> Result<(), ValueError> {
        Err(ValueError::NotSaved)
    }

    fn write_register(&self, _: FrameId, _: RegisterId, _: usize, _: &[u8]) -> Result<(), ValueError> {
        Err(ValueError::NotSaved)
    }

    fn max_value_size(&self) -> Option<u64> {
        self.limit
    }
}

fn int() -> Type {
    Type::base("int", 4, Encoding::Signed)
}

fn unsigned() -> Type {
    Type::base("unsigned int", 4, Encoding::Unsigned)
}

#[test]
fn only_the_part_that_is_looked_at_is_read_and_only_once() {
    let target = Target::new(&(0..64).collect::<Vec<u8>>());
    let array = Value::at(int().array_of(Some(1000)), VirtAddr(0));
    // The whole is larger than memory; its third element is not.
    let element = array.component(int(), 64, None);
    assert_eq!((target.reads.get(), element.address()), (0, Some(VirtAddr(8))));
    assert_eq!(element.bytes(&target).unwrap()[..], [8, 9, 10, 11]);
    element.bytes(&target).unwrap();
    assert_eq!(target.reads.get(), 1);
    assert_eq!(array.contents(&target), Err(ValueError::from(Fault::unmapped(VirtAddr(64)))));
}

#[test]
fn parts_of_what_was_read_are_not_read_again() {
    let target = Target::new(&(0..64).collect::<Vec<u8>>());
    let array = Value::at(int().array_of(Some(16)), VirtAddr(0));
    array.contents(&target).unwrap();
    let element = array.component(int(), 32 * 15, None);
    assert_eq!(element.bytes(&target).unwrap()[..], [60, 61, 62, 63]);
    assert_eq!(target.reads.get(), 1);
    // What lies after the array is not part of what was read.
    let beyond = array.component(int(), 32 * 16, None);
    assert!(beyond.bytes(&target).is_err());
}

#[test]
fn bit_fields_are_extended_by_their_type() {
    let target = Target::new(&[0b1010_0000, 0b0101_1111, 0, 0, 0, 0, 0, 0]);
    let whole = Value::at(int().array_of(Some(2)), VirtAddr(0));
    let field = |ty: Type, offset, size| {
        let lazy = whole.component(ty.clone(), offset, Some(size)).bytes(&target).unwrap().to_vec();
        whole.contents(&target).unwrap();
        let from_whole = whole.component(ty, offset, Some(size)).bytes(&target).unwrap().to_vec();
        assert_eq!(lazy, from_whole);
        lazy
    };
    // Bits 5 to 12: 0b1111_1101.
    assert_eq!(field(int(), 5, 8), (-3i32).to_le_bytes());
    assert_eq!(field(unsigned(), 5, 8), 253u32.to_le_bytes());
    assert_eq!(field(int(), 7, 1), (-1i32).to_le_bytes());
    assert_eq!(field(unsigned(), 0, 5), 0u32.to_le_bytes());
}

#[test]
fn writing_a_bit_field_leaves_its_neighbours() {
    let target = Target::new(&[0xff; 8]);
    let field = Value::at(unsigned(), VirtAddr(4)).component(unsigned(), 11, Some(10));
    field.write(&target, &[0, 0, 0, 0]).unwrap();
    assert_eq!(target.memory.borrow()[..], [0xff, 0xff, 0xff, 0xff, 0xff, 0x07, 0xe0, 0xff]);
    assert_eq!(target.reads.get(), 1, "its container is read as a whole");
    let nowhere = Value::from_bytes(int(), [0; 4]);
    assert_eq!(nowhere.write(&target, &[0; 4]), Err(ValueError::NotLvalue));
}

#[test]
fn sizes_that_cannot_be_are_refused_before_anything_is_allocated() {
    let mut target = Target::new(&[]);
    let huge = |count| Value::at(int().array_of(Some(count)), VirtAddr(0));
    let too_large =
        |value: Value, target: &Target| matches!(value.contents(target), Err(ValueError::TooLarge { .. }));
    assert!(too_large(huge(16385), &target));
    target.limit = None;
    assert!(too_large(huge(1 << 60), &target));
    assert!(too_large(huge(1 << 40), &target));
}

#[test]
fn bits_are_copied_wherever_they_lie() {
    let from = [0b1100_1010, 0b0011_0101, 0xff];
    for from_bit in 0..10 {
        for to_bit in 0..10 {
            for count in 0..14 {
                let mut to = [0u8; 3];
                copy_bits(&from, from_bit, &mut to, to_bit, count);
                for at in 0..24 {
                    let inside = (to_bit..to_bit + count).contains(&at);
                    let source = at.wrapping_sub(to_bit).wrapping_add(from_bit);
                    let expected = inside && from[(source / 8) as usize] >> (source % 8) & 1 == 1;
                    assert_eq!(
                        to[(at / 8) as usize] >> (at % 8) & 1 == 1,
                        expected,
                        "{from_bit} {to_bit} {count} {at}"
                    );
                }
            }
        }
    }
    // Past the end nothing is read or written.
    let mut to = [0u8; 1];
    copy_bits(&from, 20, &mut to, 4, 100);
    assert_eq!(to, [0xf0]);
}

#[test]
fn the_first_piece_is_the_one_a_part_begins_with() {
    let literal = |byte| PieceSource::Literal(Bytes::from([byte; 8]));
    let piece = |byte| Piece { bit_size: 64, bit_offset: 0, source: literal(byte) };
    let pieces = Pieces::new(vec![piece(1), piece(2)]);
    let first = |bits| match &pieces.skip_bits(bits).first()?.source {
        PieceSource::Literal(bytes) => bytes.first().copied(),
        _ => None,
    };
    assert_eq!((first(0), first(64)), (Some(1), Some(2)));
    // Within a piece, and after the last.
    assert_eq!((first(8), first(128)), (None, None));
}

fn in_big_endian(ty: &Type) -> Type {
    let kind = match ty.kind() {
        crate::Kind::Base(base) => crate::Kind::Base(base.clone()),
        other => panic!("{other:?}"),
    };
    let node = ty.node();
    Type::new(crate::Node {
        name: node.name.clone(),
        byte_size: node.byte_size,
        align: node.align,
        big_endian: true,
        kind,
    })
}

#[test]
fn big_endian_numbers_are_read_and_made_in_their_order() {
    let target = Target::new(&[1, 2, 3, 4]);
    let value = Value::at(in_big_endian(&int()), VirtAddr(0));
    assert_eq!(value.bytes(&target).unwrap()[..], [1, 2, 3, 4]);
    assert_eq!(value.number(&target).unwrap()[..], [4, 3, 2, 1]);
    let made = Value::from_number(in_big_endian(&int()), [4, 3, 2, 1]);
    assert_eq!(made.bytes(&target).unwrap()[..], [1, 2, 3, 4]);
}

#[test]
fn big_endian_bit_fields_count_from_the_most_significant_bit() {
    // As gcc lays out `unsigned a : 3; int b : 6;` with scalar_storage_order("big-endian"), a = 5, b = -3.
    let target = Target::new(&[0b101_11110, 0b1_0000000, 0, 0]);
    let whole = Value::at(int().array_of(Some(1)), VirtAddr(0));
    let field = |ty: Type, offset, size| whole.component(in_big_endian(&ty), offset, Some(size));
    assert_eq!(field(unsigned(), 0, 3).number(&target).unwrap()[..], [5, 0, 0, 0]);
    assert_eq!(field(int(), 3, 6).number(&target).unwrap()[..], (-3i32).to_le_bytes());
    field(int(), 3, 6).write(&target, &1i32.to_be_bytes()).unwrap();
    assert_eq!(target.memory.borrow()[..2], [0b101_00000, 0b1_0000000]);
    assert_eq!(field(unsigned(), 0, 3).number(&target).unwrap()[..], [5, 0, 0, 0]);
}
