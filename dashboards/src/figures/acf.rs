//! What errors remember: their autocorrelation, with the band of none.

use almanac_data::Diagnostics;
use serde_json::{Value, json};

use super::{Figure, label, level, points};
use crate::look::Looks;

/// Bars by lag, one set a model; `None` where no model has errors enough.
pub fn acf(diagnostics: &[Diagnostics], looks: &Looks) -> Option<Figure> {
    let mut data = Vec::new();
    for d in diagnostics {
        let Some(look) = looks.of(&d.model) else { continue };
        let Some(last) = d.acf.iter().rposition(|&r| r.is_finite() && r != 0.0) else { continue };
        let lags: Vec<usize> = (1..=last + 1).collect();
        let ends = [0.5, last as f64 + 1.5];
        data.push(json!({
            "type": "bar", "name": label(&d.model), "meta": look.index, "x": lags,
            "y": points(&d.acf[..=last]), "width": 0.55, "marker": {"color": look.color},
        }));
        data.extend([-d.acf_band, d.acf_band].map(|edge| -> Value {
            json!({"type": "scatter", "mode": "lines", "meta": look.index, "hoverinfo": "skip",
                "x": ends, "y": points(&[edge, edge]),
                "line": {"color": "--soft", "width": 1, "dash": "dash"}})
        }));
    }
    (!data.is_empty()).then(|| Figure {
        title: "Do errors repeat?".to_string(),
        caption: "Autocorrelation of errors: from fold to fold where there are folds enough, \
                  otherwise along the steps of a forecast, where neighbours resemble each other by \
                  nature. Dashed: the 95 % band of none. A tall bar at the season is a pattern \
                  that the model has missed."
            .to_string(),
        alt: "Bar chart of the autocorrelation of the chosen model's errors by lag, with the \
              95 % band of no autocorrelation."
            .to_string(),
        data,
        layout: json!({
            "xaxis": {"title": {"text": "lag (steps)"}, "tickformat": "d"},
            "yaxis": {"title": {"text": "autocorrelation"}},
            "shapes": [level(0.0, "solid")],
        }),
    })
}
