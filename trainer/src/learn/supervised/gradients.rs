//! Loss and gradients of a batch that is computed in parts: one after the other, or by several processes.

use crate::runtime::ranks::Ranks;
use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};

/// A loss, the mean over what is known of the truth, and its gradients.
pub(super) struct Descent {
    pub(super) loss: f32,
    pub(super) gradients: GradientsParams,
}

/// Sums over parts of a batch: of each parameter's gradients, of the loss, and of what both are means over.
pub(super) struct Sums {
    numbers: Vec<f32>,
}

impl Sums {
    /// Sums over nothing, for the parameters of `network`.
    pub(super) fn none(network: &impl Module) -> Self {
        let mut count = Count(0);
        network.visit(&mut count);
        Self { numbers: vec![0.0; count.0 + 2] }
    }

    /// Adds a part's means over `known` numbers.
    pub(super) fn add(&mut self, network: &impl Module, part: &Descent, known: usize) {
        let mut flat = Flattened { gradients: &part.gradients, all: Vec::new() };
        network.visit(&mut flat);
        // One tensor: a device is asked once.
        let flat = Tensor::cat(flat.all, 0).into_data().try_to_vec::<f32>().unwrap_or_default();
        let means = flat.into_iter().chain([part.loss, 1.0]);
        let known = known as f32;
        self.numbers.iter_mut().zip(means).for_each(|(sum, mean)| *sum += mean * known);
    }

    /// The means over all parts of all processes.
    pub(super) fn means(self, ranks: Ranks, network: &impl Module, device: &Device) -> Descent {
        let mut numbers = ranks.sum(self.numbers);
        let known = numbers.pop().unwrap_or_default().max(1.0);
        numbers.iter_mut().for_each(|number| *number /= known);
        let loss = numbers.pop().unwrap_or_default();
        let device = device.clone().inner();
        let length = numbers.len();
        let flat = Tensor::from_data(TensorData::new(numbers, [length]), &device);
        let mut shaped = Shaped { flat, taken: 0, gradients: GradientsParams::new() };
        network.visit(&mut shaped);
        Descent { loss, gradients: shaped.gradients }
    }
}

/// Numbers of all parameters, whether they are trained or not.
struct Count(usize);

impl ModuleVisitor for Count {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0 += param.shape().num_elements();
    }
}

/// Gradients one after the other, in the order in which the module visits its parameters; zeros for those
/// that have none.
struct Flattened<'a> {
    gradients: &'a GradientsParams,
    all: Vec<Tensor<1>>,
}

impl ModuleVisitor for Flattened<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let gradient = self.gradients.get::<D>(param.id);
        let gradient = gradient.unwrap_or_else(|| param.val().inner().zeros_like());
        let length = gradient.shape().num_elements();
        self.all.push(gradient.reshape([length]));
    }
}

/// The same backwards, for those that are trained.
struct Shaped {
    flat: Tensor<1>,
    taken: usize,
    gradients: GradientsParams,
}

impl ModuleVisitor for Shaped {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let (value, from) = (param.val(), self.taken);
        let shape = value.dims();
        let length = shape.iter().product::<usize>();
        self.taken += length;
        if value.is_require_grad() {
            let gradient = self.flat.clone().narrow(0, from, length).reshape(shape);
            self.gradients.register(param.id, gradient);
        }
    }
}
