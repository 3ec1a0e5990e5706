//! The types C has without any debug information, for x86-64.

use kdive_types::{Encoding, Type};
use std::sync::LazyLock;

/// The types of literals and of results.
#[derive(Debug)]
pub struct Builtin {
    /// `void`.
    pub void: Type,
    /// `char`.
    pub char: Type,
    /// `signed char`.
    pub signed_char: Type,
    /// `unsigned char`.
    pub unsigned_char: Type,
    /// `short`.
    pub short: Type,
    /// `unsigned short`.
    pub unsigned_short: Type,
    /// `int`.
    pub int: Type,
    /// `unsigned int`.
    pub unsigned_int: Type,
    /// `long`.
    pub long: Type,
    /// `unsigned long`.
    pub unsigned_long: Type,
    /// `long` where addresses have four bytes.
    pub long_of_4: Type,
    /// `unsigned long` where addresses have four bytes.
    pub unsigned_long_of_4: Type,
    /// `long long`.
    pub long_long: Type,
    /// `unsigned long long`.
    pub unsigned_long_long: Type,
    /// `__int128`, which gdb has no literal for.
    pub int128: Type,
    /// `unsigned __int128`.
    pub unsigned_int128: Type,
    /// `float`.
    pub float: Type,
    /// `double`.
    pub double: Type,
    /// `long double`.
    pub long_double: Type,
    /// `_Decimal32`.
    pub decimal32: Type,
    /// `_Decimal64`.
    pub decimal64: Type,
    /// `_Decimal128`.
    pub decimal128: Type,
    /// `int8_t` of target descriptions and `x/b`: a number, never a character.
    pub int8: Type,
    /// `int16_t`.
    pub int16: Type,
    /// `int32_t`.
    pub int32: Type,
    /// `int64_t`.
    pub int64: Type,
    /// `wchar_t`, which only C++ has built in: for contexts whose language that is.
    pub wchar: Type,
    /// `char16_t`.
    pub char16: Type,
    /// `char32_t`.
    pub char32: Type,
    /// `void *`.
    pub data_ptr: Type,
    /// `void (*)()`.
    pub code_ptr: Type,
}

static BUILTIN: LazyLock<Builtin> = LazyLock::new(|| {
    use Encoding::{DecimalFloat, Float, Signed, SignedChar, Unsigned, UnsignedChar, Utf};
    let void = Type::void();
    let function = kdive_types::Function {
        ret: void.clone().into(),
        params: Vec::new(),
        variadic: false,
        prototyped: false,
    };
    Builtin {
        char: Type::base("char", 1, SignedChar),
        signed_char: Type::base("signed char", 1, SignedChar),
        unsigned_char: Type::base("unsigned char", 1, UnsignedChar),
        short: Type::base("short", 2, Signed),
        unsigned_short: Type::base("unsigned short", 2, Unsigned),
        int: Type::base("int", 4, Signed),
        unsigned_int: Type::base("unsigned int", 4, Unsigned),
        long: Type::base("long", 8, Signed),
        unsigned_long: Type::base("unsigned long", 8, Unsigned),
        long_of_4: Type::base("long", 4, Signed),
        unsigned_long_of_4: Type::base("unsigned long", 4, Unsigned),
        long_long: Type::base("long long", 8, Signed),
        unsigned_long_long: Type::base("unsigned long long", 8, Unsigned),
        int128: Type::base("__int128", 16, Signed),
        unsigned_int128: Type::base("unsigned __int128", 16, Unsigned),
        float: Type::base("float", 4, Float),
        double: Type::base("double", 8, Float),
        long_double: Type::base("long double", 16, Float),
        decimal32: Type::base("_Decimal32", 4, DecimalFloat),
        decimal64: Type::base("_Decimal64", 8, DecimalFloat),
        decimal128: Type::base("_Decimal128", 16, DecimalFloat),
        int8: Type::base("int8_t", 1, Signed),
        int16: Type::base("int16_t", 2, Signed),
        int32: Type::base("int32_t", 4, Signed),
        int64: Type::base("int64_t", 8, Signed),
        wchar: Type::base("wchar_t", 4, Signed),
        char16: Type::base("char16_t", 2, Utf),
        char32: Type::base("char32_t", 4, Utf),
        data_ptr: void.pointer_to(),
        code_ptr: Type::derived(kdive_types::Kind::Function(function)).pointer_to(),
        void,
    }
});

/// The built-in types; made once, never changed.
#[must_use]
pub fn builtin() -> &'static Builtin {
    &BUILTIN
}

impl Builtin {
    /// As [`Builtin::by_name`], on a machine whose addresses, and with them `long`, have so many bytes.
    #[must_use]
    pub fn by_name_for(&self, name: &str, address_size: u8) -> Option<&Type> {
        match name {
            "long" if address_size == 4 => Some(&self.long_of_4),
            "unsigned long" if address_size == 4 => Some(&self.unsigned_long_of_4),
            _ => self.by_name(name),
        }
    }

    /// The type C calls `name`, in the spelling gdb uses (`unsigned long`).
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<&Type> {
        Some(match name {
            "void" => &self.void,
            "char" => &self.char,
            "signed char" => &self.signed_char,
            "unsigned char" => &self.unsigned_char,
            "short" => &self.short,
            "unsigned short" => &self.unsigned_short,
            "int" => &self.int,
            "unsigned int" => &self.unsigned_int,
            "long" => &self.long,
            "unsigned long" => &self.unsigned_long,
            "long long" => &self.long_long,
            "unsigned long long" => &self.unsigned_long_long,
            "float" => &self.float,
            "double" => &self.double,
            "long double" => &self.long_double,
            "_Decimal32" => &self.decimal32,
            "_Decimal64" => &self.decimal64,
            "_Decimal128" => &self.decimal128,
            _ => return None,
        })
    }
}
