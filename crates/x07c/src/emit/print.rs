//! Bodies as C statements, one construct a line.

use super::value::{Binding, literal};
use super::{Callee, Definition, c_string, declarator, header, names};
use crate::mir::{self, BudgetMode, Caps, ContractFailure, LocalId, Stmt, Value};
use crate::types::Ty;

/// Where a function finds the fuel counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counter {
    /// It has no use for it.
    None,
    /// In the context, where calls find it too.
    Context,
    /// In a C local, since it is debited in a loop; the context holds it around calls.
    Local,
    /// Where the caller has it.
    Pointer,
}

/// Prints one definition.
pub(super) struct Printer<'a> {
    pub(super) definition: &'a Definition<'a>,
    pub(super) out: String,
    names: Vec<String>,
    /// By local: something looks at it.
    read: Vec<bool>,
    counter: Counter,
    /// The context's counter is the valid one within the statement being printed.
    synchronised: bool,
    indent: usize,
}

impl<'a> Printer<'a> {
    pub(super) fn new(definition: &'a Definition<'a>) -> Self {
        let body = definition.body;
        let symbols = definition.callees.iter().map(|callee| callee.symbol.as_str());
        Printer {
            definition,
            out: String::new(),
            names: names::local_names(body, symbols),
            read: reads(&body.block, body.locals.len()),
            counter: counter(definition),
            synchronised: false,
            indent: 0,
        }
    }

    pub(super) fn print(mut self) -> String {
        let Definition { symbol, comment, linkage, result, body, fuel, .. } = *self.definition;
        let params = body.locals[..body.params].iter().zip(&self.names);
        let params = params.map(|(local, name)| declarator(local.ty, name)).collect();
        self.line(&format!("/* {} */", comment.replace("*/", "* /")));
        self.line(&format!("{} {{", header(symbol, linkage, params, "int64_t *fuel", result, fuel)));
        self.indent += 1;
        self.prologue();
        self.block(&body.block);
        self.indent -= 1;
        self.line("}");
        self.out
    }

    fn prologue(&mut self) {
        let body = self.definition.body;
        if let Some(bytes) = self.definition.looks_for {
            self.line(&super::look_for_stack(bytes));
        }
        for param in 0..body.params {
            self.silence(param);
        }
        if self.definition.fuel.by_pointer && self.counter == Counter::None {
            self.line("(void)fuel;");
        }
        let mut reads_input = false;
        let mut budgets = Vec::new();
        walk_live(&body.block, &mut |stmt| {
            mir::values(stmt, &mut |value| reads_input |= matches!(value, Value::Input | Value::AddressOfInput));
            if let Stmt::BudgetEnter { id, .. } = stmt {
                budgets.push(*id);
            }
        });
        if reads_input {
            self.line("const x07_view input = x07_input();");
        }
        if self.counter == Counter::Local {
            self.line("int64_t fuel = x07_ctx.fuel;");
        }
        budgets.sort_unstable();
        budgets.dedup();
        for id in budgets {
            self.line(&format!("x07_budget {};", budget_name(id)));
        }
    }

    fn block(&mut self, block: &[Stmt]) {
        for stmt in live(block) {
            self.stmt(stmt);
        }
    }

