//! Damaged files: every look-up ends, with an answer or without, and nothing panics.

use crate::fixture::Fixture;
use kdive_base::{AddrRange, Interrupt, ReadMemory, SparseMemory, VirtAddr};
use kdive_symbols::{
    Completion, EvalContext, LinespecDefaults, LinespecMode, ListingKind, LocationError, ModuleSet,
    ObjectFile, OpenOptions, Placement, Tag,
};
use kdive_types::{Kind, Type};
use std::path::Path;

struct Frame(SparseMemory);

impl EvalContext for Frame {
    fn memory(&self) -> &dyn ReadMemory {
        &self.0
    }

    fn register(&self, number: u16) -> Result<u64, LocationError> {
        if number.is_multiple_of(3) { Err(LocationError::RegisterNotSaved(number)) } else { Ok(0x1000) }
    }

    fn cfa(&self) -> Result<u64, LocationError> {
        Ok(0x2000)
    }
}

fn look_at_type(ty: &Type, depth: u32) {
    let _ = (ty.size(), ty.declaration("x"));
    if depth == 0 {
        return;
    }
    match ty.kind() {
        Kind::Composite(body) => {
            body.members().iter().for_each(|member| look_at_type(&member.ty.get(), depth - 1))
        }
        Kind::Pointer(target) | Kind::Typedef(target) | Kind::Qualified(_, target) => {
            look_at_type(&target.get(), depth - 1)
        }
        Kind::Array(array) => look_at_type(&array.elem.get(), depth - 1),
        Kind::Function(function) => look_at_type(&function.ret.get(), depth - 1),
        _ => {}
    }
}

/// Asks everything there is to ask.
fn ask_everything(path: &Path) {
    let Ok(object) = ObjectFile::open(path, &OpenOptions::default()) else { return };
    let _ = (object.notes(), object.debug_link(), object.section_data(".eh_frame"));
    let mut set = ModuleSet::new();
    set.add(object.clone(), Placement::default());
    let frame = Frame(SparseMemory::new());
    let starts: Vec<u64> = object.sections().iter().filter(|s| s.exec).map(|s| s.addr.0).take(4).collect();
    for start in starts {
        for addr in (start..start.saturating_add(0x600)).step_by(13).map(VirtAddr) {
            let _ = (set.symbol_at(addr), set.symbolic(addr, true), set.function_bounds(addr));
            let _ = (set.line_at(addr, false), set.unit_at(addr), set.sal_at(addr));
            if let Some(macros) = set.macros_at(addr) {
                let _ = (macros.find("NULL"), macros.all("__LINE__"), macros.holding(), macros.places());
            }
            let Some(scope) = set.scope_at(addr) else { continue };
            let _ = (
                scope.describe(),
                scope.inline_frames_starting_here(),
                scope.function().tail_calls().count(),
            );
            for frame_scope in scope.frames() {
                let variables =
                    frame_scope.params().into_iter().chain(frame_scope.locals().into_iter().flatten());
                for variable in variables {
                    let _ = (
                        variable.locate(Some(addr), &frame),
                        variable.live_ranges(),
                        variable.describe(Some(addr)),
                    );
                    look_at_type(&variable.ty(), 3);
                }
            }
        }
        let _ = set.lines_in(AddrRange::new(VirtAddr(start), VirtAddr(start.saturating_add(0x400))));
    }
    for name in ["area", "clamp", "scaled", "hidden", "shared_counter", "GREEN", "main", "nothing"] {
        let _ = (set.function(name, None), set.enumerator(name, None), set.symbols_named(name));
        if let Some(variable) = set.variable(name, None) {
            let _ = (variable.static_address(), variable.locate(None, &frame));
            look_at_type(&variable.ty(), 4);
        }
        for mode in [LinespecMode::Breakpoint, LinespecMode::List] {
            for text in [
                name.to_owned(),
                format!("shapes.c:{name}"),
                "shapes.c:40".to_owned(),
                "shapes.h:60".to_owned(),
            ] {
                let spec = set.parse_linespec(&text).unwrap();
                let _ = set.resolve(&spec, mode, &LinespecDefaults::default(), set.image());
            }
        }
    }
    for (tag, name) in
        [(Tag::Struct, "shape"), (Tag::Union, "word"), (Tag::Enum, "colour"), (Tag::Typedef, "u32")]
    {
        if let Some(ty) = set.ty(tag, name, None) {
            look_at_type(&ty, 6);
        }
    }
    let interrupt = Interrupt::new();
    for kind in [ListingKind::Functions, ListingKind::Variables, ListingKind::Types] {
        let _ = set.listing(kind, None, true, &interrupt);
    }
    let _ =
        (set.sources(&interrupt), set.complete_name(Completion::Expression, "", 1000), set.default_file());
}

/// A generator of numbers that is the same everywhere (xorshift64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % below as u64).unwrap()
    }
}

fn damage(flags: &[&str], seed: u64) {
    let Some(fixture) = Fixture::program(flags) else { return };
    let good = std::fs::read(&fixture.path).unwrap();
    let object = fixture.open();
    let mut numbers = Numbers(seed);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("damaged");
    ask_everything(&fixture.path);

    // Bytes of each debug section changed, a few at a time.
    for name in [
        ".debug_info",
        ".debug_abbrev",
        ".debug_line",
        ".debug_loclists",
        ".debug_loc",
        ".debug_rnglists",
        ".debug_ranges",
        ".debug_str",
        ".debug_line_str",
        ".debug_aranges",
        ".debug_types",
        ".debug_macro",
        ".debug_macinfo",
        ".symtab",
        ".strtab",
    ] {
        let Some(data) = object.section_data(name).filter(|data| !data.is_empty()) else { continue };
        let Some(at) = good.windows(data.len()).position(|window| window == data) else { continue };
        for _ in 0..12 {
            let mut bytes = good.clone();
            for _ in 0..=numbers.next(6) {
                let place = at + numbers.next(data.len());
                bytes[place] = match numbers.next(4) {
                    0 => 0,
                    1 => 0xff,
                    2 => bytes[place].wrapping_add(1),
                    _ => u8::try_from(numbers.next(256)).unwrap(),
                };
            }
            std::fs::write(&path, &bytes).unwrap();
            ask_everything(&path);
        }
    }
    // ELF headers, and files that end too early.
    for _ in 0..60 {
        let mut bytes = good.clone();
        let place =
            if numbers.next(2) == 0 { numbers.next(64) } else { good.len() - 1 - numbers.next(64 * 36) };
        bytes[place] = u8::try_from(numbers.next(256)).unwrap();
        std::fs::write(&path, &bytes).unwrap();
        ask_everything(&path);
    }
    for _ in 0..20 {
        std::fs::write(&path, &good[..numbers.next(good.len())]).unwrap();
        ask_everything(&path);
    }
}

#[test]
fn dwarf_5() {
    damage(&["-O2", "-gdwarf-5", "-g3"], 0x5eed_0001);
}

#[test]
fn dwarf_4_with_type_units() {
    damage(&["-O2", "-gdwarf-4", "-fdebug-types-section"], 0x5eed_0002);
}

#[test]
fn dwarf_2_unoptimised() {
    damage(&["-O0", "-gdwarf-2", "-g3", "-gstrict-dwarf"], 0x5eed_0003);
}
