//! The bytes of a value and which of them are not there.

use super::{Access, BitField, Bytes, PieceSource, Pieces, Place, Value};
use crate::{Type, ValueError};
use std::sync::Arc;

/// Why some bits of a value are missing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Missing {
    /// `<optimized out>`.
    OptimizedOut,
    /// `<unavailable>`.
    Unavailable,
    /// `<synthetic pointer>`: it points to something that has no address.
    SyntheticPointer,
}

/// A run of missing bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hole {
    /// First missing bit.
    pub bit_offset: u64,
    /// How many.
    pub bit_size: u64,
    /// Why.
    pub reason: Missing,
}

/// The bytes of a value; those in a [`Hole`] are zero.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Contents {
    bytes: Bytes,
    holes: Option<Arc<[Hole]>>,
}

impl From<Bytes> for Contents {
    fn from(bytes: Bytes) -> Self {
        Self { bytes, holes: None }
    }
}

impl Contents {
    /// Bytes of which some bits are missing. Holes are in ascending order and do not overlap.
    #[must_use]
    pub fn with_holes(bytes: Bytes, holes: Vec<Hole>) -> Self {
        let holes = if holes.is_empty() { None } else { Some(holes.into()) };
        Self { bytes, holes }
    }

    /// `size` bytes that are all missing. Sizes beyond what a value may have are cut.
    #[must_use]
    pub fn missing(size: u64, reason: Missing) -> Self {
        let size = size.min(MAX_MISSING);
        let bytes = Bytes::zeroed(size as usize);
        Self::with_holes(bytes, vec![Hole { bit_offset: 0, bit_size: (size * 8).max(1), reason }])
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The missing runs.
    #[must_use]
    pub fn holes(&self) -> &[Hole] {
        self.holes.as_deref().unwrap_or(&[])
    }

    /// Why a bit inside the given range is missing, if one is.
    #[must_use]
    pub fn missing_in(&self, bit_offset: u64, bit_size: u64) -> Option<Missing> {
        let end = bit_offset.saturating_add(bit_size);
        self.holes()
            .iter()
            .find(|hole| hole.bit_offset < end && bit_offset < hole.bit_offset.saturating_add(hole.bit_size))
            .map(|hole| hole.reason)
    }

    /// Why all bits are missing, if they are and for one reason.
    #[must_use]
    pub fn entirely_missing(&self) -> Option<Missing> {
        let bits = self.bytes.len() as u64 * 8;
        match self.holes() {
            [hole] if hole.bit_offset == 0 && hole.bit_size >= bits => Some(hole.reason),
            _ => None,
        }
    }

    /// Checks that nothing is missing; as in gdb, a synthetic pointer counts as the number 0.
    ///
    /// # Errors
    /// The reason of the first hole.
    pub fn require(&self) -> Result<(), ValueError> {
        self.holes().iter().try_for_each(|hole| match hole.reason {
            Missing::OptimizedOut => Err(ValueError::OptimizedOut),
            Missing::Unavailable => Err(ValueError::Unavailable),
            Missing::SyntheticPointer => Ok(()),
        })
    }

    /// The bytes in a range, with the holes that lie in it.
    #[must_use]
    pub fn slice(&self, start: usize, len: usize) -> Self {
        let bytes = self.bytes.slice(start..start.saturating_add(len));
        let holes = self.holes_in(start as u64 * 8, len as u64 * 8);
        Self::with_holes(bytes, holes)
    }

    fn holes_in(&self, bit_offset: u64, bit_size: u64) -> Vec<Hole> {
        let end = bit_offset.saturating_add(bit_size);
        self.holes()
            .iter()
            .filter_map(|hole| {
                let from = hole.bit_offset.max(bit_offset);
                let to = hole.bit_offset.saturating_add(hole.bit_size).min(end);
                (from < to).then(|| Hole {
                    bit_offset: from - bit_offset,
                    bit_size: to - from,
                    reason: hole.reason,
                })
            })
            .collect()
    }
}

/// Largest stand-in made for a value that is not there.
const MAX_MISSING: u64 = 1 << 20;

/// Largest value that is read even where the user set no limit: types come from files that may lie.
pub(crate) const MAX_SIZE: u64 = 1 << 30;

/// Reads a value from where it lives.
pub(super) fn fetch(value: &Value, access: &dyn Access) -> Result<Contents, ValueError> {
    let size = value.ty.size().unwrap_or(0);
    if size > access.max_value_size().unwrap_or(u64::MAX).min(MAX_SIZE) {
        return Err(ValueError::TooLarge { size, name: value.ty.name().map(Into::into) });
    }
    let size = usize::try_from(size).map_err(|_| ValueError::TooLarge { size, name: None })?;
    match value.bits {
        None => fetch_bytes(&value.place, size, access),
        Some(bits) => {
            let covering = (u64::from(bits.offset) + u64::from(bits.size)).div_ceil(8);
            let raw = fetch_bytes(&value.place, usize::try_from(covering).unwrap_or(0), access)?;
            Ok(unpack(&raw, bits, size, &value.ty))
        }
    }
}

fn fetch_bytes(place: &Place, size: usize, access: &dyn Access) -> Result<Contents, ValueError> {
    match place {
        Place::Memory(addr) => {
            if size <= 16 {
                let mut buf = [0; 16];
                access.read_memory(*addr, &mut buf[..size])?;
                return Ok(Bytes::from(&buf[..size]).into());
            }
            let mut buf = vec![0; size];
            access.read_memory(*addr, &mut buf)?;
            Ok(Bytes::from(buf).into())
        }
        Place::Register { frame, register, offset } => {
            let mut buf = vec![0; size];
            match access.read_register(*frame, *register, *offset as usize, &mut buf) {
                Ok(()) => Ok(Bytes::from(buf).into()),
                Err(ValueError::OptimizedOut) => Ok(Contents::missing(size as u64, Missing::OptimizedOut)),
                Err(ValueError::Unavailable) => Ok(Contents::missing(size as u64, Missing::Unavailable)),
                Err(error) => Err(error),
            }
        }
        Place::Pieces(pieces) => fetch_pieces(pieces, size, access),
        Place::None | Place::Internal(_) | Place::InternalPart { .. } => {
            Err(ValueError::other("value has no contents"))
        }
    }
}

fn fetch_pieces(pieces: &Pieces, size: usize, access: &dyn Access) -> Result<Contents, ValueError> {
    let wanted = size as u64 * 8;
    let mut bytes = vec![0; size];
    let mut holes = Vec::new();
    let mut done = 0;
    let mut skip = pieces.skip;
    for piece in pieces.list.iter() {
        if done >= wanted {
            break;
        }
        if skip >= piece.bit_size {
            skip -= piece.bit_size;
            continue;
        }
        let take = (piece.bit_size - skip).min(wanted - done);
        let from = piece.bit_offset + skip;
        skip = 0;
        let hole = |reason| Hole { bit_offset: done, bit_size: take, reason };
        let first = from / 8;
        let len = usize::try_from((from % 8 + take).div_ceil(8)).unwrap_or(0);
        match &piece.source {
            PieceSource::Memory(addr) => {
                let mut raw = vec![0; len];
                access.read_memory(addr.offset(first), &mut raw)?;
                copy_bits(&raw, from % 8, &mut bytes, done, take);
            }
            PieceSource::Register(frame, register) => {
                let mut raw = vec![0; len];
                let first = usize::try_from(first).unwrap_or(usize::MAX);
                match access.read_register(*frame, *register, first, &mut raw) {
                    Ok(()) => copy_bits(&raw, from % 8, &mut bytes, done, take),
                    // An unsaved register holds a piece that is gone, and no more than that.
                    Err(ValueError::OptimizedOut | ValueError::NotSaved) => {
                        holes.push(hole(Missing::OptimizedOut));
                    }
                    Err(ValueError::Unavailable) => holes.push(hole(Missing::Unavailable)),
                    Err(error) => return Err(error),
                }
            }
            PieceSource::Literal(raw) => copy_bits(raw, from, &mut bytes, done, take),
            PieceSource::OptimizedOut => holes.push(hole(Missing::OptimizedOut)),
            PieceSource::ImplicitPointer { .. } => holes.push(hole(Missing::SyntheticPointer)),
        }
        done += take;
    }
    if done < wanted {
        // Fewer pieces than the type is wide: the rest was not described.
        holes.push(Hole { bit_offset: done, bit_size: wanted - done, reason: Missing::OptimizedOut });
    }
    Ok(Contents::with_holes(bytes.into(), join(holes)))
}

/// Joins neighbouring holes of one kind.
fn join(holes: Vec<Hole>) -> Vec<Hole> {
    let mut joined: Vec<Hole> = Vec::with_capacity(holes.len());
    for hole in holes {
        match joined.last_mut() {
            Some(last)
                if last.reason == hole.reason && last.bit_offset + last.bit_size == hole.bit_offset =>
            {
                last.bit_size += hole.bit_size;
            }
            _ => joined.push(hole),
        }
    }
    joined
}

/// Copies `count` bits, least significant bit of the first byte first. Stops at the end of either slice.
pub fn copy_bits(from: &[u8], from_bit: u64, to: &mut [u8], to_bit: u64, count: u64) {
    let mut done = 0;
    while done < count {
        let (source, target) = (from_bit + done, to_bit + done);
        let step = (8 - source % 8).min(8 - target % 8).min(count - done);
        let Some(&byte) = usize::try_from(source / 8).ok().and_then(|at| from.get(at)) else { return };
        let Some(slot) = usize::try_from(target / 8).ok().and_then(|at| to.get_mut(at)) else { return };
        let mask = ((1u16 << step) - 1) as u8;
        let bits = (byte >> (source % 8)) & mask;
        *slot = (*slot & !(mask << (target % 8))) | (bits << (target % 8));
        done += step;
    }
}

/// Where a bit-field lies among the bits of `len` bytes that begin where it does, counted from the least significant bit
/// of the number that they are in the order of `ty`.
pub(super) fn first_bit(bits: BitField, len: usize, ty: &Type) -> u64 {
    let offset = u64::from(bits.offset);
    if ty.is_big_endian() { (len as u64 * 8).saturating_sub(offset + u64::from(bits.size)) } else { offset }
}

/// A bit-field as a value of `size` bytes.
fn unpack(raw: &Contents, bits: BitField, size: usize, ty: &Type) -> Contents {
    if let Some(reason) = raw.missing_in(u64::from(bits.offset), u64::from(bits.size)) {
        return Contents::missing(size as u64, reason);
    }
    let mut bytes = vec![0; size];
    let width = u64::from(bits.size).min(size as u64 * 8);
    let first = first_bit(bits, raw.bytes().len(), ty);
    if ty.is_big_endian() {
        copy_bits(&raw.bytes().reversed(), first, &mut bytes, 0, width);
    } else {
        copy_bits(raw.bytes(), first, &mut bytes, 0, width);
    }
    if ty.is_signed() && width > 0 {
        let top = width - 1;
        let negative = usize::try_from(top / 8)
            .ok()
            .and_then(|at| bytes.get(at))
            .is_some_and(|byte| byte >> (top % 8) & 1 == 1);
        if negative {
            let ones = vec![0xff; size];
            copy_bits(&ones, 0, &mut bytes, width, size as u64 * 8 - width);
        }
    }
    if ty.is_big_endian() {
        bytes.reverse();
    }
    Bytes::from(bytes).into()
}

/// See [`Value::component`].
pub(super) fn component(whole: &Value, ty: Type, bit_offset: u64, bit_size: Option<u32>) -> Value {
    let byte = bit_offset / 8;
    let bits = bit_size.map(|size| BitField { offset: (bit_offset % 8) as u8, size });
    // A part of a bit-field cannot be named in C; its contents stand for it.
    let place = if whole.bits.is_some() { Place::None } else { whole.place.offset(byte) };
    let contents = match whole.contents.get() {
        None => Default::default(),
        Some(Err(error)) => std::sync::OnceLock::from(Err(error.clone())),
        Some(Ok(contents)) => {
            let start = usize::try_from(byte).unwrap_or(usize::MAX);
            let size = ty.size().and_then(|size| usize::try_from(size).ok()).unwrap_or(0);
            let part = match bits {
                None => contents.slice(start, size),
                Some(bits) => {
                    let covering = (u64::from(bits.offset) + u64::from(bits.size)).div_ceil(8);
                    let raw = contents.slice(start, usize::try_from(covering).unwrap_or(0));
                    unpack(&raw, bits, size, &ty)
                }
            };
            if bits.is_none() && part.bytes().len() < size {
                // The part reaches past what was read (flexible array members, casts): read it when needed.
                Default::default()
            } else {
                std::sync::OnceLock::from(Ok(part))
            }
        }
    };
    Value { ty, place, bits, contents }
}
