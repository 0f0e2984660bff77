//! The Q-network as an ONNX graph of batch 1.

use super::graph::{Graph, Precision, Value};
use crate::model::noisy::DenseWeights;
use crate::model::q_network::QNetworkWeights;
use scaleiq_core::policy::{ACTIONS, OBSERVATION};

/// `Q = V + A - mean(A)`.
#[must_use]
pub fn q_network_graph(weights: &QNetworkWeights, precision: Precision) -> Graph {
    let mut graph = Graph::new("scaleiq q-network", precision);
    let mut x = graph.input("state", &[1, OBSERVATION]);
    for layer in &weights.trunk {
        x = graph.dense(&x, layer);
        x = graph.node("Relu", &[x], vec![]);
    }
    let value = branch(&mut graph, &x, &weights.value);
    let advantage = branch(&mut graph, &x, &weights.advantage);
    let mean = graph.mean(&advantage);
    let centred = graph.sub(&advantage, &mean);
    let q = graph.add(&centred, &value);
    graph.output("values", q, &[1, ACTIONS]);
    graph
}

fn branch(graph: &mut Graph, x: &Value, layers: &[DenseWeights]) -> Value {
    let mut x = x.clone();
    for (k, layer) in layers.iter().enumerate() {
        if k > 0 {
            x = graph.node("Relu", &[x], vec![]);
        }
        x = graph.dense(&x, layer);
    }
    x
}
