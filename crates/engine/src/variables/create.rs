//! Making variables, and looking at them.

use super::table::{Binding, Entry, Origin};
use super::tree::{Parts, kind_of, read, summary, text};
use super::{NamedVariable, ValueFormat, VarId, VariableInfo, VariableKind, Which};
use crate::scope::Whose;
use crate::{Engine, Error, Event, Scope, Warning};
use kdive_expr::{Context, Expr, SymbolClass};
use kdive_program::Program;
use kdive_types::{Type, Value};
use std::collections::BTreeMap;

/// Whether an expression names something of a frame: locals, registers.
fn needs_frame(program: &Program, expr: &Expr) -> bool {
    let is_local = |class: &SymbolClass| matches!(class, SymbolClass::Variable { needs_frame: true, .. });
    expr.symbols().iter().any(|symbol| is_local(&symbol.class))
        || expr.dollar_names().iter().any(|name| program.register(name).is_some())
}

impl Engine {
    /// The variables of a frame.
    ///
    /// # Errors
    /// A thread or frame there is not.
    pub fn variables_of(&mut self, scope: &Scope, which: Which) -> Result<Vec<NamedVariable>, Error> {
        self.in_scope(scope, |engine| {
            let frame = engine.program().selected_frame()?;
            let Some(block) = &frame.scope else { return Ok(Vec::new()) };
            let mut found = Vec::new();
            if which != Which::Locals {
                found.extend(block.params().into_iter().map(|variable| (variable, true)));
            }
            if which != Which::Arguments {
                let locals = block.locals().into_iter().flatten();
                // What a block only declares (`extern int x;`) is not its own.
                let own = locals.filter(|variable| !variable.is_unresolved());
                found.extend(own.map(|variable| (variable, false)));
            }
            let binding = engine.frame_binding(scope)?;
            let mut named = Vec::with_capacity(found.len());
            for (index, (variable, is_argument)) in found.into_iter().enumerate() {
                let value = engine
                    .program()
                    .variable_value(&variable, Some(&frame))
                    .map_err(|error| error.to_string());
                let name = variable.name().to_owned();
                let ty = engine.program().modules.complete(&variable.ty());
                let origin = Origin::Local {
                    module: variable.module().id(),
                    key: variable.key(),
                    binding: binding.clone(),
                };
                let id = engine.add_variable(name.clone(), origin, ty, value)?;
                named.push(NamedVariable { id, name, is_argument, is_anonymous: false, index });
            }
            Ok(named)
        })
    }

    /// Evaluates an expression; functions it names are called. The variable belongs to the frame of the scope if the expression names
    /// something of it, and to no frame otherwise.
    ///
    /// # Errors
    /// What is wrong with the expression. Memory that cannot be read is told by the variable.
    pub fn evaluate(&mut self, scope: &Scope, text: &str) -> Result<VarId, Error> {
        self.in_scope(scope, |engine| {
            let (parsed, value) = engine.evaluate_text(text)?;
            let binding = match needs_frame(engine.program(), &parsed) {
                true => engine.frame_binding(scope)?,
                false => Binding::Everywhere(engine.whose(scope)),
            };
            engine.add_expression(text, parsed, value, binding)
        })
    }

    /// Evaluates an expression that is evaluated in the frame selected at each update (gdb's floating variable objects).
    ///
    /// # Errors
    /// As [`Engine::evaluate`].
    pub fn evaluate_floating(&mut self, text: &str) -> Result<VarId, Error> {
        let (parsed, value) = self.evaluate_text(text)?;
        self.add_expression(text, parsed, value, Binding::Floating)
    }

    fn add_expression(
        &mut self,
        text: &str,
        parsed: Expr,
        value: Value,
        binding: Binding,
    ) -> Result<VarId, Error> {
        let symbols = self.variables.symbols;
        let ty = value.ty().clone();
        let text = text.trim().to_owned();
        let origin = Origin::Expression { text: text.clone(), parsed: Box::new(parsed), symbols, binding };
        self.add_variable(text, origin, ty, Ok(value))
    }

    /// Parses and evaluates in the frame that is selected.
    pub(super) fn evaluate_text(&mut self, text: &str) -> Result<(Expr, Value), Error> {
        let parsed = Expr::parse(text.trim(), self.program())?;
        let value = self.evaluate_parsed(&parsed)?;
        Ok((parsed, value))
    }

