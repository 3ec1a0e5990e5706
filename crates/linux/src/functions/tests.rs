//! The functions on small kernels made of C.

use super::add_functions;
use crate::LinuxLayer;
use crate::testing::{image, image_with};
use kdive_expr::print::value_text;
use kdive_expr::{Context, Expr};
use kdive_program::Program;

fn kernel(mut program: Program) -> Program {
    program.set_os(Some(Box::new(LinuxLayer::new())));
    add_functions(&program);
    program
}

#[track_caller]
fn check(program: &Program, text: &str, expected: &str) {
    let value = Expr::parse(text, program).and_then(|expr| expr.evaluate(program));
    let answer = match value.and_then(|value| value_text(program, &value, &program.options.print)) {
        Ok(text) => text,
        Err(error) => error.to_string(),
    };
    assert_eq!(answer, expected, "{text}");
}

/// Per-CPU symbols at `base`, the copies of two CPUs at 0x600000 and 0x600100.
fn with_per_cpu(base: u64) -> Program {
    let first = 0x60_0000 - base;
    let source = format!(
        r#"
        #define PER_CPU __attribute__((section(".data..percpu")))
        struct rq {{ int cpu; int nr_running; }};
        PER_CPU struct rq runqueues = {{ -1, -2 }};
        PER_CPU int plain = 7;
        struct area {{ struct rq rq; int plain; char pad[244]; }};
        __attribute__((section("area"))) struct area copies[2] = {{ {{ {{ 0, 10 }}, 70 }}, {{ {{ 1, 11 }}, 71 }} }};
        unsigned long __per_cpu_offset[4] = {{ {first}, {first} + 256 }};
        unsigned int nr_cpu_ids = 2;
        struct cpumask {{ unsigned long bits[1]; }} __cpu_online_mask = {{ {{ 3 }} }};
        int other = 5, *dynamic = (int *)({base}UL + 8);
        "#
    );
    let sections = format!(".data..percpu {base:#x} : {{ *(.data..percpu) }} area 0x600000 : {{ *(area) }}");
    kernel(image_with(&source, &sections))
}

fn has_copies(program: &Program) {
    check(program, "runqueues@cpu(0)", "{cpu = 0, nr_running = 10}");
    check(program, "runqueues@cpu(1).nr_running", "11");
    check(program, "plain@cpu(0) + plain@cpu(1)", "141");
    check(program, "&runqueues@cpu(1)", "0x600100 <copies+256>");
    check(program, "*dynamic@cpu(1)", "71");
    check(program, "$lx_per_cpu(\"runqueues\", 1).cpu", "1");
    check(program, "$lx_per_cpu(runqueues, 1).cpu", "1");
    check(program, "$lx_per_cpu_ptr(&runqueues, 1)->nr_running", "11");
    check(program, "sizeof($lx_per_cpu(runqueues, 1))", "8");
    check(
        program,
        "runqueues@cpu(2)",
        "runqueues is a per-CPU variable, and the kernel counts 2 CPUs, none of them 2",
    );
    check(
        program,
        "other@cpu(0)",
        "Before @cpu and @all there has to be a per-CPU variable, or a pointer to something per-CPU.",
    );
    let each = Expr::parse("runqueues@all.nr_running", program).unwrap();
    let of = |cpu| {
        each.evaluate_each(program, cpu).and_then(|value| value_text(program, &value, &program.options.print))
    };
    let cpus = program.online_cpus().unwrap();
    let values: Vec<_> = cpus.into_iter().map(|cpu| (cpu, of(cpu).unwrap())).collect();
    assert_eq!(values, [(0, "10".to_owned()), (1, "11".to_owned())]);
    // A file has no selected CPU.
    check(program, "runqueues", "{cpu = -1, nr_running = -2}");
    assert_eq!(program.take_copies(), None);
}

#[test]
fn per_cpu_symbols_that_count_from_zero() {
    has_copies(&with_per_cpu(0));
}

#[test]
fn per_cpu_symbols_in_the_image() {
    has_copies(&with_per_cpu(0x50_0000));
}

#[test]
fn without_smp_there_is_one_copy() {
    let program = kernel(image("struct rq { int cpu; } runqueues = { 3 };"));
    check(&program, "runqueues.cpu", "3");
    check(&program, "$lx_per_cpu(\"runqueues\", 0).cpu", "3");
    assert_eq!(program.online_cpus(), Ok(vec![0]));
}

const TYPES: &str = r#"
    struct list_head { struct list_head *next, *prev; };
    struct hlist_node { struct hlist_node *next, **pprev; };
    struct hlist_head { struct hlist_node *first; };
    struct hlist_bl_node { struct hlist_bl_node *next, **pprev; };
    struct hlist_bl_head { struct hlist_bl_node *first; };
    struct rb_node { unsigned long __rb_parent_color; struct rb_node *rb_right, *rb_left; };
    struct rb_root { struct rb_node *rb_node; };
    struct xarray { void *xa_head; };
    struct xa_node { unsigned char shift, offset; void *slots[64]; };
    struct idr { struct xarray idr_rt; int idr_base; };
    #define offsetof __builtin_offsetof
