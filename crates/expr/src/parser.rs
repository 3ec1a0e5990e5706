//! From tokens to a tree. The grammar is gdb's for C; where it stops is what its syntax errors quote.

mod debugger_functions;
mod types;

use crate::ast::{Binary, History, Node, Unary};
use crate::context::{Context, Scope, Symbol, SymbolClass};
use crate::error::{ExprError, Result};
use crate::lexer::{Ends, Keyword, Lexeme, Lexer, Token, Width};
use kdive_types::Value;
use std::sync::{Arc, OnceLock};

/// Deepest nesting of operators: the evaluator goes as deep into its own stack.
const MAX_DEPTH: usize = 250;

/// A parsed text and where its expression ends.
pub(crate) struct Parsed {
    pub node: Node,
    /// First byte that does not belong to it.
    pub end: usize,
}

/// Parses the start of `text`.
pub(crate) fn parse(text: &str, ends: Ends, context: &dyn Context) -> Result<Parsed> {
    let mut parser = Parser::new(text, ends, context)?;
    let node = parser.start()?;
    match parser.next.token {
        Token::End => Ok(Parsed { node, end: parser.next.start }),
        _ => Err(parser.syntax()),
    }
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    context: &'a dyn Context,
    /// The next token.
    next: Lexeme,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, ends: Ends, context: &'a dyn Context) -> Result<Self> {
        let mut lexer = Lexer::new(text, ends, context);
        let next = lexer.next()?;
        Ok(Self { lexer, context, next, depth: 0 })
    }

    /// Goes to the next token; gives the one left behind.
    fn advance(&mut self) -> Result<Lexeme> {
        let next = self.lexer.next()?;
        Ok(std::mem::replace(&mut self.next, next))
    }

    fn syntax(&self) -> ExprError {
        let near = self.lexer.text().get(self.next.near..).unwrap_or("");
        ExprError::Syntax(near.to_owned())
    }

    fn is(&self, punct: &str) -> bool {
        matches!(self.next.token, Token::Punct(found) if found == punct)
    }

    fn accept(&mut self, punct: &str) -> Result<bool> {
        let is = self.is(punct);
        if is {
            self.advance()?;
        }
        Ok(is)
    }

    fn expect(&mut self, punct: &str) -> Result<()> {
        if self.accept(punct)? { Ok(()) } else { Err(self.syntax()) }
    }

    fn text_of(&self, lexeme: &Lexeme) -> &'a str {
        self.lexer.text().get(lexeme.start..lexeme.end).unwrap_or("")
    }

    /// Counts one level of nesting for as long as `inner` runs.
    fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let depth = self.depth;
        self.deeper()?;
        let result = inner(self);
        self.depth = depth;
        result
    }

    fn deeper(&mut self) -> Result<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(ExprError::msg(format!("expression is nested more than {MAX_DEPTH} levels deep")));
        }
        Ok(())
    }

    /// A whole text: an expression with commas, or a type.
    fn start(&mut self) -> Result<Node> {
        if self.at_type() { self.type_exp() } else { self.comma() }
    }

    fn comma(&mut self) -> Result<Node> {
        self.nested(|this| {
            let mut left = this.assignment()?;
            while this.accept(",")? {
                this.deeper()?;
                left = Node::Comma(Box::new(left), Box::new(this.assignment()?));
            }
            Ok(left)
        })
    }

    /// An expression without commas.
    fn assignment(&mut self) -> Result<Node> {
        self.nested(|this| {
            let left = this.conditional()?;
            let Token::Punct(operator) = this.next.token else { return Ok(left) };
            if operator == "=" {
                this.advance()?;
                return Ok(Node::Assign(Box::new(left), Box::new(this.assignment()?)));
            }
            if matches!(operator, "==" | "!=" | "<=" | ">=") {
                return Ok(left);
            }
            let Some(update) = Binary::from_update(operator) else { return Ok(left) };
            this.advance()?;
            Ok(Node::Update(update, Box::new(left), Box::new(this.assignment()?)))
        })
    }

    fn conditional(&mut self) -> Result<Node> {
        let condition = self.binary(1)?;
        if !self.accept("?")? {
            return Ok(condition);
        }
        let yes = self.assignment()?;
        self.expect(":")?;
        let no = self.nested(Self::conditional)?;
        Ok(Node::Conditional(Box::new(condition), Box::new(yes), Box::new(no)))
    }

    /// Operators that bind at least as strongly as `least`.
    fn binary(&mut self, least: u8) -> Result<Node> {
        self.nested(|this| {
            let mut left = this.unary()?;
            while let Token::Punct(text) = this.next.token
                && let Some((operator, strength)) = Binary::from_text(text)
                && strength >= least
            {
                this.advance()?;
                this.deeper()?;
                let right = this.binary(strength + 1)?;
                left = Node::Binary(operator, Box::new(left), Box::new(right));
            }
            Ok(left)
        })
    }

    fn unary(&mut self) -> Result<Node> {
        self.nested(Self::unary_here)
    }

    fn unary_here(&mut self) -> Result<Node> {
        let operator = match self.next.token {
            Token::Punct("*") => Unary::Deref,
            Token::Punct("&") => Unary::Address,
            Token::Punct("-") => Unary::Neg,
            Token::Punct("+") => Unary::Plus,
            Token::Punct("!") => Unary::Not,
            Token::Punct("~") => Unary::Complement,
            Token::Punct(step @ ("++" | "--")) => {
                self.advance()?;
                let target = Box::new(self.unary()?);
                let by = if step == "++" { Binary::Add } else { Binary::Sub };
                return Ok(Node::Step { target, by, post: false });
            }
            Token::Punct("(") => return self.parenthesis(),
            Token::Punct("{") => return self.brace(),
            // In gdb's grammar a type may begin so (an address space); the next word is what is wrong.
            Token::Punct("@") => {
                self.advance()?;
                return Err(self.syntax());
            }
            Token::Keyword(Keyword::Sizeof) => return self.sizeof(),
            Token::Keyword(Keyword::Alignof) => {
                self.advance()?;
                self.expect("(")?;
                if !self.at_type() {
                    return Err(self.syntax());
                }
                let ty = self.type_exp()?;
                self.expect(")")?;
                return self.postfix(Node::Alignof(Box::new(ty)));
            }
            _ => {
                let primary = self.primary()?;
                return self.postfix(primary);
            }
        };
        self.advance()?;
        Ok(Node::Unary(operator, Box::new(self.unary()?)))
    }

    /// `(type) operand` or `(expression)`.
    fn parenthesis(&mut self) -> Result<Node> {
        self.advance()?;
        if self.at_type() {
            let ty = self.type_exp()?;
            self.expect(")")?;
            return Ok(Node::Cast(Box::new(ty), Box::new(self.unary()?)));
        }
        let inner = self.comma()?;
        self.expect(")")?;
        self.postfix(inner)
    }

    /// `{type} address` or `{1, 2}`.
    fn brace(&mut self) -> Result<Node> {
        self.advance()?;
        if self.at_type() {
            let ty = self.type_exp()?;
            self.expect("}")?;
            return Ok(Node::Memory(Box::new(ty), Box::new(self.unary()?)));
        }
        let mut items = Vec::new();
        if !self.is("}") {
            items.push(self.assignment()?);
            while self.accept(",")? {
                items.push(self.assignment()?);
            }
        }
        self.expect("}")?;
        self.postfix(Node::Array(items))
    }

    fn sizeof(&mut self) -> Result<Node> {
        self.advance()?;
        if self.is("(") {
            self.advance()?;
            if self.at_type() {
                let ty = self.type_exp()?;
                self.expect(")")?;
                return self.postfix(Node::Sizeof(Box::new(ty)));
            }
            let inner = self.comma()?;
            self.expect(")")?;
            let operand = self.postfix(inner)?;
            return Ok(Node::Sizeof(Box::new(operand)));
        }
        Ok(Node::Sizeof(Box::new(self.unary()?)))
    }

    fn postfix(&mut self, mut node: Node) -> Result<Node> {
        let depth = self.depth;
        loop {
            self.deeper()?;
            node = match self.next.token {
                Token::Punct("[") => {
                    self.advance()?;
                    let index = self.comma()?;
                    self.expect("]")?;
                    Node::Subscript(Box::new(node), Box::new(index))
                }
                Token::Punct("(") => {
                    let args = match self.own_function(&node) {
                        Some(function) => self.own_arguments(&*function)?,
                        None => self.arguments()?,
                    };
                    Node::Call(Box::new(node), args)
                }
                Token::AtCpu => {
                    self.advance()?;
                    self.expect("(")?;
                    let cpu = self.comma()?;
                    self.expect(")")?;
                    Node::OnCpu(Box::new(node), Box::new(cpu))
                }
                Token::AtAll { doubtful } => {
                    if doubtful && !self.is_per_cpu(&node) {
                        self.next = self.lexer.back_to_at(&self.next);
                        self.depth = depth;
                        return Ok(node);
                    }
                    self.advance()?;
                    Node::EachCpu(Box::new(node))
                }
                Token::Punct(operator @ ("." | "->")) => {
                    self.advance()?;
                    let name = self.field_name()?;
                    Node::Member { of: Box::new(node), name, arrow: operator == "->", found: OnceLock::new() }
                }
                Token::Punct(step @ ("++" | "--")) => {
                    self.advance()?;
                    let by = if step == "++" { Binary::Add } else { Binary::Sub };
                    Node::Step { target: Box::new(node), by, post: true }
                }
                _ => {
                    self.depth = depth;
                    return Ok(node);
                }
            };
        }
    }

    fn arguments(&mut self) -> Result<Vec<Node>> {
        self.expect("(")?;
        let mut args = Vec::new();
        if !self.is(")") {
            args.push(self.assignment()?);
            while self.accept(",")? {
                args.push(self.assignment()?);
            }
        }
        self.expect(")")?;
        Ok(args)
    }

    /// A member's name: any name, and the type words that are members of vector registers.
    fn field_name(&mut self) -> Result<Arc<str>> {
        match self.next.token {
            Token::Name(_) | Token::TypeName(_) | Token::NameOrInt(_) => {}
            Token::Keyword(
                Keyword::Double
                | Keyword::Float
                | Keyword::Int
                | Keyword::Long
                | Keyword::Short
                | Keyword::Signed
                | Keyword::Unsigned,
            ) => {}
            _ => return Err(self.syntax()),
        }
        let lexeme = self.advance()?;
        Ok(self.text_of(&lexeme).into())
    }

    /// A name after `::`, whatever it means elsewhere.
    fn plain_name(&mut self) -> Result<String> {
        match self.next.token {
            Token::Name(_) | Token::TypeName(_) | Token::NameOrInt(_) => {
                let lexeme = self.advance()?;
                Ok(self.text_of(&lexeme).to_owned())
            }
            _ => Err(self.syntax()),
        }
    }

    fn primary(&mut self) -> Result<Node> {
        match &self.next.token {
            Token::Constant(value) | Token::NameOrInt(value) => {
                let node = Node::Constant(value.clone());
                self.advance()?;
                Ok(node)
            }
            Token::Str(..) => self.string(),
            Token::Dollar => {
                let lexeme = self.advance()?;
                Ok(dollar(&self.text_of(&lexeme)[1..]))
            }
            Token::Name(_) => self.name(),
            Token::File => {
                let lexeme = self.advance()?;
                let file = self.text_of(&lexeme);
                if !self.is("::") {
                    return Err(self.syntax());
                }
                self.qualified(Qualifier::File(file))
            }
            Token::Punct("::") => {
                self.advance()?;
                let name = self.plain_name()?;
                match self.context.lookup(&name, Scope::Global)? {
                    Some(symbol) => Ok(Node::Symbol(symbol)),
                    None => Err(self.unknown(&name)),
                }
            }
            _ => Err(self.syntax()),
        }
    }

    fn unknown(&self, name: &str) -> ExprError {
        if self.context.has_symbols() {
            ExprError::NoSymbol(name.to_owned())
        } else {
            ExprError::NoSymbolTable
        }
    }

    fn name(&mut self) -> Result<Node> {
        let lexeme = self.advance()?;
        let name = self.text_of(&lexeme);
        let Token::Name(symbol) = lexeme.token else { return Err(self.syntax()) };
        // A name of the program comes first, if it is something that can be called.
        if self.is("(")
            && !symbol.as_ref().is_some_and(debugger_functions::is_callable)
            && self.context.function(name).is_some_and(|function| function.is_plain())
        {
            return Ok(Node::Dollar(name.into()));
        }
        let Some(symbol) = symbol else {
            return Err(self.unknown(name));
        };
        if matches!(self.next.token, Token::Entry) {
            self.advance()?;
            if !matches!(symbol.class, SymbolClass::Variable { needs_frame: true, .. }) {
                return Err(ExprError::msg(format!(
                    "@entry can be used only for function parameters, not for \"{name}\""
                )));
            }
            return Ok(Node::Entry(symbol));
        }
        if self.is("::") && matches!(symbol.class, SymbolClass::Function(_)) {
            return self.qualified(Qualifier::Function(symbol));
        }
        Ok(Node::Symbol(symbol))
    }

    /// What follows a function or file: `::name`, perhaps several times.
    fn qualified(&mut self, mut qualifier: Qualifier<'a>) -> Result<Node> {
        loop {
            self.expect("::")?;
            let name = self.plain_name()?;
            let scope = match &qualifier {
                Qualifier::File(file) => Scope::File(file),
                Qualifier::Function(symbol) => Scope::Function(symbol),
            };
            let found = self.context.lookup(&name, scope)?;
            if self.is("::") {
                match found {
                    Some(symbol) if matches!(symbol.class, SymbolClass::Function(_)) => {
                        qualifier = Qualifier::Function(symbol);
                        continue;
                    }
                    _ => {
                        return Err(ExprError::msg(format!("No function \"{name}\" in specified context.")));
                    }
                }
            }
            return match found {
                Some(symbol) if !symbol.is_minimal() => Ok(Node::Symbol(symbol)),
                _ => Err(ExprError::msg(format!("No symbol \"{name}\" in specified context."))),
            };
        }
    }

    /// Adjacent string literals are one.
    fn string(&mut self) -> Result<Node> {
        let mut bytes = Vec::new();
        let mut width = Width::Plain;
        let mut pieces = Vec::new();
        while let Token::Str(piece, piece_width) = &self.next.token {
            if *piece_width != Width::Plain {
                if width != Width::Plain && width != *piece_width {
                    return Err(ExprError::msg("Undefined string concatenation."));
                }
                width = *piece_width;
            }
            pieces.push((piece.clone(), *piece_width));
            self.advance()?;
        }
        for (piece, piece_width) in pieces {
            if piece_width == width {
                bytes.extend_from_slice(&piece);
            } else {
                for byte in piece {
                    bytes.push(byte);
                    bytes.resize(bytes.len() + width.bytes() - 1, 0);
                }
            }
        }
        bytes.resize(bytes.len() + width.bytes(), 0);
        let count = bytes.len() / width.bytes();
        let ty = width.ty(self.context)?.array_of(Some(count as u64));
        self.postfix(Node::Constant(Value::from_bytes(ty, bytes)))
    }
}

enum Qualifier<'a> {
    File(&'a str),
    Function(Symbol),
}

/// `$name` without the dollar.
fn dollar(name: &str) -> Node {
    let (back, digits) = match name.strip_prefix('$') {
        Some(digits) => (true, digits),
        None => (false, name),
    };
    if digits.is_empty() {
        return Node::History(History::Back(u64::from(back)));
    }
    if digits.bytes().all(|b| b.is_ascii_digit()) {
        let number = digits.parse().unwrap_or(u64::MAX);
        let is_relative = back || number == 0;
        return Node::History(if is_relative { History::Back(number) } else { History::Absolute(number) });
    }
    Node::Dollar(name.into())
}

#[cfg(test)]
mod tests;
