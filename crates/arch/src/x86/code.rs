//! Instructions that are recognised by their bytes.

use crate::Arch;

/// The no-ops of `alternative.c` in Linux and of assemblers, longest first (Intel SDM, `NOP`, recommended forms).
const NOPS: [&[u8]; 10] = [
    &[0x66, 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0],
    &[0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0],
    &[0x66, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0],
    &[0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0],
    &[0x0f, 0x1f, 0x80, 0, 0, 0, 0],
    &[0x66, 0x0f, 0x1f, 0x44, 0, 0],
    &[0x0f, 0x1f, 0x44, 0, 0],
    &[0x0f, 0x1f, 0x40, 0],
    &[0x0f, 0x1f, 0x00],
    &[0x90],
];

/// `lea 0(%esi),%esi` and friends, which fill i386 code built for CPUs without long no-ops.
const NOPS_I386: [&[u8]; 4] =
    [&[0x8d, 0xb6, 0, 0, 0, 0], &[0x8d, 0x74, 0x26, 0x00], &[0x8d, 0x76, 0x00], &[0x89, 0xf6]];

/// Length of the no-op at the start of `bytes`.
pub(crate) fn nop_len(arch: Arch, bytes: &[u8]) -> Option<usize> {
    // Any number of operand size prefixes goes before the longest forms and before the plain one.
    let prefixes = bytes.iter().take(14).take_while(|byte| **byte == 0x66).count();
    let mut forms = NOPS.iter().chain(if arch == Arch::I386 { &NOPS_I386[..] } else { &[] });
    if let Some(form) = forms.find(|form| bytes.starts_with(form)) {
        return Some(form.len());
    }
    let rest = bytes.get(prefixes..)?;
    let form = NOPS.iter().find(|form| form.first() != Some(&0x66) && rest.starts_with(form))?;
    let segment = [0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0];
    let len = if rest.starts_with(&segment) { segment.len() } else { form.len() };
    (prefixes > 0 && prefixes + len <= 15).then_some(prefixes + len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_ops_of_every_length() {
        for form in NOPS {
            let mut bytes = form.to_vec();
            bytes.push(0xc3);
            assert_eq!(nop_len(Arch::X86_64, &bytes), Some(form.len()), "{form:x?}");
        }
        assert_eq!(nop_len(Arch::X86_64, &[0x66, 0x90]), Some(2));
        assert_eq!(nop_len(Arch::X86_64, &[0x0f, 0x1f, 0x44, 0, 0]), Some(5));
        assert_eq!(nop_len(Arch::X86_64, &[0xe8, 0, 0, 0, 0]), None);
        assert_eq!(nop_len(Arch::X86_64, &[0x0f, 0x1f]), None);
        assert_eq!(nop_len(Arch::X86_64, &[0x8d, 0x76, 0x00]), None);
        assert_eq!(nop_len(Arch::I386, &[0x8d, 0x76, 0x00]), Some(3));
        assert_eq!(nop_len(Arch::X86_64, &[]), None);
    }
}
