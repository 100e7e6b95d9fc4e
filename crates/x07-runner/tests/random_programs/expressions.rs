//! Expressions and statements of one function, well-typed and accepted by construction.

use serde_json::{Value, json};

use super::entropy::Entropy;
use super::places::{PlaceId, Places, Ty};

/// What callers know of a function.
pub struct Signature {
    pub name: String,
    pub params: Vec<Ty>,
    pub result: Ty,
    /// The parameter that a returned view comes from.
    pub source: Option<usize>,
    /// Parameter 0 counts the calls that are still allowed.
    pub recursive: bool,
}

/// Which owner a view may have.
#[derive(Clone, Copy)]
enum Owner {
    Any,
    /// This one or none.
    Only(Option<PlaceId>),
}

impl Owner {
    fn allows(self, owner: Option<PlaceId>) -> bool {
        match self {
            Owner::Any => true,
            Owner::Only(only) => owner.is_none() || owner == only,
        }
    }
}

const OPERATORS: [&str; 22] = [
    "+", "-", "*", "/", "%", "&", "|", "^", "<<u", ">>u", "=", "!=", "<", "<=", ">", ">=", "<u", ">=u", "<=u", ">u",
    "&&", "||",
];

/// A function under construction.
pub struct Function<'e, 'n> {
    entropy: &'e mut Entropy<'n>,
    places: Places,
    callees: &'e [Signature],
    /// The function itself, when it may call itself.
    own: Option<&'e Signature>,
    result: Ty,
    /// The owner that a returned view may have.
    result_owner: Option<PlaceId>,
    loops: usize,
    self_calls: usize,
}

impl<'e, 'n> Function<'e, 'n> {
    pub fn solve(entropy: &'e mut Entropy<'n>, callees: &'e [Signature]) -> Self {
        let mut places = Places::default();
        places.open();
        Function { entropy, places, callees, own: None, result: Ty::Bytes, result_owner: None, loops: 0, self_calls: 0 }
    }

    pub fn defn(entropy: &'e mut Entropy<'n>, signature: &'e Signature, callees: &'e [Signature]) -> Self {
        let mut function = Function { result: signature.result, ..Function::solve(entropy, callees) };
        for (index, ty) in signature.params.iter().enumerate() {
            let name = format!("p{index}");
            let id = match ty {
                Ty::View => function.places.declare_view_parameter(&name),
                _ => function.places.declare(&name, *ty, None),
            };
            if signature.recursive && index == 0 {
                function.places.fix(id, true);
                function.own = Some(signature);
            }
            if signature.source == Some(index) {
                function.result_owner = Some(id);
            }
        }
        function
    }

    /// The whole body. A recursive function ends when its counter does.
    pub fn body(mut self, ty: Ty) -> Value {
        self.places.open();
        let mut items = vec![json!("begin")];
        if self.own.is_some() {
            let lives = self.places.lives();
            let own = self.own.take();
            self.places.open();
            let leave = self.result_value(1);
            self.places.close();
            self.own = own;
            self.places.restore(&lives);
            items.push(json!(["if", ["<", "p0", 1], ["return", leave], 0]));
        }
        let count = 2 + self.entropy.below(7);
        self.statements(count, 3, &mut items);
        debug_assert_eq!(ty, self.result);
        items.push(self.result_value(3));
        Value::Array(items)
    }

    fn result_value(&mut self, depth: usize) -> Value {
        match self.result {
            Ty::View => self.view(Owner::Only(self.result_owner), depth).0,
            ty => self.value(ty, depth),
        }
    }

    fn statements(&mut self, count: usize, depth: usize, items: &mut Vec<Value>) {
        for _ in 0..count {
            if self.entropy.is_spent() {
                return;
            }
            let statement = self.statement(depth);
            items.push(statement);
        }
    }

    /// A block of statements in a scope of its own; true if it ends with `return`.
    fn block(&mut self, depth: usize, may_return: bool) -> (Value, bool) {
        self.places.open();
        let mut items = vec![json!("begin")];
        let count = 1 + self.entropy.below(3);
        self.statements(count, depth, &mut items);
        let returns = may_return && self.entropy.once_in(6);
        if returns {
            let value = self.result_value(depth);
            items.push(json!(["return", value]));
        } else if items.len() == 1 || self.entropy.below(2) == 0 {
            items.push(json!(0));
        }
        self.places.close();
        (Value::Array(items), returns)
    }

