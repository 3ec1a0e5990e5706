//! Memory read since the last stop.
//!
//! Pages of 4 KiB in lines of 64 bytes, each known, known to be unreadable, or not asked for. What is read depends on whose page tables
//! translate the address, so the lower half of the address space is kept for each thread; the upper half, where kernels live, is the same for all
//! of them (a CPU that cannot see it, as in user mode under page-table isolation, must not hide what another one saw: only its failures are its own).

use kdive_rsp::ThreadId;
use std::collections::HashMap;

/// Bytes of a page.
pub(crate) const PAGE: usize = 4096;
/// Bytes of a line.
pub(crate) const LINE: usize = 64;
/// Pages kept before all are dropped: 64 MiB.
const LIMIT: usize = 16 << 10;

/// Whose address space.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum View {
    /// Virtual addresses as this thread's CPU translates them.
    Thread(ThreadId),
    /// The upper half of the virtual address space, read through any thread.
    Kernel,
    /// Guest-physical addresses.
    Physical,
}

impl View {
    /// The view in which bytes at the virtual address `addr`, read through `thread`, are kept.
    pub(crate) fn of(thread: ThreadId, addr: u64) -> Self {
        if addr >> 63 == 1 { Self::Kernel } else { Self::Thread(thread) }
    }
}

struct Page {
    bytes: Box<[u8; PAGE]>,
    /// One bit for each line that is known.
    known: u64,
}

/// See the module text.
#[derive(Default)]
pub(crate) struct PageCache {
    pages: HashMap<(View, u64), Page>,
    /// Lines that could not be read, by the thread that tried (`None`: physical).
    unreadable: HashMap<(Option<ThreadId>, u64), u64>,
}

/// What is known about a piece of one page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Known {
    /// All of it.
    All,
    /// The line with this offset in the page could not be read.
    Unreadable(usize),
    /// Part of it has not been asked for.
    Missing,
}

impl PageCache {
    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.pages.clear();
        self.unreadable.clear();
    }

    /// Drops everything when `pages` more would be too many.
    pub(crate) fn make_room(&mut self, pages: usize) {
        if self.pages.len() + pages > LIMIT {
            self.clear();
        }
    }

    /// Forgets the page around `addr` in all views.
    pub(crate) fn forget_page(&mut self, addr: u64) {
        let number = addr / PAGE as u64;
        self.pages.retain(|(_, page), _| *page != number);
        self.unreadable.retain(|(_, page), _| *page != number);
    }

    /// What is known about `len` bytes at `offset` of page `number`, asked through `thread`.
    pub(crate) fn known(
        &self,
        view: View,
        thread: Option<ThreadId>,
        number: u64,
        offset: usize,
        len: usize,
    ) -> Known {
        let lines = lines(offset, len);
        let known = self.pages.get(&(view, number)).map_or(0, |page| page.known);
        if known & lines == lines {
            return Known::All;
        }
        let bad = self.unreadable.get(&(thread, number)).copied().unwrap_or(0) & lines & !known;
        // The first unreadable line decides only when nothing before it is missing.
        let missing = lines & !known & !bad;
        if bad != 0 && (missing == 0 || bad.trailing_zeros() < missing.trailing_zeros()) {
            return Known::Unreadable(bad.trailing_zeros() as usize * LINE);
        }
        Known::Missing
    }

    /// The `len` bytes at `offset` of page `number`, when all of them are known.
    pub(crate) fn get(&self, view: View, number: u64, offset: usize, len: usize) -> Option<&[u8]> {
        let page = self.pages.get(&(view, number))?;
        let lines = lines(offset, len);
        if page.known & lines != lines {
            return None;
        }
        page.bytes.get(offset..offset.checked_add(len)?)
    }

    /// Keeps bytes read at `offset` of page `number`; lines only partly covered are left out.
    pub(crate) fn store(&mut self, view: View, number: u64, offset: usize, bytes: &[u8]) {
        let start = offset.next_multiple_of(LINE);
        let end = (offset + bytes.len()).min(PAGE) / LINE * LINE;
        if start >= end {
            return;
        }
        let page =
            self.pages.entry((view, number)).or_insert_with(|| Page { bytes: Box::new([0; PAGE]), known: 0 });
        let from = bytes.get(start - offset..end - offset);
        if let (Some(to), Some(from)) = (page.bytes.get_mut(start..end), from) {
            to.copy_from_slice(from);
            page.known |= lines(start, end - start);
        }
    }

    /// Remembers that `thread` could not read `len` bytes at `offset` of page `number`.
    pub(crate) fn store_unreadable(
        &mut self,
        thread: Option<ThreadId>,
        number: u64,
        offset: usize,
        len: usize,
    ) {
        if self.unreadable.len() >= LIMIT {
            self.unreadable.clear();
        }
        *self.unreadable.entry((thread, number)).or_insert(0) |= lines(offset, len);
    }
}

