//! The `pbt` part of a test: parameters, how many cases, what one case may use.

use serde::Serialize;
use serde_json::Value;

use super::fields::{Fields, Findings};

const INVALID: &str = "X07T_EPBT_MANIFEST_INVALID";
const DEFAULT_CASES: u32 = 100;
const DEFAULT_MAX_SHRINKS: u32 = 4096;
/// Longest value that is generated: every case of it travels through a pipe.
const MAX_LEN: i64 = 16 << 20;

/// A property: its function holds for every value of its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    /// The parameters, in the function's order.
    pub parameters: Vec<Parameter>,
    /// How many cases are tried.
    pub cases: u32,
    /// How many runs may be spent on making a failing case smaller.
    pub max_shrinks: u32,
    /// What one case may use.
    pub budget: CaseBudget,
    /// Caps around the call alone.
    pub scope: BudgetScope,
}

/// A parameter and where its values come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Parameter {
    /// What reports call it.
    pub name: String,
    /// The source of its values.
    #[serde(rename = "gen")]
    pub generator: Generator,
}

/// A source of values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Generator {
    /// Integers within bounds, both included.
    I32 {
        /// The least.
        min: i32,
        /// The greatest.
        max: i32,
    },
    /// Bytes.
    Bytes {
        /// The greatest length.
        max_len: u32,
    },
}

/// What one case may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of the manifest")]
pub struct CaseBudget {
    pub fuel: u64,
    pub timeout_ms: u64,
    pub max_mem_bytes: u64,
    pub max_output_bytes: u64,
}

impl Default for CaseBudget {
    fn default() -> Self {
        CaseBudget { fuel: 200_000, timeout_ms: 250, max_mem_bytes: 64 << 20, max_output_bytes: 1 << 20 }
    }
}

/// Caps of a budget scope around the call, 0 for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of the manifest and of budget.cfg_v1")]
pub struct BudgetScope {
    pub alloc_bytes: i32,
    pub alloc_calls: i32,
    pub realloc_calls: i32,
    pub memcpy_bytes: i32,
    pub sched_ticks: i32,
}

impl BudgetScope {
    /// Each cap with the name that `budget.cfg_v1` gives it.
    pub fn caps(&self) -> [(&'static str, i32); 5] {
        [
            ("alloc_bytes", self.alloc_bytes),
            ("alloc_calls", self.alloc_calls),
            ("realloc_calls", self.realloc_calls),
            ("memcpy_bytes", self.memcpy_bytes),
            ("sched_ticks", self.sched_ticks),
        ]
    }
}

/// Reads the `pbt` object.
pub(super) fn read(fields: &Fields<'_>, findings: &mut Findings) -> Property {
    fields.warn_of_others(&["params", "cases", "max_shrinks", "case_budget", "budget_scope"], findings);
    let parameters = fields.list("params", findings).unwrap_or_default();
    if parameters.is_empty() {
        findings.error("X07T_EPBT_PARAM_EMPTY", fields.pointer("params"), "a property has at least one parameter");
    }
    let read_one = |(index, value): (usize, &Value)| {
        let pointer = format!("{}/{index}", fields.pointer("params"));
        parameter(value, pointer, findings)
    };
    let parameters = parameters.iter().enumerate().filter_map(read_one).collect();
    let mut count = |key: &str, least: i64, default: u32| {
        let number = fields.number(key, least, i64::from(u32::MAX), INVALID, findings);
        number.and_then(|number| u32::try_from(number).ok()).unwrap_or(default)
    };
    let cases = count("cases", 1, DEFAULT_CASES);
    let max_shrinks = count("max_shrinks", 0, DEFAULT_MAX_SHRINKS);
    let budget = fields.object("case_budget", findings).map(|fields| budget(&fields, findings)).unwrap_or_default();
    let scope = fields.object("budget_scope", findings).map(|fields| scope(&fields, findings)).unwrap_or_default();
    Property { parameters, cases, max_shrinks, budget, scope }
}

fn parameter(value: &Value, pointer: String, findings: &mut Findings) -> Option<Parameter> {
    let fields = Fields::of(value, pointer, findings)?;
    fields.warn_of_others(&["name", "gen"], findings);
    let name = fields.text("name", findings).filter(|name| !name.is_empty());
    if name.is_none() {
        findings.error(INVALID, fields.pointer("name"), "a parameter needs a name");
    }
    let Some(generator) = fields.object("gen", findings) else {
        findings.error(INVALID, fields.pointer("gen"), "a parameter needs a generator");
        return None;
    };
    let generator = self::generator(&generator, findings);
    Some(Parameter { name: name?.to_owned(), generator: generator? })
}

fn generator(fields: &Fields<'_>, findings: &mut Findings) -> Option<Generator> {
    match fields.text("kind", findings).unwrap_or_default() {
        "i32" => {
            fields.warn_of_others(&["kind", "min", "max"], findings);
            let (least, most) = (i64::from(i32::MIN), i64::from(i32::MAX));
            let min = fields.number("min", least, most, INVALID, findings).unwrap_or(least);
            let max = fields.number("max", least, most, INVALID, findings).unwrap_or(most);
            if min > max {
                findings.error(INVALID, fields.own_pointer(), format!("no integer is from {min} to {max}"));
            }
            Some(Generator::I32 { min: min as i32, max: max as i32 })
        }
        "bytes" => {
            fields.warn_of_others(&["kind", "max_len"], findings);
            if !fields.has("max_len") {
                findings.error(INVALID, fields.pointer("max_len"), "generated bytes need a greatest length");
            }
            let max_len = fields.number("max_len", 0, MAX_LEN, INVALID, findings)?;
            Some(Generator::Bytes { max_len: max_len as u32 })
        }
        kind => {
            let message = format!("\"{kind}\" generates nothing: i32 and bytes do");
            findings.error("X07T_EPBT_UNKNOWN_GEN_KIND", fields.pointer("kind"), message);
            None
        }
    }
}

fn budget(fields: &Fields<'_>, findings: &mut Findings) -> CaseBudget {
    fields.warn_of_others(&["fuel", "timeout_ms", "max_mem_bytes", "max_output_bytes"], findings);
    let default = CaseBudget::default();
    let mut number = |key: &str, most: i64, default: u64| {
        fields.number(key, 1, most, INVALID, findings).map_or(default, |number| number as u64)
    };
    CaseBudget {
        fuel: number("fuel", i64::MAX, default.fuel),
        timeout_ms: number("timeout_ms", i64::from(u32::MAX), default.timeout_ms),
        max_mem_bytes: number("max_mem_bytes", 4 << 30, default.max_mem_bytes),
        max_output_bytes: number("max_output_bytes", i64::from(u32::MAX), default.max_output_bytes),
    }
}

fn scope(fields: &Fields<'_>, findings: &mut Findings) -> BudgetScope {
    let names = BudgetScope::default().caps().map(|(name, _)| name);
    fields.warn_of_others(&names, findings);
    let mut cap = |key: &str| {
        let number = fields.number(key, 0, i64::from(i32::MAX), INVALID, findings);
        number.map_or(0, |number| number as i32)
    };
    BudgetScope {
        alloc_bytes: cap("alloc_bytes"),
        alloc_calls: cap("alloc_calls"),
        realloc_calls: cap("realloc_calls"),
        memcpy_bytes: cap("memcpy_bytes"),
        sched_ticks: cap("sched_ticks"),
    }
}