"#;

#[test]
fn lists_become_arrays() {
    let program = kernel(image(&format!(
        r#"{TYPES}
        struct item {{ int key; struct list_head links[2]; struct hlist_node hash; struct {{ struct hlist_bl_node bl; }} in; }};
        extern struct item items[3];
        struct list_head head = {{ &items[0].links[1] }}, fresh, empty = {{ &empty, &empty }};
        struct hlist_head table[3] = {{ {{ &items[2].hash }}, {{ 0 }}, {{ &items[0].hash }} }};
        struct hlist_bl_head locked = {{ (void *)&items[1].in.bl + 1 }};
        struct item items[3] = {{
            {{ 10, {{ {{ 0 }}, {{ &items[1].links[1] }} }} }},
            {{ 20, {{ {{ 0 }}, {{ &head }} }} }},
            {{ 30, {{ {{ 0 }}, {{ &items[2].links[1] }} }}, {{ &items[1].hash }} }},
        }};
        "#
    )));
    check(&program, "$count($list(head, struct item, links[1]))", "2");
    check(&program, "$list(head, struct item, links[1])[1]->key", "20");
    check(&program, "$list(&head, \"struct item\", \"links[1]\")[0]->key", "10");
    check(&program, "list(head, struct item, links[1])[1] == &items[1]", "1");
    check(&program, "$list(empty, struct item, links[1])", "{}");
    let fresh = program.modules.symbols_named("fresh")[0].addr;
    let error = format!("list at {fresh}: next is NULL: not initialised yet, or overwritten");
    check(&program, "$list(fresh)", &error);
    check(&program, "$count($hlist(table, struct item))", "3");
    check(&program, "$hlist(table, struct item)[1]->key", "20");
    check(&program, "$hlist(table[2], struct item, hash)[0]->key", "10");
    check(&program, "$hlist(locked, struct item, in.bl)[0]->key", "20");
    check(
        &program,
        "$list(head, struct item, in)[0] == $list(head, struct item)",
        "struct item has no struct list_head of its own: name the member, as in $list(HEAD, TYPE, MEMBER).",
    );
    check(&program, "$list(head, struct item, nothing)", "struct item has no member named nothing.");
    check(&program, "$list(head, struct item, key[1])", "key[1] is no element of an array.");
    check(
        &program,
        "$list(items[0], struct item, links[1])",
        "$list takes a struct list_head, not struct item.",
    );
    check(&program, "$container_of(&items[1].in.bl, struct item, in.bl)->key", "20");
    check(&program, "$container_of(&items[1].in.bl, \"struct item\", \"in.bl\")->key", "20");
    check(&program, "$count(items) + sizeof($container_of(0, struct item, key))", "11");
}

#[test]
fn an_array_of_damaged_heads_is_given_up() {
    let program = kernel(image(&format!(
        r#"{TYPES}
        extern struct list_head heads[1000], loop[2];
        struct list_head node = {{ &heads[0], &heads[0] }};
        struct list_head heads[1000] = {{ {{ &node }}, [1 ... 999] = {{ &loop[0] }} }};
        struct list_head loop[2] = {{ {{ &loop[1] }}, {{ &loop[0] }} }};
        "#
    )));
    // One sane list, then two nodes of each damaged one that was walked.
    check(&program, "$count($list(heads))", "17");
    let warnings = program.take_warnings();
    assert_eq!(warnings.len(), 8);
    assert!(warnings[0].starts_with("$list ends after 3 of them: list at 0x"), "{warnings:?}");
    program.interrupt.raise();
    check(&program, "$count($list(heads))", "Quit");
}

#[test]
fn a_red_black_tree_in_steps() {
    // 2 above 1 and 3; the colour is in the lowest bit.
    let program = kernel(image(&format!(
        r#"{TYPES}
        extern struct rb_node n[4];
        struct rb_root root = {{ &n[2] }}, empty;
        struct rb_node n[4] = {{
            {{ (unsigned long)&n[0] }},
            {{ (unsigned long)&n[2] + 1 }},
            {{ 1, &n[3], &n[1] }},
            {{ (unsigned long)&n[2] }},
        }};
        "#
    )));
    check(&program, "$lx_rb_first(&root) - n", "1");
    check(&program, "$lx_rb_last(root) - n", "3");
    check(&program, "$lx_rb_next($lx_rb_first(&root)) - n", "2");
    check(&program, "$lx_rb_next($lx_rb_next($lx_rb_first(&root))) - n", "3");
    check(&program, "$lx_rb_next(n[3])", "No entry in tree");
    check(&program, "$lx_rb_prev(&n[3]) - n", "2");
    check(&program, "$lx_rb_prev(&n[1])", "No entry in tree");
    check(&program, "$lx_rb_next(&n[0])", "No entry in tree");
    check(&program, "$lx_rb_first(&empty)", "No entry in tree");
    check(&program, "$count($rb(root))", "3");
}

