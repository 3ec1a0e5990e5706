//! Type names: specifiers, qualifiers, abstract declarators.

use super::Parser;
use crate::ast::Node;
use crate::builtin::builtin;
use crate::context::{Scope, SymbolClass, Tag};
use crate::error::{ExprError, Result};
use crate::lexer::{Keyword, Token};
use kdive_types::{Function, Kind, Node as TypeNode, Param, Quals, Type, Value};

/// What a declarator makes of a type, in order from the base type outwards.
enum Derivation {
    Pointer(Quals),
    /// C++ only; C's grammar in gdb takes it.
    Reference,
    Array(Option<u64>),
    Function {
        params: Vec<Type>,
        variadic: bool,
        prototyped: bool,
    },
}

/// The words of an arithmetic type, counted.
#[derive(Default)]
struct Words {
    unsigned: bool,
    signed: bool,
    longs: u8,
    short: bool,
    int: bool,
    float: bool,
    double: bool,
    any: bool,
}

impl Words {
    fn name(&self) -> &'static str {
        if self.float {
            return "float";
        }
        if self.double {
            return if self.longs > 0 { "long double" } else { "double" };
        }
        match (self.unsigned, self.longs, self.short) {
            (false, 0, true) => "short",
            (true, 0, true) => "unsigned short",
            (false, 0, false) => "int",
            (true, 0, false) => "unsigned int",
            (false, 1, _) => "long",
            (true, 1, _) => "unsigned long",
            (false, _, _) => "long long",
            (true, _, _) => "unsigned long long",
        }
    }
}