    pub(super) fn evaluate_parsed(&mut self, parsed: &Expr) -> Result<Value, Error> {
        let value = self.with_calls(|program| parsed.evaluate(program));
        // Which copies of per-CPU variables were read is not asked for here.
        let _ = self.program().take_copies();
        for warning in self.program().take_warnings() {
            self.push(Event::Warning(Warning::Expression(warning)));
        }
        value
    }

    /// Whose frames a scope means, to be found again when something else is selected.
    fn whose(&self, scope: &Scope) -> Whose {
        match scope.whose() {
            Whose::Selected => self.looked_at(),
            whose => whose,
        }
    }

    /// The frame that is selected, to be found again.
    fn frame_binding(&self, scope: &Scope) -> Result<Binding, Error> {
        let frame = self.program().selected_frame()?;
        Ok(Binding::Frame {
            whose: self.whose(scope),
            key: frame.key(),
            level: frame.level,
            stop: self.stops(),
        })
    }

    pub(super) fn add_variable(
        &mut self,
        name: String,
        origin: Origin,
        ty: Type,
        value: Result<Value, String>,
    ) -> Result<VarId, Error> {
        let program = self.program();
        let mut entry = Entry::new(name, origin, ty);
        (entry.value, entry.error) = match value {
            Ok(value) => {
                let (value, error) = read(program, value);
                (Some(value), error)
            }
            Err(error) => (None, Some(error)),
        };
        entry.show(program);
        self.variables.add(entry)
    }

    /// What there is to tell of a variable.
    ///
    /// # Errors
    /// One that was released.
    pub fn variable(&self, id: VarId) -> Result<VariableInfo, Error> {
        let program = self.program();
        let entry = self.variables.get(id)?;
        let value = entry.readable().map(|value| text(program, value, entry.format)).transpose();
        let (value, failure) = match value {
            Ok(value) => (value.unwrap_or_default(), None),
            Err(error) => (String::new(), Some(error)),
        };
        let kind = kind_of(program, &entry.ty);
        let at = |value: &Value| program_address(program, value);
        Ok(VariableInfo {
            id,
            name: entry.name.clone(),
            expression: self.expression_of(id)?,
            ty: entry.ty.declaration(""),
            value,
            summary: entry.shown.clone(),
            error: entry.error.clone().or(failure),
            children: Parts::of(program, &entry.ty).count(),
            address: entry.value.as_ref().and_then(Value::address).map(|addr| addr.0),
            points_to: entry.readable().filter(|_| kind == VariableKind::Pointer).and_then(at),
            size: entry.ty.size(),
            is_editable: entry.is_editable(program),
            in_scope: entry.in_scope,
            kind,
            format: entry.format,
            thread: self.thread_of(id)?,
            is_frozen: entry.is_frozen,
        })
    }

    fn thread_of(&self, id: VarId) -> Result<Option<u32>, Error> {
        let root = self.variables.root(id)?;
        Ok(match &self.variables.get(root)?.origin {
            Origin::Expression { binding, .. } | Origin::Local { binding, .. } => match binding {
                Binding::Frame { whose: Whose::Thread(number), .. } => Some(*number),
                _ => None,
            },
            Origin::Child { .. } => None,
        })
    }

    /// An expression for a variable, as gdb makes it from that of its parent.
    fn expression_of(&self, id: VarId) -> Result<String, Error> {
        let entry = self.variables.get(id)?;
        let Origin::Child { parent, index } = entry.origin else { return Ok(entry.name.clone()) };
        let parts = Parts::of(self.program(), &self.variables.get(parent)?.ty);
        let is_anonymous = parts.part(index, "").is_some_and(|part| part.is_anonymous);
        if is_anonymous {
            return Ok(String::new());
        }
        // Members of one without name are named as if they were its parent's.
        let mut whole = parent;
        let mut outer = parts;
        while let Origin::Child { parent: above, index } = self.variables.get(whole)?.origin {
            let above_parts = Parts::of(self.program(), &self.variables.get(above)?.ty);
            if !above_parts.part(index, "").is_some_and(|part| part.is_anonymous) {
                break;
            }
            whole = above;
            outer = above_parts;
        }
        let base = self.expression_of(whole)?;
        Ok(match outer {
            // Through a member without name gdb writes a dot, also where the whole is a pointer.
            Parts::Members { behind: true, .. } if whole == parent => format!("({base})->{}", entry.name),
            Parts::Members { .. } => format!("({base}).{}", entry.name),
            Parts::Elements { .. } => format!("({base})[{index}]"),
            Parts::Target(_) | Parts::None => format!("*({base})"),
        })
    }

