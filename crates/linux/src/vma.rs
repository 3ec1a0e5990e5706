//! The memory areas of a process (`struct vm_area_struct`, include/linux/mm_types.h).

use crate::{Error, Object, maple_entries};
use kdive_base::{Budget, ReadMemory, VirtAddr};
use kdive_program::Program;

/// One area.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Vma {
    /// Address of its `vm_area_struct`.
    pub addr: VirtAddr,
    /// First address.
    pub start: VirtAddr,
    /// First address after it.
    pub end: VirtAddr,
    /// `vm_flags`.
    pub flags: u64,
    /// Pages into the file at which it begins.
    pub page_offset: u64,
    /// Path of the mapped file.
    pub file: Option<String>,
}

impl Vma {
    /// `r-xp`, as /proc/PID/maps has it.
    #[must_use]
    pub fn permissions(&self) -> String {
        let letter = |bit: u64, letter: char| if self.flags & bit != 0 { letter } else { '-' };
        let shared = if self.flags & 8 != 0 { 's' } else { 'p' };
        [letter(1, 'r'), letter(2, 'w'), letter(4, 'x'), shared].iter().collect()
    }
}

/// `sysctl_max_map_count` is 65530; some raise it.
const MAX_VMAS: u64 = 1 << 22;

/// The areas of the address space at `mm`, by address, and what ended the walk before its end.
///
/// # Errors
/// Without types of the kernel; memory.
pub fn vmas(program: &Program, mm: VirtAddr) -> Result<(Vec<Vma>, Option<Error>), Error> {
    let mm = Object::of_struct(program, "mm_struct", mm)?;
    let mut found = Vec::new();
    if mm.has("mm_mt") {
        let (entries, broken) = maple_entries(program, mm.member("mm_mt")?.addr())?;
        for entry in entries {
            match vma(program, VirtAddr(entry.entry)) {
                Ok(vma) => found.push(vma),
                Err(error) => return Ok((found, Some(error))),
            }
        }
        return Ok((found, broken));
    }
    // A list until 6.0.
    let mut at = mm.member("mmap")?.pointer()?;
    let mut budget = Budget::new(MAX_VMAS, program.interrupt.clone());
    while at.0 != 0 {
        let step = budget.step().map_err(Error::from).and_then(|()| {
            found.push(vma(program, at)?);
            Object::of_struct(program, "vm_area_struct", at)?.member("vm_next")?.pointer()
        });
        match step {
            Ok(next) => at = next,
            Err(error) => return Ok((found, Some(error))),
        }
    }
    Ok((found, None))
}

fn vma(program: &Program, addr: VirtAddr) -> Result<Vma, Error> {
    let vma = Object::of_struct(program, "vm_area_struct", addr)?;
    let file = vma.member("vm_file")?.pointer()?;
    Ok(Vma {
        addr,
        start: vma.member("vm_start")?.pointer()?,
        end: vma.member("vm_end")?.pointer()?,
        flags: vma.member("vm_flags")?.uint()?,
        page_offset: vma.member("vm_pgoff")?.uint()?,
        file: if file.0 == 0 { None } else { file_path(program, file).ok() },
    })
}

/// The path of a `struct file`.
///
/// # Errors
/// Without types of the kernel; memory.
pub fn file_path(program: &Program, file: VirtAddr) -> Result<String, Error> {
    let path = Object::of_struct(program, "file", file)?.member("f_path")?;
    dentry_path(program, path.member("mnt")?.pointer()?, path.member("dentry")?.pointer()?)
}

/// Deepest path that is followed, mount points included.
const MAX_DEPTH: u64 = 512;

/// The path of a directory entry in a mount (`d_path`, fs/d_path.c); `mnt` 0 stops at the root of the file system.
///
/// # Errors
/// As [`file_path`].
pub fn dentry_path(program: &Program, mnt: VirtAddr, dentry: VirtAddr) -> Result<String, Error> {
    let offset = Object::of_struct(program, "mount", VirtAddr(0))?.offset_of("mnt")?;
    let mut names: Vec<String> = Vec::new();
    let (mut mnt, mut dentry) = (mnt, dentry);
    let mut budget = Budget::new(MAX_DEPTH, program.interrupt.clone());
    loop {
        budget.step()?;
        let entry = Object::of_struct(program, "dentry", dentry)?;
        let root = match mnt.0 {
            0 => VirtAddr(0),
            _ => Object::of_struct(program, "vfsmount", mnt)?.member("mnt_root")?.pointer()?,
        };
        let parent = entry.member("d_parent")?.pointer()?;
        if dentry == root || (mnt.0 == 0 && parent == dentry) {
            if mnt.0 == 0 {
                break;
            }
            let mount = Object::of_struct(program, "mount", VirtAddr(mnt.0.wrapping_sub(offset)))?;
            let above = mount.member("mnt_parent")?.pointer()?;
            if above == mount.addr() {
                break;
            }
            dentry = mount.member("mnt_mountpoint")?.pointer()?;
            mnt = above.offset(offset);
            continue;
        }
        let name = entry.member("d_name")?;
        let text = program.read_c_string(name.member("name")?.pointer()?, 256)?;
        names.push(String::from_utf8_lossy(&text).into_owned());
        if parent == dentry {
            break;
        }
        dentry = parent;
    }
    names.reverse();
    // Sockets, pipes and the like have a name and no root.
    match names.as_slice() {
        [only] if only.contains(':') => Ok(only.clone()),
        names => Ok(format!("/{}", names.join("/"))),
    }
}
