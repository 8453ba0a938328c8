//! What confinement costs: the time from the start to the end of `true`, bare, under the supervisor,
//! and confined at each level, taken in turn within one run. Ends with 1 where it costs too much.
//! `cargo run --release -p countersign-sandbox --example spawn_cost --features supervise_at_load`
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use countersign_sandbox::confine::{
    Bounds, Confinement, Landlock, Limits, Namespaces, Places, Unconfined,
};
use countersign_sandbox::{CommandSpec, End, Supervisor};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How often each is measured.
const ROUNDS: usize = 200;
/// What confinement may cost over a bare spawn.
const ALLOWED: Duration = Duration::from_millis(5);

struct Way {
    name: String,
    supervisor: Supervisor,
    confine: bool,
    network: bool,
    times: Vec<Duration>,
}

fn ways() -> Vec<Way> {
    let supervisor = Supervisor::this_program().unwrap();
    let way = |name: String, by: Arc<dyn Confinement>, confine, network| Way {
        name,
        supervisor: supervisor.clone().confining_by(by),
        confine,
        network,
        times: Vec::new(),
    };
    let none = Arc::new(Unconfined { why: "it is measured so" });
    let mut ways = vec![way("supervised".to_owned(), none, false, true)];
    if let Ok(found) = Landlock::find() {
        for namespaces in [Namespaces::None, Namespaces::User] {
            let level = found.lowered(u8::MAX, namespaces, Places::of_this_user());
            let name = level.describe();
            let level: Arc<dyn Confinement> = Arc::new(level);
            ways.push(way(name.clone(), Arc::clone(&level), true, true));
            ways.push(way(format!("{name}, no network"), level, true, false));
        }
    }
    ways
}

async fn supervised(way: &Way) -> Duration {
    let workspace = || std::fs::File::open(env!("CARGO_MANIFEST_DIR")).unwrap().into();
    let confine = way.confine.then(|| Bounds { workspace: workspace(), private: Vec::new() });
    let spec = CommandSpec {
        program: "/bin/true".into(),
        args: Vec::new(),
        cwd: workspace(),
        env: Vec::new(),
        timeout: Duration::from_secs(9),
        capture_limit: 100,
        limits: Limits { confine, network: way.network },
    };
    let (live, _unread) = tokio::sync::mpsc::channel(1);
    let begin = Instant::now();
    let finished = way.supervisor.run(spec, live, CancellationToken::new()).await.unwrap();
    let time = begin.elapsed();
    assert_eq!(finished.end, End::Exited(0), "{finished:?}");
    time
}

#[tokio::main]
async fn main() {
    let mut ways = ways();
    let mut bare = Vec::new();
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        tokio::process::Command::new("/bin/true").status().await.unwrap();
        bare.push(begin.elapsed());
        for way in &mut ways {
            let time = supervised(way).await;
            way.times.push(time);
        }
    }
    // The least is what it costs by itself; the median holds what else the machine does as well.
    let least_and_median = |times: &mut Vec<Duration>| {
        times.sort();
        (times[0], times[times.len() / 2])
    };
    let (bare, median) = least_and_median(&mut bare);
    println!("the start and the end of true, the least of {ROUNDS}, medians in brackets");
    println!("  {bare:>10.2?} ({median:.2?})  bare spawn");
    let mut kept = true;
    for way in &mut ways {
        let (time, median) = least_and_median(&mut way.times);
        let over = time.saturating_sub(bare);
        let times = time.as_secs_f64() / bare.as_secs_f64();
        let word = if over <= ALLOWED { "kept" } else { "BROKEN" };
        kept &= over <= ALLOWED;
        println!(
            "  {time:>10.2?} ({median:.2?})  {}: {times:.1} times bare, {over:.2?} over, at most {ALLOWED:?}: {word}",
            way.name
        );
    }
    std::process::exit(i32::from(!kept));
}
