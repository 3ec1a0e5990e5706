//! Where things are: the checkout, the target directory, the prepared guest.

use std::env;
use std::path::{Path, PathBuf};

/// The root of the checkout.
pub fn root() -> &'static Path {
    // crates/xtask -> crates -> root; the manifest directory is known at compile time.
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_dir.parent().and_then(Path::parent).unwrap_or(crate_dir)
}

/// Cargo's target directory.
pub fn target() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// The directory of the prepared guest: `KDIVE_GUEST` if it is set, else `guest` in the target directory. Guests
/// with a kernel of another series than the usual one are beside it: `guest-6.12`.
pub fn guest(series: Option<&str>) -> PathBuf {
    let usual = match env::var_os("KDIVE_GUEST") {
        Some(dir) if !dir.is_empty() => root().join(dir),
        _ => target().join("guest"),
    };
    match series {
        Some(series) => {
            let mut name = usual.file_name().unwrap_or_default().to_owned();
            name.push(format!("-{series}"));
            usual.with_file_name(name)
        }
        None => usual,
    }
}

/// The directory downloaded `.deb` files are kept in: `KDIVE_DEBS` if it is set (a cache that outlives the
/// target directory), else `debs` in the usual guest's
/// directory.
pub fn debs() -> PathBuf {
    match env::var_os("KDIVE_DEBS") {
        Some(dir) if !dir.is_empty() => root().join(dir),
        _ => guest(None).join("debs"),
    }
}
