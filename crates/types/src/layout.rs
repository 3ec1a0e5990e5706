//! Questions about types: sign, alignment, class.

use crate::{Encoding, Enum, Kind, Type};

/// Whether arithmetic on the type, or a bit-field of it, is signed.
#[must_use]
pub fn is_signed(ty: &Type) -> bool {
    match ty.strip().kind() {
        Kind::Base(base) => matches!(base.encoding, Encoding::Signed | Encoding::SignedChar),
        Kind::Enum(Enum { unsigned, .. }) => !unsigned,
        _ => false,
    }
}
