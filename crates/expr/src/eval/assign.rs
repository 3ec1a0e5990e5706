//! Assignment in all its forms.

use super::Evaluator;
use super::convert::from_int;
use crate::ast::{Binary, Node};
use crate::error::{ExprError, Result};
use kdive_types::{Place, Value, ValueError};

/// The type that arrays and texts take on which are assigned to a target. A convenience variable takes on theirs.
fn expected(target: &Value) -> Option<&kdive_types::Type> {
    (!matches!(target.place(), Place::Internal(_))).then(|| target.ty())
}

impl Evaluator<'_> {
    pub(super) fn assign(&self, target: &Node, source: &Node) -> Result<Value> {
        let target_value = self.value(target)?;
        let source = self.value_as(source, expected(&target_value))?;
        if self.types_only {
            return Ok(match target_value.place() {
                Place::Internal(_) => source,
                _ => target_value,
            });
        }
        refuse_history(target)?;
        self.store(&target_value, &source)
    }

    /// Stores the value of an expression in a target that was found otherwise.
    pub(crate) fn store_node(&self, target: &Value, source: &Node) -> Result<Value> {
        let source = self.value_as(source, expected(target))?;
        self.store(target, &source)
    }

    pub(super) fn update(&self, operator: Binary, target: &Node, source: &Node) -> Result<Value> {
        let target_value = self.value(target)?;
        let source = self.value(source)?;
        if self.types_only {
            return Ok(target_value);
        }
        let result = self.arithmetic(operator, &target_value, &source)?;
        refuse_history(target)?;
        self.store(&target_value, &result)
    }

    pub(super) fn step(&self, target: &Node, by: Binary, post: bool) -> Result<Value> {
        let value = self.value(target)?;
        super::no_user_operator(&[&value], if by == Binary::Add { "++" } else { "--" })?;
        if self.types_only {
            return Ok(value);
        }
        let before = self.once(|| Ok(value.clone().without_place(self.access)))?;
        let one = if super::arith::points(value.ty()) {
            from_int(&crate::builtin::builtin().int, 1)
        } else if value.ty().is_integral() || value.ty().is_float() {
            from_int(value.ty(), 1)
        } else {
            return Err(ExprError::msg("Not a numeric type."));
        };
        let result = self.arithmetic(by, &value, &one)?;
        refuse_history(target)?;
        let after = self.store(&value, &result)?;
        Ok(if post { before } else { after })
    }

    /// Puts `source` where `target` lives; gives the target with its new contents.
    pub(super) fn store(&self, target: &Value, source: &Value) -> Result<Value> {
        self.once(|| self.store_now(target, source))
    }

    /// What is done once, however often the expression is evaluated for the calls in it.
    fn once(&self, act: impl FnOnce() -> Result<Value>) -> Result<Value> {
        if let Some(value) = self.context.stored_before() {
            return Ok(value);
        }
        let value = act()?;
        self.context.note_stored(&value);
        Ok(value)
    }

    fn store_now(&self, target: &Value, source: &Value) -> Result<Value> {
        if let Place::Internal(name) = target.place() {
            return self.store_variable(name, source);
        }
        if !target.place().is_lvalue() {
            return Err(ValueError::NotLvalue.into());
        }
        let source = self.cast(target.ty(), source)?;
        let bytes = source.bytes(self.access)?;
        if let Some(bits) = target.bit_field() {
            self.check_fits(super::convert::int_from_bytes(&source.number(self.access)?, true), bits.size);
        }
        match target.place() {
            Place::InternalPart { name, offset } => {
                self.context.store().set_part(name, *offset, target.bit_field(), bytes)?;
            }
            _ => target.write(self.access, bytes)?,
        }
        let Some(bits) = target.bit_field() else { return Ok(target.assigned(bytes.clone())) };
        // What the field now holds: the low bits, extended again.
        let number = super::convert::int_from_bytes(&source.number(self.access)?, false);
        let shift = 128 - bits.size.clamp(1, 128);
        let stored = if target.ty().is_signed() {
            (number << shift) >> shift
        } else {
            (number.cast_unsigned() << shift >> shift).cast_signed()
        };
        let bytes = from_int(target.ty(), stored).bytes(self.access)?.clone();
        Ok(target.assigned(bytes))
    }

    fn check_fits(&self, number: i128, bits: u32) {
        let bits = bits.clamp(1, 127);
        let least = -(1i128 << (bits - 1));
        if number < least || number >= 1 << bits {
            self.context.warn(&format!("Value does not fit in {bits} bits."));
        }
    }

    fn store_variable(&self, name: &str, source: &Value) -> Result<Value> {
        // Arrays that exist only in the debugger stay arrays, those of the program become pointers.
        let decays = source.ty().is_function() || (source.ty().is_array() && source.address().is_some());
        let source = if decays { self.decayed(source)? } else { source.clone() };
        if source.ty().is_void() {
            self.context.store().clear(name);
        } else {
            source.contents(self.access)?;
            self.context.store().set(name, source);
        }
        Ok(self.context.store().variable(name))
    }
}

/// Values of the history do not change.
fn refuse_history(target: &Node) -> Result<()> {
    if matches!(target, Node::History(_)) {
        return Err(ExprError::msg("Left operand of assignment is not a modifiable lvalue."));
    }
    Ok(())
}
