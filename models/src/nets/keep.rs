//! Weights in a file: safetensors, by the names they have in the module, with a card that says which
//! network they are of. Nothing in it is run.

use std::collections::HashMap;

use almanac_data::FitError;
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Tensor, TensorData};
use safetensors::SafeTensorError;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Architecture, Network, ROSTER, Shape, numbers};
use crate::{Written, find, regress};

/// The key of the card in a file.
const CARD: &str = "almanac";

/// Settings that say how many layers there are: each has weights of its own.
const DEPTHS: &[&str] = &["depth", "blocks"];
/// Steps beyond it are no window's: what is read back must not ask for more room than that.
const LONGEST: usize = 1 << 20;

/// Whose weights they are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Card {
    network: String,
    pub shape: Shape,
    settings: Written,
}

impl Card {
    /// Of a network for this shape.
    pub fn of<A: Architecture>(network: &A, shape: Shape) -> Card {
        let settings = serde_json::to_value(network).unwrap_or_default();
        let settings = settings.as_object().cloned().unwrap_or_default();
        Card { network: A::NAME.into(), shape, settings }
    }

    /// Refuses the weights of another network; they may have been trained in another way.
    fn admit(&self, file: &Card) -> Result<(), FitError> {
        let refuse = |what: &str, own: &dyn std::fmt::Display, other: &dyn std::fmt::Display| {
            Err(FitError::Failed(format!(
                "these are weights of another network: {what} {other}, not {own}"
            )))
        };
        if self.network != file.network {
            return refuse("of", &self.network, &file.network);
        }
        if self.shape != file.shape {
            let words = |shape: &Shape| format!("{shape:?}");
            return refuse("for", &words(&self.shape), &words(&file.shape));
        }
        let differs = |(name, own): &(&String, &Value)| {
            name.as_str() != "train" && file.settings.get(*name) != Some(own)
        };
        match self.settings.iter().find(differs) {
            None => Ok(()),
            Some((name, own)) => {
                let other = file.settings.get(name).cloned().unwrap_or_default();
                refuse(&format!("`{name}` is"), own, &other)
            }
        }
    }
}

fn failed(why: &dyn std::fmt::Display) -> FitError {
    FitError::Failed(format!("the file of weights {why}"))
}

/// The weights of these layers.
///
/// # Errors
/// A device that does not give them.
pub(crate) fn save<M: Module>(layers: &M, card: &Card) -> Result<Vec<u8>, FitError> {
    let weights = Weights::of(layers).into_iter().map(|(name, shape, values)| {
        Ok((name, shape, values?.into_iter().flat_map(f32::to_le_bytes).collect()))
    });
    let weights = weights.collect::<Result<Vec<(String, Vec<usize>, Vec<u8>)>, FitError>>()?;
    let cannot = |why: &dyn std::fmt::Display| failed(&format!("cannot be written: {why}"));
    let views = weights.iter().map(|(name, shape, bytes)| {
        Ok((name, TensorView::new(Dtype::F32, shape.clone(), bytes).map_err(|e| cannot(&e))?))
    });
    let views = views.collect::<Result<Vec<_>, FitError>>()?;
    let card = serde_json::to_string(card).map_err(|e| cannot(&e))?;
    let about = Some(HashMap::from([(CARD.to_string(), card)]));
    safetensors::serialize(views, about).map_err(|e| cannot(&e))
}

/// The same layers with the weights of a file.
///
/// # Errors
/// A damaged file, or weights that are not those of these layers.
pub(crate) fn load<M: Module>(layers: M, bytes: &[u8]) -> Result<M, FitError> {
    put(layers, &SafeTensors::deserialize(bytes).map_err(damaged)?)
}

/// Refuses a file of another network, and settings of more layers or wider ones than its weights can
/// be of; the number of weights that it has.
///
/// # Errors
/// A damaged file, or one of another network.
pub(crate) fn admit(card: &Card, bytes: &[u8]) -> Result<usize, FitError> {
    card.admit(&whose(bytes)?)?;
    let file = SafeTensors::deserialize(bytes).map_err(damaged)?;
    let weights = file.tensors().iter().map(|(_, view)| view.data().len() / 4).sum();
    let too_many = |name: &str, value: &Value| {
        let most = if DEPTHS.contains(&name) { file.len() } else { LONGEST.max(weights) };
        value.as_u64().is_some_and(|count| count > most as u64)
    };
    let own = card.settings.iter().filter(|(name, _)| *name != "train");
    let mut own = own.flat_map(|(name, value)| match value {
        Value::Array(all) => all.iter().map(|value| (name, value)).collect(),
        one => vec![(name, one)],
    });
    match own.any(|(name, value)| too_many(name, value)) {
        true => Err(failed(&"is of fewer or smaller layers than it says")),
        false => Ok(weights),
    }
}

