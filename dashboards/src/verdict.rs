//! The verdict: who wins, by how much, and whether that is more than luck, in plain words.

use almanac_data::{Better, Calls, Leaderboard, Measure, Rank, Report};
use serde_json::Value;

use crate::text::{count, escape, fixed, metric, p_value, plural, score_with_unit};

/// One sentence, as HTML.
pub fn verdict(report: &Report) -> String {
    let board = &report.leaderboard;
    let name = metric(&board.primary_metric);
    let Some(best) = board.best() else { return "No model was run.".to_string() };
    if best.leaks {
        return "No verdict: every model reads columns before they are known.".to_string();
    }
    let honest = match board.rows.first().is_some_and(|row| row.leaks) {
        true => " among models that read only what is known",
        false => "",
    };
    let Some(score) = score(board, best) else {
        return format!("No model has a score on {}.", escape(&name));
    };
    let won = format!("<strong>{}</strong>", escape(&best.model));
    let score_text = shown(report, score);
    if best.model == board.baseline {
        let others = || rivals(board, best);
        return match others().find_map(|row| Some((row, self::score(board, row)?))) {
            None => format!(
                "{won}, the baseline, scores {score_text} on {}; there is no other model to \
                 compare it with.",
                escape(&name)
            ),
            Some((next, other)) => format!(
                "No model beats the baseline: {won} is best on {}{honest} with {score_text}, {} \
                 comes next with {}, {}.",
                escape(&name),
                escape(&next.model),
                shown(report, other),
                significance(next.p_value)
            ),
        };
    }
    let base = board.rows.iter().find(|row| row.model == board.baseline);
    match base.and_then(|row| self::score(board, row)) {
        None => format!(
            "{won} is best on {}{honest} with {score_text}; the baseline has no score to compare it with.",
            escape(&name)
        ),
        Some(base) => format!(
            "{won} is best on {}{honest}: {score_text} against {} for the baseline {}{}, {}.",
            escape(&name),
            shown(report, base),
            escape(&board.baseline),
            change(report, score, base),
            significance(best.p_value)
        ),
    }
}

/// More sentences, as HTML: the base rate of directions, the models that cannot be told from the
/// best, and failures.
pub fn caveats(report: &Report) -> String {
    let board = &report.leaderboard;
    let usual = report.calls.iter().find_map(Calls::usual).map(|(usual, share)| {
        format!("Always calling {usual} is right {}\u{a0}% of the time. ", fixed(100.0 * share, 1))
    });
    let usual = usual.unwrap_or_default();
    let others: Vec<&str> = board
        .best()
        .into_iter()
        .flat_map(|best| rivals(board, best))
        .filter(|row| row.in_mcs == Some(true))
        .map(|row| row.model.as_str())
        .collect();
    let set = match (board.best().and_then(|best| best.in_mcs), others.len()) {
        (Some(true), 0) if board.rows.len() > 1 => {
            "It stands alone in the 90\u{a0}% model confidence set. ".to_string()
        }
        (Some(true), 1..=3) => format!(
            "The data cannot tell it apart from {} (90\u{a0}% model confidence set). ",
            escape(&others.join(", "))
        ),
        (Some(true), n) if n > 3 => format!(
            "The data cannot tell it apart from {} others, first of them {} (90\u{a0}% model \
             confidence set). ",
            count(n),
            escape(others[0])
        ),
        _ => String::new(),
    };
    let failed: usize = board.rows.iter().map(|row| row.failures).sum();
    let failed = match failed {
        0 => "No forecast failed.".to_string(),
        n => format!(
            "{} failed and {} scored with the baseline's forecast.",
            plural(n, "forecast", "forecasts"),
            if n == 1 { "was" } else { "were" }
        ),
    };
    format!("{usual}{set}{failed}")
}

/// A warning that names the models that leak; empty where none does.
pub fn leaks(report: &Report) -> String {
    let leaky = report.leaderboard.rows.iter().filter(|row| row.leaks);
    let names: Vec<String> = leaky.map(|row| escape(&row.model)).collect();
    let (reads, they) = if names.len() == 1 { ("reads", "it") } else { ("read", "they") };
    match names.as_slice() {
        [] => String::new(),
        names => format!(
            "<p class=warning><strong>Leak:</strong> {} {reads} columns of the row asked before \
             {they} could know them, so these scores are no forecast's. Marked \u{201c}leak\u{201d} \
             below, and left out of the verdict, of the confidence set and of what is bold.</p>",
            names.join(", ")
        ),
    }
}

/// The other models that do not leak, best first.
fn rivals<'a>(board: &'a Leaderboard, best: &'a Rank) -> impl Iterator<Item = &'a Rank> {
    board.rows.iter().filter(move |row| row.model != best.model && !row.leaks)
}

fn score(board: &Leaderboard, row: &Rank) -> Option<f64> {
    row.scores.get(&board.primary_metric).and_then(Value::as_f64).filter(|v| v.is_finite())
}

fn shown(report: &Report, score: f64) -> String {
    escape(&score_with_unit(primary(report), score))
}

fn primary(report: &Report) -> Option<&Measure> {
    report.measures.iter().find(|m| m.metric == report.leaderboard.primary_metric)
}

fn change(report: &Report, score: f64, base: f64) -> String {
    let near = primary(report).is_some_and(|m| matches!(m.better, Better::Near(_)));
    let share = 100.0 * (score - base).abs() / base.abs();
    if near || share == 0.0 || !share.is_finite() {
        return String::new();
    }
    let word = if score < base { "lower" } else { "higher" };
    format!(", {}\u{a0}% {word}", fixed(share, usize::from(share < 10.0)))
}

fn significance(p: Option<f64>) -> String {
    match p.filter(|p| p.is_finite()) {
        None => "with too little data to tell whether the difference is more than luck".to_string(),
        Some(p) => {
            let sign = if p < 0.001 { "" } else { "=\u{a0}" };
            let word = if p < 0.05 { "significant" } else { "not significant" };
            format!("a difference that is {word} (Diebold-Mariano, p\u{a0}{sign}{})", p_value(p))
        }
    }
}
