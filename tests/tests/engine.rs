//! The int8 engine against tract and ONNX Runtime, quantiser by quantiser and sum by sum.
//!
//! The engine runs with a probe that compares what it quantises with what the reference quantised,
//! and goes on with the reference's: so each layer is compared on the same input.

use prost::Message as _;
use scaleiq_core::engine::{Dense, ForecasterPack, Pack, Probe, Site};
use scaleiq_core::forecast::{ForecastModel as _, ModelInput};
use scaleiq_core::model::{FORECASTER_INT8, PACK, Q_NETWORK_INT8, QNetwork};
use scaleiq_core::policy::ValueModel as _;
use scaleiq_tests::cannot_run;
use scaleiq_tests::networks::{inputs, shipped, state, tensors};
use std::path::Path;
use std::process::Command;
use tract_onnx::pb::{ModelProto, NodeProto, ValueInfoProto};
use tract_onnx::prelude::*;
use tract_onnx::tract_core::tract_linalg::isa::{self, Isa};

/// What a reference computed for one input.
struct Computed {
    /// Of each `QuantizeLinear`, in the graph's order.
    quantised: Vec<Vec<u8>>,
    /// Of each `MatMulInteger`, in the graph's order.
    sums: Vec<Vec<i32>>,
    changes: Vec<f32>,
}

/// The shipped int8 graph with quantised values and integer sums as further outputs.
struct Tapped {
    onnx: Vec<u8>,
    /// For each `MatMulInteger` the index of what it reads.
    reads: Vec<usize>,
    quantisers: usize,
}

impl Tapped {
    fn shipped() -> Self {
        let bytes = std::fs::read(shipped(FORECASTER_INT8)).unwrap();
        let mut model = ModelProto::decode(bytes.as_slice()).unwrap();
        let graph = model.graph.as_mut().unwrap();
        let named = |op: &str| -> Vec<NodeProto> {
            graph.node.iter().filter(|n| n.op_type == op).cloned().collect()
        };
        let (quantisers, products) = (named("QuantizeLinear"), named("MatMulInteger"));
        let reads = products
            .iter()
            .map(|p| quantisers.iter().position(|q| q.output[0] == p.input[0]).unwrap())
            .collect();
        for node in quantisers.iter().chain(&products) {
            let name = node.output[0].clone();
            graph.output.push(ValueInfoProto { name, ..Default::default() });
        }
        Self { onnx: model.encode_to_vec(), reads, quantisers: quantisers.len() }
    }

    fn in_tract(&self, inputs: &[ModelInput]) -> Vec<Computed> {
        let mut model =
            scaleiq_core::model::onnx().unwrap().model_for_read(&mut self.onnx.as_slice()).unwrap();
        for (k, (shape, _)) in tensors(&inputs[0]).iter().enumerate() {
            model.set_input_fact(k, f32::fact(shape).into()).unwrap();
        }
        let plan = model.into_optimized().unwrap().into_runnable().unwrap();
        let run = |input: &ModelInput| {
            let feed =
                tensors(input).map(|(shape, v)| Tensor::from_shape(&shape, v).unwrap().into());
            let outputs = plan.run(feed.into_iter().collect()).unwrap();
            let (quantised, sums) = outputs[1..].split_at(self.quantisers);
            let bytes =
                |v: &TValue| v.try_as_plain_ram().unwrap().as_slice::<u8>().unwrap().to_vec();
            let whole =
                |v: &TValue| v.try_as_plain_ram().unwrap().as_slice::<i32>().unwrap().to_vec();
            Computed {
                quantised: quantised.iter().map(bytes).collect(),
                sums: sums.iter().map(whole).collect(),
                changes: outputs[0].try_as_plain_ram().unwrap().as_slice::<f32>().unwrap().to_vec(),
            }
        };
        inputs.iter().map(run).collect()
    }

