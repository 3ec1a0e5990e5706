//! C declarations as gdb writes them: `whatis`, `ptype`, the type before a pointer's value.
//!
//! How much is shown is a number, as in gdb. Above zero the outermost typedef is seen through and a body is printed;
//! at zero and below a type with a name is its name; below zero a struct without a name is `struct {...}`.

mod offsets;

use crate::{Array, Composite, Enum, FlagField, Function, Kind, Out, Quals, Style, Type};
use offsets::Offsets;
use std::fmt;

/// What `ptype` and `whatis` print beyond the text of the type.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct TypeOptions {
    /// `/o`: offsets and sizes before each member.
    pub offsets: bool,
    /// `/x`: those in hexadecimal.
    pub hex: bool,
}

/// `whatis`: the name only.
pub const NAME_ONLY: i32 = -1;
/// Members of a `ptype`.
pub const MEMBERS: i32 = 0;
/// `ptype`: with one level of body.
pub const BODY: i32 = 1;

/// Deepest nesting of declarators and bodies that is printed.
const MAX_DEPTH: usize = 64;
/// Most members printed of one type, with those of the structures inside it and the parameters of all of them.
const MAX_MEMBERS: usize = 1 << 20;
/// Most parameters printed of one declaration, with those of the functions among them: two functions that take each other would
/// have twice as many at every depth.
const MAX_PARAMS: usize = 1 << 8;

impl fmt::Display for Type {
    /// The name as gdb's `whatis` gives it: `struct list_head *[4]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.declaration(""))
    }
}

impl Type {
    /// A declaration of `name` with this type, bodies left out: `int (*fn)(void)`. Of a function whose name already
    /// has its parameters in it (C++), these are not printed again.
    #[must_use]
    pub fn declaration(&self, name: &str) -> String {
        let mut out = Out::new();
        print_declaration(self, name, NAME_ONLY, &mut out);
        out.into_text()
    }

    /// What `ptype` prints after `type = `.
    #[must_use]
    pub fn body(&self) -> String {
        let mut out = Out::new();
        print_declaration(self, "", BODY, &mut out);
        out.into_text()
    }
}

/// Prints a declaration of `name`, which may be empty, showing as much as `show` says.
pub fn print_declaration(ty: &Type, name: &str, show: i32, out: &mut Out) {
    let mut printer = Printer::new(TypeOptions::default(), out);
    printer.declaration(ty, name, show, 0, &mut Offsets::default());
}

/// What `ptype` (`show` = [`BODY`]) and `whatis` ([`NAME_ONLY`]) answer for a type, with the final newline.
pub fn print_type(ty: &Type, show: i32, options: TypeOptions, out: &mut Out) {
    // As in gdb, whether there is a heading goes by the type as written: a typedef of a struct has none.
    if options.offsets && matches!(ty.split_quals().1.kind(), Kind::Composite(_)) {
        out.push("/* offset      |    size */  ");
    }
    out.push("type = ");
    let mut printer = Printer::new(options, out);
    printer.declaration(ty, "", show, 0, &mut Offsets::default());
    out.push("\n");
}

/// A type with its outer qualifiers taken off, as gdb sees types.
struct Bare {
    quals: Quals,
    ty: Type,
}

impl Bare {
    fn of(ty: &Type) -> Self {
        let (quals, inner) = ty.split_quals();
        if let Kind::Array(_) = inner.kind()
            && !quals.is_empty()
        {
            return Self { quals: Quals::NONE, ty: inner.requalified(quals) };
        }
        Self { quals, ty: inner }
    }

    fn unaliased(ty: &Type) -> Self {
        Self::of(&ty.unaliased())
    }

    /// The name that stands for the type; derived types have none.
    fn name(&self) -> Option<&str> {
        self.ty.name()
    }
}

struct Printer<'a> {
    options: TypeOptions,
    out: &'a mut Out,
    depth: usize,
    members: usize,
    params: usize,
}

impl<'a> Printer<'a> {
    fn new(options: TypeOptions, out: &'a mut Out) -> Self {
        Self { options, out, depth: 0, members: 0, params: 0 }
    }

    fn declaration(&mut self, ty: &Type, name: &str, show: i32, level: usize, offsets: &mut Offsets) {
        let shown = if show > 0 { ty.unaliased() } else { ty.clone() };
        let bare = Bare::of(&shown);
        self.base(&shown, show, level, offsets);
        let is_derived = match bare.ty.kind() {
            Kind::Pointer(_) | Kind::Function(_) => true,
            Kind::Array(array) => !array.vector,
            _ => false,
        };
        if !name.is_empty() || ((show > 0 || bare.name().is_none()) && is_derived) {
            self.out.push(" ");
        }
        self.prefix(&shown, show, false, !name.is_empty());
        let style =
            if matches!(bare.ty.kind(), Kind::Function(_)) { Style::Function } else { Style::Variable };
        if !name.is_empty() {
            self.out.styled(style, name);
        }
        self.suffix(&shown, show, false, name.contains('('));
    }

