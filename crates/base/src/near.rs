//! Names near a name that does not exist.

/// How many names are proposed at most.
const PROPOSED: usize = 3;

/// How near a name is; the smaller, the nearer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    /// Edits between the two names. A name that has the wanted one as a part stands after all that edits reach.
    edits: usize,
    other_first_letter: bool,
    length_apart: usize,
}

/// Looks for the names nearest to one that does not exist, among any number that are offered one after the other.
///
/// An edit is a letter too many, a letter missing, another letter, or two letters in the other order; upper and lower case are
/// the same. A third of the letters may be wrong. Where no name is that near, those that end in `_NAME` or begin with `NAME.` or
/// `NAME_` are (`__x64_sys_read` for `sys_read`, `f.isra.0` for `f`).
///
/// Only the nearest are kept, and with each the limit falls for the next: 200,000 names take a few milliseconds.
#[derive(Debug)]
pub struct Nearest<'w> {
    wanted: &'w str,
    letters: u64,
    /// Edits allowed by the length of the name.
    limit: usize,
    found: Vec<(Rank, String)>,
    rows: Rows,
}

impl<'w> Nearest<'w> {
    /// Nothing has been offered yet.
    #[must_use]
    pub fn to(wanted: &'w str) -> Nearest<'w> {
        let limit = match wanted.len() {
            0 | 1 => 0,
            2..=5 => 1,
            length => length / 3,
        };
        Nearest { wanted, letters: letters(wanted), limit, found: Vec::new(), rows: Rows::default() }
    }

    /// Looks at one name.
    pub fn offer(&mut self, name: &str) {
        if name == self.wanted || name.is_empty() || is_sibling(self.wanted, name) {
            return;
        }
        let best = self.found.first().map_or(usize::MAX, |(rank, _)| rank.edits);
        let edits = match self.edits(name, self.limit.min(best)) {
            Some(edits) => edits,
            None if best > self.limit && self.is_part_of(name) => self.limit + 1,
            None => return,
        };
        if edits < best {
            self.found.clear();
        }
        let other_first_letter = !self
            .wanted
            .as_bytes()
            .iter()
            .zip(name.as_bytes())
            .take(1)
            .all(|(a, b)| a.eq_ignore_ascii_case(b));
        let rank = Rank { edits, other_first_letter, length_apart: name.len().abs_diff(self.wanted.len()) };
        let place = self.found.partition_point(|(known, text)| (known, text.as_str()) < (&rank, name));
        if place < PROPOSED && self.found.get(place).is_none_or(|(_, known)| known != name) {
            self.found.insert(place, (rank, name.to_owned()));
            self.found.truncate(PROPOSED);
        }
    }

    /// The nearest names, best first; none if nothing is near.
    #[must_use]
    pub fn names(self) -> Vec<String> {
        self.found.into_iter().map(|(_, name)| name).collect()
    }

    fn edits(&mut self, name: &str, limit: usize) -> Option<usize> {
        if name.len().abs_diff(self.wanted.len()) > limit {
            return None;
        }
        // One edit takes at most one letter away and brings another.
        let letters_apart = (letters(name) ^ self.letters).count_ones() as usize;
        if letters_apart > 2 * limit {
            return None;
        }
        self.rows.edits(self.wanted.as_bytes(), name.as_bytes(), limit)
    }

    fn is_part_of(&self, name: &str) -> bool {
        self.wanted.len() >= 3
            && (name.strip_suffix(self.wanted).is_some_and(|rest| rest.ends_with('_'))
                || name.strip_prefix(self.wanted).is_some_and(|rest| rest.starts_with(['.', '_'])))
    }
}

/// The nearest of `names`, best first; see [`Nearest`].
pub fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut nearest = Nearest::to(wanted);
    for name in names {
        nearest.offer(name);
    }
    nearest.names()
}

/// The question that proposes `names`: `Did you mean a, b or c?`; `None` without names.
#[must_use]
pub fn did_you_mean(names: &[String]) -> Option<String> {
    let (last, others) = names.split_last()?;
    Some(match others {
        [] => format!("Did you mean {last}?"),
        others => format!("Did you mean {} or {last}?", others.join(", ")),
    })
}

/// Whether only the number at the end differs: `arg2` was no slip for `arg1`, or for `arg`.
fn is_sibling(wanted: &str, name: &str) -> bool {
    let stem = wanted.trim_end_matches(|c: char| c.is_ascii_digit());
    stem.len() < wanted.len() && name.trim_end_matches(|c: char| c.is_ascii_digit()) == stem
}

/// Which letters occur, one bit for each.
fn letters(name: &str) -> u64 {
    name.bytes().fold(0, |set, byte| set | 1 << (byte.to_ascii_lowercase() & 63))
}

/// The rows of the table of distances, kept from name to name.
#[derive(Debug, Default)]
struct Rows {
    before_last: Vec<usize>,
    last: Vec<usize>,
    this: Vec<usize>,
}

