//! The leaderboard as a table.

use almanac_api::Run;
use almanac_data::{Leaderboard, Rank};

use crate::say::Say;
use crate::table::{Column, Table, bytes, number, seconds};

/// Prints the leaderboard of a run, what to know about it, and where the report is.
pub fn show(run: &Run, say: &Say) {
    say.table(&table(&run.leaderboard));
    for note in &run.manifest.notes {
        say.remark(&format!("note: {note}"));
    }
    let cost = &run.manifest;
    say.remark(&format!(
        "{} wall, {} processor, {} peak memory",
        seconds(cost.wall_s),
        seconds(cost.cpu_s),
        bytes(cost.peak_bytes)
    ));
    say.remark(&format!("report: {}", run.folder.join("report.html").display()));
}

/// Says what the columns of a leaderboard mean.
pub fn explain(say: &Say) {
    say.remark(
        "skill: share of the baseline's score saved; p: Diebold-Mariano against the baseline; \
         MCS: in the 90 % model confidence set; wins: series on which it beats the baseline",
    );
}

fn table(board: &Leaderboard) -> Table {
    let primary = board.primary_metric.as_str();
    let metrics = board.rows.first().map(|row| row.scores.keys().map(String::as_str).collect());
    let metrics: Vec<&str> = metrics.unwrap_or_default();
    let others: Vec<&str> = metrics.into_iter().filter(|name| *name != primary).collect();
    let mut columns = vec![
        Column::right("#", 7),
        Column::left("model", 0),
        Column::right(primary, 0),
        Column::right("skill", 1),
        Column::right("p", 3),
        Column::left("MCS", 4),
        Column::right("wins", 8),
    ];
    columns.extend(others.iter().enumerate().map(|(k, name)| Column::right(*name, 9 + k)));
    columns.extend([Column::right("failed", 2), Column::right("seconds", 5)]);
    let mut table = Table::new(columns);
    for (place, row) in board.rows.iter().enumerate() {
        table.row(cells(place, row, board, &others));
    }
    table
}

fn cells(place: usize, row: &Rank, board: &Leaderboard, others: &[&str]) -> Vec<String> {
    let score = |name: &str| row.scores.get(name).and_then(|score| score.as_f64());
    let share = |value: Option<f64>| value.map_or(String::new(), |v| format!("{:.1}%", 100.0 * v));
    let shown = |name: &str| score(name).map_or("-".into(), number);
    let baseline = row.model == board.baseline;
    let mut cells = vec![
        (place + 1).to_string(),
        match (baseline, row.leaks) {
            (true, _) => format!("{} (baseline)", row.model),
            (_, true) => format!("{} (leak)", row.model),
            _ => row.model.clone(),
        },
        shown(&board.primary_metric),
        if baseline { String::new() } else { share(row.skill) },
        row.p_value.map_or(String::new(), p_value),
        row.in_mcs.map_or(String::new(), |inside| if inside { "yes" } else { "no" }.into()),
        share(row.win_rate),
    ];
    cells.extend(others.iter().map(|name| shown(name)));
    cells.extend([row.failures.to_string(), format!("{:.2}", row.fit_s + row.predict_s)]);
    cells
}

/// A p-value with three digits, never a bare zero.
pub fn p_value(p: f64) -> String {
    if p < 0.001 { "<.001".into() } else { format!("{p:.3}") }
}