    fn statement(&mut self, depth: usize) -> Value {
        if depth == 0 {
            return self.binding(1);
        }
        match self.entropy.below(12) {
            0..=2 => self.binding(depth),
            3..=5 => self.assignment(depth),
            6 => self.update(depth),
            7 | 8 => {
                let condition = self.i32(depth - 1);
                let before = self.places.lives();
                let (first, first_returns) = self.block(depth - 1, true);
                let after_first = self.places.lives();
                self.places.restore(&before);
                let (second, second_returns) = self.block(depth - 1, !first_returns);
                if second_returns {
                    self.places.restore(&after_first);
                } else if !first_returns {
                    self.places.join(&after_first);
                }
                json!(["if", condition, first, second])
            }
            9 => self.round(depth),
            10 => self.block(depth - 1, false).0,
            _ => {
                let ty = self.entropy.of(&Ty::ALL);
                self.value(ty, depth - 1)
            }
        }
    }

    fn binding(&mut self, depth: usize) -> Value {
        let ty = self.entropy.of(&Ty::ALL);
        let (value, owner) = match ty {
            Ty::View => self.view(Owner::Any, depth),
            _ => (self.value(ty, depth), None),
        };
        let name = self.places.name(self.entropy);
        self.places.declare(&name, ty, owner);
        json!(["let", name, value])
    }

    fn assignment(&mut self, depth: usize) -> Value {
        let ty = self.entropy.of(&Ty::ALL);
        let Some(id) = self.pick(&self.places.settable(ty)) else { return self.binding(depth) };
        let head = self.entropy.of(&["set", "set", "set0"]);
        self.set(head, id, depth)
    }

    fn set(&mut self, head: &str, id: PlaceId, depth: usize) -> Value {
        let (name, ty, owner) = {
            let place = self.places.get(id);
            (place.name.clone(), place.ty, place.owner)
        };
        let value = match ty {
            Ty::View => self.view(Owner::Only(owner), depth).0,
            _ => self.value(ty, depth.saturating_sub(1)),
        };
        // The value may have declared places, never in a way that hides this one: operands bind fresh names.
        self.places.refill(id);
        json!([head, name, value])
    }

    /// An update in place, bound with `set`.
    fn update(&mut self, depth: usize) -> Value {
        let Some(id) = self.pick(&self.places.movable(Ty::Vec)) else { return self.assignment(depth) };
        let name = self.places.get(id).name.clone();
        let value = self.vec_update(json!(name), Some(id), depth - 1);
        json!(["set", name, value])
    }

    fn vec_update(&mut self, target: Value, lent: Option<PlaceId>, depth: usize) -> Value {
        let pins = self.places.pin_count();
        self.places.pin(lent);
        let value = match self.entropy.below(6) {
            0 | 1 => json!(["vec_u8.push", target, self.i32(depth)]),
            2 => {
                // A vector is not extended by a view of itself, so the view has no owner.
                let (view, _) = self.view(Owner::Only(None), depth);
                json!(["vec_u8.extend_bytes", target, view])
            }
            3 => json!(["vec_u8.extend_zeroes", target, self.small()]),
            4 => json!(["vec_u8.reserve_exact", target, self.small()]),
            _ => json!(["vec_u8.clear", target]),
        };
        self.places.unpin_to(pins);
        value
    }

