//! The type graph: nodes, and references that are resolved when somebody looks.

use std::fmt;
use std::sync::{Arc, OnceLock, Weak};

/// Resolves the types that other types refer to. Implemented by readers of debug information.
pub trait TypeSource: Send + Sync {
    /// The type for a key this source put into a [`TypeRef`] (for DWARF: the offset of its DIE).
    /// A damaged entry gives [`Type::error`], never a panic.
    fn resolve(&self, key: u64) -> Type;

    /// The members of a struct or union whose [`Composite`] carries `key`, in declaration order.
    fn members(&self, key: u64) -> Vec<Member>;
}

/// A C type. Cloning is cheap; two handles of one node are [`Type::same_node`].
#[derive(Clone)]
pub struct Type(Arc<Node>);

/// What a [`Type`] handle points at.
#[derive(Debug)]
pub struct Node {
    /// The name without `struct`, `union` or `enum`; `None` for anonymous and derived types.
    pub name: Option<Arc<str>>,
    /// Size in bytes (`DW_AT_byte_size`), where the type itself states it.
    pub byte_size: Option<u64>,
    /// Explicit alignment in bytes (`DW_AT_alignment`).
    pub align: Option<u64>,
    /// Whether values have their most significant byte first (`DW_AT_endianity`, or a target of that order).
    pub big_endian: bool,
    /// The rest.
    pub kind: Kind,
}

/// The kinds of C type.
#[derive(Debug)]
pub enum Kind {
    /// `void`.
    Void,
    /// Integers, characters, booleans, floating point.
    Base(Base),
    /// Pointer to something.
    Pointer(TypeRef),
    /// One dimension of an array.
    Array(Array),
    /// `struct` or `union`.
    Composite(Composite),
    /// `enum`.
    Enum(Enum),
    /// A function.
    Function(Function),
    /// A name for another type.
    Typedef(TypeRef),
    /// `const`, `volatile`, `restrict`, `_Atomic` of another type.
    Qualified(Quals, TypeRef),
    /// A register of named bits, as target descriptions define them: `print $eflags` answers `[ ZF PF ]`,
    /// `ptype $eflags` answers `type = flag i386_eflags {` and the fields. The size is [`Node::byte_size`].
    Flags(Vec<FlagField>),
    /// A symbol of the ELF symbol table without debug information (gdb: `<data variable, no debug info>`).
    NoDebugData,
    /// As [`Kind::NoDebugData`], in a code section (gdb: `<text variable, no debug info>`).
    NoDebugText,
    /// What C cannot express, of a program in another language: a class with base classes, a reference, an enumeration
    /// with data. The text says so, for a message.
    Foreign(Arc<str>),
    /// Debug information that could not be read; the text says why.
    Error(Arc<str>),
}

/// How the bits of a base type are to be read (`DW_ATE_*`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Encoding {
    /// Two's complement.
    Signed,
    /// Unsigned integer.
    Unsigned,
    /// `char` types that are signed.
    SignedChar,
    /// `char` types that are unsigned.
    UnsignedChar,
    /// `_Bool`.
    Bool,
    /// IEEE 754, or x87 80 bits in 10, 12 or 16 bytes.
    Float,
    /// IEEE 754 decimal: `_Decimal32`, `_Decimal64`, `_Decimal128`.
    DecimalFloat,
    /// Pair of floats of half the size.
    ComplexFloat,
    /// `char8_t`, `char16_t`, `char32_t`.
    Utf,
}

/// An arithmetic type; its size is [`Node::byte_size`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Base {
    /// How to read the bits.
    pub encoding: Encoding,
    /// `DW_AT_bit_size` where it is not eight times the byte size.
    pub bit_size: Option<u32>,
}

/// One dimension of an array.
#[derive(Debug)]
pub struct Array {
    /// Element type; itself an array for more dimensions.
    pub elem: TypeRef,
    /// Number of elements; `None` for `[]` (flexible array members, incomplete types).
    pub count: Option<u64>,
    /// `__attribute__((vector_size))`.
    pub vector: bool,
}

