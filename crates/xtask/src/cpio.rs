//! Writing an initramfs: the `newc` cpio format, as the kernel's `Documentation/driver-api/early-userspace/
//! buffer-format.rst` gives it. Owner root, time zero: the same content gives the same bytes, and no privilege
//! is needed for device nodes.

/// Type bits of a mode, `S_IFDIR` and its kin of `stat(2)`.
const DIRECTORY: u32 = 0o040000;
const CHARACTER_DEVICE: u32 = 0o020000;
const REGULAR: u32 = 0o100000;
const SYMLINK: u32 = 0o120000;

/// An archive being written.
#[derive(Default)]
pub struct Archive {
    bytes: Vec<u8>,
    inodes: u32,
}

impl Archive {
    /// Adds a directory. Parents come first.
    pub fn directory(&mut self, path: &str) {
        self.entry(path, DIRECTORY | 0o755, (0, 0), &[]);
    }

    /// Adds a file with these permission bits.
    pub fn file(&mut self, path: &str, permissions: u32, content: &[u8]) {
        self.entry(path, REGULAR | permissions, (0, 0), content);
    }

    /// Adds a symbolic link to `to`.
    pub fn symlink(&mut self, path: &str, to: &str) {
        self.entry(path, SYMLINK | 0o777, (0, 0), to.as_bytes());
    }

    /// Adds a character device.
    pub fn character_device(&mut self, path: &str, major: u32, minor: u32) {
        self.entry(path, CHARACTER_DEVICE | 0o600, (major, minor), &[]);
    }

    /// Ends the archive.
    pub fn finish(mut self) -> Vec<u8> {
        self.header("TRAILER!!!", 0, (0, 0), 0, 0);
        self.bytes
    }

    fn entry(&mut self, path: &str, mode: u32, device: (u32, u32), content: &[u8]) {
        self.inodes += 1;
        self.header(path, mode, device, content.len(), self.inodes);
        self.bytes.extend_from_slice(content);
        self.align();
    }

    /// Thirteen numbers of eight hexadecimal digits after the magic, then the name with its null byte; header
    /// and content are each padded to four bytes.
    fn header(&mut self, path: &str, mode: u32, device: (u32, u32), size: usize, inode: u32) {
        let links = if mode & 0o170000 == DIRECTORY { 2 } else { 1 };
        let (uid, gid, mtime, major, minor, check) = (0, 0, 0, 0, 0, 0);
        let fields = [
            inode as usize,
            mode as usize,
            uid,
            gid,
            links,
            mtime,
            size,
            major,
            minor,
            device.0 as usize,
            device.1 as usize,
            path.len() + 1,
            check,
        ];
        self.bytes.extend_from_slice(b"070701");
        for field in fields {
            self.bytes.extend_from_slice(format!("{field:08X}").as_bytes());
        }
        self.bytes.extend_from_slice(path.as_bytes());
        self.bytes.push(0);
        self.align();
    }

    fn align(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_header_name_and_content_each_padded_to_four() {
        let mut archive = Archive::default();
        archive.file("init", 0o755, b"hello");
        let bytes = archive.finish();
        let text = String::from_utf8_lossy(&bytes);
        let expected = "070701\
            00000001000081ED00000000000000000000000100000000\
            0000000500000000000000000000000000000000\
            0000000500000000init\0\0hello\0\0\0\
            070701\
            00000000000000000000000000000000000000010000000000000000\
            00000000000000000000000000000000\
            0000000B00000000TRAILER!!!\0\0\0\0";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_device_carries_its_numbers() {
        let mut archive = Archive::default();
        archive.character_device("dev/console", 5, 1);
        let text = String::from_utf8(archive.finish()).unwrap();
        assert!(text.starts_with("0707010000000100002180"), "{text}");
        assert_eq!(&text[78..94], "0000000500000001");
    }

    #[test]
    fn a_link_holds_its_target_as_content() {
        let mut archive = Archive::default();
        archive.symlink("bin/sh", "busybox");
        let text = String::from_utf8(archive.finish()).unwrap();
        assert!(text.contains("0000A1FF"), "{text}");
        assert!(text.contains("bin/sh\0\0\0\0busybox\0"), "{text:?}");
    }
}
