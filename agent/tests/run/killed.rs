//! Agents and keepers that are killed, at random moments of the life of a change: while the agent starts, while
//! workers start, crash and are started again, and while they are drained.

use super::http::until;
use super::now;
use super::pool::{config, folder, numbers, processes, sample};
use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

/// Pools at the same time, and agents that are killed in each: 200 in all.
const POOLS: u64 = 4;
const ROUNDS: u64 = 50;
/// The variable that chooses the moments, which differ from run to run without it.
const SEED: &str = "SCALEIQ_SEED";

/// A worker that holds a lock for as long as anything of it lives and tells if another has it, starts a process
/// that does not end by itself, drains for a while, and is sometimes one that crashes. It asks for the lock for half
/// as long as one drains, since the system takes it from the dead a moment after they can run no more.
const WORKER: &str = "exec 9> alive-$SCALEIQ_WORKER
flock -w 0.1 9 || echo $SCALEIQ_WORKER >> doubles
trap 'echo >> drains; sleep 0.2; exit' TERM
echo >> starts
(trap '' TERM; sleep 300) &
[ $(($$ % 4)) = 0 ] && { sleep 0.05; echo >> crashes; exit 7; }
wait
";

/// Random numbers (Steele and others, `SplitMix64`, 2014).
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ (bits >> 31)) % end
    }

    fn pause(&mut self, most_ms: u64) {
        thread::sleep(Duration::from_micros(self.below(1000 * most_ms)));
    }
}

#[test]
fn agents_killed_at_200_random_moments_leave_no_orphan_and_no_double_worker() {
    let seed = std::env::var(SEED).map_or_else(|_| now(), |seed| seed.parse().unwrap());
    println!("{SEED}={seed}");
    let seen: Vec<[usize; 3]> = thread::scope(|scope| {
        let pools = (0..POOLS).map(|pool| {
            scope.spawn(move || kill_again_and_again(Random(seed.wrapping_mul(POOLS) + pool)))
        });
        let pools: Vec<_> = pools.collect();
        pools.into_iter().map(|pool| pool.join().unwrap()).collect()
    });
    // On a slow machine a pool alone may see few.
    for (k, what) in SEEN.iter().enumerate() {
        let count: usize = seen.iter().map(|pool| pool[k]).sum();
        assert!(count > 10, "{what}: {count}");
    }
}

/// What a worker tells of, a line each time.
const SEEN: [&str; 3] = ["starts", "drains", "crashes"];

/// How often each of `SEEN` was told.
fn kill_again_and_again(mut random: Random) -> [usize; 3] {
    let folder = folder(WORKER, 3);
    let at = folder.path();
    for round in 1..=ROUNDS {
        let wanted = 1 + random.below(6);
        fs::write(at.join("places/wanted"), format!("{wanted}\n")).unwrap();
        let mut agent = start(at);
        random.pause(250);
        tell(at, 20 + random.below(2) * 500);
        random.pause(250);
        // Every tenth alone, to see that nothing is left by itself.
        if round % 10 != 0 && random.below(3) == 0 {
            kill_with_keeper(&mut agent);
        } else {
            kill(&mut agent);
        }
        if round % 10 == 0 {
            until(|| processes(at) == 0);
        }
    }
    let count = |file: &str| fs::read_to_string(at.join(file)).unwrap_or_default().len();
    let seen = SEEN.map(count);
    fs::write(at.join("places/wanted"), "3\n").unwrap();
    let mut agent = start(at);
    until(|| numbers(at).into_iter().collect::<BTreeSet<_>>().len() == 3);
    kill(&mut agent);
    until(|| processes(at) == 0);
    assert_eq!(count("doubles"), 0, "{}", fs::read_to_string(at.join("doubles")).unwrap());
    seen
}

/// An agent in `folder`, which says in a file where it listens.
fn start(folder: &Path) -> Child {
    fs::write(folder.join("c.yaml"), format!("model: none\n{}", config(20.0, ""))).unwrap();
    let log = fs::File::create(folder.join("log")).unwrap();
    let mut agent = Command::new(env!("CARGO_BIN_EXE_agent"));
    agent.args(["run", "--config", "c.yaml"]).current_dir(folder);
    agent.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap()
}

/// Tells the agent of so many arrivals, if it listens already: it wants more workers then, or fewer.
fn tell(folder: &Path, arrivals: u64) {
    let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
    let Some((_, rest)) = log.split_once("listening on http://") else { return };
    let address = rest.split(',').next().unwrap_or_default();
    let Ok(mut stream) = TcpStream::connect(address) else { return };
    let body = sample(now(), arrivals);
    let head = format!(
        "POST /ingest HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(format!("{head}{body}").as_bytes());
    let _ = stream.read_to_end(&mut Vec::new());
}

fn kill(agent: &mut Child) {
    agent.kill().unwrap();
    agent.wait().unwrap();
}

/// Kills the agent and its keeper, if it has one yet, in the same moment.
fn kill_with_keeper(agent: &mut Child) {
    let threads =
        fs::read_dir(format!("/proc/{}/task", agent.id())).into_iter().flatten().flatten();
    let children = threads.filter_map(|t| fs::read_to_string(t.path().join("children")).ok());
    let both = format!("{} {}", agent.id(), children.collect::<String>());
    let killed = Command::new("kill").arg("-KILL").args(both.split_whitespace()).status();
    assert!(killed.unwrap().success(), "{both}");
    agent.wait().unwrap();
}
