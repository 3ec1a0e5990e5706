//! Reads target descriptions (GDB manual, "Target Descriptions") as stubs send them.
//!
//! Descriptions come from the target and are not trusted: everything countable has a limit. Nested `<feature>` elements
//! are read although the DTD has none (QEMU 2.8 to 3.1 sent them, and gdb refused the whole description).

mod types;

use crate::{Arch, ArchError, Foreign, RegType, Register, RegisterLayout};
use roxmltree::{Document, Node, ParsingOptions};
use types::{Types, attribute};

/// Nested includes.
const MAX_DEPTH: usize = 8;
/// Annexes fetched for one description.
const MAX_ANNEXES: usize = 64;
/// Bytes of one annex.
pub const MAX_ANNEX_SIZE: usize = 4 << 20;
/// XML nodes of one annex.
const MAX_NODES: u32 = 200_000;
/// Registers; RISC-V has 4096 control registers.
const MAX_REGISTERS: usize = 16_384;
/// Highest register number.
const MAX_REGNUM: u32 = 0xf_ffff;
/// Bits of one register; SME's ZA has half a million.
const MAX_BITS: u32 = 1 << 20;
/// Bytes of all registers together: what one register file allocates.
const MAX_BYTES: usize = 1 << 20;
/// Features.
const MAX_FEATURES: usize = 256;

/// A stub's description of itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Description {
    /// Text of the `<architecture>` element.
    pub architecture: Option<String>,
    /// Text of the `<osabi>` element.
    pub osabi: Option<String>,
    /// Names of all features, in order.
    pub features: Vec<String>,
    /// The registers.
    pub layout: RegisterLayout,
}

/// Parses the description that starts with the annex `target.xml`.
///
/// `fetch` answers with the text of an annex, `target.xml` itself included; its error text becomes part of
/// [`ArchError::Fetch`]. `fallback` is the family when the description names none.
///
/// # Errors
/// Malformed XML, values that cannot be, or more of anything than a real description has.
pub fn parse(
    fallback: Arch,
    fetch: &mut dyn FnMut(&str) -> Result<String, String>,
) -> Result<Description, ArchError> {
    parse_from("target.xml", fallback, fetch)
}

/// The same for a description that starts with another annex, such as a file of the user's.
///
/// # Errors
/// As [`parse`].
pub fn parse_from(
    start: &str,
    fallback: Arch,
    fetch: &mut dyn FnMut(&str) -> Result<String, String>,
) -> Result<Description, ArchError> {
    let mut reader = Reader {
        fetch,
        annexes: 0,
        architecture: None,
        osabi: None,
        features: Vec::new(),
        types: Types::new(fallback),
        registers: Vec::new(),
        next_regnum: 0,
        bytes: 0,
        fallback,
    };
    reader.annex(start, 0, "")?;
    let arch = reader.arch();
    Ok(Description {
        layout: RegisterLayout::new(arch, reader.registers),
        architecture: reader.architecture,
        osabi: reader.osabi,
        features: reader.features,
    })
}

struct Reader<'f> {
    fetch: &'f mut dyn FnMut(&str) -> Result<String, String>,
    annexes: usize,
    architecture: Option<String>,
    osabi: Option<String>,
    features: Vec<String>,
    types: Types,
    registers: Vec<Register>,
    next_regnum: u32,
    bytes: usize,
    fallback: Arch,
}

