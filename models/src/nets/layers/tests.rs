//! Layers held to PyTorch's numbers: `tests/golden/nets_*`, whose format `nets.py` there tells.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use serde_json::Value;

use crate::nets::numbers;

/// One case of a folder.
pub(crate) struct Case {
    case: Value,
    tolerance: f64,
    pub device: Device,
}

impl Case {
    pub fn read(folder: &str, name: &str) -> Case {
        let root = env!("CARGO_MANIFEST_DIR");
        let path = format!("{root}/tests/golden/{folder}/case.json");
        let all: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let tolerance = all["tolerance"].as_f64().unwrap();
        let case = all["cases"][name].clone();
        assert!(case.is_object(), "{folder} has no case {name}");
        Case { case, tolerance, device: Device::flex().autodiff() }
    }

    /// The shape and the values of a tensor; `part` is `weights`, `inputs`, `given` or `gradients`.
    pub fn values(&self, part: &str, name: &str) -> (Vec<usize>, Vec<f32>) {
        let told = &self.case[part][name];
        let numbers = |key: &str| told[key].as_array().unwrap().clone();
        let shape = numbers("shape").iter().map(|n| n.as_u64().unwrap() as usize).collect();
        (shape, numbers("values").iter().map(|v| v.as_f64().unwrap() as f32).collect())
    }

    /// The values of a matrix with rows and columns exchanged: PyTorch writes outputs by inputs.
    pub fn turned(&self, part: &str, name: &str) -> Vec<f32> {
        let (shape, values) = self.values(part, name);
        turned(&values, shape[1])
    }

    /// A tensor in another shape.
    pub fn tensor<const D: usize>(&self, part: &str, name: &str, shape: [usize; D]) -> Tensor<D> {
        let (_, values) = self.values(part, name);
        Tensor::from_data(TensorData::new(values, shape), &self.device)
    }

    /// Holds an output to the case's, and gives the slopes of cotangent times output.
    pub fn slopes<const D: usize>(&self, output: Tensor<D>) -> Gradients {
        let own = |key: &str| {
            let values = self.case[key]["values"].as_array().unwrap();
            values.iter().map(|v| v.as_f64().unwrap() as f32).collect::<Vec<f32>>()
        };
        self.near("output", &numbers(output.clone()).unwrap(), &own("output"));
        let data = TensorData::new(own("cotangent"), output.dims());
        (output * Tensor::from_data(data, &self.device)).sum().backward()
    }

    /// Differences are relative to the largest value.
    #[track_caller]
    pub fn near(&self, what: &str, got: &[f32], want: &[f32]) {
        assert_eq!(got.len(), want.len(), "{what}");
        let largest = want.iter().fold(0.0_f32, |most, v| most.max(v.abs()));
        for (got, want) in got.iter().zip(want) {
            let off = f64::from((got - want).abs() / largest);
            assert!(off < self.tolerance, "{what}: {got}, not {want}");
        }
    }
}

pub(crate) fn turned(values: &[f32], columns: usize) -> Vec<f32> {
    (0..columns).flat_map(|at| values.iter().skip(at).step_by(columns).copied()).collect()
}

/// These weights, in the order of the module.
pub(crate) fn with<M: Module>(layers: M, weights: Vec<Vec<f32>>) -> M {
    struct Put(std::vec::IntoIter<Vec<f32>>);
    impl ModuleMapper for Put {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let (id, tensor, mapper) = param.consume();
            let data = TensorData::new(self.0.next().unwrap(), tensor.dims());
            let tensor = Tensor::from_data(data, &tensor.device()).require_grad();
            Param::from_mapped_value(id, tensor, mapper)
        }
    }
    layers.map(&mut Put(weights.into_iter()))
}

/// The slopes of the weights, in the order of the module.
pub(crate) fn slopes_of<M: Module>(layers: &M, slopes: &Gradients) -> Vec<Vec<f32>> {
    struct Read<'a>(&'a Gradients, Vec<Vec<f32>>);
    impl ModuleVisitor for Read<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let slopes = param.val().grad(self.0).map(|slopes| numbers(slopes).unwrap());
            self.1.push(slopes.unwrap_or_default());
        }
    }
    let mut read = Read(slopes, Vec::new());
    layers.visit(&mut read);
    read.1
}
