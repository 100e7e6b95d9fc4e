//! Expressions, from JSON straight into the arena.

use serde::de::{IgnoredAny, SeqAccess};

use super::reader::{Item, Reader, Reading, Step, Take};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::text::quoted;
use crate::tree::ExprId;

/// The expressions of an array, such as witnesses.
pub(super) struct Nodes;

impl Item for Nodes {
    type Out = ExprId;

    fn take<'de, A: SeqAccess<'de>>(&self, reader: &mut Reader, seq: &mut A) -> Result<Option<ExprId>, A::Error> {
        seq.next_element_seed(Reading(Node(reader)))
    }
}

/// Reads an expression, adding its nodes in post-order; a refused one is reported and stands as the literal 0.
pub(super) struct Node<'r>(pub(super) &'r mut Reader);

impl<'de> Take<'de> for Node<'_> {
    type Out = ExprId;

    fn reader(&mut self) -> &mut Reader {
        self.0
    }

    fn refuse(&mut self, found: &str) -> Diagnostic {
        let error = self.0.error(codes::NOT_AN_EXPRESSION, format!("{found} is not an expression"));
        match found {
            "`true`" => error.help("write 1"),
            "`false`" => error.help("write 0"),
            _ if found.starts_with("the number") => {
                error.help("a number is an integer from -2147483648 to 2147483647, without fraction or exponent")
            }
            _ => error.help("an expression is an integer, an atom, or a list that begins with an atom"),
        }
    }

    fn refused(self) -> ExprId {
        self.0.exprs.add_int(0)
    }

    fn text(self, text: &str) -> ExprId {
        check_atom(self.0, text);
        self.0.exprs.add_atom(text)
    }

    fn integer(self, value: i128) -> ExprId {
        match i32::try_from(value) {
            Ok(value) => self.0.exprs.add_int(value),
            Err(_) => self.mismatch(&format!("the number `{value}`")),
        }
    }

    fn sequence<A: SeqAccess<'de>>(self, mut seq: A) -> Result<ExprId, A::Error> {
        let reader = self.0;
        let base = reader.items.len();
        reader.enter(Step::Index(0));
        let head = seq.next_element_seed(Reading(Head(&mut *reader)));
        reader.leave();
        let Some(head) = head? else {
            report_empty(reader);
            return Ok(reader.exprs.add_int(0));
        };
        reader.items.push(head.id);
        for index in 1.. {
            reader.enter(Step::Index(index));
            let item = match head.literal {
                Some(literal) if index == 1 => seq.next_element_seed(Reading(LiteralText { reader, literal })),
                _ => seq.next_element_seed(Reading(Node(reader))),
            };
            reader.leave();
            match item? {
                Some(item) => reader.items.push(item),
                None => break,
            }
        }
        if let Some(literal) = head.literal {
            check_arity(reader, literal, reader.items.len() - base - 1);
        }
        let id = reader.exprs.add_list(&reader.items[base..]);
        reader.items.truncate(base);
        Ok(id)
    }
}

// Apart from `sequence`, whose frame is on the stack once for every level of nesting.
fn report_empty(reader: &mut Reader) {
    let error = reader.error(codes::EMPTY_LIST, "`[]` is not an expression: a list has at least a head");
    reader.report(error.help("write [\"begin\", …] for a block, 0 for nothing"));
}

fn check_arity(reader: &mut Reader, literal: &str, arguments: usize) {
    if arguments != 1 {
        let message = format!("`{literal}` takes exactly one string, {arguments} arguments given");
        reader.report(reader.error(codes::BAD_LITERAL, message));
    }
}

fn check_atom(reader: &mut Reader, text: &str) {
    if text.bytes().all(|b| b.is_ascii_graphic()) {
        return;
    }
    if let Some(space) = text.chars().find(|c| c.is_whitespace()) {
        let message = format!("the atom {} holds white space (U+{:04X})", quoted(text), u32::from(space));
        let error = reader.error(codes::WHITE_SPACE, message);
        reader.report(error.help("text is written [\"bytes.lit\", \"…\"] or [\"bytes.view_lit\", \"…\"]"));
    }
}

/// The first item of a list.
struct Head<'r>(&'r mut Reader);

struct HeadRead {
    id: ExprId,
    /// The head, if it is one whose first argument is text.
    literal: Option<&'static str>,
}

impl<'de> Take<'de> for Head<'_> {
    type Out = HeadRead;

    fn reader(&mut self) -> &mut Reader {
        self.0
    }

    fn refuse(&mut self, found: &str) -> Diagnostic {
        let message = format!("a list begins with an atom, not with {found}");
        self.0.error(codes::NOT_AN_EXPRESSION, message)
    }

    fn refused(self) -> HeadRead {
        HeadRead { id: self.0.exprs.add_int(0), literal: None }
    }

    fn text(self, text: &str) -> HeadRead {
        check_atom(self.0, text);
        let literal = match text {
            "bytes.lit" => Some("bytes.lit"),
            "bytes.view_lit" => Some("bytes.view_lit"),
            _ => None,
        };
        HeadRead { id: self.0.exprs.add_atom(text), literal }
    }

    fn sequence<A: SeqAccess<'de>>(self, mut seq: A) -> Result<HeadRead, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(self.mismatch("a list"))
    }
}

/// The string of a literal, with any characters.
struct LiteralText<'r> {
    reader: &'r mut Reader,
    literal: &'static str,
}

impl<'de> Take<'de> for LiteralText<'_> {
    type Out = ExprId;

    fn reader(&mut self) -> &mut Reader {
        self.reader
    }

    fn refuse(&mut self, found: &str) -> Diagnostic {
        let message = format!("`{}` takes a string, not {found}", self.literal);
        self.reader.error(codes::BAD_LITERAL, message)
    }

    fn refused(self) -> ExprId {
        self.reader.exprs.add_int(0)
    }

    fn text(self, text: &str) -> ExprId {
        self.reader.exprs.add_text(text)
    }
}
