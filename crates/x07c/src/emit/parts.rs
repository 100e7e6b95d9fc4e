//! Which parts of `x07.h` a C text needs. A C compiler reads the others in vain, once for every unit.

use serde::{Deserialize, Serialize};

use crate::mir::{self, Body, Callee, Stmt, Value};
use crate::types::Ty;

/// A set of parts of `x07.h`; its core is always there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parts(u16);

/// Each part: the macro that asks for it, and how the names begin that it declares, after `x07_`.
const TABLE: [(&str, &[&str]); 8] = [
    ("X07_WITH_RESULTS", &["option_", "result_"]),
    ("X07_WITH_TABLES", &["map_", "set_u32_", "vec_value_"]),
    ("X07_WITH_READERS", &["iface_", "io_", "bufread_", "scratch_"]),
    ("X07_WITH_POINTERS", &["ptr_", "mem", "bytes_as_", "view_as_ptr", "vec_u8_as_ptr", "vec_u8_as_mut_ptr"]),
    ("X07_WITH_SCOPES", &["budget_", "contract_", "task_"]),
    ("X07_WITH_LIBRARY", &["internal_", "json_", "process_", "prng_"]),
    ("X07_WITH_NATIVE", &["math_", "os_rand_", "os_stdio_"]),
    ("X07_WITH_OS", &["os_"]),
];
const RESULTS: Parts = Parts(1);
const SCOPES: Parts = Parts(1 << 4);

impl Parts {
    /// What a body's text names.
    pub fn of(body: &Body) -> Parts {
        let mut parts = Parts::default();
        for local in &body.locals {
            parts.add(Parts::of_type(local.ty));
        }
        mir::walk(&body.block, &mut |stmt: &Stmt| {
            if matches!(stmt, Stmt::BudgetEnter { .. } | Stmt::BudgetExit { .. } | Stmt::ContractFailure(_)) {
                parts.add(SCOPES);
            }
            mir::values(stmt, &mut |value: &Value| {
                if let Value::Call(call) = value {
                    match &call.callee {
                        Callee::Runtime(symbol) => parts.add(Parts::of_symbol(symbol)),
                        Callee::Row(symbol) => parts.add(Parts::of_symbol(symbol)),
                        Callee::Function(_) => {}
                    }
                }
            });
        });
        parts
    }

    /// What the text around an async function's body names.
    pub fn of_task() -> Parts {
        let mut parts = SCOPES;
        parts.add(RESULTS);
        parts
    }

    /// A value of such a type is made and dropped by functions of a part.
    fn of_type(ty: Ty) -> Parts {
        match ty {
            Ty::OptionI32
            | Ty::OptionBytes
            | Ty::OptionView
            | Ty::ResultI32
            | Ty::ResultBytes
            | Ty::ResultView
            | Ty::ResultResultBytes => RESULTS,
            _ => Parts::default(),
        }
    }

    fn of_symbol(symbol: &str) -> Parts {
        let name = symbol.strip_prefix("x07_").unwrap_or(symbol);
        let part = TABLE.iter().position(|(_, starts)| starts.iter().any(|start| name.starts_with(start)));
        part.map_or(Parts::default(), |part| Parts(1 << part))
    }

    /// Adds what another set has.
    pub fn add(&mut self, other: Parts) {
        self.0 |= other.0;
    }

    /// The lines that ask for the parts, before the include of `x07.h`.
    pub fn definitions(self) -> String {
        let asked = TABLE.iter().enumerate().filter(|(part, _)| self.0 & (1 << part) != 0);
        asked.map(|(_, (macro_name, _))| format!("#define {macro_name}\n")).collect()
    }
}
