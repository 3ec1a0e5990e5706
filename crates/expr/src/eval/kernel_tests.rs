//! What expressions can do beyond gdb's: per-CPU variables, functions with types and members as arguments.

use crate::context::{Argument, Context, Function, Symbol, SymbolClass};
use crate::fake::{Fake, kitchen};
use crate::print::value_text;
use crate::{Expr, Result};
use kdive_types::{Encoding, Type, Value};
use std::sync::Arc;

/// The copies of `garr[0]` of two CPUs are `garr[0]` and `garr[1]`.
fn fake() -> Fake {
    let mut fake = kitchen();
    fake.per_cpu = Some(("garr", 4));
    fake.functions.insert("pick", Arc::new(Pick));
    fake
}

fn ask(fake: &Fake, text: &str) -> String {
    let value = Expr::parse(text, fake).and_then(|expr| expr.evaluate(fake));
    match value.and_then(|value| value_text(fake, &value, &fake.print_options())) {
        Ok(text) => text,
        Err(error) => error.to_string(),
    }
}

/// `$pick(ARRAY, TYPE, MEMBER)`: what it was given, as an array of three ints: size of the type, length of the member's name,
/// address of the array.
struct Pick;

impl Function for Pick {
    fn call(&self, context: &dyn Context, args: &[Value]) -> Result<Value> {
        let mut words = Vec::new();
        words.extend((args[1].ty().size().unwrap() as u32).to_le_bytes());
        words.extend((args[2].bytes(context)?.len() as u32 - 1).to_le_bytes());
        words.extend((args[0].address().unwrap().0 as u32).to_le_bytes());
        let int = Type::base("int", 4, Encoding::Signed);
        Ok(Value::from_bytes(int.array_of(Some(3)), words))
    }

    fn argument(&self, position: usize) -> Argument {
        [Argument::Value, Argument::Type, Argument::Member].get(position).copied().unwrap_or(Argument::Value)
    }

    fn is_plain(&self) -> bool {
        true
    }

    fn takes_templates(&self) -> bool {
        true
    }

    fn result_type(&self, _: &dyn Context, args: &[Value]) -> Result<Option<Type>> {
        Ok(args.get(1).map(|ty| ty.ty().pointer_to()))
    }
}

#[test]
fn a_per_cpu_variable_is_that_of_a_cpu() {
    let fake = fake();
    for n in 0..4u32 {
        ask(&fake, &format!("*((int *)&garr[0]@cpu(0) + {n}) = {}", 100 + n));
    }
    let at = |text: &str| ask(&fake, text);
    assert_eq!(at("garr[0]"), "101");
    assert_eq!(at("garr@cpu(0)[0]"), "100");
    assert_eq!(at("garr[0]@cpu(1)"), "101");
    assert_eq!(at("garr @ cpu ( 1 ) [1] + 1"), "103");
    assert_eq!(at("&garr@cpu(1)[1] - &garr@cpu(0)[1]"), "1");
    assert_eq!(at("&garr == &garr@cpu(1)"), "1");
    assert_eq!(at("garr@cpu(0)[0]@2"), "{100, 101}");
    assert_eq!(at("sizeof(garr@cpu(0)[0])"), "4");
    assert_eq!(at("garr@cpu(2)[0]"), "no CPU 2");
    assert_eq!(at("garr@cpu(-1)[0]"), "There is no CPU -1.");
    assert!(at("gs@cpu(0)").starts_with("Before @cpu and @all there has to be a per-CPU variable"));
    assert!(at("garr@all[0]").starts_with("@all has an answer for each CPU"));
    // A pointer that is no part of a per-CPU variable is itself moved.
    assert_eq!(at("((int *)16)@cpu(1)"), "0x14");
    let each = Expr::parse("garr@all[0] + 1", &fake).unwrap();
    assert!(each.is_for_each_cpu() && !Expr::parse("garr[0]@3", &fake).unwrap().is_for_each_cpu());
    for (cpu, expected) in [(0, 101), (1, 102)] {
        let value = each.evaluate_each(&fake, cpu).unwrap();
        assert_eq!(value_text(&fake, &value, &fake.print_options()).unwrap(), expected.to_string());
    }
    // A watched expression stays with the CPU it was made for.
    let pinned = Expr::parse("garr[0]", &fake).unwrap().on(crate::Cpu::Number(0));
    assert_eq!(pinned.evaluate_int(&fake).unwrap(), 100);
}

