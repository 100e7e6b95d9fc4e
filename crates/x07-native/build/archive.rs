//! What of a static library a program needs: the backend's own object and whatever that reaches. A Rust static library
//! brings the whole of its C dependencies and of the compiler's support library, which a C compiler brings itself.

use std::collections::{HashMap, HashSet};
use std::error::Error;
use std::io::Cursor;

use ar_archive_writer::{ArchiveKind, DEFAULT_OBJECT_READER, NewArchiveMember, write_archive_to_stream};
use object::read::archive::ArchiveFile;
use object::{Object, ObjectSymbol};

/// The support library of rustc; programs have that of their C compiler.
const COMPILER_SUPPORT: &str = "compiler_builtins-";

struct Member<'a> {
    name: String,
    data: &'a [u8],
    defined: Vec<&'a [u8]>,
    wanted: Vec<&'a [u8]>,
}

/// The archive with the members whose name begins with `root` and those that they reach, in the order of their names,
/// since that of the library is as a file system gave it.
pub(crate) fn reduced(archive: &[u8], root: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let members = members(archive)?;
    let definitions: HashMap<&[u8], usize> = members
        .iter()
        .enumerate()
        .rev()
        .flat_map(|(index, member)| member.defined.iter().map(move |symbol| (*symbol, index)))
        .collect();
    let mut kept = HashSet::new();
    let mut queue: Vec<usize> = (0..members.len()).filter(|index| members[*index].name.starts_with(root)).collect();
    if queue.is_empty() {
        return Err(format!("no object {root}* in a backend's archive").into());
    }
    while let Some(index) = queue.pop() {
        if kept.insert(index) {
            queue.extend(members[index].wanted.iter().filter_map(|symbol| definitions.get(symbol)));
        }
    }

    let mut kept: Vec<(String, &[u8])> =
        kept.into_iter().map(|index| (plain(&members[index].name), members[index].data)).collect();
    kept.sort();
    let kept: Vec<NewArchiveMember<'_>> =
        kept.into_iter().map(|(name, data)| NewArchiveMember::new(data, &DEFAULT_OBJECT_READER, name)).collect();
    let kind = if cfg!(target_vendor = "apple") { ArchiveKind::Darwin } else { ArchiveKind::Gnu };
    let mut written = Cursor::new(Vec::new());
    write_archive_to_stream(&mut written, &kept, kind, false, None)?;
    Ok(written.into_inner())
}

fn members(archive: &[u8]) -> Result<Vec<Member<'_>>, Box<dyn Error>> {
    let mut members = Vec::new();
    for member in ArchiveFile::parse(archive)?.members() {
        let member = member?;
        let name = String::from_utf8_lossy(member.name()).into_owned();
        let data = member.data(archive)?;
        if name.starts_with(COMPILER_SUPPORT) {
            continue;
        }
        let Ok(object) = object::File::parse(data) else {
            continue;
        };
        let (mut defined, mut wanted) = (Vec::new(), Vec::new());
        for symbol in object.symbols().filter(|symbol| symbol.is_global()) {
            let list = if symbol.is_undefined() { &mut wanted } else { &mut defined };
            list.push(symbol.name_bytes()?);
        }
        members.push(Member { name, data, defined, wanted });
    }
    Ok(members)
}

/// A name without the hashes that rustc and cargo put into it, which differ between machines.
fn plain(name: &str) -> String {
    let is_hash = |part: &str| part.len() == 16 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let stem = name.trim_end_matches(".o").split('-').find(|part| !is_hash(part)).unwrap_or("member");
    format!("{stem}.o")
}
