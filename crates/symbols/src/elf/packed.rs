//! Files that are packed as a whole, as distributions ship modules: `.xz`, `.zst`, `.gz`. They are recognised by their first bytes,
//! whatever they are called, and unpacked into memory.

use memmap2::Mmap;
use std::io::Read;
use std::ops::Deref;

/// Largest file that is unpacked; a vmlinux with debug information is smaller.
const MAX_UNPACKED: u64 = 2 << 30;

/// What is packed in gzip data, `limit` bytes at most.
///
/// # Errors
/// What is wrong with it.
pub fn gunzip(packed: &[u8], limit: u64) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let unpacked = flate2::read::MultiGzDecoder::new(packed).take(limit + 1).read_to_end(&mut bytes);
    match unpacked {
        Ok(_) if bytes.len() as u64 > limit => Err(format!("is larger than {limit} bytes when unpacked")),
        Ok(_) => Ok(bytes),
        Err(error) => Err(format!("cannot be unpacked: {error}")),
    }
}

/// Where the bytes of a file are.
#[derive(Debug)]
pub(crate) enum Backing {
    /// In the file.
    Mapped(Mmap),
    /// In memory.
    Unpacked(Vec<u8>),
}

impl Deref for Backing {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Unpacked(bytes) => bytes,
        }
    }
}

impl Backing {
    /// The mapped file, or what is packed in it.
    ///
    /// # Errors
    /// What is wrong with a packed file.
    pub(crate) fn of(map: Mmap) -> Result<Self, String> {
        let mut bytes = Vec::new();
        let unpacked = if map.starts_with(b"\xfd7zXZ\0") {
            let reader = lzma_rust2::XzReader::new(&*map, true);
            reader.take(MAX_UNPACKED + 1).read_to_end(&mut bytes)
        } else if map.starts_with(b"\x28\xb5\x2f\xfd") {
            match ruzstd::decoding::StreamingDecoder::new(&*map) {
                Ok(reader) => reader.take(MAX_UNPACKED + 1).read_to_end(&mut bytes),
                Err(error) => return Err(format!("cannot be unpacked: {error}")),
            }
        } else if map.starts_with(b"\x1f\x8b\x08") {
            flate2::read::MultiGzDecoder::new(&*map).take(MAX_UNPACKED + 1).read_to_end(&mut bytes)
        } else {
            return Ok(Self::Mapped(map));
        };
        match unpacked {
            Ok(_) if bytes.len() as u64 > MAX_UNPACKED => {
                Err(format!("larger than {MAX_UNPACKED} bytes when unpacked"))
            }
            Ok(_) => Ok(Self::Unpacked(bytes)),
            Err(error) => Err(format!("cannot be unpacked: {error}")),
        }
    }
}
