//! Gives the expressions of a file ids that follow from its meaning alone.

use crate::tree::{Decl, Expr, ExprId, Exprs, File};

/// Numbers nodes and names in the order of declarations and of sorted keys, and tells each root its pointer.
///
/// A file written with its keys in another order, or with repeated keys, so becomes the same tree, and all that the
/// compiler makes of it is the same too.
pub(super) fn settle(file: &mut File) {
    let mut exprs = std::mem::take(&mut file.exprs);
    let roots = roots(&mut file.decls, &mut file.solve);
    let mut next = 0;
    let in_order = roots.iter().all(|(_, id)| first_below(&exprs, **id).0 == std::mem::replace(&mut next, id.0 + 1));
    if in_order && next as usize == exprs.len() {
        for (pointer, id) in roots {
            exprs.set_root(*id, pointer);
        }
    } else {
        let mut ordered = Exprs::default();
        for (pointer, id) in roots {
            *id = copy(&exprs, *id, &mut ordered);
            ordered.set_root(*id, pointer);
        }
        exprs = ordered;
    }
    file.exprs = exprs;
}

/// All root expressions with their pointers.
fn roots<'a>(decls: &'a mut [Decl], solve: &'a mut Option<ExprId>) -> Vec<(String, &'a mut ExprId)> {
    let mut roots = Vec::new();
    for (index, decl) in decls.iter_mut().enumerate() {
        let Decl::Function(function) = decl else {
            continue;
        };
        roots.push((format!("/decls/{index}/body"), &mut function.body));
        let lists = [
            ("ensures", &mut function.ensures),
            ("invariant", &mut function.invariant),
            ("requires", &mut function.requires),
        ];
        for (key, clauses) in lists {
            for (number, clause) in clauses.iter_mut().enumerate() {
                let pointer = format!("/decls/{index}/{key}/{number}");
                roots.push((format!("{pointer}/expr"), &mut clause.expr));
                for (at, witness) in clause.witness.iter_mut().enumerate() {
                    roots.push((format!("{pointer}/witness/{at}"), witness));
                }
            }
        }
    }
    roots.extend(solve.as_mut().map(|solve| ("/solve".to_owned(), solve)));
    roots
}

/// The first of the nodes of an expression, which are numbered in post-order without gaps.
fn first_below(exprs: &Exprs, mut id: ExprId) -> ExprId {
    while let Expr::List(items) = exprs.get(id) {
        id = items[0];
    }
    id
}

fn copy(from: &Exprs, root: ExprId, into: &mut Exprs) -> ExprId {
    let first = first_below(from, root).0;
    let start = into.len() as u32;
    let mut items = Vec::new();
    let mut last = root;
    for id in first..=root.0 {
        last = match from.get(ExprId(id)) {
            Expr::Int(value) => into.add_int(value),
            Expr::Atom(name) => into.add_atom(from.name(name)),
            Expr::Text(text) => into.add_text(from.name(text)),
            Expr::List(old) => {
                items.clear();
                items.extend(old.iter().map(|item| ExprId(item.0 - first + start)));
                into.add_list(&items)
            }
        };
    }
    last
}
