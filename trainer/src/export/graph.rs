//! Builds ONNX graphs (opset 17) node by node.
//!
//! Quantized layers have the one form that tract, ONNX Runtime and an integer engine agree on:
//! `QuantizeLinear(u8, zero point 128, scale a power of two) -> MatMulInteger -> Cast -> Mul(s_x *
//! s_w) -> Add(bias)`; weights are s8, symmetric, one scale per output channel.

use crate::model::noisy::DenseWeights;
use prost::Message;
use tract_onnx::pb::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto,
    TensorShapeProto, TypeProto, ValueInfoProto,
    attribute_proto::AttributeType,
    tensor_proto::DataType,
    tensor_shape_proto::{Dimension, dimension},
    type_proto,
};

const OPSET: i64 = 17;
const IR_VERSION: i64 = 8;
/// The u8 that stands for zero in quantized activations.
pub(super) const ZERO_POINT: u8 = 128;

/// How dense layers are written.
#[derive(Clone, Debug, PartialEq)]
pub enum Precision {
    /// As `MatMul` in f32.
    Float,
    /// As f32, with each dense layer's input as a further output of the graph: for calibration.
    Taps,
    /// As int8, with an activation scale for each distinct input of dense layers, in the order in
    /// which the layers are written (as [`Graph::taps`] has them).
    Int8(Vec<f32>),
}

/// The name of a value in the graph.
pub(super) type Value = String;

/// A graph being built.
#[derive(Debug)]
pub struct Graph {
    proto: GraphProto,
    precision: Precision,
    count: usize,
    taps: Vec<Value>,
    /// Values that were quantized, their quantized form and scale.
    quantized: Vec<(Value, Value, f32)>,
}

impl Graph {
    /// An empty graph.
    #[must_use]
    pub fn new(name: &str, precision: Precision) -> Self {
        let proto = GraphProto { name: name.into(), ..GraphProto::default() };
        Self { proto, precision, count: 0, taps: Vec::new(), quantized: Vec::new() }
    }

    /// Declares an f32 input.
    pub fn input(&mut self, name: &str, shape: &[usize]) -> Value {
        self.proto.input.push(float_info(name, shape));
        name.into()
    }

    /// Declares an f32 output.
    pub fn output(&mut self, name: &str, value: Value, shape: &[usize]) {
        self.push("Identity", &[value], name.into(), Vec::new());
        self.proto.output.push(float_info(name, shape));
    }

    /// An f32 constant.
    pub fn constant(&mut self, shape: &[usize], values: &[f32]) -> Value {
        let raw = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.initializer(DataType::Float, shape, raw)
    }

    /// An f32 constant without dimensions.
    pub fn scalar(&mut self, value: f32) -> Value {
        self.constant(&[], &[value])
    }

    fn integers(&mut self, values: &[i64]) -> Value {
        let raw = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.initializer(DataType::Int64, &[values.len()], raw)
    }

    fn initializer(&mut self, kind: DataType, shape: &[usize], raw_data: Vec<u8>) -> Value {
        let name = self.fresh("c");
        self.proto.initializer.push(TensorProto {
            name: name.clone(),
            dims: shape.iter().map(|d| *d as i64).collect(),
            data_type: kind as i32,
            raw_data,
            ..TensorProto::default()
        });
        name
    }

    /// A node with one output.
    pub fn node(&mut self, op: &str, inputs: &[Value], attributes: Vec<AttributeProto>) -> Value {
        let output = self.fresh("v");
        self.push(op, inputs, output.clone(), attributes);
        output
    }

    fn push(&mut self, op: &str, inputs: &[Value], output: Value, attribute: Vec<AttributeProto>) {
        self.proto.node.push(NodeProto {
            name: format!("{op}_{output}"),
            op_type: op.into(),
            input: inputs.to_vec(),
            output: vec![output],
            attribute,
            ..NodeProto::default()
        });
    }

    fn fresh(&mut self, kind: &str) -> Value {
        self.count += 1;
        format!("{kind}{}", self.count)
    }

    /// `a + b`, broadcast.
    pub fn add(&mut self, a: &Value, b: &Value) -> Value {
        self.node("Add", &[a.clone(), b.clone()], vec![])
    }

    /// `a - b`, broadcast.
    pub fn sub(&mut self, a: &Value, b: &Value) -> Value {
        self.node("Sub", &[a.clone(), b.clone()], vec![])
    }

