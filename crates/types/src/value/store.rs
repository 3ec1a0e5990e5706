//! Writing a value to where it lives.

use super::contents::{copy_bits, first_bit};
use super::{Access, BitField, Bytes, PieceSource, Pieces, Place, Value};
use crate::ValueError;

/// Widest container of a bit-field that is read and written as a whole.
const MAX_FIELD_CONTAINER: u64 = 8;

impl Value {
    /// Writes `bytes`, of the size of this value's type, to where this value lives. A bit-field takes the low bits.
    ///
    /// # Errors
    /// [`ValueError::NotLvalue`] where there is no such place (convenience variables are written by their owner),
    /// or why it cannot be written.
    pub fn write(&self, access: &dyn Access, bytes: &[u8]) -> Result<(), ValueError> {
        match (&self.place, self.bits) {
            (Place::Memory(addr), None) => Ok(access.write_memory(*addr, bytes)?),
            (Place::Memory(addr), Some(bits)) => {
                let mut buf = vec![0; self.container_size(addr.0, bits)];
                access.read_memory(*addr, &mut buf)?;
                self.insert(bits, bytes, &mut buf);
                Ok(access.write_memory(*addr, &buf)?)
            }
            (Place::Register { frame, register, offset }, None) => {
                access.write_register(*frame, *register, *offset as usize, bytes)
            }
            (Place::Register { frame, register, offset }, Some(bits)) => {
                let mut buf = vec![0; covering(bits)];
                access.read_register(*frame, *register, *offset as usize, &mut buf)?;
                self.insert(bits, bytes, &mut buf);
                access.write_register(*frame, *register, *offset as usize, &buf)
            }
            (Place::Pieces(pieces), bits) => {
                let (skip, count) = match bits {
                    Some(bits) => (u64::from(bits.offset), u64::from(bits.size)),
                    None => (0, bytes.len() as u64 * 8),
                };
                write_pieces(&pieces.skip_bits(skip), bytes, count, access)
            }
            (Place::None | Place::Internal(_) | Place::InternalPart { .. }, _) => Err(ValueError::NotLvalue),
        }
    }

    /// Puts a bit-field into the bytes that begin where it does.
    fn insert(&self, bits: BitField, bytes: &[u8], buf: &mut [u8]) {
        let first = first_bit(bits, buf.len(), &self.ty);
        if self.ty.is_big_endian() {
            buf.reverse();
            copy_bits(&Bytes::from(bytes).reversed(), 0, buf, first, u64::from(bits.size));
            buf.reverse();
        } else {
            copy_bits(bytes, 0, buf, first, u64::from(bits.size));
        }
    }

    /// Bytes to read and write for a bit-field at `addr`: its whole container where that is aligned, which is
    /// what device registers want.
    fn container_size(&self, addr: u64, bits: BitField) -> usize {
        let size = self.ty.size().unwrap_or(0);
        let least = covering(bits);
        let fits = size > 0 && size <= MAX_FIELD_CONTAINER && (least as u64) < size;
        if fits && addr.is_multiple_of(size) { usize::try_from(size).unwrap_or(least) } else { least }
    }

    /// A value at the same place whose contents are known to be `bytes` now.
    #[must_use]
    pub fn assigned(&self, bytes: impl Into<Bytes>) -> Self {
        let mut value = Self::with_contents(self.ty.clone(), self.place.clone(), bytes.into().into());
        value.bits = self.bits;
        value
    }
}

fn covering(bits: BitField) -> usize {
    usize::try_from((u64::from(bits.offset) + u64::from(bits.size)).div_ceil(8)).unwrap_or(0)
}

fn write_pieces(pieces: &Pieces, bytes: &[u8], count: u64, access: &dyn Access) -> Result<(), ValueError> {
    let mut skip = pieces.skip;
    let mut done = 0;
    for piece in pieces.list.iter() {
        if done >= count {
            break;
        }
        if skip >= piece.bit_size {
            skip -= piece.bit_size;
            continue;
        }
        let take = (piece.bit_size - skip).min(count - done);
        let at = piece.bit_offset.saturating_add(skip);
        skip = 0;
        let first = at / 8;
        let len = usize::try_from((at % 8 + take).div_ceil(8)).unwrap_or(0);
        let mut buf = vec![0; len];
        let whole = at.is_multiple_of(8) && take.is_multiple_of(8);
        match &piece.source {
            PieceSource::Memory(addr) => {
                let addr = addr.offset(first);
                if !whole {
                    access.read_memory(addr, &mut buf)?;
                }
                copy_bits(bytes, done, &mut buf, at % 8, take);
                access.write_memory(addr, &buf)?;
            }
            PieceSource::Register(frame, register) => {
                let offset = usize::try_from(first).unwrap_or(usize::MAX);
                if !whole {
                    access.read_register(*frame, *register, offset, &mut buf)?;
                }
                copy_bits(bytes, done, &mut buf, at % 8, take);
                access.write_register(*frame, *register, offset, &buf)?;
            }
            // What is nowhere takes nothing, and as in gdb that is no error: the pieces that are somewhere are written.
            PieceSource::OptimizedOut | PieceSource::Literal(_) | PieceSource::ImplicitPointer { .. } => {}
        }
        done += take;
    }
    Ok(())
}
