//! The order in which gdb lists the names of a lexical block: that of its hash table.
//!
//! Functions keep their names in the order of declaration, but blocks without a function have a hash table with a bucket for
//! five names (gdb 13, `dictionary.c`). `info locals` and `info scope` walk it bucket by bucket, so the order is part of what
//! gdb prints.

/// Positions of `names` in gdb's order.
pub(super) fn hashed_order<'a>(names: impl Iterator<Item = &'a str>) -> Vec<usize> {
    let mut keyed: Vec<(u32, usize)> =
        names.enumerate().map(|(index, name)| (hash(name.as_bytes()), index)).collect();
    let buckets = u32::try_from(keyed.len() / 5 + 1).unwrap_or(u32::MAX);
    for (key, _) in &mut keyed {
        *key %= buckets;
    }
    // Within a bucket the oldest comes first.
    keyed.sort_unstable();
    keyed.into_iter().map(|(_, index)| index).collect()
}

fn step(hash: u32, byte: u8) -> u32 {
    hash.wrapping_mul(67).wrapping_add(u32::from(byte.to_ascii_lowercase())).wrapping_sub(113)
}

/// gdb's `default_search_name_hash`: made so that Ada's encoded names meet their short forms, which C names must live with.
fn hash(name: &[u8]) -> u32 {
    let mut rest = name;
    if let Some(&b'_') = rest.first() {
        match rest.strip_prefix(b"_ada_") {
            Some(ada) => rest = ada,
            None => return plain_hash(name),
        }
    }
    let start = rest.len();
    let mut hash = 0;
    while let Some((&byte, tail)) = rest.split_first() {
        match byte {
            b'$' | b'.' | b'X' => return if rest.len() == name.len() { plain_hash(name) } else { hash },
            b' ' | b'(' => return plain_hash(name),
            b'_' if tail.first() == Some(&b'_') && (rest.len() != start || start != name.len()) => {
                match tail.get(1) {
                    Some(b'a'..=b'z' | b'O') => {
                        hash = 0;
                        rest = tail.get(1..).unwrap_or_default();
                        continue;
                    }
                    _ => return hash,
                }
            }
            b'T' if rest == b"TKB" => return hash,
            _ => {}
        }
        hash = step(hash, byte);
        rest = tail;
    }
    hash
}

/// gdb's `msymbol_hash_iw`.
fn plain_hash(name: &[u8]) -> u32 {
    name.iter()
        .take_while(|&&byte| byte != b'(')
        .filter(|byte| !byte.is_ascii_whitespace())
        .fold(0, |hash, &byte| step(hash, byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Orders printed by gdb 13.1 for blocks that declare these names in this order.
    #[test]
    fn orders_of_gdb() {
        let check = |declared: &str, listed: &str| {
            let names: Vec<&str> = declared.split(' ').collect();
            let order: Vec<&str> =
                hashed_order(names.iter().copied()).into_iter().map(|i| names[i]).collect();
            assert_eq!(order.join(" "), listed);
        };
        check("n q tail end", "n q tail end");
        check("o m B __dst tmp", "o m __dst tmp B");
        check("a__B __q_size r end node", "a__B end node __q_size r");
        check("b r flags head A k X1 u", "flags head A k u b r X1");
        check("__p_size b page d tail a__b x q", "__p_size tail q b page d a__b x");
        check("cur __dst z node j o aX X1 idx y a e k", "z j aX X1 a cur node e k __dst o idx y");
        check("v u x i y X1 __src idx C entry flags cur g", "X1 flags g u x entry cur v i y __src idx C");
    }
}
