//! Tuned: any learner, with settings that did best on the last of the rows it is given.
//!
//! ```text
//! rows      ────────── learnt ──────────┃ held back: block 1 ┃ block 2 ┃ …
//! random    each candidate learns all rows before a block and is judged on that block
//! halving   first on the newest 1/3^k of those rows; the better third goes on to three times as many
//! ```
//!
//! The rows must lie in time order where they have one: a candidate never learns from rows after
//! those it is judged on. Judged by squared error, or by the log of the chance of the true class.
//! The winner learns all rows. A space of lists that has no more points than tries is tried whole.
//! With few rows held back the winner is the luckiest, not the best.
//! Bergstra & Bengio (2012), Random Search for Hyper-Parameter Optimization; Jamieson & Talwalkar
//! (2016), Non-stochastic Best Arm Identification and Hyperparameter Optimization.

use std::collections::BTreeMap;
use std::ops::Range;

use almanac_data::{FitError, Matrix};
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::classify::{Chances, Classes, Classify};
use crate::regress::{Predict, Regress};
use crate::settings::{Setting, SettingError, Settings, Written};
use crate::{Ctx, Entry};

/// Rows below which a smaller share says nothing.
const FEW: usize = 20;

/// A search for settings.
///
/// | name   | default | range           | meaning                                      |
/// |--------|---------|-----------------|----------------------------------------------|
/// | space  | {}      | settings        | a list of values, or { log = [0.1, 10] }     |
/// | tries  | 20      | >= 1            | points of the space that are tried, at most  |
/// | search | random  | random, halving | whether all rows are learnt at every try     |
/// | share  | 0.25    | (0, 1)          | share of the rows, the last, to be judged on |
/// | blocks | 1       | >= 1            | blocks of those, each judged in its turn     |
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tuned {
    /// The learner's settings, each with what it may be.
    pub space: BTreeMap<String, Choice>,
    /// Points of the space that are tried, at most.
    pub tries: usize,
    /// Whether all rows are learnt at every try.
    pub search: Search,
    /// Share of the rows, the last, to be judged on.
    pub share: f64,
    /// Blocks of those rows, each judged after the rows before it are learnt.
    pub blocks: usize,
}

/// What a setting may be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Choice {
    /// One of these values.
    List(Vec<Value>),
    /// A number of a range.
    Range(Span),
}

/// A range of numbers, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Span {
    /// Every size as likely as every other.
    Log([f64; 2]),
    /// Every value as likely as every other.
    Linear([f64; 2]),
    /// Every whole number as likely as every other.
    Whole([i64; 2]),
}

/// How candidates are weeded out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Search {
    /// Each learns all rows.
    Random,
    /// Many learn few rows, the better of them more.
    Halving,
}

impl Default for Tuned {
    fn default() -> Tuned {
        Tuned { space: BTreeMap::new(), tries: 20, search: Search::Random, share: 0.25, blocks: 1 }
    }
}

impl Settings for Tuned {
    const TABLE: &'static [Setting] = &[
        Setting {
            name: "space",
            range: "settings, each a list, or { log | linear | whole = [from, to] }",
            meaning: "the learner's settings, each with what it may be",
        },
        Setting { name: "tries", range: ">= 1", meaning: "points of the space tried, at most" },
        Setting {
            name: "search",
            range: "random or halving",
            meaning: "whether every candidate learns all rows, or the better ones more",
        },
        Setting {
            name: "share",
            range: "(0, 1)",
            meaning: "share of the rows, the last, to be judged on",
        },
        Setting {
            name: "blocks",
            range: ">= 1",
            meaning: "blocks of those rows, each judged after the rows before it are learnt",
        },
    ];

    fn check(&self) -> Result<(), SettingError> {
        SettingError::unless(self.tries > 0, "tries", "at least 1", self.tries)?;
        SettingError::unless(
            0.0 < self.share && self.share < 1.0,
            "share",
            "in (0, 1)",
            self.share,
        )?;
        SettingError::unless(self.blocks > 0, "blocks", "at least 1", self.blocks)?;
        let wrong = self.space.iter().find(|(_, choice)| !choice.is_sound());
        let must = "of lists with values, and of ranges from less to more (log: above 0)";
        let named = wrong.map(|(name, choice)| format!("`{name}`: {choice:?}"));
        SettingError::unless(wrong.is_none(), "space", must, named.unwrap_or_default())
    }
}

impl Choice {
    fn is_sound(&self) -> bool {
        let rising = |a: f64, b: f64| a < b && (b - a).is_finite();
        match self {
            Choice::List(values) => !values.is_empty(),
            Choice::Range(Span::Log([from, to])) => 0.0 < *from && rising(*from, *to),
            Choice::Range(Span::Linear([from, to])) => rising(*from, *to),
            Choice::Range(Span::Whole([from, to])) => from < to,
        }
    }

