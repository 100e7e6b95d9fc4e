//! Libraries of the system: who has them, and which one a linker misses.

/// Library, Debian package, Homebrew formula.
const KNOWN: &[(&str, &str, &str)] = &[
    ("archive", "libarchive-dev", "libarchive"),
    ("bz2", "libbz2-dev", "bzip2"),
    ("crypto", "libssl-dev", "openssl@3"),
    ("curl", "libcurl4-openssl-dev", "curl"),
    ("expat", "libexpat1-dev", "expat"),
    ("ffi", "libffi-dev", "libffi"),
    ("gmp", "libgmp-dev", "gmp"),
    ("hiredis", "libhiredis-dev", "hiredis"),
    ("jpeg", "libjpeg-dev", "jpeg-turbo"),
    ("lz4", "liblz4-dev", "lz4"),
    ("lzma", "liblzma-dev", "xz"),
    ("m", "libc6-dev", "gcc"),
    ("mysqlclient", "default-libmysqlclient-dev", "mysql-client"),
    ("ncurses", "libncurses-dev", "ncurses"),
    ("pcre2-8", "libpcre2-dev", "pcre2"),
    ("png", "libpng-dev", "libpng"),
    ("pq", "libpq-dev", "libpq"),
    ("rabbitmq", "librabbitmq-dev", "rabbitmq-c"),
    ("rdkafka", "librdkafka-dev", "librdkafka"),
    ("readline", "libreadline-dev", "readline"),
    ("sodium", "libsodium-dev", "libsodium"),
    ("sqlite3", "libsqlite3-dev", "sqlite"),
    ("ssl", "libssl-dev", "openssl@3"),
    ("uv", "libuv1-dev", "libuv"),
    ("xml2", "libxml2-dev", "libxml2"),
    ("yaml", "libyaml-dev", "libyaml"),
    ("z", "zlib1g-dev", "zlib"),
    ("zstd", "libzstd-dev", "zstd"),
];

/// How a library is installed, if that is known.
pub(crate) fn advice(library: &str) -> Option<String> {
    let (_, debian, homebrew) = KNOWN.iter().find(|(name, ..)| *name == library)?;
    Some(format!("Debian, Ubuntu: apt install {debian}; macOS: brew install {homebrew}"))
}

/// The libraries that a linker could not find, in the words of ld, lld, mold and Apple's ld.
pub(crate) fn missing(linker_said: &str) -> Vec<String> {
    const BEFORE: [&str; 4] =
        ["cannot find -l", "unable to find library -l", "library not found: ", "library not found for -l"];
    const APPLE: &str = "library '";
    let mut missing: Vec<String> = Vec::new();
    for line in linker_said.lines() {
        let plain = BEFORE.iter().find_map(|words| line.split_once(words)).map(|(_, rest)| rest);
        let apple = line.split_once(APPLE).filter(|(_, rest)| rest.contains("not found")).map(|(_, rest)| rest);
        let Some(rest) = plain.or(apple) else {
            continue;
        };
        let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "_+-.".contains(*c)).collect();
        if !name.is_empty() && !missing.contains(&name) {
            missing.push(name);
        }
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::missing;

    #[test]
    fn linkers_name_what_they_miss() {
        let cases = [
            ("/usr/bin/ld: cannot find -lz: No such file or directory", "z"),
            ("/usr/bin/ld: cannot find -lpcre2-8\n/usr/bin/ld: cannot find -lpcre2-8", "pcre2-8"),
            ("ld.lld: error: unable to find library -lrdkafka", "rdkafka"),
            ("mold: fatal: library not found: sqlite3", "sqlite3"),
            ("ld: library not found for -lcurl", "curl"),
            ("ld: library 'ssl' not found", "ssl"),
            ("undefined reference to `z'", ""),
        ];
        for (said, expected) in cases {
            assert_eq!(missing(said).join(" "), expected, "{said}");
        }
    }
}
