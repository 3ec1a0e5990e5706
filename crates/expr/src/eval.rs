//! Evaluation of parsed expressions.

mod arith;
mod assign;
mod call;
mod cast;
mod convert;
mod percpu;
mod pointer;

use crate::ast::{Binary, History, Node, Unary};
use crate::builtin::builtin;
use crate::context::{Context, Cpu, Symbol, SymbolClass};
use crate::error::{ExprError, Result};
use crate::functions;
use kdive_base::{Fault, VirtAddr};
use kdive_types::{Access, FrameId, Kind, Node as TypeNode, RegisterId, Type, Value, ValueError};
use std::cell::Cell;

pub(crate) use arith::part_type;
pub(crate) use convert::{
    as_address, as_decimal, as_float, as_int, float_format, from_int, int_from_bytes, is_true,
};

/// A target of zeros: what a value's type alone needs (`sizeof`, `whatis`), and literals, which need nothing.
pub(crate) struct NoTarget;

impl Access for NoTarget {
    fn read_memory(&self, _: VirtAddr, buf: &mut [u8]) -> std::result::Result<(), Fault> {
        buf.fill(0);
        Ok(())
    }

    fn write_memory(&self, _: VirtAddr, _: &[u8]) -> std::result::Result<(), Fault> {
        Ok(())
    }

    fn read_register(
        &self,
        _: FrameId,
        _: RegisterId,
        _: usize,
        buf: &mut [u8],
    ) -> std::result::Result<(), ValueError> {
        buf.fill(0);
        Ok(())
    }

    fn write_register(
        &self,
        _: FrameId,
        _: RegisterId,
        _: usize,
        _: &[u8],
    ) -> std::result::Result<(), ValueError> {
        Ok(())
    }
}

/// Evaluates trees.
pub(crate) struct Evaluator<'a> {
    context: &'a dyn Context,
    access: &'a dyn Access,
    /// Only the type of the result is wanted: no side effects, no reads.
    types_only: bool,
    /// Which copies of per-CPU variables are meant.
    cpu: Cpu,
    /// The CPU whose turn it is in `x@all`.
    each: Option<u64>,
    /// Whether a per-CPU variable was met.
    met_per_cpu: Cell<bool>,
}

impl<'a> Evaluator<'a> {
    pub(crate) fn new(context: &'a dyn Context) -> Self {
        Self {
            context,
            access: context,
            types_only: false,
            cpu: Cpu::Selected,
            each: None,
            met_per_cpu: Cell::new(false),
        }
    }

    pub(crate) fn types_only(context: &'a dyn Context) -> Self {
        Self { access: &NoTarget, types_only: true, ..Self::new(context) }
    }

    /// The same, with other copies of per-CPU variables.
    pub(crate) fn on(self, cpu: Cpu) -> Self {
        Self { cpu, ..self }
    }

    /// The same for one CPU of `x@all`.
    pub(crate) fn on_each(self, cpu: u64) -> Self {
        Self { each: Some(cpu), ..self }
    }

    /// The value of a tree.
    pub(crate) fn value(&self, node: &Node) -> Result<Value> {
        self.value_as(node, None)
    }

