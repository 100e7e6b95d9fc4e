//! Tasks: awaiting and polling them. Bodies run to completion; nothing in this version suspends in the middle.

use x07_ast::ExprId;

use super::expr::runtime;
use super::{Lowerer, Operand};
use crate::builtins::{Builtin, Special};
use crate::mir::Stmt;
use crate::types::{Awaited, Ty};

impl Lowerer<'_, '_> {
    pub(crate) fn task_op(&mut self, e: ExprId, row: &'static Builtin, args: &[ExprId]) -> Operand {
        let waits = row.form == crate::builtins::Form::Special(Special::Await)
            || matches!(row.head, "task.yield" | "task.sleep");
        if waits && !self.may_wait() {
            self.typing(
                "X07-TYPE-CALL-0002",
                format!("\"{}\" waits, which a defn cannot: only solve and defasync can", row.head),
                e,
            );
            return Operand::error();
        }
        self.out.has_tasks = true;
        let wanted = usize::from(row.head != "task.yield");
        if args.len() != wanted {
            return self.arity(e, wanted, args.len());
        }
        if row.head == "task.yield" {
            return self.result_of(runtime("x07_task_yield", Vec::new(), None), Ty::I32, &[]);
        }
        let operand = self.value(args[0]);
        if row.head == "task.sleep" {
            self.expect(&operand, Ty::I32, args[0], "X07-TYPE-CALL-0002", "the ticks of \"task.sleep\"");
            return self.result_of(runtime("x07_task_sleep", vec![operand.value], None), Ty::I32, &[]);
        }
        let wanted = match row.head {
            "await" | "task.join.bytes" | "task.try_join.bytes" => Some(Awaited::Bytes),
            "task.join.result_bytes" | "task.try_join.result_bytes" => Some(Awaited::ResultBytes),
            _ => None,
        };
        let fits = match (operand.ty, wanted) {
            (Ty::Error, _) | (Ty::I32, _) => true,
            (Ty::Task(got), Some(wanted)) => got == wanted,
            (Ty::Task(_), None) => true,
            _ => false,
        };
        if !fits {
            self.typing(
                "X07-TYPE-CALL-0002",
                format!("\"{}\" takes a task handle of its own kind, got {}", row.head, operand.ty.name()),
                args[0],
            );
            return Operand::error();
        }
        let function = match row.head {
            "await" | "task.join.bytes" => "x07_task_join_bytes",
            "task.join.result_bytes" => "x07_task_join_result_bytes",
            "task.try_join.bytes" => "x07_task_try_join_bytes",
            "task.try_join.result_bytes" => "x07_task_try_join_result_bytes",
            "task.spawn" => "x07_task_spawn",
            "task.is_finished" => "x07_task_is_finished",
            _ => "x07_task_cancel",
        };
        let ty = if row.head == "task.spawn" { operand.ty } else { row.result };
        let result = self.result_of(runtime(function, vec![operand.value], Some(e)), ty, &[]);
        if self.dead {
            self.emit(Stmt::Fuel(0));
        }
        result
    }
}
