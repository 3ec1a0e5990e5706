//! How long a frame takes to unwind: `KDIVE_GUEST=... cargo bench -p kdive-unwind`.

#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on says where")]

use divan::{Bencher, black_box};
use kdive_base::{Interrupt, LinkAddr, SparseMemory, VirtAddr};
use kdive_unwind::{
    Call, CfiKind, CfiSection, Context, ObjectAt, OrcTable, Passed, Policy, RegisterSet, SectionBytes,
    UnwindInfo, UnwindTables, Walk, reg,
};
use object::{Object, ObjectSection};
use std::sync::{Arc, OnceLock};

fn main() {
    if kdive_testkit::environment::guest().is_some() {
        divan::main();
    }
}

struct Tables(Arc<UnwindTables>);

impl UnwindInfo for Tables {
    fn object_at(&self, pc: VirtAddr) -> Option<ObjectAt> {
        Some(ObjectAt { tables: Arc::clone(&self.0), pc: LinkAddr(pc.0), slide: 0 })
    }

    fn function_start(&self, _: VirtAddr) -> Option<VirtAddr> {
        None
    }

    fn epilogue_cfi_valid(&self, _: VirtAddr) -> bool {
        true
    }

    fn inlined_calls(&self, _: VirtAddr) -> usize {
        0
    }

    fn call_site(&self, _: VirtAddr) -> Option<Call> {
        None
    }

    fn passed(&self, _: VirtAddr) -> Passed<'_> {
        Passed::Unknown
    }
}

type Sections = [(SectionBytes, LinkAddr); 3];

/// `.debug_frame`, `.orc_unwind_ip`, `.orc_unwind` and the header of the last two, where there is one.
fn sections() -> &'static (Sections, Option<SectionBytes>) {
    static SECTIONS: OnceLock<(Sections, Option<SectionBytes>)> = OnceLock::new();
    SECTIONS.get_or_init(|| {
        let path = kdive_testkit::environment::guest().unwrap().join("vmlinux");
        let bytes = std::fs::read(path).unwrap();
        let file = object::File::parse(&*bytes).unwrap();
        let section = |name: &str| -> Option<(SectionBytes, LinkAddr)> {
            let section = file.section_by_name(name)?;
            let data: SectionBytes = Arc::new(section.uncompressed_data().unwrap().into_owned());
            Some((data, LinkAddr(section.address())))
        };
        let needed = [".debug_frame", ".orc_unwind_ip", ".orc_unwind"].map(|name| section(name).unwrap());
        (needed, section(".orc_header").map(|(data, _)| data))
    })
}

fn dwarf() -> Tables {
    let ([(debug_frame, _), ..], _) = sections();
    let cfi = vec![CfiSection::new(CfiKind::DebugFrame, Arc::clone(debug_frame), LinkAddr(0))];
    Tables(Arc::new(UnwindTables { cfi, orc: None }))
}

fn orc() -> Tables {
    let ([_, (ip, addr), (entries, _)], header) = sections();
    let orc = OrcTable::in_file(header.clone(), Arc::clone(ip), *addr, Arc::clone(entries));
    Tables(Arc::new(UnwindTables { cfi: Vec::new(), orc: Some(orc) }))
}

/// Places in the middle of functions, the same on every run.
fn places() -> Vec<u64> {
    let Tables(tables) = dwarf();
    let functions = tables.cfi[0].index().ranges();
    let step = functions.len() / 100;
    functions.iter().step_by(step.max(1)).take(100).map(|at| at.start + (at.end - at.start) / 2).collect()
}

fn frame(tables: &Tables, pc: u64, policy: Policy, memory: &SparseMemory, interrupt: &Interrupt) -> bool {
    let registers = RegisterSet::live([
        (reg::RIP, pc),
        (reg::RSP, 0xffff_c900_0000_1000),
        (reg::RBP, 0xffff_c900_0000_2000),
        (reg::R10, 0xffff_c900_0000_3000),
    ]);
    let mut walk = Walk::new(registers, policy);
    walk.frame(0, Context { info: tables, memory, interrupt }).is_some_and(|frame| frame.id.is_ok())
}

fn hundred(bencher: Bencher<'_, '_>, tables: &Tables, policy: Policy) {
    let (places, memory, interrupt) = (places(), SparseMemory::new(), Interrupt::new());
    let all =
        || places.iter().filter(|&&pc| black_box(frame(tables, pc, policy, &memory, &interrupt))).count();
    assert!(all() > 50);
    bencher.bench(all);
}

/// A hundred frames by the compiler's tables.
#[divan::bench]
fn frames_by_debug_frame(bencher: Bencher<'_, '_>) {
    hundred(bencher, &dwarf(), Policy::Gdb);
}

/// A hundred frames by the kernel's own.
#[divan::bench]
fn frames_by_orc(bencher: Bencher<'_, '_>) {
    hundred(bencher, &orc(), Policy::Kernel);
}

/// The index over `.debug_frame`, which the first frame pays for.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn index_of_debug_frame(bencher: Bencher<'_, '_>) {
    bencher.with_inputs(dwarf).bench_refs(|Tables(tables)| tables.cfi[0].index().ranges().len());
}
