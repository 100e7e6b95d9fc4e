//! Task heads that a program of run-to-completion tasks needs, and the concurrency heads that are not built yet.

use super::{Builtin, Special};
use crate::types::Awaited;
use crate::types::Ty::{self, Bytes, I32, ResultBytes, ResultResultBytes};

const fn later(head: &'static str) -> Builtin {
    Builtin::special(head, &[], I32, Special::Later, "Not available in this version.")
}

pub(super) const ROWS: &[Builtin] = &[
    Builtin::special("await", &[], Bytes, Special::Await, "The bytes of a task; in `solve` and `defasync` only."),
    Builtin::special(
        "task.join.bytes",
        &[],
        Bytes,
        Special::Await,
        "The bytes of a task; in `solve` and `defasync` only.",
    ),
    Builtin::special(
        "task.join.result_bytes",
        &[],
        ResultBytes,
        Special::Await,
        "The result of a task; in `solve` and `defasync` only.",
    ),
    Builtin::special(
        "task.try_join.bytes",
        &[],
        ResultBytes,
        Special::TaskOp,
        "The bytes of a finished task, or err 1 not finished, err 2 canceled.",
    ),
    Builtin::special(
        "task.try_join.result_bytes",
        &[],
        ResultResultBytes,
        Special::TaskOp,
        "The result of a finished task, or err 1 not finished, err 2 canceled.",
    ),
    Builtin::special(
        "task.spawn",
        &[],
        Ty::Task(Awaited::Bytes),
        Special::TaskOp,
        "Registers a task; yields its handle.",
    ),
    Builtin::special("task.is_finished", &[], I32, Special::TaskOp, "1 if the task has finished, else 0."),
    Builtin::special("task.cancel", &[], I32, Special::TaskOp, "Cancels a task."),
    Builtin::special("task.yield", &[], I32, Special::TaskOp, "Lets other tasks run."),
    Builtin::special("task.sleep", &[], I32, Special::TaskOp, "Waits for ticks of virtual time."),
    later("task.scope_v1"),
    later("chan.bytes.new"),
    later("chan.bytes.send"),
    later("chan.bytes.recv"),
    later("chan.bytes.try_send"),
    later("chan.bytes.try_recv"),
    later("chan.bytes.close"),
    later("std.stream.pipe_v1"),
    later("std.rr.with_v1"),
    later("std.rr.with_policy_v1"),
];
