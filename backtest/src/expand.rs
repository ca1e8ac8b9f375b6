//! Models as written made models as run: one for each variant and each repeat.

use almanac_models::{Written, entry, find, nets, regress};
use serde_json::Value;

use crate::spec::{ModelSpec, Spec, TaskName, Variant};

/// Learners that look at no feature: one of each is enough.
const BLIND: &[&str] = &["mean", "prior"];

/// Every learner once for each variant, with its features and lift written into it (once where it has
/// features of its own and variants set nothing else), and every model as often as it is repeated; each
/// with the place of its `[[model]]`.
pub(crate) fn expand(spec: &Spec) -> Vec<(usize, ModelSpec)> {
    let mut all = Vec::new();
    let features_alone = spec.variant.iter().all(Variant::is_of_features);
    for (place, written) in spec.model.iter().enumerate() {
        let own = features_alone
            && written.lift.as_ref().is_some_and(|lift| lift.contains_key("features"));
        let once = own || BLIND.contains(&written.entry.as_str());
        if !learns(spec.task, &written.entry) {
            repeat(place, written.clone(), &mut all);
        } else if spec.variant.is_empty() || once {
            let (features, lift) = (spec.features.clone(), spec.lift.clone());
            let own = filled_in(written, written.name.clone(), features, lift);
            repeat(place, own, &mut all);
        } else {
            for variant in &spec.variant {
                repeat(place, varied(spec, written, variant), &mut all);
            }
        }
    }
    all
}

/// A learner in one of the spec's variants.
fn varied(spec: &Spec, written: &ModelSpec, variant: &Variant) -> ModelSpec {
    let own = written.name.as_deref().unwrap_or(&written.entry);
    let name = Some(format!("{own}/{}", variant.name));
    let features = over(&spec.features, &variant.features);
    let lift = over(&spec.lift, &variant.lift);
    let mut all = filled_in(written, name, features, lift);
    all.settings = deep(&all.settings, &variant.model);
    all.refit = variant.refit.or(written.refit);
    all
}

/// A model once for each of its seeds.
fn repeat(place: usize, written: ModelSpec, all: &mut Vec<(usize, ModelSpec)>) {
    let Some(count) = written.repeats else { return all.push((place, written)) };
    let own = written.name.clone().unwrap_or_else(|| written.entry.clone());
    all.extend((1..=count).map(|number| {
        let name = Some(format!("{own}#{number}"));
        (place, ModelSpec { name, repeats: None, ..written.clone() })
    }));
}

/// One table over another, tables within them likewise.
fn deep(below: &Written, above: &Written) -> Written {
    let mut all = below.clone();
    for (name, value) in above {
        let value = match (all.get(name), value) {
            (Some(Value::Object(below)), Value::Object(above)) => Value::Object(deep(below, above)),
            _ => value.clone(),
        };
        all.insert(name.clone(), value);
    }
    all
}

/// Whether this task's roster of this name is one of learners.
pub(crate) fn learns(task: TaskName, name: &str) -> bool {
    match task {
        TaskName::Forecast => {
            entry(name).is_err()
                && (find(regress::ROSTER, name).is_ok() || find(nets::ROSTER, name).is_ok())
        }
        TaskName::Direction | TaskName::Regress => true,
    }
}

fn filled_in(
    written: &ModelSpec,
    name: Option<String>,
    features: Written,
    mut lift: Written,
) -> ModelSpec {
    if !features.is_empty() {
        lift.entry("features").or_insert(Value::Object(features));
    }
    let lift = over(&lift, written.lift.as_ref().unwrap_or(&Written::new()));
    ModelSpec { name, lift: Some(lift), ..written.clone() }
}

/// One table over another; `false` takes a line away.
fn over(below: &Written, above: &Written) -> Written {
    let mut all = below.clone();
    for (name, value) in above {
        match value {
            Value::Bool(false) => drop(all.shift_remove(name)),
            value => drop(all.insert(name.clone(), value.clone())),
        }
    }
    all
}
