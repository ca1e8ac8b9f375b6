//! N-HiTS: stacks that look at the window coarsely or finely, and answer as coarsely.
//!
//! ```text
//! block s:  largest of each pool[s] steps of r ─▶ dense, bent ─▶ backcast b, knots θ
//!           r ← r − b          ŷ ← ŷ + θ drawn out on lines to the horizon
//! ```
//!
//! One knot stands for `stretch[s]` steps, so a coarse stack cannot follow what is quick and a fine
//! one is left with it. For long horizons; needs many windows, as of a panel. The first channel is
//! the series; further ones enter every block whole, neither pooled nor backcast.
//! Challu, Olivares, Oreshkin, Garza, Mergenthaler-Canseco & Dubrawski (2023), N-HiTS: neural
//! hierarchical interpolation for time series forecasting.

use almanac_data::FitError;
use burn::module::Module;
use burn::tensor::{Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::layers::Stack;
use super::{Architecture, Draw, Layers, Noise, Shape, Training, window_of};
use crate::{Setting, SettingError, Settings};

/// Stacks from coarse to fine.
///
/// | name    | default    | range     | meaning                                  |
/// |---------|------------|-----------|------------------------------------------|
/// | pool    | [4, 2, 1]  | each >= 1 | steps of the window that a stack pools   |
/// | stretch | [4, 2, 1]  | each >= 1 | steps ahead for one knot of a stack      |
/// | blocks  | 1          | >= 1      | blocks of a stack                        |
/// | dense   | [128, 128] | each >= 1 | widths of a block's layers of sums       |
/// | train   | {}         | a table   | how it is trained                        |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Nhits {
    /// Steps of the window that each stack pools.
    pub pool: Vec<usize>,
    /// Steps ahead for one knot of each stack.
    pub stretch: Vec<usize>,
    /// Blocks of a stack.
    pub blocks: usize,
    /// Widths of a block's layers of sums.
    pub dense: Vec<usize>,
    /// How it is trained.
    pub train: Training,
}

impl Default for Nhits {
    fn default() -> Nhits {
        Nhits {
            pool: vec![4, 2, 1],
            stretch: vec![4, 2, 1],
            blocks: 1,
            dense: vec![128, 128],
            train: Training::default(),
        }
    }
}

impl Settings for Nhits {
    const TABLE: &'static [Setting] = &[
        Setting { name: "pool", range: "each >= 1", meaning: "steps that each stack pools" },
        Setting { name: "stretch", range: "each >= 1", meaning: "steps ahead for one knot" },
        Setting { name: "blocks", range: ">= 1", meaning: "blocks of a stack" },
        Setting { name: "dense", range: "each >= 1", meaning: "widths of a block's layers" },
        Setting { name: "train", range: "a table", meaning: "how it is trained" },
    ];

    fn check(&self) -> Result<(), SettingError> {
        for (name, all) in [("pool", &self.pool), ("stretch", &self.stretch)] {
            let whole = !all.is_empty() && !all.contains(&0);
            let must = "a number of at least 1 for each stack";
            SettingError::unless(whole, name, must, format!("{all:?}"))?;
        }
        let same = self.stretch.len() == self.pool.len();
        SettingError::unless(same, "stretch", "as long as pool", format!("{:?}", self.stretch))?;
        SettingError::unless(self.blocks > 0, "blocks", "at least 1", self.blocks)?;
        let dense = format!("{:?}", self.dense);
        SettingError::unless(!self.dense.contains(&0), "dense", "widths of at least 1", dense)?;
        self.train.check()
    }
}

/// Its layers.
#[derive(Module, Debug)]
pub struct NhitsLayers {
    blocks: Vec<Block>,
    horizon: usize,
    outputs: usize,
}

impl Architecture for Nhits {
    const NAME: &'static str = "nhits";
    type Layers = NhitsLayers;

    fn layers(&self, shape: Shape, draw: &mut Draw) -> Result<NhitsLayers, FitError> {
        window_of(1, shape)?;
        let stacks = self.pool.iter().zip(&self.stretch);
        let each = stacks.flat_map(|rates| std::iter::repeat_n(rates, self.blocks));
        let blocks = each.map(|(&pool, &stretch)| {
            let knots = shape.horizon.div_ceil(stretch);
            let ins = shape.steps.div_ceil(pool) + shape.steps * (shape.channels - 1);
            let outs = shape.steps + knots * shape.outputs;
            Block { sums: Stack::new(draw, ins, &self.dense, outs), pool, knots }
        });
        Ok(NhitsLayers { blocks: blocks.collect(), horizon: shape.horizon, outputs: shape.outputs })
    }

    fn training(&self) -> &Training {
        &self.train
    }
}

impl Layers for NhitsLayers {
    fn forward(&self, x: Tensor<3>, _: &mut Noise) -> Tensor<3> {
        let [batch, steps, channels] = x.dims();
        let mut left: Tensor<2> =
            x.clone().slice([0..batch, 0..steps, 0..1]).reshape([batch, steps]);
        let beside =
            (channels > 1).then(|| x.slice([0..batch, 0..steps, 1..channels]).flatten::<2>(1, 2));
        let mut sum = Tensor::zeros([batch, self.horizon, self.outputs], &left.device());
        for block in &self.blocks {
            let (backcast, more) = block.forward(left.clone(), beside.clone(), self.horizon);
            left = left - backcast;
            sum = sum + more;
        }
        sum
    }
}

/// One look at what the blocks before it left over.
#[derive(Module, Debug)]
struct Block {
    sums: Stack,
    pool: usize,
    knots: usize,
}

