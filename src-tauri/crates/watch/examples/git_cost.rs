//! What looking at git's states costs: `cargo run --release -p countersign-watch --example git_cost -- DIR`.
//! Tells the time to the first states, and the processor's time while files change for ten seconds.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use countersign_watch::Git;
use std::path::PathBuf;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

fn main() {
    let root = PathBuf::from(std::env::args().nth(1).unwrap());
    let (sender, told) = channel();
    let began = Instant::now();
    let git = Git::start(&root, move |change| drop(sender.send(change)));
    let first = told.recv_timeout(Duration::from_mins(2)).unwrap();
    let took = began.elapsed();
    println!("first states after {took:?}, branch {:?}; {:?}", first.branch, processor());
    let (began, before) = (Instant::now(), processor());
    let mut changes = 0;
    while began.elapsed() < Duration::from_secs(10) {
        std::fs::write(root.join("zz-storm"), changes.to_string()).unwrap();
        git.refresh();
        changes += 1;
        std::thread::sleep(Duration::from_millis(5));
    }
    std::fs::remove_file(root.join("zz-storm")).unwrap();
    let used = processor() - before;
    println!("{changes} changes in {:?}: {used:?} of a processor", began.elapsed());
}

/// Processor's time of this program so far.
fn processor() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    let ticks: u64 =
        [fields[11], fields[12]].iter().map(|field| field.parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}
