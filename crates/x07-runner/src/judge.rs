//! Says what a run was worth, in the order that spec runners 8 lays down.

use crate::Runner;
use crate::execution::{Ending, Execution, Limits};
use crate::metrics::Metrics;

/// A judged run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Solve {
    /// The program ended with status 0 and nothing is wrong.
    pub ok: bool,
    /// Its exit status, or 128 + N when signal N ended it.
    pub exit_status: i32,
    /// Its output, without the length prefix.
    pub output: Vec<u8>,
    /// What went wrong.
    pub trap: Option<String>,
    /// The statistics it told.
    pub metrics: Metrics,
}

/// Judges a run that was made under `limits`.
pub fn judge(execution: &Execution, limits: &Limits, runner: Runner) -> Solve {
    let over_limit = if execution.timed_out {
        Some(runner.wall_trap())
    } else if execution.stderr.exceeded {
        Some("stderr exceeded cap")
    } else if execution.stdout.exceeded {
        Some("stdout exceeded cap")
    } else {
        None
    };
    let exit_status = execution.ending.status();
    if let Some(trap) = over_limit {
        return Solve { exit_status, trap: Some(trap.to_owned()), ..Solve::default() };
    }

    let stderr = &execution.stderr.bytes;
    let metrics = Metrics::find(stderr);
    let (output, frame_error) = match parse_frame(&execution.stdout.bytes, limits.max_output, execution.ending) {
        Ok(output) => (output.to_vec(), None),
        Err(error) => (Vec::new(), Some(error)),
    };
    let trap = match execution.ending {
        Ending::Exited(0) => {
            frame_error.or_else(|| metrics.is_none().then(|| "missing metrics json line on stderr".to_owned()))
        }
        Ending::Exited(_) => last_message(stderr).or(frame_error),
        Ending::Signalled(signal) if is_cpu_limit(signal) => Some("cpu time limit".to_owned()),
        Ending::Signalled(signal) => last_message(stderr).or_else(|| Some(format!("terminated by signal {signal}"))),
    };
    Solve {
        ok: execution.ending == Ending::Exited(0) && trap.is_none(),
        exit_status,
        output,
        trap,
        metrics: metrics.unwrap_or_default(),
    }
}

/// Judges a run of an attached program, which has shown its output itself. What it ended with by its own will is no trap.
pub fn judge_attached(execution: &Execution, runner: Runner) -> Solve {
    let reports = &execution.stderr.bytes;
    let metrics = Metrics::find(reports);
    let trap = match execution.ending {
        _ if execution.timed_out => Some(runner.wall_trap().to_owned()),
        // Nobody but the runtime writes there.
        Ending::Exited(_) => last_message(reports),
        Ending::Signalled(signal) if is_cpu_limit(signal) => Some("cpu time limit".to_owned()),
        Ending::Signalled(signal) => last_message(reports).or_else(|| Some(format!("terminated by signal {signal}"))),
    };
    Solve {
        ok: execution.ending == Ending::Exited(0) && trap.is_none(),
        exit_status: execution.ending.status(),
        output: Vec::new(),
        trap,
        metrics: metrics.unwrap_or_default(),
    }
}

fn is_cpu_limit(signal: i32) -> bool {
    signal == rustix::process::Signal::XCPU.as_raw()
}

fn parse_frame(stdout: &[u8], max_output: u64, ending: Ending) -> Result<&[u8], String> {
    let Some((prefix, output)) = stdout.split_first_chunk::<4>() else {
        return Err(match ending {
            Ending::Exited(status) if stdout.is_empty() => {
                format!("process exited with status {status} before producing output")
            }
            _ => "native stdout too short for length prefix".to_owned(),
        });
    };
    let expected = u64::from(u32::from_le_bytes(*prefix));
    if expected > max_output {
        return Err(format!("native output too large: {expected} > max_output_bytes={max_output}"));
    }
    if expected != output.len() as u64 {
        return Err(format!("native stdout length mismatch: expected {expected} got {}", output.len()));
    }
    Ok(output)
}

