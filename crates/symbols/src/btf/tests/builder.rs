//! Writes BTF, well-formed or not, for tests.

/// Types and strings in the making.
#[derive(Clone)]
pub(super) struct Builder {
    types: Vec<u8>,
    strings: Vec<u8>,
    next: u32,
    string_base: u32,
}

/// A member: name, type, offset as it is written.
pub(super) type Member = (&'static str, u32, u32);

/// A member at an offset in bits.
pub(super) fn member(name: &'static str, ty: u32, offset: u32) -> Member {
    (name, ty, offset)
}

/// A bit-field of a structure with the flag for them.
pub(super) fn kflag(name: &'static str, ty: u32, offset: u32, size: u32) -> Member {
    (name, ty, size << 24 | offset)
}

impl Builder {
    pub(super) fn new() -> Self {
        Self { types: Vec::new(), strings: vec![0], next: 1, string_base: 0 }
    }

    /// The continuation of this one.
    pub(super) fn split(&self) -> Self {
        let string_base = self.string_base + self.strings.len() as u32;
        Self { types: Vec::new(), strings: Vec::new(), next: self.next, string_base }
    }

    fn string(&mut self, text: &str) -> u32 {
        if text.is_empty() {
            return 0;
        }
        let offset = self.string_base + self.strings.len() as u32;
        self.strings.extend(text.bytes().chain([0]));
        offset
    }

    pub(super) fn record(
        &mut self,
        name: &str,
        kind: u32,
        flag: bool,
        vlen: u32,
        size_or_type: u32,
        rest: &[u32],
    ) -> u32 {
        let info = u32::from(flag) << 31 | kind << 24 | vlen;
        let name = self.string(name);
        for word in [name, info, size_or_type].iter().chain(rest) {
            self.types.extend(word.to_le_bytes());
        }
        self.next += 1;
        self.next - 1
    }

    pub(super) fn int(&mut self, name: &str, size: u32, encoding: u32, bits: u32) -> u32 {
        self.int_at(name, size, encoding, 0, bits)
    }

    pub(super) fn int_at(&mut self, name: &str, size: u32, encoding: u32, offset: u32, bits: u32) -> u32 {
        self.record(name, 1, false, 0, size, &[encoding << 24 | offset << 16 | bits])
    }

    pub(super) fn float(&mut self, name: &str, size: u32) -> u32 {
        self.record(name, 16, false, 0, size, &[])
    }

    /// A kind that only refers to a type: pointer, qualifier, typedef, tag.
    pub(super) fn refer(&mut self, kind: u32, name: &str, ty: u32) -> u32 {
        self.record(name, kind, false, 0, ty, &[])
    }

    pub(super) fn array(&mut self, elem: u32, count: u32) -> u32 {
        self.record("", 3, false, 0, 0, &[elem, 1, count])
    }

    pub(super) fn forward(&mut self, name: &str, is_union: bool) -> u32 {
        self.record(name, 7, is_union, 0, 0, &[])
    }

    pub(super) fn composite(
        &mut self,
        kind: u32,
        flag: bool,
        name: &str,
        size: u32,
        members: &[Member],
    ) -> u32 {
        let words: Vec<u32> =
            members.iter().flat_map(|&(name, ty, offset)| [self.string(name), ty, offset]).collect();
        self.record(name, kind, flag, members.len() as u32, size, &words)
    }

    pub(super) fn enumeration(&mut self, name: &str, signed: bool, values: &[(&str, i32)]) -> u32 {
        let words: Vec<u32> =
            values.iter().flat_map(|&(name, value)| [self.string(name), value as u32]).collect();
        self.record(name, 6, signed, values.len() as u32, 4, &words)
    }

    pub(super) fn enumeration64(&mut self, name: &str, signed: bool, values: &[(&str, i64)]) -> u32 {
        let words: Vec<u32> = values
            .iter()
            .flat_map(|&(name, value)| [self.string(name), value as u32, (value >> 32) as u32])
            .collect();
        self.record(name, 19, signed, values.len() as u32, 8, &words)
    }

    pub(super) fn function(&mut self, ret: u32, params: &[(&str, u32)]) -> u32 {
        let words: Vec<u32> = params.iter().flat_map(|&(name, ty)| [self.string(name), ty]).collect();
        self.record("", 13, false, params.len() as u32, ret, &words)
    }

    pub(super) fn variable(&mut self, name: &str, ty: u32, linkage: u32) -> u32 {
        self.record(name, 14, false, 0, ty, &[linkage])
    }

    pub(super) fn finish(&self) -> Vec<u8> {
        let mut bytes = vec![0x9f, 0xeb, 1, 0];
        let (types, strings) = (self.types.len() as u32, self.strings.len() as u32);
        for word in [24, 0, types, types, strings] {
            bytes.extend(u32::to_le_bytes(word));
        }
        bytes.extend(&self.types);
        bytes.extend(&self.strings);
        bytes
    }
}
