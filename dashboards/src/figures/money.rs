//! The accounts over time: what became of 1, and how far each stood below its height.

use almanac_data::{Account, Earned, Money};
use serde_json::{Value, json};

use super::{Figure, axis_type, label, level, points, times};
use crate::look::Looks;
use crate::text::{at_cost, fixed};

/// What became of 1 under the cost at this place.
pub fn equity(money: &Money, cost: usize, looks: &Looks) -> Figure {
    let values = |earned: &Earned| earned.equity.clone();
    let all = || everyone(money).flat_map(|own| own.earned[cost].equity.iter().copied());
    let (least, most) = all().fold((f64::MAX, 0.0_f64), |(l, m), v| (l.min(v), m.max(v)));
    let ends = everyone(money).take(3).map(|own| {
        let total = 100.0 * own.earned[cost].total;
        format!(" {} ends at {} %.", own.name, fixed(total, 1))
    });
    Figure {
        title: format!("What became of 1, {}", at_cost(money.costs_bp[cost])),
        caption: "Look for an account that owes all to one stretch, and compare it with buy and \
                  hold (thin line), which takes no skill."
            .to_string(),
        alt: format!(
            "Line chart of each model's account {}, and of buy and hold.{}",
            at_cost(money.costs_bp[cost]),
            ends.collect::<String>()
        ),
        data: lines(money, cost, looks, values),
        layout: json!({
            "xaxis": {"type": axis_type(&money.at), "title": {"text": "end of period"}},
            "yaxis": {"title": {"text": "account"},
                "type": if 0.0 < least && 5.0 * least < most { "log" } else { "linear" }},
            "shapes": [level(1.0, "dot")],
        }),
    }
}

/// The fall from the height so far, in percent, under the cost at this place.
pub fn drawdown(money: &Money, cost: usize, looks: &Looks) -> Figure {
    let values = |earned: &Earned| earned.drawdown.iter().map(|fall| -100.0 * fall).collect();
    Figure {
        title: format!("Below its height, {}", at_cost(money.costs_bp[cost])),
        caption: "How much an owner had lost since the best day. Look for how deep, and for how \
                  long before the line is back at 0."
            .to_string(),
        alt: format!(
            "Line chart of how far each model's account {}, and buy and hold, stood below its \
             height.",
            at_cost(money.costs_bp[cost])
        ),
        data: lines(money, cost, looks, values),
        layout: json!({
            "xaxis": {"type": axis_type(&money.at), "title": {"text": "end of period"}},
            "yaxis": {"title": {"text": "drawdown (%)"}},
        }),
    }
}

fn everyone(money: &Money) -> impl Iterator<Item = &Account> {
    money.accounts.iter().chain([&money.hold])
}

fn lines(
    money: &Money,
    cost: usize,
    looks: &Looks,
    values: impl Fn(&Earned) -> Vec<f64>,
) -> Vec<Value> {
    let at = times(&money.at);
    let line = |own: &Account| {
        let look = looks.of(&own.name)?;
        Some(json!({
            "type": "scatter", "mode": "lines", "name": label(&own.name), "meta": look.index,
            "x": at, "y": points(&values(&own.earned[cost])),
            "line": {"color": look.color, "width": 1.8, "dash": look.dash},
        }))
    };
    let hold = json!({
        "type": "scatter", "mode": "lines", "name": label(&money.hold.name),
        "x": at, "y": points(&values(&money.hold.earned[cost])),
        "line": {"color": "--ink", "width": 1},
    });
    money.accounts.iter().filter_map(line).chain([hold]).collect()
}
