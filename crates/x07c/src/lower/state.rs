//! Moves, borrows and scopes: what is known of each local at the point where the walk stands.

use x07_ast::diagnostic::{Fix, Label};
use x07_ast::{ExprId, Sym};

use super::{Brand, Lowerer, Operand, Owner, Reads, Scope};
use crate::mir::{LocalId, Stmt, Value};
use crate::types::Ty;

/// Whether a place holds its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Live,
    Moved,
    /// Moved on some of the paths that lead here.
    Maybe,
}

/// What is known of a local.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct State {
    pub status: Status,
    /// The use that moved it.
    pub at: Option<ExprId>,
    /// For a view: whom it borrows from.
    pub owner: Owner,
}

impl State {
    pub(crate) fn live() -> Self {
        State { status: Status::Live, at: None, owner: Owner::Free }
    }
}

/// What a branch did to the locals that were there before it.
pub(crate) struct Changes {
    states: Vec<(LocalId, State)>,
    pub dead: bool,
}

impl Lowerer<'_, '_> {
    pub(crate) fn state(&self, local: LocalId) -> State {
        self.states[local.0 as usize]
    }

    /// Counts holders of an owner.
    pub(crate) fn hold(&mut self, owner: Owner, by: i32) {
        if let Owner::Local(local) = owner {
            let count = &mut self.borrowers[local.0 as usize];
            *count = count.saturating_add_signed(by);
        }
    }

    fn put_state(&mut self, local: LocalId, new: State) {
        let old = self.states[local.0 as usize];
        if old.owner != new.owner {
            self.hold(old.owner, -1);
            self.hold(new.owner, 1);
        }
        self.states[local.0 as usize] = new;
    }

    pub(crate) fn set_state(&mut self, local: LocalId, new: State) {
        let old = self.states[local.0 as usize];
        if old != new {
            self.trail.push((local, old));
            self.put_state(local, new);
        }
    }

    pub(crate) fn set_moved(&mut self, local: LocalId, at: ExprId) {
        let old = self.state(local);
        self.set_state(local, State { status: Status::Moved, at: Some(at), ..old });
    }

    pub(crate) fn set_live(&mut self, local: LocalId, owner: Owner) {
        self.set_state(local, State { status: Status::Live, at: None, owner });
    }

    /// Marks an argument that a pending call will look at; undone by `release`.
    pub(crate) fn lend(&mut self, owner: Owner, pending: &mut Vec<Owner>) {
        self.hold(owner, 1);
        pending.push(owner);
    }

    pub(crate) fn release(&mut self, pending: Vec<Owner>) {
        for owner in pending {
            self.hold(owner, -1);
        }
    }

    /// Reports a use of a place that was moved. True if the place may be used.
    pub(crate) fn check_live(&mut self, place: LocalId, at: ExprId) -> bool {
        let state = self.state(place);
        if state.status == Status::Live {
            return true;
        }
        let name = self.name_of(place);
        let moved_at = state.at.map(|e| self.source.pointer(e));
        let mut message = format!("use after move: \"{name}\"");
        if let Some(pointer) = &moved_at {
            message.push_str(&format!(" moved_ptr={pointer}"));
        }
        let use_at = self.source.pointer(at);
        let is_of_the_same_call = moved_at
            .as_deref()
            .and_then(|moved| moved.rsplit_once('/'))
            .is_some_and(|(call, _)| use_at.strip_prefix(call).is_some_and(|inside| inside.starts_with('/')));
        let view = match self.ty_of(place) {
            _ if is_of_the_same_call => {
                format!("the call takes \"{name}\" before it gets here: give this argument a name with \"let\" first")
            }
            Ty::Vec => format!("[\"std.bytes.len\", \"{name}\"] and its kin borrow a vec_u8 that is named"),
            _ => format!("copy it before the move: [\"view.to_bytes\", [\"bytes.view\", \"{name}\"]]"),
        };
        let fix = state.at.and_then(|e| {
            let copy = || self.copy_instead(place, e).filter(|_| !is_of_the_same_call);
            self.discarded_update(e, &name).or_else(copy)
        });
        let diagnostic = self.typing("X07-MOVE-0901", message, at);
        if let Some(pointer) = moved_at
            && !diagnostic.labels.iter().any(|l| l.pointer == pointer)
        {
            diagnostic.labels.push(Label { pointer, message: "moved here".to_string() });
        }
        match fix {
            Some((help, fix)) => {
                diagnostic.help = Some(help);
                diagnostic.fix = Some(fix);
            }
            None => diagnostic.help = Some(view),
        }
        // One report per place and move is enough.
        let owner = self.state(place).owner;
        self.set_live(place, owner);
        false
    }

