//! Conformal: any method, with intervals from its own errors on held-back steps.
//!
//! ```text
//! s[o, h] = |y[o + h] − mean[o, h]|       for each origin o of the last `windows` of the past
//! split     the interval of level 1 − a is mean[h] ± the ⌈(1 − a)·(k + 1)⌉-th smallest of k scores
//! adaptive  a ← a + γ·(level missed − missed?), in the order in which truths become known
//! ```
//!
//! The method is fitted on the past before the first origin and moves on from there with its
//! parameters, so that a forecast costs two fits whatever the number of origins. Intervals are
//! symmetric about the mean and as wide as past errors were at the same step; beyond the last
//! step with half as many scores as the first they grow like a random walk's. With few origins the
//! far tail is the largest error seen, which is too narrow.
//! Vovk, Gammerman & Shafer (2005), Algorithmic Learning in a Random World; Gibbs & Candès (2021),
//! Adaptive Conformal Inference Under Distribution Shift.

use std::sync::Arc;

use almanac_data::{FitError, Forecast, LEVELS};
use serde::{Deserialize, Serialize};

use crate::forecast::{Extrapolate, Missing, Next, Past, Univariate};
use crate::lift::Built;
use crate::roster::Inner;
use crate::{Ctx, Setting, SettingError, Settings};

/// Intervals from past errors.
///
/// | name    | default          | range           | meaning                                  |
/// |---------|------------------|-----------------|------------------------------------------|
/// | windows | third of a past  | >= 1            | origins held back to measure errors      |
/// | method  | split            | split, adaptive | whether levels follow the recent misses  |
/// | gamma   | 0.02             | (0, 1)          | how fast adaptive levels move            |
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Conformal {
    /// Origins held back to measure errors; left out, a third of the past, at most 200.
    pub windows: Option<usize>,
    /// Whether levels follow the recent misses.
    pub method: Way,
    /// How fast adaptive levels move.
    pub gamma: f64,
}

/// How scores become intervals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// One quantile of all scores.
    Split,
    /// Levels that rise after misses and fall after hits.
    Adaptive,
}

impl Default for Conformal {
    fn default() -> Conformal {
        Conformal { windows: None, method: Way::Split, gamma: 0.02 }
    }
}

impl Settings for Conformal {
    const TABLE: &'static [Setting] = &[
        Setting {
            name: "windows",
            range: ">= 1, or left out",
            meaning: "origins held back to measure errors; left out, a third of the past, at most 200",
        },
        Setting {
            name: "method",
            range: "split or adaptive",
            meaning: "whether levels follow the recent misses",
        },
        Setting { name: "gamma", range: "(0, 1)", meaning: "how fast adaptive levels move" },
    ];

    fn check(&self) -> Result<(), SettingError> {
        SettingError::unless(self.windows != Some(0), "windows", "at least 1", 0)?;
        SettingError::unless(0.0 < self.gamma && self.gamma < 1.0, "gamma", "in (0, 1)", self.gamma)
    }
}

impl Conformal {
    /// This method with conformal intervals.
    ///
    /// # Errors
    /// A method that cannot be built.
    pub fn around(self, inner: &Inner) -> Built {
        Ok(Box::new(Around { settings: self, method: inner.build()?, inner: inner.clone() }))
    }
}

