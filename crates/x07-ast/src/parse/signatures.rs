//! Types, parameters and type parameters: what can be checked without knowing the rest of the declaration.

use serde::de::{IgnoredAny, MapAccess, SeqAccess};

use super::reader::{Item, Reader, Reading, Slot, Step, Take, Text, members};
use crate::codes;
use crate::diagnostic::{Diagnostic, ErrorKind};
use crate::names::{is_dotted, is_identifier};
use crate::text::quoted;
use crate::tree::{Param, TypeExpr, TypeParam};

/// Reads a type reference.
pub(super) struct Type<'r> {
    pub(super) reader: &'r mut Reader,
    /// How many type lists are open around it.
    pub(super) depth: usize,
}

/// How deep types may be nested (spec language 16).
const MAX_TYPE_DEPTH: usize = 64;

impl<'de> Take<'de> for Type<'_> {
    type Out = Option<TypeExpr>;

    fn reader(&mut self) -> &mut Reader {
        self.reader
    }

    fn refuse(&mut self, found: &str) -> Diagnostic {
        let message = format!("a type is a name or a list such as [\"option\", \"i32\"], not {found}");
        self.reader.error(codes::WRONG_SHAPE, message)
    }

    fn refused(self) -> Self::Out {
        None
    }

    fn text(self, text: &str) -> Self::Out {
        Some(TypeExpr::Name(text.to_owned()))
    }

    fn sequence<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Out, A::Error> {
        let reader = self.reader;
        if self.depth >= MAX_TYPE_DEPTH {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            let message = format!("types are nested more than {MAX_TYPE_DEPTH} deep");
            let mut error = reader.error(codes::DEEP_TYPE, message);
            error.kind = ErrorKind::Budget;
            reader.report(error);
            return Ok(None);
        }
        let Some(head) = type_head(reader, &mut seq)? else {
            return Ok(None);
        };
        let mut arguments = Vec::new();
        for index in 1.. {
            reader.enter(Step::Index(index));
            let argument = seq.next_element_seed(Reading(Type { reader, depth: self.depth + 1 }));
            reader.leave();
            match argument? {
                Some(argument) => arguments.push(argument),
                None => break,
            }
        }
        Ok(applied(reader, head, arguments))
    }
}

fn type_head<'de, A: SeqAccess<'de>>(reader: &mut Reader, seq: &mut A) -> Result<Option<Slot<String>>, A::Error> {
    reader.enter(Step::Index(0));
    let what = "the head of a type";
    let head = seq.next_element_seed(Reading(Text { reader, what }));
    reader.leave();
    let head = head?;
    if head.is_none() {
        reader.report(reader.error(codes::WRONG_SHAPE, "`[]` is not a type"));
    }
    Ok(head)
}

/// The type `[head, arguments…]`, if none of its parts was refused.
fn applied(reader: &mut Reader, head: Slot<String>, arguments: Vec<Option<TypeExpr>>) -> Option<TypeExpr> {
    let head = head.into_given()?;
    let arguments: Vec<TypeExpr> = arguments.into_iter().collect::<Option<_>>()?;
    if head != "t" {
        return Some(TypeExpr::Apply(head, arguments));
    }
    if let [TypeExpr::Name(variable)] = arguments.as_slice() {
        return Some(TypeExpr::Var(variable.clone()));
    }
    let message = "a type variable is written [\"t\", \"A\"], with one name";
    reader.report(reader.error(codes::WRONG_SHAPE, message));
    None
}

/// Reads the items of `params`; a refused one is `None`.
pub(super) struct Params;

impl Item for Params {
    type Out = Option<Param>;

    fn take<'de, A: SeqAccess<'de>>(&self, reader: &mut Reader, seq: &mut A) -> Result<Option<Self::Out>, A::Error> {
        seq.next_element_seed(Reading(Parameter(reader)))
    }
}

struct Parameter<'r>(&'r mut Reader);