    fn stmt(&mut self, stmt: &Stmt) {
        let calls_out = calls_out(stmt, self.definition.callees);
        if calls_out {
            self.write_back();
            self.synchronised = true;
        }
        match stmt {
            Stmt::Fuel(_) | Stmt::Visible => unreachable!("the fuel pass has been here"),
            Stmt::Charge { units, test } => self.charge(*units, *test),
            Stmt::ChargeWhen { units, when } => {
                let when = self.names[when.0 as usize].clone();
                let counter = self.counter_text();
                self.line(&format!("{counter} -= {units} * (int64_t){when};"));
            }
            Stmt::ChargeRounds { units, per_round, first, end } => self.charge_rounds(*units, *per_round, first, end),
            Stmt::Declare(local) => {
                let text = self.declared(*local);
                self.line(&format!("{text};"));
                self.silence(local.0 as usize);
            }
            Stmt::Let(local, value) => {
                let text = self.declared(*local);
                self.assign(&text, value);
                self.silence(local.0 as usize);
            }
            Stmt::Assign(local, value) => {
                let name = self.names[local.0 as usize].clone();
                self.assign(&name, value);
            }
            Stmt::Eval(value) => {
                self.start();
                if !matches!(value, Value::Call(_)) {
                    self.out.push_str("(void)");
                }
                self.value(value, Binding::Prefix);
                self.out.push_str(";\n");
            }
            Stmt::Store { pointer, value } => {
                self.start();
                self.place(pointer);
                self.out.push_str(" = ");
                self.value(value, Binding::Any);
                self.out.push_str(";\n");
            }
            Stmt::If { cond, then, els } => {
                self.start();
                self.branches(cond, then, els, calls_out);
                return;
            }
            Stmt::Loop { var, end, body, .. } => {
                self.start();
                let name = self.names[var.0 as usize].clone();
                self.out.push_str("for (; ");
                // C compilers warn of an unsigned number that is to be less than 0.
                if matches!(end, Value::Int(0)) {
                    self.out.push('0');
                } else {
                    self.out.push_str(&format!("{name} < "));
                    self.value(end, Binding::Sum);
                }
                self.out.push_str(&format!("; {name}++) {{\n"));
                self.inner(body, false);
                self.line("}");
            }
            Stmt::Drop(local) => {
                let drop = self.ty(*local).drop_function();
                let name = &self.names[local.0 as usize];
                self.line(&format!("{drop}({name});"));
            }
            Stmt::Moved(local) => {
                if self.definition.body.locals[local.0 as usize].emptied {
                    let empty = self.ty(*local).empty_function();
                    let name = &self.names[local.0 as usize];
                    self.line(&format!("{name} = {empty}();"));
                }
            }
            Stmt::Return(value) => self.leave(value, calls_out),
            Stmt::BudgetEnter { id, caps } => {
                self.write_back();
                let (budget, name) = (budget_name(*id), caps_name(*id));
                self.line(&format!("static const x07_budget_caps {name} = {};", caps_text(caps)));
                self.line(&format!("x07_budget_enter(&{budget}, &{name});"));
                self.reload();
            }
            Stmt::BudgetExit { id, code } => {
                self.write_back();
                let target = match code {
                    Some(local) => format!("{} = ", self.names[local.0 as usize]),
                    None => "(void)".to_owned(),
                };
                self.line(&format!("{target}x07_budget_exit(&{});", budget_name(*id)));
                self.reload();
            }
            Stmt::ContractFailure(failure) => self.contract_failure(failure),
        }
        if calls_out {
            self.synchronised = false;
            if !matches!(stmt, Stmt::Return(_)) {
                self.reload();
            }
        }
    }

    /// Writes an `if` from the current column on; a lone `if` in an `else` continues the chain.
    fn branches(&mut self, cond: &Value, then: &[Stmt], els: &[Stmt], calls_out: bool) {
        let (then, els) = (live(then), live(els));
        let swapped = then.is_empty() && !els.is_empty();
        let (first, second) = if swapped { (els, then) } else { (then, els) };
        self.out.push_str("if (");
        self.condition(cond, swapped);
        self.out.push_str(") {\n");
        self.synchronised = false;
        let reload = calls_out && self.counter_place().is_some();
        self.inner(first, reload);
        match second {
            [] if !reload => self.line("}"),
            [Stmt::If { cond, then, els }] if !reload && !calls_out_in(cond, self.definition.callees) => {
                self.start();
                self.out.push_str("} else ");
                self.branches(cond, then, els, false);
            }
            _ => {
                self.line("} else {");
                self.inner(second, reload);
                self.line("}");
            }
        }
    }

