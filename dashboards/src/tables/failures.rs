//! Failures, grouped by model and reason.

use std::collections::BTreeMap;

use almanac_data::Report;

use super::{scrolling, some_of};
use crate::look::{Looks, swatch};
use crate::text::{count, escape, plural, prose};

/// Series named in each group.
const SHOWN: usize = 6;

/// A table with a row for each model and reason, in rank order.
pub fn failures(report: &Report, looks: &Looks) -> String {
    if report.failures.is_empty() {
        return "<p>None: every model answered every time.</p>".to_string();
    }
    let mut groups: BTreeMap<(usize, &str, &str), Vec<&str>> = BTreeMap::new();
    for (model, series, reason) in &report.failures {
        let rank = looks.of(model).map_or(usize::MAX, |look| look.index);
        groups.entry((rank, model, reason)).or_default().push(series);
    }
    let row = |((_, model, reason), series): (&(usize, &str, &str), &Vec<&str>)| {
        format!(
            "<tr><th scope=row>{}<span class=name>{}</span></th><td class=n>{}</td>\
             <td class=words>{}</td><td class=words>{}</td></tr>",
            looks.of(model).map(swatch).unwrap_or_default(),
            escape(model),
            count(series.len()),
            prose(reason),
            some_of(series.iter().copied(), SHOWN),
        )
    };
    let table = format!(
        "<table><thead><tr><th scope=col>Model</th><th scope=col class=n>{}</th>\
         <th scope=col>Reason</th><th scope=col>Such as</th></tr></thead><tbody>{}</tbody></table>",
        if report.sets.is_empty() { "Series" } else { "Test sets" },
        groups.iter().map(row).collect::<String>()
    );
    let failed: usize = report.leaderboard.rows.iter().map(|row| row.failures).sum();
    format!(
        "<p>{} failed. Each is scored with the baseline's forecast, so that failing never pays. \
         The table gives the first reason for each model and {}, as far as the report keeps them.</p>{}",
        plural(failed, "forecast", "forecasts"),
        if report.sets.is_empty() { "series" } else { "test set" },
        scrolling("Failures", &table)
    )
}
