//! Layers and losses held to PyTorch's numbers, the cases of `tests/golden/nets_*`; the tests of a
//! layer stand in its file, where its weights are in reach.
//!
//! ```text
//! let names = [("weight", of("weight").turned()), ("bias", of("bias"))];     ours, and where from
//! let golden = Golden::of("nets_layers", "dense", Dense::new(&mut draw(), 2, 4), &names);
//! golden.check(golden.layers.each(golden.input("x")));         output, and the slopes of everything
//! ```

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor, TensorData};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde_json::Value;

use super::{Draw, keep, numbers};
use crate::Ctx;
use read::{assert_close, assert_within, case, largest, numbers as list};

#[path = "../../tests/golden/read.rs"]
mod read;

/// Where a weight of ours comes from: a tensor of the case, or a part of one.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    name: String,
    plus: Option<String>,
    rows: Option<(usize, usize)>,
    shape: Option<Vec<usize>>,
    axes: Option<Vec<usize>>,
}

/// The tensor of this name.
pub(crate) fn of(name: &str) -> Origin {
    Origin { name: name.into(), plus: None, rows: None, shape: None, axes: None }
}

impl Origin {
    /// The sum of it and of another: two biases of which only the sum matters.
    pub fn plus(self, other: &str) -> Origin {
        Origin { plus: Some(other.into()), ..self }
    }

    /// Rows of it, from the first up to but not the last: PyTorch holds queries, keys and values as
    /// one. Their slopes are held relative to the largest of the whole.
    pub fn rows(self, first: usize, last: usize) -> Origin {
        Origin { rows: Some((first, last)), ..self }
    }

    /// It in another shape.
    pub fn shaped(self, shape: &[usize]) -> Origin {
        Origin { shape: Some(shape.to_vec()), ..self }
    }

    /// Its transpose.
    pub fn turned(self) -> Origin {
        self.axes(&[1, 0])
    }

    /// It with its axes in this order.
    pub fn axes(self, order: &[usize]) -> Origin {
        Origin { axes: Some(order.to_vec()), ..self }
    }

    /// That part of a tensor, row after row.
    fn part(&self, (shape, values): (Vec<usize>, Vec<f64>)) -> (Vec<usize>, Vec<f64>) {
        let (mut shape, mut values) = (shape, values);
        if let Some((first, last)) = self.rows {
            let width: usize = shape[1..].iter().product();
            values = values[first * width..last * width].to_vec();
            shape[0] = last - first;
        }
        if let Some(axes) = &self.axes {
            let step = |axis: usize| shape[axis + 1..].iter().product::<usize>();
            let sizes: Vec<(usize, usize)> = axes.iter().map(|&a| (shape[a], step(a))).collect();
            let from = |at: usize| {
                let place = |(at, from), &(size, step)| (at / size, from + at % size * step);
                values[sizes.iter().rev().fold((at, 0), place).1]
            };
            values = (0..values.len()).map(from).collect();
            shape = sizes.iter().map(|(size, _)| *size).collect();
        }
        (self.shape.clone().unwrap_or(shape), values)
    }
}

/// These weights, as part of a larger layer.
pub(crate) fn within<N: AsRef<str>>(
    part: &str,
    weights: impl IntoIterator<Item = (N, Origin)>,
) -> impl Iterator<Item = (String, Origin)> {
    weights.into_iter().map(move |(name, from)| (format!("{part}.{}", name.as_ref()), from))
}

/// A generator and a device, for layers whose weights are overwritten.
pub(crate) fn draw() -> Draw {
    Draw::new(&Ctx::new(0)).unwrap()
}

/// Layers with the weights of a case.
pub(crate) struct Golden<M> {
    /// The layers.
    pub layers: M,
    name: String,
    case: Value,
    tolerance: f64,
    weights: Vec<(String, Origin)>,
    inputs: RefCell<BTreeMap<String, Slope>>,
}

type Slope = Box<dyn Fn(&Gradients) -> Option<Vec<f32>>>;

impl Golden<usize> {
    /// A case without weights.
    pub fn plain(folder: &str, name: &str) -> Golden<usize> {
        Golden::of::<&str>(folder, name, 0, &[])
    }
}

impl<M: Module> Golden<M> {
    /// A case of a folder, with a line for each weight that `layers` have, by the names of a saved
    /// network.
    pub fn of<N: AsRef<str>>(
        folder: &str,
        name: &str,
        layers: M,
        weights: &[(N, Origin)],
    ) -> Golden<M> {
        let whole = case(folder);
        let case = whole["cases"][name].clone();
        assert!(case.is_object(), "{folder} has no case `{name}`");
        let own = |name: &str| {
            ["weights", "given"].into_iter().find(|part| case[part].get(name).is_some())
        };
        let bytes = weights.iter().map(|(to, origin)| {
            let get = |from: &str| {
                let part = own(from).unwrap_or_else(|| panic!("`{name}` has no `{from}`"));
                origin.part(tensor(&case[part][from]))
            };
            let (shape, mut values) = get(&origin.name);
            if let Some(plus) = &origin.plus {
                values.iter_mut().zip(get(plus).1).for_each(|(value, more)| *value += more);
            }
            let bytes = values.iter().flat_map(|value| (*value as f32).to_le_bytes()).collect();
            (to.as_ref().to_string(), (shape, bytes))
        });
        let layers = put(layers, bytes.collect());
        Golden {
            layers,
            name: format!("{folder}, {name}"),
            tolerance: whole["tolerance"].as_f64().unwrap(),
            weights: weights.iter().map(|(to, from)| (to.as_ref().into(), from.clone())).collect(),
            inputs: RefCell::default(),
            case,
        }
    }

