//! Looking at variables again, and changing them.

use super::table::{Binding, Entry, Origin};
use super::tree::{Parts, kind_of, read};
use super::{Change, VarId, VariableKind, VariableUpdate};
use crate::scope::Whose;
use crate::{Engine, Error};
use kdive_expr::Expr;
use kdive_program::{Frame, FrameKey, Program};
use kdive_types::Value;
use std::rc::Rc;

/// More frames than any stack that is searched for one.
const MOST_FRAMES: usize = 4096;

/// What a root is now.
enum Fresh {
    /// Its frame or block is left, or the expression means nothing there.
    OutOfScope,
    /// It has a value, or a reason why not.
    Value(Result<Value, String>),
}

impl Engine {
    /// Evaluates a variable and everything known below it anew; what is not as it was comes back, parents before children.
    /// Structures, unions and arrays never have another value: their parts have.
    ///
    /// # Errors
    /// One that was released. A value that cannot be had is a change.
    pub fn update(&mut self, id: VarId) -> Result<Vec<VariableUpdate>, Error> {
        let root = self.variables.root(id)?;
        let mut updates = Vec::new();
        match self.fresh(root)? {
            Fresh::OutOfScope => {
                let entry = self.variables.get_mut(root)?;
                if std::mem::replace(&mut entry.in_scope, false) {
                    entry.value = None;
                    entry.shown = String::new();
                    updates.push(VariableUpdate { id: root, change: Change::OutOfScope });
                }
            }
            Fresh::Value(value) => self.refresh(root, value, id, &mut updates)?,
        }
        if root != id {
            let variables = &self.variables;
            updates.retain(|update| is_below(variables, update.id, id));
        }
        Ok(updates)
    }

    /// Takes a new value over, and goes on with what is below.
    fn refresh(
        &mut self,
        id: VarId,
        value: Result<Value, String>,
        asked: VarId,
        updates: &mut Vec<VariableUpdate>,
    ) -> Result<(), Error> {
        // Only the way to what was asked for, and what is below that, is looked at.
        let is_above = id != asked && is_below(&self.variables, asked, id);
        let program = &self.session.program;
        let entry = self.variables.get_mut(id)?;
        if entry.is_frozen && id != asked && !is_above {
            return Ok(());
        }
        let had_value = entry.readable().is_some();
        let before = std::mem::take(&mut entry.shown);
        let was_in_scope = std::mem::replace(&mut entry.in_scope, true);
        let is_root = !matches!(entry.origin, Origin::Child { .. });
        (entry.value, entry.error) = match value {
            Ok(value) => {
                let (value, error) = read(program, value);
                (Some(value), error)
            }
            Err(error) => (None, Some(error)),
        };
        let mut is_other_type = false;
        if let Some(value) = entry.value.as_ref().filter(|_| is_root)
            && value.ty().declaration("") != entry.ty.declaration("")
        {
            entry.ty = value.ty().clone();
            is_other_type = true;
        }
        entry.show(program);
        let is_whole = matches!(
            kind_of(program, &entry.ty),
            VariableKind::Structure | VariableKind::Union | VariableKind::Array
        );
        let has_value = entry.readable().is_some();
        let is_other = !was_in_scope || !is_whole && (before != entry.shown || had_value != has_value);
        if is_other_type {
            updates.push(VariableUpdate { id, change: Change::Type });
            self.variables.remove_children(id);
            return Ok(());
        }
        if is_other {
            updates.push(VariableUpdate { id, change: Change::Value });
        }
        let (children, ty) = (entry.children.clone(), entry.ty.clone());
        if children.is_empty() {
            return Ok(());
        }
        let parts = Parts::of(self.program(), &ty);
        let whole = self.whole_of(id, &parts)?;
        for (index, child) in children {
            if is_above && !is_below(&self.variables, asked, child) {
                continue;
            }
            let value = match (&whole, parts.part(index, "")) {
                (Ok(whole), Some(part)) => Ok(part.of(whole, &parts)),
                (Err(error), _) => Err(error.clone()),
                (_, None) => continue,
            };
            self.refresh(child, value, asked, updates)?;
        }
        Ok(())
    }