    /// All values of a list, the ends of a range.
    fn ends(&self) -> Vec<Value> {
        match self {
            Choice::List(values) => values.clone(),
            Choice::Range(Span::Log(ends) | Span::Linear(ends)) => {
                ends.iter().map(|&end| end.into()).collect()
            }
            Choice::Range(Span::Whole(ends)) => ends.iter().map(|&end| end.into()).collect(),
        }
    }

    fn draw(&self, rng: &mut impl Rng) -> Value {
        match self {
            Choice::List(values) => values[rng.random_range(0..values.len())].clone(),
            Choice::Range(Span::Log([from, to])) => {
                rng.random_range(from.ln()..=to.ln()).exp().clamp(*from, *to).into()
            }
            Choice::Range(Span::Linear([from, to])) => rng.random_range(*from..=*to).into(),
            Choice::Range(Span::Whole([from, to])) => rng.random_range(*from..=*to).into(),
        }
    }
}

/// A regressor that tunes itself on the rows it is given.
///
/// # Errors
/// A setting of the search or of the learner that cannot be used; an end of a range that the learner
/// refuses.
pub fn tuned(
    written: &Written,
    entry: &'static Entry<dyn Regress>,
    settings: &Written,
) -> Result<Box<dyn Regress>, SettingError> {
    Ok(Box::new(Around::new(written, entry, settings)?))
}

/// A classifier that tunes itself on the rows it is given.
///
/// # Errors
/// As of [`tuned`].
pub fn tuned_classes(
    written: &Written,
    entry: &'static Entry<dyn Classify>,
    settings: &Written,
) -> Result<Box<dyn Classify>, SettingError> {
    Ok(Box::new(Around::new(written, entry, settings)?))
}

struct Around<M: ?Sized + 'static> {
    search: Tuned,
    entry: &'static Entry<M>,
    settings: Written,
}

impl Regress for Around<dyn Regress> {
    fn fit(&self, ctx: &Ctx, x: &Matrix, y: &[f64]) -> Result<Box<dyn Predict>, FitError> {
        let judge =
            |learner: &(dyn Regress + 'static), ctx: &Ctx, [learn, ask]: [Range<usize>; 2]| {
                let fitted = learner.fit(ctx, &part(x, &learn), &y[learn])?;
                let values = fitted.predict(&part(x, &ask))?;
                Ok(values.iter().zip(&y[ask]).map(|(value, y)| (value - y).powi(2)).sum())
            };
        self.best(ctx, x.rows(), &judge)?.fit(ctx, x, y)
    }
}

impl Classify for Around<dyn Classify> {
    fn fit(
        &self,
        ctx: &Ctx,
        x: &Matrix,
        classes: &Classes<'_>,
    ) -> Result<Box<dyn Chances>, FitError> {
        let judge = |learner: &(dyn Classify + 'static),
                     ctx: &Ctx,
                     [learn, ask]: [Range<usize>; 2]| {
            let known = Classes { of: &classes.of[learn.clone()], count: classes.count };
            let chances = learner.fit(ctx, &part(x, &learn), &known)?.chances(&part(x, &ask))?;
            let rows = chances.chunks(classes.count).zip(&classes.of[ask]);
            Ok(rows.map(|(chances, &class)| -chances[class].max(1e-15).ln()).sum())
        };
        self.best(ctx, x.rows(), &judge)?.fit(ctx, x, classes)
    }
}

fn part(x: &Matrix, rows: &Range<usize>) -> Matrix {
    x.select(&rows.clone().collect::<Vec<_>>())
}

/// What a learner loses on the second rows after it learnt the first.
type Judge<'a, M> = dyn Fn(&M, &Ctx, [Range<usize>; 2]) -> Result<f64, FitError> + Sync + 'a;

impl<M: ?Sized> Around<M> {
    fn new(
        written: &Written,
        entry: &'static Entry<M>,
        settings: &Written,
    ) -> Result<Around<M>, SettingError> {
        let around = Around { search: Tuned::read(written)?, entry, settings: settings.clone() };
        let space = &around.search.space;
        SettingError::unless(!space.is_empty(), "space", "at least one setting", "empty")?;
        for (name, choice) in space {
            for end in choice.ends() {
                around.build(&Written::from_iter([(name.clone(), end)]))?;
            }
        }
        Ok(around)
    }

    /// The learner at a point of the space.
    fn build(&self, point: &Written) -> Result<Box<M>, SettingError> {
        let mut settings = self.settings.clone();
        settings.extend(point.clone());
        (self.entry.build)(&settings)
    }

