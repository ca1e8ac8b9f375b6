//! Tensors of the processor as slices, for operations that kernels do.

use burn::tensor::{Device, TensorData};
use burn_flex::FlexTensor;

/// Whether tensors of this device are in the processor's memory.
pub(super) fn serves(device: &Device) -> bool {
    device.clone().inner() == Device::flex()
}

/// The same, each one block of memory.
pub(super) fn blocks<const N: usize>(all: [FlexTensor; N]) -> [FlexTensor; N] {
    all.map(|tensor| if tensor.is_contiguous() { tensor } else { tensor.to_contiguous() })
}

/// The numbers of one block of memory.
pub(super) fn slice(tensor: &FlexTensor) -> &[f32] {
    tensor.as_slice::<f32>().unwrap_or_default()
}

/// A tensor of these numbers.
pub(super) fn tensor(values: Vec<f32>, shape: impl Into<Vec<usize>>) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape.into()))
}
