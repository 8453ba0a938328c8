//! The filter of system calls: what Landlock does not know of.

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, sock_filter,
};
use std::collections::BTreeMap;
use std::io;

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Refused with `EPERM`: what changes the machine, or reaches into other processes.
const FORBIDDEN: &[libc::c_long] = &[
    libc::SYS_acct,
    libc::SYS_add_key,
    libc::SYS_adjtimex,
    libc::SYS_bpf,
    libc::SYS_chroot,
    libc::SYS_clock_adjtime,
    libc::SYS_clock_settime,
    libc::SYS_delete_module,
    libc::SYS_fanotify_init,
    libc::SYS_finit_module,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fsopen,
    libc::SYS_fspick,
    libc::SYS_init_module,
    libc::SYS_kcmp,
    libc::SYS_kexec_load,
    libc::SYS_keyctl,
    libc::SYS_lookup_dcookie,
    libc::SYS_mount,
    libc::SYS_mount_setattr,
    libc::SYS_move_mount,
    libc::SYS_open_by_handle_at,
    libc::SYS_open_tree,
    libc::SYS_perf_event_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pivot_root,
    libc::SYS_process_madvise,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_quotactl,
    libc::SYS_reboot,
    libc::SYS_request_key,
    libc::SYS_setdomainname,
    libc::SYS_sethostname,
    libc::SYS_setns,
    libc::SYS_settimeofday,
    libc::SYS_swapoff,
    libc::SYS_swapon,
    libc::SYS_syslog,
    libc::SYS_umount2,
    libc::SYS_unshare,
    libc::SYS_userfaultfd,
    libc::SYS_vhangup,
];

/// Answered as by a kernel that does not have them, so that programs take the older call, whose
/// arguments a filter can read. A ring's requests pass every filter by.
const ABSENT: &[libc::c_long] = &[
    libc::SYS_clone3,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_io_uring_setup,
];

/// Flags of `clone` that make namespaces: what is hidden by one must not be brought back by another.
const NEW_NAMESPACES: &[libc::c_int] = &[
    libc::CLONE_NEWCGROUP,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWNET,
    libc::CLONE_NEWNS,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWUTS,
];

/// Requests to a terminal that type on it.
const TYPING: &[libc::c_ulong] = &[libc::TIOCSTI, libc::TIOCLINUX];

/// What the calls of one answer are.
struct Part {
    errno: libc::c_int,
    rules: Rules,
}

/// The filters for a command: `confined`, and with the internet's sockets or without.
pub(super) fn programs(confined: bool, internet: bool) -> io::Result<Vec<BpfProgram>> {
    let mut parts = vec![Part { errno: libc::EACCES, rules: sockets(confined, internet)? }];
    // What a filter cannot look into passes it by, whatever it is for.
    parts.push(Part { errno: libc::ENOSYS, rules: whole(ABSENT) });
    if confined {
        let mut rules = whole(FORBIDDEN);
        let flags = NEW_NAMESPACES.iter().map(|flag| {
            let flag = u64::from(flag.cast_unsigned());
            rule(&[(0, SeccompCmpArgLen::Qword, SeccompCmpOp::MaskedEq(flag), flag)])
        });
        rules.insert(libc::SYS_clone, flags.collect::<io::Result<_>>()?);
        let typing = TYPING
            .iter()
            .map(|request| rule(&[(1, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, *request)]));
        rules.insert(libc::SYS_ioctl, typing.collect::<io::Result<_>>()?);
        parts.push(Part { errno: libc::EPERM, rules });
    }
    let mut programs: Vec<BpfProgram> =
        parts.into_iter().map(compile).collect::<io::Result<_>>()?;
    #[cfg(target_arch = "x86_64")]
    if let Some(first) = programs.first_mut() {
        let mut guarded = without_x32();
        guarded.append(first);
        *first = guarded;
    }
    Ok(programs)
}

/// Puts a filter on this thread, for good.
pub(super) fn apply(programs: &[BpfProgram]) -> io::Result<()> {
    for program in programs {
        seccompiler::apply_filter(program).map_err(io::Error::other)?;
    }
    Ok(())
}

/// Which sockets may not be made. A filter sees neither path nor address, so the whole family of Unix
/// sockets is out of a confined command's reach: the desktop's, the session bus's, Docker's, the
/// agents', by path or abstract. Pairs are allowed where they cannot be connected to anything else.
fn sockets(confined: bool, internet: bool) -> io::Result<Rules> {
    let mut allowed = vec![libc::AF_NETLINK];
    if internet {
        allowed.extend([libc::AF_INET, libc::AF_INET6]);
    }
    if !confined {
        allowed.push(libc::AF_UNIX);
    }
    let others: Vec<_> =
        allowed.into_iter().map(|family| (0, DWORD, SeccompCmpOp::Ne, of(family))).collect();
    let mut rules = Rules::from([(libc::SYS_socket, vec![rule(&others)?])]);
    if confined {
        let kind = |kind| rule(&[(1, DWORD, SeccompCmpOp::MaskedEq(0xf), of(kind))]);
        let pairs = vec![
            rule(&[(0, DWORD, SeccompCmpOp::Ne, of(libc::AF_UNIX))])?,
            kind(libc::SOCK_DGRAM)?,
            kind(libc::SOCK_RAW)?,
        ];
        rules.insert(libc::SYS_socketpair, pairs);
    }
    Ok(rules)
}

const DWORD: SeccompCmpArgLen = SeccompCmpArgLen::Dword;

fn of(value: libc::c_int) -> u64 {
    u64::from(value.cast_unsigned())
}

fn whole(calls: &[libc::c_long]) -> Rules {
    calls.iter().map(|call| (*call, Vec::new())).collect()
}

/// A rule that holds where all its conditions do.
fn rule(conditions: &[(u8, SeccompCmpArgLen, SeccompCmpOp, u64)]) -> io::Result<SeccompRule> {
    let conditions = conditions.iter().cloned().map(|(argument, length, operator, value)| {
        SeccompCondition::new(argument, length, operator, value).map_err(io::Error::other)
    });
    SeccompRule::new(conditions.collect::<io::Result<_>>()?).map_err(io::Error::other)
}

fn compile(part: Part) -> io::Result<BpfProgram> {
    let refused = SeccompAction::Errno(part.errno.cast_unsigned());
    let architecture = std::env::consts::ARCH.try_into().map_err(io::Error::other)?;
    let filter = SeccompFilter::new(part.rules, SeccompAction::Allow, refused, architecture);
    filter.and_then(TryInto::try_into).map_err(io::Error::other)
}

/// The x32 calls have numbers of their own under the same architecture: no rule above would see them.
#[cfg(target_arch = "x86_64")]
fn without_x32() -> BpfProgram {
    const LOAD: u16 = 0x20;
    const JUMP_IF_AT_LEAST: u16 = 0x35;
    const RETURN: u16 = 0x06;
    const X32: u32 = 0x4000_0000;
    const ERRNO: u32 = 0x0005_0000;
    vec![
        sock_filter { code: LOAD, jt: 0, jf: 0, k: 0 },
        sock_filter { code: JUMP_IF_AT_LEAST, jt: 0, jf: 1, k: X32 },
        sock_filter { code: RETURN, jt: 0, jf: 0, k: ERRNO | libc::ENOSYS.cast_unsigned() },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_filter_compiles() {
        for (confined, internet) in [(true, true), (true, false), (false, false)] {
            let programs = programs(confined, internet).unwrap();
            assert!(programs.iter().all(|program| program.len() < 4_096));
        }
    }
}
