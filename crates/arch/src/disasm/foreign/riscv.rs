//! RISC-V: capstone names compressed instructions as such and gives distances of branches; binutils shows the instruction
//! they stand for, under its shortest name, and where a branch goes.

use super::{Raw, Shown, number, place};
use crate::disasm::Symbolize;
use kdive_base::VirtAddr;

/// Instructions with an immediate that binutils writes as the one with a register.
const SHORT: [(&str, &str); 13] = [
    ("addi", "add"),
    ("addiw", "addw"),
    ("andi", "and"),
    ("ori", "or"),
    ("xori", "xor"),
    ("slli", "sll"),
    ("srli", "srl"),
    ("srai", "sra"),
    ("slliw", "sllw"),
    ("srliw", "srlw"),
    ("sraiw", "sraw"),
    ("slti", "slt"),
    ("sltiu", "sltu"),
];

pub(super) fn show(raw: &Raw<'_>, symbols: &dyn Symbolize) -> Shown {
    let mut operands: Vec<String> =
        raw.operands.split(", ").filter(|o| !o.is_empty()).map(str::to_owned).collect();
    let mut name = raw.mnemonic;
    if let Some(compressed) = name.strip_prefix("c.") {
        name = expand(compressed, &mut operands);
    }
    // Where a call keeps its return address is only said when it is not ra.
    if name == "jal" && operands.len() == 2 && operands.first().is_some_and(|register| register == "ra") {
        operands.remove(0);
    }
    if matches!(name, "addiw") && operands.get(2).is_some_and(|last| last == "0") {
        name = "sext.w";
        operands.truncate(2);
    }
    if name == "addi" && operands.get(1).is_some_and(|register| register == "zero") && operands.len() == 3 {
        name = "li";
        operands.remove(1);
    }
    if name == "jr" && operands.len() == 1 && operands.first().is_some_and(|register| register == "ra") {
        name = "ret";
        operands.clear();
    }
    let shift = matches!(name, "slli" | "srli" | "srai" | "slliw" | "srliw" | "sraiw");
    let hex = shift || matches!(name, "lui" | "auipc");
    name = SHORT.iter().find(|(long, _)| *long == name).map_or(name, |(_, short)| *short);
    let is_branch = matches!(name, "j" | "jal") || name.starts_with('b') && name != "bset" && name != "bclr";
    let mut target = None;
    let last = operands.len().saturating_sub(1);
    for (at, operand) in operands.iter_mut().enumerate() {
        if let Some((offset, base)) = operand.split_once('(') {
            if let Some(offset) = number(offset) {
                *operand = format!("{offset}({base}");
            }
        } else if let Some(value) = number(operand) {
            if is_branch && at == last {
                let addr = raw.addr.0.wrapping_add_signed(value);
                target = Some(VirtAddr(addr));
                *operand = place(addr, symbols);
            } else {
                *operand = if hex { format!("{value:#x}") } else { value.to_string() };
            }
        }
    }
    let text = if operands.is_empty() { name.to_owned() } else { format!("{name}\t{}", operands.join(",")) };
    Shown { text, target }
}

/// The instruction a compressed one stands for; its operands are completed.
fn expand<'n>(name: &'n str, operands: &mut Vec<String>) -> &'n str {
    // The first operand is also the second where both are one register.
    if matches!(
        name,
        "add"
            | "addw"
            | "sub"
            | "subw"
            | "and"
            | "or"
            | "xor"
            | "addi"
            | "addiw"
            | "andi"
            | "slli"
            | "srli"
            | "srai"
    ) && operands.len() == 2
        && let Some(first) = operands.first().cloned()
    {
        operands.insert(1, first);
    }
    match name {
        "addi16sp" => {
            if operands.len() == 1 {
                operands.insert(0, "sp".to_owned());
            }
            operands.insert(1, "sp".to_owned());
            "addi"
        }
        "addi4spn" => "addi",
        "lwsp" => "lw",
        "ldsp" => "ld",
        "swsp" => "sw",
        "sdsp" => "sd",
        "fldsp" => "fld",
        "fsdsp" => "fsd",
        "flwsp" => "flw",
        "fswsp" => "fsw",
        other => other,
    }
}