    /// The learner at the point that loses least.
    fn best(&self, ctx: &Ctx, rows: usize, judge: &Judge<'_, M>) -> Result<Box<M>, FitError> {
        if rows <= self.search.blocks {
            return Err(FitError::TooShort { need: self.search.blocks + 1, got: rows });
        }
        let failed = |error: SettingError| FitError::Failed(error.to_string());
        let mut points = self.search.points(&ctx.named("tuned"));
        let rounds = match self.search.search {
            Search::Random => 0,
            Search::Halving => points.len().ilog(3),
        };
        for round in (0..=rounds).rev() {
            let losses = ctx.map(points.len(), |at| {
                ctx.go_on()?;
                let learner = self.build(&points[at]).map_err(failed)?;
                let mut total = 0.0;
                for [learn, ask] in self.search.cuts(rows) {
                    let few = (learn.end / 3_usize.pow(round)).max(FEW).min(learn.end);
                    total += judge(&learner, &ctx.single(), [learn.end - few..learn.end, ask])?;
                }
                if total.is_finite() { Ok(total) } else { Err(FitError::NotFinite("the loss")) }
            });
            ctx.go_on()?;
            let mut order: Vec<usize> =
                (0..points.len()).filter(|&at| losses[at].is_ok()).collect();
            let loss = |at: &usize| losses[*at].as_ref().map_or(f64::INFINITY, |loss| *loss);
            order.sort_by(|a, b| loss(a).total_cmp(&loss(b)));
            match losses.into_iter().find_map(Result::err) {
                Some(error) if order.is_empty() && round == 0 => {
                    return Err(self.whole(error, rows));
                }
                // Too few rows for any of them: all go on to more.
                Some(_) if order.is_empty() => continue,
                _ => {}
            }
            order.truncate(if round == 0 { 1 } else { order.len().div_ceil(3) });
            points = order.into_iter().map(|at| points[at].clone()).collect();
        }
        self.build(points.first().unwrap_or(&Written::new())).map_err(failed)
    }

    /// An error in learning the first rows, told of all rows.
    fn whole(&self, error: FitError, rows: usize) -> FitError {
        let FitError::TooShort { need, .. } = error else { return error };
        let enough = |&all: &usize| self.search.cuts(all).next().is_some_and(|c| c[0].end >= need);
        let need = (rows..).find(enough).unwrap_or(need);
        FitError::TooShort { need, got: rows }
    }
}

impl Tuned {
    /// The points to try: the whole space where it has no more, else draws, none twice.
    fn points(&self, ctx: &Ctx) -> Vec<Written> {
        let sizes = self.space.values().map(|choice| match choice {
            Choice::List(values) => values.len(),
            Choice::Range(_) => usize::MAX,
        });
        let mut points = vec![Written::new()];
        if sizes.fold(1, usize::saturating_mul) <= self.tries {
            for (name, choice) in &self.space {
                let with = |point: &Written, value: Value| {
                    let mut point = point.clone();
                    point.insert(name.clone(), value);
                    point
                };
                let longer =
                    points.iter().flat_map(|p| choice.ends().into_iter().map(|v| with(p, v)));
                points = longer.collect();
            }
            return points;
        }
        points.clear();
        let mut rng = ctx.rng();
        for _ in 0..20 * self.tries {
            let draw = |(name, choice): (&String, &Choice)| (name.clone(), choice.draw(&mut rng));
            let point: Written = self.space.iter().map(draw).collect();
            if points.len() < self.tries && !points.contains(&point) {
                points.push(point);
            }
        }
        points
    }

