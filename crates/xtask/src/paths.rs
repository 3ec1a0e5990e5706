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

/// The directory of the prepared guest: `KDIVE_GUEST` if it is set, else `guest` in the target directory.
pub fn guest() -> PathBuf {
    match env::var_os("KDIVE_GUEST") {
        Some(dir) if !dir.is_empty() => root().join(dir),
        _ => target().join("guest"),
    }
}

/// The directory downloaded `.deb` files are kept in: `KDIVE_DEBS` if it is set (a cache that outlives the
/// target directory), else `debs` in the guest's directory.
pub fn debs() -> PathBuf {
    match env::var_os("KDIVE_DEBS") {
        Some(dir) if !dir.is_empty() => root().join(dir),
        _ => guest().join("debs"),
    }
}