    /// The value of a tree where a value of type `expected` is wanted, which `{1, 2}` takes as its own.
    fn value_as(&self, node: &Node, expected: Option<&Type>) -> Result<Value> {
        match node {
            Node::Constant(value) => match expected {
                Some(expected) if value.ty().is_array() => self.string_as(value, expected),
                _ => Ok(value.clone()),
            },
            Node::Symbol(symbol) => self.symbol(symbol),
            Node::Entry(symbol) => self.context.entry_value(symbol),
            Node::Dollar(name) => self.dollar(name),
            Node::History(place) => self.history(*place),
            Node::Unary(operator, operand) => self.unary(*operator, operand),
            Node::Binary(operator, left, right) => self.binary(*operator, left, right),
            Node::Assign(target, source) => self.assign(target, source),
            Node::Update(operator, target, source) => self.update(*operator, target, source),
            Node::Step { target, by, post } => self.step(target, *by, *post),
            Node::Conditional(condition, yes, no) => {
                let condition = self.value(condition)?;
                self.value(if is_true(&condition, self.access)? { yes } else { no })
            }
            Node::Comma(left, right) => {
                self.value(left)?;
                self.value(right)
            }
            Node::Member { of, name, arrow, found } => {
                let of = self.value(of)?;
                self.member(&of, name, *arrow, found)
            }
            Node::Subscript(array, index) => self.subscript(array, index),
            Node::Call(function, args) => self.call(function, args),
            Node::Cast(ty, operand) => self.cast_node(ty, operand),
            Node::Memory(ty, address) => self.memory(ty, address),
            Node::Array(items) => self.array(items, expected),
            Node::Sizeof(operand) => self.sizeof(operand),
            Node::Alignof(ty) => {
                let ty = self.ty(ty)?;
                let align = self
                    .complete(&ty)
                    .alignment()
                    .ok_or_else(|| ExprError::msg("could not determine alignment of type"))?;
                Ok(from_int(&builtin().int, i128::from(align)))
            }
            Node::OnCpu(of, cpu) => self.on_cpu(of, cpu),
            Node::EachCpu(of) => self.each_cpu(of),
            Node::Type(_) | Node::Typeof(_) => {
                if self.types_only {
                    return Ok(Value::at(self.ty(node)?, VirtAddr(0)));
                }
                Err(ExprError::msg("Attempt to use a type name as an expression"))
            }
        }
    }

    /// The type that a tree names, or that its value has.
    pub(crate) fn ty(&self, node: &Node) -> Result<Type> {
        match node {
            Node::Type(ty) => Ok(ty.clone()),
            Node::Typeof(inner) => Evaluator::types_only(self.context).ty(inner),
            Node::Symbol(symbol) => Ok(symbol.ty.clone()),
            _ => Ok(self.value(node)?.ty().clone()),
        }
    }

    /// A value of which only the type counts.
    fn of_type(&self, ty: Type) -> Value {
        Value::at(ty, VirtAddr(0))
    }

    /// The definition of a type that is only declared where it was found, if there is one.
    pub(crate) fn complete(&self, ty: &Type) -> Type {
        if ty.is_declaration()
            && let Some(found) = self.context.complete(&ty.strip())
        {
            let (quals, _) = ty.unaliased().split_quals();
            return found.requalified(quals);
        }
        ty.clone()
    }

    fn symbol(&self, symbol: &Symbol) -> Result<Value> {
        match &symbol.class {
            SymbolClass::Variable { .. } if symbol.ty.is_unknown() => Err(unknown_type(symbol)),
            SymbolClass::Variable { .. } if self.types_only => Ok(self.of_type(symbol.ty.clone())),
            SymbolClass::Variable { .. } => self.variable(symbol),
            SymbolClass::Function(addr) | SymbolClass::Label(addr) => Ok(Value::at(symbol.ty.clone(), *addr)),
            SymbolClass::Constant(value) => Ok(value.clone()),
            SymbolClass::Typedef => Err(ExprError::msg("Attempt to use a type name as an expression")),
            SymbolClass::Minimal(addr) => {
                if matches!(symbol.ty.kind(), Kind::NoDebugText) || self.types_only {
                    return Ok(Value::at(symbol.ty.clone(), *addr));
                }
                Err(unknown_type(symbol))
            }
        }
    }

    fn dollar(&self, name: &str) -> Result<Value> {
        if let Some(register) = self.context.register(name) {
            return register;
        }
        if let Some(value) = self.context.computed_variable(name) {
            return value;
        }
        let store = self.context.store();
        // Scripts have variables of the names of walkers; those that are not called are variables.
        let is_debugger_function =
            || self.context.function(name).is_some_and(|function| !function.is_plain());
        if store.get(name).is_none() && (is_debugger_function() || functions::standard(name).is_some()) {
            return Ok(internal_function(name));
        }
        Ok(store.variable(name))
    }

    fn history(&self, place: History) -> Result<Value> {
        let store = self.context.store();
        let len = store.history_len() as u64;
        let number = match place {
            History::Absolute(number) => number,
            History::Back(back) => match len.checked_sub(back) {
                Some(number) if number > 0 => number,
                _ if back == 0 => return Err(ExprError::msg("The history is empty.")),
                _ => return Err(ExprError::msg(format!("History does not go back to $${back}."))),
            },
        };
        usize::try_from(number)
            .ok()
            .and_then(|number| store.history(number))
            .ok_or_else(|| ExprError::msg(format!("History has not yet reached ${number}.")))
    }

