//! How often each model called the direction right, against who always calls the more usual one.

use almanac_data::Calls;
use serde_json::json;

use super::{Figure, label};
use crate::look::Looks;
use crate::text::fixed;

/// A point and its interval a model, best on top; `None` where no direction was met.
pub fn calls(calls: &[Calls], looks: &Looks) -> Option<Figure> {
    let usual = 100.0 * calls.iter().find_map(Calls::usual)?.1;
    let point = |own: &Calls| {
        let look = looks.of(&own.model).filter(|_| own.count() > 0)?;
        let right = 100.0 * own.accuracy();
        let (low, high) = (100.0 * own.interval.0, 100.0 * own.interval.1);
        Some(json!({
            "type": "scatter", "mode": "markers", "name": label(&own.model),
            "x": [right], "y": [label(&own.model)],
            "error_x": {"type": "data", "symmetric": false, "array": [high - right],
                "arrayminus": [right - low], "color": look.color, "thickness": 2, "width": 5},
            "marker": {"color": look.color, "size": 9, "symbol": look.symbol},
            "hovertemplate": format!("%{{x:.2f}} %, 95 %: {} to {}", fixed(low, 2), fixed(high, 2)),
        }))
    };
    Some(Figure {
        title: "How often right".to_string(),
        caption: "Calls that were right with their 95 % interval. The dashed line is who always \
                  calls the more usual direction: an interval that holds it has shown nothing. \
                  Intervals take calls as independent; series that move together make them too \
                  narrow."
            .to_string(),
        alt: format!(
            "Dot chart of the share of right calls of {} models with intervals, and a line at \
             {} % for always calling the more usual direction.",
            calls.len(),
            fixed(usual, 1)
        ),
        data: calls.iter().filter_map(point).collect(),
        layout: json!({
            "hovermode": "closest",
            "xaxis": {"title": {"text": "right calls (%)"}},
            "yaxis": {"type": "category", "autorange": "reversed", "showgrid": false},
            "shapes": [{"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": usual, "x1": usual,
                "layer": "below", "line": {"color": "--soft", "width": 1, "dash": "dash"}}],
        }),
    })
}