    fn round(&mut self, depth: usize) -> Value {
        if self.loops == 2 {
            return self.binding(depth);
        }
        let start = self.entropy.of(&[0, 0, 1, -2]);
        // Chosen before the end is made: a place that the end binds comes too late for the start.
        let reused = if self.entropy.once_in(4) { self.pick(&self.places.settable(Ty::I32)) } else { None };
        let end = match self.entropy.below(3) {
            0 => json!(self.entropy.below(12)),
            1 => json!(["&", self.i32(depth - 1), 7]),
            _ => json!(0),
        };
        // A negative start with an end that is not negative runs not at all, since bounds are unsigned.
        let id = reused.unwrap_or_else(|| {
            let name = format!("i{}", self.places.count());
            self.places.declare(&name, Ty::I32, None)
        });
        let name = self.places.get(id).name.clone();
        self.places.fix(id, true);
        self.loops += 1;
        let before = self.places.lives();
        let (block, _) = self.block(depth - 1, false);
        let mut body = vec![json!("begin"), block];
        for lost in self.places.lost_since(&before) {
            let refilled = self.places.get(lost).name.clone();
            // Names that an outer place shares with a shadowing one cannot be moved here, so this sets what was moved.
            let value = simplest(self.places.get(lost).ty);
            self.places.refill(lost);
            body.push(json!(["set", refilled, value]));
        }
        body.push(json!(0));
        self.places.restore(&before);
        self.loops -= 1;
        self.places.fix(id, false);
        json!(["for", name, start, end, body])
    }

    fn small(&mut self) -> Value {
        json!(self.entropy.below(9))
    }

    fn pick(&mut self, places: &[PlaceId]) -> Option<PlaceId> {
        if places.is_empty() { None } else { Some(self.entropy.of(places)) }
    }

    /// A value of any type; a view may have any owner, which the caller lends on.
    fn value(&mut self, ty: Ty, depth: usize) -> Value {
        match ty {
            Ty::I32 => self.i32(depth),
            Ty::View => self.view(Owner::Any, depth).0,
            _ => self.composed(ty, depth),
        }
    }

    /// Forms that every type but views has, or one of the type's own.
    fn composed(&mut self, ty: Ty, depth: usize) -> Value {
        if depth == 0 || self.entropy.is_spent() {
            return self.leaf(ty);
        }
        let depth = depth - 1;
        match self.entropy.below(16) {
            0..=2 => self.leaf(ty),
            3 => self.choice(ty, depth),
            4 => {
                self.places.open();
                let mut items = vec![json!("begin")];
                let count = 1 + self.entropy.below(2);
                self.statements(count, depth, &mut items);
                items.push(self.value(ty, depth));
                self.places.close();
                Value::Array(items)
            }
            5 | 6 => self.call(ty, depth).unwrap_or_else(|| self.leaf(ty)),
            7 => json!(["tapp", "main.same", ["tys", ty.name()], self.value(ty, depth)]),
            8 => {
                let condition = self.i32(depth);
                json!([
                    "tapp",
                    "main.pick",
                    ["tys", ty.name()],
                    condition,
                    self.value(ty, depth),
                    self.value(ty, depth)
                ])
            }
            9 if self.entropy.once_in(2) => {
                self.places.open();
                let inner = self.value(ty, depth);
                self.places.close();
                let is_result = matches!(ty, Ty::ResultBytes | Ty::ResultI32);
                let mode = if is_result { "result_err_v1" } else { "stats_only_v1" };
                let cap = self.entropy.below(4);
                json!([
                    "budget.scope_v1",
                    ["budget.cfg_v1", ["mode", mode], ["label", ["bytes.lit", "part"]], ["alloc_calls", cap]],
                    ["begin", inner]
                ])
            }
            _ => self.own(ty, depth),
        }
    }

    fn choice(&mut self, ty: Ty, depth: usize) -> Value {
        let condition = self.i32(depth);
        let before = self.places.lives();
        self.places.open();
        let first = self.value(ty, depth);
        self.places.close();
        let after_first = self.places.lives();
        self.places.restore(&before);
        self.places.open();
        if self.entropy.once_in(8) {
            let value = self.result_value(depth);
            self.places.close();
            self.places.restore(&after_first);
            return json!(["if", condition, first, ["return", value]]);
        }
        let second = self.value(ty, depth);
        self.places.close();
        self.places.join(&after_first);
        json!(["if", condition, first, second])
    }

    fn leaf(&mut self, ty: Ty) -> Value {
        let found = if self.entropy.below(3) > 0 { self.pick(&self.places.movable(ty)) } else { None };
        match found {
            Some(id) => {
                self.places.consume(id);
                json!(self.places.get(id).name)
            }
            None if ty == Ty::Bytes => match self.entropy.below(3) {
                0 => json!(["bytes.empty"]),
                1 => json!(["bytes.lit", self.entropy.of(&["", "a", "text ??/ \n", "12345678901234567890"])]),
                _ => json!(["bytes.alloc", self.small()]),
            },
            None => simplest(ty),
        }
    }

