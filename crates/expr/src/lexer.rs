//! Tokens of C expressions, as gdb cuts them. What a name means is decided here too, as its grammar needs.

mod number;
mod text;

use crate::builtin::builtin;
use crate::context::{Context, Scope, Symbol, SymbolClass};
use crate::error::{ExprError, Result};
use kdive_types::{Type, Value};

/// A token.
#[derive(Clone, Debug)]
pub(crate) enum Token {
    /// End of the expression; of the text, or of what belongs to it.
    End,
    /// An operator or punctuation mark.
    Punct(&'static str),
    /// A word that is part of the language.
    Keyword(Keyword),
    /// A name that is a variable or function, or nothing yet known.
    Name(Option<Symbol>),
    /// A name that is a type.
    TypeName(Type),
    /// A name of a source file.
    File,
    /// A name that is also a number in the input radix.
    NameOrInt(Value),
    /// `$name`; the text without the dollar.
    Dollar,
    /// A number or character.
    Constant(Value),
    /// A string literal: its bytes, with the final NUL, and the type of its characters.
    Str(Vec<u8>, text::Width),
    /// `@entry`.
    Entry,
    /// `@cpu`, before a parenthesis.
    AtCpu,
    /// `@all`. With `doubtful` it may as well be gdb's `@` before something of the program that is called `all`.
    AtAll { doubtful: bool },
}

/// Words gdb's lexer knows itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Keyword {
    Unsigned,
    Volatile,
    Struct,
    Signed,
    Sizeof,
    Alignof,
    Double,
    Float,
    Union,
    Short,
    Const,
    Restrict,
    Atomic,
    Enum,
    Long,
    Complex,
    Int,
    Typeof,
}

pub(crate) use number::{complex_of, complex_part};
pub(crate) use text::Width;

/// When an expression ends before the text does.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Ends {
    /// A comma outside of parentheses ends it.
    pub comma: bool,
}

/// A token with its place.
#[derive(Clone, Debug)]
pub(crate) struct Lexeme {
    pub token: Token,
    /// Byte range in the text; the quotes of a quoted name are not in it.
    pub start: usize,
    pub end: usize,
    /// Where the rest of the text begins as gdb quotes it in a syntax error.
    pub near: usize,
}

pub(crate) struct Lexer<'a> {
    text: &'a str,
    /// First byte not yet read.
    pos: usize,
    ends: Ends,
    context: &'a dyn Context,
    parens: usize,
    after_member: bool,
}

const OPERATORS: [&str; 24] = [
    ">>=", "<<=", "...", "+=", "-=", "*=", "/=", "%=", "|=", "&=", "^=", "++", "--", "->", "&&", "||", "::",
    "<<", ">>", "==", "!=", "<=", ">=", "\0",
];

const SINGLE: [&str; 18] =
    ["+", "-", "*", "/", "%", "|", "&", "^", "~", "!", "<", ">", "?", ":", "=", "{", "}", "@"];

impl<'a> Lexer<'a> {
    pub(crate) fn new(text: &'a str, ends: Ends, context: &'a dyn Context) -> Self {
        Self { text, pos: 0, ends, context, parens: 0, after_member: false }
    }

