//! The running kernel when it is another one than the loaded vmlinux: which release it is, looked for without symbols.

use crate::identity::hex;
use crate::kaslr::{BANNER_START, Kernel, STEP};
use kdive_arch::paging::PageTables;
use kdive_base::{Budget, Fault, PhysAddr, ReadMemory, VirtAddr};
use kdive_program::{OsWarning, Program};

/// What is read at once.
const CHUNK: u64 = 64 << 10;
/// Longer than any banner: what is read of the next chunk too.
const OVERLAP: u64 = 512;
/// How many chunks are read at most: 32 MiB, more than the text of most kernels.
const MAX_CHUNKS: u64 = 512;

/// The release in a banner (`Linux version 6.1.0-57-cloud-amd64 (debian-kernel@...`).
pub(crate) fn release_of(banner: &[u8]) -> Option<String> {
    let rest = banner.strip_prefix(BANNER_START)?;
    let end = rest.iter().position(|byte| matches!(byte, b' ' | b'\n' | 0))?;
    let release = std::str::from_utf8(rest.get(..end)?).ok()?;
    let is_release = release.starts_with(|c: char| c.is_ascii_digit())
        && release.chars().all(|c| c.is_ascii_alphanumeric() || ".-+_~".contains(c));
    is_release.then(|| release.to_owned())
}

/// The release in the first banner among some bytes.
fn release_in(bytes: &[u8]) -> Option<String> {
    let starts = bytes.windows(BANNER_START.len()).enumerate().filter(|(_, window)| *window == BANNER_START);
    starts.filter_map(|(at, _)| release_of(bytes.get(at..)?)).next()
}

/// Memory of the kernel's side, whatever runs on the CPU: user mode may see next to nothing of it.
fn read(program: &Program, addr: VirtAddr, bytes: &mut [u8]) -> Result<(), Fault> {
    let tables = program.registers().and_then(|registers| {
        PageTables::of(&registers.layout().arch().cpu_state(&registers)).map(PageTables::kernel_side)
    });
    let (Some(machine), Some(tables)) = (program.machine(), tables) else { return program.read(addr, bytes) };
    let mut entry = |at: PhysAddr, size: usize| {
        let mut word = [0; 8];
        machine.read_physical(at, word.get_mut(..size).unwrap_or_default())?;
        Ok::<u64, Fault>(u64::from_le_bytes(word))
    };
    match tables.walk(addr, &mut entry)?.phys {
        Some(phys) => machine.read_physical(phys, bytes),
        None => Err(Fault::unmapped(addr)),
    }
}

/// The release of the running kernel by its banner: where the file has its own, else as near to that as one is found. Kernels are
/// built alike, so that is seldom far.
fn running_release(program: &Program, kernel: &Kernel) -> Option<String> {
    let mut bytes = vec![0; 256];
    let expected = VirtAddr(kernel.link().0.wrapping_add(kernel.slide()));
    if read(program, expected, &mut bytes).is_ok()
        && let Some(release) = release_of(&bytes)
    {
        return Some(release);
    }
    let pieces = kernel.pieces(program);
    let first = pieces.first()?;
    let expected = first.0.wrapping_add(kernel.link().0.wrapping_sub(kernel.start(0).0));
    let mut chunks: Vec<u64> =
        pieces.iter().flat_map(|piece| (0..STEP / CHUNK).map(|index| piece.0 + index * CHUNK)).collect();
    chunks.sort_by_key(|chunk| chunk.abs_diff(expected));
    let mut budget = Budget::new(MAX_CHUNKS, program.interrupt.clone());
    let mut bytes = vec![0; (CHUNK + OVERLAP) as usize];
    for chunk in chunks {
        budget.step().ok()?;
        // The last chunk of a piece has nothing after it that belongs to the same memory.
        let inside = (STEP - chunk % STEP).min(CHUNK + OVERLAP) as usize;
        let Some(bytes) = bytes.get_mut(..inside) else { continue };
        if read(program, VirtAddr(chunk), bytes).is_ok()
            && let Some(release) = release_in(bytes)
        {
            return Some(release);
        }
    }
    None
}

/// The warning that the loaded vmlinux is not the running kernel's: what runs, and what the file is. `build_ids` are the guest's and
/// the file's, where both are known.
pub(crate) fn warning(
    program: &Program,
    kernel: Option<&Kernel>,
    build_ids: Option<(&str, &str)>,
) -> OsWarning {
    OsWarning::OtherKernel {
        running: kernel.and_then(|kernel| running_release(program, kernel)),
        file: kernel.and_then(|kernel| release_of(kernel.text())),
        build_ids: build_ids.map(|(running, file)| (running.to_owned(), file.to_owned())),
        file_id: kernel.and_then(|kernel| kernel.module.object().build_id().map(hex)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_of_banners() {
        assert_eq!(
            release_of(b"Linux version 6.1.0-57-cloud-amd64 (d@d) #1 SMP"),
            Some("6.1.0-57-cloud-amd64".into())
        );
        assert_eq!(release_of(b"Linux version 7.2.0-rc1+ (x)"), Some("7.2.0-rc1+".into()));
        // What printk() is given, and what the file command reads.
        assert_eq!(release_of(b"Linux version %s (%s)"), None);
        assert_eq!(release_of(b"Linux version 6.1.0-57-clo"), None, "cut off");
        let memory = b"\0\0Linux version %s\0%s\0xLinux version 2.4.20 (somebody@somewhere) #1\n\0".to_vec();
        assert_eq!(release_in(&memory), Some("2.4.20".into()));
        assert_eq!(release_in(b"Linux"), None);
    }
}