/// The last line that is neither blank nor an object: what a trap wrote.
fn last_message(stderr: &[u8]) -> Option<String> {
    let lines = stderr.split(|byte| *byte == b'\n').rev().map(<[u8]>::trim_ascii);
    let mut messages = lines.filter(|line| !line.is_empty() && !line.starts_with(b"{"));
    messages.next().map(|line| String::from_utf8_lossy(line).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::Captured;

    /// Judges a run with an output limit of 4 bytes and shows the verdict as one line.
    fn verdict(change: impl FnOnce(&mut Execution)) -> String {
        let mut execution = Execution {
            ending: Ending::Exited(0),
            timed_out: false,
            stdout: Captured { bytes: b"\x01\0\0\0x".to_vec(), exceeded: false },
            stderr: Captured { bytes: b"{\"fuel_used\":5}\n".to_vec(), exceeded: false },
        };
        change(&mut execution);
        let solve = judge(&execution, &Limits::host(1, 4), Runner::Host);
        let output = String::from_utf8_lossy(&solve.output);
        let (trap, fuel) = (solve.trap.unwrap_or_default(), solve.metrics.fuel_used.map_or(-1, |fuel| fuel as i64));
        format!("{} {} out={output:?} fuel={fuel} {trap}", solve.ok, solve.exit_status).trim_end().to_owned()
    }

    #[test]
    fn the_first_thing_that_is_wrong_is_told() {
        type Change = fn(&mut Execution);
        let cases: &[(Change, &str)] = &[
            (|_| {}, "true 0 out=\"x\" fuel=5"),
            (
                |e| (e.timed_out, e.stderr.exceeded, e.ending) = (true, true, Ending::Signalled(9)),
                "false 137 out=\"\" fuel=-1 wall timeout",
            ),
            (|e| (e.stderr.exceeded, e.stdout.exceeded) = (true, true), "false 0 out=\"\" fuel=-1 stderr exceeded cap"),
            (|e| e.stdout.exceeded = true, "false 0 out=\"\" fuel=-1 stdout exceeded cap"),
            (|e| e.stdout.bytes = vec![1, 0], "false 0 out=\"\" fuel=5 native stdout too short for length prefix"),
            (
                |e| e.stdout.bytes.clear(),
                "false 0 out=\"\" fuel=5 process exited with status 0 before producing output",
            ),
            (
                |e| (e.stdout.bytes, e.stderr.bytes, e.ending) = (vec![], vec![], Ending::Exited(7)),
                "false 7 out=\"\" fuel=-1 process exited with status 7 before producing output",
            ),
            (
                |e| e.stdout.bytes = b"\x05\0\0\0abcde".to_vec(),
                "false 0 out=\"\" fuel=5 native output too large: 5 > max_output_bytes=4",
            ),
            (
                |e| e.stdout.bytes = b"\x03\0\0\0ab".to_vec(),
                "false 0 out=\"\" fuel=5 native stdout length mismatch: expected 3 got 2",
            ),
            (|e| e.stderr.bytes.clear(), "false 0 out=\"x\" fuel=-1 missing metrics json line on stderr"),
            (|e| e.ending = Ending::Exited(3), "false 3 out=\"x\" fuel=5"),
            (
                |e| (e.ending, e.stderr.bytes) = (Ending::Exited(3), b"one\ntwo\n\n{\"fuel_used\":5}\n".to_vec()),
                "false 3 out=\"x\" fuel=5 two",
            ),
            (
                |e| (e.ending, e.stdout.bytes) = (Ending::Signalled(4), vec![]),
                "false 132 out=\"\" fuel=5 terminated by signal 4",
            ),
            (
                |e| (e.ending, e.stderr.bytes) = (Ending::Signalled(4), b"fuel exhausted ptr=/solve\n".to_vec()),
                "false 132 out=\"x\" fuel=-1 fuel exhausted ptr=/solve",
            ),
            (
                |e| (e.ending, e.stderr.bytes) = (Ending::Signalled(24), b"working\n".to_vec()),
                "false 152 out=\"x\" fuel=-1 cpu time limit",
            ),
        ];
        for (change, expected) in cases {
            assert_eq!(verdict(change), *expected);
        }
    }
}