/// The network on rows that a file is of, and for which shape.
///
/// # Errors
/// A damaged file, or a network that does not learn from rows.
pub(crate) fn network(bytes: &[u8]) -> Result<(Box<dyn Network>, Shape), FitError> {
    let card = whose(bytes)?;
    let on_rows = find(regress::ROSTER, &card.network).is_ok();
    let line = find(ROSTER, &card.network).ok().filter(|_| on_rows);
    let line =
        line.ok_or_else(|| failed(&format!("is of no network on rows: {}", card.network)))?;
    let network = (line.build)(&card.settings).map_err(|e| failed(&format!("cannot be: {e}")))?;
    Ok((network, card.shape))
}

fn whose(bytes: &[u8]) -> Result<Card, FitError> {
    let (_, about) = SafeTensors::read_metadata(bytes).map_err(damaged)?;
    let about = about.metadata().as_ref().and_then(|about| about.get(CARD));
    let about = about.ok_or_else(|| failed(&"does not say of which network they are"))?;
    serde_json::from_str(about).map_err(|e| failed(&format!("has a card that cannot be read: {e}")))
}

fn damaged(error: SafeTensorError) -> FitError {
    failed(&format!("cannot be read: {error}"))
}

/// The same layers with these weights: all of them, and no others.
///
/// # Errors
/// A name or a shape that differs, a value that is not finite.
pub(crate) fn put<M: Module>(layers: M, file: &SafeTensors<'_>) -> Result<M, FitError> {
    let own = Weights::of(&layers);
    let stranger = |name: &&str| own.iter().all(|(known, ..)| known != name);
    if let Some(name) = file.names().into_iter().find(stranger) {
        return Err(failed(&format!("has weights `{name}`, which this network has not")));
    }
    let read = |(name, shape, _): &(String, Vec<usize>, _)| {
        let view = file.tensor(name).map_err(|_| failed(&format!("has no weights `{name}`")))?;
        if view.shape() != shape || view.dtype() != Dtype::F32 {
            let (dtype, got) = (view.dtype(), view.shape());
            return Err(failed(&format!(
                "has weights `{name}` of {dtype:?} {got:?}, not F32 {shape:?}"
            )));
        }
        let bytes = view.data().chunks_exact(4);
        let values: Vec<f32> =
            bytes.map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        match values.iter().all(|value| value.is_finite()) {
            true => Ok(values),
            false => Err(failed(&format!("has weights `{name}` that are not finite"))),
        }
    };
    let values = own.iter().map(read).collect::<Result<Vec<_>, FitError>>()?;
    Ok(layers.map(&mut Put(values.into_iter())))
}

/// A weight's name, shape and numbers.
type Named = (String, Vec<usize>, Result<Vec<f32>, FitError>);

/// Names, shapes and values of the weights of a module, in its order.
#[derive(Default)]
pub(crate) struct Weights {
    path: Vec<String>,
    all: Vec<Named>,
}

impl Weights {
    pub fn of<M: Module>(layers: &M) -> Vec<Named> {
        let mut seen = Weights::default();
        layers.visit(&mut seen);
        seen.all
    }
}

impl ModuleVisitor for Weights {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.into());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val();
        let shape = tensor.dims().to_vec();
        self.all.push((self.path.join("."), shape, numbers(tensor.inner())));
    }
}

struct Put(std::vec::IntoIter<Vec<f32>>);

impl ModuleMapper for Put {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(values) = self.0.next() else { return param };
        let (id, tensor, mapper) = param.consume();
        let data = TensorData::new(values, tensor.dims());
        let put = Tensor::from_data(data, &tensor.device());
        Param::from_mapped_value(id, put.set_require_grad(tensor.is_require_grad()), mapper)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{
        Cnn, Examples, Goal, Lesson, Lstm, Network, Recurrent, Rnn, Taught, Training,
    };
    use super::*;
    use crate::Ctx;

    struct Ramp;

    impl Examples for Ramp {
        fn count(&self) -> usize {
            12
        }

        fn put(&self, at: usize, x: &mut [f32], y: &mut [f32]) {
            let value = |step: usize| 0.05 * (at + step) as f32;
            x.iter_mut().enumerate().for_each(|(step, x)| *x = value(step));
            y.iter_mut().enumerate().for_each(|(step, y)| *y = value(6 + step));
        }
    }

    const SHAPE: Shape = Shape { steps: 6, channels: 1, horizon: 2, outputs: 1 };

    fn lstm(units: usize) -> Recurrent<Lstm> {
        let train = Training { epochs: 2, ..Training::default() };
        Recurrent { units, dense: vec![3], train, ..Default::default() }
    }