    /// For an update of `name` at `e` whose result is thrown away: what to write instead, and the patch that does it.
    fn discarded_update(&self, e: ExprId, name: &str) -> Option<(String, Fix)> {
        if !self.source.is_discarded_update(e, name) {
            return None;
        }
        let call = self.source.update_call(e);
        let written = self.source.json(call);
        let value: serde_json::Value = serde_json::from_str(&written).unwrap_or_default();
        let fix = Fix {
            note: format!("bind the updated value to \"{name}\" again"),
            patch: serde_json::json!([
                {"op": "replace", "path": self.source.pointer(call), "value": ["set", name, value]}
            ]),
        };
        Some((format!("the update is thrown away; write [\"set\", \"{name}\", {written}]"), fix))
    }

    /// For a move of the bytes of `place` at `e`: the advice to hand over a copy, and the patch that does it. Instances of
    /// a generic share one text, and a copy has no brand, so there is none for these.
    fn copy_instead(&self, place: LocalId, e: ExprId) -> Option<(String, Fix)> {
        let name = self.body.locals[place.0 as usize].name.as_deref()?;
        let is_plain = self.ty_of(place) == Ty::Bytes
            && self.vars.is_empty()
            && self.brands[place.0 as usize] == Brand::Plain
            && self.source.atom(e) == Some(name);
        let copy = is_plain.then(|| serde_json::json!(["view.to_bytes", ["bytes.view", name]]))?;
        let help = format!("copy it before the move: [\"view.to_bytes\", [\"bytes.view\", \"{name}\"]]");
        let patch = serde_json::json!([{ "op": "replace", "path": self.source.pointer(e), "value": copy }]);
        Some((help, Fix { note: format!("hand over a copy of \"{name}\""), patch }))
    }

    /// Reports an action on a place that a view still holds.
    pub(crate) fn check_free(&mut self, place: LocalId, action: &str, at: ExprId) {
        if self.borrowers[place.0 as usize] == 0 {
            return;
        }
        let name = self.name_of(place);
        let holder = (0..self.states.len() as u32).map(LocalId).find(|l| {
            self.states[l.0 as usize].owner == Owner::Local(place) && self.body.locals[l.0 as usize].name.is_some()
        });
        let mut message = format!("{action} while borrowed: \"{name}\"");
        let mut help = "the borrow ends with the call that it is an argument of".to_string();
        if let Some(holder) = holder {
            let view = self.name_of(holder);
            message.push_str(&format!(" borrowed_by=\"{view}\""));
            help = format!("end the scope of \"{view}\" first, by putting its uses into a block of their own");
        }
        self.typing("X07-MOVE-0902", message, at).help = Some(help);
    }

    /// Moves a named place out.
    pub(crate) fn move_out(&mut self, place: LocalId, at: ExprId) {
        if self.check_live(place, at) {
            self.check_free(place, "move", at);
        }
        self.set_moved(place, at);
    }

    pub(crate) fn open_scope(&mut self) {
        self.scopes.push(Scope::default());
    }

    /// Binds a name in the innermost scope.
    pub(crate) fn bind(&mut self, sym: Sym, local: LocalId) {
        self.bindings.entry(sym).or_default().push(local);
        if let Some(scope) = self.scopes.last_mut() {
            scope.names.push((sym, local));
        }
    }

    /// True if the name is bound in the innermost scope itself.
    pub(crate) fn bound_here(&self, sym: Sym) -> bool {
        self.scopes.last().is_some_and(|scope| scope.names.iter().any(|(s, _)| *s == sym))
    }

