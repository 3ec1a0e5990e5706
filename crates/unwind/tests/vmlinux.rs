//! The compiler's and objtool's unwind tables of a real vmlinux against each other: two independent descriptions of the
//! same code, read by two readers of ours.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test")]

use kdive_base::{Interrupt, LinkAddr, SparseMemory, VirtAddr};
use kdive_unwind::{
    Call, CfiKind, CfiSection, Context, FrameId, Method, ObjectAt, OrcTable, Passed, Policy, RegisterSet,
    SectionBytes, UnwindInfo, UnwindTables, Walk, reg,
};
use object::{Object, ObjectSection};
use std::path::Path;
use std::sync::Arc;

/// The kernel under test, or `None` with a word why not.
fn vmlinux() -> Option<Vec<u8>> {
    let Some(guest) = std::env::var_os("KDIVE_GUEST") else {
        assert!(std::env::var_os("CI").is_none(), "KDIVE_GUEST is not set");
        println!("skipped: KDIVE_GUEST is not set");
        return None;
    };
    Some(std::fs::read(Path::new(&guest).join("vmlinux")).unwrap())
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

/// Frame address at `pc` for an arbitrary stack and frame pointer, when `method` has it.
fn cfa(info: &Tables, pc: u64, policy: Policy, method: Method) -> Option<u64> {
    let registers = RegisterSet::live([
        (reg::RIP, pc),
        (reg::RSP, 0xffff_c900_0000_1000),
        (reg::RBP, 0xffff_c900_0000_2000),
        (reg::R10, 0xffff_c900_0000_3000),
        (reg::R13, 0xffff_c900_0000_4000),
    ]);
    let (memory, interrupt) = (SparseMemory::new(), Interrupt::new());
    let mut walk = Walk::new(registers, policy);
    let frame = walk.frame(0, Context { info, memory: &memory, interrupt: &interrupt })?;
    match &frame.id {
        Ok(FrameId::Stack { cfa, .. }) if frame.method == method => Some(cfa.0),
        _ => None,
    }
}

#[test]
fn debug_frame_and_orc_agree() {
    let Some(bytes) = vmlinux() else { return };
    let file = object::File::parse(&*bytes).unwrap();
    let section = |name: &str| -> Option<(SectionBytes, LinkAddr)> {
        let section = file.section_by_name(name)?;
        let data: SectionBytes = Arc::new(section.uncompressed_data().unwrap().into_owned());
        Some((data, LinkAddr(section.address())))
    };
    let (debug_frame, _) = section(".debug_frame").unwrap();
    let (ip, ip_addr) = section(".orc_unwind_ip").unwrap();
    let (entries, _) = section(".orc_unwind").unwrap();
    let header = section(".orc_header").map(|(data, _)| data);
    let cfi = CfiSection::new(CfiKind::DebugFrame, debug_frame, LinkAddr(0));
    let functions = cfi.index().ranges().to_vec();
    assert!(functions.len() > 20_000, "{} entries", functions.len());
    let dwarf = Tables(Arc::new(UnwindTables { cfi: vec![cfi], orc: None }));
    let orc = OrcTable::in_file(header, ip, ip_addr, entries);
    assert!(orc.version().is_some());
    let orc = Tables(Arc::new(UnwindTables { cfi: Vec::new(), orc: Some(orc) }));

    // Three places in each function: its start, and two further on that fall anywhere in an instruction.
    let (mut compared, mut different) = (0u32, Vec::new());
    for function in &functions {
        let len = function.end - function.start;
        for pc in [function.start, function.start + len / 3, function.start + len - 1] {
            let Some(by_dwarf) = cfa(&dwarf, pc, Policy::Gdb, Method::DebugFrame) else { continue };
            let Some(by_orc) = cfa(&orc, pc, Policy::Kernel, Method::Orc) else { continue };
            compared += 1;
            if by_dwarf != by_orc {
                different.push(pc);
            }
        }
    }
    println!(
        "{compared} compared, {} different: {:#x?}",
        different.len(),
        different.get(..20.min(different.len()))
    );
    assert!(compared > 60_000, "{compared}");
    // What is left lies inside of inline assembly and of alternatives, which the compiler does not look into.
    assert!(
        different.len() * 1_000 < compared as usize,
        "{} of {compared}: {different:#x?}",
        different.len()
    );
}
