//! Weights in a file: safetensors, by the names they have in the module. Nothing in it is run.

use std::collections::HashMap;

use almanac_data::FitError;
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Tensor, TensorData};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use super::numbers;

/// The weights of these layers.
pub(crate) fn save<M: Module>(layers: &M) -> Vec<u8> {
    let mut seen = Seen::default();
    layers.visit(&mut seen);
    let views = seen.all.iter().map(|(name, shape, bytes)| {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes);
        (name.clone(), view.ok())
    });
    let views = views.filter_map(|(name, view)| Some((name, view?)));
    safetensors::serialize(views, None).unwrap_or_default()
}

/// The same layers with the weights of a file.
pub(crate) fn load<M: Module>(layers: M, bytes: &[u8]) -> Result<M, FitError> {
    let damaged = |e| FitError::Failed(format!("the weights cannot be read: {e}"));
    let file = SafeTensors::deserialize(bytes).map_err(damaged)?;
    let mut own = Seen::default();
    layers.visit(&mut own);
    let names: HashMap<&str, &[usize]> =
        own.all.iter().map(|(name, shape, _)| (name.as_str(), shape.as_slice())).collect();
    if let Some(other) = file.names().into_iter().find(|name| !names.contains_key(*name)) {
        return Err(FitError::Failed(format!("weights `{other}` belong to another network")));
    }
    let mut values = Vec::with_capacity(own.all.len());
    for (name, shape, _) in &own.all {
        let missing = |_| FitError::Failed(format!("weights `{name}` are missing"));
        let view = file.tensor(name).map_err(missing)?;
        if view.shape() != shape || view.dtype() != Dtype::F32 {
            return Err(FitError::Failed(format!(
                "weights `{name}` have the shape {:?}, not {shape:?}: another network, or other settings",
                view.shape()
            )));
        }
        let numbers =
            view.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
        let numbers: Vec<f32> = numbers.collect();
        if numbers.iter().any(|value| !value.is_finite()) {
            return Err(FitError::Failed(format!("weights `{name}` are not finite")));
        }
        values.push(numbers);
    }
    Ok(layers.map(&mut Put(values.into_iter())))
}

#[derive(Default)]
struct Seen {
    path: Vec<String>,
    all: Vec<(String, Vec<usize>, Vec<u8>)>,
}

impl ModuleVisitor for Seen {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.into());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val();
        let shape = tensor.dims().to_vec();
        let values = numbers(tensor.inner()).unwrap_or_default();
        let bytes = values.into_iter().flat_map(f32::to_le_bytes).collect();
        self.all.push((self.path.join("."), shape, bytes));
    }
}

struct Put(std::vec::IntoIter<Vec<f32>>);

impl ModuleMapper for Put {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(values) = self.0.next() else { return param };
        let (id, tensor, mapper) = param.consume();
        let data = TensorData::new(values, tensor.dims());
        Param::from_mapped_value(id, Tensor::from_data(data, &tensor.device()), mapper)
    }
}
