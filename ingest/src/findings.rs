//! Findings about values: what a series looks like before anything is filled.

use almanac_data::{Calendar, Code};

use crate::notes::Notes;
use crate::order::Grouped;

/// Widths of the middle half beyond which a value is an outlier.
const FAR: f64 = 3.0;

/// Notes series that are constant or short, and values that are negative or far out.
pub(crate) fn look(rows: &Grouped, calendar: &Calendar, season: usize, notes: &mut Notes) {
    for series in 0..rows.len() {
        let span = rows.span(series);
        let number = series as u32;
        let mut sorted: Vec<f64> =
            rows.y[span.clone()].iter().copied().filter(|y| !y.is_nan()).collect();
        let count = sorted.len();
        if count < (season + 1).max(3) {
            let first = || format!("{count} values where one season is {season}");
            notes.find(Code::TooShort, number, span.len(), first);
        }
        if count < 3 {
            continue;
        }
        let mut quartile = |share: usize| {
            let (_, &mut value, _) =
                sorted.select_nth_unstable_by((count - 1) * share / 4, f64::total_cmp);
            value
        };
        let (low, high) = (quartile(1), quartile(3));
        let first = |flawed: &dyn Fn(f64) -> bool| {
            let k = span.clone().find(|&k| flawed(rows.y[k]));
            k.map_or(String::new(), |k| format!("{}: {}", calendar.show(rows.at[k]), rows.y[k]))
        };
        if sorted.iter().all(|&y| y == sorted[0]) {
            notes.find(Code::Constant, number, count, || format!("{} throughout", sorted[0]));
        }
        let negative = sorted.iter().filter(|&&y| y < 0.0).count();
        if negative > 0 && 10 * negative < count {
            notes.find(Code::Negative, number, negative, || first(&|y| y < 0.0));
        }
        let reach = FAR * (high - low);
        let far = |y: f64| y < low - reach || y > high + reach;
        let outliers = sorted.iter().filter(|&&y| far(y)).count();
        if reach > 0.0 && outliers > 0 {
            notes.find(Code::Outliers, number, outliers, || first(&far));
        }
    }
}
