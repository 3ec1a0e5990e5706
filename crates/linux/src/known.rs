//! Types of the kernel's own variables, for kernels whose debug information has none of them.
//!
//! BTF has the layout of every type, but of variables only the per-CPU ones. What the commands of this layer start from is
//! named here with the type its definition has in every kernel that has it; which members that type has is still for the
//! kernel's BTF to say. Used only without DWARF.

use kdive_program::Program;
use kdive_symbols::Tag;
use kdive_types::{Encoding, Type};

/// The types that are needed.
#[derive(Clone, Copy)]
enum Known {
    Struct(&'static str),
    PointerToStruct(&'static str),
    Typedef(&'static str),
    CharPointer,
    Int,
    UnsignedInt,
    UnsignedLong,
}

/// Where each is defined: kernel/sched, init, kernel/module, kernel/printk, mm, kernel/irq, arch/x86/kernel.
const VARIABLES: &[(&str, Known)] = &[
    ("init_task", Known::Struct("task_struct")),
    ("init_uts_ns", Known::Struct("uts_namespace")),
    ("init_mm", Known::Struct("mm_struct")),
    ("modules", Known::Struct("list_head")),
    ("prb", Known::PointerToStruct("printk_ringbuffer")),
    ("log_buf", Known::CharPointer),
    ("log_buf_len", Known::UnsignedInt),
    ("log_first_seq", Known::UnsignedLong),
    ("log_first_idx", Known::UnsignedInt),
    ("log_next_idx", Known::UnsignedInt),
    ("saved_command_line", Known::CharPointer),
    ("jiffies_64", Known::UnsignedLong),
    ("tick_nsec", Known::UnsignedLong),
    ("nr_cpu_ids", Known::UnsignedInt),
    ("nr_node_ids", Known::UnsignedInt),
    ("__cpu_possible_mask", Known::Struct("cpumask")),
    ("__cpu_present_mask", Known::Struct("cpumask")),
    ("__cpu_online_mask", Known::Struct("cpumask")),
    ("__cpu_active_mask", Known::Struct("cpumask")),
    ("slab_caches", Known::Struct("list_head")),
    ("vmap_area_list", Known::Struct("list_head")),
    ("vmap_nodes", Known::PointerToStruct("vmap_node")),
    ("nr_vmap_nodes", Known::Int),
    ("vmemmap_base", Known::UnsignedLong),
    ("vmalloc_base", Known::UnsignedLong),
    ("page_offset_base", Known::UnsignedLong),
    ("phys_base", Known::UnsignedLong),
    ("_totalram_pages", Known::Typedef("atomic_long_t")),
    ("totalram_pages", Known::UnsignedLong),
    ("arch_task_struct_size", Known::Int),
    ("irq_desc_tree", Known::Struct("xarray")),
    ("irq_desc_tree", Known::Struct("radix_tree_root")),
    ("sparse_irqs", Known::Struct("maple_tree")),
    ("irq_err_count", Known::Typedef("atomic_t")),
    ("irq_mis_count", Known::Typedef("atomic_t")),
    ("iomem_resource", Known::Struct("resource")),
    ("ioport_resource", Known::Struct("resource")),
];

impl Known {
    fn ty(self, program: &Program) -> Option<Type> {
        let find = |tag, name| program.modules.ty(tag, name, None);
        Some(match self {
            Self::Struct(name) => find(Tag::Struct, name)?,
            Self::PointerToStruct(name) => find(Tag::Struct, name)?.pointer_to(),
            Self::Typedef(name) => find(Tag::Typedef, name)?,
            Self::CharPointer => Type::base("char", 1, Encoding::SignedChar).pointer_to(),
            Self::Int => Type::base("int", 4, Encoding::Signed),
            Self::UnsignedInt => Type::base("unsigned int", 4, Encoding::Unsigned),
            Self::UnsignedLong => Type::base("unsigned long", 8, Encoding::Unsigned),
        })
    }
}

/// The type of a variable by its name. `size` is what the symbol table says it has, 0 if nothing: a variable that has become
/// another is not taken for the one that is known here.
pub(crate) fn type_of(program: &Program, name: &str, size: u64) -> Option<Type> {
    let of_name = VARIABLES.iter().filter(|(known, _)| *known == name);
    of_name.filter_map(|(_, known)| known.ty(program)).find(|ty| {
        // A definition may go on after its type, where that ends in an array without length (`init_mm`).
        let fits =
            |candidate_size| if ty.is_composite() { candidate_size <= size } else { candidate_size == size };
        size == 0 || ty.size().is_some_and(fits)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use kdive_base::Interrupt;
    use kdive_symbols::{ObjectFile, OpenOptions, Placement};

    /// What is written here is what the definitions say, in the kernels at hand.
    #[test]
    fn types_are_those_of_the_definitions() {
        let Some(guest) = kdive_testkit::environment::guest() else { return };
        let object = ObjectFile::open(&guest.join("vmlinux"), &OpenOptions::default()).unwrap();
        let mut program = Program::new(Interrupt::new());
        program.modules.add(object, Placement::default());
        let mut found = 0;
        for (name, _) in VARIABLES {
            let Some(variable) = program.modules.variable(name, None) else { continue };
            let symbols = program.modules.symbols_named(name);
            let Some(symbol) = symbols.first() else { continue };
            let ty = type_of(&program, name, symbol.size).unwrap_or_else(|| panic!("{name}"));
            let defined = variable.ty();
            assert_eq!(ty.size(), defined.size(), "{name}");
            let plain = |ty: &Type| ty.unaliased().split_quals().1.declaration("");
            // `u64` and `unsigned long long` are as good as `unsigned long`.
            let same = plain(&ty) == plain(&defined) || ty.is_integral() && defined.is_integral();
            assert!(same, "{name}: {} {}", plain(&ty), plain(&defined));
            found += 1;
        }
        assert!(found > 20, "{found}");
    }
}
