//! Every command on both kernels: one boot of each with KASLR, two CPUs, and modules of the distribution loaded.

use super::guest::{Boot, Guest};
use super::{
    calls, crash, devices, engine, hostile, kaslr, memory, modules, oops, patched, programs, tasks, traced,
    words,
};
use crate::interrupt;
use std::time::Instant;

#[test]
fn everything_on_6_1() {
    everything(None);
}

#[test]
fn everything_on_6_12() {
    everything(Some("6.12"));
}

/// What is checked, and the check.
type Check = (&'static str, fn(&mut Guest));

#[expect(clippy::print_stdout, reason = "what a failing test printed is shown: where it got to")]
fn everything(series: Option<&str>) {
    let boot = Boot {
        series,
        distribution: true,
        program: true,
        append: "kdive.distribution kdive.insmod=kdive_test kdive.spawn=3",
        options: &["-smp", "2"],
    };
    let Some(mut guest) = boot.to_shell() else { return };
    let checks: &[Check] = &[
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
        ("memory in use", crash::memory_in_use),
        ("processes", crash::processes),
        ("words", crash::words_and_symbols),
        ("slips", words::slips),
        ("words of crash", words::crashs_words),
        ("devices", devices::buses_classes_and_numbers),
        ("timers", devices::timers),
        ("absent", devices::absent),
        ("modules without", hostile::modules_without),
        ("no types", hostile::no_types),
        ("stale vmlinux", hostile::stale),
        ("interrupts", hostile::in_interrupts),
        ("code of modules", patched::every_difference_of_modules_is_explained),
        ("probes", patched::probes_are_known),
        ("user programs", programs::a_program_has_frames),
        ("steps in user programs", programs::steps_stay_in_a_program),
        ("moved program", programs::a_moved_program_has_frames_and_steps),
        ("interrupts of walkers", interrupt::every_walker_is_quit),
        ("return trampolines", traced::frames_are_those_without_tracers),
        ("calls", calls::functions_are_called),
        ("engine", engine::a_front_end_needs_no_commands),
        // Last: the kernel is not what it was afterwards.
        ("trouble", oops::trouble_is_caught),
    ];
    for (name, check) in checks {
        println!("checking {name}");
        let start = Instant::now();
        check(&mut guest);
        println!("  {:.1} s", start.elapsed().as_secs_f64());
    }
}
