//! The running kernel when it is another one than the loaded vmlinux: which release it is, looked for without symbols.

use crate::identity::hex;
use crate::kaslr::{BANNER_START, Kernel, STEP};
use kdive_arch::paging::PageTables;
use kdive_base::{Budget, Fault, PhysAddr, ReadMemory, VirtAddr};
use kdive_program::Program;

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
pub(crate) fn warning(program: &Program, kernel: Option<&Kernel>, build_ids: Option<(&str, &str)>) -> String {
    let running = kernel.and_then(|kernel| running_release(program, kernel));
    let file = kernel.and_then(|kernel| release_of(kernel.text()));
    let file_id = kernel.and_then(|kernel| kernel.module.object().build_id().map(hex));
    words(running.as_deref(), file.as_deref(), build_ids, file_id.as_deref())
}

/// The words of [`warning`].
fn words(
    running: Option<&str>,
    file: Option<&str>,
    build_ids: Option<(&str, &str)>,
    own_build_id: Option<&str>,
) -> String {
    let with_id = |release: Option<&str>, id: Option<&str>| match (release, id) {
        (Some(release), Some(id)) => Some(format!("{release} (build-id {id})")),
        (Some(release), None) => Some(release.to_owned()),
        (None, Some(id)) => Some(format!("build-id {id}")),
        (None, None) => None,
    };
    let guest_id = build_ids.map(|(guest, _)| guest);
    let file_id = build_ids.map(|(_, file)| file).or(own_build_id);
    let same = running.is_some() && running == file && guest_id.is_none();
    let guest = match with_id(running, guest_id) {
        Some(text) if same => format!("the guest runs another build of {text}"),
        Some(text) => format!("the guest runs {text}"),
        None => "its linux_banner is nowhere in the guest's kernel image".to_owned(),
    };
    let file = with_id(file, file_id).map_or_else(String::new, |text| format!(", the file is {text}"));
    format!(
        "the loaded vmlinux is not the running kernel: {guest}{file}; load the right one with the file command"
    )
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

    #[test]
    fn what_is_known_is_said() {
        let start = "the loaded vmlinux is not the running kernel: ";
        let end = "; load the right one with the file command";
        let said = |running, file, ids, file_id| {
            let text = words(running, file, ids, file_id);
            text.strip_prefix(start).unwrap().strip_suffix(end).unwrap().to_owned()
        };
        assert_eq!(
            said(Some("6.1"), Some("6.12"), Some(("aa", "bb")), Some("bb")),
            "the guest runs 6.1 (build-id aa), the file is 6.12 (build-id bb)"
        );
        assert_eq!(said(Some("6.1"), Some("6.12"), None, None), "the guest runs 6.1, the file is 6.12");
        assert_eq!(
            said(Some("6.1"), Some("6.1"), None, Some("bb")),
            "the guest runs another build of 6.1, the file is 6.1 (build-id bb)"
        );
        assert_eq!(
            said(None, None, Some(("aa", "bb")), None),
            "the guest runs build-id aa, the file is build-id bb"
        );
        assert_eq!(
            said(None, Some("2.4.20"), None, None),
            "its linux_banner is nowhere in the guest's kernel image, the file is 2.4.20"
        );
    }
}
