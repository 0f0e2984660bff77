//! Loss and gradients of a batch that is computed in parts: by several threads, one after the other, or by several
//! processes.

use crate::runtime::ranks::Ranks;
use crate::runtime::threads::on_all;
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData, Transaction};

/// A loss, the mean over what is known of the truth, and its gradients.
pub(super) struct Descent {
    pub(super) loss: f32,
    pub(super) gradients: GradientsParams,
}

/// Sums over parts of a batch.
pub(super) struct Sums {
    /// Of each parameter's gradients, in the order in which the module visits parameters.
    gradients: Vec<Vec<f32>>,
    loss: f32,
    /// How many numbers are known of the truth, which both are means over.
    known: f32,
}

impl Sums {
    /// Sums over nothing, for the parameters of `network`.
    pub(super) fn none(network: &impl Module) -> Self {
        let mut zeros = Zeros(Vec::new());
        network.visit(&mut zeros);
        Self { gradients: zeros.0, loss: 0.0, known: 0.0 }
    }

    /// Adds the means of parts, each over as many known numbers, in their order.
    pub(super) fn add(&mut self, network: &impl Module, parts: Vec<(Descent, usize)>) {
        let mut means = Vec::with_capacity(parts.len());
        for (part, known) in parts {
            let known = known as f32;
            self.loss += known * part.loss;
            self.known += known;
            means.push((numbers_of(part.gradients, network), known));
        }
        let mut sums: Vec<_> = self.gradients.iter_mut().enumerate().collect();
        on_all(&mut sums, |(nth, sums)| {
            for (means, known) in &means {
                sums.iter_mut().zip(&means[*nth]).for_each(|(sum, mean)| *sum += known * mean);
            }
        });
    }

    /// The means over all parts of all processes.
    pub(super) fn means(mut self, ranks: Ranks, network: &impl Module, device: &Device) -> Descent {
        if ranks.size() > 1 {
            let all = ranks.sum(self.gradients.concat());
            let mut rest = &all[..];
            for sums in &mut self.gradients {
                let (theirs, others) = rest.split_at(sums.len());
                sums.copy_from_slice(theirs);
                rest = others;
            }
        }
        let known = (ranks.total(self.known.into()) as f32).max(1.0);
        on_all(&mut self.gradients, |sums| sums.iter_mut().for_each(|sum| *sum /= known));
        let mut shaped = Shaped {
            all: self.gradients.into_iter(),
            device: device.clone().inner(),
            gradients: GradientsParams::new(),
        };
        network.visit(&mut shaped);
        let loss = ranks.total(self.loss.into()) as f32 / known;
        Descent { loss, gradients: shaped.gradients }
    }
}

/// As many zeros as each parameter has numbers, whether it is trained or not.
struct Zeros(Vec<Vec<f32>>);

impl ModuleVisitor for Zeros {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.push(vec![0.0; param.shape().num_elements()]);
    }
}

/// The gradients of each parameter of `network`, none for those that are not trained. A device is asked once.
fn numbers_of(gradients: GradientsParams, network: &impl Module) -> Vec<Vec<f32>> {
    let mut taken = Taken { gradients, trained: Vec::new(), all: Transaction::default() };
    network.visit(&mut taken);
    let mut all = taken.all.execute().into_iter();
    let numbers = taken.trained.into_iter().map(|trained| {
        let data = trained.then(|| all.next()).flatten();
        data.map_or_else(Vec::new, |data| data.try_into_vec().expect("gradients are f32"))
    });
    numbers.collect()
}

struct Taken {
    gradients: GradientsParams,
    trained: Vec<bool>,
    all: Transaction,
}

impl ModuleVisitor for Taken {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let gradient = self.gradients.remove::<D>(param.id);
        self.trained.push(gradient.is_some());
        if let Some(gradient) = gradient {
            self.all = std::mem::take(&mut self.all).register(gradient);
        }
    }
}

/// The same backwards.
struct Shaped {
    all: std::vec::IntoIter<Vec<f32>>,
    device: Device,
    gradients: GradientsParams,
}

impl ModuleVisitor for Shaped {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let (value, numbers) = (param.val(), self.all.next());
        if let Some(numbers) = numbers.filter(|_| value.is_require_grad()) {
            let data = TensorData::new(numbers, value.shape());
            self.gradients.register(param.id, Tensor::<D>::from_data(data, &self.device));
        }
    }
}

/// The same network with parameters of its own to differentiate: a thread's graph of operations is then its
/// alone.
pub(super) fn apart<M: Module>(network: &M) -> M {
    network.clone().map(&mut Apart)
}

struct Apart;

impl ModuleMapper for Apart {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|value| {
            let trained = value.is_require_grad();
            let value = Tensor::from_inner(value.inner());
            if trained { value.require_grad() } else { value }
        })
    }
}