    fn inner(&mut self, block: &[Stmt], reload: bool) {
        self.indent += 1;
        if reload {
            self.reload();
        }
        self.block(block);
        self.indent -= 1;
    }

    fn leave(&mut self, value: &Value, calls_out: bool) {
        let debited_by_value = match self.counter {
            Counter::None | Counter::Context => false,
            Counter::Local => !calls_out && self.lends_counter(value),
            Counter::Pointer => calls_out,
        };
        if debited_by_value {
            let text = declarator(self.definition.result, "returned");
            self.assign(&text, value);
            if calls_out {
                self.reload();
            } else {
                self.write_back();
            }
            self.line("return returned;");
            return;
        }
        if self.counter == Counter::Local && !calls_out {
            self.write_back();
        }
        self.assign_or_return("return ", value);
    }

    fn charge(&mut self, units: u64, test: bool) {
        let counter = self.counter_text();
        if units > 0 {
            self.line(&format!("{counter} -= {units};"));
        }
        if test {
            self.test();
        }
    }

    fn charge_rounds(&mut self, units: u64, per_round: u64, first: &Value, end: &Value) {
        let counter = self.counter_text();
        self.start();
        self.out.push_str(&format!("{counter} -= "));
        if units > 0 {
            self.out.push_str(&format!("{units} + "));
        }
        if per_round != 1 {
            self.out.push_str(&format!("{per_round} * "));
        }
        if let Value::Int(0) = first {
            self.out.push_str("(int64_t)");
            self.value(end, Binding::Prefix);
        } else {
            self.out.push_str("x07_rounds(");
            self.value(first, Binding::Any);
            self.out.push_str(", ");
            self.value(end, Binding::Any);
            self.out.push(')');
        }
        self.out.push_str(";\n");
        self.test();
    }

    fn test(&mut self) {
        let counter = self.counter_text();
        // The shared counter is not named again: C compilers would load it instead of testing what the debit left.
        let trap = match self.counter_place() {
            Some(place) => format!("x07_trap_fuel_at({place})"),
            None => "x07_trap_fuel()".to_owned(),
        };
        self.line(&format!("if (X07_UNLIKELY({counter} < 0)) {trap};"));
    }

    fn contract_failure(&mut self, failure: &ContractFailure) {
        self.block(&failure.prepare);
        self.line(&format!(
            "x07_contract_begin({}, {}, {}, {}u, {});",
            c_string(failure.kind.as_bytes()),
            c_string(failure.function.as_bytes()),
            c_string(failure.id.as_bytes()),
            failure.index,
            c_string(failure.pointer.as_bytes()),
        ));
        for (ty, value) in &failure.witnesses {
            self.start();
            self.out.push_str(&format!("x07_contract_witness_{}(", ty.name()));
            if *ty == Ty::Bytes {
                self.out.push_str("x07_bytes_view(");
            }
            self.value(value, Binding::Any);
            self.out.push_str(if *ty == Ty::Bytes { "));\n" } else { ");\n" });
        }
        self.line("x07_contract_fail();");
    }