    /// The part before the declarator: what is at the bottom of pointers, arrays and functions.
    fn base(&mut self, ty: &Type, show: i32, level: usize, offsets: &mut Offsets) {
        if self.depth >= MAX_DEPTH {
            self.out.push("...");
            return;
        }
        self.depth += 1;
        let bare = Bare::of(ty);
        match bare.name() {
            Some(name) if show <= 0 => {
                self.leading_quals(bare.quals);
                match bare.ty.kind() {
                    Kind::Composite(composite) => {
                        self.out.push(composite.kind.keyword());
                        self.out.push(" ");
                    }
                    Kind::Enum(_) => self.out.push("enum "),
                    _ => {}
                }
                self.out.push(name);
            }
            _ => self.unnamed_base(&Bare::unaliased(ty), show, level, offsets),
        }
        self.depth -= 1;
    }

    fn unnamed_base(&mut self, bare: &Bare, show: i32, level: usize, offsets: &mut Offsets) {
        match bare.ty.kind() {
            Kind::Pointer(target) => self.base(&target.get(), show, level, offsets),
            Kind::Array(array) => self.base(&array.elem.get(), show, level, offsets),
            Kind::Function(function) => self.base(&function.ret.get(), show, level, offsets),
            Kind::Composite(composite) => self.composite(bare, composite, show, level, offsets),
            Kind::Enum(enumeration) => self.enumeration(bare, enumeration, show),
            Kind::Flags(fields) => self.flags(bare, fields, show, level),
            Kind::Void => {
                self.leading_quals(bare.quals);
                self.out.push("void");
            }
            Kind::NoDebugData => {
                self.out.styled(Style::Metadata, bare.name().unwrap_or("<data variable, no debug info>"));
            }
            Kind::NoDebugText => self.out.styled(Style::Metadata, "<text variable, no debug info>"),
            Kind::Foreign(_) | Kind::Error(_) => self.out.styled(Style::Metadata, "<unknown type>"),
            Kind::Base(_) | Kind::Typedef(_) | Kind::Qualified(..) => {
                self.leading_quals(bare.quals);
                match bare.name() {
                    Some(name) => self.out.push(name),
                    None => self.out.styled(Style::Metadata, "<unnamed type>"),
                }
            }
        }
    }

    fn leading_quals(&mut self, quals: Quals) {
        for name in quals.names() {
            self.out.push(name);
            self.out.push(" ");
        }
    }

    fn enumeration(&mut self, bare: &Bare, enumeration: &Enum, show: i32) {
        self.leading_quals(bare.quals);
        self.out.push("enum ");
        if let Some(name) = bare.name() {
            self.out.push(name);
            if show > 0 {
                self.out.push(" ");
            }
        }
        if show < 0 {
            if bare.name().is_none() {
                self.out.push("{...}");
            }
            return;
        }
        if show == 0 && bare.name().is_some() {
            return;
        }
        self.out.push("{");
        let mut expected = 0i64;
        for (i, enumerator) in enumeration.enumerators.iter().enumerate() {
            if i > 0 {
                self.out.push(", ");
            }
            self.out.styled(Style::Variable, &enumerator.name);
            if enumerator.value != expected {
                self.out.push(&format!(" = {}", enumerator.value));
            }
            expected = enumerator.value.wrapping_add(1);
        }
        self.out.push("}");
    }

    /// A register of named bits: fields with their bit positions.
    fn flags(&mut self, bare: &Bare, fields: &[FlagField], show: i32, level: usize) {
        self.leading_quals(bare.quals);
        self.out.push("flag ");
        self.out.push(bare.name().unwrap_or(""));
        if show <= 0 {
            return;
        }
        self.out.push(" {\n");
        if fields.is_empty() {
            self.out.spaces(level + 4);
            self.out.styled(Style::Metadata, "<no data fields>");
            self.out.push("\n");
        }
        for field in fields {
            self.out.spaces(level + 4);
            self.declaration(&field.ty.get(), &field.name, show, level + 4, &mut Offsets::default());
            self.out.push(&format!(" @{}", field.start));
            if field.size > 1 {
                self.out.push(&format!("-{}", u32::from(field.start) + u32::from(field.size) - 1));
            }
            self.out.push(";\n");
        }
        self.out.spaces(level);
        self.out.push("}");
    }