    /// `a * b`, broadcast.
    pub fn mul(&mut self, a: &Value, b: &Value) -> Value {
        self.node("Mul", &[a.clone(), b.clone()], vec![])
    }

    /// Matrix product in f32.
    pub fn matmul(&mut self, a: &Value, b: &Value) -> Value {
        self.node("MatMul", &[a.clone(), b.clone()], vec![])
    }

    /// Joins values along an axis.
    pub fn concat(&mut self, values: &[Value], axis: i64) -> Value {
        self.node("Concat", values, vec![int("axis", axis)])
    }

    /// `from..to` along an axis.
    pub fn slice(&mut self, x: &Value, axis: i64, from: usize, to: usize) -> Value {
        let starts = self.integers(&[from as i64]);
        let ends = self.integers(&[to as i64]);
        let axes = self.integers(&[axis]);
        self.node("Slice", &[x.clone(), starts, ends, axes], vec![])
    }

    /// Another shape for the same numbers.
    pub fn reshape(&mut self, x: &Value, shape: &[usize]) -> Value {
        let shape: Vec<i64> = shape.iter().map(|d| *d as i64).collect();
        let shape = self.integers(&shape);
        self.node("Reshape", &[x.clone(), shape], vec![])
    }

    /// Permutes axes.
    pub fn transpose(&mut self, x: &Value, permutation: &[i64]) -> Value {
        self.node("Transpose", std::slice::from_ref(x), vec![ints("perm", permutation)])
    }

    /// Softmax over the last axis.
    pub fn softmax(&mut self, x: &Value) -> Value {
        self.node("Softmax", std::slice::from_ref(x), vec![int("axis", -1)])
    }

    /// Sum over one axis, which stays with length 1 or goes.
    pub fn sum(&mut self, x: &Value, axis: i64, keep: bool) -> Value {
        let axes = self.integers(&[axis]);
        self.node("ReduceSum", &[x.clone(), axes], vec![int("keepdims", i64::from(keep))])
    }

    /// Mean over the last axis, which stays with length 1.
    pub fn mean(&mut self, x: &Value) -> Value {
        let attributes = vec![ints("axes", &[-1]), int("keepdims", 1)];
        self.node("ReduceMean", std::slice::from_ref(x), attributes)
    }

    /// `x / 2 (1 + erf(x / sqrt 2))` (Hendrycks 2016).
    pub fn gelu(&mut self, x: &Value) -> Value {
        let root = self.scalar(std::f32::consts::FRAC_1_SQRT_2);
        let scaled = self.mul(x, &root);
        let erf = self.node("Erf", &[scaled], vec![]);
        let one = self.scalar(1.0);
        let sum = self.add(&erf, &one);
        let product = self.mul(x, &sum);
        let half = self.scalar(0.5);
        self.mul(&product, &half)
    }

    /// Layer normalisation over the last axis (Ba 2016), biased variance.
    pub fn layer_norm(&mut self, x: &Value, gain: &[f32], bias: &[f32], epsilon: f32) -> Value {
        let mean = self.mean(x);
        let centred = self.sub(x, &mean);
        let square = self.mul(&centred, &centred);
        let variance = self.mean(&square);
        let epsilon = self.scalar(epsilon);
        let variance = self.add(&variance, &epsilon);
        let deviation = self.node("Sqrt", &[variance], vec![]);
        let normal = self.node("Div", &[centred, deviation], vec![]);
        let gain = self.constant(&[gain.len()], gain);
        let bias = self.constant(&[bias.len()], bias);
        let scaled = self.mul(&normal, &gain);
        self.add(&scaled, &bias)
    }

    /// A dense layer over the last axis, in the graph's precision.
    pub fn dense(&mut self, x: &Value, layer: &DenseWeights) -> Value {
        let product = if let Precision::Int8(_) = self.precision {
            self.integer_matmul(x, layer)
        } else {
            if self.precision == Precision::Taps && !self.taps.contains(x) {
                self.taps.push(x.clone());
            }
            let weight = self.constant(&[layer.inputs, layer.outputs], &layer.weight);
            self.matmul(x, &weight)
        };
        let bias = self.constant(&[layer.outputs], &layer.bias);
        self.add(&product, &bias)
    }