    pub(crate) fn text(&self) -> &'a str {
        self.text
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.pos..).unwrap_or("")
    }

    /// Reads the next token.
    pub(crate) fn next(&mut self) -> Result<Lexeme> {
        let after_member = std::mem::take(&mut self.after_member);
        self.pos += self.rest().len() - self.rest().trim_start_matches([' ', '\t', '\n']).len();
        let start = self.pos;
        let rest = self.rest();
        let lexeme = |token, end| Lexeme { token, start, end, near: start };
        let Some(first) = rest.chars().next() else { return Ok(lexeme(Token::End, start)) };
        if let Some(op) = OPERATORS.into_iter().find(|op| rest.starts_with(op)) {
            self.pos += op.len();
            self.after_member = op == "->";
            return Ok(lexeme(Token::Punct(op), self.pos));
        }
        match first {
            '[' | '(' => {
                self.parens += 1;
                self.pos += 1;
                Ok(lexeme(Token::Punct(if first == '[' { "[" } else { "(" }), self.pos))
            }
            ']' | ')' => {
                // One without its partner ends the expression and is left to the caller.
                if self.parens == 0 {
                    return Ok(lexeme(Token::End, start));
                }
                self.parens -= 1;
                self.pos += 1;
                Ok(lexeme(Token::Punct(if first == ']' { "]" } else { ")" }), self.pos))
            }
            ',' => {
                if self.ends.comma && self.parens == 0 {
                    return Ok(lexeme(Token::End, start));
                }
                self.pos += 1;
                Ok(lexeme(Token::Punct(","), self.pos))
            }
            '.' if !rest[1..].starts_with(|c: char| c.is_ascii_digit()) => {
                self.pos += 1;
                self.after_member = true;
                Ok(lexeme(Token::Punct("."), self.pos))
            }
            '.' | '0'..='9' => {
                let end = number::scan(rest, self.context.input_radix());
                let value = number::parse(&rest[..end], self.context.input_radix())?;
                self.pos += end;
                Ok(lexeme(Token::Constant(value), self.pos))
            }
            '@' if is_entry(rest) => {
                self.pos += rest.find("entry").unwrap_or(0) + "entry".len();
                Ok(lexeme(Token::Entry, self.pos))
            }
            '@' if let Some(token) = self.at_cpu(rest)? => {
                let word = if matches!(token, Token::AtCpu) { "cpu" } else { "all" };
                self.pos += rest.find(word).unwrap_or(0) + word.len();
                Ok(lexeme(token, self.pos))
            }
            '\'' | '"' => self.literal(start, after_member),
            'L' | 'u' | 'U' if rest[1..].starts_with(['\'', '"']) => self.literal(start, after_member),
            _ => {
                if let Some(op) = SINGLE.into_iter().find(|op| rest.starts_with(op)) {
                    self.pos += op.len();
                    return Ok(lexeme(Token::Punct(op), self.pos));
                }
                if !is_name_start(first) {
                    return Err(ExprError::msg(format!("Invalid character '{first}' in expression.")));
                }
                self.word(start, after_member)
            }
        }
    }

    /// `@cpu(` and `@all`, where they are not gdb's `@` before a function or a variable of the program.
    fn at_cpu(&self, rest: &str) -> Result<Option<Token>> {
        let after = rest.get(1..).unwrap_or("").trim_start();
        let len = after.find(|c| !is_name_char(c)).unwrap_or(after.len());
        let (word, behind) = after.split_at(len);
        let token = match word {
            "cpu" if behind.trim_start().starts_with('(') => Token::AtCpu,
            "all" => Token::AtAll { doubtful: false },
            _ => return Ok(None),
        };
        let Some(symbol) = self.context.lookup(word, Scope::Here)? else { return Ok(Some(token)) };
        let ours = match symbol.class {
            SymbolClass::Minimal(_) => false,
            // A call needs something to call.
            _ if word == "cpu" => {
                let ty = symbol.ty.strip();
                !ty.is_function() && !ty.target().is_some_and(|target| target.is_function())
            }
            SymbolClass::Variable { needs_frame: true, .. } => false,
            // A number has no members.
            SymbolClass::Constant(_) if behind.starts_with(['.', '-']) => return Ok(Some(token)),
            _ => return Ok(Some(Token::AtAll { doubtful: true })),
        };
        Ok(ours.then_some(token))
    }

    /// Reads on after the `@` of a token that was taken for more.
    pub(crate) fn back_to_at(&mut self, lexeme: &Lexeme) -> Lexeme {
        self.pos = lexeme.start + 1;
        Lexeme { token: Token::Punct("@"), end: self.pos, ..*lexeme }
    }

    /// Reads a name whatever it stands for, as after `.`, `->` and `::`. Keywords are left to the caller to refuse.
    fn word(&mut self, start: usize, after_member: bool) -> Result<Lexeme> {
        let rest = self.rest();
        let len = rest.find(|c| !is_name_char(c)).unwrap_or(rest.len());
        let word = &rest[..len];
        let lexeme = |token, end| Lexeme { token, start, end, near: start };
        if word == "if" || starts_thread(word, &rest[len..]) {
            return Ok(lexeme(Token::End, start));
        }
        self.pos += len;
        if let Some(keyword) = keyword(word)
            && !self.is_shadowed(keyword, word)?
        {
            // Other meanings of a tag's name do not matter.
            self.after_member = matches!(keyword, Keyword::Struct | Keyword::Union | Keyword::Enum);
            return Ok(lexeme(Token::Keyword(keyword), self.pos));
        }
        if word.starts_with('$') {
            return Ok(lexeme(Token::Dollar, self.pos));
        }
        let token = if after_member { Token::Name(None) } else { self.classify(word, false)? };
        Ok(lexeme(token, self.pos))
    }

    /// `restrict` and `typeof` are names where the program has such a name.
    fn is_shadowed(&self, keyword: Keyword, word: &str) -> Result<bool> {
        let may_be = (keyword == Keyword::Restrict && word == "restrict")
            || (keyword == Keyword::Typeof && word == "typeof");
        Ok(may_be && self.context.lookup(word, Scope::Here)?.is_some_and(|symbol| !symbol.is_minimal()))
    }

    /// A quoted character, string, or name.
    fn literal(&mut self, start: usize, after_member: bool) -> Result<Lexeme> {
        let literal = text::scan(self.rest())?;
        let end = start + literal.len;
        self.pos = end;
        if literal.quote == '"' {
            let bytes = literal.string()?;
            return Ok(Lexeme { token: Token::Str(bytes, literal.width), start, end, near: start });
        }
        match literal.chars {
            0 => Err(ExprError::msg("A character constant must contain at least one character.")),
            1 => {
                let token = Token::Constant(literal.character(self.context)?);
                Ok(Lexeme { token, start, end, near: start })
            }
            3.. if literal.width == Width::Plain => {
                let (start, end) = (start + 1, end - 1);
                let name = self.text.get(start..end).unwrap_or("");
                let token = match keyword(name) {
                    Some(keyword) => Token::Keyword(keyword),
                    None if after_member => Token::Name(None),
                    None => self.classify(name, true)?,
                };
                Ok(Lexeme { token, start, end, near: start - 1 })
            }
            _ => Err(ExprError::msg("Invalid character constant.")),
        }
    }

    fn classify(&self, name: &str, quoted: bool) -> Result<Token> {
        let symbol = self.context.lookup(name, Scope::Here)?;
        match &symbol {
            Some(symbol) if matches!(symbol.class, SymbolClass::Typedef) => {
                return Ok(Token::TypeName(symbol.ty.clone()));
            }
            Some(symbol) if !symbol.is_minimal() => {}
            _ => {
                if let Some(ty) = self.context.base_type(name) {
                    return Ok(Token::TypeName(ty));
                }
                if let Some(ty) = builtin().by_name_for(name, self.context.address_size()) {
                    return Ok(Token::TypeName(ty.clone()));
                }
                // All files of the program have to be known for this: asked only where a file can stand.
                if (quoted || self.rest().trim_start().starts_with("::")) && self.context.has_file(name) {
                    return Ok(Token::File);
                }
                let radix = self.context.input_radix();
                if radix > 10
                    && name.starts_with(|c: char| c.is_digit(radix))
                    && let Ok(value) = number::parse(name, radix)
                {
                    return Ok(Token::NameOrInt(value));
                }
            }
        }
        Ok(Token::Name(symbol))
    }
}