impl Rows {
    /// The edits from `a` to `b` if they are at most `limit`. Only the diagonal band in which that is possible is filled.
    fn edits(&mut self, a: &[u8], b: &[u8], limit: usize) -> Option<usize> {
        let far = limit + 1;
        let same = |x: &u8, y: &u8| x.eq_ignore_ascii_case(y);
        for row in [&mut self.before_last, &mut self.last, &mut self.this] {
            row.clear();
            row.resize(b.len() + 1, far);
        }
        for (column, cell) in self.last.iter_mut().enumerate().take(far) {
            *cell = column;
        }
        for (row, letter) in a.iter().enumerate() {
            let row = row + 1;
            self.this.fill(far);
            if row <= limit {
                self.this[0] = row;
            }
            let mut nearest = self.this[0];
            for column in row.saturating_sub(limit).max(1)..=(row + limit).min(b.len()) {
                let changed = usize::from(!same(letter, &b[column - 1]));
                let mut cell = (self.last[column - 1] + changed)
                    .min(self.last[column] + 1)
                    .min(self.this[column - 1] + 1);
                if row > 1 && column > 1 && same(letter, &b[column - 2]) && same(&a[row - 2], &b[column - 1])
                {
                    cell = cell.min(self.before_last[column - 2] + 1);
                }
                self.this[column] = cell.min(far);
                nearest = nearest.min(cell);
            }
            if nearest > limit {
                return None;
            }
            std::mem::swap(&mut self.before_last, &mut self.last);
            std::mem::swap(&mut self.last, &mut self.this);
        }
        self.last.last().copied().filter(|edits| *edits <= limit)
    }
}

#[cfg(test)]
mod tests {
    use super::{Nearest, Rows, did_you_mean, nearest};

    /// The whole table, without a band, to compare with.
    fn edits_in_full(a: &[u8], b: &[u8]) -> usize {
        let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
        for i in 0..=a.len() {
            for j in 0..=b.len() {
                table[i][j] = if i == 0 || j == 0 {
                    i + j
                } else {
                    let mut cell = table[i - 1][j] + 1;
                    cell = cell.min(table[i][j - 1] + 1);
                    cell = cell.min(table[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]));
                    if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                        cell = cell.min(table[i - 2][j - 2] + 1);
                    }
                    cell
                };
            }
        }
        table[a.len()][b.len()]
    }

    #[test]
    fn the_band_counts_as_the_whole_table_does() {
        // All words of up to five letters out of three, each against some others: 364 * 364 pairs.
        let mut words = vec![Vec::new()];
        for length in 0..5 {
            let longest: Vec<Vec<u8>> =
                words.iter().filter(|word: &&Vec<u8>| word.len() == length).cloned().collect();
            for word in longest {
                words.extend(b"abc".iter().map(|letter| [word.as_slice(), &[*letter]].concat()));
            }
        }
        let mut rows = Rows::default();
        for a in &words {
            for b in &words {
                let whole = edits_in_full(a, b);
                for limit in 0..=4 {
                    assert_eq!(
                        rows.edits(a, b, limit),
                        (whole <= limit).then_some(whole),
                        "{a:?} {b:?} {limit}"
                    );
                }
            }
        }
    }

    #[test]
    fn slips_of_the_hand_are_found() {
        let names = [
            "help",
            "hbreak",
            "echo",
            "vfs_read",
            "vfs_readv",
            "vfs_write",
            "jiffies",
            "real_parent",
            "task_struct",
        ];
        for (wanted, name) in [
            ("helo", "help"),
            ("vfs_raed", "vfs_read"),
            ("jiffes", "jiffies"),
            ("real_parnt", "real_parent"),
            ("taks_struct", "task_struct"),
            ("VFS_READ", "vfs_read"),
        ] {
            assert_eq!(nearest(wanted, names)[0], name, "{wanted}");
        }
    }

    #[test]
    fn what_is_not_near_is_not_proposed() {
        assert!(nearest("frobnicate", ["fork", "frob", "indicate"]).is_empty());
        assert!(nearest("x", ["y", "xy"]).is_empty());
        assert!(nearest("", ["a"]).is_empty());
        assert!(nearest("same", ["same"]).is_empty());
        assert!(nearest("local2", ["local", "local1", "local12"]).is_empty());
        assert_eq!(nearest("loacl2", ["local2", "local"]), ["local2"]);
    }

    #[test]
    fn only_the_nearest_are_kept_and_at_most_three() {
        assert_eq!(
            nearest("vfs_rea", ["vfs_wre", "vfs_ra", "vfs_real", "vfs_reax", "vfs_reaz", "vfs_ra"]),
            ["vfs_ra", "vfs_real", "vfs_reax"]
        );
    }

    #[test]
    fn a_name_with_more_around_it_is_found_where_no_slip_explains_it() {
        assert_eq!(
            nearest("sys_read", ["__x64_sys_read", "sys_readv2_abc", "my_sys_reading"]),
            ["__x64_sys_read"]
        );
        assert_eq!(nearest("release_task", ["release_task.part.0"]), ["release_task.part.0"]);
        assert_eq!(nearest("sys_read", ["__x64_sys_read", "sys_raed"]), ["sys_raed"]);
    }

    #[test]
    fn the_question_names_them() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(did_you_mean(&[]), None);
        assert_eq!(did_you_mean(&names(&["a"])).as_deref(), Some("Did you mean a?"));
        assert_eq!(did_you_mean(&names(&["a", "b", "c"])).as_deref(), Some("Did you mean a, b or c?"));
    }

    #[test]
    fn the_order_of_the_offers_does_not_matter() {
        let names = ["read", "reed", "rexd", "raed", "reda", "red"];
        let forward = nearest("reax", names);
        let mut backward = Nearest::to("reax");
        names.iter().rev().for_each(|name| backward.offer(name));
        assert_eq!(forward, backward.names());
    }
}
