//! Accounts in figures: what the positions were, and what they earned under each cost.

use almanac_data::{Account, Earned, Money};

use super::scrolling;
use crate::look::{Looks, swatch};
use crate::text::{MISSING, at_cost, escape, fixed, number, plural, prose};

/// A column: its head, what the head explains, and what it shows of an account.
struct Column<T> {
    head: &'static str,
    title: &'static str,
    show: fn(&T) -> String,
}

const POSITIONS: &[Column<Account>] = &[
    Column {
        head: "Turnover a year",
        title: "What is traded in a year, in multiples of the account",
        show: |own| shown(own.turnover, |turnover| fixed(turnover, 1)),
    },
    Column {
        head: "Exposure (%)",
        title: "Mean size of positions, as a share of the account",
        show: |own| percent(own.exposure),
    },
    Column {
        head: "Hits (%)",
        title: "Share of positions that earned before costs",
        show: |own| percent(own.hit_rate),
    },
    Column {
        head: "Break-even (bp)",
        title: "Cost at which all that was earned is gone",
        show: |own| shown(own.break_even_bp, |cost| fixed(cost, 1)),
    },
];

const EARNED: &[Column<Earned>] = &[
    Column {
        head: "Total (%)",
        title: "Growth over all periods",
        show: |e| percent(Some(e.total)),
    },
    Column { head: "CAGR (%)", title: "Growth in a year, compounded", show: |e| percent(e.cagr) },
    Column {
        head: "Volatility (%)",
        title: "Standard deviation of returns, of a year",
        show: |e| percent(e.volatility),
    },
    Column {
        head: "Sharpe",
        title: "Mean return over standard deviation, of a year",
        show: |e| ratio(e.sharpe),
    },
    Column {
        head: "Sortino",
        title: "Mean return over the root of the mean square of losses, of a year",
        show: |e| ratio(e.sortino),
    },
    Column { head: "Calmar", title: "CAGR over deepest drawdown", show: |e| ratio(e.calmar) },
    Column {
        head: "Deepest drawdown (%)",
        title: "Deepest fall from a height before it",
        show: |e| percent(Some(e.max_drawdown)),
    },
    Column {
        head: "Sharpe above 0 (%)",
        title: "Probabilistic Sharpe ratio: how likely the true one is above 0",
        show: |e| percent(e.probabilistic_sharpe),
    },
    Column {
        head: "Above luck (%)",
        title: "Deflated Sharpe ratio: how likely it is above the best of as many models without skill",
        show: |e| percent(e.deflated_sharpe),
    },
];

/// The rule, and a row a model: its positions, and what is left of its growth under each cost.
pub fn positions(money: &Money, looks: &Looks) -> String {
    let growth: String = money
        .costs_bp
        .iter()
        .map(|bp| format!("<th scope=col class=n>CAGR {} (%)</th>", at_cost(*bp)))
        .collect();
    let cells = |own: &Account| -> String {
        let growth = own.earned.iter().map(|earned| percent(earned.cagr));
        POSITIONS.iter().map(|column| (column.show)(own)).chain(growth).map(cell).collect()
    };
    format!(
        "<p>{} over {}\u{a0}years: {}.</p>{}",
        plural(money.periods, "decision", "decisions"),
        number(money.years),
        escape(&money.rule),
        table("Positions", &(heads(POSITIONS) + &growth), &rows(money, looks, cells)),
    )
}

/// All figures of each cost, and what a reader must know.
pub fn earnings(money: &Money, looks: &Looks) -> String {
    let part = |(cost, bp): (usize, &f64)| {
        let (table, luck) = (earned(money, cost, looks), luck(money, cost));
        format!("<h3>Figures {}</h3>{table}{luck}", at_cost(*bp))
    };
    let notes = money.notes.iter().map(|note| format!("<li>{}</li>", prose(note)));
    format!(
        "{}<ul class=note>{}</ul>",
        money.costs_bp.iter().enumerate().map(part).collect::<String>(),
        notes.collect::<String>()
    )
}

fn earned(money: &Money, cost: usize, looks: &Looks) -> String {
    let cells = |own: &Account| -> String {
        let columns = EARNED.iter().map(|column| (column.show)(&own.earned[cost]));
        columns.map(cell).collect()
    };
    table("Earned", &heads(EARNED), &rows(money, looks, cells))
}

fn table(name: &'static str, heads: &str, rows: &str) -> String {
    let table = format!(
        "<table><thead><tr><th scope=col>Model</th>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    );
    scrolling(name, &table)
}

fn heads<T>(columns: &[Column<T>]) -> String {
    let head = |column: &Column<T>| {
        format!("<th scope=col class=n title=\"{}\">{}</th>", column.title, column.head)
    };
    columns.iter().map(head).collect()
}

fn rows(money: &Money, looks: &Looks, cells: impl Fn(&Account) -> String) -> String {
    let row = |own: &Account, class: &str| {
        format!(
            "<tr{class}><th scope=row>{}<span class=name>{}</span></th>{}</tr>",
            looks.of(&own.name).map(swatch).unwrap_or_default(),
            escape(&own.name),
            cells(own)
        )
    };
    let models: String = money.accounts.iter().map(|own| row(own, "")).collect();
    models + &row(&money.hold, " class=base")
}

/// The probability of overfitting in words.
fn luck(money: &Money, cost: usize) -> String {
    let words = match money.overfitting[cost] {
        None => {
            "There are too few models or decisions for a probability of overfitting.".to_string()
        }
        Some(share) => format!(
            "Probability of overfitting: {}\u{a0}%. So often the model that is best on half of the \
             time is no better than the median on the other half; luck alone gives about 50.",
            fixed(100.0 * share, 1)
        ),
    };
    format!("<p class=note>{words}</p>")
}

fn cell(html: String) -> String {
    format!("<td class=n>{html}</td>")
}

fn shown(value: Option<f64>, show: fn(f64) -> String) -> String {
    value.filter(|value| value.is_finite()).map_or(MISSING.to_string(), show)
}

fn percent(share: Option<f64>) -> String {
    shown(share, |share| fixed(100.0 * share, 1))
}

fn ratio(value: Option<f64>) -> String {
    shown(value, |value| fixed(value, 2))
}
