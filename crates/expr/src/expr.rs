//! A parsed expression.

use crate::ast::Node;
use crate::context::{Context, Cpu, Symbol};
use crate::error::{ExprError, Result};
use crate::eval::Evaluator;
use crate::lexer::Ends;
use crate::macros::expand_expression;
use crate::parser;
use kdive_types::{Type, Value};
use std::sync::Arc;

/// A parsed expression or type name; evaluated as often as one likes. Names were resolved when it was parsed.
#[derive(Clone, Debug)]
pub struct Expr {
    text: Arc<str>,
    node: Node,
    cpu: Cpu,
    /// Whether macros were replaced in the text.
    uses_macros: bool,
}

impl Expr {
    /// Parses a whole text as one expression (commas included) or type name.
    ///
    /// # Errors
    /// gdb's words for what is wrong.
    pub fn parse(text: &str, context: &dyn Context) -> Result<Self> {
        let (expr, rest) = Self::parse_prefix(text, Ends::default(), context)?;
        if rest.is_empty() { Ok(expr) } else { Err(ExprError::msg("Junk after end of expression.")) }
    }

    /// Parses the longest expression at the start of `text` that ends before a comma on the outside, as the arguments
    /// of `printf` do; gives the rest, which is empty or begins with what ended it.
    ///
    /// # Errors
    /// As [`Expr::parse`].
    pub fn parse_until_comma<'a>(text: &'a str, context: &dyn Context) -> Result<(Self, &'a str)> {
        Self::parse_prefix(text, Ends { comma: true }, context)
    }

    /// Parses an expression that a word may end: `if`, `thread N`, `task N`, as after `*EXPR` in a location; also a
    /// closing bracket that was not opened. Gives the rest.
    ///
    /// # Errors
    /// As [`Expr::parse`].
    pub fn parse_location<'a>(text: &'a str, context: &dyn Context) -> Result<(Self, &'a str)> {
        Self::parse_prefix(text, Ends { comma: true }, context)
    }

    /// Parses the condition of a breakpoint, commas included; a word may end it as in [`Expr::parse_location`]. Gives
    /// the rest.
    ///
    /// # Errors
    /// As [`Expr::parse`].
    pub fn parse_condition<'a>(text: &'a str, context: &dyn Context) -> Result<(Self, &'a str)> {
        Self::parse_prefix(text, Ends::default(), context)
    }

    fn parse_prefix<'a>(text: &'a str, ends: Ends, context: &dyn Context) -> Result<(Self, &'a str)> {
        if text.is_empty() {
            return Err(ExprError::msg("Argument required (expression to compute)."));
        }
        let end = if ends.comma { outer_comma(text) } else { text.len() };
        let head = text.get(..end).unwrap_or(text);
        if let Some(expansion) = expand_expression(head, context)? {
            let parsed = parser::parse(&expansion.text, ends, context)?;
            // What ends the expression stands after it as it was typed.
            let (source_text, rest) = match expansion.origin(parsed.end) {
                Some(end) => text.split_at_checked(end).unwrap_or((text, "")),
                None => text.split_at_checked(head.len()).unwrap_or((text, "")),
            };
            let expr = Self {
                text: source_text.trim().into(),
                node: parsed.node,
                cpu: Cpu::Selected,
                uses_macros: true,
            };
            return Ok((expr, rest));
        }
        let parsed = parser::parse(text, ends, context)?;
        let (source_text, rest) = text.split_at_checked(parsed.end).unwrap_or((text, ""));
        Ok((
            Self {
                text: source_text.trim().into(),
                node: parsed.node,
                cpu: Cpu::Selected,
                uses_macros: false,
            },
            rest,
        ))
    }

    /// The text it was parsed from, without blanks around it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether macros were replaced in the text: elsewhere it may mean something else.
    #[must_use]
    pub fn uses_macros(&self) -> bool {
        self.uses_macros
    }

    /// Whether the text is a type name: `print int` is an error where `whatis int` is not.
    #[must_use]
    pub fn is_type(&self) -> bool {
        matches!(self.node, Node::Type(_) | Node::Typeof(_))
    }

    /// The symbols it names, with what the context resolved them to.
    #[must_use]
    pub fn symbols(&self) -> Vec<&Symbol> {
        let mut symbols = Vec::new();
        self.node.symbols(&mut |symbol| symbols.push(symbol));
        symbols
    }

    /// The `$names` it mentions: registers, convenience variables, functions.
    #[must_use]
    pub fn dollar_names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.node.dollars(&mut |name| names.push(name));
        names
    }

    /// Whether it is a constant: `watch 5` is refused.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        self.node.is_constant()
    }

    /// The same expression with other copies of per-CPU variables, whatever CPU is selected when it is evaluated.
    #[must_use]
    pub fn on(self, cpu: Cpu) -> Self {
        Self { cpu, ..self }
    }

    /// Whether `x@all` is in it: to be evaluated with [`Expr::evaluate_each`].
    #[must_use]
    pub fn is_for_each_cpu(&self) -> bool {
        self.node.is_for_each_cpu()
    }

    /// Whether it says of which type it is: `(TYPE) ...`.
    #[must_use]
    pub fn is_cast(&self) -> bool {
        matches!(self.node, Node::Cast(..))
    }

    /// Evaluates and converts to a type as an assignment does.
    ///
    /// # Errors
    /// As [`Expr::evaluate`]; `Invalid cast.`
    pub fn evaluate_as(&self, context: &dyn Context, ty: &Type) -> Result<Value> {
        let evaluator = self.evaluator(context);
        evaluator.cast(ty, &evaluator.value(&self.node)?)
    }

    /// Evaluates for one CPU of `x@all`.
    ///
    /// # Errors
    /// As [`Expr::evaluate`].
    pub fn evaluate_each(&self, context: &dyn Context, cpu: u64) -> Result<Value> {
        self.evaluator(context).on_each(cpu).value(&self.node)
    }

    fn evaluator<'a>(&self, context: &'a dyn Context) -> Evaluator<'a> {
        Evaluator::new(context).on(self.cpu)
    }

    /// Evaluates, with all side effects. Nothing is read that the result does not need.
    ///
    /// # Errors
    /// gdb's words for what is wrong.
    pub fn evaluate(&self, context: &dyn Context) -> Result<Value> {
        self.evaluator(context).value(&self.node)
    }

    /// As [`Expr::evaluate`], then reads the result and tells whether it is true (conditions, `if`, `while`).
    ///
    /// # Errors
    /// As [`Expr::evaluate`].
    pub fn evaluate_bool(&self, context: &dyn Context) -> Result<bool> {
        self.evaluator(context).truth(&self.node)
    }

    /// As [`Expr::evaluate`], as an address (`x`, `break *`, `info symbol`): functions and arrays are where they are.
    ///
    /// # Errors
    /// As [`Expr::evaluate`].
    pub fn evaluate_address(&self, context: &dyn Context) -> Result<kdive_base::VirtAddr> {
        let evaluator = self.evaluator(context);
        let value = evaluator.value(&self.node)?;
        evaluator.address(&value)
    }

    /// As [`Expr::evaluate`], as a number.
    ///
    /// # Errors
    /// As [`Expr::evaluate`].
    pub fn evaluate_int(&self, context: &dyn Context) -> Result<i128> {
        let evaluator = self.evaluator(context);
        let value = evaluator.value(&self.node)?;
        evaluator.int(&value)
    }

    /// Evaluates and stores the result where `target` lives, converted as an assignment does; the target with its new contents.
    ///
    /// # Errors
    /// As [`Expr::evaluate`]; a target without a place.
    pub fn store_in(&self, context: &dyn Context, target: &Value) -> Result<Value> {
        self.evaluator(context).store_node(target, &self.node)
    }

    /// The type the expression would have; no side effects, no target memory (`whatis`, `ptype`, `sizeof`).
    /// For a type name, that type.
    ///
    /// # Errors
    /// As [`Expr::evaluate`].
    pub fn type_of(&self, context: &dyn Context) -> Result<Type> {
        Evaluator::types_only(context).ty(&self.node)
    }
}

/// What a pointer points to, not read yet.
///
/// # Errors
/// A value that is no pointer or points to `void`; a pointer that cannot be read.
pub fn dereference(context: &dyn Context, pointer: &Value) -> Result<Value> {
    Evaluator::new(context).deref(pointer)
}

/// Where the first comma stands that is in no brackets and no string.
fn outer_comma(text: &str) -> usize {
    let (mut depth, mut quote, mut escaped) = (0_i32, None, false);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), c) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth -= 1,
            (None, ',') if depth <= 0 => return at,
            _ => {}
        }
    }
    text.len()
}
