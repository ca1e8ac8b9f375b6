//! The leaderboard: every model, what it scored, whether that is more than luck, what it cost.

use almanac_data::{Better, Measure, Rank, Repeats, Report};
use serde_json::Value;

use super::{leak, scrolling};
use crate::look::{Looks, swatch};
use crate::text::{
    MISSING, aligned, count, decimals, escape, fixed, metric, number, p_value, seconds, with_unit,
};

/// A column: its head, what the head explains, and a cell a row.
struct Column {
    head: String,
    title: String,
    cells: Vec<Cell>,
}

/// What is shown, what is sorted by, and whether it is the best of its column.
struct Cell {
    html: String,
    key: Option<f64>,
    best: bool,
}

/// The table in rank order; heads sort it.
pub fn leaderboard(report: &Report, looks: &Looks) -> String {
    let columns: Vec<Column> = scores(report).into_iter().chain(judgements(report)).collect();
    let heads: String = columns.iter().map(head).collect();
    let rows = report.leaderboard.rows.iter().enumerate();
    let body: String = rows.map(|(i, row)| line(i, row, &columns, report, looks)).collect();
    scrolling(
        "Leaderboard",
        &format!(
            "<table class=\"board sortable\"><thead><tr>\
             <th scope=col aria-sort=ascending><button type=button>#</button></th>\
             <th scope=col>Model</th>{heads}</tr></thead><tbody>{body}</tbody></table>"
        ),
    )
}

fn head(column: &Column) -> String {
    format!(
        "<th scope=col class=n><button type=button title=\"{}\">{}</button></th>",
        escape(&column.title),
        escape(&column.head)
    )
}

fn line(i: usize, row: &Rank, columns: &[Column], report: &Report, looks: &Looks) -> String {
    let cells = columns.iter().map(|column| {
        let cell = &column.cells[i];
        let key = cell.key.filter(|k| k.is_finite()).map(|k| format!(" data-v=\"{k}\""));
        let class = if cell.best { "n best" } else { "n" };
        format!("<td class=\"{class}\"{}>{}</td>", key.unwrap_or_default(), cell.html)
    });
    let base = row.model == report.leaderboard.baseline;
    format!(
        "<tr{}><td class=n data-v={rank}>{rank}</td><th scope=row>{}<span class=name>{}</span>{}{}{}</th>{}</tr>",
        if base { " class=base" } else { "" },
        looks.of(&row.model).map(swatch).unwrap_or_default(),
        // A long name breaks before its variant.
        escape(&row.model).replace('/', "/<wbr>"),
        if base { "<br><span class=tag>baseline</span>" } else { "<br>" },
        if row.leaks { leak() } else { String::new() },
        row.repeats.as_ref().map(seeds).unwrap_or_default() + &settings(row),
        cells.collect::<String>(),
        rank = i + 1,
    )
}

fn seeds(repeats: &Repeats) -> String {
    format!("<span class=tag>mean of {} seeds</span>", repeats.count)
}

fn settings(row: &Rank) -> String {
    if row.settings.is_empty() {
        return String::new();
    }
    let one = |(name, value): (&String, &Value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), String::from);
        format!("<li>{} = {}</li>", escape(name), escape(&text))
    };
    let list: String = row.settings.iter().map(one).collect();
    format!("<details><summary>settings</summary><ul>{list}</ul></details>")
}

/// One column a metric, the primary first.
fn scores(report: &Report) -> Vec<Column> {
    let board = &report.leaderboard;
    let mut names: Vec<&str> = vec![&board.primary_metric];
    let measured = report.measures.iter().map(|measure| &measure.metric);
    for name in measured.chain(board.rows.iter().flat_map(|row| row.scores.keys())) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let column = |name: &str| {
        let values: Vec<Option<f64>> =
            board.rows.iter().map(|row| row.scores.get(name).and_then(Value::as_f64)).collect();
        let measure = report.measures.iter().find(|m| m.metric == name);
        let digits = decimals(&values.iter().flatten().copied().collect::<Vec<_>>());
        let honest = board.rows.iter().zip(&values).filter(|(row, _)| !row.leaks);
        let best = best_of(&honest.map(|(_, value)| *value).collect::<Vec<_>>(), measure);
        let cell = |(row, value): (&Rank, &Option<f64>)| Cell {
            html: value.map_or(MISSING.to_string(), |v| aligned(v, digits)) + &spread(row, name),
            key: *value,
            best: value.is_some() && *value == best && !row.leaks,
        };
        Column {
            head: with_unit(name, measure),
            title: explain(name, measure),
            cells: board.rows.iter().zip(&values).map(cell).collect(),
        }
    };
    names.into_iter().map(column).collect()
}

