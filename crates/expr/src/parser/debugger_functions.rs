//! What is not in gdb's grammar: arguments of the debugger's functions that are types or members, and what is per-CPU.

use super::Parser;
use crate::ast::Node;
use crate::context::{Argument, Function, Symbol};
use crate::error::Result;
use crate::lexer::{Token, Width};
use kdive_types::Value;
use std::sync::Arc;

impl Parser<'_> {
    /// Whether an operand is a per-CPU variable or part of one.
    pub(super) fn is_per_cpu(&self, node: &Node) -> bool {
        match node {
            Node::Symbol(symbol) => self.context.is_per_cpu(symbol),
            Node::Member { of, .. } | Node::Subscript(of, _) => self.is_per_cpu(of),
            _ => false,
        }
    }

    /// The debugger's own function that is called, if it is one with arguments of its own kind.
    pub(super) fn own_function(&self, callee: &Node) -> Option<Arc<dyn Function>> {
        let Node::Dollar(name) = callee else { return None };
        self.context.function(name)
    }

    /// Arguments of a function that may take types and names of members.
    pub(super) fn own_arguments(&mut self, function: &dyn Function) -> Result<Vec<Node>> {
        self.expect("(")?;
        let mut args = Vec::new();
        while !self.is(")") {
            if !args.is_empty() {
                self.expect(",")?;
            }
            args.push(match function.argument(args.len()) {
                Argument::Type if self.at_type() => self.type_exp()?,
                Argument::Member if !matches!(self.next.token, Token::Str(..) | Token::Dollar) => {
                    self.member_path()?
                }
                _ => self.assignment()?,
            });
        }
        self.expect(")")?;
        Ok(args)
    }

    /// The name of a member, perhaps of a member, as a string: `tasks`, `se.run_node`, `children[0]`.
    fn member_path(&mut self) -> Result<Node> {
        let start = self.next.start;
        self.field_name()?;
        let mut end = self.next.start;
        loop {
            if self.accept(".")? {
                self.field_name()?;
            } else if self.accept("[")? {
                self.comma()?;
                self.expect("]")?;
            } else {
                break;
            }
            end = self.next.start;
        }
        let text = self.lexer.text().get(start..end).unwrap_or("").trim();
        let mut bytes = text.as_bytes().to_vec();
        bytes.push(0);
        let ty = Width::Plain.ty(self.context)?.array_of(Some(bytes.len() as u64));
        Ok(Node::Constant(Value::from_bytes(ty, bytes)))
    }
}

/// Whether gdb would call it: a function, a pointer to one, or a number, which it takes for the address of one.
pub(super) fn is_callable(symbol: &Symbol) -> bool {
    let ty = symbol.ty.strip();
    symbol.is_minimal()
        || ty.is_function()
        || ty.is_integral()
        || ty.is_pointer() && ty.target().is_some_and(|target| target.strip().is_function())
}
