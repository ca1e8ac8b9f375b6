//! Error by step ahead and by fold: one line a model.

use almanac_data::Curve;
use serde_json::{Value, json};

use super::{Figure, axis_type, label, points, times};
use crate::look::Looks;
use crate::text::number;

/// The primary score by step ahead; `None` where there is one step or no curve.
pub fn by_step(curves: &[Curve], looks: &Looks, metric: &str) -> Option<Figure> {
    let steps = curves.iter().map(|curve| curve.values.len()).max().filter(|&n| n > 1)?;
    let x: Vec<usize> = (1..=steps).collect();
    Some(Figure {
        title: "By step ahead".to_string(),
        caption: "Look for lines that cross: a model may win on the first steps and lose on the \
                  last. A steep line is a forecast that ages quickly; a comb repeats with the \
                  season."
            .to_string(),
        alt: described(curves, metric, "step ahead"),
        data: lines(curves, looks, &json!(x)),
        layout: json!({
            "xaxis": {"title": {"text": "steps ahead"}, "tickformat": "d"},
            "yaxis": {"title": {"text": label(metric)}},
        }),
    })
}

/// The primary score by fold; `None` where there is one fold or no curve.
pub fn by_fold(curves: &[Curve], folds: &[String], looks: &Looks, metric: &str) -> Option<Figure> {
    curves.iter().map(|curve| curve.values.len()).max().filter(|&n| n > 1)?;
    Some(Figure {
        title: "By fold".to_string(),
        caption: "Look for one fold that decides the ranking: if a model wins only there, its \
                  lead may be luck. Lines that rise together mark a stretch that was hard for all."
            .to_string(),
        alt: described(curves, metric, "fold"),
        data: lines(curves, looks, &json!(times(folds))),
        layout: json!({
            "xaxis": {"title": {"text": "cutoff of the fold"}, "type": axis_type(folds)},
            "yaxis": {"title": {"text": label(metric)}},
        }),
    })
}

fn lines(curves: &[Curve], looks: &Looks, x: &Value) -> Vec<Value> {
    let line = |curve: &Curve| {
        let look = looks.of(&curve.name)?;
        let marked = curve.values.len() <= 30;
        Some(json!({
            "type": "scatter", "mode": if marked { "lines+markers" } else { "lines" },
            "name": label(&curve.name), "meta": look.index, "x": x, "y": points(&curve.values),
            "line": {"color": look.color, "width": 1.8, "dash": look.dash},
            "marker": {"color": look.color, "size": 6, "symbol": look.symbol},
        }))
    };
    curves.iter().filter_map(line).collect()
}

fn described(curves: &[Curve], metric: &str, along: &str) -> String {
    let ends = curves.iter().take(3).filter_map(|curve| {
        let finite = || curve.values.iter().filter(|v| v.is_finite());
        let (first, last) = (finite().next()?, finite().next_back()?);
        Some(format!(" {} goes from {} to {}.", curve.name, number(*first), number(*last)))
    });
    format!("Line chart of {metric} by {along}, one line a model.{}", ends.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ends that the words name are the first and the last that are defined.
    #[test]
    fn words_name_the_ends() {
        let curve = Curve { name: "m".to_string(), values: vec![f64::NAN, 2.0, 5.0, f64::NAN] };
        let words = described(&[curve], "MAE", "fold");
        assert_eq!(
            words,
            "Line chart of MAE by fold, one line a model. m goes from 2.000 to 5.000."
        );
    }
}
