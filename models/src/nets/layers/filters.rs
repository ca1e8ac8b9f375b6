//! Convolutions one after another over a window, each bent at 0, pooled where it is wanted.

use almanac_data::FitError;
use burn::module::Module;
use burn::tensor::{Tensor, activation};

use super::{Conv, pool};
use crate::nets::{Draw, Shape, window_of};

/// Which filters, and where they are pooled.
#[derive(Debug, Clone)]
pub struct Plan<'a> {
    /// Filters of each layer.
    pub filters: &'a [usize],
    /// Steps a filter sees.
    pub width: usize,
    /// Layers, from 1, after which the larger of each two steps is taken.
    pub pools: Vec<usize>,
    /// Whether each channel has filters of its own.
    pub heads: bool,
}

impl Plan<'_> {
    /// Steps left of so many, or 0.
    fn left(&self, steps: usize) -> usize {
        (1..=self.filters.len()).fold(steps, |steps, layer| {
            let steps = (steps + 1).saturating_sub(self.width);
            if self.pools.contains(&layer) { steps / 2 } else { steps }
        })
    }
}

/// The layers of a plan.
#[derive(Module, Debug)]
pub struct Filters {
    layers: Vec<Conv>,
    pools: Vec<usize>,
    outs: usize,
}

impl Filters {
    /// For windows of this shape.
    ///
    /// # Errors
    /// A window of which nothing would be left.
    pub fn new(draw: &mut Draw, plan: &Plan<'_>, shape: Shape) -> Result<Filters, FitError> {
        window_of((1..).find(|steps| plan.left(*steps) > 0).unwrap_or(1), shape)?;
        let (heads, ins) = if plan.heads { (shape.channels, 1) } else { (1, shape.channels) };
        let starts = std::iter::once(ins).chain(plan.filters.iter().copied());
        let layer = |(ins, &outs)| Conv::heads(draw, heads, (ins, outs), plan.width);
        let layers = starts.zip(plan.filters).map(layer).collect();
        let last = plan.filters.last().copied().unwrap_or(ins);
        Ok(Filters {
            layers,
            pools: plan.pools.clone(),
            outs: plan.left(shape.steps) * last * heads,
        })
    }

    /// Numbers found in a window.
    pub fn outs(&self) -> usize {
        self.outs
    }

    /// `[batch, steps, channels]` → `[batch, outs]`.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<2> {
        let found = (1..).zip(&self.layers).fold(x.swap_dims(1, 2), |x, (at, layer)| {
            let found = activation::relu(layer.forward(x));
            if self.pools.contains(&at) { pool(found) } else { found }
        });
        found.flatten(1, 2)
    }
}