    fn own(&mut self, ty: Ty, depth: usize) -> Value {
        match ty {
            Ty::Bytes => self.bytes(depth),
            Ty::Vec => match self.entropy.below(3) {
                0 => json!(["vec_u8.with_capacity", self.small()]),
                1 => match self.pick(&self.places.movable(Ty::Vec)) {
                    Some(id) => {
                        let value = self.vec_update(json!(self.places.get(id).name.clone()), Some(id), depth);
                        self.places.consume(id);
                        value
                    }
                    None => simplest(ty),
                },
                _ => {
                    let target = self.value(Ty::Vec, depth);
                    // A temporary that is updated, unless it is a place that a later argument could touch.
                    if target.is_string() { target } else { self.vec_update(target, None, depth) }
                }
            },
            Ty::OptionBytes => json!(["option_bytes.some", self.value(Ty::Bytes, depth)]),
            Ty::ResultBytes => match self.entropy.below(3) {
                0 => json!(["result_bytes.err", self.i32(depth)]),
                _ => json!(["result_bytes.ok", self.value(Ty::Bytes, depth)]),
            },
            Ty::ResultI32 => {
                let head = self.entropy.of(&["result_i32.ok", "result_i32.err"]);
                json!([head, self.i32(depth)])
            }
            Ty::I32 | Ty::View => self.value(ty, depth),
        }
    }

    fn bytes(&mut self, depth: usize) -> Value {
        match self.entropy.below(11) {
            0 => json!(["bytes1", self.i32(depth)]),
            1 => json!(["bytes.concat", self.value(Ty::Bytes, depth), self.value(Ty::Bytes, depth)]),
            2 => json!(["view.to_bytes", self.view(Owner::Any, depth).0]),
            3 => json!(["vec_u8.into_bytes", self.value(Ty::Vec, depth)]),
            4 => json!(["option_bytes.unwrap_or", self.value(Ty::OptionBytes, depth), self.value(Ty::Bytes, depth)]),
            5 => json!(["result_bytes.unwrap_or", self.value(Ty::ResultBytes, depth), self.value(Ty::Bytes, depth)]),
            6 => json!(["codec.write_u32_le", self.i32(depth)]),
            7 => {
                let head = self.entropy.of(&["fmt.u32_to_dec", "fmt.s32_to_dec"]);
                json!([head, self.i32(depth)])
            }
            8 => match self.pick(&self.places.movable(Ty::Bytes)) {
                Some(id) => {
                    let name = self.places.get(id).name.clone();
                    let pins = self.places.pin_count();
                    self.places.pin(Some(id));
                    self.places.open();
                    let value = self.i32(depth);
                    self.places.close();
                    self.places.unpin_to(pins);
                    self.places.consume(id);
                    json!(["if", ["bytes.len", name], ["bytes.set_u8", name, 0, value], name])
                }
                None => json!(["bytes1", self.i32(depth)]),
            },
            9 => match self.pick(&self.places.readable(Ty::Bytes)) {
                Some(id) => {
                    let name = &self.places.get(id).name;
                    json!(["bytes.slice", name, 0, ["bytes.len", name]])
                }
                None => simplest(Ty::Bytes),
            },
            _ if matches!(self.result, Ty::ResultBytes | Ty::ResultI32) => {
                json!(["try", self.value(Ty::ResultBytes, depth)])
            }
            _ => json!([
                "bytes.copy",
                ["bytes1", self.i32(depth)],
                ["bytes.concat", ["bytes.lit", "x"], self.value(Ty::Bytes, depth)]
            ]),
        }
    }

    /// An argument for a builtin's view parameter: owned bytes are lent, which pins a place.
    fn lent(&mut self, depth: usize) -> Value {
        match self.entropy.below(3) {
            0 => {
                let (view, owner) = self.view(Owner::Any, depth);
                self.places.pin(owner);
                view
            }
            1 => match self.pick(&self.places.readable(Ty::Bytes)) {
                Some(id) => {
                    self.places.pin(Some(id));
                    json!(self.places.get(id).name)
                }
                None => simplest(Ty::Bytes),
            },
            _ => match self.value(Ty::Bytes, depth) {
                // It was moved by the account, but a name is only lent here, so it is held until the call.
                Value::String(_) => simplest(Ty::Bytes),
                value => value,
            },
        }
    }