    /// An input, whose slopes are then checked.
    pub fn input<const D: usize>(&self, name: &str) -> Tensor<D> {
        let input = self.read("inputs", name).require_grad();
        let own = input.clone();
        let slope = move |of: &Gradients| own.grad(of).map(|slope| numbers(slope).unwrap());
        self.inputs.borrow_mut().insert(name.into(), Box::new(slope));
        input
    }

    /// A tensor without slopes.
    pub fn given<const D: usize>(&self, name: &str) -> Tensor<D> {
        self.read("given", name)
    }

    fn read<const D: usize>(&self, part: &str, name: &str) -> Tensor<D> {
        let (shape, values) = tensor(&self.case[part][name]);
        let values = values.iter().map(|value| *value as f32).collect();
        Tensor::from_data(TensorData::new(values, shape), &draw().device)
    }

    /// Fails where the output, the slope of an input or the slope of a weight is not the case's, or
    /// where one of the case's slopes belongs to nothing that was asked for.
    pub fn check<const D: usize>(&self, said: Tensor<D>) {
        self.check_but(said, &[]);
    }

    /// The same, but for the slopes of what is no input of ours.
    pub fn check_but<const D: usize>(&self, said: Tensor<D>, not_ours: &[&str]) {
        let wide = |got: &[f32]| got.iter().map(|value| f64::from(*value)).collect::<Vec<f64>>();
        let what = |what: &str| format!("{}: {what}", self.name);
        let hold = |name: &str, got: &[f32], want: &[f64]| {
            assert_close(&what(name), &wide(got), want, self.tolerance);
        };
        let (_, pull) = tensor(&self.case["cotangent"]);
        let pull = pull.iter().map(|value| *value as f32).collect();
        let pull = Tensor::<D>::from_data(TensorData::new(pull, said.dims()), &said.device());
        let slopes = (said.clone() * pull).sum().backward();
        hold("output", &numbers(said).unwrap(), &tensor(&self.case["output"]).1);
        let mut seen = Seen { of: &slopes, path: Vec::new(), all: BTreeMap::new() };
        self.layers.visit(&mut seen);
        let wanted = |name: &str| tensor(&self.case["gradients"][name]);
        let inputs = self.inputs.borrow();
        for (name, slope) in inputs.iter().filter(|(name, _)| !not_ours.contains(&name.as_str())) {
            hold(&format!("slope of {name}"), &slope(&slopes).unwrap_or_default(), &wanted(name).1);
        }
        for (name, origin) in &self.weights {
            if self.case["weights"].get(&origin.name).is_some() {
                let whole = wanted(&origin.name);
                let (most, want) = (self.tolerance * largest(&whole.1), origin.part(whole).1);
                let what = what(&format!("slope of {name}"));
                assert_within(&what, &wide(&seen.all[name]), &want, most);
            }
        }
        let origins = self.weights.iter().flat_map(|(_, o)| [Some(&o.name), o.plus.as_ref()]);
        let mut held: BTreeSet<String> = origins.flatten().cloned().collect();
        held.extend(inputs.keys().cloned());
        held.extend(not_ours.iter().map(|name| name.to_string()));
        let all = self.case["gradients"].as_object().unwrap();
        let left: Vec<&String> = all.keys().filter(|name| !held.contains(*name)).collect();
        assert!(left.is_empty(), "{}: nothing is held to the slopes of {left:?}", self.name);
    }
}

/// Shape and values.
fn tensor(written: &Value) -> (Vec<usize>, Vec<f64>) {
    (list(&written["shape"]).iter().map(|size| *size as usize).collect(), list(&written["values"]))
}

/// Layers with these weights; weights of no numbers need none.
fn put<M: Module>(layers: M, mut all: BTreeMap<String, (Vec<usize>, Vec<u8>)>) -> M {
    let empty = keep::Weights::of(&layers).into_iter().filter(|(_, shape, _)| shape.contains(&0));
    all.extend(empty.map(|(name, shape, _)| (name, (shape, Vec::new()))));
    let views = all.iter().map(|(name, (shape, bytes))| {
        (name, TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap())
    });
    let bytes = safetensors::serialize(views, None).unwrap();
    keep::put(layers, &SafeTensors::deserialize(&bytes).unwrap()).unwrap()
}

/// The slopes of weights, by name.
struct Seen<'a> {
    of: &'a Gradients,
    path: Vec<String>,
    all: BTreeMap<String, Vec<f32>>,
}

impl ModuleVisitor for Seen<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.into());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let slope = param.val().grad(self.of).map(|slope| numbers(slope).unwrap());
        self.all.insert(self.path.join("."), slope.unwrap_or_default());
    }
}