    fn unary(&self, operator: Unary, operand: &Node) -> Result<Value> {
        match operator {
            Unary::Address => self.address_of(operand),
            Unary::Deref => {
                let operand = self.value(operand)?;
                self.deref(&operand)
            }
            Unary::Neg | Unary::Plus | Unary::Not | Unary::Complement => {
                let operand = self.value(operand)?;
                self.arithmetic_unary(operator, &operand)
            }
        }
    }

    fn binary(&self, operator: Binary, left: &Node, right: &Node) -> Result<Value> {
        if matches!(operator, Binary::And | Binary::Or) {
            return self.logical(operator, left, right);
        }
        if operator == Binary::Repeat {
            return self.repeat_node(left, right);
        }
        let left = self.value(left)?;
        let right = self.value(right)?;
        self.arithmetic(operator, &left, &right)
    }

    fn logical(&self, operator: Binary, left: &Node, right: &Node) -> Result<Value> {
        let int = &builtin().int;
        let left = self.value(left)?;
        if self.types_only {
            let right = self.value(right)?;
            no_user_operator(&[&left, &right], operator.symbol())?;
            return Ok(from_int(int, 0));
        }
        no_user_operator(&[&left], operator.symbol())?;
        let decided = is_true(&left, self.access)?;
        if decided == (operator == Binary::Or) {
            return Ok(from_int(int, i128::from(decided)));
        }
        let right = self.value(right)?;
        no_user_operator(&[&left, &right], operator.symbol())?;
        Ok(from_int(int, i128::from(is_true(&right, self.access)?)))
    }

    fn sizeof(&self, operand: &Node) -> Result<Value> {
        let ty = match operand {
            Node::Symbol(symbol) if symbol.is_minimal() && matches!(symbol.ty.kind(), Kind::NoDebugData) => {
                return Err(unknown_type(symbol));
            }
            _ => Evaluator::types_only(self.context).ty(operand)?,
        };
        let size = self.complete(&ty).size().unwrap_or(0);
        Ok(from_int(&builtin().int, i128::from(size)))
    }

    fn memory(&self, ty: &Node, address: &Node) -> Result<Value> {
        let ty = self.ty(ty)?;
        let address = self.value(address)?;
        if self.types_only {
            return Ok(self.of_type(ty));
        }
        Ok(Value::at(ty, as_address(&self.decayed(&address)?, self.access)?))
    }

    /// A value as an address.
    pub(crate) fn address(&self, value: &Value) -> Result<VirtAddr> {
        as_address(&self.decayed(value)?, self.access)
    }

    /// A value as a number.
    pub(crate) fn int(&self, value: &Value) -> Result<i128> {
        as_int(&self.decayed(value)?, self.access)
    }

    /// An expression used as a condition.
    pub(crate) fn truth(&self, node: &Node) -> Result<bool> {
        let value = self.value(node)?;
        is_true(&value, self.access)
    }
}

/// `$_strlen` without a call.
fn internal_function(name: &str) -> Value {
    let ty = Type::new(TypeNode {
        name: Some(INTERNAL_FUNCTION.into()),
        byte_size: Some(0),
        align: None,
        big_endian: false,
        kind: Kind::Error(name.into()),
    });
    Value::from_bytes(ty, [])
}

/// The name of the type of the debugger's own functions.
pub(crate) const INTERNAL_FUNCTION: &str = "<internal function>";

fn unknown_type(symbol: &Symbol) -> ExprError {
    ExprError::msg(format!("'{}' has unknown type; cast it to its declared type", symbol.name))
}

/// gdb looks for C++ operators when an operand is a structure, and says so. The first operand decides how.
fn no_user_operator(operands: &[&Value], symbol: &str) -> Result<()> {
    if !operands.iter().any(|operand| is_struct(operand.ty())) {
        return Ok(());
    }
    Err(ExprError::msg(if operands.first().is_some_and(|first| is_struct(first.ty())) {
        format!("Structure has no component named operator{symbol}.")
    } else {
        "Can't do that binary op on that type".to_owned()
    }))
}

fn is_struct(ty: &Type) -> bool {
    ty.with_composite(|composite| composite.kind == kdive_types::CompositeKind::Struct).unwrap_or(false)
}

#[cfg(test)]
mod kernel_tests;
#[cfg(test)]
mod tests;
