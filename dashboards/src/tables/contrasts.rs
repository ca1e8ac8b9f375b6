//! Variants of a learner against each other: whether a group of features helps.

use almanac_data::{Better, Contrast, Report};

use super::{leak, scrolling};
use crate::text::{MISSING, aligned, count, decimals, escape, fixed, p_value, with_unit};

/// Below this a difference is called significant.
const SURE: f64 = 0.05;

/// First a row for each two variants over all learners, then one for each learner.
pub fn contrasts(report: &Report) -> String {
    let board = &report.leaderboard;
    let measure = report.measures.iter().find(|m| m.metric == board.primary_metric);
    let differences: Vec<f64> = board.contrasts.iter().map(|c| c.difference).collect();
    let view = View {
        report,
        metric: escape(&with_unit(&board.primary_metric, measure)),
        better: measure.map_or(Better::Lower, |measure| measure.better),
        digits: decimals(&differences).saturating_sub(1),
        in_sets: board.contrasts.iter().any(|c| c.set != board.contrasts[0].set),
    };
    format!("<h3>Over learners</h3>{}<h3>By learner</h3>{}", view.digest(), view.table())
}

struct View<'a> {
    report: &'a Report,
    metric: String,
    better: Better,
    digits: usize,
    in_sets: bool,
}

impl View<'_> {
    /// Whether the first is the better one; `None` where neither is, or where near is better.
    fn first_leads(&self, contrast: &Contrast) -> Option<bool> {
        match self.better {
            _ if contrast.difference == 0.0 => None,
            Better::Lower => Some(contrast.difference < 0.0),
            Better::Higher => Some(contrast.difference > 0.0),
            Better::Near(_) => None,
        }
    }

    fn digest(&self) -> String {
        let mut groups: Vec<Vec<&Contrast>> = Vec::new();
        let key = |c: &Contrast| (c.set.clone(), c.first.clone(), c.second.clone());
        for contrast in &self.report.leaderboard.contrasts {
            match groups.iter_mut().find(|group| key(group[0]) == key(contrast)) {
                Some(group) => group.push(contrast),
                None => groups.push(vec![contrast]),
            }
        }
        let row = |group: &Vec<&Contrast>| {
            let leads = |first: bool| {
                let led = group.iter().filter(|c| self.first_leads(c) == Some(first));
                let sure = led.clone().filter(|c| c.p_paired.is_some_and(|p| p < SURE)).count();
                format!("<td class=n>{} ({})</td>", count(led.count()), count(sure))
            };
            let mean = group.iter().map(|c| c.difference).sum::<f64>() / group.len() as f64;
            format!(
                "<tr>{}<td class=n>{}</td>{}{}<td class=n>{}</td></tr>",
                self.names(group, None),
                count(group.len()),
                leads(true),
                leads(false),
                aligned(mean, self.digits)
            )
        };
        let rows: String = groups.iter().map(row).collect();
        let table = format!(
            "<table><thead><tr>{}<th scope=col class=n>Learners</th><th scope=col class=n>First \
             better (p&nbsp;&lt;&nbsp;{SURE})</th><th scope=col class=n>Second better \
             (p&nbsp;&lt;&nbsp;{SURE})</th><th scope=col class=n>Mean difference, {}</th></tr>\
             </thead><tbody>{rows}</tbody></table>",
            self.heads(),
            self.metric
        );
        scrolling("Variants over learners", &table)
    }

    fn table(&self) -> String {
        let row = |contrast: &Contrast| {
            let p = |p: Option<f64>| p.map_or(MISSING.to_string(), p_value);
            let sure = contrast.p_paired.is_some_and(|p| p < SURE);
            format!(
                "<tr><th scope=row class=name>{}</th>{}<td class=n>{}</td><td class=n>{}</td>\
                 <td class=n>{}</td><td class=n>{}</td></tr>",
                escape(&contrast.learner),
                self.names(&[contrast], self.first_leads(contrast).filter(|_| sure)),
                aligned(contrast.difference, self.digits),
                fixed(100.0 * contrast.wins, 1),
                p(contrast.p_paired),
                p(contrast.p_two_sample)
            )
        };
        let rows: String = self.report.leaderboard.contrasts.iter().map(row).collect();
        let table = format!(
            "<table><thead><tr><th scope=col>Learner</th>{}<th scope=col class=n>Difference, \
             {}</th><th scope=col class=n>First wins (%)</th><th scope=col class=n>p, paired</th>\
             <th scope=col class=n>p, two-sample</th></tr></thead><tbody>{rows}</tbody></table>",
            self.heads(),
            self.metric
        );
        scrolling("Variants by learner", &table)
    }

    fn heads(&self) -> String {
        let set = if self.in_sets { "<th scope=col>Test set</th>" } else { "" };
        format!("{set}<th scope=col>First</th><th scope=col>Second</th>")
    }

    /// The test set where there are several, and both variants of contrasts of the same two, the
    /// better one bold where it is known.
    fn names(&self, of: &[&Contrast], first_leads: Option<bool>) -> String {
        let leaks = |name: &str| {
            let models: Vec<String> = of.iter().map(|c| format!("{}/{name}", c.learner)).collect();
            self.report.leaderboard.rows.iter().any(|row| row.leaks && models.contains(&row.model))
        };
        let cell = |name: &str, bold: bool| {
            let leaks = leaks(name);
            let class = if bold && !leaks { " class=best" } else { "" };
            let mark = if leaks { format!(" {}", leak()) } else { String::new() };
            format!("<td{class}>{}{mark}</td>", escape(name))
        };
        let Contrast { set, first, second, .. } = of[0];
        let set = set.as_deref().filter(|_| self.in_sets);
        let set = set.map(|name| format!("<td>{}</td>", escape(name))).unwrap_or_default();
        let both =
            cell(first, first_leads == Some(true)) + &cell(second, first_leads == Some(false));
        set + &both
    }
}
