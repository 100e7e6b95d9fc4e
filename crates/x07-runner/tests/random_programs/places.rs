//! What a function under construction knows of its places: which are visible, live and lent.

use super::entropy::Entropy;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ty {
    I32,
    Bytes,
    Vec,
    OptionBytes,
    ResultBytes,
    ResultI32,
    View,
}

impl Ty {
    pub const ALL: [Ty; 7] = [Ty::I32, Ty::Bytes, Ty::Vec, Ty::OptionBytes, Ty::ResultBytes, Ty::ResultI32, Ty::View];

    pub fn name(self) -> &'static str {
        match self {
            Ty::I32 => "i32",
            Ty::Bytes => "bytes",
            Ty::Vec => "vec_u8",
            Ty::OptionBytes => "option_bytes",
            Ty::ResultBytes => "result_bytes",
            Ty::ResultI32 => "result_i32",
            Ty::View => "bytes_view",
        }
    }

    pub fn is_owned(self) -> bool {
        matches!(self, Ty::Bytes | Ty::Vec | Ty::OptionBytes | Ty::ResultBytes)
    }
}

/// A place, by its position in `Places::all`.
pub type PlaceId = usize;

#[derive(Clone, Debug)]
pub struct Place {
    pub name: String,
    pub ty: Ty,
    /// A view's owner; a view parameter is its own.
    pub owner: Option<PlaceId>,
    /// Steers a loop or a recursion, so it is never set.
    pub fixed: bool,
    live: bool,
    in_scope: bool,
}

#[derive(Default)]
pub struct Places {
    all: Vec<Place>,
    scopes: Vec<Vec<PlaceId>>,
    /// Owners that a call under construction has lent.
    pins: Vec<PlaceId>,
}

/// Which places are live at some point.
pub struct Lives(Vec<bool>);

impl Places {
    pub fn get(&self, id: PlaceId) -> &Place {
        &self.all[id]
    }

    /// How many there ever were, for names that are fresh.
    pub fn count(&self) -> usize {
        self.all.len()
    }

    pub fn open(&mut self) {
        self.scopes.push(Vec::new());
    }

    pub fn close(&mut self) {
        for id in self.scopes.pop().unwrap() {
            self.all[id].in_scope = false;
        }
    }

    pub fn declare(&mut self, name: &str, ty: Ty, owner: Option<PlaceId>) -> PlaceId {
        let id = self.all.len();
        self.all.push(Place { name: name.into(), ty, owner, fixed: false, live: true, in_scope: true });
        self.scopes.last_mut().unwrap().push(id);
        id
    }

    pub fn declare_view_parameter(&mut self, name: &str) -> PlaceId {
        let id = self.all.len();
        self.declare(name, Ty::View, Some(id))
    }

    pub fn fix(&mut self, id: PlaceId, fixed: bool) {
        self.all[id].fixed = fixed;
    }

    /// A name for a new place: mostly a fresh one, sometimes one that shadows a place of an outer scope.
    pub fn name(&self, entropy: &mut Entropy<'_>) -> String {
        let inner = self.scopes.last().unwrap();
        let outer: Vec<&str> =
            self.all.iter().filter(|place| place.in_scope && !place.fixed).map(|place| &*place.name).collect();
        if entropy.once_in(6) && !outer.is_empty() {
            let name = entropy.of(&outer);
            if inner.iter().all(|id| self.all[*id].name != name) {
                return name.to_owned();
            }
        }
        format!("v{}", self.all.len())
    }

    /// Visible places of a type, live or not, latest first.
    fn visible(&self, ty: Ty) -> Vec<PlaceId> {
        let mut seen = Vec::new();
        let mut found = Vec::new();
        for id in self.scopes.iter().rev().flat_map(|scope| scope.iter().rev()) {
            let place = &self.all[*id];
            if seen.contains(&&place.name) {
                continue;
            }
            seen.push(&place.name);
            if place.ty == ty {
                found.push(*id);
            }
        }
        found
    }

    /// Places that may be read or lent.
    pub fn readable(&self, ty: Ty) -> Vec<PlaceId> {
        self.visible(ty).into_iter().filter(|id| self.all[*id].live).collect()
    }

    /// Places that may be moved out of or updated in place.
    pub fn movable(&self, ty: Ty) -> Vec<PlaceId> {
        self.readable(ty).into_iter().filter(|id| !self.is_held(*id)).collect()
    }

    /// Places that may be set, moved ones included.
    pub fn settable(&self, ty: Ty) -> Vec<PlaceId> {
        self.visible(ty).into_iter().filter(|id| !self.all[*id].fixed && !self.is_held(*id)).collect()
    }

    fn is_held(&self, owner: PlaceId) -> bool {
        let by_view = |place: &Place| place.in_scope && place.owner == Some(owner);
        self.pins.contains(&owner) || self.all.iter().enumerate().any(|(id, place)| id != owner && by_view(place))
    }

    pub fn consume(&mut self, id: PlaceId) {
        if self.all[id].ty.is_owned() {
            self.all[id].live = false;
        }
    }

    pub fn refill(&mut self, id: PlaceId) {
        self.all[id].live = true;
    }

    pub fn pin(&mut self, owner: Option<PlaceId>) {
        self.pins.extend(owner);
    }

    pub fn pin_count(&self) -> usize {
        self.pins.len()
    }

    pub fn unpin_to(&mut self, count: usize) {
        self.pins.truncate(count);
    }

    pub fn lives(&self) -> Lives {
        Lives(self.all.iter().map(|place| place.live).collect())
    }

    pub fn restore(&mut self, lives: &Lives) {
        for (place, live) in self.all.iter_mut().zip(&lives.0) {
            place.live = *live;
        }
    }

    /// Joins another path that ends here: only what is live on both is live.
    pub fn join(&mut self, other: &Lives) {
        for (place, live) in self.all.iter_mut().zip(&other.0) {
            place.live &= *live;
        }
    }

    /// Visible places that were live then and are moved now.
    pub fn lost_since(&self, before: &Lives) -> Vec<PlaceId> {
        (0..before.0.len()).filter(|id| before.0[*id] && !self.all[*id].live && self.all[*id].in_scope).collect()
    }
}