    fn composite(
        &mut self,
        bare: &Bare,
        composite: &Composite,
        show: i32,
        level: usize,
        offsets: &mut Offsets,
    ) {
        self.leading_quals(bare.quals);
        self.out.push(composite.kind.keyword());
        self.out.push(" ");
        if let Some(name) = bare.name() {
            self.out.push(name);
            if show > 0 {
                self.out.push(" ");
            }
        }
        if show < 0 {
            if bare.name().is_none() {
                self.out.push("{...}");
            }
            return;
        }
        if show == 0 && bare.name().is_some() {
            return;
        }
        self.out.push("{\n");
        if composite.members().is_empty() {
            self.out.spaces(level + 4 + if self.options.offsets { offsets::WIDTH } else { 0 });
            let text = if composite.declaration { "<incomplete type>" } else { "<no data fields>" };
            self.out.styled(Style::Metadata, text);
            self.out.push("\n");
        }
        self.members(composite, show, level, offsets);
        if self.options.offsets {
            if show > 0 {
                offsets.finish(bare.ty.size().unwrap_or(0), level, self.options, self.out);
            }
            self.out.spaces(offsets::WIDTH);
            if level == 0 {
                self.out.spaces(2);
            }
        }
        self.out.spaces(level);
        self.out.push("}");
    }

    fn members(&mut self, composite: &Composite, show: i32, level: usize, offsets: &mut Offsets) {
        let mut inner = Offsets::default();
        for member in composite.members() {
            self.members += 1;
            if self.members > MAX_MEMBERS {
                self.out.spaces(level + 4);
                self.out.push("...\n");
                return;
            }
            self.params = 0;
            let ty = member.ty.get();
            if self.options.offsets {
                offsets.member(composite.kind, member, self.options, self.out);
            }
            self.out.spaces(level + 4);
            let mut member_show = show - 1;
            if self.options.offsets && matches!(ty.split_quals().1.kind(), Kind::Composite(_)) {
                member_show += 1;
                inner.enter(offsets, member.bit_offset, ty.size().unwrap_or(0));
            }
            self.declaration(&ty, member.name.as_deref().unwrap_or(""), member_show, level + 4, &mut inner);
            if let Some(bits) = member.bit_size {
                self.out.push(&format!(" : {bits}"));
            }
            self.out.push(";\n");
        }
    }

    /// Stars and opening parentheses.
    fn prefix(&mut self, ty: &Type, show: i32, in_pointer: bool, space_after: bool) {
        let bare = Bare::of(ty);
        if (bare.name().is_some() && show <= 0) || self.depth >= MAX_DEPTH {
            return;
        }
        self.depth += 1;
        match bare.ty.kind() {
            Kind::Pointer(target) => {
                self.prefix(&target.get(), show, true, true);
                self.out.push("*");
                for name in bare.quals.names() {
                    self.out.push(" ");
                    self.out.push(name);
                }
                if !bare.quals.is_empty() && space_after {
                    self.out.push(" ");
                }
            }
            Kind::Function(function) => {
                self.prefix(&function.ret.get(), show, false, false);
                if in_pointer {
                    self.out.push("(");
                }
            }
            Kind::Array(array) => {
                self.prefix(&array.elem.get(), show, false, space_after);
                if in_pointer {
                    self.out.push("(");
                }
            }
            Kind::Typedef(target) => self.prefix(&target.get(), show, in_pointer, false),
            _ => {}
        }
        self.depth -= 1;
    }

    /// Closing parentheses, dimensions and parameters.
    fn suffix(&mut self, ty: &Type, show: i32, in_pointer: bool, has_params: bool) {
        let bare = Bare::of(ty);
        if (bare.name().is_some() && show <= 0) || self.depth >= MAX_DEPTH {
            return;
        }
        self.depth += 1;
        match bare.ty.kind() {
            Kind::Pointer(target) => self.suffix(&target.get(), show, true, false),
            Kind::Array(array) => {
                if in_pointer {
                    self.out.push(")");
                }
                self.dimension(array);
                self.suffix(&array.elem.get(), show, false, false);
            }
            Kind::Function(function) => {
                if in_pointer {
                    self.out.push(")");
                }
                if !has_params {
                    self.params(function);
                }
                self.suffix(&function.ret.get(), show, in_pointer, false);
            }
            Kind::Typedef(target) => self.suffix(&target.get(), show, in_pointer, false),
            _ => {}
        }
        self.depth -= 1;
    }

    fn dimension(&mut self, array: &Array) {
        let (open, close) = if array.vector { (" __attribute__ ((vector_size(", ")))") } else { ("[", "]") };
        self.out.push(open);
        if let Some(count) = array.count {
            self.out.push(&count.to_string());
        }
        self.out.push(close);
    }

    fn params(&mut self, function: &Function) {
        self.out.push("(");
        for (i, param) in function.params.iter().enumerate() {
            if i > 0 {
                self.out.push(", ");
            }
            self.params += 1;
            self.members += 1;
            if self.params > MAX_PARAMS || self.members > MAX_MEMBERS {
                self.out.push("...)");
                return;
            }
            self.declaration(&param.ty.get(), "", NAME_ONLY, 0, &mut Offsets::default());
        }
        if function.params.is_empty() {
            if function.prototyped {
                self.out.push("void");
            }
        } else if function.variadic {
            self.out.push(", ...");
        }
        self.out.push(")");
    }
}

#[cfg(test)]
mod tests;
