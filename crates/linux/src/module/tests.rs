//! Module lists of all layouts, written in C.

use super::*;
use crate::identity::symbol;
use crate::testing::image;

/// What the layouts have in common; `BODY` and `SECTIONS` differ.
const COMMON: &str = r#"
    struct list_head { struct list_head *next, *prev; };
    typedef struct { int counter; } atomic_t;
    struct attribute { const char *name; unsigned short mode; };
    struct bin_attribute { struct attribute attr; unsigned long size; void *private; };
    SECTIONS
    struct module {
        int state;
        struct list_head list;
        char name[56];
        BODY
        struct module_sect_attrs *sect_attrs;
        void *percpu;
        struct list_head source_list;
        atomic_t refcnt;
    };
    struct module_use { struct list_head source_list, target_list; struct module *source, *target; };
    /* `nf_tables` is used by `nft_ct`; `raw` is half made. */
    extern struct module nf_tables, nft_ct, raw;
    struct list_head modules = { &nft_ct.list, &nf_tables.list };
    struct module_use use = { { &nf_tables.source_list, &nf_tables.source_list }, { 0 }, &nft_ct, &nf_tables };
    unsigned char note[36] = { 4, 0, 0, 0, 20, 0, 0, 0, 3, 0, 0, 0, 'G', 'N', 'U', 0, 0xab, 0xcd };
    INSTANCES
    struct module nf_tables = { .name = "nf_tables", .list = { &modules, &raw.list }, CORE
        .sect_attrs = &attrs, .percpu = (void *)0x1a000, .source_list = { &use.source_list, &use.source_list },
        .refcnt = { 2 } };
    struct module raw = { .state = 3, .name = "garbage", .list = { &nf_tables.list, &nft_ct.list } };
    struct module nft_ct = { .state = 1, .name = "nft_ct", .list = { &raw.list, &modules },
        .source_list = { &nft_ct.source_list, &nft_ct.source_list }, .refcnt = { 1 } };
"#;

struct Layout {
    body: &'static str,
    core: &'static str,
    sections: &'static str,
    instances: &'static str,
}

