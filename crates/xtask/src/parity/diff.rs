//! Line differences: the longest common subsequence, cut into hunks.

/// A place where two texts differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk<'a> {
    /// The number of the first line concerned in the left text, from 0.
    pub at: usize,
    /// Lines of the left text only.
    pub left: Vec<&'a str>,
    /// Lines of the right text only.
    pub right: Vec<&'a str>,
}

/// The hunks in which `left` and `right` differ, in order.
pub fn hunks<'a>(left: &'a str, right: &'a str) -> Vec<Hunk<'a>> {
    let (left, right): (Vec<&str>, Vec<&str>) = (left.lines().collect(), right.lines().collect());
    let mut hunks: Vec<Hunk<'a>> = Vec::new();
    let (mut i, mut j) = (0, 0);
    let common = common(&left, &right).into_iter().chain([(left.len(), right.len())]);
    for (next_i, next_j) in common {
        if i < next_i || j < next_j {
            hunks.push(Hunk { at: i, left: left[i..next_i].to_vec(), right: right[j..next_j].to_vec() });
        }
        (i, j) = (next_i + 1, next_j + 1);
    }
    hunks
}

/// Entries the table may have: 64 MB.
const TABLE: usize = 1 << 24;

/// Index pairs of a longest common subsequence. Equal ends are cut off first: what is left of two transcripts
/// is small enough for the quadratic table.
fn common(left: &[&str], right: &[&str]) -> Vec<(usize, usize)> {
    let head = left.iter().zip(right).take_while(|(a, b)| a == b).count();
    let (l, r) = (&left[head..], &right[head..]);
    let tail = l.iter().rev().zip(r.iter().rev()).take_while(|(a, b)| a == b).count();
    let (l, r) = (&l[..l.len() - tail], &r[..r.len() - tail]);

    // Two long answers that have nothing in common: what they share is not worth the table.
    if l.len().saturating_mul(r.len()) > TABLE {
        let ends = (0..tail).map(|k| (head + l.len() + k, head + r.len() + k));
        return (0..head).map(|k| (k, k)).chain(ends).collect();
    }
    // lengths[i][j]: of the longest common subsequence of l[i..] and r[j..]
    let mut lengths = vec![vec![0_u32; r.len() + 1]; l.len() + 1];
    for i in (0..l.len()).rev() {
        for j in (0..r.len()).rev() {
            lengths[i][j] = if l[i] == r[j] {
                lengths[i + 1][j + 1] + 1
            } else {
                lengths[i + 1][j].max(lengths[i][j + 1])
            };
        }
    }
    let mut pairs: Vec<(usize, usize)> = (0..head).map(|k| (k, k)).collect();
    let (mut i, mut j) = (0, 0);
    while i < l.len() && j < r.len() {
        if l[i] == r[j] {
            pairs.push((head + i, head + j));
            (i, j) = (i + 1, j + 1);
        } else if lengths[i + 1][j] >= lengths[i][j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs.extend((0..tail).map(|k| (head + l.len() + k, head + r.len() + k)));
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_have_no_hunks() {
        assert_eq!(hunks("a\nb\n", "a\nb\n"), []);
        assert_eq!(hunks("", ""), []);
    }

    #[test]
    fn changed_added_and_removed_lines() {
        let left = "same\nold\nkept\ngone\nlast\n";
        let right = "same\nnew\nnewer\nkept\nlast\nmore\n";
        assert_eq!(
            hunks(left, right),
            [
                Hunk { at: 1, left: vec!["old"], right: vec!["new", "newer"] },
                Hunk { at: 3, left: vec!["gone"], right: vec![] },
                Hunk { at: 5, left: vec![], right: vec!["more"] },
            ]
        );
    }

    #[test]
    fn a_repeated_line_is_not_mistaken_for_a_change() {
        let hunks = hunks("x\nx\ny\n", "x\ny\n");
        assert_eq!(hunks.len(), 1);
        assert_eq!((hunks[0].left.as_slice(), hunks[0].right.len()), (["x"].as_slice(), 0));
    }
}