    /// Ends the innermost scope: its owned locals are dropped, its value survives.
    pub(crate) fn close_scope(&mut self, mut value: Operand, at: ExprId) -> Operand {
        let depth = self.scopes.len() - 1;
        let inside = |me: &Self, local: LocalId| me.scopes[depth].locals.contains(&local);
        if value.ty.is_owned() && value.moved.is_some() {
            value = self.spill(value);
        }
        if let Some(temp) = value.temp
            && inside(self, temp)
        {
            self.scopes[depth].locals.retain(|l| *l != temp);
            if depth > 0 {
                self.scopes[depth - 1].locals.push(temp);
            }
        }
        let locals = std::mem::take(&mut self.scopes[depth].locals);
        let drops: Vec<LocalId> = locals
            .iter()
            .copied()
            .filter(|l| self.ty_of(*l).is_owned() && self.state(*l).status != Status::Moved)
            .collect();
        if value.reads >= Reads::Memory && !drops.is_empty() {
            value = self.spill(value);
        }
        let (views, owned): (Vec<LocalId>, Vec<LocalId>) = {
            let rest = locals.iter().copied().filter(|l| self.ty_of(*l).is_view() || self.ty_of(*l).is_owned());
            rest.partition(|l| self.ty_of(*l).is_view())
        };
        for local in views {
            let state = self.state(local);
            self.set_state(local, State { owner: Owner::Free, ..state });
        }
        if let Owner::Local(owner) = value.owner
            && locals.contains(&owner)
        {
            self.escape(owner, at);
            value.owner = Owner::Free;
        }
        for local in owned {
            if self.borrowers[local.0 as usize] > 0 && !self.dead {
                self.escape(local, at);
            }
        }
        if !self.dead {
            self.emit_drops(&drops);
        }
        if let Some(scope) = self.scopes.pop() {
            for (sym, _) in scope.names {
                if let Some(stack) = self.bindings.get_mut(&sym) {
                    stack.pop();
                }
            }
        }
        value
    }

    fn escape(&mut self, owner: LocalId, at: ExprId) {
        let name = self.name_of(owner);
        self.typing(
            "X07-BORROW-0002",
            format!("drop while borrowed: \"{name}\" ends here, but a view of it lives on"),
            at,
        )
        .help = Some("return a copy with view.to_bytes, or let the owner live as long as the view".to_string());
    }

    /// Frees locals, innermost last-born first.
    pub(crate) fn emit_drops(&mut self, drops: &[LocalId]) {
        for local in drops.iter().rev() {
            if self.state(*local).status == Status::Maybe {
                self.body.locals[local.0 as usize].emptied = true;
            }
            self.block.push(Stmt::Drop(*local));
        }
    }

    /// Everything that is alive in all open scopes, outermost first.
    pub(crate) fn alive(&self) -> Vec<LocalId> {
        self.scopes
            .iter()
            .flat_map(|scope| scope.locals.iter().copied())
            .filter(|l| self.ty_of(*l).is_owned() && self.state(*l).status != Status::Moved)
            .collect()
    }

    pub(crate) fn mark(&self) -> usize {
        self.trail.len()
    }

    /// Takes back what happened since `mark` to the first `locals` locals, and says what it was.
    pub(crate) fn take_changes(&mut self, mark: usize, locals: usize) -> Changes {
        let mut states: Vec<(LocalId, State)> = Vec::new();
        let mut seen = rustc_hash::FxHashSet::default();
        for (local, _) in &self.trail[mark..] {
            if (local.0 as usize) < locals && seen.insert(*local) {
                states.push((*local, self.states[local.0 as usize]));
            }
        }
        while self.trail.len() > mark {
            if let Some((local, old)) = self.trail.pop() {
                self.put_state(local, old);
            }
        }
        let dead = self.dead;
        Changes { states, dead }
    }

    /// Applies what two branches did.
    pub(crate) fn join(&mut self, a: Changes, b: Changes, at: ExprId) {
        match (a.dead, b.dead) {
            (true, true) => self.dead = true,
            (true, false) => self.apply(&b),
            (false, true) => self.apply(&a),
            (false, false) => {
                self.dead = false;
                let mut locals: Vec<LocalId> = a.states.iter().chain(&b.states).map(|(l, _)| *l).collect();
                locals.sort();
                locals.dedup();
                let find = |changes: &Changes, local, base| {
                    changes.states.iter().find(|(l, _)| *l == local).map_or(base, |(_, s)| *s)
                };
                for local in locals {
                    let base = self.state(local);
                    let joined = self.join_states(local, find(&a, local, base), find(&b, local, base), at);
                    self.set_state(local, joined);
                }
            }
        }
    }

    fn apply(&mut self, changes: &Changes) {
        self.dead = changes.dead;
        for (local, state) in &changes.states {
            self.set_state(*local, *state);
        }
    }