    /// For each block, the rows before it and its own.
    fn cuts(&self, rows: usize) -> impl Iterator<Item = [Range<usize>; 2]> {
        let blocks = self.blocks;
        let held = ((self.share * rows as f64).ceil() as usize).clamp(blocks, rows - 1);
        let edge = move |block: usize| rows - held + block * held / blocks;
        (0..blocks).map(move |block| [0..edge(block), edge(block)..edge(block + 1)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roster::line;

    /// Says its level, whatever it learns, from two rows on.
    #[derive(Debug, Clone, Default, Serialize, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Level {
        level: f64,
    }

    impl Settings for Level {
        const TABLE: &'static [Setting] =
            &[Setting { name: "level", range: ">= 0", meaning: "what it says" }];

        fn check(&self) -> Result<(), SettingError> {
            SettingError::unless(self.level >= 0.0, "level", "at least 0", self.level)
        }
    }

    impl Regress for Level {
        fn fit(&self, _: &Ctx, x: &Matrix, _: &[f64]) -> Result<Box<dyn Predict>, FitError> {
            crate::regress::at_least(2, x)?;
            Ok(Box::new(Says(self.level)))
        }
    }

    impl Classify for Level {
        fn fit(
            &self,
            _: &Ctx,
            _: &Matrix,
            classes: &Classes<'_>,
        ) -> Result<Box<dyn Chances>, FitError> {
            assert_eq!(classes.count, 2);
            Ok(Box::new(Says(self.level)))
        }
    }

    #[derive(Serialize, Deserialize)]
    struct Says(f64);

    #[typetag::serde]
    impl Predict for Says {
        fn predict(&self, x: &Matrix) -> Result<Vec<f64>, FitError> {
            Ok(vec![self.0; x.rows()])
        }
    }

    #[typetag::serde]
    impl Chances for Says {
        fn chances(&self, x: &Matrix) -> Result<Vec<f64>, FitError> {
            Ok([1.0 - self.0, self.0].repeat(x.rows()))
        }
    }

    static LEVEL: Entry<dyn Regress> = line::<dyn Regress, Level>("level", "says its level");
    static CHANCE: Entry<dyn Classify> = line::<dyn Classify, Level>("level", "says its level");

    fn write(text: &str) -> Written {
        serde_json::from_str(text).unwrap()
    }

    fn build(text: &str) -> Result<Box<dyn Regress>, SettingError> {
        tuned(&write(text), &LEVEL, &Written::new())
    }

    fn column(values: &[f64]) -> Matrix {
        Matrix::from_columns(vec![("a".into(), values.to_vec())]).unwrap()
    }

    /// The last quarter of 1 1 1 1 1 1 7 7 is 7 7: of 1, 4, 6 the nearest is 6, in a list as in a
    /// grid of it, by halving too; and two blocks over half of the rows, 1 1 and 7 7, ask for 4.
    #[test]
    fn the_last_rows_decide() {
        let (x, y) = (column(&[0.0; 8]), [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 7.0, 7.0]);
        let says = |text: &str| {
            let fitted = build(text).unwrap().fit(&Ctx::new(1), &x, &y).unwrap();
            fitted.predict(&column(&[0.0])).unwrap()[0]
        };
        assert_eq!(says(r#"{"space":{"level":[1,4,6]}}"#), 6.0);
        assert_eq!(says(r#"{"space":{"level":[1,4,6]},"search":"halving"}"#), 6.0);
        assert_eq!(says(r#"{"space":{"level":[1,4,6]},"share":0.5,"blocks":2}"#), 4.0);
        let near = says(r#"{"space":{"level":{"linear":[0,10]}},"tries":400}"#);
        assert!((near - 7.0).abs() < 0.2, "{near}");
        let near = says(r#"{"space":{"level":{"log":[0.01,100]}},"tries":400,"search":"halving"}"#);
        assert!((near - 7.0).abs() < 0.5, "{near}");
    }

    /// Of the last four rows three are of class 1: chance 0.75 has the least log loss.
    #[test]
    fn classes_are_judged_by_their_chances() {
        let space = write(r#"{"space":{"level":[0.25,0.5,0.75,1]},"share":0.5}"#);
        let learner = tuned_classes(&space, &CHANCE, &Written::new()).unwrap();
        let classes = Classes { of: &[0, 0, 0, 0, 1, 0, 1, 1], count: 2 };
        let fitted = learner.fit(&Ctx::new(1), &column(&[0.0; 8]), &classes).unwrap();
        assert_eq!(fitted.chances(&column(&[0.0])).unwrap(), [0.25, 0.75]);
    }

    /// Two rows must be learnt before the last quarter, at least one row: three in all.
    #[test]
    fn need_counts_the_rows_held_back() {
        let learner = build(r#"{"space":{"level":[1]}}"#).unwrap();
        let fit = |rows: usize| {
            let y = vec![1.0; rows];
            learner.fit(&Ctx::new(1), &column(&y), &y).map(|_| ())
        };
        assert_eq!(fit(2), Err(FitError::TooShort { need: 3, got: 2 }));
        assert_eq!(fit(3), Ok(()));
    }

    /// An unknown setting, an end out of range, a range that falls and an empty space are refused.
    #[test]
    fn a_space_that_cannot_be_searched_is_refused() {
        let why = |text: &str| build(text).err().unwrap().to_string();
        assert_eq!(why(r#"{"space":{"lever":[1]}}"#), "unknown setting `lever`");
        assert!(why(r#"{"space":{"level":{"linear":[-1,1]}}}"#).contains("`level` must be"));
        assert!(why(r#"{"space":{"level":{"log":[2,1]}}}"#).contains("`space` must be"));
        assert!(why(r#"{"space":{"level":{"lag":[1,2]}}}"#).contains("`space`"));
        assert!(why("{}").contains("`space` must be at least one setting"));
    }

    /// A space of two whole numbers cannot give three points.
    #[test]
    fn no_point_is_tried_twice() {
        let search = Tuned::read(&write(r#"{"space":{"level":{"whole":[3,4]}},"tries":3}"#));
        let points = search.unwrap().points(&Ctx::new(1));
        assert_eq!(points.len(), 2);
    }
}
