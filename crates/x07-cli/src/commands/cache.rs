//! `x07 cache`: the store that all projects share.

use std::time::Duration;

use anyhow::Result;
use clap::{Args, Subcommand};
use x07_build::store::{GcLimits, Removed};
use x07_build::{Environment, Store};

use crate::commands::failure::explained;
use crate::shell::{Shell, count, size};

/// Look at or shrink the cache that all projects share
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Show where it is and what it holds
    Stat,
    /// Remove what has not been used for long
    Gc(Gc),
    /// Remove everything
    Clear,
}

#[derive(Debug, Args)]
struct Gc {
    /// Remove what has not been used for this many days
    #[arg(long, value_name = "DAYS", default_value_t = 30)]
    max_age: u64,
    /// Then remove what was used longest ago until this much is left, such as 500MiB
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    max_size: Option<u64>,
}

const DAY: u64 = 24 * 60 * 60;

impl Options {
    pub(crate) fn run(&self, shell: &Shell) -> Result<u8> {
        let store = Store::open(Environment::read().cache.as_deref())?;
        match &self.what {
            What::Stat => {
                let stat = store.stat()?;
                shell.print(&format!(
                    "folder   {}\nactions  {}\nblobs    {}\nothers   {}\nsize     {}\n",
                    store.root().display(),
                    stat.actions,
                    stat.blobs,
                    stat.others,
                    size(stat.bytes)
                ))?;
            }
            What::Gc(gc) => {
                let set = crate::settings::get().cache.max_size.as_deref();
                let set = set.map(|text| parse_size(text).map_err(|why| anyhow::anyhow!("cache.max-size: {why}")));
                let max_bytes = gc.max_size.or(set.transpose()?);
                let max_age = Some(Duration::from_secs(gc.max_age.saturating_mul(DAY)));
                tell(shell, store.gc(GcLimits { max_age, max_bytes }).map_err(explained)?);
            }
            What::Clear => tell(shell, store.clear().map_err(explained)?),
        }
        Ok(0)
    }
}

fn tell(shell: &Shell, removed: Removed) {
    let files = count(usize::try_from(removed.files).unwrap_or(usize::MAX), "file");
    shell.status("Removed", &format!("{files}, {}; {} left", size(removed.bytes), size(removed.bytes_left)));
}

/// Bytes, or a number with a unit: `500MiB`, `2G`.
fn parse_size(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let shift = match text[digits..].trim().to_ascii_lowercase().trim_end_matches("ib").trim_end_matches('b') {
        "" => 0,
        "k" => 10,
        "m" => 20,
        "g" => 30,
        "t" => 40,
        unit => return Err(format!("unknown unit {unit:?}; use KiB, MiB or GiB")),
    };
    let number: u64 = text[..digits].parse().map_err(|_| "expected a number, such as 500MiB".to_owned())?;
    number.checked_mul(1 << shift).ok_or_else(|| "too large".to_owned())
}

#[cfg(test)]
mod tests {
    use super::parse_size;

    #[test]
    fn sizes_take_units() {
        let cases = [
            ("0", Some(0)),
            ("12", Some(12)),
            ("2k", Some(2048)),
            ("500MiB", Some(500 << 20)),
            ("3 GB", Some(3 << 30)),
            ("MiB", None),
            ("1x", None),
            ("-1", None),
            ("99999999999T", None),
        ];
        for (text, bytes) in cases {
            assert_eq!(parse_size(text).ok(), bytes, "{text:?}");
        }
    }
}
