//! The manual of the functions of expressions: `help $list`, `help function`.

use crate::Shell;
use crate::output::Style;

/// A function: how it is called, what it gives.
pub(crate) struct Row(pub &'static str, pub &'static str);

impl Row {
    /// Its name, without the dollar.
    pub(crate) fn name(&self) -> &'static str {
        name_in(self.0)
    }
}

/// `list` of `$list(HEAD)`, `$list` and `list`.
fn name_in(text: &str) -> &str {
    let name = text.split('(').next().unwrap_or(text).trim();
    name.strip_prefix('$').unwrap_or(name)
}

/// Every function, gdb's first.
pub(crate) const FUNCTIONS: &[Row] = &[
    Row("$_isvoid(EXPRESSION)", "1 if the value is void, as that of a variable that is not set"),
    Row("$_strlen(STRING)", "the length of a string"),
    Row("$_streq(A, B)", "1 if two strings are equal"),
    Row("$_memeq(A, B, LENGTH)", "1 if two pieces of memory are equal"),
    Row("$_regex(STRING, REGEX)", "1 if a string begins with what matches"),
    Row("$_as_string(VALUE)", "the name of an enumerator as a string"),
    Row("$_creal(VALUE)", "the real part of a complex number"),
    Row("$_cimag(VALUE)", "the imaginary part of a complex number"),
    Row("$lx_current([CPU])", "the task a CPU runs, a struct task_struct; of the selected CPU without one"),
    Row("$lx_task_by_pid(PID)", "the task with this number"),
    Row("$lx_task_by_comm(\"NAME\")", "a task with this name"),
    Row("$lx_thread_info(TASK)", "the struct thread_info of a task"),
    Row("$lx_thread_info_by_pid(PID)", "that of the task with this number"),
    Row("$lx_per_cpu(VARIABLE[, CPU])", "the copy of a per-CPU variable; of the selected CPU without one"),
    Row("$lx_per_cpu_ptr(POINTER[, CPU])", "a pointer to the copy behind a per-CPU pointer"),
    Row("$lx_module(\"NAME\")", "the struct module of a loaded module"),
    Row(
        "$container_of(POINTER, TYPE, MEMBER)",
        "a pointer to the structure of TYPE whose MEMBER is at POINTER",
    ),
    Row("$list(HEAD[, TYPE, MEMBER])", "pointers to what hangs on a struct list_head"),
    Row("$hlist(HEAD[, TYPE, MEMBER])", "the same of hlist_head, hlist_bl_head, hlist_nulls_head"),
    Row("$llist(HEAD[, TYPE, MEMBER])", "the same of llist_head"),
    Row("$rb(ROOT[, TYPE, MEMBER])", "pointers to what is in a red-black tree, in order"),
    Row("$xa(ARRAY[, TYPE])", "pointers to the entries of an XArray or radix tree"),
    Row("$idr(IDR[, TYPE])", "pointers to the entries of an IDR"),
    Row("$maple(TREE[, TYPE])", "pointers to the entries of a maple tree, such as the areas of a process"),
    Row("$count(ARRAY)", "how many elements an array has, such as that of $list(...)"),
    Row("$lx_rb_first(ROOT)", "the first node of a red-black tree"),
    Row("$lx_rb_last(ROOT)", "the last node of a red-black tree"),
    Row("$lx_rb_next(NODE)", "the node behind a node"),
    Row("$lx_rb_prev(NODE)", "the node in front of a node"),
    Row("$lx_radix_tree_lookup(ROOT[, INDEX])", "the entry of a radix tree or XArray at an index"),
    Row("$lx_device_find_by_bus_name(\"BUS\", \"NAME\")", "a device of a bus"),
    Row("$lx_device_find_by_class_name(\"CLASS\", \"NAME\")", "a device of a class"),
    Row("$lx_clk_core_lookup(\"NAME\")", "a clock, a struct clk_core"),
    Row("$lx_dentry_name(DENTRY)", "the path of a struct dentry as a string"),
    Row("$lx_i_dentry(INODE)", "a dentry of a struct inode"),
];

/// The function of this name, with or without the dollar.
pub(crate) fn find(text: &str) -> Option<&'static Row> {
    let name = name_in(text);
    FUNCTIONS.iter().find(|row| row.name() == name)
}

/// `$list(HEAD[, TYPE, MEMBER]) -- Pointers to ...`.
pub(crate) fn list_line(shell: &mut Shell, row: &Row) {
    shell.out.styled(Style::Title, row.0);
    shell.out.line(&format!(" -- {}.", capital(row.1)));
}

/// The manual of one function.
pub(crate) fn print(shell: &mut Shell, row: &Row) {
    shell.out.line(&format!("{}.\nUsage: {}", capital(row.1), row.0));
    shell.out.line(
        "It is called in any expression: print, x, break ... if, display. \"help function\" lists all.",
    );
}

/// `help function`.
pub(crate) fn list(shell: &mut Shell) {
    shell.out.line("Functions that expressions can call.\n\nList of functions:\n");
    for row in FUNCTIONS {
        list_line(shell, row);
    }
    shell.out.line("\nType \"help $\" and the name of a function for its manual.");
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::{FUNCTIONS, find};
    use std::collections::BTreeSet;

    #[test]
    fn every_function_has_a_manual() {
        let session = crate::gdb::access::new_session(kdive_base::Interrupt::new());
        let known: BTreeSet<String> =
            kdive_expr::standard_names().map(str::to_owned).chain(session.program.function_names()).collect();
        let described: BTreeSet<String> = FUNCTIONS.iter().map(|row| row.name().to_owned()).collect();
        assert_eq!(known, described);
        assert!(FUNCTIONS.iter().all(|row| row.0.starts_with('$') && row.0.ends_with(')')));
        assert_eq!(find("$list(modules)").map(super::Row::name), Some("list"));
        assert!(find("$nosuch").is_none());
    }
}
