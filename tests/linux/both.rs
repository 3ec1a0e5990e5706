//! Every command on both kernels: one boot of each with KASLR, two CPUs, and modules of the distribution loaded.

use super::guest::{Boot, Guest};
use super::{kaslr, memory, modules, tasks};

#[test]
fn everything_on_6_1() {
    everything(None);
}

#[test]
fn everything_on_6_12() {
    everything(Some("6.12"));
}

fn everything(series: Option<&str>) {
    let boot = Boot {
        series,
        distribution: true,
        append: "kdive.distribution kdive.insmod=kdive_test kdive.spawn=3",
        options: &["-smp", "2"],
    };
    let Some(mut guest) = boot.to_shell() else { return };
    let checks: &[(&str, fn(&mut Guest))] = &[
        ("place", kaslr::attached_to_a_running_guest),
        ("module list", modules::the_list_is_what_proc_says),
        ("ps", tasks::ps_is_what_proc_says),
        ("a task that sleeps", tasks::a_sleeping_task_has_registers_frames_and_user_memory),
        ("functions", tasks::functions_of_scripts_gdb),
        ("log", tasks::the_log_is_what_dmesg_prints),
        ("stacks", tasks::every_task_has_a_stack),
        ("resources", memory::resources_and_mounts_are_as_in_proc),
        ("user memory", memory::user_memory_is_as_in_maps),
        ("page tables", memory::the_page_tables_lead_where_the_kernel_is),
        ("slabs", memory::slabs_and_vmalloc_areas_are_as_in_proc),
        ("lists", memory::lists_are_checked),
        ("system", memory::interrupts_files_and_the_system),
    ];
    for (name, check) in checks {
        // What a failing test printed is shown: where it got to.
        println!("checking {name}");
        check(&mut guest);
    }
}
