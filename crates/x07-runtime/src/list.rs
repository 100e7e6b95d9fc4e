// What the runtime consists of and how it is compiled; read by the crate and by its build script.

/// The headers, in the order in which they include each other.
pub const HEADERS: &[&str] = &[
    "x07_abi_v2.h",
    "x07_embed.h",
    "x07_native_abi_v1.h",
    "x07_math_abi_v1.h",
    "x07_ext_rand_abi_v1.h",
    "x07_ext_stdio_abi_v1.h",
    "native.h",
    "x07.h",
    "runtime.h",
    "os.h",
    "os_process.h",
    "tzdata.h",
];

/// The translation units. A program links all of them but one: `MAIN` makes an executable, `EMBED` a library.
pub const SOURCES: &[&str] = &[
    "inline.c",
    "alloc.c",
    "trap.c",
    "state.c",
    "debug.c",
    "bytes.c",
    "format.c",
    "sort.c",
    "table_u32.c",
    "vec_value.c",
    "map_value.c",
    "io.c",
    "scratch.c",
    "budget.c",
    "contract.c",
    "task.c",
    "jcs.c",
    "test.c",
    "metrics.c",
    "os_policy.c",
    "os_confine.c",
    "os_path.c",
    "os_env.c",
    "os_file.c",
    "os_fs.c",
    "os_fs_write.c",
    "os_fs_walk.c",
    "os_glob.c",
    "os_request.c",
    "os_spawn.c",
    "os_child.c",
    "os_process.c",
    "os_time.c",
    "os_tzdb.c",
    TIME_ZONES,
    MAIN,
    EMBED,
];

/// The time zones, written by the build script.
pub const TIME_ZONES: &str = "tzdata.c";

/// The process around `solve`.
pub const MAIN: &str = "main.c";

/// `x07_solve_v2` in place of a process.
pub const EMBED: &str = "embed.c";

/// What every compilation of a runtime file needs, besides a level of optimisation.
pub const FLAGS: &[&str] =
    &["-std=gnu11", "-D_GNU_SOURCE", "-fno-strict-aliasing", "-ffunction-sections", "-fdata-sections"];

/// What makes code fit for a shared object, in units and runtime alike.
pub const PIC_FLAGS: &[&str] = &["-fPIC", "-DX07_PIC"];

/// What turns borrow checks on, in units and runtime alike.
pub const DEBUG_BORROW_FLAG: &str = "-DX07_DEBUG_BORROW=1";