    /// In ONNX Runtime; sizes of outputs are as in `like`.
    fn in_onnx_runtime(&self, inputs: &[ModelInput], like: &Computed) -> Vec<Computed> {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("tapped.onnx"), &self.onnx).unwrap();
        let numbers = inputs.iter().flat_map(tensors).flat_map(|(_, values)| values.to_vec());
        let bytes: Vec<u8> = numbers.flat_map(f32::to_le_bytes).collect();
        std::fs::write(path("inputs.f32"), bytes).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/taps.py");
        let files = ["tapped.onnx", "inputs.f32", "outputs.raw"].map(path);
        let output = Command::new("python3").arg(script).args(&files).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let raw = std::fs::read(&files[2]).unwrap();
        let mut rest = raw.as_slice();
        let mut take = |count: usize| {
            let (front, back) = rest.split_at(count);
            rest = back;
            front
        };
        let mut computed = Vec::new();
        for _ in inputs {
            let changes = take(4 * like.changes.len()).as_chunks::<4>().0;
            let changes = changes.iter().map(|b| f32::from_le_bytes(*b)).collect();
            let quantised = like.quantised.iter().map(|q| take(q.len()).to_vec()).collect();
            let sums = like.sums.iter().map(|s| {
                let four = take(4 * s.len()).as_chunks::<4>().0;
                four.iter().map(|b| i32::from_le_bytes(*b)).collect()
            });
            let sums = sums.collect();
            computed.push(Computed { quantised, sums, changes });
        }
        assert!(rest.is_empty());
        computed
    }
}

/// The layers in the order of the graph's products.
fn layers<'a>(pack: &'a ForecasterPack<'a>) -> Vec<&'a Dense<'a>> {
    let mut all = vec![&pack.convolution, &pack.patch, &pack.season, &pack.context];
    for block in &pack.blocks {
        let a = &block.attention;
        all.extend([&a.query, &a.key, &a.value, &a.output]);
        all.extend([&block.feed_forward.inner, &block.feed_forward.outer]);
    }
    let a = &pack.attention;
    all.extend([&pack.query, &pack.copy_query, &pack.copy_key]);
    all.extend([&a.query, &a.key, &a.value, &a.output, &pack.decoder.inner, &pack.decoder.outer]);
    all.extend(&pack.outputs);
    all
}

/// Compares what is quantised with a reference, and goes on with the reference's.
struct Compare<'a> {
    reference: &'a Computed,
    blocks: usize,
    off_by_one: usize,
    compared: usize,
}

impl Compare<'_> {
    /// A site's place among the graph's quantisers.
    fn place(&self, site: Site) -> usize {
        let after = 4 + 4 * self.blocks;
        match site {
            Site::Convolution => 0,
            Site::Patch => 1,
            Site::Season => 2,
            Site::Context => 3,
            Site::BlockTokens(k) => 4 + 4 * k,
            Site::BlockMixed(k) => 5 + 4 * k,
            Site::BlockInner(k) => 6 + 4 * k,
            Site::BlockOuter(k) => 7 + 4 * k,
            Site::Calendar => after,
            Site::States => after + 1,
            Site::SeasonTokens => after + 2,
            Site::Tokens => after + 3,
            Site::Mixed => after + 4,
            Site::DecoderInner => after + 5,
            Site::DecoderOuter => after + 6,
            Site::Head(k) => after + 7 + k,
        }
    }
}

impl Probe for Compare<'_> {
    fn quantised(&mut self, site: Site, first: usize, rows: &mut [u8], layer: &Dense) {
        let inputs = usize::from(layer.inputs);
        let reference = &self.reference.quantised[self.place(site)];
        let rows = rows.chunks_mut(layer.stride());
        for (row, expected) in rows.zip(reference.chunks(inputs).skip(first)) {
            for (got, expected) in row.iter_mut().zip(expected) {
                let off = got.abs_diff(*expected);
                assert!(off <= 1, "{site:?}: {got} instead of {expected}");
                self.off_by_one += usize::from(off);
                self.compared += 1;
                *got = *expected;
            }
        }
    }
}