    /// The counter that is not in the context, as a C place.
    fn counter_place(&self) -> Option<&'static str> {
        match self.counter {
            Counter::None | Counter::Context => None,
            Counter::Local => Some("fuel"),
            Counter::Pointer => Some("*fuel"),
        }
    }

    fn counter_text(&self) -> &'static str {
        self.counter_place().unwrap_or("x07_ctx.fuel")
    }

    /// The counter's address for a call that debits it directly.
    pub(super) fn counter_address(&self) -> &'static str {
        match self.counter {
            Counter::Local if !self.synchronised => "&fuel",
            Counter::Pointer if !self.synchronised => "fuel",
            _ => "&x07_ctx.fuel",
        }
    }

    fn write_back(&mut self) {
        if let Some(place) = self.counter_place()
            // Just reloaded: both hold the same.
            && !self.out.ends_with(&format!("{place} = x07_ctx.fuel;\n"))
        {
            self.line(&format!("x07_ctx.fuel = {place};"));
        }
    }

    fn reload(&mut self) {
        if let Some(place) = self.counter_place() {
            self.line(&format!("{place} = x07_ctx.fuel;"));
        }
    }

    fn lends_counter(&self, value: &Value) -> bool {
        let mut found = false;
        value.walk(&mut |value| {
            found |= callee_of(value, self.definition.callees).is_some_and(|callee| callee.fuel.by_pointer);
        });
        found
    }

    fn ty(&self, local: LocalId) -> Ty {
        self.definition.body.locals[local.0 as usize].ty
    }

    fn declared(&self, local: LocalId) -> String {
        declarator(self.ty(local), &self.names[local.0 as usize])
    }

    /// Tells C compilers that a local which nothing reads is no mistake.
    fn silence(&mut self, local: usize) {
        if !self.read[local] {
            let text = format!("(void){};", self.names[local]);
            self.line(&text);
        }
    }

    fn assign(&mut self, target: &str, value: &Value) {
        self.assign_or_return(&format!("{target} = "), value);
    }

    fn assign_or_return(&mut self, start: &str, value: &Value) {
        self.start();
        self.out.push_str(start);
        self.value(value, Binding::Any);
        self.out.push_str(";\n");
    }

    pub(super) fn name(&mut self, local: LocalId) {
        self.out.push_str(&self.names[local.0 as usize]);
    }

    fn start(&mut self) {
        for _ in 0..self.indent {
            self.out.push_str("  ");
        }
    }

    fn line(&mut self, text: &str) {
        self.start();
        self.out.push_str(text);
        self.out.push('\n');
    }
}

/// The C variable of a budget scope.
pub(super) fn budget_name(id: u32) -> String {
    format!("budget_{id}")
}

/// The C constant that configures a budget scope.
pub(super) fn caps_name(id: u32) -> String {
    format!("budget_{id}_caps")
}

fn caps_text(caps: &Caps) -> String {
    let mode = match caps.mode {
        BudgetMode::Trap => "X07_BUDGET_TRAP",
        BudgetMode::ResultErr => "X07_BUDGET_RESULT_ERR",
        BudgetMode::StatsOnly => "X07_BUDGET_STATS_ONLY",
        BudgetMode::Yield => "X07_BUDGET_YIELD",
    };
    let mut text = format!("{{.mode = {mode}, .label = {}", c_string(caps.label.as_bytes()));
    let fields = [
        ("alloc_bytes", caps.alloc_bytes),
        ("alloc_calls", caps.alloc_calls),
        ("realloc_calls", caps.realloc_calls),
        ("memcpy_bytes", caps.memcpy_bytes),
        ("sched_ticks", caps.sched_ticks),
        ("fuel", caps.fuel),
    ];
    for (field, cap) in fields.into_iter().filter(|(_, cap)| *cap > 0) {
        text.push_str(&format!(", .{field} = {}", literal(cap)));
    }
    text.push('}');
    text
}

/// The statements of a block that can be reached.
fn live(block: &[Stmt]) -> &[Stmt] {
    let end = block.iter().position(|stmt| matches!(stmt, Stmt::Return(_))).map_or(block.len(), |last| last + 1);
    &block[..end]
}

fn walk_live<'a>(block: &'a [Stmt], visit: &mut impl FnMut(&'a Stmt)) {
    for stmt in live(block) {
        visit(stmt);
        match stmt {
            Stmt::If { then, els, .. } => {
                walk_live(then, visit);
                walk_live(els, visit);
            }
            Stmt::Loop { body, .. } => walk_live(body, visit),
            Stmt::ContractFailure(failure) => walk_live(&failure.prepare, visit),
            _ => {}
        }
    }
}

