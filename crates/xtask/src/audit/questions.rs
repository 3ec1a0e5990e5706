//! What the debuggers are asked: for each kind of question, commands about a random sample of what a file holds.

use std::collections::{BTreeMap, BTreeSet};

use super::inventory::{Inventory, Variable};
use super::random::Random;

/// A kind of question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Addresses of code: symbol, line, function.
    Addresses,
    /// Breakpoints on functions, inlined ones too.
    Functions,
    /// Breakpoints on lines, some of them without code.
    Lines,
    /// Layouts of structures and unions.
    Layouts,
    /// Enumerations and type definitions.
    Names,
    /// Variables with static storage.
    Values,
    /// Where the variables of a place are.
    Locals,
    /// The frames at a place, with values, on a guest whose program counter is put there.
    Frames,
}

impl Kind {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Addresses,
        Self::Functions,
        Self::Lines,
        Self::Layouts,
        Self::Names,
        Self::Values,
        Self::Locals,
        Self::Frames,
    ];

    /// Its name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Addresses => "addresses",
            Self::Functions => "functions",
            Self::Lines => "lines",
            Self::Layouts => "layouts",
            Self::Names => "names",
            Self::Values => "values",
            Self::Locals => "locals",
            Self::Frames => "frames",
        }
    }

    /// The kind of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// What is asked, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Addresses => "`info symbol A`, `info line *A`, `list *A`",
            Self::Functions => "`break F` and its locations, `info line F`, `info address F`",
            Self::Lines => "`break FILE:LINE` and its locations, `info line FILE:LINE`",
            Self::Layouts => "`ptype/o struct S`, every struct and union",
            Self::Names => "`whatis`, `ptype` and `sizeof` of enumerations and typedefs",
            Self::Values => "`print V`, `print/x V`, `print &V`, `whatis V`, `print sizeof(V)`",
            Self::Locals => "`info scope *A`",
            Self::Frames => "`set $pc = A`, `backtrace 5`, `info frame`, `info locals`, `info address L`",
        }
    }

    /// How many are asked for when nothing else is said; every struct and union of a file is compared.
    pub fn count(self) -> usize {
        match self {
            Self::Addresses => 2000,
            Self::Functions | Self::Lines => 1000,
            Self::Layouts => usize::MAX,
            Self::Names | Self::Values => 500,
            Self::Locals | Self::Frames => 300,
        }
    }
}

/// Commands that belong together.
pub type Question = Vec<String>;

/// `count` questions of `kind` about `inventory`, or as many as there are.
pub fn questions(kind: Kind, inventory: &Inventory, count: usize, seed: u64) -> Vec<Question> {
    let mut random = Random::new(seed, kind.name());
    match kind {
        Kind::Addresses => addresses(inventory, count, &mut random)
            .into_iter()
            .map(|a| {
                vec![format!("info symbol {a:#x}"), format!("info line *{a:#x}"), format!("list *{a:#x}")]
            })
            .collect(),
        Kind::Functions => functions(inventory, count, &mut random),
        Kind::Lines => lines(inventory, count, &mut random),
        Kind::Layouts => types(inventory, count, &mut random, |name| {
            let kept = name.starts_with("struct ") || name.starts_with("union ");
            kept.then(|| vec![format!("ptype/o {name}")])
        }),
        Kind::Names => types(inventory, count, &mut random, |name| {
            let kept = !name.starts_with("struct ") && !name.starts_with("union ");
            kept.then(|| {
                vec![format!("whatis {name}"), format!("ptype {name}"), format!("print sizeof({name})")]
            })
        }),
        Kind::Values => values(inventory, count, &mut random),
        Kind::Locals => places(inventory, count, &mut random)
            .into_iter()
            .map(|(address, _)| vec![format!("info scope *{address:#x}")])
            .collect(),
        Kind::Frames => places(inventory, count, &mut random)
            .into_iter()
            .map(|(address, local)| {
                let mut commands = vec![
                    format!("set var $pc = {address:#x}"),
                    "backtrace 5".to_owned(),
                    "info frame".to_owned(),
                    "info locals".to_owned(),
                ];
                commands.extend(local.map(|local| format!("info address {local}")));
                commands
            })
            .collect(),
    }
}

/// Addresses within symbols of code: each symbol is as likely as the next, whatever its size.
fn addresses(inventory: &Inventory, count: usize, random: &mut Random) -> BTreeSet<u64> {
    let mut addresses = BTreeSet::new();
    let bytes: u64 = inventory.text.iter().map(|text| text.size).sum();
    let wanted = count.min(usize::try_from(bytes / 2).unwrap_or(usize::MAX));
    while addresses.len() < wanted {
        let Some(text) = random.choose(&inventory.text) else { break };
        addresses.insert(text.address + random.below(text.size));
    }
    addresses
}

/// Addresses within functions, each with one of the function's variables, if it has any.
fn places(inventory: &Inventory, count: usize, random: &mut Random) -> Vec<(u64, Option<String>)> {
    let mut places = Vec::new();
    for _ in 0..count {
        let Some(function) = random.choose(&inventory.functions) else { break };
        let address = function.low + random.below(function.high - function.low);
        places.push((address, random.choose(&function.locals).cloned()));
    }
    places
}

