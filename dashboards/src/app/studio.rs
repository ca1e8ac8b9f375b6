//! The studio: one series, one model, and every question of what if.

use almanac_data::{Bands, Leaderboard, Rank, SeriesChart};
use serde_json::Map;

use super::forms::{carried, choice, field, line, whole};
use super::{Frame, part, shell};
use crate::figures;
use crate::look::Looks;
use crate::tables::scrolling;
use crate::text::{MISSING, escape, fixed, number, plural, prose};

/// What the page shows.
#[derive(Debug, Default)]
pub struct Studio {
    /// Sets to choose from: name, what is said of it.
    pub sets: Vec<(String, String)>,
    /// Models to choose from: name, what is said of it.
    pub models: Vec<(String, String)>,
    /// Fields as they stand, by name.
    pub fields: Vec<(String, String)>,
    /// Some series of the set, to choose from.
    pub ids: Vec<String>,
    /// Rows of the series: the most that the origin can go back.
    pub rows: usize,
    /// The last stamp that is known.
    pub cutoff: String,
    /// The past, what happened where it did, and the forecast.
    pub chart: Option<SeriesChart>,
    /// Columns known in advance, over the horizon.
    pub future: Vec<Future>,
    /// Milliseconds that the answer took.
    pub took_ms: f64,
    /// Why there is no answer, and a way out.
    pub refused: Option<(String, Option<String>)>,
}

/// A column known in advance over the horizon.
#[derive(Debug, Default)]
pub struct Future {
    /// Its name.
    pub name: String,
    /// Its values as text; empty where there is none.
    pub values: Vec<String>,
}

impl Studio {
    fn value(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(own, _)| own == name);
        found.map_or("", |(_, value)| value.as_str())
    }
}

/// The page.
pub fn studio(frame: &Frame, view: &Studio) -> String {
    let sets = view.sets.iter().map(|(name, about)| (name.as_str(), about.as_str()));
    let models = view.models.iter().map(|(name, about)| (name.as_str(), about.as_str()));
    let series = line("series", "series", view.value("series"), "list=ids");
    let ids: String =
        view.ids.iter().map(|id| format!("<option value=\"{}\">", escape(id))).collect();
    let body = format!(
        "<h1>Forecast studio</h1><p>Move the origin, the horizon, the model, or what is known in advance, \
         and see what the forecast makes of it. Nothing is kept.</p>\
         <form method=get action=/studio data-live><div class=fields>{}{}{}{}{}</div>{}\
         <noscript><button>Show</button></noscript></form>",
        field(
            "set",
            "Set",
            &choice(
                "set",
                "set",
                view.value("set"),
                [("", "choose a set")].into_iter().chain(sets)
            ),
            ""
        ),
        part("one-of", &field("series", "Series", &series, "")),
        field("model", "Model", &choice("model", "model", view.value("model"), models), ""),
        field(
            "horizon",
            "Horizon (steps)",
            &whole("horizon", "horizon", view.value("horizon"), (1, 1000)),
            ""
        ),
        field(
            "levels",
            "Intervals (%)",
            &line("levels", "levels", view.value("levels"), ""),
            "As in `80, 95`."
        ),
        part("answer", &format!("<datalist id=ids>{ids}</datalist>{}", answer(view))),
    );
    shell(&Frame { title: "Studio".into(), part: "/studio", ..frame.clone() }, &body)
}

/// What the values that are known in advance belong to: those of another place are not taken over.
pub fn mark(set: &str, series: &str, cutoff: &str) -> String {
    format!("{set}/{series}/{cutoff}")
}

fn answer(view: &Studio) -> String {
    if view.value("set").is_empty() {
        return "<p class=empty>Choose a set to begin.</p>".into();
    }
    let back = view.value("back");
    let slider = line(
        "back",
        "back",
        back,
        &format!(
            "type=range min=0 max={} step=1 aria-valuetext=\"{} steps back\" class=slider dir=rtl",
            view.rows.saturating_sub(2),
            escape(back)
        ),
    );
    let origin = match back {
        "0" | "" => format!("Origin: the end, {}", view.cutoff),
        back => format!("Origin: {back} steps back, {}", view.cutoff),
    };
    let origin = match view.rows {
        0 => String::new(),
        _ => field(
            "back",
            &origin,
            &slider,
            "Further left, what happened stands beside the forecast.",
        ),
    };
    let shown = match (&view.refused, &view.chart) {
        (Some((words, hint)), _) => {
            let hint = hint.as_ref().map(|hint| format!("; {}", prose(hint))).unwrap_or_default();
            format!("<p class=warning role=alert>{}{hint}</p>", prose(words))
        }
        (None, Some(chart)) => drawn(chart, view.took_ms),
        (None, None) => String::new(),
    };
    let mark = mark(view.value("set"), view.value("series"), &view.cutoff);
    let mark = carried([("for", mark.as_str())]);
    format!("{origin}{mark}<section class=first>{shown}</section>{}", future(view))
}