    fn call(&mut self, ty: Ty, depth: usize) -> Option<Value> {
        self.call_from(ty, Owner::Any, depth).map(|(value, _)| value)
    }

    /// A call of an earlier function or, once, of this one; with the owner of a returned view.
    fn call_from(&mut self, ty: Ty, owner: Owner, depth: usize) -> Option<(Value, Option<PlaceId>)> {
        let own = self.own.filter(|_| self.self_calls == 0 && self.loops == 0);
        let fitting: Vec<&'e Signature> = self.callees.iter().chain(own).filter(|callee| callee.result == ty).collect();
        if fitting.is_empty() {
            return None;
        }
        let callee = self.entropy.of(&fitting);
        let is_own = self.own.is_some_and(|own| own.name == callee.name);
        self.self_calls += usize::from(is_own);
        let pins = self.places.pin_count();
        let mut call = vec![json!(callee.name)];
        let mut result_owner = None;
        for (index, ty) in callee.params.iter().enumerate() {
            if callee.recursive && index == 0 {
                call.push(if is_own { json!(["-", "p0", 1]) } else { self.small() });
                continue;
            }
            if *ty != Ty::View {
                let value = self.value(*ty, depth);
                call.push(value);
                continue;
            }
            let is_source = callee.source == Some(index);
            let value = if is_source {
                let (value, from) = self.view(owner, depth);
                self.places.pin(from);
                result_owner = from;
                value
            } else {
                self.lent(depth)
            };
            call.push(value);
        }
        self.places.unpin_to(pins);
        Some((Value::Array(call), result_owner))
    }

    fn view(&mut self, owner: Owner, depth: usize) -> (Value, Option<PlaceId>) {
        let deeper = if self.entropy.is_spent() { 0 } else { depth };
        match self.entropy.below(if deeper == 0 { 5 } else { 9 }) {
            0 => (json!("input"), None),
            1 => (json!(["bytes.view_lit", "abc"]), None),
            kind @ 2..=4 => {
                let (ty, head) =
                    [(Ty::Bytes, Some("bytes.view")), (Ty::Vec, Some("vec_u8.as_view")), (Ty::View, None)][kind - 2];
                let mut found = self.places.readable(ty);
                let places = &self.places;
                let owner_of = |id: PlaceId| if ty == Ty::View { places.get(id).owner } else { Some(id) };
                found.retain(|id| owner.allows(owner_of(*id)));
                let Some(id) = self.pick(&found) else { return (json!("input"), None) };
                let name = self.places.get(id).name.clone();
                let from = if ty == Ty::View { self.places.get(id).owner } else { Some(id) };
                (head.map_or(json!(name), |head| json!([head, name])), from)
            }
            5 => {
                let condition = self.i32(deeper - 1);
                let before = self.places.lives();
                self.places.open();
                let (first, from) = self.view(owner, deeper - 1);
                self.places.close();
                let after_first = self.places.lives();
                self.places.restore(&before);
                // Without an owner so far, the other branch may bring one.
                let second_owner = if from.is_some() { Owner::Only(from) } else { owner };
                self.places.open();
                let pins = self.places.pin_count();
                self.places.pin(from);
                let (second, other) = self.view(second_owner, deeper - 1);
                self.places.unpin_to(pins);
                self.places.close();
                self.places.join(&after_first);
                (json!(["if", condition, first, second]), from.or(other))
            }
            6 => {
                let (view, from) = self.view(owner, deeper - 1);
                let pins = self.places.pin_count();
                self.places.pin(from);
                let start = json!(["&", self.i32(deeper - 1), 0]);
                self.places.unpin_to(pins);
                (json!(["view.slice", view, start, 0]), from)
            }
            7 => {
                let (view, from) = self.view(owner, deeper - 1);
                (json!(["option_bytes_view.unwrap_or", ["option_bytes_view.some", view], "input"]), from)
            }
            _ => self.call_from(Ty::View, owner, deeper - 1).unwrap_or((json!("input"), None)),
        }
    }

