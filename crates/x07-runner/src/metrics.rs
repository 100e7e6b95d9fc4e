//! The line of metrics that a framed program writes to standard error when it ends.

use serde::{Deserialize, Serialize};

/// Statistics of a run; `None` where the program told nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "the names are those of the metrics line (spec runners 7.1)")]
pub struct Metrics {
    pub fuel_used: Option<u64>,
    pub heap_used: Option<u64>,
    pub fs_read_file_calls: Option<u64>,
    pub fs_list_dir_calls: Option<u64>,
    pub rr_open_calls: Option<u64>,
    pub rr_close_calls: Option<u64>,
    pub rr_stats_calls: Option<u64>,
    pub rr_next_calls: Option<u64>,
    pub rr_next_miss_calls: Option<u64>,
    pub rr_append_calls: Option<u64>,
    pub kv_get_calls: Option<u64>,
    pub kv_set_calls: Option<u64>,
    pub sched_stats: Option<SchedStats>,
    pub mem_stats: Option<MemStats>,
    pub debug_stats: Option<DebugStats>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assertion: Option<Assertion>,
}

/// What the last failed assertion of `std.test` compared, told by programs that were built to record it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assertion {
    /// The code that it failed with.
    pub code: i32,
    /// The two values.
    #[serde(flatten)]
    pub compared: Compared,
}

/// The values of a failed assertion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Compared {
    /// Two numbers.
    Numbers {
        /// The value that the program computed.
        got: i32,
        /// The value that it should be.
        expected: i32,
    },
    /// Two byte strings, of which a window around the first difference is told.
    Bytes {
        /// Length of what the program computed.
        got_len: u32,
        /// Length of what it should be.
        expected_len: u32,
        /// The first index at which they differ, or the end of the shorter one.
        difference: u32,
        /// Where the windows begin.
        from: u32,
        /// The window of what the program computed, in hexadecimal.
        got_hex: String,
        /// The window of what it should be, in hexadecimal.
        expected_hex: String,
    },
}

/// What the scheduler did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "the names are those of the metrics line (spec runners 7.1)")]
pub struct SchedStats {
    pub tasks_spawned: u64,
    pub spawn_calls: u64,
    pub join_calls: u64,
    pub yield_calls: u64,
    pub sleep_calls: u64,
    pub chan_send_calls: u64,
    pub chan_recv_calls: u64,
    pub ctx_switches: u64,
    pub wake_events: u64,
    pub blocked_waits: u64,
    pub virtual_time_end: u64,
    /// `0x` and 16 hex digits.
    pub sched_trace_hash: String,
}

/// What the allocator did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "the names are those of the metrics line (spec runners 7.1)")]
pub struct MemStats {
    pub alloc_calls: u64,
    pub realloc_calls: u64,
    pub free_calls: u64,
    pub bytes_alloc_total: u64,
    pub bytes_freed_total: u64,
    pub live_bytes: u64,
    pub peak_live_bytes: u64,
    pub live_allocs: u64,
    pub peak_live_allocs: u64,
    pub memcpy_bytes: u64,
}

/// What builds with borrow checks count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DebugStats {
    /// Views that were used after the end of what they look at.
    pub borrow_violations: u64,
}

impl Metrics {
    /// The last line that is an object with at least one known key.
    pub(crate) fn find(stderr: &[u8]) -> Option<Metrics> {
        stderr.split(|byte| *byte == b'\n').rev().find_map(Metrics::parse)
    }

    fn parse(line: &[u8]) -> Option<Metrics> {
        let line = line.trim_ascii_start();
        if !line.starts_with(b"{") {
            return None;
        }
        serde_json::from_slice::<Metrics>(line).ok().filter(|metrics| *metrics != Metrics::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_with_a_known_key_counts() {
        let cases: [(&str, Option<u64>); 8] = [
            ("", None),
            ("{\"fuel_used\":7}\n", Some(7)),
            ("{\"fuel_used\":7}", Some(7)),
            ("note\n  {\"fuel_used\":7}\nafter\n", Some(7)),
            ("{\"fuel_used\":1}\n{\"fuel_used\":2}\n{\"other\":3}\n{broken\n", Some(2)),
            ("{\"fuel_used\":-1}\n", None),
            ("{\"other\":1}\n", None),
            ("text{\"fuel_used\":7}\n", None),
        ];
        for (stderr, fuel) in cases {
            assert_eq!(Metrics::find(stderr.as_bytes()).and_then(|metrics| metrics.fuel_used), fuel, "{stderr:?}");
        }
    }
}
