//! One series as it is: its values, how they are spread, what they remember, what a season does.

use serde_json::{Value, json};

use super::{Figure, axis_type, label, level, points, times};
use crate::text::count;

/// The values over time, with a slider below to choose a stretch.
pub fn values(id: &str, at: &[String], y: &[f64]) -> Figure {
    let at = times(at);
    let kind = axis_type(&at);
    let gaps = y.iter().filter(|v| v.is_nan()).count();
    let words = match gaps {
        0 => String::new(),
        gaps => format!(" {} of them have no value: the line breaks there.", count(gaps)),
    };
    Figure {
        title: "Values".to_string(),
        caption: format!(
            "{} rows.{words} Drag the ends of the strip under the chart to look at a stretch.",
            count(y.len())
        ),
        alt: format!("Line chart of the {} values of {id} over time.", y.len()),
        data: vec![json!({
            "type": "scatter", "mode": if y.len() < 100 { "lines+markers" } else { "lines" },
            "name": label(id), "x": at, "y": points(y),
            "line": {"color": "--m1", "width": 1.4}, "marker": {"color": "--m1", "size": 4},
        })],
        layout: json!({
            "xaxis": {"type": kind, "rangeslider": {"visible": true, "thickness": 0.12,
                "bgcolor": "--card", "bordercolor": "--rule", "borderwidth": 1}},
            "yaxis": {"title": {"text": "value"}},
        }),
    }
}

/// A histogram from its middles, width and counts.
pub fn spread((middles, width, counts): &(Vec<f64>, f64, Vec<f64>)) -> Figure {
    Figure {
        title: "How values are spread".to_string(),
        caption: "How often values fall into forty equal bins. A long tail to one side asks for a \
                  model of logarithms; a tall bar at zero for one of intermittent demand."
            .to_string(),
        alt: "Histogram of the series' values.".to_string(),
        data: vec![
            json!({"type": "bar", "name": "rows", "x": points(middles), "y": points(counts),
            "width": width, "marker": {"color": "--m1"}}),
        ],
        layout: json!({"bargap": 0, "xaxis": {"title": {"text": "value"}},
            "yaxis": {"title": {"text": "rows"}}}),
    }
}

/// Autocorrelation by lag, the seasons marked.
pub fn memory((r, band): &(Vec<f64>, f64), season: usize) -> Figure {
    let lags: Vec<usize> = (1..=r.len()).collect();
    let ends = [0.5, r.len() as f64 + 0.5];
    let color =
        |lag: &usize| if season > 1 && lag.is_multiple_of(season) { "--m2" } else { "--m1" };
    let colors: Vec<&str> = lags.iter().map(color).collect();
    let edge = |at: f64| -> Value {
        json!({"type": "scatter", "mode": "lines", "hoverinfo": "skip", "x": ends, "y": [at, at],
            "line": {"color": "--soft", "width": 1, "dash": "dash"}})
    };
    // One trace a colour: the page paints names of colours, and a list of them is one value.
    let bars = |own: &str| -> Value {
        let place = |k: &usize| colors[*k] == own;
        let places: Vec<usize> = (0..r.len()).filter(place).collect();
        let y: Vec<f64> = places.iter().map(|&k| r[k]).collect();
        let x: Vec<usize> = places.iter().map(|&k| lags[k]).collect();
        json!({"type": "bar", "name": if own == "--m2" { "a season apart" } else { "lag" },
            "x": x, "y": points(&y), "width": 0.6, "marker": {"color": own}})
    };
    Figure {
        title: "What values remember".to_string(),
        caption: "Autocorrelation by lag; dashed, the 95 % band of none. Orange bars are whole \
                  seasons apart: where they stand out, a seasonal model has something to hold on to."
            .to_string(),
        alt: "Bar chart of the series' autocorrelation by lag.".to_string(),
        data: vec![bars("--m1"), bars("--m2"), edge(-band), edge(*band)],
        layout: json!({"xaxis": {"title": {"text": "lag (steps)"}, "tickformat": "d"},
            "yaxis": {"title": {"text": "autocorrelation"}}, "shapes": [level(0.0, "solid")]}),
    }
}

/// Median and middle half at each place of a season.
pub fn seasons(quartiles: &[Vec<f64>; 3]) -> Figure {
    let [low, middle, high] = quartiles;
    let x: Vec<usize> = (1..=middle.len()).collect();
    let line = |y: &[f64], fill: Option<&str>| {
        json!({"type": "scatter", "mode": "lines", "hoverinfo": "skip", "x": x, "y": points(y),
            "line": {"width": 0, "color": "--m1"}, "fill": fill, "fillcolor": "--m1/0.18"})
    };
    Figure {
        title: "What a season does".to_string(),
        caption:
            "The median at each place of the season, and the middle half of the values shaded; \
                  place 1 is that of the first row. A flat line means that there is no season."
                .to_string(),
        alt: "Line chart of the median value at each place of the season.".to_string(),
        data: vec![
            line(low, None),
            line(high, Some("tonexty")),
            json!({"type": "scatter", "mode": "lines+markers", "name": "median", "x": x,
                "y": points(middle), "line": {"color": "--m1", "width": 2},
                "marker": {"color": "--m1", "size": 5}}),
        ],
        layout: json!({"xaxis": {"title": {"text": "place in the season (steps)"}, "tickformat": "d"},
            "yaxis": {"title": {"text": "value"}}}),
    }
}