    fn i32(&mut self, depth: usize) -> Value {
        if depth == 0 || self.entropy.is_spent() {
            return match self.pick(&self.places.readable(Ty::I32)) {
                Some(id) if self.entropy.below(3) > 0 => json!(self.places.get(id).name),
                _ => json!(self.entropy.of(&[0, 1, 2, 7, 255, 256, -1, i32::MIN, i32::MAX])),
            };
        }
        let next = depth - 1;
        match self.entropy.below(20) {
            0 | 1 => self.i32(0),
            2..=5 => self.operation(next),
            6 => {
                let pins = self.places.pin_count();
                let value = json!(["bytes.len", self.lent(next)]);
                self.places.unpin_to(pins);
                value
            }
            7 => {
                let pins = self.places.pin_count();
                let value = json!(["bytes.eq", self.lent(next), self.lent(next)]);
                self.places.unpin_to(pins);
                value
            }
            8 => match self.pick(&self.places.readable(Ty::Bytes)) {
                Some(id) => {
                    let name = &self.places.get(id).name;
                    json!(["if", ["bytes.len", name], ["bytes.get_u8", name, ["-", ["bytes.len", name], 1]], 0])
                }
                None => self.i32(0),
            },
            9 => match self.pick(&self.places.readable(Ty::Vec)) {
                Some(id) => {
                    let name = &self.places.get(id).name;
                    json!(["if", ["vec_u8.len", name], ["vec_u8.get", name, 0], ["vec_u8.cap", name]])
                }
                None => json!(["vec_u8.len", simplest(Ty::Vec)]),
            },
            10 => self.look(next),
            11 => json!(["result_i32.unwrap_or", self.value(Ty::ResultI32, next), self.i32(next)]),
            12 => json!(["result_i32.err_code", self.value(Ty::ResultI32, next)]),
            13 => match self.pick(&self.places.settable(Ty::I32)) {
                Some(id) => self.set("set", id, next),
                None => self.i32(0),
            },
            14 => {
                let ty = self.entropy.of(&[Ty::Bytes, Ty::Vec, Ty::OptionBytes, Ty::ResultBytes]);
                match self.pick(&self.places.settable(ty)) {
                    Some(id) => self.set("set0", id, next),
                    None => self.i32(0),
                }
            }
            15 => {
                let value = self.i32(next);
                let name = format!("o{}", self.places.count());
                self.places.declare(&name, Ty::I32, None);
                json!(["let", name, value])
            }
            16 if matches!(self.result, Ty::ResultBytes | Ty::ResultI32) => {
                json!(["try", self.value(Ty::ResultI32, next)])
            }
            17 if self.loops < 2 => self.round(depth),
            _ => self.composed(Ty::I32, next),
        }
    }

    /// A question about an option or result, which only looks at a place.
    fn look(&mut self, depth: usize) -> Value {
        let (ty, head) = self.entropy.of(&[
            (Ty::OptionBytes, "option_bytes.is_some"),
            (Ty::ResultBytes, "result_bytes.is_ok"),
            (Ty::ResultBytes, "result_bytes.err_code"),
        ]);
        match self.pick(&self.places.readable(ty)) {
            Some(id) => json!([head, self.places.get(id).name]),
            None => match self.value(ty, depth) {
                Value::String(_) => json!([head, simplest(ty)]),
                value => json!([head, value]),
            },
        }
    }

    fn operation(&mut self, depth: usize) -> Value {
        let operator = self.entropy.of(&OPERATORS);
        let left = self.i32(depth);
        if !matches!(operator, "&&" | "||") {
            return json!([operator, left, self.i32(depth)]);
        }
        let before = self.places.lives();
        self.places.open();
        let right = self.i32(depth);
        self.places.close();
        self.places.join(&before);
        json!([operator, left, right])
    }
}

/// A value of the type that needs nothing.
fn simplest(ty: Ty) -> Value {
    match ty {
        Ty::I32 => json!(0),
        Ty::Bytes => json!(["bytes.lit", "z"]),
        Ty::Vec => json!(["vec_u8.with_capacity", 2]),
        Ty::OptionBytes => json!(["option_bytes.none"]),
        Ty::ResultBytes => json!(["result_bytes.err", 3]),
        Ty::ResultI32 => json!(["result_i32.ok", 4]),
        Ty::View => json!("input"),
    }
}