#[test]
fn an_at_sign_before_names_of_the_program_is_that_of_gdb() {
    let fake = fake();
    // There is neither an `all` nor a `cpu`: nothing else can be meant. Other names are counts.
    assert_eq!(ask(&fake, "gs.x@cpu"), "No symbol \"cpu\" in current context.");
    assert_eq!(ask(&fake, "gs.x@allow"), "No symbol \"allow\" in current context.");
    assert_eq!(ask(&fake, "@all"), "A syntax error in expression, near `@all'.");
    assert_eq!(ask(&fake, "garr@cpu(1"), "A syntax error in expression, near `'.");
    // Kernels have an enumerator `all`: it is one but for a per-CPU variable, and where a number cannot stand.
    let mut fake = fake;
    let int = Type::base("int", 4, Encoding::Signed);
    fake.constants.push(Symbol {
        name: "all".into(),
        class: SymbolClass::Constant(Value::from_bytes(int.clone(), vec![2, 0, 0, 0])),
        ty: int,
        handle: None,
    });
    assert_eq!(ask(&fake, "sizeof(gs.arr[0]@all)"), "8");
    assert_eq!(ask(&fake, "sizeof(gs.arr[0] @ all + 1)"), "12");
    let each = |text: &str| Expr::parse(text, &fake).unwrap().is_for_each_cpu();
    assert!(each("garr@all[0]") && each("garr[0]@all") && each("&garr@all") && each("sp@all->x"));
    assert!(!each("sp@all") && !each("gs.arr@all"));
}

#[test]
fn own_functions_take_types_and_members() {
    let fake = fake();
    let garr = ask(&fake, "(int)&garr@cpu(0)");
    let expected = |size: u32, len: u32| format!("{{{size}, {len}, {garr}}}");
    let struct_s: u32 = ask(&fake, "sizeof(struct s)").parse().unwrap();
    assert_eq!(ask(&fake, "$pick(garr, struct s, in)"), expected(struct_s, 2));
    assert_eq!(ask(&fake, "$pick(garr, int *, in . a [ 3 ] . b )"), expected(8, 16));
    assert_eq!(ask(&fake, "pick(garr, char, \"x\")[1]"), "1");
    assert_eq!(ask(&fake, "pick(garr, typeof(gs), nothing)[0]"), struct_s.to_string());
    assert_eq!(ask(&fake, "pick"), "No symbol \"pick\" in current context.");
    // Scripts may have a variable of that name.
    assert_eq!(ask(&fake, "$pick"), "void");
    assert_eq!(ask(&fake, "($pick = 3) + $pick + $pick(garr, char, abc)[0]"), "7");
    assert_eq!(ask(&fake, "$pick(garr, struct s, in"), "A syntax error in expression, near `'.");
    assert_eq!(ask(&fake, "$pick(garr, struct s, 5)"), "A syntax error in expression, near `5)'.");
    assert_eq!(ask(&fake, "sizeof(*$pick(garr, struct s, in))"), struct_s.to_string());
    let ty = Expr::parse("$pick(garr, struct s, in)", &fake).unwrap().type_of(&fake).unwrap();
    assert_eq!(ty.declaration(""), "struct s *");
}

#[test]
fn an_array_of_the_debugger_can_be_sliced() {
    let fake = fake();
    assert_eq!(ask(&fake, "$pick(garr, char, abc)[0]@2"), "{1, 3}");
    assert_eq!(ask(&fake, "$pick(garr, char, abc)[1]@3"), "The array has only 3 elements.");
    assert_eq!(ask(&fake, "$pick(garr, char, abc)[-1]@2"), "The array has only 3 elements.");
    assert_eq!(ask(&fake, "$pick(garr, char, abc)[1]@0"), "Invalid number 0 of repetitions.");
    assert_eq!(ask(&fake, "$pick(garr, char, abc)[3]"), "no such vector element");
    assert_eq!(ask(&fake, "($kept = $pick(garr, char, abc))[1]"), "3");
    assert_eq!(ask(&fake, "$kept[0]@2"), "{1, 3}");
}