/// Linux 3.18 and 4.4.
const FIRST: Layout = Layout {
    body: "void *module_init, *module_core; unsigned init_size, core_size, init_text_size, core_text_size;",
    core: ".module_core = (void *)0xffffffffc0100000, .core_size = 0x5000, .module_init = (void *)INIT_BASE, .init_size = 0x1000,",
    sections: "struct module_sect_attr { struct attribute attr; char *name; unsigned long address; };
        struct module_sect_attrs { int grp; unsigned int nsections; struct module_sect_attr attrs[4]; };",
    instances:
        "struct module_sect_attrs attrs = { 0, 4, { { {}, \".note.gnu.build-id\", (unsigned long)note },
        { {}, \".init.text\", 0xffffffffc0110000 },
        { {}, \".text\", 0xffffffffc0100000 }, { {}, \".data\", 0xffffffffc0103000 } } };",
};

/// Linux 5.8 to 6.3.
const SECOND: Layout = Layout {
    body: "struct module_layout { void *base; unsigned size, text_size, ro_size; } core_layout, init_layout;",
    core: ".core_layout = { (void *)0xffffffffc0100000, 0x5000 }, .init_layout = { (void *)INIT_BASE, 0x1000 },",
    sections: "struct module_sect_attr { struct bin_attribute battr; unsigned long address; };
        struct module_sect_attrs { int grp; unsigned int nsections; struct module_sect_attr attrs[]; };",
    instances: "struct module_sect_attrs attrs = { 0, 4, {
        { { { \".note.gnu.build-id\" } }, (unsigned long)note }, { { { \".init.text\" } }, 0xffffffffc0110000 },
        { { { \".text\" } }, 0xffffffffc0100000 }, { { { \".data\" } }, 0xffffffffc0103000 } } };",
};

/// Linux 6.14 and later.
const THIRD: Layout = Layout {
    body: "struct module_memory { void *base; unsigned char is_rox; unsigned size; } mem[7];",
    core: ".mem = { { (void *)0xffffffffc0100000, 0, 0x3000 }, { (void *)0xffffffffc0103000, 0, 0x1000 },
        { (void *)0xffffffffc0104000, 0, 0x1000 }, {}, INIT },",
    sections: "struct attribute_group { const char *name; struct bin_attribute **bin_attrs; };
        struct module_sect_attrs { struct attribute_group grp; struct bin_attribute attrs[]; };",
    instances: "struct bin_attribute a = { { \".note.gnu.build-id\" }, 0, note },
        b = { { \".text\" }, 0, (void *)0xffffffffc0100000 }, c = { { \".data\" }, 0, (void *)0xffffffffc0103000 };
        struct bin_attribute i = { { \".init.text\" }, 0, (void *)0xffffffffc0110000 };
        struct bin_attribute *list[] = { &a, &i, &b, &c, 0 };
        struct module_sect_attrs attrs = { { \"sections\", list } };",
};

fn source(layout: &Layout) -> String {
    source_with(layout, "0", "{}")
}

/// The init memory of `nf_tables`: a value, and one for `mem[]`.
fn source_with(layout: &Layout, init: &str, init_memory: &str) -> String {
    COMMON
        .replace("BODY", layout.body)
        .replace("CORE", layout.core)
        .replace("SECTIONS", layout.sections)
        .replace("INSTANCES", layout.instances)
        .replace("INIT_BASE", init)
        .replace("INIT", init_memory)
}

#[test]
fn all_layouts_tell_the_same() {
    for layout in [&FIRST, &SECOND, &THIRD] {
        let program = image(&source(layout));
        let listed = modules(&program).unwrap();
        assert_eq!(listed.broken, None);
        let [nft_ct, nf_tables] = &listed.found[..] else { panic!("{listed:?}") };
        assert_eq!(
            (nft_ct.name.as_str(), nft_ct.state, nft_ct.references),
            ("nft_ct", ModuleState::Coming, Some(0))
        );
        assert_eq!(nft_ct.sections, []);
        let text = VirtAddr(0xffff_ffff_c010_0000);
        assert_eq!((nf_tables.base, nf_tables.size), (text, 0x5000));
        assert_eq!((nf_tables.state, nf_tables.references), (ModuleState::Live, Some(1)));
        assert_eq!(nf_tables.used_by, ["nft_ct"]);
        let note = symbol(&program, "note").unwrap();
        let sections = [
            (".note.gnu.build-id", note),
            (".text", text),
            (".data", VirtAddr(0xffff_ffff_c010_3000)),
            (".data..percpu", VirtAddr(0x1a000)),
        ];
        assert_eq!(nf_tables.sections, sections.map(|(name, addr)| (name.to_owned(), addr)));
        assert_eq!(nf_tables.freed, [".init.text"]);
        let id = nf_tables.build_id.as_deref().unwrap();
        assert_eq!((id.len(), &id[..2]), (20, &[0xab, 0xcd][..]));
    }
}

#[test]
fn init_sections_count_while_their_memory_is_there() {
    for layout in [&FIRST, &SECOND, &THIRD] {
        let at = "0xffffffffc0110000";
        let program = image(&source_with(layout, at, &format!("{{ (void *){at}, 0, 0x1000 }}")));
        let listed = modules(&program).unwrap();
        let nf_tables = &listed.found[1];
        assert_eq!(nf_tables.freed, [""; 0]);
        assert_eq!(nf_tables.sections[1], (".init.text".to_owned(), VirtAddr(0xffff_ffff_c011_0000)));
        assert_eq!(nf_tables.size, 0x5000);
    }
}

#[test]
fn a_damaged_list_gives_what_there_is() {
    let wild = source(&SECOND).replace(".list = { &modules, &raw.list }", ".list = { (void *)0x10, 0 }");
    let listed = modules(&image(&wild)).unwrap();
    assert_eq!(listed.found.len(), 2);
    // 0x10 is where the list member would be; its struct module begins 8 bytes before, its base lies further on.
    assert!(matches!(listed.broken, Some(Error::Memory(fault)) if fault.addr.0 < 0x100), "{listed:?}");

    let circle = source(&SECOND).replace(".list = { &modules, &raw.list }", ".list = { &raw.list, 0 }");
    let listed = modules(&image(&circle)).unwrap();
    assert_eq!(listed.found.len(), 2);
    assert!(matches!(listed.broken, Some(Error::Corrupt { .. })), "{listed:?}");

    // Before the kernel has set the list up.
    let empty = source(&SECOND).replace("modules = { &nft_ct.list, &nf_tables.list }", "modules");
    let listed = modules(&image(&empty)).unwrap();
    assert!(listed.found.is_empty());
    assert!(matches!(listed.broken, Some(Error::Corrupt { .. })), "{listed:?}");
}

#[test]
fn other_kernels_and_no_kernel() {
    assert_eq!(modules(&image("int x;")), Err(Error::NoSymbol("modules".into())));
    let no_types = image("struct list_head { void *next, *prev; } modules;");
    assert_eq!(modules(&no_types), Err(Error::NoType("struct module".into())));
}

#[test]
fn more_sections_than_any_module_has() {
    let many = source(&SECOND).replace("attrs = { 0, 4, {", "attrs = { 0, 4000000000u, {");
    let listed = modules(&image(&many)).unwrap();
    assert_eq!(listed.found[1].name, "nf_tables");
}