/// How far the seeds of a model lie apart.
fn spread(row: &Rank, metric: &str) -> String {
    let sd = row.repeats.as_ref().and_then(|repeats| repeats.sd.get(metric)?.as_f64());
    sd.map(|sd| format!("<br><small>± {}</small>", number(sd))).unwrap_or_default()
}

fn explain(name: &str, measure: Option<&Measure>) -> String {
    let good = match measure.map(|m| m.better) {
        None => "sort".to_string(),
        Some(Better::Lower) => "lower is better".to_string(),
        Some(Better::Higher) => "higher is better".to_string(),
        Some(Better::Near(target)) => format!("best near {}", number(target)),
    };
    format!("{}: {good}", metric(name))
}

/// The best of a column; `None` where its measure is unknown or nothing differs.
pub(super) fn best_of(values: &[Option<f64>], measure: Option<&Measure>) -> Option<f64> {
    let badness = |v: &f64| match measure.map(|m| m.better) {
        Some(Better::Higher) => -v,
        Some(Better::Near(target)) => (v - target).abs(),
        _ => *v,
    };
    measure?;
    let finite = || values.iter().flatten().copied().filter(|v| v.is_finite());
    let differ = finite().any(|value| Some(value) != finite().next());
    finite().filter(|_| differ).min_by(|a, b| badness(a).total_cmp(&badness(b)))
}

/// Skill, significance, reliability and cost.
fn judgements(report: &Report) -> Vec<Column> {
    let column = |j: &Judgement| {
        let cell = |row: &Rank| {
            let key = (j.read)(row).filter(|v| v.is_finite());
            Cell { html: key.map_or(MISSING.to_string(), j.show), key, best: false }
        };
        Column {
            head: j.head.to_string(),
            title: j.title.to_string(),
            cells: report.leaderboard.rows.iter().map(cell).collect(),
        }
    };
    JUDGEMENTS.iter().map(column).collect()
}

/// A column that is no metric: what it is called, what it means, how it is read and shown.
struct Judgement {
    head: &'static str,
    title: &'static str,
    read: fn(&Rank) -> Option<f64>,
    show: fn(f64) -> String,
}

const JUDGEMENTS: &[Judgement] = &[
    Judgement {
        head: "Skill (%)",
        title: "Share of the baseline's score that is saved; above 0 beats it",
        read: |row| row.skill,
        show: percent,
    },
    Judgement {
        head: "p, baseline",
        title: "Diebold-Mariano test against the baseline, two-sided",
        read: |row| row.p_value,
        show: p_value,
    },
    Judgement {
        head: "p, best",
        title: "The same test against the best model",
        read: |row| row.p_best,
        show: p_value,
    },
    Judgement {
        head: "In set",
        title: "Member of the 90 % model confidence set: cannot be told from the best",
        read: |row| row.in_mcs.map(|inside| f64::from(u8::from(inside))),
        show: |inside| if inside > 0.0 { "yes".to_string() } else { "no".to_string() },
    },
    Judgement {
        head: "Wins (%)",
        title: "Share of series, of a table of test sets, on which it beats the baseline",
        read: |row| row.win_rate,
        show: percent,
    },
    Judgement {
        head: "Failures",
        title: "Forecasts that it could not make; the baseline's stood in",
        read: |row| Some(row.failures as f64),
        show: |n| count(n as usize),
    },
    Judgement {
        head: "Fit (s)",
        title: "Seconds of fitting, summed over all folds",
        read: |row| Some(row.fit_s),
        show: seconds,
    },
    Judgement {
        head: "Predict (s)",
        title: "Seconds of predicting, summed likewise",
        read: |row| Some(row.predict_s),
        show: seconds,
    },
];

fn percent(share: f64) -> String {
    fixed(100.0 * share, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Near 80, 83 beats 75; of r², 0.9 beats 0.2; of an error, 0.2 beats 0.9; unknown: none.
    #[test]
    fn the_best_of_a_column_depends_on_its_measure() {
        let of = |better| Measure { metric: "m".to_string(), unit: String::new(), better };
        let best = |values: &[f64], better| {
            best_of(&values.iter().map(|v| Some(*v)).collect::<Vec<_>>(), Some(&of(better)))
        };
        assert_eq!(best(&[75.0, 83.0], Better::Near(80.0)), Some(83.0));
        assert_eq!(best(&[0.2, 0.9], Better::Higher), Some(0.9));
        assert_eq!(best(&[0.2, 0.9, f64::NAN], Better::Lower), Some(0.2));
        assert_eq!(best_of(&[Some(1.0), Some(2.0)], None), None);
        assert_eq!(best(&[0.5, 0.5], Better::Near(0.5)), None);
    }
}