impl Parser<'_> {
    /// Whether a type name begins here.
    pub(super) fn at_type(&self) -> bool {
        match &self.next.token {
            Token::TypeName(_) => true,
            Token::Keyword(keyword) => !matches!(keyword, Keyword::Sizeof | Keyword::Alignof),
            _ => false,
        }
    }

    /// A type name, or `typeof`.
    pub(super) fn type_exp(&mut self) -> Result<Node> {
        if !matches!(self.next.token, Token::Keyword(Keyword::Typeof)) {
            return Ok(Node::Type(self.type_name()?));
        }
        self.advance()?;
        self.expect("(")?;
        let inner = if self.at_type() {
            Node::Type(self.type_name()?)
        } else {
            Node::Typeof(Box::new(self.assignment()?))
        };
        self.expect(")")?;
        Ok(inner)
    }

    /// A type name with its abstract declarator.
    fn type_name(&mut self) -> Result<Type> {
        self.nested(|this| {
            let mut ty = this.specifiers()?;
            loop {
                let derivations = this.declarator()?;
                if derivations.is_empty() {
                    return Ok(ty);
                }
                for derivation in derivations {
                    ty = derive(ty, derivation, self.context.address_size());
                }
            }
        })
    }

    fn qualifiers(&mut self) -> Result<Quals> {
        let mut quals = Quals::NONE;
        loop {
            match self.next.token {
                Token::Keyword(Keyword::Const) => quals.is_const = true,
                Token::Keyword(Keyword::Volatile) => quals.is_volatile = true,
                Token::Keyword(Keyword::Restrict) => quals.is_restrict = true,
                Token::Keyword(Keyword::Atomic) => quals.is_atomic = true,
                _ => return Ok(quals),
            }
            self.advance()?;
        }
    }

    fn specifiers(&mut self) -> Result<Type> {
        let before = self.qualifiers()?;
        let is_complex = matches!(self.next.token, Token::Keyword(Keyword::Complex));
        if is_complex {
            self.advance()?;
        }
        let ty = match &self.next.token {
            Token::TypeName(ty) if !is_complex => {
                let ty = ty.clone();
                self.advance()?;
                ty
            }
            Token::Keyword(Keyword::Struct) => self.tagged(Tag::Struct)?,
            Token::Keyword(Keyword::Union) => self.tagged(Tag::Union)?,
            Token::Keyword(Keyword::Enum) => self.tagged(Tag::Enum)?,
            _ => self.arithmetic()?,
        };
        let ty = if is_complex { crate::lexer::complex_of(&ty) } else { ty };
        let after = self.qualifiers()?;
        Ok(with_quals(ty, before.union(after)))
    }

    fn tagged(&mut self, tag: Tag) -> Result<Type> {
        self.advance()?;
        let name = self.plain_name()?;
        // What is only declared does not count as a name of its own.
        let defined = |tag| -> Result<Option<Type>> {
            Ok(self.context.lookup_tag(tag, &name)?.filter(|ty| !ty.is_declaration()))
        };
        if let Some(ty) = defined(tag)? {
            return Ok(ty);
        }
        for other in [Tag::Struct, Tag::Union, Tag::Enum] {
            if other != tag && defined(other)?.is_some() {
                let (kinds, article) = match tag {
                    Tag::Struct => ("class, union or enum", "a struct"),
                    Tag::Union => ("class, struct or enum", "a union"),
                    Tag::Enum => ("class, struct or union", "an enum"),
                };
                return Err(ExprError::msg(format!("This context has {kinds} {name}, not {article}.")));
            }
        }
        Err(ExprError::NoTag { tag, name })
    }

    fn arithmetic(&mut self) -> Result<Type> {
        let mut words = Words::default();
        loop {
            match &self.next.token {
                Token::Keyword(Keyword::Unsigned) => words.unsigned = true,
                Token::Keyword(Keyword::Signed) => words.signed = true,
                Token::Keyword(Keyword::Long) => words.longs += 1,
                Token::Keyword(Keyword::Short) if !words.short => words.short = true,
                Token::Keyword(Keyword::Int) if !words.int => words.int = true,
                Token::Keyword(Keyword::Float) => words.float = true,
                Token::Keyword(Keyword::Double) => words.double = true,
                Token::TypeName(ty)
                    if (words.unsigned || words.signed) && words.longs == 0 && !words.short && !words.int =>
                {
                    let name = ty.name().unwrap_or("").to_owned();
                    self.advance()?;
                    return self.signed_name(words.unsigned, &name);
                }
                _ if words.any => {
                    let name = words.name();
                    return self.named(name);
                }
                _ => return Err(self.syntax()),
            }
            let sized = words.longs > 0 || words.short || words.int;
            let signs = words.unsigned || words.signed;
            let contradiction = words.longs > 2
                || (words.longs > 0 && words.short)
                || (words.unsigned && words.signed)
                || (words.float && (sized || signs || words.double))
                || (words.double && (signs || words.short || words.int || words.longs > 1));
            if contradiction {
                return Err(self.syntax());
            }
            words.any = true;
            self.advance()?;
        }
    }

    /// `unsigned NAME`, `signed NAME` where `NAME` is a type's: a type of that whole name.
    fn signed_name(&self, unsigned: bool, name: &str) -> Result<Type> {
        if unsigned {
            return self.named(&format!("unsigned {name}"));
        }
        self.named(&format!("signed {name}")).or_else(|_| self.named(name))
    }

    fn named(&self, name: &str) -> Result<Type> {
        // Debug information may call `int` just that, and then its own type is as good.
        if let Some(symbol) = self.context.lookup(name, Scope::Here)?
            && matches!(symbol.class, SymbolClass::Typedef)
        {
            return Ok(symbol.ty);
        }
        self.context
            .base_type(name)
            .or_else(|| builtin().by_name_for(name, self.context.address_size()).cloned())
            .ok_or_else(|| ExprError::msg(format!("No type named {name}.")))
    }

    /// An abstract declarator; empty where there is none.
    fn declarator(&mut self) -> Result<Vec<Derivation>> {
        self.nested(|this| {
            let mut derivations = Vec::new();
            while this.accept("*")? {
                derivations.push(Derivation::Pointer(this.qualifiers()?));
            }
            if this.accept("&")? {
                derivations.push(Derivation::Reference);
            }
            let mut inner = Vec::new();
            let mut suffixes = Vec::new();
            if this.is("(") {
                this.advance()?;
                if this.is("*") || this.is("(") || this.is("[") {
                    inner = this.declarator()?;
                    this.expect(")")?;
                } else {
                    suffixes.push(this.parameters()?);
                }
            }
            loop {
                if this.accept("[")? {
                    suffixes.push(Derivation::Array(this.dimension()?));
                } else if this.accept("(")? {
                    suffixes.push(this.parameters()?);
                } else {
                    break;
                }
            }
            derivations.extend(suffixes.into_iter().rev());
            derivations.extend(inner);
            Ok(derivations)
        })
    }

    fn dimension(&mut self) -> Result<Option<u64>> {
        if self.accept("]")? {
            return Ok(None);
        }
        let Token::Constant(value) = &self.next.token else { return Err(self.syntax()) };
        let count = literal_int(value);
        let Some(count) = count else { return Err(self.syntax()) };
        self.advance()?;
        self.expect("]")?;
        Ok(Some(count))
    }

    /// Parameters after the opening parenthesis.
    fn parameters(&mut self) -> Result<Derivation> {
        let mut params = Vec::new();
        let mut variadic = false;
        if self.accept(")")? {
            return Ok(Derivation::Function { params, variadic, prototyped: false });
        }
        loop {
            if !params.is_empty() && self.accept("...")? {
                variadic = true;
                break;
            }
            if !self.at_type() {
                return Err(self.syntax());
            }
            params.push(self.type_name()?);
            if !self.accept(",")? {
                break;
            }
        }
        self.expect(")")?;
        if let Some(position) = params.iter().position(Type::is_void) {
            if position == 0 && params.len() == 1 && !variadic {
                params.clear();
            } else if position == 0 {
                return Err(ExprError::msg("parameter types following 'void'"));
            } else {
                return Err(ExprError::msg("'void' invalid as parameter type"));
            }
        }
        Ok(Derivation::Function { params, variadic, prototyped: true })
    }
}

/// The value of an integer literal.
fn literal_int(value: &Value) -> Option<u64> {
    if !value.ty().is_integral() {
        return None;
    }
    let contents = value.contents(&crate::eval::NoTarget).ok()?;
    let mut bytes = [0; 8];
    let len = contents.bytes().len().min(8);
    bytes[..len].copy_from_slice(&contents.bytes()[..len]);
    Some(u64::from_le_bytes(bytes))
}

fn with_quals(ty: Type, quals: Quals) -> Type {
    if quals.is_empty() { ty } else { ty.requalified(quals) }
}

/// A C++ reference. C has no values of such types: the name is all there is.
fn reference(ty: &Type) -> Type {
    Type::new(TypeNode {
        name: Some(format!("{ty} &").into()),
        byte_size: Some(8),
        align: None,
        big_endian: false,
        kind: Kind::Error("a C++ reference".into()),
    })
}

fn derive(ty: Type, derivation: Derivation, address_size: u8) -> Type {
    match derivation {
        Derivation::Pointer(quals) => with_quals(ty.pointer_of_size(address_size), quals),
        Derivation::Reference => reference(&ty),
        Derivation::Array(count) => ty.array_of(count),
        Derivation::Function { params, variadic, prototyped } => {
            let params = params.into_iter().map(|ty| Param { name: None, ty: ty.into() }).collect();
            Type::derived(Kind::Function(Function { ret: ty.into(), params, variadic, prototyped }))
        }
    }
}