/// One bit for each line that `len` bytes at `offset` touch; they lie in one page.
fn lines(offset: usize, len: usize) -> u64 {
    if len == 0 {
        return 0;
    }
    let (first, last) = (offset / LINE, ((offset + len - 1) / LINE).min(63));
    let count = last + 1 - first.min(last);
    let ones = if count >= 64 { u64::MAX } else { (1 << count) - 1 };
    ones << first.min(63)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: ThreadId = ThreadId::plain(1);
    const TWO: ThreadId = ThreadId::plain(2);

    #[test]
    fn lines_touched() {
        assert_eq!(lines(0, 1), 1);
        assert_eq!(lines(63, 2), 0b11);
        assert_eq!(lines(64, 64), 0b10);
        assert_eq!(lines(0, PAGE), u64::MAX);
        assert_eq!(lines(4095, 1), 1 << 63);
        assert_eq!(lines(10, 0), 0);
    }

    #[test]
    fn only_whole_lines_are_kept() {
        let mut cache = PageCache::default();
        let view = View::Thread(ONE);
        cache.store(view, 7, 10, &[0xaa; 200]);
        // 10..210 covers lines 1 and 2 whole.
        assert_eq!(cache.known(view, Some(ONE), 7, 64, 128), Known::All);
        assert_eq!(cache.known(view, Some(ONE), 7, 63, 2), Known::Missing);
        assert_eq!(cache.known(view, Some(ONE), 7, 192, 1), Known::Missing);
        assert_eq!(cache.get(view, 7, 100, 3), Some(&[0xaa; 3][..]));
        assert_eq!(cache.get(view, 7, 191, 2), None);
        assert_eq!(cache.get(view, 8, 100, 3), None);
    }

    #[test]
    fn unreadable_lines_are_reported_when_they_come_first() {
        let mut cache = PageCache::default();
        let view = View::Kernel;
        cache.store_unreadable(Some(ONE), 7, 128, 64);
        assert_eq!(cache.known(view, Some(ONE), 7, 128, 4), Known::Unreadable(128));
        assert_eq!(cache.known(view, Some(ONE), 7, 0, 256), Known::Missing);
        cache.store(view, 7, 0, &[1; 128]);
        assert_eq!(cache.known(view, Some(ONE), 7, 0, 256), Known::Unreadable(128));
        // Another thread's failure is not mine.
        assert_eq!(cache.known(view, Some(TWO), 7, 128, 4), Known::Missing);
        // What one thread saw of the kernel counts for all, failures or not.
        cache.store(view, 7, 128, &[2; 64]);
        assert_eq!(cache.known(view, Some(ONE), 7, 128, 4), Known::All);
    }

    #[test]
    fn halves_of_the_address_space() {
        assert_eq!(View::of(ONE, 0xffff_8880_0000_0000), View::Kernel);
        assert_eq!(View::of(ONE, 0x7fff_ffff_f000), View::Thread(ONE));
    }

    #[test]
    fn forgetting() {
        let mut cache = PageCache::default();
        cache.store(View::Kernel, 1, 0, &[1; PAGE]);
        cache.store(View::Physical, 1, 0, &[2; PAGE]);
        cache.store(View::Kernel, 2, 0, &[3; PAGE]);
        cache.forget_page(PAGE as u64 + 5);
        assert_eq!(cache.known(View::Kernel, Some(ONE), 1, 0, 1), Known::Missing);
        assert_eq!(cache.known(View::Physical, None, 1, 0, 1), Known::Missing);
        assert_eq!(cache.known(View::Kernel, Some(ONE), 2, 0, 1), Known::All);
        cache.clear();
        assert_eq!(cache.known(View::Kernel, Some(ONE), 2, 0, 1), Known::Missing);
    }
}