    fn join_states(&mut self, local: LocalId, a: State, b: State, at: ExprId) -> State {
        let status = if a.status == b.status { a.status } else { Status::Maybe };
        let owner = self.join_owners(a.owner, b.owner, at);
        let _ = local;
        State { status, at: a.at.or(b.at), owner }
    }

    /// The owner of a view that comes from one of two places.
    pub(crate) fn join_owners(&mut self, a: Owner, b: Owner, at: ExprId) -> Owner {
        match (a, b) {
            (Owner::Free, other) | (other, Owner::Free) => other,
            (a, b) if a == b => a,
            (a, b) => {
                let names = [a, b].map(|owner| match owner {
                    Owner::Local(local) => self.name_of(local),
                    Owner::Param(index) => self.body.locals[index].name.as_deref().unwrap_or("a parameter").to_string(),
                    Owner::Free => String::new(),
                });
                let function = self.shown();
                self.typing(
                    "X07-MOVE-0902",
                    format!("a view borrows from two owners, \"{}\" and \"{}\", in {function}", names[0], names[1]),
                    at,
                )
                .help = Some("make both branches borrow from one owner, or copy with view.to_bytes".to_string());
                a
            }
        }
    }

    /// Joins the end of a loop body with its beginning. True if the body must be walked again: a view that lives
    /// outside of it borrows from somebody else at the end of a round than at its beginning.
    pub(crate) fn join_loop(&mut self, body: Changes, at: ExprId) -> bool {
        if body.dead {
            self.dead = false;
            return false;
        }
        let mut again = false;
        for (local, end) in &body.states {
            let base = self.state(*local);
            if self.ty_of(*local).is_owned() && base.status == Status::Live && end.status != Status::Live {
                let name = self.name_of(*local);
                let moved_at = end.at.unwrap_or(at);
                let fix = self.discarded_update(moved_at, &name).or_else(|| self.copy_instead(*local, moved_at));
                let diagnostic = self.typing(
                    "X07-MOVE-0901",
                    format!("use after move: \"{name}\" is moved in the loop body, so the next round finds nothing"),
                    moved_at,
                );
                match fix {
                    Some((help, fix)) => {
                        diagnostic.help = Some(help);
                        diagnostic.fix = Some(fix);
                    }
                    None => {
                        diagnostic.help =
                            Some(format!("set \"{name}\" again before the round ends, or copy it in the body"));
                    }
                }
                // The uses after the loop are not mistakes of their own.
                continue;
            }
            let joined = self.join_states(*local, base, *end, at);
            if joined.owner != base.owner {
                again = true;
            }
            self.set_state(*local, joined);
        }
        again
    }

    /// Assigns an operand to a variable that exists; the old value is dropped after the new one was made. The variable's
    /// brand stays that of its initialiser (spec language 12.2).
    pub(crate) fn assign(&mut self, place: LocalId, operand: Operand, at: ExprId) {
        let mut moved = Vec::new();
        let (owner, full) = (operand.owner, operand.full);
        if operand.ty.is_owned() {
            let status = self.state(place).status;
            if status == Status::Moved {
                let value = self.take(&operand, at, &mut moved);
                self.store(place, value, operand.temp);
                moved.retain(|l| *l != place);
                self.emit_moved(&moved);
            } else {
                let operand = self.spill(operand);
                let value = self.take(&operand, at, &mut moved);
                self.emit_drops(&[place]);
                self.emit(Stmt::Assign(place, value));
                self.emit_moved(&moved);
            }
        } else {
            let value = operand.value.clone();
            self.emit(Stmt::Assign(place, value));
        }
        self.full[place.0 as usize] = full;
        self.set_live(place, owner);
    }

    /// `place = value`; when the last statement made the value in a temporary for this, it makes it in the place.
    fn store(&mut self, place: LocalId, value: Value, temp: Option<LocalId>) {
        let tail = self.block.iter().rev().take_while(|s| matches!(s, Stmt::Moved(_))).count();
        let made = self.block.len().checked_sub(tail + 1);
        if let (Some(temp), Some(made)) = (temp, made)
            && matches!(&self.block[made], Stmt::Let(last, _) if *last == temp)
        {
            let after = self.block.split_off(made + 1);
            if let Some(Stmt::Let(_, value)) = self.block.pop() {
                self.block.push(Stmt::Assign(place, value));
            }
            self.block.extend(after.into_iter().filter(|s| !matches!(s, Stmt::Moved(l) if *l == place)));
            return;
        }
        self.block.push(Stmt::Assign(place, value));
    }
}