fn is_entry(rest: &str) -> bool {
    let after = rest[1..].trim_start();
    after.strip_prefix("entry").is_some_and(|after| !after.starts_with(|c| is_name_char(c) && c != '$'))
}

/// `thread 3` and `task 3`, also abbreviated, end an expression in a breakpoint's condition.
fn starts_thread(word: &str, rest: &str) -> bool {
    ("thread".starts_with(word) || "task".starts_with(word))
        && rest.starts_with([' ', '\t'])
        && rest.trim_start_matches([' ', '\t']).starts_with(|c: char| c.is_ascii_digit())
}

fn is_name_start(c: char) -> bool {
    c == '_' || c == '$' || c.is_ascii_alphabetic() || !c.is_ascii()
}

fn is_name_char(c: char) -> bool {
    is_name_start(c) || c.is_ascii_digit()
}

fn keyword(word: &str) -> Option<Keyword> {
    Some(match word {
        "unsigned" => Keyword::Unsigned,
        "volatile" => Keyword::Volatile,
        "struct" => Keyword::Struct,
        "signed" => Keyword::Signed,
        "sizeof" => Keyword::Sizeof,
        "_Alignof" => Keyword::Alignof,
        "double" => Keyword::Double,
        "float" => Keyword::Float,
        "union" => Keyword::Union,
        "short" => Keyword::Short,
        "const" => Keyword::Const,
        "restrict" | "__restrict__" | "__restrict" => Keyword::Restrict,
        "_Atomic" => Keyword::Atomic,
        "enum" => Keyword::Enum,
        "long" => Keyword::Long,
        "_Complex" | "__complex__" => Keyword::Complex,
        "int" => Keyword::Int,
        "__typeof__" | "__typeof" | "typeof" => Keyword::Typeof,
        _ => return None,
    })
}

impl Symbol {
    /// Whether only the ELF symbol table knows it.
    #[must_use]
    pub fn is_minimal(&self) -> bool {
        matches!(self.class, SymbolClass::Minimal(_))
    }
}
