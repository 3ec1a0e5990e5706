//! Source files, files with symbols, and symbols by name.

use crate::program::stopped_in;
use kdive_engine::{SymbolKind, SymbolQuery, SymbolState};

#[test]
fn sources_lines_and_texts() {
    let Some(debugged) = stopped_in("leaf") else { return };
    let engine = &debugged.engine;
    let sources = engine.sources().unwrap();
    let own = sources.iter().find(|source| source.name.ends_with("program.c")).unwrap();
    assert!(own.fullname.starts_with('/') && own.symbol_file.ends_with("/program"), "{own:?}");
    assert_eq!(engine.breakable_lines("program.c", 15, 20).unwrap(), [15, 16, 18, 19, 20]);
    let lines = engine.source_lines("program.c").unwrap();
    assert!(lines.iter().any(|line| line.line == 14) && lines.iter().any(|line| line.line == 0));
    assert!(engine.source_lines("nosuch.c").is_err());
    for name in ["program.c", own.name.as_str(), own.fullname.as_str()] {
        let source = engine.source_text(name).unwrap();
        assert!(source.text.starts_with("/* A program whose variables"), "{name}");
        assert!(source.path.ends_with("program.c"));
    }
    assert!(engine.source_text("nosuch.c").is_err());
}

#[test]
fn files_with_symbols_and_symbols_by_name() {
    let Some(mut debugged) = stopped_in("leaf") else { return };
    let pc = debugged.engine.stack(None, 0, 1).unwrap()[0].pc;
    let files = debugged.engine.symbol_files();
    assert_eq!((files.len(), files[0].name.as_str()), (1, "program"));
    assert_eq!((&files[0].symbols, files[0].is_kernel_module), (&SymbolState::Debug, false));
    let (start, end) = files[0].range.unwrap();
    assert!((start..end).contains(&pc));

    let engine = &debugged.engine;
    let query = |kind, name: &str| SymbolQuery {
        kind,
        name: Some(name.to_owned()),
        ty: None,
        include_nondebug: false,
        most: 100,
    };
    let functions = engine.symbols(&query(SymbolKind::Functions, "^(leaf|twice)$")).unwrap();
    let of_file = &functions.debug[0];
    assert!(of_file.file.as_deref().unwrap().ends_with("program.c"));
    assert!(of_file.fullname.as_deref().unwrap().ends_with("/program.c"));
    let leaf = &of_file.symbols[0];
    assert_eq!((leaf.name.as_str(), leaf.line), ("leaf", Some(13)));
    assert_eq!(leaf.declaration, "int leaf(struct s *, int);");
    assert_eq!(leaf.ty, "int (struct s *, int)");
    let variables = engine.symbols(&query(SymbolKind::Variables, "^g[is]$")).unwrap();
    let texts: Vec<_> = variables.debug[0].symbols.iter().map(|symbol| symbol.declaration.as_str()).collect();
    assert_eq!(texts, ["int gi;", "static struct s gs;"]);
    let types = engine.symbols(&query(SymbolKind::Types, "^(in|int)$")).unwrap();
    let mut texts: Vec<_> =
        types.debug.iter().flat_map(|file| &file.symbols).map(|symbol| symbol.declaration.as_str()).collect();
    texts.sort_unstable();
    assert_eq!(texts, ["int", "struct in;"]);
    let one = SymbolQuery { most: 1, ..query(SymbolKind::Functions, "") };
    let one = engine.symbols(&one).unwrap();
    assert_eq!((one.debug.iter().map(|file| file.symbols.len()).sum::<usize>(), one.is_cut), (1, true));
    let nondebug = SymbolQuery { include_nondebug: true, ..query(SymbolKind::Functions, "^_start$") };
    assert_eq!(engine.symbols(&nondebug).unwrap().nondebug[0].1, "_start");
    assert!(engine.symbols(&query(SymbolKind::Functions, "(")).is_err());
}
