//! Heads of the operating system: files, environment, time, processes (spec os-worlds).

use super::Builtin;
use super::Needs::Os;
use super::Param::{Int, Lent, Move};
use crate::types::Ty::{Bytes, I32, Never, OptionBytes, ResultBytes, ResultI32};

/// Backends of the registry whose heads the runtime has itself.
const FILES: &str = "x07.ext.fs";
const TIME_ZONES: &str = "x07.time";

const PROCESS: &[&str] = &["os.process invalid handle", "os.process invalid proc mode", "os.process already taken"];

pub(super) const ROWS: &[Builtin] = &[
    Builtin::acts(
        "os.fs.read_file",
        &[Move("path", Bytes)],
        Bytes,
        &["os.fs.read_file open failed"],
        "The content of a file; traps if it cannot be read.",
    )
    .needs(Os),
    Builtin::acts(
        "os.fs.write_file",
        &[Move("path", Bytes), Move("data", Bytes)],
        I32,
        &["os.fs.write_file path denied"],
        "Creates or replaces a file; 0, or the errno.",
    )
    .needs(Os),
    Builtin::acts(
        "os.fs.read_all_v1",
        &[Move("path", Bytes), Move("caps", Bytes)],
        ResultBytes,
        &[],
        "The content of a file, up to the read limit of the caps.",
    )
    .needs(Os)
    .provided_as(FILES),
    Builtin::acts(
        "os.fs.write_all_v1",
        &[Move("path", Bytes), Move("data", Bytes), Move("caps", Bytes)],
        ResultI32,
        &[],
        "Writes a file; ok(bytes written).",
    )
    .needs(Os)
    .provided_as(FILES),
    Builtin::acts(
        "os.fs.mkdirs_v1",
        &[Move("path", Bytes), Move("caps", Bytes)],
        ResultI32,
        &[],
        "Creates a folder and those above it; ok(1).",
    )
    .needs(Os)
    .provided_as(FILES),
    Builtin::acts(
        "os.fs.remove_file_v1",
        &[Move("path", Bytes), Move("caps", Bytes)],
        ResultI32,
        &[],
        "Removes a file; ok(1).",
    )
    .needs(Os)
    .provided_as(FILES),
    Builtin::acts(
        "os.fs.remove_dir_all_v1",
        &[Move("path", Bytes), Move("caps", Bytes)],
        ResultI32,
        &[],
        "Removes a folder with all that is in it; ok(1).",
    )
    .needs(Os)
    .provided_as(FILES),
    Builtin::acts(
        "os.fs.rename_v1",
        &[Move("src", Bytes), Move("dst", Bytes), Move("caps", Bytes)],
        ResultI32,
        &[],
        "Moves a file or folder, replacing a file; ok(1).",
    )
    .needs(Os)
    .provided_as(FILES),
    Builtin::acts(
        "os.fs.list_dir_sorted_text_v1",
        &[Move("path", Bytes), Move("caps", Bytes)],
        ResultBytes,
        &[],
        "The names in a folder, sorted by bytes, each followed by LF.",
    )
    .needs(Os)
    .provided_as(FILES),
    Builtin::acts(
        "os.fs.walk_glob_sorted_text_v1",
        &[Move("root", Bytes), Move("glob", Bytes), Move("caps", Bytes)],
        ResultBytes,
        &[],
        "The files below a folder whose relative path matches, sorted, each followed by LF.",
    )
    .needs(Os)
    .provided_as(FILES),
    Builtin::acts(
        "os.fs.stat_v1",
        &[Move("path", Bytes), Move("caps", Bytes)],
        ResultBytes,
        &[],
        "FsStatV1 of a path: kind, size, time of change; kind 0 when there is nothing.",
    )
    .needs(Os)
    .provided_as(FILES),
    Builtin::acts(
        "os.fs.stream_open_write_v1",
        &[Move("path", Bytes), Move("caps", Bytes)],
        ResultI32,
        &[],
        "Opens a file for writing in pieces; ok(handle).",
    )
    .needs(Os)
    .provided_as(FILES),
    Builtin::acts(
        "os.fs.stream_write_all_v1",
        &[Int("handle"), Move("data", Bytes)],
        ResultI32,
        &[],
        "Appends to an open file; ok(bytes written).",
    )
    .needs(Os)
    .provided_as(FILES),
    Builtin::acts(
        "os.fs.stream_close_v1",
        &[Int("handle")],
        ResultI32,
        &[],
        "Finishes an open file and frees the handle; ok(1).",
    )
    .needs(Os)
    .provided_as(FILES),
    Builtin::acts(
        "os.fs.stream_drop_v1",
        &[Int("handle")],
        I32,
        &[],
        "Discards an open file and frees the handle; 1, or 0 for an unknown handle.",
    )
    .needs(Os)
    .provided_as(FILES),
    Builtin::acts(
        "os.env.get",
        &[Move("key", Bytes)],
        Bytes,
        &["os.env.get key has a NUL byte"],
        "The value of an environment variable; empty when unset.",
    )
    .needs(Os),
    Builtin::acts(
        "os.time.now_unix_ms",
        &[],
        I32,
        &["os.time disabled by policy"],
        "Milliseconds since 1970, modulo 2^32.",
    )
    .needs(Os),
    Builtin::acts("os.time.now_instant_v1", &[], Bytes, &[], "The time as InstantDocV1.").needs(Os),
    Builtin::acts(
        "os.time.sleep_ms_v1",
        &[Int("ms")],
        I32,
        &[],
        "Sleeps; 1, or 0 when `ms` is negative or the policy says no.",
    )
    .needs(Os),
    Builtin::acts(
        "os.time.local_tzid_v1",
        &[],
        Bytes,
        &[],
        "The name of the local time zone as LocalTzidResultV1; may be empty.",
    )
    .needs(Os),
    Builtin::acts(
        "os.time.tzdb_is_valid_tzid_v1",
        &[Lent("tzid")],
        I32,
        &[],
        "1 if there is a time zone of this name, else 0.",
    )
    .provided_as(TIME_ZONES),
    Builtin::acts(
        "os.time.tzdb_offset_duration_v1",
        &[Lent("tzid"), Int("secs_lo"), Int("secs_hi")],
        Bytes,
        &[],
        "The UTC offset of a zone at an instant as DurationDocV1.",
    )
    .provided_as(TIME_ZONES),
    Builtin::acts("os.time.tzdb_snapshot_id_v1", &[], Bytes, &[], "`tzdb-` and the IANA release of the time zones.")
        .provided_as(TIME_ZONES),
    Builtin::acts(
        "os.process.exit",
        &[Int("code")],
        Never,
        &["os.process.exit denied by policy"],
        "Ends the program at once with this exit status, modulo 256.",
    )
    .needs(Os),
    Builtin::acts(
        "os.process.spawn_capture_v1",
        &[Move("req", Bytes), Move("caps", Bytes)],
        I32,
        &["os.process request has a NUL byte"],
        "Starts a program whose output is collected; a handle, also when that failed.",
    )
    .needs(Os),
    Builtin::acts(
        "os.process.spawn_piped_v1",
        &[Move("req", Bytes), Move("caps", Bytes)],
        I32,
        &["os.process request has a NUL byte"],
        "Starts a program to talk with; a handle, also when that failed.",
    )
    .needs(Os),
    Builtin::acts(
        "os.process.run_capture_v1",
        &[Move("req", Bytes), Move("caps", Bytes)],
        Bytes,
        &["os.process request has a NUL byte"],
        "Spawns, joins and drops: the result document.",
    )
    .needs(Os),
    Builtin::acts(
        "os.process.join_capture_v1",
        &[Int("handle")],
        Bytes,
        PROCESS,
        "Waits for the end; the result document, once.",
    )
    .needs(Os),
    Builtin::acts(
        "os.process.try_join_capture_v1",
        &[Int("handle")],
        OptionBytes,
        PROCESS,
        "The result document if the program has ended, once.",
    )
    .needs(Os),
    Builtin::acts(
        "os.process.stdout_read_v1",
        &[Int("handle"), Int("max")],
        Bytes,
        PROCESS,
        "Up to `max` bytes of standard output that are there now.",
    )
    .needs(Os),
    Builtin::acts(
        "os.process.stderr_read_v1",
        &[Int("handle"), Int("max")],
        Bytes,
        PROCESS,
        "Up to `max` bytes of standard error that are there now.",
    )
    .needs(Os),
    Builtin::acts(
        "os.process.stdin_write_v1",
        &[Int("handle"), Move("chunk", Bytes)],
        I32,
        PROCESS,
        "Queues bytes for standard input; 1, or 0 when it is closed.",
    )
    .needs(Os),
    Builtin::acts(
        "os.process.stdin_close_v1",
        &[Int("handle")],
        I32,
        PROCESS,
        "Closes standard input once all queued bytes are written; 1, or 0 when it was closed.",
    )
    .needs(Os),
    Builtin::acts("os.process.try_wait_v1", &[Int("handle")], I32, PROCESS, "1 when the program has ended, else 0.")
        .needs(Os),
    Builtin::acts("os.process.join_exit_v1", &[Int("handle")], I32, PROCESS, "Waits for the end; 1.").needs(Os),
    Builtin::acts(
        "os.process.take_exit_v1",
        &[Int("handle")],
        I32,
        PROCESS,
        "The exit status, or minus the error code, once.",
    )
    .needs(Os),
    Builtin::acts(
        "os.process.kill_v1",
        &[Int("handle"), Int("sig")],
        I32,
        PROCESS,
        "1 if the signal was sent, 0 if the program has ended.",
    )
    .needs(Os),
    Builtin::acts(
        "os.process.drop_v1",
        &[Int("handle")],
        I32,
        PROCESS,
        "Frees the handle, killing a running program; 1, or 0 if the policy keeps it running.",
    )
    .needs(Os),
    Builtin::acts(
        "os.net.http_request",
        &[Move("req", Bytes)],
        Bytes,
        &["os.net.http_request not implemented"],
        "Reserved; always traps.",
    )
    .needs(Os),
];
