//! File systems that hold the program's keys and memory, or files that never end.

use rustix::fs::fstatfs;
use std::os::fd::BorrowedFd;
use std::path::Path;

/// Folders that are refused by name, whatever is mounted there.
const FOLDERS: [&str; 3] = ["/proc", "/sys", "/dev"];

/// `f_type` of pseudo file systems, from `linux/magic.h` and the sources of those not listed there.
#[cfg(target_os = "linux")]
const MAGIC: [i64; 19] = [
    0x9fa0,      // proc
    0x6265_6572, // sysfs
    0x1cd1,      // devpts
    0x6462_6720, // debugfs
    0x7472_6163, // tracefs
    0x7363_6673, // securityfs
    0xf97c_ff8c, // selinuxfs
    0x27_e0eb,   // cgroup
    0x6367_7270, // cgroup2
    0xcafe_4a11, // bpf
    0x6265_6570, // configfs
    0xde5e_81e4, // efivarfs
    0x6165_676c, // pstore
    0x6e73_6673, // nsfs
    0x5049_5045, // pipefs
    0x534f_434b, // sockfs
    0x0904_1934, // anon_inodefs
    0x4249_4e4d, // binfmt_misc
    0x1980_0202, // mqueue
];

/// Whether an absolute path without `.` and `..` lies in a pseudo file system by its name.
pub(crate) fn by_name(path: &Path) -> bool {
    FOLDERS.iter().any(|folder| path.starts_with(folder))
}

/// Whether an open object lies in a pseudo file system.
#[cfg(target_os = "linux")]
pub(crate) fn by_handle(handle: BorrowedFd<'_>) -> bool {
    // Where the system cannot say, the answer is the careful one.
    fstatfs(handle).map_or(true, |stat| {
        #[allow(clippy::cast_lossless, clippy::unnecessary_cast, clippy::cast_possible_wrap)]
        let kind = stat.f_type as i64;
        MAGIC.contains(&kind)
    })
}

/// Whether an open object lies in a pseudo file system.
#[cfg(not(target_os = "linux"))]
pub(crate) fn by_handle(handle: BorrowedFd<'_>) -> bool {
    fstatfs(handle).is_err()
}
