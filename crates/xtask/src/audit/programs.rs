//! Small C programs, built in several ways.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::{paths, process};

/// A compiler and its options.
struct Build {
    name: &'static str,
    compiler: &'static str,
    flags: &'static [&'static str],
}

const BUILDS: &[Build] = &[
    Build { name: "gcc -O0", compiler: "gcc", flags: &["-g", "-O0"] },
    Build { name: "gcc -O2 -gdwarf-4", compiler: "gcc", flags: &["-gdwarf-4", "-O2"] },
    Build { name: "gcc -O2", compiler: "gcc", flags: &["-g", "-O2"] },
    Build { name: "clang -O0", compiler: "clang", flags: &["-g", "-O0"] },
    Build { name: "clang -O2 -gdwarf-4", compiler: "clang", flags: &["-gdwarf-4", "-O2"] },
    Build { name: "clang -O2", compiler: "clang", flags: &["-g", "-O2"] },
];

/// What was built.
#[derive(Debug, Default)]
pub struct Built {
    /// Names and files.
    pub programs: Vec<(String, PathBuf)>,
    /// Compilers that the machine does not have.
    pub missing: Vec<&'static str>,
}

/// Compiles every source in every way the machine has a compiler for.
pub fn build(directory: &Path) -> Result<Built> {
    fs::create_dir_all(directory)?;
    let sources = sources()?;
    for source in &sources {
        // Before anything is compiled: no source is younger than its program.
        fs::copy(source, directory.join(source.file_name().context("a source without a name")?))?;
    }
    let Built { mut programs, mut missing } = Built::default();
    for build in BUILDS {
        if process::find(build.compiler).is_none() {
            if !missing.contains(&build.compiler) {
                missing.push(build.compiler);
            }
            continue;
        }
        for source in &sources {
            let stem = source.file_stem().unwrap_or_default().to_string_lossy();
            let name = format!("{stem}, {}", build.name);
            let file = source.file_name().context("a source without a name")?;
            let output = directory.join(name.replace([',', ' '], "_"));
            let mut compiler = Command::new(build.compiler);
            compiler.current_dir(directory).args(build.flags).args(["-no-pie", "-fno-pie", "-w", "-o"]);
            process::output(compiler.arg(&output).arg(file))?;
            programs.push((name, output));
        }
    }
    Ok(Built { programs, missing })
}

/// The sources: those of parity's programs and those written for the audit.
fn sources() -> Result<Vec<PathBuf>> {
    let mut sources = Vec::new();
    for directory in ["tests/parity/programs", "tests/audit"] {
        let directory = paths::root().join(directory);
        for entry in
            fs::read_dir(&directory).with_context(|| format!("cannot read {}", directory.display()))?
        {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "c") {
                sources.push(path);
            }
        }
    }
    sources.sort();
    Ok(sources)
}
