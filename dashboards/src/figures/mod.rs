//! Plotly figures as data: one file a figure. Colours are names of the page's style (`--m1`, or
//! `--m1/0.2` for a fifth of it), so that one figure serves light and dark; the page's script
//! paints them. A trace that belongs to a model carries the model's place as `meta`.

mod acf;
mod calls;
mod coverage;
mod error;
mod forecast;
mod money;
mod qq;
pub mod series;
mod sets;

use serde_json::{Value, json};

use crate::text::escape;

pub use acf::acf;
pub use calls::calls;
pub use coverage::coverage;
pub use error::{by_fold, by_step};
pub use forecast::forecast;
pub use money::{drawdown, equity};
pub use qq::qq;
pub use sets::prediction;

/// A drawing with the words around it.
#[derive(Debug)]
pub struct Figure {
    /// Heading, as text.
    pub title: String,
    /// What to look for, as HTML.
    pub caption: String,
    /// What it shows, for those who cannot see it, as text.
    pub alt: String,
    /// Plotly traces.
    pub data: Vec<Value>,
    /// Plotly layout.
    pub layout: Value,
}

impl Figure {
    /// The same with all it has drawn whatever model is picked.
    pub fn always(mut self) -> Figure {
        for trace in self.data.iter_mut().filter_map(Value::as_object_mut) {
            trace.remove("meta");
        }
        self
    }

    /// The figure as HTML; the page's script draws it.
    pub fn html(&self) -> String {
        format!(
            "<figure><h3>{}</h3><div class=chart data-figure role=img aria-label=\"{}\"></div>\
             <script type=\"application/json\">{}</script><figcaption>{}</figcaption></figure>",
            escape(&self.title),
            escape(&self.alt),
            inert(&json!({"data": self.data, "layout": self.layout})),
            self.caption,
        )
    }
}

/// What all figures share, as a plotly template.
pub fn template() -> Value {
    let axis = json!({
        "automargin": true, "zeroline": false, "showline": true, "ticks": "outside", "ticklen": 4,
        "gridcolor": "--rule", "linecolor": "--faint", "tickcolor": "--faint",
        "title": {"standoff": 8}, "spikecolor": "--faint", "spikethickness": 1, "spikedash": "solid",
    });
    let mut upright = axis.clone();
    upright["hoverformat"] = json!(",.4~r");
    json!({"layout": {
        "paper_bgcolor": "--paper", "plot_bgcolor": "--paper", "uirevision": "keep",
        "font": {"family": "system-ui, sans-serif", "size": 12, "color": "--soft"},
        "margin": {"l": 8, "r": 8, "t": 12, "b": 8}, "showlegend": false, "hovermode": "x unified",
        "hoverlabel": {"bgcolor": "--card", "bordercolor": "--faint", "font": {"color": "--ink"}},
        "xaxis": axis, "yaxis": upright,
    }})
}

/// JSON that no markup can end: every `<`, `>` and `&` is written as an escape.
pub fn inert(value: &Value) -> String {
    value.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

/// A name where plotly would read markup.
fn label(name: &str) -> String {
    escape(name)
}

/// Numbers with seven digits, which is more than a screen can show; NaN becomes a gap.
fn points(values: &[f64]) -> Value {
    values.iter().map(|&v| format!("{v:.6e}").parse::<f64>().unwrap_or(f64::NAN)).collect()
}

/// Plotly's axis type for stamps written as text.
fn axis_type(stamps: &[String]) -> &'static str {
    let date = |s: &String| {
        let digits = |from: usize, to: usize| {
            s.get(from..to).is_some_and(|part| part.bytes().all(|b| b.is_ascii_digit()))
        };
        digits(0, 4) && digits(5, 7) && s.as_bytes().get(4) == Some(&b'-')
    };
    if stamps.iter().all(date) {
        "date"
    } else if stamps.iter().all(|s| s.parse::<f64>().is_ok_and(f64::is_finite)) {
        "linear"
    } else {
        "category"
    }
}

/// Stamps as plotly takes them: markup in them is text, also where they label an axis.
fn times(stamps: &[String]) -> Vec<String> {
    stamps.iter().map(|stamp| label(stamp)).collect()
}

/// A horizontal line across the figure.
fn level(y: f64, dash: &str) -> Value {
    json!({"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": y, "y1": y, "layer": "below",
        "line": {"color": "--faint", "width": 1, "dash": dash}})
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A closing tag inside a string cannot end the element that holds the data.
    #[test]
    fn data_cannot_leave_its_element() {
        let text = inert(&json!({"name": "</script><!--&"}));
        assert_eq!(text, r#"{"name":"\u003c/script\u003e\u003c!--\u0026"}"#);
        let back: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(back["name"], "</script><!--&");
    }

    #[test]
    fn stamps_choose_their_axis() {
        let of =
            |stamps: &[&str]| axis_type(&stamps.iter().map(|s| s.to_string()).collect::<Vec<_>>());
        assert_eq!(of(&["1998-03-23", "1998-03-24 12:00:00"]), "date");
        assert_eq!(of(&["1", "2.5"]), "linear");
        assert_eq!(of(&["week 1", "week 2"]), "category");
    }

    /// Not a number is null in JSON, and plotly breaks the line there.
    #[test]
    fn gaps_stay_gaps() {
        assert_eq!(points(&[1.0, f64::NAN, 0.123456789]).to_string(), "[1.0,null,0.1234568]");
    }
}
