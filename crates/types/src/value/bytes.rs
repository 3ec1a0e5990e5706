//! Immutable bytes that are cheap to clone and to cut.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

const INLINE: usize = 16;

/// The bytes of a value. Up to sixteen are kept in place; parts of larger ones share the whole.
#[derive(Clone)]
pub struct Bytes(Repr);

#[derive(Clone)]
enum Repr {
    Inline { buf: [u8; INLINE], len: u8 },
    Shared { whole: Arc<[u8]>, start: usize, end: usize },
}

impl Bytes {
    /// Copies or shares nothing: `len` zero bytes.
    #[must_use]
    pub fn zeroed(len: usize) -> Self {
        if len <= INLINE { Self::from(&[0; INLINE][..len]) } else { Self::from(vec![0; len]) }
    }

    /// The same bytes, the last one first.
    #[must_use]
    pub fn reversed(&self) -> Self {
        let mut bytes = self.to_vec();
        bytes.reverse();
        Self::from(bytes)
    }

    /// The bytes in `range`; positions past the end are cut off.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        let start = range.start.min(self.len());
        let end = range.end.clamp(start, self.len());
        match &self.0 {
            Repr::Shared { whole, start: base, .. } if end - start > INLINE => {
                Self(Repr::Shared { whole: Arc::clone(whole), start: base + start, end: base + end })
            }
            _ => Self::from(&self[start..end]),
        }
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Repr::Inline { buf, len } => &buf[..usize::from(*len)],
            Repr::Shared { whole, start, end } => &whole[*start..*end],
        }
    }
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        if bytes.len() <= INLINE {
            let mut buf = [0; INLINE];
            buf[..bytes.len()].copy_from_slice(bytes);
            let len = bytes.len() as u8;
            Self(Repr::Inline { buf, len })
        } else {
            Self(Repr::Shared { whole: bytes.into(), start: 0, end: bytes.len() })
        }
    }
}

impl<const N: usize> From<[u8; N]> for Bytes {
    fn from(bytes: [u8; N]) -> Self {
        Self::from(&bytes[..])
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        if bytes.len() <= INLINE {
            return Self::from(&bytes[..]);
        }
        let end = bytes.len();
        Self(Repr::Shared { whole: bytes.into(), start: 0, end })
    }
}

impl PartialEq for Bytes {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Bytes {}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_share_and_are_clamped() {
        let all = Bytes::from((0..64).collect::<Vec<u8>>());
        let part = all.slice(8..40);
        assert_eq!(part.len(), 32);
        assert_eq!(&part.slice(1..3)[..], [9, 10]);
        assert_eq!(part.slice(30..99).len(), 2);
        assert_eq!(part.slice(99..100).len(), 0);
        #[expect(clippy::reversed_empty_ranges, reason = "this is what is tested")]
        let reversed = part.slice(5..2);
        assert!(reversed.is_empty());
    }
}