/// Holds the engine to a reference; gives how many of how many quantised values were off by one.
fn compare(pack: &Pack, inputs: &[ModelInput], reads: &[usize], all: &[Computed]) -> [usize; 2] {
    let (network, layers) = (pack.forecaster(), layers(&pack.forecaster));
    assert_eq!(layers.len(), reads.len());
    let mut total = [0, 0];
    for (input, reference) in inputs.iter().zip(all) {
        for ((layer, read), expected) in layers.iter().zip(reads).zip(&reference.sums) {
            let rows = reference.quantised[*read].chunks(usize::from(layer.inputs));
            for (row, expected) in rows.zip(expected.chunks(usize::from(layer.outputs))) {
                let mut padded = row.to_vec();
                padded.resize(layer.stride(), 0);
                let mut sums = vec![0; expected.len()];
                layer.sums(&padded, &mut sums);
                assert_eq!(sums, expected);
            }
        }
        let blocks = pack.forecaster.blocks.len();
        let mut probe = Compare { reference, blocks, off_by_one: 0, compared: 0 };
        let changes = network.run(input, &mut probe);
        for (got, expected) in changes.iter().zip(&reference.changes) {
            assert!((got - expected).abs() < 2e-5 * expected.abs().max(1.0), "{got} {expected}");
        }
        total = [total[0] + probe.off_by_one, total[1] + probe.compared];
    }
    total
}

#[test]
fn engine_tract_and_onnx_runtime_agree_layer_by_layer() {
    let bytes = std::fs::read(shipped(PACK)).unwrap();
    let pack = Pack::parse(&bytes).unwrap();
    let inputs = inputs();
    assert!(inputs.len() >= 1000, "{}", inputs.len());
    let tapped = Tapped::shipped();
    let in_tract = tapped.in_tract(&inputs);
    let [off, of] = compare(&pack, &inputs, &tapped.reads, &in_tract);
    println!("engine and tract: {off} of {of} quantised values off by one");
    assert!(off * 100_000 < of, "{off} of {of} are off by one");

    // Without the probe a step of a quantiser may add up; the forecast must not show it.
    let mut worst = 0.0f32;
    let mut network = pack.forecaster();
    for (input, reference) in inputs.iter().zip(&in_tract) {
        let Ok(changes) = network.infer(input);
        for (a, b) in changes.iter().zip(&reference.changes) {
            worst = worst.max((a - b).abs() * input.scale.swing);
        }
    }
    println!("engine and tract end to end: {worst:.1e} in z");
    assert!(worst < 5e-2, "{worst}");

    if !has_onnxruntime() {
        cannot_run("python3 with onnxruntime is missing: the engine was not compared with it");
        return;
    }
    for (inputs, like) in inputs.chunks(100).zip(in_tract.chunks(100)) {
        let judged = tapped.in_onnx_runtime(inputs, &like[0]);
        let [off, of] = compare(&pack, inputs, &tapped.reads, &judged);
        assert!(off * 100_000 < of, "{off} of {of} are off by one");
    }
}

#[test]
fn engine_and_tract_agree_on_the_q_network() {
    let bytes = std::fs::read(shipped(PACK)).unwrap();
    let mut engine = Pack::parse(&bytes).unwrap().q_network();
    let path = shipped(Q_NETWORK_INT8);
    let mut tract = QNetwork::parse(&std::fs::read(&path).unwrap(), &path).unwrap();
    for k in 0..1000 {
        let state = state(k);
        let (Ok(a), b) = (engine.values(&state), tract.values(&state).unwrap());
        let worst = a.iter().zip(&b).fold(0.0f32, |m, (a, b)| m.max((a - b).abs()));
        assert!(worst < 2e-2, "{k}: {worst}");
    }
}

#[test]
fn tract_reads_nothing_behind_its_input() {
    scaleiq_core::model::onnx().unwrap();
    assert!(!isa::native().has(Isa::X86_64AmxInt8), "its kernel for AMX would run");
}

fn has_onnxruntime() -> bool {
    let output = Command::new("python3").args(["-c", "import onnxruntime, numpy"]).output();
    output.is_ok_and(|o| o.status.success())
}