    /// Children of a variable from number `from` on, `count` at most.
    ///
    /// # Errors
    /// A variable that was released; too many variables.
    pub fn children(&mut self, id: VarId, from: usize, count: usize) -> Result<Vec<NamedVariable>, Error> {
        let program = self.program();
        let entry = self.variables.get(id)?;
        let parts = Parts::of(program, &entry.ty);
        let end = from.saturating_add(count).min(parts.count());
        let known: BTreeMap<usize, VarId> =
            entry.children.range(from..end.max(from)).map(|(index, child)| (*index, *child)).collect();
        let name = entry.name.clone();
        let mut whole = None;
        let mut named = Vec::with_capacity(end.saturating_sub(from));
        for index in from..end {
            let Some(part) = parts.part(index, &name) else { break };
            let child = match known.get(&index) {
                Some(child) => *child,
                None => {
                    let whole = match &whole {
                        Some(whole) => whole,
                        None => whole.insert(self.whole_of(id, &parts)?),
                    };
                    let value = whole.as_ref().map(|whole| part.of(whole, &parts)).map_err(Clone::clone);
                    let origin = Origin::Child { parent: id, index };
                    self.add_variable(part.name.clone(), origin, part.ty.clone(), value)?
                }
            };
            named.push(NamedVariable {
                id: child,
                name: part.name,
                is_argument: false,
                is_anonymous: part.is_anonymous,
                index,
            });
        }
        Ok(named)
    }

    /// What the children of a variable are parts of, or why there is nothing.
    pub(super) fn whole_of(&self, id: VarId, parts: &Parts) -> Result<Result<Value, String>, Error> {
        let entry = self.variables.get(id)?;
        Ok(match &entry.value {
            Some(value) => parts.whole(self.program(), value),
            None => Err(entry.error.clone().unwrap_or_default()),
        })
    }

    /// How a variable is written from now on; its children are not affected.
    ///
    /// # Errors
    /// One that was released.
    pub fn set_format(&mut self, id: VarId, format: ValueFormat) -> Result<(), Error> {
        let program = &self.session.program;
        let entry = self.variables.get_mut(id)?;
        entry.format = format;
        entry.show(program);
        Ok(())
    }

    /// A frozen variable is passed over by updates of others, and with it what is below it.
    ///
    /// # Errors
    /// One that was released.
    pub fn set_frozen(&mut self, id: VarId, is_frozen: bool) -> Result<(), Error> {
        self.variables.get_mut(id)?.is_frozen = is_frozen;
        Ok(())
    }

    /// Forgets a variable and everything below it; how many that were.
    pub fn release(&mut self, id: VarId) -> usize {
        self.variables.remove(id)
    }

    /// Forgets everything below a variable; how many that were.
    pub fn release_children(&mut self, id: VarId) -> usize {
        self.variables.remove_children(id)
    }

    /// Forgets all variables.
    pub fn release_all(&mut self) {
        self.variables.clear();
    }
}

/// The address a pointer holds.
fn program_address(program: &Program, value: &Value) -> Option<u64> {
    let bytes = value.number(program).ok()?;
    let mut number = [0; 8];
    let len = bytes.len().min(8);
    number.get_mut(..len)?.copy_from_slice(bytes.get(..len)?);
    Some(u64::from_le_bytes(number))
}

impl Entry {
    /// The value, when it could be read.
    pub(super) fn readable(&self) -> Option<&Value> {
        self.value.as_ref().filter(|_| self.error.is_none())
    }

    /// Writes down what is shown now.
    pub(super) fn show(&mut self, program: &Program) {
        let is_whole = matches!(
            kind_of(program, &self.ty),
            VariableKind::Structure | VariableKind::Union | VariableKind::Array
        );
        let shown = match &self.value {
            // What an aggregate is in short needs no contents.
            Some(value) if is_whole || self.error.is_none() => summary(program, value, self.format),
            _ => Ok(String::new()),
        };
        match shown {
            Ok(shown) => self.shown = shown,
            Err(error) => {
                self.shown = String::new();
                self.error.get_or_insert(error);
            }
        }
    }

    pub(super) fn is_editable(&self, program: &Program) -> bool {
        let has_place = self.value.as_ref().is_some_and(|value| value.place().is_lvalue());
        let kind = kind_of(program, &self.ty);
        self.in_scope && has_place && matches!(kind, VariableKind::Scalar | VariableKind::Pointer)
    }
}
