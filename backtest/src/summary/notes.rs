//! What a reader of the scores must know, in words.

use crate::compare::Unit;
use crate::metrics::Read;
use crate::summary::Summary;

impl Summary<'_> {
    /// One sentence for each thing that a score does not say itself.
    pub fn notes(&self) -> Vec<String> {
        let once = [self.scale(), self.zeros(), self.blind(), self.unasked(), self.steps()];
        let mut notes: Vec<String> = once.into_iter().flatten().collect();
        notes.extend(self.leaks());
        notes.extend(self.repeated());
        notes.extend(self.undefined());
        notes.push(self.significance());
        notes.extend(self.accounts.as_ref().and_then(|accounts| accounts.refused()));
        notes
    }

    fn uses(&self, name: &str) -> bool {
        self.plan.gauges.iter().any(|gauge| gauge.metric.name == name)
    }

    fn leaks(&self) -> Option<String> {
        let leaky = self.plan.models.iter().filter(|model| model.same_row);
        let names: Vec<&str> = leaky.map(|model| model.name.as_str()).collect();
        (!names.is_empty()).then(|| {
            format!(
                "{} read columns of the row asked before they are known (allow_same_row): their \
                 scores are no forecast's",
                names.join(", ")
            )
        })
    }

    fn repeated(&self) -> Option<String> {
        self.groups.iter().any(|group| group.len() > 1).then(|| {
            "of a model run from several seeds, scores and losses are means over all; charts, \
             residuals and accounts show the first"
                .into()
        })
    }

    fn scale(&self) -> Option<String> {
        let scaled: Vec<&str> =
            ["mase", "rmsse", "msis"].into_iter().filter(|name| self.uses(name)).collect();
        let (names, season) = (scaled.join(", "), self.plan.panel.season);
        (!scaled.is_empty()).then(|| {
            format!("scale of {names}: the naive of season {season} over the past of each fold")
        })
    }

    fn zeros(&self) -> Option<String> {
        let counted = self.uses("mape") && self.zeros > 0;
        counted.then(|| format!("mape skips {} actuals of zero", self.zeros))
    }

    fn blind(&self) -> Option<String> {
        let mut blind = (0..self.points.len()).filter(|&series| self.points[series] == 0);
        let first = &self.plan.panel.ids()[blind.next()?];
        let (count, all) = (blind.count() + 1, self.points.len());
        Some(format!(
            "{count} of {all} series have no truth: forecast, not scored (the first is {first})"
        ))
    }

    fn unasked(&self) -> Option<String> {
        let count = self.unasked;
        (count > 0).then(|| {
            format!("{count} pairs of series and fold have no past: neither forecast nor scored")
        })
    }

    fn steps(&self) -> Option<String> {
        let gauge = &self.plan.gauges[self.plan.primary];
        let rebuilt = gauge.metric.estimates.needs_spread();
        rebuilt.then(|| format!("{} by step is rebuilt from the intervals' ends", gauge.name))
    }

    /// Of the baseline: what is undefined for it is nearly always so for all.
    fn undefined(&self) -> Vec<String> {
        let (plan, scored) = (self.plan, |&series: &usize| self.points[series] > 0);
        let note = |(place, gauge): (usize, &crate::Gauge)| {
            let none = |&series: &usize| self.series_score(series, plan.baseline, place).is_nan();
            let count = (0..self.points.len()).filter(scored).filter(none).count();
            let own = !matches!(gauge.metric.read, Read::Relative(_));
            (own && count > 0).then(|| {
                format!("{} is undefined on {count} series: left out of its mean", gauge.name)
            })
        };
        plan.gauges.iter().enumerate().filter_map(note).collect()
    }

    fn significance(&self) -> String {
        let trial = self.trial();
        let units = match trial.over {
            _ if trial.is_empty() => {
                return "too few series and folds to tell whether differences are real".into();
            }
            Unit::Series => "series, taken as independent",
            Unit::Fold if self.plan.rows.is_some() => {
                "folds, taken as independent though they share rows to learn from"
            }
            Unit::Fold => "folds in the order of time",
        };
        format!("p-values and the confidence set compare {} {units}", trial.len())
    }
}