    /// Evaluates a root in its scope.
    fn fresh(&mut self, root: VarId) -> Result<Fresh, Error> {
        self.at_root(root, |engine| engine.root_value(root).map(Fresh::Value))
            .map(|found| found.unwrap_or(Fresh::OutOfScope))
    }

    /// Looks at something in the scope of a root; `None` when that is left.
    fn at_root<T>(
        &mut self,
        root: VarId,
        look: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let binding = match &self.variables.get(root)?.origin {
            Origin::Expression { binding, .. } | Origin::Local { binding, .. } => binding.clone(),
            Origin::Child { .. } => Binding::Floating,
        };
        match binding {
            Binding::Floating => match self.reparse(root) {
                Ok(()) => look(self).map(Some),
                Err(_) => Ok(None),
            },
            Binding::Everywhere(whose) => {
                // Without the thread that was looked at, any will do.
                let whose = if self.is_there(&whose) { whose } else { Whose::Selected };
                self.visiting(&whose, |engine| match engine.reparse_when_stale(root) {
                    Ok(()) => look(engine).map(Some),
                    Err(_) => Ok(None),
                })
            }
            Binding::Frame { whose, key, level, stop } => {
                let is_stale = matches!(whose, Whose::Machine(_)) && stop != self.stops();
                if is_stale || !self.is_there(&whose) {
                    return Ok(None);
                }
                self.visiting(&whose, |engine| {
                    let Some(frame) = find_frame(engine.program(), key, level) else { return Ok(None) };
                    engine.program().select_frame(frame.level)?;
                    if engine.reparse_when_stale(root).is_err() || !engine.is_visible(root, &frame)? {
                        return Ok(None);
                    }
                    look(engine).map(Some)
                })
            }
        }
    }

    fn is_there(&self, whose: &Whose) -> bool {
        match whose {
            Whose::Selected => true,
            Whose::Machine(_) => self.program().machine().is_some(),
            Whose::Thread(number) => self.session.known_threads().by_number(*number).is_some(),
            Whose::Task(pid) => self.program().sleeper(*pid).is_some(),
        }
    }

    /// Whether the block of what a root names is executed in a frame.
    fn is_visible(&self, root: VarId, frame: &Frame) -> Result<bool, Error> {
        Ok(match &self.variables.get(root)?.origin {
            Origin::Expression { parsed, .. } => {
                parsed.symbols().iter().all(|symbol| self.program().is_visible(symbol, frame))
            }
            Origin::Local { module, key, .. } => {
                frame.scope.as_ref().is_some_and(|scope| scope.variable_by_key(*module, *key).is_some())
            }
            Origin::Child { .. } => true,
        })
    }

    /// Resolves the names of an expression anew when the symbols are others.
    fn reparse_when_stale(&mut self, root: VarId) -> Result<(), Error> {
        let now = self.variables.symbols;
        match &self.variables.get(root)?.origin {
            Origin::Expression { symbols, .. } if *symbols != now => self.reparse(root),
            _ => Ok(()),
        }
    }

    /// Resolves the names of an expression in the frame that is selected.
    fn reparse(&mut self, root: VarId) -> Result<(), Error> {
        let now = self.variables.symbols;
        let Origin::Expression { text, .. } = &self.variables.get(root)?.origin else { return Ok(()) };
        let fresh = Expr::parse(text, self.program())?;
        if let Origin::Expression { parsed, symbols, .. } = &mut self.variables.get_mut(root)?.origin {
            **parsed = fresh;
            *symbols = now;
        }
        Ok(())
    }

