//! What the kernel carries along whole: its configuration (kernel/configs.c) and a flattened device tree (drivers/of/fdt.c).

use crate::identity::symbol;
use crate::{Error, Object};
use kdive_base::{ReadMemory, VirtAddr};
use kdive_program::Program;

/// Larger than any configuration or device tree.
const MAX_BLOB: u64 = 16 << 20;

/// The gzip file of the kernel's configuration: the bytes between the marks `IKCFG_ST` and `IKCFG_ED`.
///
/// # Errors
/// [`Error::NoSymbol`] for a kernel without it (`CONFIG_IKCONFIG`); memory.
pub fn packed_config(program: &Program) -> Result<Vec<u8>, Error> {
    const START: &[u8] = b"IKCFG_ST";
    const END: &[u8] = b"IKCFG_ED";
    let missing = || Error::NoSymbol("kernel_config_data".to_owned());
    // Until 5.1 an array with the marks in it; since then data of an assembler file, with the marks around two labels.
    let at = symbol(program, "kernel_config_data").ok_or_else(missing)?;
    let (start, size) = match symbol(program, "kernel_config_data_end") {
        Some(end) => (at, end.0.wrapping_sub(at.0)),
        None => (at, Object::variable(program, "kernel_config_data")?.ty().size().unwrap_or(0)),
    };
    let corrupt = |reason: String| Error::Corrupt { what: "kernel configuration", addr: start, reason };
    if size > MAX_BLOB {
        return Err(corrupt(format!("{size} bytes are too many")));
    }
    let mut bytes = vec![0; usize::try_from(size).unwrap_or(0)];
    program.read(start, &mut bytes)?;
    let inner = bytes.strip_prefix(START).unwrap_or(&bytes);
    let end = inner.windows(END.len()).rposition(|window| window == END).unwrap_or(inner.len());
    let inner = inner.get(..end).unwrap_or_default();
    if !inner.starts_with(b"\x1f\x8b") {
        return Err(corrupt("no gzip data begins there".to_owned()));
    }
    Ok(inner.to_vec())
}

/// The header of a flattened device tree, big-endian words (Devicetree Specification, chapter 5).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FdtHeader {
    /// Where it lies.
    pub addr: VirtAddr,
    /// Its ten words, `magic` first.
    pub words: [u32; 10],
}

/// The tree the boot loader gave (`initial_boot_params`): header and all of it.
///
/// # Errors
/// [`Error::NoSymbol`] for a kernel without device trees (`CONFIG_OF`); [`Error::Corrupt`] where there is none; memory.
pub fn device_tree_blob(program: &Program) -> Result<(FdtHeader, Vec<u8>), Error> {
    const MAGIC: u32 = 0xd00d_feed;
    let addr = Object::variable(program, "initial_boot_params")?.pointer()?;
    let corrupt = |reason: String| Error::Corrupt { what: "device tree", addr, reason };
    if addr.0 == 0 {
        return Err(corrupt("the boot loader gave none".to_owned()));
    }
    let mut header = [0; 40];
    program.read(addr, &mut header)?;
    let mut words = [0; 10];
    for (word, bytes) in words.iter_mut().zip(header.as_chunks().0) {
        *word = u32::from_be_bytes(*bytes);
    }
    let [magic, size, ..] = words;
    if magic != MAGIC {
        return Err(corrupt(format!("its magic is {magic:#x}, not {MAGIC:#x}")));
    }
    if u64::from(size) > MAX_BLOB {
        return Err(corrupt(format!("{size} bytes are too many")));
    }
    let mut bytes = vec![0; size as usize];
    program.read(addr, &mut bytes)?;
    Ok((FdtHeader { addr, words }, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::image;

    #[test]
    fn a_configuration_between_its_marks() {
        let program = image(r#"char kernel_config_data[] = "IKCFG_ST\x1f\x8b\x08packedIKCFG_ED";"#);
        assert_eq!(packed_config(&program).unwrap(), b"\x1f\x8b\x08packed");
        let program = image(
            r#"__asm__(".data\n.globl kernel_config_data, kernel_config_data_end\n.ascii \"IKCFG_ST\"\n"
                "kernel_config_data: .byte 0x1f, 0x8b, 8\n.ascii \"more\"\nkernel_config_data_end: .ascii \"IKCFG_ED\"\n");
            int anything = 1;"#,
        );
        assert_eq!(packed_config(&program).unwrap(), b"\x1f\x8b\x08more");
        let program = image(r#"char kernel_config_data[] = "IKCFG_STnothingIKCFG_ED";"#);
        assert!(matches!(packed_config(&program), Err(Error::Corrupt { .. })));
        let program = image("int anything = 1;");
        assert_eq!(packed_config(&program), Err(Error::NoSymbol("kernel_config_data".into())));
    }

    #[test]
    fn a_device_tree() {
        let blob = r#"unsigned char blob[44] = { 0xd0, 0x0d, 0xfe, 0xed, 0, 0, 0, SIZE, 0, 0, 0, 40, [40] = 'e', 'n', 'd' };
            void *initial_boot_params = WHERE;"#;
        let with = |size: &str, place: &str| image(&blob.replace("SIZE", size).replace("WHERE", place));
        let (header, bytes) = device_tree_blob(&with("43", "blob")).unwrap();
        assert_eq!((header.words[1], header.words[2], bytes.len()), (43, 40, 43));
        assert!(bytes.ends_with(b"end"));
        for (place, reason) in [("0", "the boot loader gave none"), ("blob + 4", "its magic is 0x2b")] {
            let error = device_tree_blob(&with("43", place)).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }
}