fn reads(block: &[Stmt], locals: usize) -> Vec<bool> {
    let mut read = vec![false; locals];
    walk_live(block, &mut |stmt| {
        if let Stmt::Drop(local) | Stmt::Loop { var: local, .. } = stmt {
            read[local.0 as usize] = true;
        }
        mir::values(stmt, &mut |value| {
            if let Value::Local(local) | Value::AddressOf(local) = value {
                read[local.0 as usize] = true;
            }
        });
    });
    read
}

fn callee_of<'a>(value: &Value, callees: &'a [Callee]) -> Option<&'a Callee> {
    match value {
        Value::Call(call) => match call.callee {
            mir::Callee::Function(index) => callees.get(index as usize),
            _ => None,
        },
        _ => None,
    }
}

/// The call looks for the counter in the context.
fn is_call_out(value: &Value, callees: &[Callee]) -> bool {
    let Value::Call(call) = value else { return false };
    match &call.callee {
        mir::Callee::Runtime(symbol) => runs_tasks(symbol),
        mir::Callee::Row(symbol) => runs_tasks(symbol),
        mir::Callee::Function(_) => {
            callee_of(value, callees).is_some_and(|callee| callee.fuel.variable && !callee.fuel.by_pointer)
        }
    }
}

/// Functions of the runtime that may run tasks, which debit the counter in the context.
fn runs_tasks(symbol: &str) -> bool {
    symbol.starts_with("x07_task_")
        || symbol.starts_with("x07_os_process_join_")
        || symbol == "x07_os_process_run_capture_v1"
}

fn calls_out_in(value: &Value, callees: &[Callee]) -> bool {
    let mut found = false;
    value.walk(&mut |value| found |= is_call_out(value, callees));
    found
}

fn calls_out(stmt: &Stmt, callees: &[Callee]) -> bool {
    let mut found = false;
    mir::values(stmt, &mut |value| found |= is_call_out(value, callees));
    found
}

fn counter(definition: &Definition) -> Counter {
    let uses = uses(&definition.body.block, definition.callees);
    match () {
        () if !uses.debits && !uses.calls_out => Counter::None,
        () if definition.fuel.by_pointer => Counter::Pointer,
        () if uses.in_loop => Counter::Local,
        () => Counter::Context,
    }
}

/// What a block does with the counter.
#[derive(Default)]
struct Uses {
    /// It debits it, or lends it to a call.
    debits: bool,
    /// It makes a call that looks for it in the context.
    calls_out: bool,
    /// A loop debits it without such a call.
    in_loop: bool,
}

fn uses(block: &[Stmt], callees: &[Callee]) -> Uses {
    let mut all = Uses::default();
    for stmt in live(block) {
        mir::values(stmt, &mut |value| {
            all.debits |= callee_of(value, callees).is_some_and(|callee| callee.fuel.by_pointer);
            all.calls_out |= is_call_out(value, callees);
        });
        let inner = match stmt {
            Stmt::Charge { .. } | Stmt::ChargeWhen { .. } | Stmt::ChargeRounds { .. } => {
                all.debits = true;
                continue;
            }
            Stmt::BudgetEnter { .. } | Stmt::BudgetExit { .. } => {
                all.calls_out = true;
                continue;
            }
            Stmt::If { then, els, .. } => [uses(then, callees), uses(els, callees)],
            Stmt::Loop { body, .. } => {
                let inner = uses(body, callees);
                all.in_loop |= inner.debits && !inner.calls_out;
                [inner, Uses::default()]
            }
            Stmt::ContractFailure(failure) => [uses(&failure.prepare, callees), Uses::default()],
            _ => continue,
        };
        for inner in inner {
            all.debits |= inner.debits;
            all.calls_out |= inner.calls_out;
            all.in_loop |= inner.in_loop;
        }
    }
    all
}
