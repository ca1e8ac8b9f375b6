//! Prediction against actual: a point a row of a test set.

use almanac_data::TestSet;
use serde_json::json;

use super::{Figure, label, points};
use crate::look::Look;
use crate::text::{escape, number, plural};

/// What a model said of the rows of a set's last fold; `None` where it was asked of none.
pub fn prediction(set: &TestSet, model: &str, look: Look) -> Option<Figure> {
    let known: Vec<&(String, f64, f64)> =
        set.points.iter().filter(|(_, y, said)| (y - said).is_finite()).collect();
    let values = || known.iter().flat_map(|(_, y, said)| [*y, *said]);
    let (low, high) = (values().reduce(f64::min)?, values().reduce(f64::max)?);
    let names: Vec<String> = known.iter().map(|(name, ..)| label(name)).collect();
    let column = |read: fn(&(String, f64, f64)) -> f64| {
        points(&known.iter().map(|point| read(point)).collect::<Vec<_>>())
    };
    let rows = plural(known.len(), "row", "rows");
    let which =
        if set.folds > 1 { format!(" of the last of {} folds", set.folds) } else { String::new() };
    Some(Figure {
        title: set.name.clone(),
        caption: escape(&format!("{rows}{which}, predicted by {model}.")),
        alt: format!(
            "Scatter chart of {rows}{which}: what {model} predicted against what came, both from \
             {} to {}, with the line on which they are equal.",
            number(low),
            number(high)
        ),
        data: vec![json!({
            "type": "scatter", "mode": "markers", "name": label(model), "text": names,
            "x": column(|point| point.1), "y": column(|point| point.2),
            "marker": {"color": look.color, "size": 7, "opacity": 0.75, "symbol": "circle"},
            "hovertemplate":
                "%{text}<br>actual %{x:,.4~r}<br>predicted %{y:,.4~r}<extra></extra>",
        })],
        layout: json!({
            "hovermode": "closest",
            "xaxis": {"title": {"text": "actual"}},
            "yaxis": {"title": {"text": "predicted"}},
            "shapes": [{"type": "line", "x0": low, "x1": high, "y0": low, "y1": high,
                "layer": "below", "line": {"color": "--faint", "width": 1, "dash": "dash"}}],
        }),
    })
}
