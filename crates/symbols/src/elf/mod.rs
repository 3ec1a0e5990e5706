//! ELF files: the mapped image with its sections, the symbol table, and the façade over one file.

mod alternate;
mod convert;
mod image;
mod notes;
mod object_file;
mod packed;
mod place;
mod reloc;
mod separate;
mod special;
mod split;
pub(crate) mod symtab;

pub(crate) use image::Image;
pub use image::Section;
pub use notes::{DebugLink, Note};
pub use object_file::{ElfKind, IndexInfo, ObjectFile, OpenOptions};
pub use packed::gunzip;
pub use reloc::{Relocated, Target};
pub use separate::{MissingFile, Sought};
pub(crate) use split::Split;
