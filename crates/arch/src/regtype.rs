//! The types registers have: a small vocabulary that the layer above turns into full C types.
//!
//! The names are those of GDB's target descriptions ("Predefined Target Types", "Target Description Format" in the GDB
//! manual) and of what `whatis $REG` answers.

use std::sync::Arc;

/// A binary floating-point format.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FloatFormat {
    /// `bfloat16`: 8 exponent and 7 fraction bits.
    BFloat16,
    /// IEEE 754 binary16 (`ieee_half`).
    Half,
    /// IEEE 754 binary32 (`ieee_single`).
    Single,
    /// IEEE 754 binary64 (`ieee_double`).
    Double,
    /// The x87 80-bit format with explicit integer bit (`i387_ext`), 10 bytes in registers.
    I387Ext,
}

impl FloatFormat {
    /// Size in bytes as it stands in a register.
    #[must_use]
    pub const fn size(self) -> usize {
        match self {
            Self::BFloat16 | Self::Half => 2,
            Self::Single => 4,
            Self::Double => 8,
            Self::I387Ext => 10,
        }
    }

    /// What `whatis` answers for a value of the type.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BFloat16 => "builtin_type_bfloat16",
            Self::Half => "builtin_type_ieee_half",
            Self::Single => "builtin_type_ieee_single",
            Self::Double => "builtin_type_ieee_double",
            Self::I387Ext => "builtin_type_i387_ext",
        }
    }
}

/// One member of a register union or struct.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Field {
    /// The member's name.
    pub name: String,
    /// Its type.
    pub ty: RegType,
    /// First and last bit for a bit-field of a struct, `None` for a member of its own.
    pub bits: Option<(u16, u16)>,
}

/// One field of a flags register.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FlagField {
    /// The field's name; empty for reserved bits, which gdb never prints.
    pub name: String,
    /// Lowest bit.
    pub start: u16,
    /// Highest bit, at least `start`.
    pub end: u16,
    /// [`RegType::Bool`] (printed as the bare name when set), an unsigned [`RegType::Int`] (printed as `NAME=value`
    /// whatever it is) or a [`RegType::Enum`].
    pub ty: RegType,
}

/// One constant of an enumerated field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EnumValue {
    /// The constant's name.
    pub name: String,
    /// Its value.
    pub value: u64,
}

/// The type of a register or of a part of one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RegType {
    /// A two's complement or unsigned integer.
    Int {
        /// Size in bits, a multiple of 8 up to 512.
        bits: u16,
        /// Whether it is signed.
        signed: bool,
        /// What `whatis` answers: `int64_t`, `long`, `int`, `uint128_t`, ...
        name: &'static str,
    },
    /// One bit of a flags register.
    Bool,
    /// `void (*)()`, of the CPU's address size in bits.
    CodePtr(u16),
    /// `void *`, of the CPU's address size in bits.
    DataPtr(u16),
    /// A floating-point number.
    Float(FloatFormat),
    /// `count` elements one after the other; gdb prints it like an array.
    Vector {
        /// The XML id, which is also what `whatis` answers (`v4f`).
        name: String,
        /// Element type.
        element: Arc<RegType>,
        /// Number of elements.
        count: u32,
    },
    /// All members at offset 0; `whatis` answers `union NAME`.
    Union {
        /// The XML id.
        name: String,
        /// The members.
        fields: Arc<[Field]>,
    },
    /// Members one after the other, or bit-fields of one `size`-byte integer.
    Struct {
        /// The XML id.
        name: String,
        /// Size in bytes.
        size: usize,
        /// The members.
        fields: Arc<[Field]>,
    },
    /// Named bits; `ptype` answers `flag NAME {...}`, `print` answers `[ ZF PF ]`.
    Flags {
        /// The XML id.
        name: String,
        /// Size in bytes.
        size: usize,
        /// The fields in the order of the description, which is the order they are printed in.
        fields: Arc<[FlagField]>,
    },
    /// Named values of an integer of `size` bytes.
    Enum {
        /// The XML id.
        name: String,
        /// Size in bytes.
        size: usize,
        /// The constants.
        values: Arc<[EnumValue]>,
    },
}

impl RegType {
    /// A signed integer named as gdb names it (`int8_t` ... `int128_t`); other sizes are called `int`.
    #[must_use]
    pub const fn int(bits: u16) -> Self {
        let name = match bits {
            8 => "int8_t",
            16 => "int16_t",
            32 => "int32_t",
            64 => "int64_t",
            128 => "int128_t",
            _ => "int",
        };
        Self::Int { bits, signed: true, name }
    }

    /// An unsigned integer named as gdb names it (`uint8_t` ... `uint128_t`).
    #[must_use]
    pub const fn uint(bits: u16) -> Self {
        let name = match bits {
            8 => "uint8_t",
            16 => "uint16_t",
            32 => "uint32_t",
            64 => "uint64_t",
            128 => "uint128_t",
            _ => "unsigned int",
        };
        Self::Int { bits, signed: false, name }
    }

    /// Size in bytes. Saturates instead of overflowing on absurd vectors.
    #[must_use]
    pub fn size(&self) -> usize {
        match self {
            Self::Int { bits, .. } | Self::CodePtr(bits) | Self::DataPtr(bits) => usize::from(*bits) / 8,
            Self::Bool => 1,
            Self::Float(format) => format.size(),
            Self::Vector { element, count, .. } => element.size().saturating_mul(*count as usize),
            Self::Union { fields, .. } => fields.iter().map(|field| field.ty.size()).max().unwrap_or(0),
            Self::Struct { size, .. } | Self::Flags { size, .. } | Self::Enum { size, .. } => *size,
        }
    }

    /// Whether gdb flags the type as a vector: vectors, and unions that have one among their members.
    #[must_use]
    pub fn is_vector(&self) -> bool {
        match self {
            Self::Vector { .. } => true,
            Self::Union { fields, .. } => fields.iter().any(|field| field.ty.is_vector()),
            _ => false,
        }
    }

    /// What `whatis $REG` answers after `type = `.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Int { name, .. } => (*name).to_owned(),
            Self::Bool => "bool".to_owned(),
            Self::CodePtr(_) => "void (*)()".to_owned(),
            Self::DataPtr(_) => "void *".to_owned(),
            Self::Float(format) => format.name().to_owned(),
            Self::Union { name, .. } => format!("union {name}"),
            Self::Struct { name, .. } => format!("struct {name}"),
            Self::Enum { name, .. } => format!("enum {name}"),
            Self::Vector { name, .. } | Self::Flags { name, .. } => name.clone(),
        }
    }
}
