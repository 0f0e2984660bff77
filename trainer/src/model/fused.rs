//! The forecaster's layers: what they compute and, on the CPU, how.
//!
//! Burn differentiates a layer normalisation, an attention or a GELU as the dozen small operations that it is
//! made of, each of which goes through memory. Here each is one operation with a backward pass of its own, for
//! tensors on the CPU that are differentiated; for all others it is Burn's.

use super::kernels;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind, unary};
use burn::backend::ops::{ActivationOps, FloatTensorOps, ModuleOps};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Flex, TensorMetadata};
use burn::nn::LayerNorm;
use burn::tensor::activation::softmax;
use burn::tensor::{Shape, Tensor, TensorData, activation, module};

/// The CPU, differentiated.
type Cpu = Autodiff<Flex>;
/// A tensor on the CPU.
type Numbers = FloatTensor<Flex>;

/// The tensors as they are on the CPU; `None` if they are elsewhere, or not differentiated.
fn on_cpu<const D: usize>(tensor: &Tensor<D>) -> Option<FloatTensor<Cpu>> {
    tensor.clone().try_into_primitive::<Cpu>().ok()
}

/// `x W + b` for `x` `[B,T,D]`: one product of matrices, and not one for each of `B`, which is what Burn makes
/// of it where that suits a GPU.
pub(super) fn linear(x: Tensor<3>, weight: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<3> {
    let ([batch, rows, inputs], [_, outputs]) = (x.dims(), weight.dims());
    let x = x.reshape([batch * rows, inputs]);
    let y = match (on_cpu(&x), on_cpu(&weight), bias.as_ref().map(on_cpu)) {
        (Some(x), Some(weight), Some(Some(bias))) => {
            Tensor::from_primitive::<Cpu>(Cpu::linear(x, weight, Some(bias)))
        }
        _ => module::linear(x, weight, bias),
    };
    y.reshape([batch, rows, outputs])
}

/// GELU.
pub(super) fn gelu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    #[derive(Debug)]
    struct Gelu;

    impl Backward<Flex, 1> for Gelu {
        /// The slope at each number.
        type State = Numbers;

        fn backward(self, ops: Ops<Numbers, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
            let slope = ops.state;
            unary::<Flex, _>(ops.parents, ops.node, gradients, |g| Flex::float_mul(g, slope));
        }
    }

    let Some(x) = on_cpu(&x) else { return activation::gelu(x) };
    let prepared = Gelu.prepare::<NoCheckpointing>([x.node()]).compute_bound().stateful();
    let x = x.into_primitive();
    Tensor::from_primitive::<Cpu>(match prepared {
        OpsKind::Tracked(prepared) => {
            let (values, slopes) = kernels::gelu(slice(&x.to_contiguous()));
            prepared.finish(shaped(slopes, x.shape()), shaped(values, x.shape()))
        }
        OpsKind::UnTracked(prepared) => prepared.finish(Flex::gelu(x)),
    })
}

/// Added to the variance in layer normalisation.
pub const LAYER_NORM_EPSILON: f32 = 1e-5;

/// Layer normalisation of the last dimension, for layers with [`LAYER_NORM_EPSILON`].
pub(super) fn layer_norm(layer: &LayerNorm, x: Tensor<3>) -> Tensor<3> {
    #[derive(Debug)]
    struct Normalisation;

    impl Backward<Flex, 3> for Normalisation {
        /// Input and scale.
        type State = [Numbers; 2];

        fn backward(
            self,
            ops: Ops<Self::State, 3>,
            gradients: &mut Gradients,
            _: &mut Checkpointer,
        ) {
            let [x, scale] = ops.state;
            let gradient = gradients.consume::<Flex>(&ops.node).to_contiguous();
            let parts = kernels::layer_norm_backward(
                slice(&x),
                slice(&scale),
                slice(&gradient),
                LAYER_NORM_EPSILON,
            );
            let shapes = [x.shape(), scale.shape(), scale.shape()];
            for ((parent, part), shape) in ops.parents.into_iter().zip(parts).zip(shapes) {
                if let Some(parent) = parent {
                    gradients.register::<Flex>(parent.id, shaped(part, shape));
                }
            }
        }
    }

    let (scale, shift) = (layer.gamma.val(), layer.beta.as_ref().map(|shift| shift.val()));
    let (Some(x), Some(scale), Some(Some(shift))) =
        (on_cpu(&x), on_cpu(&scale), shift.as_ref().map(on_cpu))
    else {
        return layer.forward(x);
    };
    let nodes = [x.node(), scale.node(), shift.node()];
    let prepared = Normalisation.prepare::<NoCheckpointing>(nodes).compute_bound().stateful();
    let (x, scale) = (x.into_primitive().to_contiguous(), scale.into_primitive().to_contiguous());
    let shift = Some(shift.into_primitive());
    let y = Flex::layer_norm(x.clone(), scale.clone(), shift, LAYER_NORM_EPSILON.into());
    Tensor::from_primitive::<Cpu>(match prepared {
        OpsKind::Tracked(prepared) => prepared.finish([x, scale], y),
        OpsKind::UnTracked(prepared) => prepared.finish(y),
    })
}

