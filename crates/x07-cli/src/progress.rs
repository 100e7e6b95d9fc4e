//! A build's progress, drawn as cargo draws it.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

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
            let style = ProgressStyle::with_template("{prefix:>12.cyan.bold} [{bar:24}] {pos}/{len}: {wide_msg}")
                .unwrap_or_else(|_| ProgressStyle::default_bar())
                .progress_chars("=> ");
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(15));
            bar.with_style(style).with_prefix("Building")
        });
        bar.set_length(total as u64);
        bar.set_position(done as u64);
        bar.set_message(self.running.iter().cloned().collect::<Vec<_>>().join(", "));
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