    fn taught(network: &dyn Network) -> Box<dyn Taught> {
        let goal = Goal::of(network.training());
        let lesson = Lesson { shape: SHAPE, examples: &Ramp, goal, from: None };
        network.learn(&Ctx::new(1), &lesson).unwrap()
    }

    fn say(taught: &dyn Taught) -> Vec<f32> {
        taught.answer(Default::default(), &[0.1, 0.4, -0.2, 0.9, 0.0, 0.3]).unwrap()
    }

    fn refusal(network: &dyn Network, shape: Shape, bytes: &[u8]) -> String {
        network.load(&Ctx::new(2), shape, bytes).err().unwrap().to_string()
    }

    /// Weights are numbers: written and read they say the same, bit for bit, and are written the
    /// same again. How the network was trained does not matter.
    #[test]
    fn a_kept_network_says_the_same() {
        let kept = taught(&lstm(4));
        let bytes = kept.save().unwrap();
        let longer = Recurrent { train: Training { epochs: 9, ..Training::default() }, ..lstm(4) };
        let loaded = longer.load(&Ctx::new(2), SHAPE, &bytes).unwrap();
        assert_eq!(say(loaded.as_ref()), say(kept.as_ref()));
        assert_eq!(lstm(4).load(&Ctx::new(2), SHAPE, &bytes).unwrap().save().unwrap(), bytes);
    }

    /// Weights of another network, shape or size are refused by what differs, even where every
    /// weight would fit.
    #[test]
    fn foreign_weights_are_refused() {
        let bytes = taught(&lstm(4)).save().unwrap();
        let refused = |network: &dyn Network, shape: Shape, what: &str| {
            let words = refusal(network, shape, &bytes);
            assert!(words.contains(what), "{words}");
        };
        refused(&Cnn::default(), SHAPE, "of lstm, not cnn");
        refused(&Recurrent::<Rnn>::default(), SHAPE, "of lstm, not rnn");
        refused(&lstm(5), SHAPE, "`units` is 4, not 5");
        refused(&Recurrent { relu: true, ..lstm(4) }, SHAPE, "`relu` is false, not true");
        refused(&lstm(4), Shape { steps: 7, ..SHAPE }, "for Shape { steps: 6");
    }

    /// A file cut anywhere, and one with any byte of its head changed, is refused or, where the byte
    /// means nothing, says the same; weights that are not finite are refused.
    #[test]
    fn damaged_weights_are_refused() {
        let kept = taught(&lstm(4));
        let bytes = kept.save().unwrap();
        for length in (0..bytes.len()).step_by(7) {
            let words = refusal(&lstm(4), SHAPE, &bytes[..length]);
            assert!(words.contains("the file of weights cannot be read"), "{length}: {words}");
        }
        let head = 8 + usize::from(u16::from_le_bytes([bytes[0], bytes[1]]));
        for at in 0..head {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x11;
            if let Ok(loaded) = lstm(4).load(&Ctx::new(2), SHAPE, &damaged) {
                assert_eq!(say(loaded.as_ref()), say(kept.as_ref()), "byte {at}");
            }
        }
        let mut endless = bytes.clone();
        endless[head..head + 4].copy_from_slice(&f32::NAN.to_le_bytes());
        assert!(refusal(&lstm(4), SHAPE, &endless).contains("not finite"));
        let bare = safetensors::serialize(Vec::<(&str, TensorView<'_>)>::new(), None).unwrap();
        assert!(refusal(&lstm(4), SHAPE, &bare).contains("does not say of which network"));
    }

    /// A card cannot ask for more room than its weights have: wide layers, many layers, long windows.
    #[test]
    fn a_card_asks_for_no_more_than_its_weights() {
        let bytes = taught(&lstm(4)).save().unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let said = |units: u64, depth: u64, channels: usize| {
            let mut card = Card::of(&lstm(4), Shape { channels, ..SHAPE });
            card.settings.insert("units".into(), units.into());
            card.settings.insert("depth".into(), depth.into());
            let card = serde_json::to_string(&card).unwrap();
            let about = HashMap::from([(CARD.to_string(), card)]);
            let bytes = safetensors::serialize(file.tensors(), Some(about)).unwrap();
            let (network, shape) = network(&bytes).unwrap();
            network.load(&Ctx::new(2), shape, &bytes).map(|_| ()).map_err(|e| e.to_string())
        };
        assert_eq!(said(4, 1, 1), Ok(()));
        for (units, depth, channels) in
            [(1 << 40, 1, 1), (1 << 19, 1, 1), (4, 1 << 40, 1), (4, 1, 1 << 40)]
        {
            let words = said(units, depth, channels).unwrap_err();
            assert!(words.contains("smaller layers"), "{units} {depth} {channels}: {words}");
        }
    }
}
