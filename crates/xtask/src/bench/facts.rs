//! Facts about files and the machine that measurements need.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use object::{Object, ObjectSection, ObjectSymbol};

use super::stats;
use crate::audit::elf::Layout;

/// Where a loader would put the sections of a module.
pub fn sections(path: &Path, base: u64) -> Result<Layout> {
    let file = File::open(path)?;
    // SAFETY: the distribution's files are not written while they are measured.
    let data = unsafe { memmap2::Mmap::map(&file) }?;
    Ok(Layout::of(&object::File::parse(&*data)?, Some(base)))
}

/// The address of a symbol.
pub fn symbol(path: &Path, name: &str) -> Result<u64> {
    let file = File::open(path)?;
    // SAFETY: as above.
    let data = unsafe { memmap2::Mmap::map(&file) }?;
    let file = object::File::parse(&*data)?;
    let symbol = file.symbols().find(|symbol| symbol.name() == Ok(name));
    Ok(symbol.with_context(|| format!("no symbol {name}"))?.address())
}

/// The size of `.debug_info` and the seconds it takes to read it once: no reader of all of it can be faster.
pub fn reading(path: &Path) -> Result<(u64, f64)> {
    let file = File::open(path)?;
    let (offset, size) = {
        // SAFETY: as above.
        let data = unsafe { memmap2::Mmap::map(&file) }?;
        let elf = object::File::parse(&*data)?;
        let section = elf.section_by_name(".debug_info").context("no .debug_info")?;
        section.file_range().context(".debug_info has no data")?
    };
    let mut buffer = vec![0; 1 << 20];
    let mut times = Vec::new();
    for _ in 0..3 {
        let start = Instant::now();
        let mut at = 0;
        while at < size {
            let length = buffer.len().min(usize::try_from(size - at)?);
            let read = file.read_at(&mut buffer[..length], offset + at)?;
            if read == 0 {
                bail!(".debug_info ends early");
            }
            at += read as u64;
        }
        times.push(start.elapsed().as_secs_f64());
    }
    Ok((size, stats::median(&times).unwrap_or(0.0)))
}

/// The machine in words: processor, cores, memory.
pub fn machine() -> Result<String> {
    let mut text = String::new();
    File::open("/proc/cpuinfo")?.read_to_string(&mut text)?;
    let model = text
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':').map(|(_, name)| name.trim()))
        .unwrap_or("an unknown processor");
    let cores = std::thread::available_parallelism()?;
    let memory = fs::read_to_string("/proc/meminfo")?;
    let kilobytes: u64 = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix(" kB"))
        .and_then(|number| number.trim().parse().ok())
        .context("no MemTotal")?;
    Ok(format!("{cores} cores of {model}, {} GB of memory", (kilobytes as f64 / 1e6).round()))
}
