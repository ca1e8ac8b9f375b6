//! Sums of all inputs: ŷ = x·W + b.

use burn::module::{Module, Param};
use burn::tensor::{Tensor, activation};

use crate::nets::{Draw, Shape};

/// One layer of sums; Glorot's uniform weights, no bias at first.
#[derive(Module, Debug)]
pub struct Dense {
    /// `[ins, outs]`
    weight: Param<Tensor<2>>,
    /// `[outs]`
    bias: Param<Tensor<1>>,
}

impl Dense {
    /// From `ins` numbers to `outs`.
    pub fn new(draw: &mut Draw, ins: usize, outs: usize) -> Dense {
        Dense { weight: draw.glorot([ins, outs], (ins, outs)), bias: draw.constant([outs], 0.0) }
    }

    /// `[batch, ins]` → `[batch, outs]`.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        x.matmul(self.weight.val()) + self.bias.val().unsqueeze()
    }

    /// `[batch, steps, ins]` → `[batch, steps, outs]`.
    pub fn each(&self, x: Tensor<3>) -> Tensor<3> {
        let [batch, steps, ins] = x.dims();
        let said = self.forward(x.reshape([batch * steps, ins]));
        let outs = said.dims()[1];
        said.reshape([batch, steps, outs])
    }
}

/// Sums of what was understood of a window, for each step ahead. They say nothing at first: what has
/// no shape is answered by nothing, whatever the layers below make of the place of a step.
#[derive(Module, Debug)]
pub struct Head {
    sums: Dense,
    horizon: usize,
}

impl Head {
    /// From `ins` numbers to the answer of a shape.
    pub fn new(draw: &mut Draw, ins: usize, shape: Shape) -> Head {
        let outs = shape.horizon * shape.outputs;
        let (weight, bias) = (draw.constant([ins, outs], 0.0), draw.constant([outs], 0.0));
        Head { sums: Dense { weight, bias }, horizon: shape.horizon }
    }

    /// `[batch, ins]` → `[batch, horizon, outputs]`.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<3> {
        let said = self.sums.forward(x);
        let [batch, numbers] = said.dims();
        said.reshape([batch, self.horizon, numbers / self.horizon])
    }
}

/// Layers of sums, bent at 0 between them.
#[derive(Module, Debug)]
pub struct Stack {
    layers: Vec<Dense>,
}

impl Stack {
    /// From `ins` numbers over these widths to `outs`.
    pub fn new(draw: &mut Draw, ins: usize, widths: &[usize], outs: usize) -> Stack {
        let ends = widths.iter().copied().chain([outs]);
        let starts = std::iter::once(ins).chain(widths.iter().copied());
        Stack { layers: starts.zip(ends).map(|(ins, outs)| Dense::new(draw, ins, outs)).collect() }
    }

    /// `[batch, ins]` → `[batch, outs]`; the last layer is not bent.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let last = self.layers.len() - 1;
        self.layers.iter().enumerate().fold(x, |x, (at, layer)| match layer.forward(x) {
            sums if at < last => activation::relu(sums),
            sums => sums,
        })
    }

    /// `[batch, steps, ins]` → `[batch, steps, outs]`.
    pub fn each(&self, x: Tensor<3>) -> Tensor<3> {
        let [batch, steps, ins] = x.dims();
        self.forward(x.reshape([batch * steps, ins])).reshape([batch as i32, steps as i32, -1])
    }

    /// `[batch, ins]` → `[batch, horizon, outs / horizon]`: what is said of each step ahead.
    pub fn ahead(&self, x: Tensor<2>, horizon: usize) -> Tensor<3> {
        let said = self.forward(x);
        let [batch, numbers] = said.dims();
        said.reshape([batch, horizon, numbers / horizon])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nets::tests::{Golden, draw, of};

    #[test]
    fn dense_as_pytorch() {
        let names = [("weight", of("weight").turned()), ("bias", of("bias"))];
        let golden = Golden::of("nets_layers", "dense", Dense::new(&mut draw(), 2, 4), &names);
        golden.check(golden.layers.each(golden.input("x")));
    }
}
