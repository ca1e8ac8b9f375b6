//! The series on which the best model does worst.

use almanac_data::Report;

use super::scrolling;
use crate::text::{aligned, decimals, escape};

/// Series listed.
const LISTED: usize = 10;

/// A ranked table with a bar as long as the score.
pub fn worst(report: &Report, metric: &str) -> String {
    let Some(best) = report.leaderboard.best().filter(|_| !report.worst.is_empty()) else {
        return "<p>No series has a score.</p>".to_string();
    };
    let listed = &report.worst[..report.worst.len().min(LISTED)];
    let scores: Vec<f64> = listed.iter().map(|(_, score)| *score).collect();
    let digits = decimals(&scores);
    let most = scores.iter().filter(|s| s.is_finite()).fold(0.0_f64, |m, s| m.max(s.abs()));
    let row = |(i, (series, score)): (usize, &(String, f64))| {
        let share = if score.is_finite() && most > 0.0 { 100.0 * score.abs() / most } else { 0.0 };
        format!(
            "<tr><td class=n>{}</td><th scope=row class=name>{}</th><td class=n>{}</td>\
             <td class=meter><i style=\"width:{share:.1}%\"></i></td></tr>",
            i + 1,
            escape(series),
            aligned(*score, digits),
        )
    };
    let rows: String = listed.iter().enumerate().map(row).collect();
    let table = format!(
        "<table><thead><tr><th scope=col class=n>#</th><th scope=col>Series</th>\
         <th scope=col class=n>{}</th><th scope=col class=meter aria-label=size></th></tr></thead>\
         <tbody>{rows}</tbody></table>",
        escape(metric)
    );
    format!(
        "<p>Where {} errs most. If a few series carry the error, look at them before you change \
         the model.</p>{}",
        escape(&best.model),
        scrolling("Worst series", &table)
    )
}
