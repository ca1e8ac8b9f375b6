//! Two runs side by side: what was asked otherwise, what came out otherwise, whether it is real.

use super::forms::{choice, field};
use super::{Frame, encoded, part, section, shell};
use crate::tables::scrolling;
use crate::text::{MISSING, escape, metric, number, p_value, prose, seconds};

/// What the page shows.
#[derive(Debug, Default)]
pub struct Compare {
    /// Runs to choose from: id, what they are.
    pub runs: Vec<(String, String)>,
    /// The two that are chosen.
    pub chosen: (String, String),
    /// Whether runs of other data are compared all the same.
    pub anyway: bool,
    /// What differs; none before two are chosen.
    pub change: Option<Change>,
    /// Why they cannot be compared.
    pub refused: Option<String>,
}

/// What differs between two runs.
#[derive(Debug, Default)]
pub struct Change {
    /// The metric that is compared.
    pub metric: String,
    /// Whether both runs read the same bytes.
    pub same_data: bool,
    /// Fields of the spec: path, in the first run, in the second.
    pub spec: Vec<(String, Option<String>, Option<String>)>,
    /// Models of either run.
    pub models: Vec<Shift>,
    /// Series that moved most: model, series, score in the first, in the second.
    pub series: Vec<(String, String, f64, f64)>,
}

/// A model in both runs.
#[derive(Debug, Default)]
pub struct Shift {
    /// The model.
    pub model: String,
    /// Its scores.
    pub scores: (Option<f64>, Option<f64>),
    /// Whether the difference is real: the p-value of a paired test, and what it pairs.
    pub test: (Option<f64>, String),
    /// Its seconds.
    pub took: (Option<f64>, Option<f64>),
}

/// The page of two runs.
pub fn compare(frame: &Frame, view: &Compare) -> String {
    let all = || view.runs.iter().map(|(id, words)| (id.as_str(), words.as_str()));
    let pick = |id: &str, label: &str, chosen: &str| {
        let none = [("", "choose a run")];
        field(id, label, &choice(id, id, chosen, none.into_iter().chain(all())), "")
    };
    let anyway = format!(
        "<p class=field><label><input type=checkbox name=anyway value=1{}> compare runs of other data \
         too</label></p>",
        if view.anyway { " checked" } else { "" }
    );
    let form = match view.runs.len() {
        0 | 1 => "<p class=empty>Two finished backtests are needed. Start another with other \
                  settings, then come back.</p>"
            .to_string(),
        _ => format!(
            "<form method=get action=/compare data-live>{}{}{anyway}<button>Compare</button></form>",
            pick("a", "First run", &view.chosen.0),
            pick("b", "Second run", &view.chosen.1)
        ),
    };
    let refused = view
        .refused
        .as_ref()
        .map(|words| format!("<p class=warning role=alert>{}</p>", prose(words)));
    let change = view.change.as_ref().map(|change| told(view, change)).unwrap_or_default();
    let body = format!(
        "<h1>Compare two runs</h1>{form}{}",
        part("change", &(refused.unwrap_or_default() + &change))
    );
    shell(&Frame { title: "Compare".into(), part: "/compare", ..frame.clone() }, &body)
}

fn told(view: &Compare, change: &Change) -> String {
    let data = match change.same_data {
        true => "Both read the same bytes.",
        false => "<b>They read different data</b>: a difference may be of the data alone.",
    };
    let (a, b) = (encoded(&view.chosen.0), encoded(&view.chosen.1));
    format!(
        "<p>{data} <a href=\"/runs/{a}\">First run</a>, <a href=\"/runs/{b}\">second run</a>.</p>{}{}{}",
        section("spec", "What was asked otherwise", &spec(change)),
        section("models", "What came out otherwise", &models(change)),
        section("moved", "Series that moved most", &series(change)),
    )
}

fn spec(change: &Change) -> String {
    let cell = |value: &Option<String>| match value {
        Some(value) => format!("<code>{}</code>", escape(value)),
        None => "<span title=\"not said\">—</span>".into(),
    };
    let row = |(path, a, b): &(String, Option<String>, Option<String>)| {
        format!(
            "<tr><th scope=row><code>{}</code></th><td class=words>{}</td><td class=words>{}</td></tr>",
            escape(path),
            cell(a),
            cell(b)
        )
    };
    match change.spec.is_empty() {
        true => "<p class=empty>Nothing: the specs are the same.</p>".into(),
        false => scrolling(
            "Fields that differ",
            &format!(
                "<table class=list><thead><tr><th scope=col>Field</th><th scope=col>First</th>\
                 <th scope=col>Second</th></tr></thead><tbody>{}</tbody></table>",
                change.spec.iter().map(row).collect::<String>()
            ),
        ),
    }
}

fn models(change: &Change) -> String {
    let shown = |value: Option<f64>| value.map_or(MISSING.into(), number);
    let took = |value: Option<f64>| value.map_or(MISSING.into(), seconds);
    let row = |shift: &Shift| {
        let (a, b) = shift.scores;
        let step = a.zip(b).map(|(a, b)| b - a);
        let verdict = match (step, shift.test.0) {
            (Some(0.0), _) => "the same",
            (Some(_), Some(p)) if p < 0.05 => "<b>real</b>",
            (Some(_), Some(_)) => "may be luck",
            (Some(_), None) => "too little to tell",
            (None, _) => "in one run only",
        };
        format!(
            "<tr><th scope=row class=name>{}</th><td class=n>{}</td><td class=n>{}</td>\
             <td class=n>{}</td><td class=n>{}</td><td>{verdict}</td><td>{}</td>\
             <td class=n>{} → {}</td></tr>",
            escape(&shift.model),
            shown(a),
            shown(b),
            shown(step),
            shift.test.0.map_or(MISSING.into(), p_value),
            if step.is_some() { escape(&shift.test.1) } else { MISSING.into() },
            took(shift.took.0),
            took(shift.took.1),
        )
    };
    scrolling(
        "Models in both runs",
        &format!(
            "<table class=list><thead><tr><th scope=col>Model</th><th scope=col class=n>{0}, first</th>\
             <th scope=col class=n>{0}, second</th><th scope=col class=n>Step</th>\
             <th scope=col class=n>p</th><th scope=col>Is it real?</th><th scope=col>Over</th>\
             <th scope=col class=n>Time (s)</th></tr></thead><tbody>{1}</tbody></table>",
            escape(&metric(&change.metric)),
            change.models.iter().map(row).collect::<String>()
        ),
    ) + "<p class=note>p is the chance of a difference as large as this between equally good runs: a \
         paired, two-sided test over what both scored. Real: p below 0.05.</p>"
}

fn series(change: &Change) -> String {
    let row = |(model, id, a, b): &(String, String, f64, f64)| {
        format!(
            "<tr><th scope=row class=name>{}</th><td class=name>{}</td><td class=n>{}</td>\
             <td class=n>{}</td><td class=n>{}</td></tr>",
            escape(id),
            escape(model),
            number(*a),
            number(*b),
            number(b - a)
        )
    };
    match change.series.is_empty() {
        true => "<p class=empty>None moved.</p>".into(),
        false => scrolling(
            "Series that moved most",
            &format!(
                "<table class=list><thead><tr><th scope=col>Series</th><th scope=col>Model</th>\
                 <th scope=col class=n>First</th><th scope=col class=n>Second</th>\
                 <th scope=col class=n>Step</th></tr></thead><tbody>{}</tbody></table>",
                change.series.iter().map(row).collect::<String>()
            ),
        ),
    }
}
