//! Whether errors are normal: their quantiles against those of the normal distribution.

use almanac_data::Diagnostics;
use serde_json::json;

use super::{Figure, label, points};
use crate::look::Looks;

/// Points against the diagonal, one set a model; `None` where no model has errors enough.
pub fn qq(diagnostics: &[Diagnostics], looks: &Looks) -> Option<Figure> {
    let mut data = Vec::new();
    for d in diagnostics.iter().filter(|d| !d.qq.is_empty()) {
        let Some(look) = looks.of(&d.model) else { continue };
        data.push(json!({
            "type": "scatter", "mode": "markers", "name": label(&d.model), "meta": look.index,
            "x": points(&d.qq_normal), "y": points(&d.qq),
            "marker": {"color": look.color, "size": 5, "symbol": look.symbol},
        }));
    }
    let reach = diagnostics.iter().flat_map(|d| &d.qq_normal).fold(0.0_f64, |m, v| m.max(v.abs()));
    (!data.is_empty()).then(|| Figure {
        title: "Are errors normal?".to_string(),
        caption: "Quantiles of standardised errors. Points on the line are normal. All above it: \
                  forecasts too low; all below: too high. Ends that bend away (up on the right, \
                  down on the left) are heavy tails; a flatter line means intervals too wide."
            .to_string(),
        alt: "Scatter chart of the chosen model's standardised errors against normal quantiles, \
              with the diagonal."
            .to_string(),
        data,
        layout: json!({
            "hovermode": "closest",
            "xaxis": {"title": {"text": "normal quantile (σ)"}},
            "yaxis": {"title": {"text": "error quantile (σ)"}},
            "shapes": [{"type": "line", "x0": -reach, "y0": -reach, "x1": reach, "y1": reach,
                "layer": "below", "line": {"color": "--soft", "width": 1, "dash": "dash"}}],
        }),
    })
}
