//! The figures as a table, on the terminal and in the documentation.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::questions::Kind;
use super::verdict::Tally;

/// The figures of one kind of question.
#[derive(Debug)]
pub struct Row {
    /// The kind.
    pub kind: Kind,
    /// How many questions were asked; each may be several commands.
    pub questions: usize,
    /// The outcome.
    pub tally: Tally,
}

/// The figures of one file, or of files asked about together.
#[derive(Debug)]
pub struct Section {
    /// What they are of.
    pub title: String,
    /// By kind.
    pub rows: Vec<Row>,
}

/// Around the figures in the documentation.
const BEGIN: &str = "<!-- written by `cargo xtask audit --write`: begin -->\n";
const END: &str = "<!-- end -->\n";

/// All figures.
pub fn table(sections: &[Section]) -> String {
    let mut text = "| | questions | answers | equal | accepted | other | agreement |\n\
                    |---|---:|---:|---:|---:|---:|---:|\n"
        .to_owned();
    for Section { title, rows } in sections {
        text.push_str(&format!("| **{title}** | | | | | | |\n"));
        for Row { kind, questions, tally } in rows {
            let Tally { commands, accepted, different } = *tally;
            text.push_str(&format!(
                "| {} | {questions} | {commands} | {} | {accepted} | {different} | {} % |\n",
                kind.name(),
                commands - accepted - different,
                tally.agreement(),
            ));
        }
    }
    text
}

/// Puts the figures into the document at `path`, in place of the last ones or at its end.
pub fn write(path: &Path, sections: &[Section], seed: u64) -> Result<()> {
    let old = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    fs::write(path, insert(&old, &figures(sections, seed)))?;
    Ok(())
}

/// The part of the document that is written here.
fn figures(sections: &[Section], seed: u64) -> String {
    let mut kinds: Vec<Kind> =
        sections.iter().flat_map(|section| &section.rows).map(|row| row.kind).collect();
    kinds.sort();
    kinds.dedup();
    let mut text = format!(
        "## Figures of the audit\n\n\
         `cargo xtask audit --seed {seed}` asks both debuggers the same random questions and compares the answers line \
         by line.\nAn answer is equal, differs for a reason that stands in `tests/audit/accepted.diff-ok`, or is \
         counted as other.\n\n"
    );
    for kind in kinds {
        text.push_str(&format!("- {}: {}\n", kind.name(), kind.words()));
    }
    text.push('\n');
    text.push_str(&table(sections));
    text
}

fn insert(document: &str, figures: &str) -> String {
    let (before, after) = match document.split_once(BEGIN) {
        Some((before, rest)) => (before.to_owned(), rest.split_once(END).map_or("", |(_, after)| after)),
        None => (format!("{}\n\n", document.trim_end()), ""),
    };
    format!("{before}{BEGIN}\n{figures}\n{END}{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sections() -> Vec<Section> {
        let tally = Tally { commands: 3000, accepted: 10, different: 1 };
        vec![Section {
            title: "vmlinux".to_owned(),
            rows: vec![Row { kind: Kind::Addresses, questions: 1000, tally }],
        }]
    }

    #[test]
    fn the_table_has_a_row_for_each_kind() {
        let table = table(&sections());
        let rows: Vec<&str> = table.lines().skip(2).collect();
        assert_eq!(
            rows,
            ["| **vmlinux** | | | | | | |", "| addresses | 1000 | 3000 | 2989 | 10 | 1 | 99.96 % |"]
        );
    }

    #[test]
    fn figures_replace_the_last_ones_and_nothing_else() {
        let once = insert("# Title\n\ntext\n", "one\n");
        assert_eq!(once, format!("# Title\n\ntext\n\n{BEGIN}\none\n\n{END}"));
        let more = format!("{once}\n## More\n");
        assert_eq!(insert(&more, "two\n"), format!("# Title\n\ntext\n\n{BEGIN}\ntwo\n\n{END}\n## More\n"));
    }
}
