//! Declarations as written: every key read into a slot, the rules between keys left to `rules`.

use serde::de::{MapAccess, SeqAccess};

use super::expressions::{Node, Nodes};
use super::reader::{Doc, Item, Keys, List, Reader, Reading, Slot, Strings, Take, Text, members};
use super::signatures::{Params, Type, TypeParams};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::tree::{Clause, ExprId, Param, TypeExpr, TypeParam};

/// A declaration as written.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) kind: Slot<String>,
    pub(super) name: Slot<String>,
    pub(super) abi: Slot<String>,
    pub(super) link_name: Slot<String>,
    pub(super) type_params: Slot<Vec<Option<TypeParam>>>,
    pub(super) params: Slot<Vec<Option<Param>>>,
    pub(super) result: Slot<TypeExpr>,
    pub(super) result_brand: Slot<String>,
    pub(super) requires: Slot<Vec<Option<Clause>>>,
    pub(super) ensures: Slot<Vec<Option<Clause>>>,
    pub(super) invariant: Slot<Vec<Option<Clause>>>,
    pub(super) body: Slot<ExprId>,
    pub(super) names: Slot<Vec<Slot<String>>>,
    pub(super) doc: Slot<String>,
    pub(super) keys: Keys,
}

const KEYS: &[&str] = &[
    "kind",
    "name",
    "params",
    "result",
    "body",
    "names",
    "type_params",
    "result_brand",
    "requires",
    "ensures",
    "invariant",
    "abi",
    "link_name",
    "doc",
];

/// Reads the items of `decls`.
pub(super) struct Declarations;

impl Item for Declarations {
    type Out = Option<Draft>;

    fn take<'de, A: SeqAccess<'de>>(&self, reader: &mut Reader, seq: &mut A) -> Result<Option<Self::Out>, A::Error> {
        seq.next_element_seed(Reading(Declaration(reader)))
    }
}

struct Declaration<'r>(&'r mut Reader);

impl<'de> Take<'de> for Declaration<'_> {
    type Out = Option<Draft>;

    fn reader(&mut self) -> &mut Reader {
        self.0
    }

    fn refuse(&mut self, found: &str) -> Diagnostic {
        self.0.error(codes::WRONG_SHAPE, format!("a declaration is an object, not {found}"))
    }

    fn refused(self) -> Self::Out {
        None
    }

    fn object<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Out, A::Error> {
        let mark = self.0.mark();
        let mut draft = Draft::default();
        draft.keys = members(self.0, &mut map, KEYS, |reader, key, map| {
            match key {
                "kind" => draft.kind = map.next_value_seed(Reading(Text { reader, what: "`kind`" }))?,
                "name" => draft.name = map.next_value_seed(Reading(Text { reader, what: "`name`" }))?,
                "abi" => draft.abi = map.next_value_seed(Reading(Text { reader, what: "`abi`" }))?,
                "link_name" => draft.link_name = map.next_value_seed(Reading(Text { reader, what: "`link_name`" }))?,
                "doc" => draft.doc = map.next_value_seed(Reading(Doc(reader)))?,
                "result_brand" => {
                    draft.result_brand = map.next_value_seed(Reading(Text { reader, what: "`result_brand`" }))?;
                }
                "result" => draft.result = map.next_value_seed(Reading(Type { reader, depth: 0 }))?.into(),
                "body" => draft.body = Slot::Given(map.next_value_seed(Reading(Node(reader)))?),
                "params" => {
                    draft.params = map.next_value_seed(Reading(List { reader, what: "`params`", item: Params }))?;
                }
                "type_params" => {
                    draft.type_params =
                        map.next_value_seed(Reading(List { reader, what: "`type_params`", item: TypeParams }))?;
                }
                "names" => {
                    let item = Strings { what: "an exported name" };
                    draft.names = map.next_value_seed(Reading(List { reader, what: "`names`", item }))?;
                }
                "requires" => {
                    draft.requires =
                        map.next_value_seed(Reading(List { reader, what: "`requires`", item: Clauses }))?;
                }
                "ensures" => {
                    draft.ensures = map.next_value_seed(Reading(List { reader, what: "`ensures`", item: Clauses }))?;
                }
                _ => {
                    draft.invariant =
                        map.next_value_seed(Reading(List { reader, what: "`invariant`", item: Clauses }))?;
                }
            }
            Ok(())
        })?;
        if let Some(name) = draft.name.given() {
            self.0.attribute(mark, name);
        }
        Ok(Some(draft))
    }
}

struct Clauses;

impl Item for Clauses {
    type Out = Option<Clause>;

    fn take<'de, A: SeqAccess<'de>>(&self, reader: &mut Reader, seq: &mut A) -> Result<Option<Self::Out>, A::Error> {
        seq.next_element_seed(Reading(ContractClause(reader)))
    }
}

struct ContractClause<'r>(&'r mut Reader);

const CLAUSE_KEYS: &[&str] = &["expr", "id", "witness"];

impl<'de> Take<'de> for ContractClause<'_> {
    type Out = Option<Clause>;

    fn reader(&mut self) -> &mut Reader {
        self.0
    }

    fn refuse(&mut self, found: &str) -> Diagnostic {
        self.0.error(codes::WRONG_SHAPE, format!("a contract clause is an object, not {found}"))
    }

    fn refused(self) -> Self::Out {
        None
    }

    fn object<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Out, A::Error> {
        let mut expr = None;
        let mut id = Slot::Absent;
        let mut witness: Slot<Vec<ExprId>> = Slot::Absent;
        let keys = members(self.0, &mut map, CLAUSE_KEYS, |reader, key, map| {
            match key {
                "expr" => expr = Some(map.next_value_seed(Reading(Node(reader)))?),
                "id" => id = map.next_value_seed(Reading(Text { reader, what: "`id`" }))?,
                _ => witness = map.next_value_seed(Reading(List { reader, what: "`witness`", item: Nodes }))?,
            }
            Ok(())
        })?;
        keys.warn_unknown(self.0, "a contract clause", CLAUSE_KEYS);
        let Some(expr) = expr else {
            self.0.report(self.0.error(codes::MISSING_KEY, "the contract clause has no `expr`"));
            return Ok(None);
        };
        Ok(Some(Clause { id: id.into_given(), expr, witness: witness.into_given().unwrap_or_default() }))
    }
}