struct Around {
    settings: Conformal,
    inner: Inner,
    method: Box<dyn Univariate>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Self")]
struct FittedConformal {
    settings: Conformal,
    /// As written, since it may have to be fitted again.
    inner: Inner,
    /// Fitted on the whole past: its means are the forecast.
    whole: Box<dyn Extrapolate>,
    /// Fitted on the past before the first origin: its errors are the intervals.
    #[serde(with = "crate::keep::shared")]
    early: Arc<dyn Extrapolate>,
    /// The first origin.
    first: usize,
    history: History,
}

almanac_kernels::checked!(FittedConformal, |fitted| {
    let rows = fitted.history.y.len();
    let mut known = fitted.history.known.iter();
    1 <= fitted.first && fitted.first <= rows && known.all(|(_, values)| values.len() == rows)
});

/// All values ever seen: a window that slides does not reach back to the first origin.
#[derive(Serialize, Deserialize)]
struct History {
    y: Vec<f64>,
    season: usize,
    known: Vec<(String, Vec<f64>)>,
}

impl Univariate for Around {
    fn fit(&self, ctx: &Ctx, past: &Past<'_>) -> Result<Box<dyn Extrapolate>, FitError> {
        let rows = past.y.len();
        let windows = self.settings.windows.unwrap_or((rows / 3).clamp(1, 200));
        // At least one value is there to err on.
        let last = past.y.iter().rposition(|value| !value.is_nan()).unwrap_or(0);
        let first = rows.saturating_sub(windows).min(last).max(1);
        let early = match self.method.fit(ctx, &past.before(first)) {
            // A shorter past leaves fewer origins; one at the least.
            Err(FitError::TooShort { need, .. }) if need < rows => {
                self.method.fit(ctx, &past.before(need)).map(|early| (need, early))
            }
            Err(FitError::TooShort { need, .. }) => {
                Err(FitError::TooShort { need: need + 1, got: rows })
            }
            fitted => fitted.map(|early| (first, early)),
        };
        let (first, early) = early?;
        past.at_least(if last < first { rows + 1 } else { first + 1 })?;
        Ok(Box::new(FittedConformal {
            settings: self.settings,
            inner: self.inner.clone(),
            whole: self.method.fit(ctx, past)?,
            early: early.into(),
            first,
            history: History::of(past),
        }))
    }

    fn missing(&self) -> Missing {
        self.method.missing()
    }
}

#[typetag::serde]
impl Extrapolate for FittedConformal {
    fn steps(&self, ctx: &Ctx, next: &Next<'_>) -> Result<Forecast, FitError> {
        let mean = self.whole.steps(ctx, next)?.mean;
        let half_widths: Vec<Vec<f64>> = self
            .scores(ctx, next.steps)?
            .iter()
            .enumerate()
            .map(|(step, scores)| self.settings.half_widths(scores, step + 1))
            .collect();
        let calibrated = half_widths.len();
        let half_width = |step: usize, share_inside: usize| {
            let near = step.min(calibrated - 1);
            half_widths[near][share_inside] * ((step + 1) as f64 / (near + 1) as f64).sqrt()
        };
        let middle = LEVELS.len() / 2;
        Ok(Forecast::from_quantiles(mean.clone(), |step, p| {
            let place = LEVELS.partition_point(|&level| level < p);
            match place.cmp(&middle) {
                std::cmp::Ordering::Less => mean[step] - half_width(step, middle - 1 - place),
                std::cmp::Ordering::Equal => mean[step],
                std::cmp::Ordering::Greater => mean[step] + half_width(step, place - middle - 1),
            }
        }))
    }

    fn later(&self, past: &Past<'_>, new: usize) -> Result<Box<dyn Extrapolate>, FitError> {
        past.at_least(new)?;
        Ok(Box::new(FittedConformal {
            settings: self.settings,
            inner: self.inner.clone(),
            whole: self.whole.later(past, new)?,
            early: Arc::clone(&self.early),
            first: self.first,
            history: self.history.grown(past, new),
        }))
    }
}

impl FittedConformal {
    /// For each step with at least half as many as the first: the absolute errors at the origins,
    /// oldest first.
    fn scores(&self, ctx: &Ctx, steps: usize) -> Result<Vec<Vec<f64>>, FitError> {
        let past = self.history.past();
        let rows = past.y.len();
        let mut scores = vec![Vec::new(); steps];
        let mut at: Option<Box<dyn Extrapolate>> = None;
        for origin in self.first..rows {
            ctx.go_on()?;
            let seen = past.before(origin);
            let moved = match &at {
                None => self.early.later(&seen, 0),
                Some(before) => before.later(&seen, 1),
            };
            let moved = match moved {
                // Its parameters can no longer be kept: a level fell to where it divides by zero.
                Err(FitError::Failed(_)) => {
                    let method = self.inner.build().map_err(|e| FitError::Failed(e.to_string()))?;
                    method.fit(ctx, &seen)?
                }
                moved => moved?,
            };
            let ahead = steps.min(rows - origin);
            let known = past.known.iter().map(|(name, values)| (*name, &values[origin..]));
            let forecast = moved.steps(ctx, &Next { steps: ahead, known: known.collect() })?;
            for (step, mean) in forecast.mean.iter().enumerate() {
                let score = (past.y[origin + step] - mean).abs();
                if !score.is_nan() {
                    scores[step].push(score);
                }
            }
            at = Some(moved);
        }
        let most = scores.first().map_or(0, Vec::len);
        scores.truncate(scores.iter().take_while(|scores| 2 * scores.len() >= most.max(1)).count());
        if scores.is_empty() { Err(FitError::NotFinite("the mean")) } else { Ok(scores) }
    }
}

impl Conformal {
    /// Half of the width at each level of the upper half of [`LEVELS`]; `delay` steps pass before
    /// a forecast meets its truth.
    fn half_widths(&self, scores: &[f64], delay: usize) -> Vec<f64> {
        let mut sorted = scores.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let upper = LEVELS[LEVELS.len() / 2 + 1..].iter();
        let mut widths: Vec<f64> = upper
            .map(|level| {
                let miss = 2.0 * (1.0 - level);
                let miss = match self.method {
                    Way::Split => miss,
                    Way::Adaptive => self.adapted(scores, delay, miss),
                };
                smallest(&sorted, 1.0 - miss)
            })
            .collect();
        // Levels adapt one by one; the wider contains the narrower.
        for place in 1..widths.len() {
            widths[place] = widths[place].max(widths[place - 1]);
        }
        widths
    }

