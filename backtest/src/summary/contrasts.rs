//! Variants of one learner against each other: what a group of features adds.
//!
//! ```text
//! d[u] = first[u] − second[u]     u = a series of a panel, a fold of a table's test set
//! ```
//!
//! Folds of one test set share most of the rows they learn from, so that their differences vary
//! less than those of new rows would: both tests are too sure there.
//! Nadeau & Bengio, Machine Learning 52 (2003).

use almanac_data::Contrast;

use crate::compare::{Difference, paired, two_sample};
use crate::summary::Summary;

/// A model whose name has a `/`: the learner before it, the variant behind.
#[derive(Clone, Copy)]
struct Variant<'a> {
    learner: &'a str,
    name: &'a str,
    model: usize,
}

impl Summary<'_> {
    /// Every pair of variants of every learner, in the run's order; for a table once a test set
    /// of at least two folds.
    pub(super) fn contrasts(&self) -> Vec<Contrast> {
        let variant = |group: &Vec<usize>| {
            let (learner, name) = self.plan.models[group[0]].group().rsplit_once('/')?;
            Some((group[0], learner.to_string(), name.to_string()))
        };
        let named: Vec<_> = self.groups.iter().filter_map(variant).collect();
        let variants: Vec<Variant<'_>> = named
            .iter()
            .map(|(model, learner, name)| Variant { learner, name, model: *model })
            .collect();
        let sets = match self.plan.rows {
            None => vec![None],
            Some(_) => (0..self.plan.panel.len()).map(Some).collect(),
        };
        let of = |set: &Option<usize>| self.contrasts_of(*set, &variants);
        sets.iter().flat_map(of).collect()
    }

    fn contrasts_of(&self, set: Option<usize>, variants: &[Variant<'_>]) -> Vec<Contrast> {
        let later = |at: usize| variants[at + 1..].iter();
        let pairs = variants.iter().enumerate().flat_map(|(at, first)| {
            later(at)
                .filter(|second| second.learner == first.learner)
                .map(move |second| (first, second))
        });
        pairs.filter_map(|(first, second)| self.contrast(set, *first, *second)).collect()
    }

    /// `None` for fewer than two units.
    fn contrast(&self, set: Option<usize>, a: Variant<'_>, b: Variant<'_>) -> Option<Contrast> {
        let gauge = &self.plan.gauges[self.plan.primary];
        let both = self.units(set, a.model).into_iter().zip(self.units(set, b.model));
        let (first, second): (Vec<f64>, Vec<f64>) =
            both.filter(|(a, b)| (a - b).is_finite()).unzip();
        let (units, both) = (first.len(), || first.iter().zip(&second));
        let won = both().filter(|&(&a, &b)| gauge.loss(a) < gauge.loss(b)).count();
        let p_value = |test: Difference| Some(test.p_value()).filter(|p| !p.is_nan());
        (units > 1).then(|| Contrast {
            set: set.map(|set| self.plan.panel.ids()[set].clone()),
            learner: a.learner.into(),
            first: a.name.into(),
            second: b.name.into(),
            units,
            difference: both().map(|(a, b)| a - b).sum::<f64>() / units as f64,
            p_paired: paired(&first, &second).and_then(p_value),
            p_two_sample: two_sample(&first, &second).and_then(p_value),
            wins: won as f64 / units as f64,
        })
    }

    /// The primary score of a model on each series, or on each fold of a test set.
    fn units(&self, set: Option<usize>, model: usize) -> Vec<f64> {
        let (plan, models) = (self.plan, self.plan.models.len());
        match set {
            Some(set) => {
                let folds = |model: usize| &self.of_sets[set * models + model];
                let mean = |at| self.over_seeds(model, |seed| folds(seed)[at]);
                (0..folds(model).len()).map(mean).collect()
            }
            None => {
                let score = |series, seed| self.series_score(series, seed, plan.primary);
                let mean = |series| self.over_seeds(model, |seed| score(series, seed));
                (0..plan.panel.len()).map(mean).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use almanac_data::{FoldResult, Matrix, Panel, Table};
    use almanac_models::Ctx;

    use crate::plan::Plan;
    use crate::rows::TableRows;
    use crate::spec::Spec;
    use crate::summary::Summary;
    use crate::summary::tests::{answered, panel};

    /// Errors 1 2 3 against 2 4 6: d = −1 −2 −3, t = −√12 on 2 degrees of freedom, whose two-sided
    /// p is 1 − |t|/√(2 + t²). Welch's test sees less. The baseline has no variants.
    #[test]
    fn two_variants_over_series_by_hand() {
        let panel: Panel = panel();
        let spec = Spec::from_toml(
            "data = {}\nfolds.horizon = 2\nscore = { metrics = [\"mae\"], baseline = \"naive\" }\n\
             [[model]]\nuse = \"drift\"\nname = \"drift/few\"\n\
             [[model]]\nuse = \"drift\"\nname = \"drift/many\"\n",
        );
        let plan = Plan::new(&spec.unwrap(), &panel).unwrap();
        let mut summary = Summary::new(&plan);
        let off = |series: usize, model: usize| 2.0 + ((series + 1) * (model + 1)) as f64;
        let answer = |series: usize, model: usize| {
            answered(&plan, (series, model), [2.0; 2], [off(series, model); 2])
        };
        let answers = (0..3).flat_map(|series| (0..3).map(move |model| (series, model)));
        let answers = answers.map(|(series, model)| answer(series, model)).collect();
        summary.feed(&FoldResult { fold: 0, answers });
        let board = summary.leaderboard(&Ctx::new(1));
        let [contrast] = board.contrasts.as_slice() else { panic!("{:?}", board.contrasts) };
        let names = [&contrast.learner, &contrast.first, &contrast.second];
        assert_eq!(names, ["drift", "few", "many"]);
        assert_eq!((&contrast.set, contrast.units), (&None, 3));
        assert_eq!((contrast.difference, contrast.wins), (-2.0, 1.0));
        let p = 1.0 - (12.0_f64 / 14.0).sqrt();
        assert!((contrast.p_paired.unwrap() - p).abs() < 1e-12, "{contrast:?}");
        assert!(contrast.p_two_sample.unwrap() > contrast.p_paired.unwrap());
    }

    /// A set of one fold has no spread to test with; the two shuffled folds have.
    #[test]
    fn tables_contrast_the_folds_of_a_set() {
        let y: Vec<f64> = (0..4).map(f64::from).collect();
        let table = Table {
            name: "four".into(),
            ids: (0..4).map(|row| format!("r{row}")).collect(),
            x: Matrix::from_columns(vec![("x".into(), y.clone())]).unwrap(),
            target: "y".into(),
            y,
            classes: Vec::new(),
            labels: vec![("split".into(), ["train", "train", "a", "a"].map(String::from).into())],
            curves: None,
        };
        let spec = Spec::from_toml(
            "task = \"regress\"\ndata = {}\nscore.metrics = [\"mae\"]\n\
             folds = { kind = \"given\", by = \"split\", count = 2, repeats = 1 }\n\
             [[model]]\nuse = \"mean\"\nname = \"mean/few\"\n\
             [[model]]\nuse = \"mean\"\nname = \"mean/many\"\n",
        );
        let spec = spec.unwrap();
        let rows = TableRows::new(&spec.folds, 1, table).unwrap();
        let plan = Plan::of_rows(&spec, &rows).unwrap();
        let mut summary = Summary::new(&plan);
        for (fold, sets) in [(0, vec![0, 1]), (1, vec![1])] {
            let answers = sets.into_iter().flat_map(|set| [(set, 0), (set, 1)]).map(|place| {
                let mean = (1 + place.1 + fold) as f64;
                answered(&plan, place, [0.0; 2], [mean; 2])
            });
            summary.feed(&FoldResult { fold, answers: answers.collect() });
        }
        let board = summary.leaderboard(&Ctx::new(1));
        let [contrast] = board.contrasts.as_slice() else { panic!("{:?}", board.contrasts) };
        assert_eq!((contrast.set.as_deref(), contrast.units), (Some("2-fold"), 2));
        assert_eq!((contrast.difference, contrast.p_paired), (-1.0, None));
    }
}
