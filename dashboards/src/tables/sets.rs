//! The test sets of a table: what every model scored on each, with its spread over folds.

use almanac_data::{Measure, Rank, Report, SetScore, TestSet};

use super::{leaderboard::best_of, leak, scrolling};
use crate::look::{Looks, swatch};
use crate::text::{MISSING, aligned, decimals, escape, fixed, metric, plural, with_unit};

/// A table a metric, the primary first: a row a learner, its variants side by side.
pub fn sets(report: &Report, looks: &Looks) -> String {
    let primary = &report.leaderboard.primary_metric;
    let (mut first, others): (Vec<&Measure>, Vec<&Measure>) =
        report.measures.iter().partition(|measure| measure.metric == *primary);
    first.extend(others);
    let grid = Grid::new(report);
    let one = |measure: &&Measure| {
        let name = with_unit(&measure.metric, Some(measure));
        format!("<h3>{}</h3>{}", escape(&name), grid.table(measure, looks))
    };
    first.iter().map(one).collect()
}

/// The models by learner and variant.
struct Grid<'a> {
    report: &'a Report,
    /// Empty where fewer than two names have a variant.
    variants: Vec<&'a str>,
    /// A name and its models, one a variant; one alone stands for all of them.
    lines: Vec<(&'a str, Vec<Option<&'a Rank>>)>,
}

impl<'a> Grid<'a> {
    /// Learners by their best variant, variants in the run's order where contrasts tell it.
    fn new(report: &'a Report) -> Grid<'a> {
        let board = &report.leaderboard;
        let parts = |row: &'a Rank| row.model.rsplit_once('/');
        let told = board.contrasts.iter().flat_map(|c| [c.first.as_str(), c.second.as_str()]);
        let mut variants: Vec<&str> = Vec::new();
        for variant in told.chain(board.rows.iter().filter_map(|row| Some(parts(row)?.1))) {
            if !variants.contains(&variant) {
                variants.push(variant);
            }
        }
        if variants.len() < 2 {
            variants.clear();
        }
        let mut lines: Vec<(&str, Vec<Option<&Rank>>)> = Vec::new();
        for row in &board.rows {
            let Some((learner, variant)) = parts(row).filter(|_| !variants.is_empty()) else {
                lines.push((&row.model, vec![Some(row)]));
                continue;
            };
            let place = variants.iter().position(|name| *name == variant).unwrap_or(0);
            let own = |(name, cells): &(&str, Vec<_>)| *name == learner && cells.len() > 1;
            let at = lines.iter().position(own).unwrap_or_else(|| {
                lines.push((learner, vec![None; variants.len()]));
                lines.len() - 1
            });
            lines[at].1[place] = Some(row);
        }
        Grid { report, variants, lines }
    }

    fn table(&self, measure: &Measure, looks: &Looks) -> String {
        let means = self.report.sets.iter().flat_map(|set| &set.scores);
        let means = means.filter(|score| score.metric == measure.metric).map(|score| score.mean);
        // Three digits: the spread shows how few of them are sure.
        let digits = decimals(&means.collect::<Vec<_>>()).saturating_sub(1);
        let line = |(name, models): &(&str, Vec<Option<&Rank>>)| {
            let cells = self.report.sets.iter().flat_map(|set| {
                let best = move |place| self.best(set, measure, place);
                models.iter().enumerate().map(move |(place, model)| {
                    let score = model.and_then(|model| score(set, model, measure));
                    let alone = models.len() == 1;
                    let mut rivals = if alone { 0..self.width() } else { place..place + 1 };
                    let honest = model.is_some_and(|model| !model.leaks);
                    let first =
                        honest && score.is_some_and(|s| rivals.all(|p| best(p) == Some(s.mean)));
                    let class = [["n", "n best"], ["n start", "n start best"]]
                        [usize::from(place == 0)][usize::from(first)];
                    cell(score, digits, class, if alone { self.width() } else { 1 })
                })
            });
            let own = looks.of(name).filter(|_| self.variants.is_empty()).map(swatch);
            let leaks = models.iter().flatten().any(|row| row.leaks);
            format!(
                "<tr><th scope=row>{}<span class=name>{}</span>{}</th>{}</tr>",
                own.unwrap_or_default(),
                escape(name),
                if leaks { leak() } else { String::new() },
                cells.collect::<String>()
            )
        };
        let body: String = self.lines.iter().map(line).collect();
        let head = self.head();
        let table =
            format!("<table class=cells><thead>{head}</thead><tbody>{body}</tbody></table>");
        scrolling("Test sets", &table)
    }

    /// Columns of a test set.
    fn width(&self) -> usize {
        self.variants.len().max(1)
    }

    fn head(&self) -> String {
        let (width, deep) = (self.width(), if self.variants.is_empty() { 1 } else { 2 });
        let set = |set: &TestSet| {
            format!(
                "<th scope=colgroup colspan={width} class=\"n start\">{}<br>{}</th>",
                escape(&set.name),
                plural(set.folds, "fold", "folds")
            )
        };
        let sets: String = self.report.sets.iter().map(set).collect();
        let variant = |(place, name): (usize, &&str)| {
            let class = if place == 0 { "n start" } else { "n" };
            format!("<th scope=col class=\"{class}\">{}</th>", escape(name))
        };
        let variants: String = self.variants.iter().enumerate().map(variant).collect();
        let second = match self.variants.is_empty() {
            true => String::new(),
            false => format!("<tr>{}</tr>", variants.repeat(self.report.sets.len())),
        };
        format!("<tr><th scope=col rowspan={deep}>Model</th>{sets}</tr>{second}")
    }

    /// The best mean of a column among models that do not leak.
    fn best(&self, set: &TestSet, measure: &Measure, place: usize) -> Option<f64> {
        let model = |models: &[Option<&'a Rank>]| match models {
            [alone] => *alone,
            models => models[place],
        };
        let mean = |(_, models): &(&str, Vec<Option<&'a Rank>>)| {
            let model = model(models).filter(|model| !model.leaks)?;
            Some(score(set, model, measure)?.mean)
        };
        let means: Vec<Option<f64>> = self.lines.iter().map(mean).collect();
        best_of(&means, Some(measure)).filter(|_| means.len() > 1)
    }
}

fn score<'a>(set: &'a TestSet, model: &Rank, measure: &Measure) -> Option<&'a SetScore> {
    let own = |s: &&SetScore| s.model == model.model && s.metric == measure.metric;
    set.scores.iter().find(own).filter(|score| score.mean.is_finite())
}

