//! Whether intervals hold what they promise: the share of truths inside, by step.

use almanac_data::Diagnostics;
use serde_json::{Value, json};

use super::{Figure, label, level, points};
use crate::look::Looks;

/// Lines by step, one a level and model; `None` where no model has intervals.
pub fn coverage(diagnostics: &[Diagnostics], looks: &Looks) -> Option<Figure> {
    const DASHES: [&str; 4] = ["solid", "dot", "dash", "dashdot"];
    let mut data = Vec::new();
    let mut levels: Vec<f64> = Vec::new();
    let mut low = 100.0_f64;
    for d in diagnostics {
        let Some(look) = looks.of(&d.model) else { continue };
        for (i, (nominal, shares)) in d.coverage.iter().enumerate() {
            let percent: Vec<f64> = shares.iter().map(|share| 100.0 * share).collect();
            low = percent.iter().fold(low, |low, v| low.min(*v)).min(*nominal);
            data.push(json!({
                "type": "scatter", "mode": if shares.len() <= 30 { "lines+markers" } else { "lines" },
                "name": format!("{}, {nominal} %", label(&d.model)), "meta": look.index,
                "x": (1..=shares.len()).collect::<Vec<_>>(), "y": points(&percent),
                "line": {"color": look.color, "width": 1.8, "dash": DASHES[i % DASHES.len()]},
                "marker": {"color": look.color, "size": 5},
            }));
            if !levels.contains(nominal) {
                levels.push(*nominal);
            }
        }
    }
    (!data.is_empty()).then(|| Figure {
        title: "Do intervals hold?".to_string(),
        caption: "Share of actual values inside each interval. A line below its level is \
                  overconfident: its intervals are too narrow; far above, they are too wide to be \
                  of use."
            .to_string(),
        alt: "Line chart of the share of actual values inside the chosen model's intervals by \
              step ahead, with the nominal levels."
            .to_string(),
        data,
        layout: json!({
            "margin": {"l": 8, "r": 44, "t": 12, "b": 8},
            "xaxis": {"title": {"text": "steps ahead"}, "tickformat": "d"},
            "yaxis": {"title": {"text": "inside (%)"}, "range": [low - 6.0, 102.0]},
            "shapes": levels.iter().map(|&l| level(l, "dash")).collect::<Vec<_>>(),
            "annotations": levels.iter().map(|&l| nominal(l)).collect::<Vec<_>>(),
        }),
    })
}

fn nominal(level: f64) -> Value {
    json!({"xref": "paper", "x": 1.01, "xanchor": "left", "y": level, "yanchor": "middle",
        "text": format!("{level} %"), "showarrow": false, "font": {"size": 11, "color": "--soft"}})
}