const PARAMETER_KEYS: &[&str] = &["name", "ty", "brand"];

impl<'de> Take<'de> for Parameter<'_> {
    type Out = Option<Param>;

    fn reader(&mut self) -> &mut Reader {
        self.0
    }

    fn refuse(&mut self, found: &str) -> Diagnostic {
        let error = self.0.error(codes::WRONG_SHAPE, format!("a parameter is an object, not {found}"));
        error.help("write {\"name\": \"x\", \"ty\": \"i32\"}")
    }

    fn refused(self) -> Self::Out {
        None
    }

    fn object<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Out, A::Error> {
        let mut name = Slot::Absent;
        let mut ty = Slot::Absent;
        let mut brand = Slot::Absent;
        let reader = self.0;
        let keys = members(reader, &mut map, PARAMETER_KEYS, |reader, key, map| {
            match key {
                "name" => name = map.next_value_seed(Reading(Text { reader, what: "a parameter's `name`" }))?,
                "ty" => ty = map.next_value_seed(Reading(Type { reader, depth: 0 }))?.into(),
                _ => brand = map.next_value_seed(Reading(Text { reader, what: "`brand`" }))?,
            }
            Ok(())
        })?;
        keys.warn_unknown(reader, "a parameter", PARAMETER_KEYS);
        if name.is_absent() {
            reader.report(reader.error(codes::MISSING_KEY, "the parameter has no `name`"));
        }
        if ty.is_absent() {
            let whose = name.given().map_or_else(String::new, |name: &String| format!(" {}", quoted(name)));
            reader.report(reader.error(codes::MISSING_KEY, format!("the parameter{whose} has no `ty`")));
        }
        if let Some(name) = name.given() {
            check_parameter_name(reader, name);
        }
        if let (Some(brand), Some(ty)) = (brand.given(), ty.given()) {
            reader.enter(Step::Key("brand"));
            check_brand(reader, brand, ty);
            reader.leave();
        }
        let (Some(name), Some(ty)) = (name.into_given(), ty.into_given()) else {
            return Ok(None);
        };
        Ok(Some(Param { name, ty, brand: brand.into_given() }))
    }
}

fn check_parameter_name(reader: &mut Reader, name: &str) {
    reader.enter(Step::Key("name"));
    if name == "input" {
        let error = reader.error(codes::BAD_NAME, "a parameter cannot be called `input`");
        reader.report(error.help("`input` is the program's input in every function; choose another name"));
    } else if !is_identifier(name) {
        let message = format!("{} is not a parameter name", quoted(name));
        let error = reader.error(codes::BAD_NAME, message);
        reader.report(error.help("a parameter name is letters, digits and `_`, and does not begin with a digit"));
    }
    reader.leave();
}

/// Reports a brand that is no name or stands on a type that cannot carry one.
pub(super) fn check_brand(reader: &mut Reader, brand: &str, ty: &TypeExpr) {
    if !is_dotted(brand) {
        let error = reader.error(codes::BAD_NAME, format!("{} is not a brand id", quoted(brand)));
        reader.report(error.help("a brand id is names joined by dots, such as `app.checked_v1`"));
    } else if !carries_brand(ty) {
        let message = format!("E_BRAND_BAD_TY: the brand {} stands on the type {}", quoted(brand), shown(ty));
        let error = reader.error(codes::BAD_BRAND, message);
        reader.report(error.help("only bytes, bytes_view and the options and results of them can be branded"));
    }
}

