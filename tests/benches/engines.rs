//! Not a check but a table: which engine is the faster one, and which one allocates?
//!
//!     cargo bench -p scaleiq-tests --bench engines
//!
//! One thread each. ONNX Runtime is timed in Python, with the package `onnxruntime`, if it is there;
//! what it allocates cannot be seen from here.

use scaleiq_core::engine::{Instructions, Pack};
use scaleiq_core::forecast::ForecastModel as _;
use scaleiq_core::model::{
    FORECASTER_F32, FORECASTER_INT8, ForecastNetwork, PACK, Q_NETWORK_F32, Q_NETWORK_INT8, QNetwork,
};
use scaleiq_core::policy::{OBSERVATION, ValueModel as _};
use scaleiq_tests::networks::{inputs, shipped, state, tensors};
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// Calls that are timed, and those before them that are not.
const CALLS: usize = 4000;
const WARM_UP: usize = 200;
/// Calls whose allocations are counted.
const COUNTED: usize = 100;
/// Cases that ONNX Runtime is given.
const CASES: usize = 200;
/// What all others are compared with.
const JUDGE: &str = "ONNX Runtime int8";

struct Row {
    engine: String,
    /// Median and 99th percentile, in microseconds.
    times: Option<[f64; 2]>,
    /// Per call.
    allocations: Option<f64>,
}

/// Runs each of `inputs` in turn.
fn measure<T, R>(engine: String, inputs: &[T], mut run: impl FnMut(&T) -> R) -> Row {
    let mut taken = Vec::with_capacity(CALLS);
    for input in inputs.iter().cycle().take(CALLS) {
        let start = Instant::now();
        black_box(run(input));
        taken.push(start.elapsed().as_secs_f64() * 1e6);
    }
    taken.drain(..WARM_UP);
    taken.sort_by(f64::total_cmp);
    let counted = allocation_counter::measure(|| {
        for input in inputs.iter().cycle().take(COUNTED) {
            black_box(run(input));
        }
    });
    Row {
        engine,
        times: Some([taken[taken.len() / 2], taken[taken.len() * 99 / 100]]),
        allocations: Some(counted.count_total as f64 / COUNTED as f64),
    }
}

/// Times `name` in ONNX Runtime, on cases of which `numbers` are all inputs after each other.
fn in_onnx_runtime(name: &str, numbers: impl Iterator<Item = f32>) -> Row {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("inputs.f32");
    std::fs::write(&path, numbers.flat_map(f32::to_le_bytes).collect::<Vec<u8>>()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/bench.py");
    let output = Command::new("python3").arg(script).arg(shipped(name)).arg(&path).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let text = text.unwrap_or_default();
    let mut numbers = text.split_whitespace().map(|number| number.parse().unwrap());
    let times = numbers.next().zip(numbers.next()).map(|(median, p99)| [median, p99]);
    Row { engine: format!("ONNX Runtime {}", kind(name)), times, allocations: None }
}

/// `int8` or `f32`, by the name of the file.
fn kind(name: &str) -> &str {
    name.split('.').nth(1).unwrap()
}

fn print(network: &str, rows: &[Row]) {
    let judge = rows.iter().find(|row| row.engine == JUDGE).and_then(|row| row.times);
    println!(
        "\n{network:<24}{:>11}{:>11}{:>13}{:>12}",
        "median us", "p99 us", "allocations", "x ORT int8"
    );
    for Row { engine, times, allocations } in rows {
        let Some([median, p99]) = times else {
            println!("{engine:<24}  not there");
            continue;
        };
        let allocations = allocations.map_or("-".into(), |count| format!("{count:.0}"));
        let ratio = judge.map_or("-".into(), |[judge, _]| format!("{:.2}", median / judge));
        println!("{engine:<24}{median:>11.1}{p99:>11.1}{allocations:>13}{ratio:>12}");
    }
}

fn main() {
    let bytes = std::fs::read(shipped(PACK)).unwrap();
    let pack = Pack::parse(&bytes).unwrap();

    let inputs = inputs();
    let mut rows = Vec::new();
    for instructions in Instructions::all() {
        let mut engine = pack.forecaster().on(instructions);
        rows.push(measure(format!("engine, {instructions}"), &inputs, |i| engine.infer(i)));
    }
    for name in [FORECASTER_INT8, FORECASTER_F32] {
        let path = shipped(name);
        let mut tract = ForecastNetwork::parse(&std::fs::read(&path).unwrap(), &path).unwrap();
        rows.push(measure(format!("tract {}", kind(name)), &inputs, |i| tract.infer(i)));
        let numbers = inputs.iter().take(CASES).flat_map(tensors).flat_map(|(_, v)| v.to_vec());
        rows.push(in_onnx_runtime(name, numbers));
    }
    print("forecaster", &rows);

    let states: Vec<[f32; OBSERVATION]> = (0..CASES).map(state).collect();
    let mut rows = Vec::new();
    for instructions in Instructions::all() {
        let mut engine = pack.q_network().on(instructions);
        rows.push(measure(format!("engine, {instructions}"), &states, |s| engine.values(s)));
    }
    for name in [Q_NETWORK_INT8, Q_NETWORK_F32] {
        let path = shipped(name);
        let mut tract = QNetwork::parse(&std::fs::read(&path).unwrap(), &path).unwrap();
        rows.push(measure(format!("tract {}", kind(name)), &states, |s| tract.values(s)));
        rows.push(in_onnx_runtime(name, states.iter().flatten().copied()));
    }
    print("Q-network", &rows);
}
