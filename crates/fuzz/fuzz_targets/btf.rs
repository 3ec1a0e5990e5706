//! BTF of any bytes: every look-up ends and nothing panics.
#![no_main]

use kdive_symbols::{Btf, Tag};
use kdive_types::{Kind, Type};

fn look(ty: &Type, depth: u32) {
    let _ = (ty.size(), ty.declaration("x"), ty.alignment(), ty.member("nothing"), ty.unaliased());
    let Some(depth) = depth.checked_sub(1) else { return };
    match ty.kind() {
        Kind::Composite(body) => {
            body.members().iter().take(8).for_each(|member| look(&member.ty.get(), depth));
        }
        Kind::Pointer(target) | Kind::Typedef(target) | Kind::Qualified(_, target) => {
            look(&target.get(), depth);
        }
        Kind::Array(array) => look(&array.elem.get(), depth),
        Kind::Function(function) => {
            look(&function.ret.get(), depth);
            function.params.iter().take(4).for_each(|param| look(&param.ty.get(), depth));
        }
        _ => {}
    }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    // The first half may be the base of the second.
    let (base, split) = data.split_at(data.len() / 2);
    let base = Btf::parse(base.to_vec(), None);
    for btf in [Btf::parse(data.to_vec(), None), Btf::parse(split.to_vec(), base)].into_iter().flatten() {
        let mut names = Vec::new();
        btf.for_each_name(|tag, name| names.push((tag, name.to_owned())));
        for id in (0..u32::try_from(btf.len()).unwrap_or(u32::MAX)).take(200) {
            look(&btf.type_by_id(id), 3);
        }
        for (tag, name) in names.iter().take(50) {
            match tag {
                Some(tag) => drop(btf.all(*tag, name)),
                None => drop(btf.enumerator(name)),
            }
        }
        drop(btf.ty(Tag::Struct, "task_struct"));
    }
});