/// Attention of `queries` `[B,Q,D]` to `keys` and their `values` `[B,T,D]`, in `heads` parts of `D`.
pub(super) fn attention(
    queries: Tensor<3>,
    keys: Tensor<3>,
    values: Tensor<3>,
    heads: usize,
) -> Tensor<3> {
    #[derive(Debug)]
    struct Attention;

    impl Backward<Flex, 3> for Attention {
        /// Queries, keys, values and weights by head.
        type State = [Numbers; 4];

        fn backward(
            self,
            ops: Ops<Self::State, 3>,
            gradients: &mut Gradients,
            _: &mut Checkpointer,
        ) {
            let [queries, keys, values, weights] = ops.state;
            let [_, heads, tokens, width] = keys.shape().dims();
            let gradient = by_head(gradients.consume::<Flex>(&ops.node), heads);
            let of_values = Flex::float_matmul(turned(weights.clone()), gradient.clone());
            let of_weights = Flex::float_matmul(gradient, turned(values));
            let mut of_scores = of_weights.into_data();
            let numbers = of_scores.as_mut_slice().expect("scores are f32");
            let factor = 1.0 / (width as f32).sqrt();
            kernels::softmax_backward(slice(&weights), numbers, tokens, factor);
            let of_scores = Flex::float_from_data(of_scores, &Default::default());
            let of_queries = Flex::float_matmul(of_scores.clone(), keys);
            let of_keys = Flex::float_matmul(turned(of_scores), queries);
            for (parent, part) in ops.parents.into_iter().zip([of_queries, of_keys, of_values]) {
                if let Some(parent) = parent {
                    gradients.register::<Flex>(parent.id, joined(part));
                }
            }
        }
    }

    let (Some(q), Some(k), Some(v)) = (on_cpu(&queries), on_cpu(&keys), on_cpu(&values)) else {
        return burns_attention(queries, keys, values, heads);
    };
    let nodes = [q.node(), k.node(), v.node()];
    let prepared = Attention.prepare::<NoCheckpointing>(nodes).compute_bound().stateful();
    let [q, k, v] = [q, k, v].map(|x| by_head(x.into_primitive(), heads));
    let [.., width] = q.shape().dims::<4>();
    let factor = 1.0 / (width as f32).sqrt();
    let scores = Flex::float_matmul(q.clone(), turned(k.clone()));
    let weights = Flex::softmax(Flex::float_mul_scalar(scores, factor.into()), 3);
    let mixed = joined(Flex::float_matmul(weights.clone(), v.clone()));
    Tensor::from_primitive::<Cpu>(match prepared {
        OpsKind::Tracked(prepared) => prepared.finish([q, k, v, weights], mixed),
        OpsKind::UnTracked(prepared) => prepared.finish(mixed),
    })
}

fn burns_attention(q: Tensor<3>, k: Tensor<3>, v: Tensor<3>, heads: usize) -> Tensor<3> {
    let [batch, rows, width] = q.dims();
    let [q, k, v] = [q, k, v].map(|x| split_heads(x, heads));
    let mixed = softmax(scores(q, k), 3).matmul(v);
    mixed.swap_dims(1, 2).reshape([batch, rows, width])
}

/// `[B,T,D]` -> `[B,heads,T,D/heads]`.
pub(super) fn split_heads(x: Tensor<3>, heads: usize) -> Tensor<4> {
    let [batch, rows, width] = x.dims();
    x.reshape([batch, rows, heads, width / heads]).swap_dims(1, 2)
}

/// Scaled dot products `[B,heads,Q,T]`.
pub(super) fn scores(q: Tensor<4>, k: Tensor<4>) -> Tensor<4> {
    let width = q.dims()[3];
    q.matmul(k.swap_dims(2, 3)).div_scalar((width as f32).sqrt())
}

/// [`split_heads`] on the CPU.
fn by_head(x: Numbers, heads: usize) -> Numbers {
    let [batch, rows, width] = x.shape().dims();
    let x = Flex::float_reshape(x, Shape::new([batch, rows, heads, width / heads]));
    Flex::float_swap_dims(x, 1, 2)
}

/// `[B,heads,T,D/heads]` -> `[B,T,D]`.
fn joined(x: Numbers) -> Numbers {
    let [batch, heads, rows, width] = x.shape().dims();
    let x = Flex::float_swap_dims(x, 1, 2);
    Flex::float_reshape(x, Shape::new([batch, rows, heads * width]))
}

