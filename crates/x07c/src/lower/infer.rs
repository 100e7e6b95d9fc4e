//! A generic that is called like a function: what its types must be, if the arguments tell (spec language 17.2).

use x07_ast::{Decl, Expr, ExprId, Fix, TypeExpr};

use super::{Lowerer, Operand};
use crate::interface::{Template, Used};
use crate::types::{Ty, TypeArg, resolve};

/// The types that a variable is tried with. `u32` is an `i32` to everybody but a generic, so it cannot be told.
const CANDIDATES: &[&str] =
    &["i32", "bytes", "bytes_view", "vec_u8", "option_i32", "option_bytes", "result_i32", "result_bytes"];

impl Lowerer<'_, '_> {
    /// Reports the call, with a fix if the types can be told.
    pub(crate) fn plain_call_of_generic(
        &mut self,
        e: ExprId,
        name: &str,
        used: &Used,
        template: &Template,
        args: &[ExprId],
    ) -> Operand {
        self.charge(1);
        let given: Vec<Ty> = args.iter().map(|arg| self.type_of_argument(*arg)).collect();
        let inferred = self.parameter_types(used, template).and_then(|params| infer(template, &params, &given));
        let message = format!("\"{name}\" is generic: call it with its types (X07-TY-0108)");
        let Some(types) = inferred else {
            let help = format!("[\"tapp\", \"{name}\", [\"tys\", ...], ...]; the arguments do not tell the types");
            self.typing("X07-TAPP-INFER-0001", message, e).help = Some(help);
            return Operand::error();
        };
        let source = self.source.clone();
        let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap_or_default();
        let mut tys = vec![serde_json::Value::from("tys")];
        tys.extend(types.iter().map(|name| serde_json::Value::from(*name)));
        let mut call = vec!["tapp".into(), name.into(), tys.into()];
        call.extend(args.iter().map(|arg| json(&source.json(*arg))));
        let value = serde_json::Value::from(call);
        let help = format!("write {value}");
        let patch = serde_json::json!([{ "op": "replace", "path": source.pointer(e), "value": value }]);
        let diagnostic = self.typing("X07-TAPP-ELAB-0001", message, e);
        diagnostic.help = Some(help);
        diagnostic.fix = Some(Fix { note: format!("call \"{name}\" for {}", types.join(", ")), patch });
        Operand::error()
    }

    fn type_of_argument(&mut self, arg: ExprId) -> Ty {
        let source = self.source.clone();
        match source.exprs().get(arg) {
            Expr::Text(sym) | Expr::Atom(sym) if self.lookup(sym).is_some() => {
                self.lookup(sym).map_or(Ty::Error, |place| self.ty_of(place))
            }
            _ => self.value(arg).ty,
        }
    }

    fn parameter_types(&mut self, used: &Used, template: &Template) -> Option<Vec<TypeExpr>> {
        let source = self.unit.template(used, template)?;
        source.file().decls.iter().find_map(|decl| match decl {
            Decl::Function(function) if function.name == used.function => {
                Some(function.params.iter().map(|param| param.ty.clone()).collect())
            }
            _ => None,
        })
    }
}

/// The one type of each variable with which all parameters that have it are of the types given.
fn infer(template: &Template, params: &[TypeExpr], given: &[Ty]) -> Option<Vec<&'static str>> {
    if params.len() != given.len() {
        return None;
    }
    template
        .type_params
        .iter()
        .map(|(variable, _)| {
            let about: Vec<(&TypeExpr, Ty)> =
                params.iter().zip(given.iter().copied()).filter(|(param, _)| mentions(param, variable)).collect();
            let fits = |name: &&&str| {
                let Some(ty) = Ty::named(name) else { return false };
                let vars = [(variable.clone(), TypeArg::named(name, ty))];
                about.iter().all(|(param, given)| resolve(param, &vars).is_ok_and(|arg| arg.ty == *given))
            };
            CANDIDATES.iter().find(fits).copied().filter(|_| !about.is_empty())
        })
        .collect()
}

fn mentions(ty: &TypeExpr, variable: &str) -> bool {
    match ty {
        TypeExpr::Name(_) => false,
        TypeExpr::Var(name) => name == variable,
        TypeExpr::Apply(_, args) => args.iter().any(|arg| mentions(arg, variable)),
    }
}