fn drawn(chart: &SeriesChart, took_ms: f64) -> String {
    let model = chart.models.first().map_or("", |bands| bands.model.as_str());
    let looks = Looks::new(&alone(model));
    let error = chart.models.first().and_then(|bands| miss(chart, bands));
    let score = match error {
        Some((mae, steps)) => {
            format!("Mean absolute error {} over {}", number(mae), plural(steps, "step", "steps"))
        }
        None => "What comes is not known yet".to_string(),
    };
    let mut figure =
        figures::forecast(chart, &looks, &format!("{score}; answered in {} ms", fixed(took_ms, 0)));
    figure.title = format!("{model} on {}", chart.unique_id);
    figure.always().html() + &table(chart)
}

/// A leaderboard of one model, for its look.
fn alone(model: &str) -> Leaderboard {
    let row = Rank {
        model: model.into(),
        settings: Map::new(),
        scores: Map::new(),
        skill: None,
        p_value: None,
        p_best: None,
        in_mcs: None,
        win_rate: None,
        failures: 0,
        fit_s: 0.0,
        predict_s: 0.0,
        leaks: false,
        repeats: None,
    };
    let none = String::new;
    Leaderboard {
        task: none(),
        data: none(),
        baseline: none(),
        primary_metric: none(),
        rows: vec![row],
        contrasts: Vec::new(),
    }
}

/// The mean absolute error over the steps that have happened.
fn miss(chart: &SeriesChart, bands: &Bands) -> Option<(f64, usize)> {
    let errors = chart.y.iter().zip(&bands.mean).map(|(y, mean)| (y - mean).abs());
    let errors: Vec<f64> = errors.filter(|error| error.is_finite()).collect();
    (!errors.is_empty()).then(|| (errors.iter().sum::<f64>() / errors.len() as f64, errors.len()))
}

fn table(chart: &SeriesChart) -> String {
    let Some(bands) = chart.models.first() else { return String::new() };
    let shown = |value: Option<&f64>| {
        value.filter(|v| v.is_finite()).map_or(MISSING.into(), |v| number(*v))
    };
    let heads: String = bands
        .bands
        .iter()
        .map(|(level, _, _)| format!("<th scope=col class=n>{level} %</th>"))
        .collect();
    let row = |(step, at): (usize, &String)| {
        let ends = bands.bands.iter().map(|(_, low, high)| {
            format!("<td class=n>{} to {}</td>", shown(low.get(step)), shown(high.get(step)))
        });
        format!(
            "<tr><th scope=row>{}</th><td class=n>{}</td>{}<td class=n>{}</td></tr>",
            escape(at),
            shown(bands.mean.get(step)),
            ends.collect::<String>(),
            shown(chart.y.get(step)),
        )
    };
    let rows: String = chart.at.iter().enumerate().map(row).collect();
    let table = format!(
        "<table class=list><thead><tr><th scope=col>At</th><th scope=col class=n>Forecast</th>{heads}\
         <th scope=col class=n>What happened</th></tr></thead><tbody>{rows}</tbody></table>"
    );
    format!("<details><summary>The numbers</summary>{}</details>", scrolling("Forecast", &table))
}

fn future(view: &Studio) -> String {
    let Some(chart) = view.chart.as_ref().filter(|_| !view.future.is_empty()) else {
        return String::new();
    };
    let heads: String =
        view.future.iter().map(|one| format!("<th scope=col>{}</th>", escape(&one.name))).collect();
    let row = |(step, at): (usize, &String)| {
        let cell = |(place, one): (usize, &Future)| {
            let id = format!("x{place}-{step}");
            let value = one.values.get(step).map_or("", String::as_str);
            let label = format!(
                "aria-label=\"{} at {}\" size=8 inputmode=decimal",
                escape(&one.name),
                escape(at)
            );
            format!("<td>{}</td>", line(&id, &format!("x.{place}.{step}"), value, &label))
        };
        format!(
            "<tr><th scope=row>{}</th>{}</tr>",
            escape(at),
            view.future.iter().enumerate().map(cell).collect::<String>()
        )
    };
    let rows: String = chart.at.iter().enumerate().map(row).collect();
    let table = format!(
        "<table><thead><tr><th scope=col>At</th>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    );
    format!(
        "<h2>What is known in advance</h2><p>Change a value: the forecast answers, if the model reads the \
         column. Empty is missing.</p>{}",
        scrolling("Known in advance", &table)
    )
}