fn cell(score: Option<&SetScore>, digits: usize, class: &str, width: usize) -> String {
    let html = score.map_or(MISSING.to_string(), |score| {
        let spread = Some(score.sd).filter(|sd| sd.is_finite());
        let spread = spread.map(|sd| format!("<span class=sd> ± {}</span>", fixed(sd, digits)));
        format!("{}{}", aligned(score.mean, digits), spread.unwrap_or_default())
    });
    format!("<td class=\"{class}\" colspan={width}>{html}</td>")
}

/// Which model is best on each test set, in words.
pub fn winners(report: &Report) -> String {
    let primary = &report.leaderboard.primary_metric;
    let Some(measure) = report.measures.iter().find(|m| m.metric == *primary) else {
        return String::new();
    };
    let winner = |set: &TestSet| {
        let honest = report.leaderboard.rows.iter().filter(|row| !row.leaks);
        let scored: Vec<(&Rank, f64)> =
            honest.filter_map(|row| Some((row, score(set, row, measure)?.mean))).collect();
        let means: Vec<Option<f64>> = scored.iter().map(|(_, mean)| Some(*mean)).collect();
        let best = best_of(&means, Some(measure))?;
        let (row, _) = scored.iter().find(|(_, mean)| *mean == best)?;
        let value = crate::text::score_with_unit(Some(measure), best);
        Some(format!("{} on {} ({})", escape(&row.model), escape(&set.name), escape(&value)))
    };
    let winners: Vec<String> = report.sets.iter().filter_map(winner).collect();
    format!("<p>Best on {}: {}.</p>", escape(&metric(primary)), winners.join(", "))
}
