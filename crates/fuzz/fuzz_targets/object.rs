//! Object files of any bytes: every look-up ends and nothing panics. `crates/symbols/tests/it/damage.rs` asks more, of less.
#![no_main]

use kdive_base::{AddrRange, Interrupt, ReadMemory, SparseMemory, VirtAddr};
use kdive_symbols::{
    EvalContext, LinespecDefaults, LinespecMode, ListingKind, LocationError, ModuleSet, ObjectFile,
    OpenOptions, Placement, Tag,
};
use kdive_types::{Kind, Type};
use std::cell::RefCell;
use std::fs::File;
use std::io::{Seek, Write};

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

fn look(ty: &Type, depth: u32) {
    let _ = (ty.size(), ty.declaration("x"), ty.alignment(), ty.unaliased());
    let Some(depth) = depth.checked_sub(1) else { return };
    match ty.kind() {
        Kind::Composite(body) => {
            body.members().iter().take(8).for_each(|member| look(&member.ty.get(), depth))
        }
        Kind::Pointer(target) | Kind::Typedef(target) | Kind::Qualified(_, target) => {
            look(&target.get(), depth)
        }
        Kind::Array(array) => look(&array.elem.get(), depth),
        Kind::Function(function) => {
            look(&function.ret.get(), depth);
            function.params.iter().take(4).for_each(|param| look(&param.ty.get(), depth));
        }
        _ => {}
    }
}

fn ask(set: &ModuleSet, object: &ObjectFile) {
    let frame = Frame(SparseMemory::new());
    let names = ["direct", "computed", "chosen", "split", "main", "local", "table"];
    for name in names {
        let _ = (set.functions_named(name).len(), set.enumerator(name, None), set.symbols_named(name).len());
        if let Some(variable) = set.variable(name, None) {
            let _ = (variable.static_address(), variable.locate(None, &frame));
            look(&variable.ty(), 3);
        }
        if let Ok(spec) = set.parse_linespec(name) {
            let _ = set.resolve(&spec, LinespecMode::Breakpoint, &LinespecDefaults::default(), set.image());
        }
    }
    for section in object.sections().iter().filter(|section| section.exec).take(2) {
        let start = section.addr.0;
        for addr in (start..start.saturating_add(section.size.min(0x200))).step_by(7).map(VirtAddr) {
            let _ = (set.symbol_at(addr), set.symbolic(addr, true), set.function_bounds(addr));
            let _ = (set.line_at(addr, false), set.unit_at(addr), set.sal_at(addr));
            let _ = set.macros_at(addr).map(|macros| (macros.find("X"), macros.holding()));
            if let Some(calls) = set.tail_calls_from(addr) {
                let _ = calls.take(50).count();
            }
            let Some(scope) = set.scope_at(addr) else { continue };
            let function = scope.function();
            let _ = (scope.describe(), function.tail_calls().take(50).count(), function.call_site(addr));
            for frame_scope in scope.frames().iter().take(8) {
                for variable in frame_scope
                    .params()
                    .into_iter()
                    .chain(frame_scope.locals().into_iter().flatten())
                    .take(20)
                {
                    let _ = (variable.locate(Some(addr), &frame), variable.describe(Some(addr)));
                    look(&variable.ty(), 2);
                }
            }
        }
        let _ = set.lines_in(AddrRange::new(VirtAddr(start), VirtAddr(start.saturating_add(0x100))));
    }
    if let Some(ty) = set.ty(Tag::Struct, "shape", None) {
        look(&ty, 4);
    }
    let interrupt = Interrupt::new();
    for kind in [ListingKind::Functions, ListingKind::Variables, ListingKind::Types] {
        let _ = set.listing(kind, None, true, &interrupt);
    }
}

thread_local! {
    /// One file for all inputs: only its content changes.
    static FILE: RefCell<Option<(File, std::path::PathBuf)>> = const { RefCell::new(None) };
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    FILE.with_borrow_mut(|slot| {
        let (file, path) = slot.get_or_insert_with(|| {
            let path = std::env::temp_dir().join(format!("kdive-fuzz-{}", std::process::id()));
            (File::create(&path).expect("a scratch file"), path)
        });
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(data))
            .expect("a scratch file");
        let Ok(object) = ObjectFile::open(path, &OpenOptions::default()) else { return };
        let mut set = ModuleSet::new();
        set.add(object.clone(), Placement::default());
        ask(&set, &object);
    });
});