    /// The share to miss, after each past miss raised the level and each hit lowered it.
    fn adapted(&self, scores: &[f64], delay: usize, target: f64) -> f64 {
        let mut share = target;
        let mut known = Vec::with_capacity(scores.len());
        for (origin, &score) in scores.iter().enumerate().skip(delay) {
            let newest = scores[origin - delay];
            let place = known.partition_point(|&other| other < newest);
            known.insert(place, newest);
            // So few scores cannot tell so small a share: a miss would say nothing.
            if ((known.len() + 1) as f64) * target < 1.0 {
                continue;
            }
            // Above 1 everything is missed, below 0 nothing is.
            let missed = share >= 1.0 || (share > 0.0 && score > smallest(&known, 1.0 - share));
            share += self.gamma * (target - f64::from(u8::from(missed)));
        }
        share.clamp(0.0, 1.0)
    }
}

/// The smallest score with at least this share of all, the unseen next one included, at or below
/// it; the largest where even that is too small.
fn smallest(sorted: &[f64], share: f64) -> f64 {
    let rank = (share * (sorted.len() + 1) as f64 - 1e-9).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

impl History {
    fn of(past: &Past<'_>) -> History {
        let known = past.known.iter().map(|(name, values)| (name.to_string(), values.to_vec()));
        History { y: past.y.to_vec(), season: past.season, known: known.collect() }
    }

    /// With the last `new` rows of a later past.
    fn grown(&self, past: &Past<'_>, new: usize) -> History {
        let newest = |values: &[f64]| values[values.len() - new..].to_vec();
        let known = self.known.iter().zip(&past.known);
        let known = known.map(|((name, seen), (_, values))| {
            (name.clone(), [seen.clone(), newest(values)].concat())
        });
        let y = [self.y.clone(), newest(past.y)].concat();
        History { y, season: self.season, known: known.collect() }
    }

    fn past(&self) -> Past<'_> {
        let known = self.known.iter().map(|(name, values)| (name.as_str(), values.as_slice()));
        Past { y: &self.y, season: self.season, known: known.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt;
    use serde_json::json;

    fn around(name: &str, settings: Conformal) -> Box<dyn Univariate> {
        settings.around(&Inner::Name(name.into())).unwrap()
    }

    /// Of nine scores, eight of ten equally likely places lie at or below the eighth.
    #[test]
    fn ranks_count_the_next_score() {
        let scores = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];
        assert_eq!(
            [0.8, 0.75, 0.1, 0.95].map(|share| smallest(&scores, share)),
            [8.0, 8.0, 1.0, 9.0]
        );
    }

    /// Naive over 0 1 0 2 0 3 with four origins errs by 1, 2, 2, 3 one step ahead and by 1, 0, 1
    /// two ahead; the third of four scores covers 60 %, and so does the third of three.
    #[test]
    fn conformal_by_hand() {
        let ctx = Ctx::new(1);
        let method = around("naive", Conformal { windows: Some(4), ..Conformal::default() });
        let fitted = method.fit(&ctx, &Past::new(&[0.0, 1.0, 0.0, 2.0, 0.0, 3.0], 1)).unwrap();
        let forecast = fitted.steps(&ctx, &Next::plain(2)).unwrap();
        assert_eq!(forecast.mean, [3.0, 3.0]);
        assert_eq!([0, 1].map(|step| forecast.interval(step, 0.6)), [(1.0, 5.0), (2.0, 4.0)]);
    }

    /// Each miss raises the level by γ·(1 − target), each hit lowers it by γ·target.
    #[test]
    fn levels_follow_misses() {
        let method = Conformal { gamma: 0.1, ..Conformal::default() };
        let all_hit = method.adapted(&[4.0, 3.0, 2.0, 1.0], 1, 0.5);
        let all_missed = method.adapted(&[1.0, 2.0, 3.0, 4.0], 1, 0.5);
        assert!((all_hit - (0.5 + 3.0 * 0.05)).abs() < 1e-12);
        assert!((all_missed - (0.5 - 3.0 * 0.05)).abs() < 1e-12);
    }

    /// The share of 600 series whose truth at `step` (from 0) lies inside the interval.
    fn coverage(method: &dyn Univariate, sd: fn(usize) -> f64, step: usize, level: f64) -> f64 {
        let inside = |series: u64| {
            let ctx = Ctx::new(series);
            let mut rng = ctx.rng();
            let mut noise = || (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0;
            let y: Vec<f64> = (0..100 + step + 1).map(|t| 50.0 + sd(t) * noise()).collect();
            let fitted = method.fit(&ctx, &Past::new(&y[..100], 1)).unwrap();
            let forecast = fitted.steps(&ctx, &Next::plain(step + 1)).unwrap();
            let (low, high) = forecast.interval(step, level);
            low <= y[100 + step] && y[100 + step] <= high
        };
        (0..600).filter(|&series| inside(series)).count() as f64 / 600.0
    }

    /// On white noise the naive method thinks its errors grow with the step; conformal intervals
    /// are measured, and cover what they say: 600 series put three standard errors at 4.9 points
    /// around 80 % and 2.7 around 95 %.
    #[test]
    fn intervals_cover_what_they_say() {
        let steady = |_| 2.0;
        let own = (crate::entry("naive").unwrap().build)(&Default::default()).unwrap();
        assert!(coverage(&*own, steady, 4, 0.8) > 0.95);
        for method in [Way::Split, Way::Adaptive] {
            let settings = Conformal { method, windows: Some(50), ..Conformal::default() };
            let lifted = around("naive", settings);
            for (step, level, within) in
                [(0, 0.8, 0.049), (4, 0.8, 0.049), (0, 0.95, 0.027), (4, 0.95, 0.027)]
            {
                let share = coverage(&*lifted, steady, step, level);
                assert!(
                    (share - level).abs() < within,
                    "{method:?} step {step}: {share} of {level}"
                );
            }
        }
    }

    /// When the noise trebles in the last fifth, old scores are too small; adaptive levels widen.
    #[test]
    fn adaptive_follows_a_change() {
        let change = |t| if t < 80 { 1.0 } else { 3.0 };
        let at = |method| {
            let settings = Conformal { method, gamma: 0.1, windows: Some(50) };
            coverage(&*around("naive", settings), change, 0, 0.8)
        };
        let (split, adaptive) = (at(Way::Split), at(Way::Adaptive));
        assert!(split < 0.75 && adaptive > split + 0.05, "split {split}, adaptive {adaptive}");
    }

    /// A lift is found by its kind, and a slip finds its name.
    #[test]
    fn a_lift_is_written_as_a_table() {
        let build = |written: serde_json::Value| {
            let written = written.as_object().unwrap();
            crate::lift(written, &Inner::Name("naive".into()))
                .map(|_| ())
                .map_err(|e| (e.to_string(), e.hint()))
        };
        assert_eq!(build(json!({"kind": "conformal", "method": "adaptive"})), Ok(()));
        let (slip, _) = build(json!({"kind": "conformel"})).unwrap_err();
        assert_eq!(slip, "setting `kind`: no lift `conformel`; did you mean `conformal`?");
        let (unnamed, _) = build(json!({"windows": 5})).unwrap_err();
        assert_eq!(unnamed, "setting `kind`: name a lift, one of conformal, log");
        let (_, hint) = build(json!({"kind": "conformal", "window": 5})).unwrap_err();
        assert_eq!(hint.as_deref(), Some("did you mean `windows`?"));
    }
}
