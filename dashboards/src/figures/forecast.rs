//! Forecast against actual: what happened, and the chosen model's forecast with nested intervals.

use almanac_data::{Bands, SeriesChart};
use serde_json::{Value, json};

use super::{Figure, axis_type, label, points, times};
use crate::look::{Look, Looks};
use crate::text::{escape, number};

/// One series with the forecasts of every model, of which the page shows one.
/// `score` is the chart's score with its metric and model, as text.
pub fn forecast(chart: &SeriesChart, looks: &Looks, score: &str) -> Figure {
    let (before, ahead) = (times(&chart.past_at), times(&chart.at));
    let (at, y) = ([&before[..], &ahead].concat(), [&chart.past_y[..], &chart.y].concat());
    let mut data = vec![json!({
        "type": "scatter", "mode": "lines", "name": "actual", "x": at, "y": points(&y),
        "line": {"color": "--ink", "width": 1.4},
    })];
    for bands in &chart.models {
        if let Some(look) = looks.of(&bands.model) {
            data.extend(bands.bands.iter().rev().map(|band| interval(&ahead, band, bands, look)));
            data.push(mean(&ahead, bands, look));
        }
    }
    data.push(json!({
        "type": "scatter", "mode": "markers", "x": ahead, "y": points(&chart.y),
        "marker": {"color": "--ink", "size": 4}, "hoverinfo": "skip",
    }));
    Figure {
        title: format!("{} series: {}", sentence_case(&chart.why), chart.unique_id),
        caption: escape(&format!("{score}.")),
        alt: format!(
            "Line chart of {}: {} past values, then {} actual values beside the forecast of the \
             chosen model and its intervals. {score}.",
            chart.unique_id,
            chart.past_y.len(),
            chart.y.len(),
        ),
        data,
        layout: layout(axis_type(&at), before.last()),
    }
}

fn layout(kind: &str, cutoff: Option<&String>) -> Value {
    let cut = cutoff.map(|at| {
        json!({"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": at, "x1": at,
            "line": {"color": "--faint", "width": 1, "dash": "dot"}})
    });
    json!({
        "xaxis": {"type": kind, "title": {"text": if kind == "date" { "date" } else { "time" }}},
        "yaxis": {"title": {"text": "value"}},
        "shapes": cut.into_iter().collect::<Vec<_>>(),
    })
}

fn mean(at: &[String], bands: &Bands, look: Look) -> Value {
    let within = |step: usize| {
        let ends = bands.bands.iter().filter_map(|(level, lower, upper)| {
            let (lower, upper) = (lower.get(step)?, upper.get(step)?);
            Some(format!("<br>{level} %: {} to {}", number(*lower), number(*upper)))
        });
        let value = bands.mean.get(step).copied().unwrap_or(f64::NAN);
        format!("{}{}", number(value), ends.collect::<String>())
    };
    json!({
        "type": "scatter", "mode": if at.len() == 1 { "markers" } else { "lines" },
        "name": label(&bands.model), "meta": look.index, "x": at, "y": points(&bands.mean),
        "line": {"color": look.color, "width": 2.2},
        "marker": {"color": look.color, "size": 9, "symbol": look.symbol},
        "customdata": (0..at.len()).map(within).collect::<Vec<_>>(),
        "hovertemplate": "%{customdata}",
    })
}

/// A closed band; a thick bar where there is one step only, since a band has no width then.
fn interval(
    at: &[String],
    (level, lower, upper): &(f64, Vec<f64>, Vec<f64>),
    bands: &Bands,
    look: Look,
) -> Value {
    let finite = |step: usize| {
        [lower, upper].iter().all(|ends| ends.get(step).is_some_and(|v| v.is_finite()))
    };
    let (mut x, mut y) = (Vec::new(), Vec::new());
    let steps: Vec<usize> = (0..at.len()).collect();
    for run in steps.chunk_by(|&a, &b| finite(a) == finite(b)).filter(|run| finite(run[0])) {
        let there = run.iter().map(|&step| (Some(&at[step]), lower[step]));
        let back = run.iter().rev().map(|&step| (Some(&at[step]), upper[step]));
        for (stamp, end) in there.chain(back).chain([(None, f64::NAN)]) {
            x.push(stamp);
            y.push(end);
        }
    }
    let color = format!("{}/{}", look.color, 0.18);
    let mut trace = json!({
        "type": "scatter", "mode": "lines", "name": format!("{}, {level} %", label(&bands.model)),
        "meta": look.index, "x": x, "y": points(&y), "hoverinfo": "skip",
        "line": {"color": color, "width": if at.len() == 1 { 14 } else { 0 }},
    });
    if at.len() > 1 {
        trace["fill"] = json!("toself");
        trace["fillcolor"] = json!(color);
    }
    trace
}

fn sentence_case(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A band over steps 1 to 4 with a hole at 3 is two pieces: there along the bottom and back along
    /// the top over 1 and 2, and step 4 alone.
    #[test]
    fn a_band_breaks_where_it_is_not_finite() {
        let at: Vec<String> = ["1", "2", "3", "4"].map(String::from).into();
        let band = (80.0, vec![1.0, 1.5, f64::NAN, 3.0], vec![2.0, 2.5, 5.0, 4.0]);
        let bands = Bands { model: "m".to_string(), mean: vec![1.5; 4], bands: vec![band.clone()] };
        let look = Look { index: 4, color: "--m1", dash: "solid", strokes: "none", symbol: "x" };
        let trace = interval(&at, &band, &bands, look);
        assert_eq!(trace["x"], json!(["1", "2", "2", "1", null, "4", "4", null]));
        assert_eq!(trace["y"], json!([1.0, 1.5, 2.5, 2.0, null, 3.0, 4.0, null]));
        assert_eq!(trace["fillcolor"], "--m1/0.18");
        assert_eq!(trace["meta"], 4);
    }
}
