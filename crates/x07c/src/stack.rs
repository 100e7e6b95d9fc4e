//! Stack in libraries: which functions make sure of it, and of how much.
//!
//! An executable learns of an overflow from a signal. A library leaves signals to its host, so there the functions look
//! themselves: all that may be part of a recursion, and so many others that between two looks little is taken. What that
//! may be is estimated, since the frames are the C compiler's.

use crate::mir::{self, Body, Stmt, Value};
use crate::types::Ty;

/// What a call of a function that other units see takes of the stack, in bytes, before somebody looks. It is the same for
/// all of them, so that no edit of a body reaches other units.
const SEEN: u32 = 4 << 10;

/// The same for functions that only their own unit calls: fewer of them have to look.
const UNSEEN: u32 = 8 << 10;

/// A frame larger than this is made only after a look, and only when it is needed: the function becomes two.
const LARGE: u32 = SEEN;

/// A frame without locals: what is saved at a call, and alignment.
const BARE: u32 = 128;

/// What a call leaves in the frame of its caller: without optimisation, C compilers keep copies of structs.
const CALL: u32 = 16;

/// The members of a budget scope.
const BUDGET: u32 = 80;

/// Nothing is taken for larger, so that sums fit.
const LARGEST: u32 = 256 << 20;

/// Who calls a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Callers {
    /// Its own unit.
    Own,
    /// All units, by its symbol.
    All,
    /// All units, which have a copy of it each.
    Copying,
}

/// Where a function looks for stack, and for how much: what it takes itself is part of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// It does not.
    Nowhere,
    /// At its entry.
    Inside(u32),
    /// In a function in front of the one that has the body.
    InFront(u32),
}

/// The stack of one function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stack {
    pub(crate) look: Look,
    /// What its callers take it for: how much a call takes before somebody looks.
    pub(crate) taken: u32,
}

impl Stack {
    fn new(look: Look, taken: u32, callers: Callers) -> Stack {
        let taken = match callers {
            Callers::Own | Callers::Copying => taken,
            Callers::All if taken <= SEEN => SEEN,
            // So many parameters.
            Callers::All => taken.next_power_of_two(),
        };
        Stack { look, taken: taken.min(LARGEST) }
    }
}

/// The stack of a function whose callees take `below` before they look. A leaf does not: its callers see what it takes.
pub(crate) fn place(body: &Body, below: u32, recursive: bool, callers: Callers) -> Stack {
    let frame = frame(body);
    let all = frame + below;
    let most = match callers {
        Callers::Own => UNSEEN,
        Callers::All => SEEN,
        Callers::Copying => return Stack::new(Look::Nowhere, all, callers),
    };
    if frame > LARGE {
        let front = front(body);
        Stack::new(Look::InFront(front + all), front, callers)
    } else if recursive || (below > 0 && all > most) {
        Stack::new(Look::Inside(all), frame, callers)
    } else {
        Stack::new(Look::Nowhere, all, callers)
    }
}

/// The stack of an async function: one function around its body makes the task, one runs it and looks.
pub(crate) fn place_task(body: &Body, below: u32, callers: Callers) -> Stack {
    let front = front(body);
    Stack::new(Look::InFront(front + frame(body) + below), front, callers)
}

/// How large the frame of a function is at most, or hardly larger.
fn frame(body: &Body) -> u32 {
    let mut bytes = u64::from(BARE) + body.locals.iter().map(|local| size(local.ty)).sum::<u64>();
    mir::walk(&body.block, &mut |stmt| {
        if let Stmt::BudgetEnter { .. } = stmt {
            bytes += u64::from(BUDGET);
        }
        mir::values(stmt, &mut |value| bytes += if let Value::Call(_) = value { u64::from(CALL) } else { 0 });
    });
    bounded(bytes)
}

/// The same of a function that passes its parameters on.
fn front(body: &Body) -> u32 {
    let params = body.locals[..body.params].iter().map(|local| size(local.ty));
    bounded(u64::from(BARE) + 3 * params.sum::<u64>())
}

fn bounded(bytes: u64) -> u32 {
    u32::try_from(bytes).map_or(LARGEST, |bytes| bytes.min(LARGEST))
}

/// Bytes of a C variable.
fn size(ty: Ty) -> u64 {
    match ty {
        Ty::I32 | Ty::Task(_) | Ty::Never | Ty::Error => 4,
        Ty::OptionI32 | Ty::ResultI32 | Ty::Iface | Ty::Ptr(_) => 8,
        Ty::Bytes | Ty::View | Ty::Vec => 16,
        Ty::OptionBytes | Ty::OptionView | Ty::ResultBytes | Ty::ResultView => 24,
        Ty::ResultResultBytes => 32,
    }
}
