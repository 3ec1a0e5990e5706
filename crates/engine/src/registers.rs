//! Registers by number and name, with their values as a frame has them.

use crate::variables::tree;
use crate::{Engine, Error, NamedVariable, Scope, ValueFormat};
use kdive_arch::{Group, RegisterLayout};
use kdive_expr::Context;
use kdive_program::Program;
use kdive_types::{Missing, Value};

/// What registers are for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RegisterGroup {
    /// General registers, and control registers of a guest.
    General,
    /// The floating-point unit's.
    Float,
    /// Vector registers.
    Vector,
    /// What belongs to the operating system.
    System,
    /// Parts of other registers: `eax`, `al`.
    Part,
}

/// A register.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct RegisterInfo {
    /// Its number: its place in gdb's order.
    pub number: usize,
    /// Its name, without `$`.
    pub name: String,
    /// What it is for.
    pub group: RegisterGroup,
    /// Its size in bytes.
    pub size: usize,
}

/// The value of a register.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct RegisterValue {
    /// Its number.
    pub number: usize,
    /// Its name.
    pub name: String,
    /// Its value as text; `<not saved>` or `<unavailable>` where it is not known.
    pub value: String,
    /// Why it cannot be read.
    pub error: Option<String>,
}

/// The names in gdb's order: those of the stub, then those made of parts of them. Roles (`pc`, `sp`) are no registers.
fn names(layout: &RegisterLayout) -> Vec<String> {
    let is_role = |name: &str| matches!(name, "fp" | "pc" | "sp" | "ps") && layout.index_of(name).is_none();
    layout.names().into_iter().filter(|name| !is_role(name)).collect()
}

fn names_of(program: &Program) -> Result<Vec<String>, Error> {
    let registers = program.registers().ok_or(kdive_program::Error::NoRegisters)?;
    Ok(names(registers.layout()))
}

/// A register as the selected frame has it; an error is its reason.
fn value_of(program: &Program, name: &str) -> Option<Result<Value, String>> {
    let value = program.register(name)?;
    Some(value.map_err(|error| error.to_string()).and_then(|value| match tree::read(program, value) {
        (value, None) => Ok(value),
        (_, Some(error)) => Err(error),
    }))
}

impl Engine {
    /// The registers there are, in gdb's order.
    ///
    /// # Errors
    /// No target.
    pub fn registers(&self) -> Result<Vec<RegisterInfo>, Error> {
        let registers = self.program().registers().ok_or(kdive_program::Error::NoRegisters)?;
        let layout = registers.layout();
        let members = |group| -> Vec<String> {
            layout.group(group).into_iter().map(|register| register.name).collect()
        };
        let groups = [
            (RegisterGroup::General, members(Group::General)),
            (RegisterGroup::Float, members(Group::Float)),
            (RegisterGroup::Vector, [members(Group::Vector), members(Group::Sse)].concat()),
            (RegisterGroup::System, members(Group::System)),
        ];
        let of = |name: &String| {
            let found = groups.iter().find(|(_, members)| members.contains(name));
            found.map_or(RegisterGroup::Part, |(group, _)| *group)
        };
        let all = names(layout).into_iter().enumerate();
        Ok(all
            .map(|(number, name)| RegisterInfo {
                number,
                group: of(&name),
                size: layout.lookup(&name).map_or(0, |register| register.size()),
                name,
            })
            .collect())
    }

    /// The values of registers as a frame has them, of all or of those with these numbers.
    ///
    /// # Errors
    /// No target, a frame there is not, a number that no register has.
    pub fn register_values(
        &mut self,
        scope: &Scope,
        numbers: Option<&[usize]>,
        format: ValueFormat,
    ) -> Result<Vec<RegisterValue>, Error> {
        self.in_scope(scope, |engine| {
            let program = engine.program();
            let names = names_of(program)?;
            let all: Vec<usize> = (0..names.len()).collect();
            let mut values = Vec::new();
            for &number in numbers.unwrap_or(&all) {
                if engine.interrupt_is_raised() {
                    return Err(Error::Interrupted);
                }
                let name = names.get(number).ok_or_else(|| Error::NoRegister(number.to_string()))?;
                let value = value_of(program, name).unwrap_or_else(|| Err("unknown".to_owned()));
                let text = value.and_then(|value| tree::text(program, &value, format));
                let (value, error) = match text {
                    Ok(text) => (text, None),
                    Err(error) => (String::new(), Some(error)),
                };
                values.push(RegisterValue { number, name: name.clone(), value, error });
            }
            Ok(values)
        })
    }

    /// Registers of a group as variables, which can be opened and set.
    ///
    /// # Errors
    /// As [`Engine::register_values`].
    pub fn register_variables(
        &mut self,
        scope: &Scope,
        group: RegisterGroup,
    ) -> Result<Vec<NamedVariable>, Error> {
        let members = self.registers()?.into_iter().filter(|register| register.group == group);
        let mut found = Vec::new();
        for (index, register) in members.enumerate() {
            let id = self.evaluate(scope, &format!("${}", register.name))?;
            let name = register.name;
            found.push(NamedVariable { id, name, is_argument: false, is_anonymous: false, index });
        }
        Ok(found)
    }

    /// The numbers of the registers that have another value in a frame than when this was asked last; at first all.
    ///
    /// # Errors
    /// As [`Engine::register_values`].
    pub fn changed_registers(&mut self, scope: &Scope) -> Result<Vec<usize>, Error> {
        self.in_scope(scope, |engine| {
            let program = engine.program();
            let bytes = |name: &String| {
                let value = value_of(program, name)?.ok()?;
                let contents = value.contents(program).ok()?;
                let is_whole = contents.entirely_missing() != Some(Missing::Unavailable);
                is_whole.then(|| contents.bytes().to_vec())
            };
            let now: Vec<Option<Vec<u8>>> = names_of(program)?.iter().map(bytes).collect();
            let before = std::mem::replace(&mut engine.seen_registers, now);
            let now = &engine.seen_registers;
            let is_other = |number: &usize| before.get(*number) != now.get(*number);
            Ok((0..now.len()).filter(is_other).collect())
        })
    }

    /// Sets a register as a frame has it to the value of an expression.
    ///
    /// # Errors
    /// As [`Engine::register_values`]; what is wrong with the expression.
    pub fn set_register(&mut self, scope: &Scope, name: &str, text: &str) -> Result<(), Error> {
        let bare = name.trim_start_matches('$');
        if !names_of(self.program())?.iter().any(|known| known == bare)
            && !matches!(bare, "pc" | "sp" | "fp" | "ps")
        {
            return Err(Error::NoRegister(bare.to_owned()));
        }
        let id = self.evaluate(scope, &format!("${bare}"))?;
        let result = self.set_variable(id, text);
        self.release(id);
        result
    }

    pub(crate) fn interrupt_is_raised(&self) -> bool {
        self.program().interrupt.is_raised()
    }
}
