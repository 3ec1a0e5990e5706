//! Tasks by their number, looked up as the kernel does.

use crate::{Error, Object, tasks, xa_load};
use kdive_base::VirtAddr;
use kdive_program::Program;

/// The task with this number in the first namespace of process numbers (`find_task_by_pid_ns`); `None` where there is none.
///
/// A few reads where numbers are in a tree (since 4.15): memory may be behind a slow line. Before, all tasks are looked through.
///
/// # Errors
/// Without symbols or types of the kernel; memory.
pub fn task_of_pid(program: &Program, pid: u64) -> Result<Option<VirtAddr>, Error> {
    let namespace = Object::variable(program, "init_pid_ns")?;
    let Ok(numbers) = namespace.member("idr.idr_rt") else {
        let found = tasks(program, true)?.found;
        let task = found.iter().find(|task| u64::try_from(task.pid) == Ok(pid));
        return Ok(task.map(|task| task.addr));
    };
    let entry = VirtAddr(xa_load(program, numbers.addr(), pid)?);
    if entry.0 == 0 {
        return Ok(None);
    }
    // PIDTYPE_PID is the first of the lists.
    let node =
        Object::of_struct(program, "pid", entry)?.member("tasks")?.index(0)?.member("first")?.pointer()?;
    if node.0 == 0 {
        return Ok(None);
    }
    let task = Object::of_struct(program, "task_struct", VirtAddr(0))?;
    // The links stand in the task by themselves since 4.19.
    let offset = task.offset_of("pid_links").or_else(|_| task.offset_of("pids"))?;
    Ok(Some(VirtAddr(node.0.wrapping_sub(offset))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::symbol;
    use crate::testing::image;

    /// A process with the number 70 and one with the number 1; the number 3 belongs to a group whose leader has gone.
    const KERNEL: &str = r#"
        struct list_head { struct list_head *next, *prev; };
        struct hlist_node { struct hlist_node *next, **pprev; };
        struct hlist_head { struct hlist_node *first; };
        struct xarray { void *xa_head; };
        struct xa_node { unsigned char shift, offset; void *slots[64]; };
        struct idr { struct xarray idr_rt; int idr_base; };
        struct pid { int count; struct hlist_head tasks[4]; };
        struct pid_namespace { struct idr idr; } init_pid_ns;
    "#;
    const NUMBERS: &str = r#"
        struct pid one = { 1, { { (void *)&init_task.LINK } } }, seventy = { 1, { { (void *)&other.LINK } } }, three = { 1 };
        struct xa_node low = { 0, 0, { 0, &one, 0, &three } }, high = { 0, 1, { 0, 0, 0, 0, 0, 0, &seventy } };
        struct xa_node top = { 6, 0, { (char *)&low + 2, (char *)&high + 2 } };
        struct pid_namespace init_pid_ns = { { { (char *)&top + 2 }, 0 } };
    "#;

    fn check(program: &Program) {
        let of = |pid| task_of_pid(program, pid).unwrap();
        assert_eq!(of(1), symbol(program, "init_task"));
        assert_eq!(of(70), symbol(program, "other"));
        for nobody in [0, 2, 3, 64, 128, 1 << 40] {
            assert_eq!(of(nobody), None, "{nobody}");
        }
    }

    #[test]
    fn numbers_are_found_in_the_tree() {
        check(&image(&format!(
            "{KERNEL} struct task_struct {{ int pid; struct hlist_node pid_links[4]; }} init_task, other;
             {}",
            NUMBERS.replace("LINK", "pid_links[0]")
        )));
    }

    #[test]
    fn before_4_19_the_links_stand_in_structures() {
        check(&image(&format!(
            "{KERNEL} struct pid_link {{ struct hlist_node node; struct pid *pid; }};
             struct task_struct {{ int pid; struct pid_link pids[4]; }} init_task, other;
             {}",
            NUMBERS.replace("LINK", "pids[0].node")
        )));
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        let program = image(&format!(
            "{KERNEL} struct task_struct {{ int pid; struct hlist_node pid_links[4]; }} init_task;
             struct pid_namespace init_pid_ns = {{ {{ {{ (void *)0x7002 }}, 0 }} }};"
        ));
        assert!(task_of_pid(&program, 1).is_err());
    }
}