fn turned(x: Numbers) -> Numbers {
    Flex::float_swap_dims(x, 2, 3)
}

/// A tensor's numbers. None would be a gradient that is silently wrong.
fn slice(x: &Numbers) -> &[f32] {
    x.as_slice().expect("a contiguous tensor of f32")
}

fn shaped(numbers: Vec<f32>, shape: Shape) -> Numbers {
    Flex::float_from_data(TensorData::new(numbers, shape), &Default::default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::device::seeded;
    use burn::module::Param;
    use burn::nn::{LayerNormConfig, LinearConfig};
    use burn::tensor::{Device, Distribution};

    fn random<const D: usize>(seed: u64, shape: [usize; D]) -> Tensor<D> {
        let _alone = seeded(&Device::flex(), seed);
        let drawn = Tensor::random(shape, Distribution::Normal(0.1, 2.0), &Device::flex());
        Tensor::from_inner(drawn).require_grad()
    }

    /// An output's numbers, and gradients of a sum of it for which each number counts differently.
    fn all<const D: usize, const P: usize>(
        output: Tensor<3>,
        inputs: &[Tensor<D>],
        parameters: &[Tensor<P>],
    ) -> Vec<Vec<f32>> {
        let numbers = |data: TensorData| data.try_into_vec::<f32>().unwrap();
        let counts = (0..output.shape().num_elements()).map(|i| (i as f32).sin()).collect();
        let counts = TensorData::new(counts, output.shape());
        let sum = (output.clone() * Tensor::from_data(counts, &output.device())).sum();
        let gradients = sum.backward();
        let of_inputs = inputs.iter().map(|x| x.grad(&gradients).unwrap().into_data());
        let of_parameters = parameters.iter().map(|x| x.grad(&gradients).unwrap().into_data());
        let output = output.into_data();
        std::iter::once(output).chain(of_inputs).chain(of_parameters).map(numbers).collect()
    }

    fn are_close(ours: &[Vec<f32>], burns: &[Vec<f32>]) {
        assert_eq!(ours.len(), burns.len());
        for (which, (ours, burns)) in ours.iter().zip(burns).enumerate() {
            assert_eq!(ours.len(), burns.len());
            let norm = |numbers: Vec<f32>| numbers.iter().map(|n| n * n).sum::<f32>().sqrt();
            let apart = norm(ours.iter().zip(burns).map(|(a, b)| a - b).collect());
            assert!(apart <= 1e-5 * norm(burns.clone()), "{which}: {apart}");
        }
    }

    const NONE: [Tensor<1>; 0] = [];

    #[test]
    fn gelu_is_burns() {
        let x = random(1, [3, 35, 19]);
        let ours = all(gelu(x.clone()), std::slice::from_ref(&x), &NONE);
        are_close(&ours, &all(activation::gelu(x.clone()), &[x], &NONE));
    }

    #[test]
    fn layer_norm_is_burns() {
        let (x, device) = (random(2, [3, 5, 43]), Device::flex().autodiff());
        let mut layer =
            LayerNormConfig::new(43).with_epsilon(LAYER_NORM_EPSILON.into()).init(&device);
        layer.gamma = Param::from_tensor(random(3, [43]).detach());
        let parameters = [layer.gamma.val(), layer.beta.as_ref().unwrap().val()];
        let ours = all(layer_norm(&layer, x.clone()), std::slice::from_ref(&x), &parameters);
        are_close(&ours, &all(layer.forward(x.clone()), &[x], &parameters));
    }

    #[test]
    fn attention_is_burns() {
        let (q, k, v) = (random(4, [2, 7, 24]), random(5, [2, 35, 24]), random(6, [2, 35, 24]));
        let inputs = [q.clone(), k.clone(), v.clone()];
        let ours = all(attention(q.clone(), k.clone(), v.clone(), 3), &inputs, &NONE);
        are_close(&ours, &all(burns_attention(q, k, v, 3), &inputs, &NONE));
    }

    #[test]
    fn linear_is_burns() {
        let (x, device) = (random(7, [4, 6, 10]), Device::flex().autodiff());
        let mut layer = LinearConfig::new(10, 7).init(&device);
        layer.weight = Param::from_tensor(random(8, [10, 7]).detach());
        layer.bias = Some(Param::from_tensor(random(9, [7]).detach()));
        let (weight, bias) = (layer.weight.val(), layer.bias.as_ref().unwrap().val());
        let parameters = [weight.clone()];
        let ours = linear(x.clone(), weight, Some(bias));
        let ours = all(ours, std::slice::from_ref(&x), &parameters);
        are_close(&ours, &all(layer.forward(x.clone()), &[x], &parameters));
    }
}