#[test]
fn an_index_is_looked_up() {
    // Index 1 is the value 21; 64 to 67 are one entry over four slots.
    let program = kernel(image(&format!(
        r#"{TYPES}
        int a, b;
        struct xa_node low = {{ 0, 0, {{ &a, (void *)43 }} }};
        struct xa_node high = {{ 0, 1, {{ &b, (void *)2, (void *)2, (void *)2 }} }};
        struct xa_node top = {{ 6, 0, {{ (char *)&low + 2, (char *)&high + 2 }} }};
        struct xarray tree = {{ (char *)&top + 2 }}, single = {{ &a }}, empty;
        struct idr idr = {{ {{ (char *)&low + 2 }}, 0 }};
        struct xa_node bad = {{ 6, 0, {{ (char *)&bad + 2 }} }};
        struct xarray cyclic = {{ (char *)&bad + 2 }};
        "#
    )));
    check(&program, "$lx_radix_tree_lookup(tree, 0) == &a", "1");
    check(&program, "(long)$lx_radix_tree_lookup(&tree, 1)", "43");
    for index in ["64", "65", "67"] {
        check(&program, &format!("$lx_radix_tree_lookup(&tree, {index}) == &b"), "1");
    }
    for index in [2u64, 68, 4096, u64::MAX] {
        let error = format!("No entry in tree at index {index}");
        check(&program, &format!("$lx_radix_tree_lookup(&tree, {index}UL)"), &error);
    }
    check(&program, "$lx_radix_tree_lookup(&single) == &a", "1");
    check(&program, "$lx_radix_tree_lookup(&single, 1)", "No entry in tree at index 1");
    check(&program, "$lx_radix_tree_lookup(&empty)", "No entry in tree at index 0");
    check(&program, "$count($xa(tree, int))", "3");
    check(&program, "$idr(idr, int)[0] == &a", "1");
    let value = Expr::parse("$lx_radix_tree_lookup(&cyclic, 0)", &program).unwrap().evaluate(&program);
    assert!(value.unwrap_err().to_string().ends_with(": its shift is 6"));
}

/// Before 4.20: bit 0 marks nodes, bit 1 numbers, and what stands in several slots is pointed to by the others.
#[test]
fn an_index_of_an_old_radix_tree() {
    let program = kernel(image(
        r#"
        struct radix_tree_node { unsigned char shift, offset; void *slots[64]; };
        struct radix_tree_root { unsigned gfp_mask; struct radix_tree_node *rnode; };
        struct idr { struct radix_tree_root idr_rt; };
        int a, b;
        struct radix_tree_node low = { 0, 0, { &a, (void *)42 } };
        struct radix_tree_node high = { 0, 1, { &b, (char *)&high.slots[0] + 1, (void *)1 } };
        struct radix_tree_node top = { 6, 0, { (char *)&low + 1, (char *)&high + 1 } };
        struct radix_tree_root tree = { 0, (void *)&top + 1 }, single = { 0, (void *)&a };
        struct idr idr = { { 0, (void *)&low + 1 } };
        "#,
    ));
    check(&program, "$lx_radix_tree_lookup(tree, 0) == &a", "1");
    check(&program, "(long)$lx_radix_tree_lookup(tree, 1)", "42");
    check(&program, "$lx_radix_tree_lookup(&tree, 64) == &b", "1");
    check(&program, "$lx_radix_tree_lookup(&tree, 65) == &b", "1");
    check(&program, "$lx_radix_tree_lookup(&tree, 66)", "No entry in tree at index 66");
    check(&program, "$lx_radix_tree_lookup(&single) == &a", "1");
    check(&program, "$count($xa(tree))", "3");
    check(&program, "$idr(idr, int)[0] == &a", "1");
}

#[test]
fn clocks_by_name() {
    let program = kernel(image(&format!(
        r#"{TYPES}
        struct clk_core {{ const char *name; struct hlist_head children; struct hlist_node child_node; }};
        extern struct clk_core osc, pll, lost;
        struct hlist_head clk_root_list = {{ &osc.child_node }}, clk_orphan_list = {{ &lost.child_node }};
        struct clk_core osc = {{ "osc", {{ &pll.child_node }} }}, pll = {{ "pll" }};
        /* A clock that is its own child. */
        struct clk_core lost = {{ "lost", {{ &lost.child_node }} }};
        "#
    )));
    check(&program, "$lx_clk_core_lookup(\"pll\") == &pll", "1");
    check(&program, "$lx_clk_core_lookup(\"osc\") == &osc", "1");
    check(&program, "$lx_clk_core_lookup(\"lost\") == &lost", "1");
    let error =
        Expr::parse("$lx_clk_core_lookup(\"none\")", &program).unwrap().evaluate(&program).unwrap_err();
    assert!(error.to_string().ends_with(": it leads back into itself"), "{error}");
}