/// Which composite.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CompositeKind {
    /// `struct`.
    Struct,
    /// `union`.
    Union,
}

/// A struct or union; members are read when first asked for.
pub struct Composite {
    /// Which.
    pub kind: CompositeKind,
    /// Only declared here (`DW_AT_declaration`): gdb's `<incomplete type>`, to be looked up elsewhere by name.
    pub declaration: bool,
    /// The language whose member functions it has, which are not among the members.
    pub functions_of: Option<Arc<str>>,
    members: OnceLock<Vec<Member>>,
    source: Option<(Weak<dyn TypeSource>, u64)>,
}

impl Composite {
    /// A composite whose members `source` will give for `key`.
    #[must_use]
    pub fn deferred(kind: CompositeKind, source: Weak<dyn TypeSource>, key: u64) -> Self {
        Self {
            kind,
            declaration: false,
            functions_of: None,
            members: OnceLock::new(),
            source: Some((source, key)),
        }
    }

    /// A composite with known members.
    #[must_use]
    pub fn with_members(kind: CompositeKind, members: Vec<Member>) -> Self {
        Self { kind, declaration: false, functions_of: None, members: OnceLock::from(members), source: None }
    }

    /// `struct NAME;` without a body.
    #[must_use]
    pub fn declared(kind: CompositeKind) -> Self {
        Self {
            kind,
            declaration: true,
            functions_of: None,
            members: OnceLock::from(Vec::new()),
            source: None,
        }
    }

    /// The members in declaration order.
    pub fn members(&self) -> &[Member] {
        self.members.get_or_init(|| {
            self.source
                .as_ref()
                .and_then(|(source, key)| Some(source.upgrade()?.members(*key)))
                .unwrap_or_default()
        })
    }
}

impl fmt::Debug for Composite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Composite").field("kind", &self.kind).field("declaration", &self.declaration).finish()
    }
}

/// A member of a struct or union.
#[derive(Clone, Debug)]
pub struct Member {
    /// `None` for an anonymous struct or union.
    pub name: Option<Arc<str>>,
    /// Its type.
    pub ty: TypeRef,
    /// Offset in bits from the start of the composite. For a bit-field, of its least significant bit
    /// on little-endian targets (`DW_AT_data_bit_offset`).
    pub bit_offset: u64,
    /// Width in bits of a bit-field; `None` for an ordinary member.
    pub bit_size: Option<u32>,
}

/// An enumeration.
#[derive(Clone, Debug, Default)]
pub struct Enum {
    /// In declaration order.
    pub enumerators: Vec<Enumerator>,
    /// Whether the underlying type is unsigned.
    pub unsigned: bool,
    /// Only declared here.
    pub declaration: bool,
}

/// A name in an enumeration.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Enumerator {
    /// `PIDTYPE_PID`.
    pub name: Arc<str>,
    /// Its value; for an unsigned enumeration the bits of a `u64`.
    pub value: i64,
}

/// A field of a [`Kind::Flags`] type.
#[derive(Clone, Debug)]
pub struct FlagField {
    /// The field's name; empty for reserved bits, which are not printed.
    pub name: Arc<str>,
    /// Lowest bit.
    pub start: u16,
    /// Width in bits.
    pub size: u16,
    /// `bool` fields print as their bare name when set, others as `NAME=VALUE`.
    pub ty: TypeRef,
}

/// A function type.
#[derive(Clone, Debug)]
pub struct Function {
    /// What it returns; `void` has [`Kind::Void`].
    pub ret: TypeRef,
    /// Parameters in order.
    pub params: Vec<Param>,
    /// Whether `...` follows.
    pub variadic: bool,
    /// Whether it was declared with a prototype (`DW_AT_prototyped`): `(void)` against `()`.
    pub prototyped: bool,
}

/// A parameter of a function type.
#[derive(Clone, Debug)]
pub struct Param {
    /// Usually absent in a function type.
    pub name: Option<Arc<str>>,
    /// Its type.
    pub ty: TypeRef,
}

/// Type qualifiers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "these are C's four qualifiers")]
pub struct Quals {
    /// `const`.
    pub is_const: bool,
    /// `volatile`.
    pub is_volatile: bool,
    /// `restrict`.
    pub is_restrict: bool,
    /// `_Atomic`.
    pub is_atomic: bool,
}

