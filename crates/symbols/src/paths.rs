//! Names of source files as users give them.

/// Whether a file that the debug information calls `path` is meant by `wanted`: the same path, or its last components
/// (gdb's `compare_filenames_for_search`). `main.c` means `init/main.c`, `ain.c` does not.
pub(crate) fn matches(path: &str, wanted: &str) -> bool {
    let Some(rest) = path.strip_suffix(wanted) else { return false };
    if rest.is_empty() {
        return true;
    }
    // An absolute name means that file only.
    !wanted.starts_with('/') && rest.ends_with('/')
}

/// The last component.
pub(crate) fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_at_component_boundaries() {
        assert!(matches("init/main.c", "main.c"));
        assert!(matches("init/main.c", "init/main.c"));
        assert!(!matches("init/main.c", "ain.c"));
        assert!(!matches("init/main.c", "kernel/main.c"));
        assert!(matches("/src/init/main.c", "init/main.c"));
        assert!(!matches("/src/init/main.c", "/init/main.c"));
        assert_eq!(base_name("a/b/c.h"), "c.h");
    }
}