impl Reader<'_> {
    fn arch(&self) -> Arch {
        match self.architecture.as_deref() {
            None => self.fallback,
            // An unknown processor is at least not taken for another one.
            Some(name) => Arch::from_bfd_name(name).unwrap_or(Arch::Foreign(Foreign::Other(0))),
        }
    }

    /// Fetches and reads one annex, whose root may be `<target>` or `<feature>`.
    fn annex(&mut self, name: &str, depth: usize, feature: &str) -> Result<(), ArchError> {
        let too_large = |what, limit| ArchError::TooLarge { annex: name.to_owned(), what, limit };
        if depth >= MAX_DEPTH {
            return Err(too_large("nested includes", MAX_DEPTH));
        }
        self.annexes += 1;
        if self.annexes > MAX_ANNEXES {
            return Err(too_large("annexes", MAX_ANNEXES));
        }
        let text =
            (self.fetch)(name).map_err(|reason| ArchError::Fetch { annex: name.to_owned(), reason })?;
        if text.len() > MAX_ANNEX_SIZE {
            return Err(too_large("bytes", MAX_ANNEX_SIZE));
        }
        // Stubs use the prefix without declaring it, which a parser that knows namespaces must refuse.
        let text = text.replace("<xi:include", "<include").replace("</xi:include", "</include");
        let options = ParsingOptions { allow_dtd: true, nodes_limit: MAX_NODES, ..ParsingOptions::default() };
        let document = Document::parse_with_options(&text, options)
            .map_err(|error| ArchError::BadDescription { annex: name.to_owned(), what: error.to_string() })?;
        let root = document.root_element();
        let place = Place { annex: name, depth };
        match root.tag_name().name() {
            "feature" => self.feature(root, place, feature),
            _ => self.children(root, place, feature),
        }
    }

    fn feature(&mut self, node: Node<'_, '_>, place: Place<'_>, outer: &str) -> Result<(), ArchError> {
        let name = node.attribute("name").unwrap_or(outer).to_owned();
        if self.features.len() >= MAX_FEATURES {
            return Err(place.too_large("features", MAX_FEATURES));
        }
        self.features.push(name.clone());
        self.children(node, place, &name)
    }

    fn children(&mut self, node: Node<'_, '_>, place: Place<'_>, feature: &str) -> Result<(), ArchError> {
        for child in node.children().filter(Node::is_element) {
            match child.tag_name().name() {
                "architecture" => {
                    self.architecture = text_of(child);
                    self.types = Types::new(self.arch());
                }
                "osabi" => self.osabi = text_of(child),
                "include" => {
                    let href = child.attribute("href").unwrap_or_default();
                    self.annex(href, place.depth + 1, feature)?;
                }
                // The document tree is as deep as its text says; nesting is bounded by what includes are.
                "feature" => {
                    let inner = Place { depth: place.depth + 1, ..place };
                    if inner.depth >= MAX_DEPTH {
                        return Err(place.too_large("nested features", MAX_DEPTH));
                    }
                    self.feature(child, inner, feature)?;
                }
                "reg" => self.register(child, place, feature)?,
                "vector" | "union" | "struct" | "flags" | "enum" => self.types.define(child, place)?,
                // `compatible` and elements of later versions say nothing about registers.
                _ => {}
            }
        }
        Ok(())
    }

    fn register(&mut self, node: Node<'_, '_>, place: Place<'_>, feature: &str) -> Result<(), ArchError> {
        if self.registers.len() >= MAX_REGISTERS {
            return Err(place.too_large("registers", MAX_REGISTERS));
        }
        let name = node.attribute("name").unwrap_or_default().to_owned();
        let bits: u32 = attribute(node, "bitsize", place)?
            .ok_or_else(|| place.bad(node, &format!("register {name} has no bitsize")))?;
        if bits == 0 || !bits.is_multiple_of(8) || bits > MAX_BITS {
            return Err(place.bad(node, &format!("register {name} has bitsize {bits}")));
        }
        self.bytes += bits as usize / 8;
        if self.bytes > MAX_BYTES {
            return Err(place.too_large("bytes of registers", MAX_BYTES));
        }
        let regnum = attribute(node, "regnum", place)?.unwrap_or(self.next_regnum);
        if regnum > MAX_REGNUM {
            return Err(place.bad(node, &format!("register {name} has regnum {regnum}")));
        }
        self.next_regnum = regnum + 1;
        let ty = self.types.of_register(node.attribute("type").unwrap_or("int"), bits);
        self.registers.push(Register {
            name,
            bits,
            regnum,
            ty,
            group: node.attribute("group").map(str::to_owned),
            feature: feature.to_owned(),
            offset: 0,
        });
        Ok(())
    }
}

/// Where in which annex we are, for messages and limits.
#[derive(Clone, Copy)]
struct Place<'a> {
    annex: &'a str,
    depth: usize,
}

impl Place<'_> {
    fn bad(&self, node: Node<'_, '_>, what: &str) -> ArchError {
        let line = node.document().text_pos_at(node.range().start).row;
        ArchError::BadDescription { annex: self.annex.to_owned(), what: format!("line {line}: {what}") }
    }

    fn too_large(&self, what: &'static str, limit: usize) -> ArchError {
        ArchError::TooLarge { annex: self.annex.to_owned(), what, limit }
    }
}

fn text_of(node: Node<'_, '_>) -> Option<String> {
    node.text().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// The type of a register that has `bits` bits whatever its description says.
fn sized(ty: RegType, bits: u32) -> RegType {
    let size = bits as usize / 8;
    if ty.size() == size {
        return ty;
    }
    match ty {
        // QEMU before 7.2 describes a 4-byte efer with 8 bytes of flags.
        RegType::Flags { name, fields, .. } if size <= 8 => {
            let fields = fields.iter().filter(|field| u32::from(field.end) < bits).cloned().collect();
            RegType::Flags { name, size, fields }
        }
        _ => match u16::try_from(bits) {
            Ok(bits) if bits <= 128 => RegType::uint(bits),
            _ => types::bytes(size),
        },
    }
}

#[cfg(test)]
mod tests;