impl Block {
    /// The backcast of the window, and the forecast.
    fn forward(
        &self,
        left: Tensor<2>,
        beside: Option<Tensor<2>>,
        horizon: usize,
    ) -> (Tensor<2>, Tensor<3>) {
        let [batch, steps] = left.dims();
        let pooled = largest(left, self.pool);
        let seen = match beside {
            Some(beside) => Tensor::cat(vec![pooled, beside], 1),
            None => pooled,
        };
        let said = self.sums.forward(seen);
        let numbers = said.dims()[1];
        let outputs = (numbers - steps) / self.knots;
        let backcast = said.clone().slice([0..batch, 0..steps]);
        let knots = said.slice([0..batch, steps..numbers]).reshape([batch * outputs, self.knots]);
        let lines = TensorData::new(lines(self.knots, horizon), [self.knots, horizon]);
        let drawn = knots.matmul(Tensor::from_data(lines, &backcast.device()));
        (backcast, drawn.reshape([batch, outputs, horizon]).swap_dims(1, 2))
    }
}

/// The largest of each `pool` steps, and of those that are left at the end.
fn largest(x: Tensor<2>, pool: usize) -> Tensor<2> {
    let [batch, steps] = x.dims();
    let count = steps.div_ceil(pool);
    let last = x.clone().slice([0..batch, steps - 1..steps]);
    let whole = match count * pool - steps {
        0 => x,
        more => Tensor::cat(vec![x, last.expand([batch, more])], 1),
    };
    match pool {
        1 => whole,
        _ => whole.reshape([batch, count, pool]).max_dim(2).squeeze_dim(2),
    }
}

/// The share of each knot in each step, on the line between the knots on both sides of it: `[knots,
/// horizon]`. A knot stands in the middle of the steps that are its own.
fn lines(knots: usize, horizon: usize) -> Vec<f32> {
    let mut shares = vec![0.0; knots * horizon];
    for step in 0..horizon {
        let place = (step as f64 + 0.5) * knots as f64 / horizon as f64 - 0.5;
        let place = place.clamp(0.0, (knots - 1) as f64);
        let (below, share) = (place.floor() as usize, place.fract() as f32);
        shares[below * horizon + step] += 1.0 - share;
        shares[(below + 1).min(knots - 1) * horizon + step] += share;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nets::tests::{Golden, draw, of};
    use crate::nets::{Network, numbers};

    /// Window 10, horizon 6, pools 4 and 1, knots 6/3 and 6, one layer of 7: 7·(3 + 1) + 12·(7 + 1)
    /// and 7·(10 + 1) + 16·(7 + 1); a second channel adds 7·10 to each.
    #[test]
    fn weights_by_hand() {
        let network =
            Nhits { pool: vec![4, 1], stretch: vec![3, 1], dense: vec![7], ..Nhits::default() };
        let shape = |channels| Shape { steps: 10, channels, horizon: 6, outputs: 1 };
        assert_eq!(network.parameters(shape(1)).unwrap(), 28 + 96 + 77 + 128);
        assert_eq!(network.parameters(shape(2)).unwrap(), 28 + 96 + 77 + 128 + 140);
    }

    /// Two knots over four steps stand at 0.5 and 2.5: shares 1, ¾, ¼, 0 of the first. As many
    /// knots as steps are the steps.
    #[test]
    fn lines_by_hand() {
        assert_eq!(lines(2, 4), [1.0, 0.75, 0.25, 0.0, 0.0, 0.25, 0.75, 1.0]);
        assert_eq!(lines(2, 2), [1.0, 0.0, 0.0, 1.0]);
        assert_eq!(lines(1, 2), [1.0, 1.0]);
    }

    /// Of 1 3 2 5 4 in pairs: 3, 5 and what is left, 4.
    #[test]
    fn pools_by_hand() {
        let x =
            Tensor::<2>::from_floats([[1.0, 3.0, 2.0, 5.0, 4.0]], &burn::tensor::Device::flex());
        assert_eq!(numbers(largest(x.clone(), 2)).unwrap(), [3.0, 5.0, 4.0]);
        assert_eq!(numbers(largest(x, 1)).unwrap(), [1.0, 3.0, 2.0, 5.0, 4.0]);
    }

    /// Unequal stacks are refused by name.
    #[test]
    fn stacks_agree() {
        let network = Nhits { pool: vec![1, 1], stretch: vec![1], ..Nhits::default() };
        assert!(network.check().unwrap_err().to_string().contains("stretch"));
    }

    /// Three blocks over a window of 10: pools 4, 2 and 1, knots 2, 3 and 6 over six steps.
    #[test]
    fn equals_pytorch() {
        let network = Nhits {
            pool: vec![4, 2, 1],
            stretch: vec![3, 2, 1],
            dense: vec![7, 7],
            ..Nhits::default()
        };
        let shape = Shape { steps: 10, channels: 1, horizon: 6, outputs: 1 };
        let places = (0..3).flat_map(|block| (0..3).map(move |layer| (block, layer)));
        let names: Vec<(String, _)> = places
            .flat_map(|(block, layer)| {
                let ours = format!("blocks.{block}.sums.layers.{layer}");
                let theirs = format!("blocks.{block}.dense.{}", 2 * layer);
                [
                    (format!("{ours}.weight"), of(&format!("{theirs}.weight")).turned()),
                    (format!("{ours}.bias"), of(&format!("{theirs}.bias"))),
                ]
            })
            .collect();
        let layers = network.layers(shape, &mut draw()).unwrap();
        let golden = Golden::of("nets_forecasters", "nhits", layers, &names);
        let x = golden.input::<2>("x").unsqueeze_dim(2);
        golden.check(golden.layers.forward(x, &mut Noise(None)).squeeze_dim::<2>(2));
    }
}
