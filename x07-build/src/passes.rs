//! The programs behind a call of gcc. `gcc -c` is a driver that works out two command lines, starts the compiler proper and
//! the assembler with them, and waits: nearly a tenth of the time that a small unit takes. A build that compiles many units
//! asks the driver once what it would start, and starts that itself.

use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::cc::feed;
use crate::toolchain::{Family, Toolchain, resolve};

/// The two programs that make an object of a C text: the second reads what the first writes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Passes {
    compiler: Vec<String>,
    /// Ends with the option that the name of the object follows.
    assembler: Vec<String>,
}

impl Passes {
    /// What the driver would start for `command`, a call that reads a text from standard input and writes `object`. `None`
    /// when that is not one compiler and one assembler: with any doubt, the driver is called.
    pub(crate) fn ask(toolchain: &Toolchain, mut command: Command, object: &Path) -> Option<Passes> {
        // A launcher must see every call, and so must what only goes by the name of gcc, such as a cache or a distributor.
        let program = toolchain.program.canonicalize().ok()?;
        let is_driver = program.file_name().and_then(OsStr::to_str).is_some_and(|name| name.contains("gcc"));
        if toolchain.family != Family::Gcc || toolchain.launcher.is_some() || !is_driver {
            return None;
        }
        let output = command.arg("-###").stdin(Stdio::null()).output().ok()?;
        if !output.status.success() {
            return None;
        }
        let mut passes = Passes::read(&String::from_utf8(output.stderr).ok()?, object.to_str()?)?;
        // Not to be looked up for every unit.
        for words in [&mut passes.compiler, &mut passes.assembler] {
            words[0] = resolve(Path::new(&words[0]))?.to_str()?.to_owned();
        }
        Some(passes)
    }

    /// Reads what `gcc -###` prints: the command lines begin with a blank.
    fn read(printed: &str, object: &str) -> Option<Passes> {
        let mut lines = printed.lines().filter(|line| line.starts_with(' '));
        let (first, second) = (lines.next()?, lines.next()?);
        if lines.next().is_some() {
            return None;
        }
        let compiler = shlex::split(first.strip_suffix(" |")?)?;
        let mut assembler = shlex::split(second)?;
        let is_compiler = compiler.first()?.ends_with("/cc1") && compiler.ends_with(&["-o".to_owned(), "-".to_owned()]);
        let is_assembler = Path::new(assembler.first()?).file_name() == Some(OsStr::new("as"));
        let place = assembler.iter().position(|word| word == object)?;
        let at_the_end = place + 1 == assembler.len() && place > 0 && assembler[place - 1] == "-o";
        assembler.truncate(place);
        (is_compiler && is_assembler && at_the_end).then_some(Passes { compiler, assembler })
    }

    /// Compiles a text to an object; false when that did not succeed. Then the driver has to be called, whose messages and
    /// exit status are what a user knows.
    pub(crate) fn run(&self, text: &str, object: &Path) -> bool {
        self.try_run(text, object).unwrap_or(false)
    }

    fn try_run(&self, text: &str, object: &Path) -> io::Result<bool> {
        let mut compiler = program(&self.compiler).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let assembly = compiler.stdout.take().map_or_else(Stdio::null, Stdio::from);
        let assembler = program(&self.assembler).arg(object).stdin(assembly).stdout(Stdio::null()).spawn();
        // Both are waited for, whatever becomes of one.
        let fed = feed(&mut compiler, text);
        let compiled = compiler.wait()?;
        let assembled = assembler?.wait()?;
        fed?;
        Ok(compiled.success() && assembled.success())
    }
}

/// Units are compiled without warnings, so that there are messages only with a failure.
fn program(words: &[String]) -> Command {
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).stderr(Stdio::null());
    command
}

#[cfg(test)]
mod tests {
    use super::Passes;

    const HEAD: &str = "Using built-in specs.\nTarget: x86_64-linux-gnu\n";
    const COMPILER: &str = " /usr/lib/gcc/x86_64-linux-gnu/12/cc1 -quiet \"-std=gnu11\" -I \"a b\" -o -";

    fn words(text: &str) -> Vec<String> {
        text.split('|').map(str::to_owned).collect()
    }

    #[test]
    fn two_programs_in_a_pipe_are_read() {
        let passes = Passes::read(&format!("{HEAD}{COMPILER} |\n as --64 -o o.o\nLIBRARY_PATH=/lib/\n"), "o.o");
        let compiler = words("/usr/lib/gcc/x86_64-linux-gnu/12/cc1|-quiet|-std=gnu11|-I|a b|-o|-");
        assert_eq!(passes, Some(Passes { compiler, assembler: words("as|--64|-o") }));
    }

    #[test]
    fn anything_else_is_left_to_the_driver() {
        for printed in [
            String::new(),
            HEAD.to_owned(),
            format!("{COMPILER}\n as -o o.o\n"),
            format!("{COMPILER} |\n as -o o.o -more\n"),
            format!("{COMPILER} |\n as -o other.o\n"),
            format!("{COMPILER} |\n as o.o\n"),
            format!("{COMPILER} |\n as -o \"o.o\n"),
            format!("{COMPILER} |\n sh -o o.o\n"),
            format!("{COMPILER} |\n as -o o.o\n objcopy o.o\n"),
            " clang -cc1 -o - |\n as -o o.o\n".to_owned(),
            " cc1 -o x.s |\n as -o o.o\n".to_owned(),
        ] {
            assert_eq!(Passes::read(&printed, "o.o"), None, "{printed}");
        }
    }
}