    /// Evaluates a root in the frame that is selected.
    fn root_value(&mut self, root: VarId) -> Result<Result<Value, String>, Error> {
        match &self.variables.get(root)?.origin {
            Origin::Expression { parsed, .. } => {
                let parsed = parsed.clone();
                match self.evaluate_parsed(&parsed) {
                    Ok(value) => Ok(Ok(self.read_now(value))),
                    Err(error @ Error::NotReturned(_)) => Err(error),
                    Err(error) => Ok(Err(error.to_string())),
                }
            }
            Origin::Local { module, key, .. } => {
                let (module, key) = (*module, *key);
                let frame = self.program().selected_frame()?;
                let variable = frame.scope.as_ref().and_then(|scope| scope.variable_by_key(module, key));
                let Some(variable) = variable else { return Ok(Err(String::new())) };
                let value = self.program().variable_value(&variable, Some(&frame));
                Ok(value.map(|value| self.read_now(value)).map_err(|error| error.to_string()))
            }
            Origin::Child { .. } => Ok(Err(String::new())),
        }
    }

    /// Registers are read while the frame is there that they belong to.
    fn read_now(&self, value: Value) -> Value {
        read(self.program(), value).0
    }

    /// Assigns the value of an expression to a variable, in the variable's scope; functions in it are called.
    ///
    /// # Errors
    /// [`Error::NotEditable`]; what is wrong with the expression; what cannot be written.
    pub fn set_variable(&mut self, id: VarId, text: &str) -> Result<(), Error> {
        let entry = self.variables.get(id)?;
        if !entry.is_editable(self.program()) {
            return Err(Error::NotEditable(entry.name.clone()));
        }
        let name = entry.name.clone();
        let root = self.variables.root(id)?;
        let path = self.path_to(id)?;
        let done = self.at_root(root, |engine| {
            let parsed = Expr::parse(text.trim(), engine.program())?;
            let mut target = engine.root_value(root)?.map_err(|_| Error::NotEditable(name.clone()))?;
            for (parent, index) in path {
                let parts = Parts::of(engine.program(), &engine.variables.get(parent)?.ty);
                let part = parts.part(index, "").ok_or_else(|| Error::NotEditable(name.clone()))?;
                let whole =
                    parts.whole(engine.program(), &target).map_err(|_| Error::NotEditable(name.clone()))?;
                target = part.of(&whole, &parts);
            }
            engine.with_calls(|program| parsed.store_in(program, &target))
        })?;
        done.ok_or_else(|| Error::NotEditable(self.name_of(id)))?;
        self.update(id)?;
        Ok(())
    }

    fn name_of(&self, id: VarId) -> String {
        self.variables.get(id).map(|entry| entry.name.clone()).unwrap_or_default()
    }

    /// The steps from the root to a variable: each parent and the number of its child.
    fn path_to(&self, id: VarId) -> Result<Vec<(VarId, usize)>, Error> {
        let mut path = Vec::new();
        let mut at = id;
        while let Entry { origin: Origin::Child { parent, index }, .. } = self.variables.get(at)? {
            path.push((*parent, *index));
            at = *parent;
        }
        path.reverse();
        Ok(path)
    }
}

/// Whether a variable is another one or below it.
fn is_below(variables: &super::Variables, id: VarId, top: VarId) -> bool {
    let mut at = id;
    loop {
        if at == top {
            return true;
        }
        match variables.get(at) {
            Ok(Entry { origin: Origin::Child { parent, .. }, .. }) => at = *parent,
            _ => return false,
        }
    }
}

/// The frame a variable belongs to, as long as it is on the stack.
fn find_frame(program: &Program, key: Option<FrameKey>, level: usize) -> Option<Rc<Frame>> {
    let Some(wanted) = key else { return program.frame(level).ok() };
    for level in 0..MOST_FRAMES {
        let frame = program.frame(level).ok()?;
        let Some(here) = frame.key() else { continue };
        if here == wanted {
            return Some(frame);
        }
    }
    None
}
