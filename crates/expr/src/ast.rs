//! The parsed form of an expression. Names are resolved already; nothing is read yet.

use crate::context::Symbol;
use kdive_types::{Type, Value};
use std::sync::{Arc, OnceLock};

/// One operation.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    /// A literal.
    Constant(Value),
    /// A variable, function or enumerator.
    Symbol(Symbol),
    /// `x@entry`.
    Entry(Symbol),
    /// `$name`: register, convenience variable or function, whichever it is when evaluated.
    Dollar(Arc<str>),
    /// `$`, `$$`, `$3`, `$$3`.
    History(History),
    Unary(Unary, Box<Node>),
    Binary(Binary, Box<Node>, Box<Node>),
    Assign(Box<Node>, Box<Node>),
    /// `a += b`.
    Update(Binary, Box<Node>, Box<Node>),
    /// `++a`, `a--`.
    Step {
        target: Box<Node>,
        by: Binary,
        /// The value is that from before.
        post: bool,
    },
    Conditional(Box<Node>, Box<Node>, Box<Node>),
    Comma(Box<Node>, Box<Node>),
    /// `a.b` and `a->b`: the same in gdb.
    Member {
        of: Box<Node>,
        name: Arc<str>,
        /// Written with an arrow; for the text of errors.
        arrow: bool,
        /// Where the member was found the first time: in conditions it is asked for again and again.
        found: OnceLock<Found>,
    },
    Subscript(Box<Node>, Box<Node>),
    Call(Box<Node>, Vec<Node>),
    Cast(Box<Node>, Box<Node>),
    /// `{type} address`.
    Memory(Box<Node>, Box<Node>),
    /// `{1, 2}`.
    Array(Vec<Node>),
    Sizeof(Box<Node>),
    Alignof(Box<Node>),
    /// A type name. Where a value is wanted it is an error, as in gdb.
    Type(Type),
    /// `typeof (expression)`, a type too.
    Typeof(Box<Node>),
    /// `x@cpu(N)`: what is per-CPU in `x` is that CPU's.
    OnCpu(Box<Node>, Box<Node>),
    /// `x@all`: the same for each CPU in turn.
    EachCpu(Box<Node>),
}

/// A member of a type, and its offset in bits from the start of the type.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub of: Type,
    pub offset: u64,
    pub bit_size: Option<u32>,
    pub ty: Type,
}

/// A place in the value history.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum History {
    /// Counted from the first: `$3`.
    Absolute(u64),
    /// Counted back from the last: `$` is 0, `$$` 1, `$$3` 3.
    Back(u64),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unary {
    Deref,
    Address,
    Neg,
    Plus,
    Not,
    Complement,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Binary {
    Mul,
    Div,
    Rem,
    Add,
    Sub,
    Shl,
    Shr,
    Repeat,
    Less,
    Greater,
    LessEqual,
    GreaterEqual,
    Equal,
    NotEqual,
    BitAnd,
    BitXor,
    BitOr,
    And,
    Or,
}

impl Binary {
    /// The operator between two operands, and how strongly it binds: a larger number binds stronger.
    pub(crate) fn from_text(text: &str) -> Option<(Self, u8)> {
        Some(match text {
            "||" => (Self::Or, 1),
            "&&" => (Self::And, 2),
            "|" => (Self::BitOr, 3),
            "^" => (Self::BitXor, 4),
            "&" => (Self::BitAnd, 5),
            "==" => (Self::Equal, 6),
            "!=" => (Self::NotEqual, 6),
            "<" => (Self::Less, 7),
            ">" => (Self::Greater, 7),
            "<=" => (Self::LessEqual, 7),
            ">=" => (Self::GreaterEqual, 7),
            "<<" => (Self::Shl, 8),
            ">>" => (Self::Shr, 8),
            // gdb's own: stronger than shifts, weaker than sums.
            "@" => (Self::Repeat, 9),
            "+" => (Self::Add, 10),
            "-" => (Self::Sub, 10),
            "*" => (Self::Mul, 11),
            "/" => (Self::Div, 11),
            "%" => (Self::Rem, 11),
            _ => return None,
        })
    }

    /// The operator of `a OP= b`.
    pub(crate) fn from_update(text: &str) -> Option<Self> {
        let operator = text.strip_suffix('=')?;
        match Self::from_text(operator)?.0 {
            Self::Repeat | Self::And | Self::Or | Self::Less | Self::Greater => None,
            operator => Some(operator),
        }
    }

    /// The C operator, for messages.
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Self::Mul => "*",
            Self::Div => "/",
            Self::Rem => "%",
            Self::Add => "+",
            Self::Sub => "-",
            Self::Shl => "<<",
            Self::Shr => ">>",
            Self::Repeat => "@",
            Self::Less => "<",
            Self::Greater => ">",
            Self::LessEqual => "<=",
            Self::GreaterEqual => ">=",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::BitAnd => "&",
            Self::BitXor => "^",
            Self::BitOr => "|",
            Self::And => "&&",
            Self::Or => "||",
        }
    }
}

