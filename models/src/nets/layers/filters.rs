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
    heads: Vec<Vec<Conv>>,
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
        let mut head = || {
            let starts = std::iter::once(ins).chain(plan.filters.iter().copied());
            let layer = |(ins, &outs)| Conv::new(draw, ins, outs, plan.width);
            starts.zip(plan.filters).map(layer).collect()
        };
        let last = plan.filters.last().copied().unwrap_or(ins);
        Ok(Filters {
            heads: (0..heads).map(|_| head()).collect(),
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
        match self.heads.as_slice() {
            [head] => self.found(head, x),
            heads => {
                let own = x.split(1, 2).into_iter().zip(heads);
                Tensor::cat(own.map(|(x, head)| self.found(head, x)).collect(), 1)
            }
        }
    }

    fn found(&self, head: &[Conv], x: Tensor<3>) -> Tensor<2> {
        let found = (1..).zip(head).fold(x, |x, (at, layer)| {
            let found = activation::relu(layer.forward(x));
            if self.pools.contains(&at) { pool(found) } else { found }
        });
        found.flatten(1, 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nets::tests::draw;

    /// Heads see their own channel: the numbers of the first do not change with the second.
    #[test]
    fn heads_see_their_own_channel() {
        let mut draw = draw();
        let plan = Plan { filters: &[3], width: 2, pools: Vec::new(), heads: true };
        let shape = Shape { steps: 3, channels: 2, horizon: 1, outputs: 1 };
        let layers = Filters::new(&mut draw, &plan, shape).unwrap();
        let say = |second: f32| {
            let x = vec![0.5, second, -1.0, 1.0, 2.0, second];
            let x = burn::tensor::TensorData::new(x, [1, 3, 2]);
            let said = layers.forward(Tensor::from_data(x, &draw.device));
            crate::nets::numbers(said).unwrap()
        };
        let (one, other) = (say(0.0), say(7.0));
        assert_eq!((one.len(), layers.outs()), (12, 12));
        assert_eq!(one[..6], other[..6]);
        assert_ne!(one[6..], other[6..]);
    }
}
