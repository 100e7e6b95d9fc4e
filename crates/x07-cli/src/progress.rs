//! A build's progress, drawn as cargo draws it.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use x07_build::{ActionKind, Event, Observer, Outcome, Profile};

use crate::commands::pkg;
use crate::interrupt;
use crate::shell::Shell;

/// Watches a build.
pub(crate) struct Progress<'a> {
    shell: &'a Shell,
    /// The program's name in `Compiling NAME`.
    name: String,
    started: Instant,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    bar: Option<ProgressBar>,
    modules: usize,
    announced: bool,
    running: BTreeSet<String>,
}

/// Builds shorter than this are over before a bar could be read.
const PATIENCE: Duration = Duration::from_millis(80);

impl<'a> Progress<'a> {
    pub(crate) fn new(shell: &'a Shell, name: impl Into<String>) -> Self {
        Progress { shell, name: name.into(), started: Instant::now(), state: Mutex::default() }
    }

    /// Takes the bar away.
    pub(crate) fn clear(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bar) = state.bar.take() {
            bar.finish_and_clear();
        }
    }

    /// The last line of a build that worked.
    pub(crate) fn finished(&self, outcome: &Outcome, profile: Profile) {
        self.clear();
        let seconds = self.started.elapsed().as_secs_f64();
        let what = match profile {
            Profile::Dev => "dev [unoptimised]",
            Profile::Release => "release [optimised]",
        };
        let nothing = if outcome.no_op { " (nothing to do)" } else { "" };
        self.shell.status("Finished", &format!("{what} in {seconds:.2}s{nothing}"));
    }
}

impl State {
    fn announce(&mut self, shell: &Shell, name: &str) {
        if !self.announced {
            self.announced = true;
            let modules = match self.modules {
                0 => String::new(),
                1 => " (1 module)".to_owned(),
                number => format!(" ({number} modules)"),
            };
            shell.status("Compiling", &format!("{name}{modules}"));
        }
    }

    fn draw(&mut self, done: usize, total: usize) {
        let bar = self.bar.get_or_insert_with(|| {
            ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(15)).with_prefix("Building")
        });
        // A terminal may get another width at any time.
        let columns = usize::from(Term::stderr().size().1);
        if let Ok(style) = ProgressStyle::with_template(&template(columns, total)) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_length(total as u64);
        bar.set_position(done as u64);
        bar.set_message(self.running.iter().cloned().collect::<Vec<_>>().join(", "));
    }
}

/// A line that fits into a terminal of so many columns: indicatif shortens the message to what is left, but nothing else.
fn template(columns: usize, total: usize) -> String {
    const BAR: RangeInclusive<usize> = 8..=24;
    let prefix = "{prefix:>12.cyan.bold}";
    let counts = "{pos}/{len}: {wide_msg}";
    let counts_width = 2 * total.to_string().len() + "/: ".len();
    let Some(room) = columns.checked_sub(12 + " ".len() + counts_width) else {
        return "{wide_msg}".to_owned();
    };
    // Half of the room is for the names of what is being made.
    let bar = (room.saturating_sub("[] ".len()) / 2).min(*BAR.end());
    match BAR.contains(&bar) {
        true => format!("{prefix} [{{bar:{bar}}}] {counts}"),
        false => format!("{prefix} {counts}"),
    }
}

impl Observer for Progress<'_> {
    fn is_cancelled(&self) -> bool {
        interrupt::is_requested()
    }

    fn event(&self, event: Event<'_>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Package(event) => pkg::tell(self.shell, event),
            Event::Planned { modules } => state.modules = modules,
            Event::Started { kind, name } => {
                if kind != ActionKind::Parse {
                    state.running.insert(name.to_owned());
                }
                if matches!(kind, ActionKind::Cc | ActionKind::Link) {
                    state.announce(self.shell, &self.name);
                }
            }
            Event::Finished { name, done, total, .. } => {
                state.running.remove(name);
                if self.shell.is_interactive() && self.started.elapsed() > PATIENCE {
                    state.draw(done, total);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_fits_into_its_terminal() {
        for (columns, total, expected) in [
            (200, 9, "{prefix:>12.cyan.bold} [{bar:24}] {pos}/{len}: {wide_msg}"),
            (80, 120, "{prefix:>12.cyan.bold} [{bar:24}] {pos}/{len}: {wide_msg}"),
            (40, 9, "{prefix:>12.cyan.bold} [{bar:9}] {pos}/{len}: {wide_msg}"),
            (30, 9, "{prefix:>12.cyan.bold} {pos}/{len}: {wide_msg}"),
            (17, 9, "{wide_msg}"),
        ] {
            assert_eq!(template(columns, total), expected, "{columns} columns");
        }
    }
}