impl Node {
    /// Calls `see` for this node and every one below it.
    fn walk<'a>(&'a self, see: &mut dyn FnMut(&'a Self)) {
        see(self);
        match self {
            Self::Symbol(_)
            | Self::Entry(_)
            | Self::Constant(_)
            | Self::Dollar(_)
            | Self::History(_)
            | Self::Type(_) => {}
            Self::Unary(_, a) | Self::Sizeof(a) | Self::Alignof(a) | Self::Typeof(a) | Self::EachCpu(a) => {
                a.walk(see);
            }
            Self::Member { of, .. } | Self::Step { target: of, .. } => of.walk(see),
            Self::Binary(_, a, b)
            | Self::Assign(a, b)
            | Self::Update(_, a, b)
            | Self::Comma(a, b)
            | Self::Subscript(a, b)
            | Self::Cast(a, b)
            | Self::Memory(a, b)
            | Self::OnCpu(a, b) => {
                a.walk(see);
                b.walk(see);
            }
            Self::Conditional(a, b, c) => {
                a.walk(see);
                b.walk(see);
                c.walk(see);
            }
            Self::Call(f, args) => {
                f.walk(see);
                for arg in args {
                    arg.walk(see);
                }
            }
            Self::Array(items) => {
                for item in items {
                    item.walk(see);
                }
            }
        }
    }

    /// Calls `see` for every symbol in the tree.
    pub(crate) fn symbols<'a>(&'a self, see: &mut dyn FnMut(&'a Symbol)) {
        self.walk(&mut |node| {
            if let Self::Symbol(symbol) | Self::Entry(symbol) = node {
                see(symbol);
            }
        });
    }

    /// Whether a `$name` occurs that may be a register.
    pub(crate) fn dollars<'a>(&'a self, see: &mut dyn FnMut(&'a str)) {
        self.walk(&mut |node| {
            if let Self::Dollar(name) = node {
                see(name);
            }
        });
    }

    /// Whether a value for each CPU is asked for.
    pub(crate) fn is_for_each_cpu(&self) -> bool {
        let mut found = false;
        self.walk(&mut |node| found |= matches!(node, Self::EachCpu(_)));
        found
    }

    /// Whether the value can never change.
    pub(crate) fn is_constant(&self) -> bool {
        match self {
            Self::Constant(_) | Self::Type(_) | Self::Typeof(_) | Self::Sizeof(_) | Self::Alignof(_) => true,
            Self::Symbol(symbol) => {
                matches!(symbol.class, crate::SymbolClass::Constant(_) | crate::SymbolClass::Function(_))
            }
            // History never changes.
            Self::History(_) => true,
            Self::Unary(Unary::Deref | Unary::Address, _) => false,
            Self::Unary(_, a) | Self::Cast(_, a) => a.is_constant(),
            Self::Binary(_, a, b) | Self::Comma(a, b) => a.is_constant() && b.is_constant(),
            Self::Conditional(a, b, c) => a.is_constant() && b.is_constant() && c.is_constant(),
            Self::Array(items) => items.iter().all(Self::is_constant),
            _ => false,
        }
    }
}
