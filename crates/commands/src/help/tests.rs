//! That what somebody looks for is found.

use crate::spec::Class;
use crate::table::TABLE;
use crate::tests::harness::Bench;

#[test]
fn troubles_lead_to_commands() {
    let mut bench = Bench::full();
    for (trouble, commands) in [
        ("deadlock", &["locks", "waitq", "info tasks", "catch hung"][..]),
        ("oops", &["analyze", "catch oops", "decode", "lx-dmesg"]),
        ("memory leak", &["kmem", "lx-slabinfo", "lx-vmallocinfo"]),
        ("memory corruption", &["watch", "chkimg", "lx-list-check", "address"]),
        ("hang", &["catch lockup", "foreach", "info tasks"]),
        ("page fault", &["analyze", "pagewalk", "catch exception"]),
        ("kaslr", &["info kernel", "set kaslr"]),
        ("scheduler", &["runq"]),
        ("qemu", &["target", "target remote"]),
        ("interrupt storm", &["lx-interruptlist"]),
        ("who writes", &["watch"]),
        ("hrtimer", &["lx-timerlist"]),
        // All words, in whatever order.
        ("leak memory", &["kmem"]),
        ("red-black", &["$rb(ROOT[, TYPE, MEMBER])", "tree"]),
    ] {
        let found = bench.ex(&format!("apropos {trouble}"));
        for command in commands {
            let listed = found.lines().any(|line| {
                let names = line.split(" -- ").next().unwrap_or_default();
                names == *command || names.starts_with(&format!("{command}, "))
            });
            assert!(listed, "apropos {trouble} has no {command}:\n{found}");
        }
    }
    assert_eq!(bench.ex("apropos frobnicate"), "");
}

#[test]
fn every_command_is_listed_by_the_help_of_its_class() {
    let mut bench = Bench::full();
    let classes = bench.ex("help");
    for class in Class::ALL {
        assert!(classes.contains(&format!("\n{} -- ", class.name())), "{}", class.name());
        let list = bench.ex(&format!("help {}", class.name()));
        for spec in TABLE.iter().copied().flatten().filter(|spec| spec.class == *class) {
            let listed = list.lines().any(|line| {
                line.starts_with(&format!("{} -- ", spec.name))
                    || line.starts_with(&format!("{}, ", spec.name))
            });
            assert!(listed, "help {} has no {}", class.name(), spec.name);
        }
    }
}

#[test]
fn help_on_settings_functions_and_a_command_called_like_a_class() {
    let mut bench = Bench::full();
    assert_eq!(
        bench.ex("help pagination"),
        "set pagination\nSet whether output stops after each page.\nValues: on, off.\nState of pagination is on.\n"
    );
    let prefix = bench.ex("help history");
    assert!(prefix.starts_with("set history\n") && prefix.contains("\nset history size -- "), "{prefix}");
    assert_eq!(
        bench.ex("help $lx_module"),
        "The struct module of a loaded module.\nUsage: $lx_module(\"NAME\")\n\
         It is called in any expression: print, x, break ... if, display. \"help function\" lists all.\n"
    );
    assert!(bench.ex("help function").contains("\n$count(ARRAY) -- How many elements "));
    assert_eq!(bench.ex("help $nosuch"), "There is no function $nosuch; \"help function\" lists them.\n");
    let files = bench.ex("help files");
    assert!(files.starts_with("Programs, symbols, sources.\n\nList of commands:\n"), "{files}");
    assert!(files.contains("\n\"files\" is also a command:\n\n"), "{files}");
    assert_eq!(bench.ex("help frobnicate"), "Undefined command: \"frobnicate\".  Try \"help\".\n");
    let target = bench.ex("help target");
    for word in ["qemu-system-x86_64 ", "-s -S", "kgdboc=", "virsh ", "target remote :1234"] {
        assert!(target.contains(word), "{word} is not in {target}");
    }
}