/// A reference to a type, resolved on first use.
#[derive(Clone)]
pub struct TypeRef {
    cell: OnceLock<Type>,
    source: Option<(Weak<dyn TypeSource>, u64)>,
}

impl TypeRef {
    /// A reference that `source` will resolve from `key`.
    #[must_use]
    pub fn deferred(source: Weak<dyn TypeSource>, key: u64) -> Self {
        Self { cell: OnceLock::new(), source: Some((source, key)) }
    }

    /// The type. An unresolvable reference gives [`Type::error`].
    pub fn get(&self) -> Type {
        self.cell
            .get_or_init(|| match &self.source {
                Some((source, key)) => match source.upgrade() {
                    Some(source) => source.resolve(*key),
                    None => Type::error("its symbol file was removed"),
                },
                None => Type::error("unresolved reference"),
            })
            .clone()
    }
}

impl From<Type> for TypeRef {
    fn from(ty: Type) -> Self {
        Self { cell: OnceLock::from(ty), source: None }
    }
}

impl fmt::Debug for TypeRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.cell.get(), &self.source) {
            // One level only: types are cyclic.
            (Some(ty), _) => write!(f, "TypeRef({:?})", ty.name()),
            (None, Some((_, key))) => write!(f, "TypeRef(@{key:#x})"),
            (None, None) => write!(f, "TypeRef(?)"),
        }
    }
}

impl Type {
    /// A type from its node. Base types get the name gdb calls them by.
    #[must_use]
    pub fn new(mut node: Node) -> Self {
        if let (Kind::Base(_), Some(name)) = (&node.kind, &node.name)
            && let Some(short) = canonical(name)
        {
            node.name = Some(short.into());
        }
        Self(Arc::new(node))
    }

    /// A type without name, size or alignment of its own.
    #[must_use]
    pub fn derived(kind: Kind) -> Self {
        Self::new(Node { name: None, byte_size: None, align: None, big_endian: false, kind })
    }

    /// `void`.
    #[must_use]
    pub fn void() -> Self {
        Self::new(Node {
            name: Some("void".into()),
            byte_size: Some(1),
            align: None,
            big_endian: false,
            kind: Kind::Void,
        })
    }

    /// A base type.
    #[must_use]
    pub fn base(name: &str, byte_size: u64, encoding: Encoding) -> Self {
        let kind = Kind::Base(Base { encoding, bit_size: None });
        Self::new(Node {
            name: Some(name.into()),
            byte_size: Some(byte_size),
            align: None,
            big_endian: false,
            kind,
        })
    }

    /// A pointer to this type, eight bytes wide.
    #[must_use]
    pub fn pointer_to(&self) -> Self {
        self.pointer_of_size(8)
    }

    /// A pointer to this type on a machine whose addresses have `size` bytes.
    #[must_use]
    pub fn pointer_of_size(&self, size: u8) -> Self {
        let kind = Kind::Pointer(self.clone().into());
        Self::new(Node { name: None, byte_size: Some(u64::from(size)), align: None, big_endian: false, kind })
    }

    /// An array of this type.
    #[must_use]
    pub fn array_of(&self, count: Option<u64>) -> Self {
        Self::derived(Kind::Array(Array { elem: self.clone().into(), count, vector: false }))
    }

    /// This type with more qualifiers.
    #[must_use]
    pub fn qualified(&self, quals: Quals) -> Self {
        Self::derived(Kind::Qualified(quals, self.clone().into()))
    }

    /// The stand-in for debug information that could not be read.
    #[must_use]
    pub fn error(reason: &str) -> Self {
        Self::derived(Kind::Error(reason.into()))
    }

    /// The node.
    #[must_use]
    pub fn node(&self) -> &Node {
        &self.0
    }

    /// The kind, as written: a typedef is a typedef.
    #[must_use]
    pub fn kind(&self) -> &Kind {
        &self.0.kind
    }

