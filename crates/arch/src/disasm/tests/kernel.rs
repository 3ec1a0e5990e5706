//! The text of a real kernel's code against objdump, whose disassembler is gdb's.

use crate::{Arch, Disassembler, Flavor};
use kdive_base::VirtAddr;
use std::path::PathBuf;
use std::process::Command;

/// How much of `.text` is compared: enough for every common instruction, little enough for every test run.
const SPAN: u64 = 0x10_0000;

/// The guest's vmlinux, or `None` with a word about why not.
fn vmlinux() -> Option<PathBuf> {
    let Some(guest) = std::env::var_os("KDIVE_GUEST") else {
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "KDIVE_GUEST is not set");
        println!("skipped: KDIVE_GUEST is not set (cargo xtask test sets it)");
        return None;
    };
    Some(PathBuf::from(guest).join("vmlinux"))
}

struct Line {
    addr: u64,
    bytes: Vec<u8>,
    text: String,
}

fn listing(path: &PathBuf, start: u64, flavor: &str) -> Option<Vec<Line>> {
    let output = Command::new("objdump")
        .args(["-d", "-w", "--insn-width=16", "-M", flavor])
        .arg(format!("--start-address={start:#x}"))
        .arg(format!("--stop-address={:#x}", start + SPAN))
        .arg(path)
        .output();
    let Ok(output) = output else {
        println!("skipped: objdump is not installed");
        return None;
    };
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    Some(text.lines().filter_map(parse).collect())
}

fn parse(line: &str) -> Option<Line> {
    let (addr, rest) = line.split_once(":\t")?;
    let (bytes, text) = rest.split_once('\t')?;
    let addr = u64::from_str_radix(addr.trim(), 16).ok()?;
    let bytes = bytes.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
    Some(Line { addr, bytes, text: as_gdb(text) })
}

/// objdump's line in gdb's form: addresses with `0x`, here without names.
fn as_gdb(text: &str) -> String {
    let Some((body, name)) = text.split_once(" <") else { return text.trim_end().to_owned() };
    assert!(name.ends_with('>'), "{text}");
    let at = body.rfind(' ').map_or(0, |blank| blank + 1);
    format!("{}0x{}", &body[..at], &body[at..])
}

#[test]
fn text_equals_objdump() {
    let Some(path) = vmlinux() else { return };
    // Where x86-64 kernels are linked to run.
    let start = 0xffff_ffff_8100_0000;
    for (flavor, name) in [(Flavor::Att, "att"), (Flavor::Intel, "intel")] {
        let Some(lines) = listing(&path, start, name) else { return };
        assert!(lines.len() > 100_000, "only {} instructions", lines.len());
        let disassembler = Disassembler::for_arch(Arch::X86_64, flavor);
        let mut wrong = Vec::new();
        for line in &lines {
            // objdump starts again at every symbol and shows what is left before one as data.
            if line.text.starts_with(".byte") {
                continue;
            }
            let mut bytes = line.bytes.clone();
            bytes.resize(16, 0xcc);
            let insn = disassembler.decode(&bytes, VirtAddr(line.addr), &()).unwrap();
            if insn.text != line.text || insn.bytes != line.bytes {
                wrong.push(format!("{:#x}: want {:?}, have {:?}", line.addr, line.text, insn.text));
            }
        }
        wrong.truncate(20);
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