/// Four fifths functions with code of their own, one fifth functions of which there are inlined copies.
///
/// `break` and `info line` name all functions of a name, `info address` one: which one of several it is in gdb depends on
/// the units it has read, so it is asked only about names that are unique.
fn functions(inventory: &Inventory, count: usize, random: &mut Random) -> Vec<Question> {
    let uses = uses(inventory.functions.iter().map(|function| function.name.as_str()));
    let functions: BTreeSet<&str> =
        inventory.functions.iter().map(|function| function.name.as_str()).collect();
    let inlined: Vec<&str> =
        inventory.inlined.iter().map(String::as_str).filter(|name| !functions.contains(name)).collect();
    let functions: Vec<&str> = functions.into_iter().collect();
    let fifth = (count / 5).min(inlined.len());
    let mut names: Vec<&str> = random.sample(&functions, count - fifth).into_iter().copied().collect();
    names.extend(random.sample(&inlined, fifth));
    names
        .into_iter()
        .map(|name| {
            let mut question = vec![
                format!("break {name}"),
                "info breakpoints".to_owned(),
                "delete".to_owned(),
                format!("info line {name}"),
            ];
            if uses.get(name) == Some(&1) {
                question.push(format!("info address {name}"));
            }
            question
        })
        .collect()
}

/// How often each name occurs.
fn uses<'a>(names: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, usize> {
    let mut uses = BTreeMap::new();
    for name in names {
        *uses.entry(name).or_default() += 1;
    }
    uses
}

fn lines(inventory: &Inventory, count: usize, random: &mut Random) -> Vec<Question> {
    let mut questions = Vec::new();
    for (file, line) in random.sample(&inventory.lines, count) {
        // One in eight is some lines further on, where there may be no code.
        let line = if random.below(8) == 0 { line + 1 + random.below(6) } else { *line };
        questions.push(vec![
            format!("break {file}:{line}"),
            "info breakpoints".to_owned(),
            "delete".to_owned(),
            format!("info line {file}:{line}"),
        ]);
    }
    questions
}

/// Types whose name means one thing are asked about as they are. Where a name has several definitions, which of
/// them a debugger finds depends on what it read before; so each is asked about from a function of its unit, and
/// left out if there is none.
fn types(
    inventory: &Inventory,
    count: usize,
    random: &mut Random,
    ask: impl Fn(&str) -> Option<Question>,
) -> Vec<Question> {
    // A function whose name is that of several is no way to say which unit is meant.
    let uses = uses(inventory.functions.iter().map(|function| function.name.as_str()));
    let mut all = Vec::new();
    for (name, definitions) in &inventory.types {
        let Some(question) = ask(name) else { continue };
        if definitions.len() == 1 {
            all.push(question);
            continue;
        }
        for definition in definitions {
            let from = definition.from.as_deref().filter(|from| uses.get(from) == Some(&1));
            if let Some(from) = from {
                let mut pinned = vec![format!("list {from}")];
                pinned.extend(question.iter().cloned());
                all.push(pinned);
            }
        }
    }
    random.sample(&all, count).into_iter().cloned().collect()
}

/// Variables; those whose name is that of several are named with their unit.
fn values(inventory: &Inventory, count: usize, random: &mut Random) -> Vec<Question> {
    let variables = inventory.variables.iter().map(|variable| variable.name.as_str());
    let uses = uses(variables.chain(inventory.functions.iter().map(|function| function.name.as_str())));
    let mut questions = Vec::new();
    for variable in random.sample(&inventory.variables, count) {
        let Variable { name, unit, external } = variable;
        let several = !external && uses.get(name.as_str()).is_some_and(|uses| *uses > 1);
        let name = if several { format!("'{unit}'::{name}") } else { name.clone() };
        questions.push(vec![
            format!("whatis {name}"),
            format!("print {name}"),
            format!("print/x {name}"),
            format!("print &{name}"),
            format!("print sizeof({name})"),
            format!("info symbol &{name}"),
        ]);
    }
    questions
}

#[cfg(test)]
mod tests {
    use super::super::inventory::{Function, Text};
    use super::*;

    fn function(name: &str, low: u64) -> Function {
        Function { name: name.to_owned(), low, high: low + 16, locals: vec!["i".to_owned()] }
    }

    fn inventory() -> Inventory {
        let variable = |name: &str, unit: &str, external| Variable {
            name: name.to_owned(),
            unit: unit.to_owned(),
            external,
        };
        Inventory {
            text: vec![Text { name: "f".to_owned(), address: 0x1000, size: 16 }],
            functions: vec![function("f", 0x1000), function("g", 0x2000)],
            inlined: BTreeSet::from(["f".to_owned(), "h".to_owned()]),
            lines: (1..100).map(|line| ("a.c".to_owned(), line)).collect(),
            variables: vec![
                variable("once", "a.c", true),
                variable("two", "a.c", false),
                variable("two", "b.c", false),
            ],
            ..Inventory::default()
        }
    }

    #[test]
    fn addresses_lie_within_symbols() {
        let questions = questions(Kind::Addresses, &inventory(), 5, 1);
        assert_eq!(questions.len(), 5);
        for question in questions {
            let address = question[0].strip_prefix("info symbol 0x").unwrap();
            assert!((0x1000..0x1010).contains(&u64::from_str_radix(address, 16).unwrap()));
        }
    }

    #[test]
    fn inlined_functions_are_those_without_code_of_their_own() {
        let questions = questions(Kind::Functions, &inventory(), 10, 1);
        let names: Vec<&str> = questions.iter().map(|question| question[0].as_str()).collect();
        assert_eq!(names, ["break f", "break g", "break h"]);
    }

    #[test]
    fn variables_of_one_name_are_told_apart_by_their_unit() {
        let questions = questions(Kind::Values, &inventory(), 10, 1);
        let names: Vec<&str> = questions.iter().map(|question| question[0].as_str()).collect();
        assert_eq!(names, ["whatis once", "whatis 'a.c'::two", "whatis 'b.c'::two"]);
    }

    #[test]
    fn every_kind_has_a_name_of_its_own() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.name()), Some(*kind));
        }
        assert_eq!(Kind::parse("lies"), None);
    }
}