    /// The name as written in the source, without `struct`, `union`, `enum`.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// Whether both handles are of the same node.
    #[must_use]
    pub fn same_node(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The type behind typedefs and qualifiers. Chains longer than any compiler writes end in an error type.
    #[must_use]
    pub fn strip(&self) -> Self {
        let mut ty = self.clone();
        for _ in 0..MAX_CHAIN {
            let next = match ty.kind() {
                Kind::Typedef(target) | Kind::Qualified(_, target) => target.get(),
                _ => return ty,
            };
            ty = next;
        }
        Self::error("typedef refers to itself")
    }

    /// Size in bytes; `None` for incomplete types. Functions and `void` have size 1, as in GNU C.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        self.size_within(MAX_CHAIN)
    }

    fn size_within(&self, depth: usize) -> Option<u64> {
        let depth = depth.checked_sub(1)?;
        if let Kind::Composite(Composite { declaration: true, .. }) = self.kind() {
            return None;
        }
        if let Some(size) = self.0.byte_size {
            return Some(size);
        }
        match self.kind() {
            Kind::Void | Kind::Function(_) | Kind::NoDebugText => Some(1),
            Kind::Pointer(_) => Some(8),
            Kind::Array(array) => array.elem.get().size_within(depth)?.checked_mul(array.count?),
            Kind::Typedef(target) | Kind::Qualified(_, target) => target.get().size_within(depth),
            Kind::Enum(_) => Some(4),
            Kind::Base(_)
            | Kind::Composite(_)
            | Kind::Flags(_)
            | Kind::NoDebugData
            | Kind::Foreign(_)
            | Kind::Error(_) => None,
        }
    }
}

/// The name gdb has for an integer type that debug information calls `name`.
#[must_use]
pub fn base_type_name(name: &str) -> &str {
    canonical(name).unwrap_or(name)
}

/// gdb's name of an integer type that compilers give in long words: `long unsigned int` is `unsigned long`.
fn canonical(name: &str) -> Option<&'static str> {
    Some(match name {
        "short int" => "short",
        "short unsigned int" => "unsigned short",
        "long int" => "long",
        "long unsigned int" => "unsigned long",
        "long long int" => "long long",
        "long long unsigned int" => "unsigned long long",
        _ => return None,
    })
}

/// Longest chain of typedefs, qualifiers and array dimensions that is followed.
const MAX_CHAIN: usize = 256;

impl fmt::Debug for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "Type({name})"),
            None => write!(f, "Type({:?})", self.kind()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Loop;

    impl TypeSource for Loop {
        fn resolve(&self, key: u64) -> Type {
            Type::error(&format!("key {key}"))
        }

        fn members(&self, _: u64) -> Vec<Member> {
            vec![Member {
                name: Some("next".into()),
                ty: Type::void().pointer_to().into(),
                bit_offset: 0,
                bit_size: None,
            }]
        }
    }

    #[test]
    fn sizes() {
        let int = Type::base("int", 4, Encoding::Signed);
        assert_eq!(int.array_of(Some(3)).array_of(Some(2)).size(), Some(24));
        assert_eq!(int.array_of(None).size(), None);
        assert_eq!(int.pointer_to().size(), Some(8));
        assert_eq!(int.array_of(Some(u64::MAX)).size(), None);
    }

    #[test]
    fn base_types_have_their_short_names() {
        assert_eq!(Type::base("long unsigned int", 8, Encoding::Unsigned).name(), Some("unsigned long"));
        assert_eq!(Type::base("__int128 unsigned", 16, Encoding::Unsigned).name(), Some("__int128 unsigned"));
    }

    #[test]
    fn members_come_from_the_source_once_and_survive_it() {
        let source: Arc<dyn TypeSource> = Arc::new(Loop);
        let composite = Composite::deferred(CompositeKind::Struct, Arc::downgrade(&source), 1);
        assert_eq!(composite.members().len(), 1);
        drop(source);
        assert_eq!(composite.members()[0].name.as_deref(), Some("next"));
        let gone = TypeRef::deferred(Weak::<Loop>::new(), 3);
        assert!(matches!(gone.get().kind(), Kind::Error(_)));
    }
}
