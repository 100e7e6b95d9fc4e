//! Which program files a policy allows, and which loader each needs.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use elf::ElfStream;
use elf::abi::PT_INTERP;
use elf::endian::AnyEndian;

use crate::sandbox::policy::Processes;

/// A name prefix may stand for this many files of one folder.
const MOST_BY_PREFIX: usize = 1024;
/// No loader's path is longer.
const LONGEST_PATH: u64 = 4096;

/// The files and folders of programs that may be started, as the policy writes them.
pub(super) fn allowed(process: &Processes, folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = process.allow_execs.iter().map(|name| PathBuf::from(name.trim())).collect();
    for prefix in process.allow_exec_prefixes.iter().map(|prefix| prefix.trim()) {
        let (parent, beginning) = match prefix.rsplit_once('/') {
            Some((parent, beginning)) => (if parent.is_empty() { "/" } else { parent }, beginning),
            None => (".", prefix),
        };
        if beginning.is_empty() {
            paths.push(PathBuf::from(parent));
            continue;
        }
        let entries = fs::read_dir(folder.join(parent)).into_iter().flatten().flatten();
        let fitting = entries.filter(|entry| entry.file_name().as_encoded_bytes().starts_with(beginning.as_bytes()));
        paths.extend(fitting.take(MOST_BY_PREFIX).map(|entry| Path::new(parent).join(entry.file_name())));
    }
    paths
}

/// The loader that a program file names; the kernel executes it in its place.
pub(super) fn interpreter(program: &Path) -> Option<PathBuf> {
    let file = File::open(program).ok().filter(|file| file.metadata().is_ok_and(|metadata| metadata.is_file()))?;
    let mut again = file.try_clone().ok()?;
    let program = ElfStream::<AnyEndian, _>::open_stream(file).ok()?;
    let segment = program.segments().iter().find(|segment| segment.p_type == PT_INTERP)?;
    let mut text = Vec::new();
    again.seek(SeekFrom::Start(segment.p_offset)).ok()?;
    again.take(segment.p_filesz.min(LONGEST_PATH)).read_to_end(&mut text).ok()?;
    let end = text.iter().position(|byte| *byte == 0).unwrap_or(text.len());
    text.truncate(end);
    Some(PathBuf::from(String::from_utf8(text).ok()?))
}