fn carries_brand(ty: &TypeExpr) -> bool {
    let bytes_like = |ty: &TypeExpr| matches!(ty, TypeExpr::Name(name) if name == "bytes" || name == "bytes_view");
    match ty {
        TypeExpr::Name(name) => matches!(
            name.as_str(),
            "bytes"
                | "bytes_view"
                | "option_bytes"
                | "option_bytes_view"
                | "result_bytes"
                | "result_bytes_view"
                | "result_result_bytes"
        ),
        TypeExpr::Var(_) => false,
        TypeExpr::Apply(head, arguments) => match (head.as_str(), arguments.as_slice()) {
            ("option", [inner]) => bytes_like(inner),
            ("result", [inner]) => bytes_like(inner) || is_result_bytes(inner),
            _ => false,
        },
    }
}

/// True for `result_bytes` however it is written.
pub(super) fn is_result_bytes(ty: &TypeExpr) -> bool {
    match ty {
        TypeExpr::Name(name) => name == "result_bytes",
        TypeExpr::Var(_) => false,
        TypeExpr::Apply(head, arguments) => {
            head == "result" && matches!(arguments.as_slice(), [TypeExpr::Name(inner)] if inner == "bytes")
        }
    }
}

/// A type in back quotes, as it is written.
pub(super) fn shown(ty: &TypeExpr) -> String {
    fn write(ty: &TypeExpr, text: &mut String) {
        let (head, arguments) = match ty {
            TypeExpr::Name(name) => return text.push_str(name),
            TypeExpr::Var(variable) => return text.push_str(&format!("[\"t\",\"{variable}\"]")),
            TypeExpr::Apply(head, arguments) => (head, arguments),
        };
        text.push_str(&format!("[\"{head}\""));
        for argument in arguments {
            text.push(',');
            match argument {
                TypeExpr::Name(name) => text.push_str(&format!("\"{name}\"")),
                other => write(other, text),
            }
        }
        text.push(']');
    }
    let mut text = String::new();
    write(ty, &mut text);
    quoted(&text)
}

/// Reads the items of `type_params`; a refused one is `None`.
pub(super) struct TypeParams;

impl Item for TypeParams {
    type Out = Option<TypeParam>;

    fn take<'de, A: SeqAccess<'de>>(&self, reader: &mut Reader, seq: &mut A) -> Result<Option<Self::Out>, A::Error> {
        seq.next_element_seed(Reading(TypeParameter(reader)))
    }
}

struct TypeParameter<'r>(&'r mut Reader);

const TYPE_PARAMETER_KEYS: &[&str] = &["name", "bound"];

impl<'de> Take<'de> for TypeParameter<'_> {
    type Out = Option<TypeParam>;

    fn reader(&mut self) -> &mut Reader {
        self.0
    }

    fn refuse(&mut self, found: &str) -> Diagnostic {
        let error = self.0.error(codes::WRONG_SHAPE, format!("a type parameter is an object, not {found}"));
        error.help("write {\"name\": \"A\"}, with a \"bound\" if the type must be of a kind")
    }

    fn refused(self) -> Self::Out {
        None
    }

    fn object<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Out, A::Error> {
        let mut name = Slot::Absent;
        let mut bound = Slot::Absent;
        let reader = self.0;
        let keys = members(reader, &mut map, TYPE_PARAMETER_KEYS, |reader, key, map| {
            match key {
                "name" => name = map.next_value_seed(Reading(Text { reader, what: "a type parameter's `name`" }))?,
                _ => bound = map.next_value_seed(Reading(Text { reader, what: "`bound`" }))?,
            }
            Ok(())
        })?;
        keys.warn_unknown(reader, "a type parameter", TYPE_PARAMETER_KEYS);
        match &name {
            Slot::Absent => reader.report(reader.error(codes::MISSING_KEY, "the type parameter has no `name`")),
            Slot::Given(name) if !is_identifier(name) => {
                let message = format!("{} is not a type parameter name", quoted(name));
                let pointer = format!("{}/name", reader.pointer());
                reader.report(reader.error(codes::BAD_NAME, message).at(pointer));
            }
            Slot::Given(_) | Slot::Refused => {}
        }
        Ok(name.into_given().map(|name| TypeParam { name, bound: bound.into_given() }))
    }
}