    fn integer_matmul(&mut self, x: &Value, layer: &DenseWeights) -> Value {
        let zero = self.initializer(DataType::Uint8, &[], vec![ZERO_POINT]);
        let (quantized, scale) = self.quantize(x, &zero);
        let (weight, scales) = quantize_weights(layer);
        let raw = weight.iter().map(|w| *w as u8).collect();
        let weight = self.initializer(DataType::Int8, &[layer.inputs, layer.outputs], raw);
        let sums = self.node("MatMulInteger", &[quantized, weight, zero], vec![]);
        let sums = self.node("Cast", &[sums], vec![int("to", DataType::Float as i64)]);
        let factors: Vec<f32> = scales.iter().map(|s| s * scale).collect();
        let factors = self.constant(&[layer.outputs], &factors);
        self.mul(&sums, &factors)
    }

    /// `x` as u8, once however many layers read it, and its scale.
    fn quantize(&mut self, x: &Value, zero: &Value) -> (Value, f32) {
        if let Some((_, quantized, scale)) = self.quantized.iter().find(|(v, ..)| v == x) {
            return (quantized.clone(), *scale);
        }
        let scale = match &self.precision {
            Precision::Int8(scales) => scales.get(self.quantized.len()).copied().unwrap_or(1.0),
            Precision::Float | Precision::Taps => 1.0,
        };
        let value = self.scalar(scale);
        let quantized = self.node("QuantizeLinear", &[x.clone(), value, zero.clone()], vec![]);
        self.quantized.push((x.clone(), quantized.clone(), scale));
        (quantized, scale)
    }

    /// Values whose scale an int8 graph needs, in order.
    #[must_use]
    pub fn taps(&self) -> &[Value] {
        &self.taps
    }

    /// The finished model's bytes. Taps become outputs after the declared ones, without a shape.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        for tap in &self.taps {
            self.proto.output.push(ValueInfoProto { name: tap.clone(), ..Default::default() });
        }
        ModelProto {
            ir_version: IR_VERSION,
            opset_import: vec![OperatorSetIdProto { domain: String::new(), version: OPSET }],
            producer_name: "scaleiq-trainer".into(),
            producer_version: env!("CARGO_PKG_VERSION").into(),
            graph: Some(self.proto),
            ..ModelProto::default()
        }
        .encode_to_vec()
    }
}

/// s8 weights, and a scale per output channel: `weight = s8 * scale`, rounded half to even.
#[must_use]
pub(super) fn quantize_weights(layer: &DenseWeights) -> (Vec<i8>, Vec<f32>) {
    let largest = |o: usize| {
        layer.weight.iter().skip(o).step_by(layer.outputs).fold(0.0f32, |m, w| m.max(w.abs()))
    };
    let scales: Vec<f32> = (0..layer.outputs).map(|o| largest(o).max(1e-12) / 127.0).collect();
    let quantize = |(k, w): (usize, &f32)| (w / scales[k % layer.outputs]).round_ties_even() as i8;
    (layer.weight.iter().enumerate().map(quantize).collect(), scales)
}

fn int(name: &str, value: i64) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        r#type: AttributeType::Int as i32,
        i: value,
        ..AttributeProto::default()
    }
}

fn ints(name: &str, values: &[i64]) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        r#type: AttributeType::Ints as i32,
        ints: values.to_vec(),
        ..AttributeProto::default()
    }
}

fn float_info(name: &str, shape: &[usize]) -> ValueInfoProto {
    let dimension = |d: &usize| Dimension {
        denotation: String::new(),
        value: Some(dimension::Value::DimValue(*d as i64)),
    };
    let tensor = type_proto::Tensor {
        elem_type: DataType::Float as i32,
        shape: Some(TensorShapeProto { dim: shape.iter().map(dimension).collect() }),
    };
    let kind =
        TypeProto { denotation: String::new(), value: Some(type_proto::Value::TensorType(tensor)) };
    ValueInfoProto { name: name.into(), r#type: Some(kind), doc_string: String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_keep_their_largest_value_per_channel() {
        let layer = DenseWeights {
            weight: vec![1.0, -0.1, 0.5, 0.2],
            bias: vec![0.0; 2],
            inputs: 2,
            outputs: 2,
        };
        let (weights, scales) = quantize_weights(&layer);
        assert_eq!(weights, [127, -64, 64, 127]);
        assert!((scales[0] - 1.0 / 127.0).abs() < 1e-9);
    }
}
