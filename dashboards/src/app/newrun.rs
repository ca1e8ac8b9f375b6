//! A new run: what is asked of which models, the folds as they will fall, and what it will cost.

use serde_json::Value;

use super::forms::{choice, field, line, whole};
use super::{Frame, part, plain, section, shell};
use crate::tables::scrolling;
use crate::text::{MISSING, count, escape, plural, prose, seconds};

/// What the page shows.
#[derive(Debug, Default)]
pub struct NewRun {
    /// Sets to choose from: name, what is said of it.
    pub sets: Vec<(String, String)>,
    /// Fields as they stand, by name.
    pub fields: Vec<(String, String)>,
    /// Models to choose from: kind, name, about.
    pub roster: Vec<(String, String, String)>,
    /// Metrics to choose from: name, about.
    pub metrics: Vec<(String, String)>,
    /// Models that are chosen.
    pub models: Vec<Chosen>,
    /// How the folds fall.
    pub outline: Option<Outline>,
    /// What it will cost.
    pub cost: Option<Cost>,
    /// Why it cannot be run as it stands, and a way out.
    pub refused: Option<(String, Option<String>)>,
}

/// A model that is chosen.
#[derive(Debug, Default)]
pub struct Chosen {
    /// Its name in the roster.
    pub entry: String,
    /// What it is.
    pub about: String,
    /// Lines of the roster's settings table: `name`, `default`, `range`, `meaning`.
    pub settings: Vec<Value>,
    /// Settings that were written.
    pub written: Vec<(String, String)>,
}

/// Where past and truth part, on the longest series.
#[derive(Debug, Default)]
pub struct Outline {
    /// Its rows.
    pub rows: usize,
    /// Its first and last stamp.
    pub span: (String, String),
    /// The folds, the earliest first.
    pub folds: Vec<Fold>,
}

/// A fold, in rows of the longest series.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Fold {
    /// The last stamp that is known.
    pub cutoff: String,
    /// Where the past begins and ends, the gap ends, and the truth ends.
    pub rows: [usize; 4],
}

/// What a run will cost.
#[derive(Debug, Default)]
pub struct Cost {
    /// Series and folds.
    pub size: (usize, usize),
    /// Each model, its fits, and seconds of one by earlier runs.
    pub models: Vec<(String, usize, Option<f64>)>,
    /// Threads of a job.
    pub threads: usize,
}

impl NewRun {
    fn value(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(own, _)| own == name);
        found.map_or("", |(_, value)| value.as_str())
    }
}

/// The page.
pub fn new_run(frame: &Frame, view: &NewRun) -> String {
    let sets = view.sets.iter().map(|(name, about)| (name.as_str(), about.as_str()));
    let none = [("", "choose a set")];
    let set = choice("set", "set", view.value("set"), none.into_iter().chain(sets));
    let start = match (&view.refused, view.value("set")) {
        (_, "") => "<p class=empty>Choose a set first.</p>".to_string(),
        (Some((words, hint)), _) => {
            let hint = hint.as_ref().map(|hint| format!("; {}", prose(hint))).unwrap_or_default();
            format!("<p class=warning role=alert>{}{hint}</p>", prose(words))
        }
        (None, _) => {
            "<p><button name=do value=start class=button>Start the backtest</button></p>".into()
        }
    };
    let cost = view.cost.as_ref().map(cost).unwrap_or_default();
    let body = format!(
        "<h1>New run</h1><p>Models forecast stretches of the past that they have not seen, and are \
         judged by what happened.</p><form method=post action=/runs data-live=\"/runs/new\">{}{}{}{}{}\
         <noscript><button name=do value=show>Show the folds</button></noscript></form>",
        frame.sealed(),
        section(
            "what",
            "What",
            &field(
                "set",
                "Set",
                &set,
                "No set of your own? Upload one first, or take one that comes with Almanac."
            )
        ),
        section(
            "when",
            "Folds",
            &(folds(view)
                + &part("outline", &view.outline.as_ref().map(outline).unwrap_or_default()))
        ),
        section("which", "Models", &part("models", &models(view))),
        section("cost", "Cost", &part("start", &(cost + &start))),
    );
    shell(&Frame { title: "New run".into(), part: "/runs/new", ..frame.clone() }, &body)
}

fn folds(view: &NewRun) -> String {
    let number = |name: &str, label: &str, help: &str, least: usize| {
        field(name, label, &whole(name, name, view.value(name), (least, 1_000_000)), help)
    };
    let kinds = [("rolling", "all that came before"), ("sliding", "the last rows only")];
    let refits = [("every", "at every fold"), ("never", "once, at the first fold")];
    let metrics = view.metrics.iter().map(|(name, about)| (name.as_str(), about.as_str()));
    let metrics = [("", "the usual ones")].into_iter().chain(metrics);
    format!(
        "<div class=fields>{}{}{}{}{}{}{}{}{}</div>",
        number("horizon", "Horizon (steps)", "How far ahead each forecast goes.", 1),
        number("count", "Folds", "How often the past is cut and forecast.", 1),
        number("step", "Step between folds (steps)", "Left empty, the horizon.", 1),
        number("gap", "Gap (steps)", "Between what is known and what is asked.", 0),
        field("kind", "Models learn from", &choice("kind", "kind", view.value("kind"), kinds), ""),
        number("window", "Rows of past", "For the last rows only.", 1),
        field(
            "refit",
            "Models are fitted",
            &choice("refit", "refit", view.value("refit"), refits),
            ""
        ),
        field(
            "primary",
            "Ranked by",
            &choice("primary", "primary", view.value("primary"), metrics),
            ""
        ),
        field(
            "levels",
            "Intervals (%)",
            &line("levels", "levels", view.value("levels"), ""),
            "As in `80, 95`."
        ),
    )
}

/// The folds as bars over the span of the longest series.
fn outline(outline: &Outline) -> String {
    let share = |rows: usize| 100.0 * rows as f64 / outline.rows.max(1) as f64;
    let fold = |(number, fold): (usize, &Fold)| {
        let [from, origin, asked, end] = fold.rows;
        let bar = |class: &str, from: usize, to: usize| match to > from {
            true => format!(
                "<i class={class} style=\"left:{:.2}%;width:{:.2}%\"></i>",
                share(from),
                share(to - from)
            ),
            false => String::new(),
        };
        let words = format!(
            "Fold {}: learns from {} rows up to {}, leaves out {}, is judged on {}",
            number + 1,
            origin - from,
            fold.cutoff,
            asked - origin,
            end - asked
        );
        format!(
            "<li><span>{}</span><div class=track role=img aria-label=\"{}\">{}{}{}</div></li>",
            escape(&fold.cutoff),
            escape(&words),
            bar("train", from, origin),
            bar("gap", origin, asked),
            bar("test", asked, end),
        )
    };
    format!(
        "<p class=note>The longest series, {} to {}: <i class=\"key train\"></i> learnt from, \
         <i class=\"key gap\"></i> gap, <i class=\"key test\"></i> forecast and judged. The date is the \
         cutoff: the last row that is known.</p><ol class=folds>{}</ol>",
        escape(&outline.span.0),
        escape(&outline.span.1),
        outline.folds.iter().enumerate().map(fold).collect::<String>()
    )
}

fn models(view: &NewRun) -> String {
    let chosen: String = view.models.iter().enumerate().map(|(k, model)| one(k, model)).collect();
    let mut kinds: Vec<&str> = view.roster.iter().map(|(kind, _, _)| kind.as_str()).collect();
    kinds.dedup();
    let group = |kind: &&str| {
        let own = view.roster.iter().filter(|(own, _, _)| own == kind);
        let option = |(_, name, about): &(String, String, String)| {
            format!("<option value=\"{0}\">{0}: {1}</option>", escape(name), escape(about))
        };
        format!(
            "<optgroup label=\"{}s\">{}</optgroup>",
            escape(kind),
            own.map(option).collect::<String>()
        )
    };
    let add = format!(
        "<select id=add name=add><option value=\"\">choose a model</option>{}</select>",
        kinds.iter().map(group).collect::<String>()
    );
    format!(
        "{chosen}{}<noscript><button name=do value=show>Add it</button></noscript>\
         <p class=note>The baseline joins by itself: the last season again, or the last value.</p>",
        field("add", "Add a model", &add, "")
    )
}

fn one(place: usize, model: &Chosen) -> String {
    let rows = rows(&model.settings);
    let changed = match model.written.len() {
        0 => "as it comes".to_string(),
        some => plural(some, "setting changed", "settings changed"),
    };
    let settings = match rows.is_empty() {
        true => "<p class=note>It has no settings.</p>".to_string(),
        false => format!(
            "<details{}><summary>Settings: {changed}</summary><div class=fields>{}</div></details>",
            if model.written.is_empty() { "" } else { " open" },
            rows.iter().map(|row| setting(place, model, row)).collect::<String>()
        ),
    };
    format!(
        "<fieldset class=model id=\"model-{place}\"><legend>{0}</legend><input type=hidden name=m value=\"{0}\">\
         <p>{1} <button name=drop value={place} data-show aria-label=\"Take away {0}\">Take away</button></p>\
         {settings}</fieldset>",
        escape(&model.entry),
        prose(&model.about),
    )
}

/// Settings by their dotted names: those of a table stand beside the others.
fn rows(settings: &[Value]) -> Vec<(String, &Value)> {
    let mut rows = Vec::new();
    for setting in settings {
        let name = plain(&setting["name"]);
        match setting["inside"].as_array() {
            None => rows.push((name, setting)),
            Some(inside) => {
                let row = |row: &'_ Value| format!("{name}.{}", plain(&row["name"]));
                rows.extend(inside.iter().map(|inner| (row(inner), inner)));
            }
        }
    }
    rows
}

/// A setting as a field: a choice where its range is words, else a line with the default in it.
fn setting(place: usize, model: &Chosen, (name, setting): &(String, &Value)) -> String {
    let written = model.written.iter().find(|(own, _)| own == name);
    let written = written.map_or("", |(_, value)| value.as_str());
    let (id, sent) = (format!("m{place}-{name}"), format!("s.{name}"));
    let default = plain(&setting["default"]);
    let shown = if default.is_empty() { "follows from the data" } else { default.as_str() };
    let control = match words(setting) {
        Some(all) => {
            let first = format!("{shown} (default)");
            let all = all.iter().map(|word| (word.as_str(), word.as_str()));
            choice(&id, &sent, written, [("", first.as_str())].into_iter().chain(all))
        }
        None => line(&id, &sent, written, &format!("placeholder=\"{}\"", escape(shown))),
    };
    let help = format!("{}. {}", plain(&setting["meaning"]), plain(&setting["range"]));
    field(&id, name, &control, &help)
}

/// The words that a setting may be, where its range is nothing but words.
fn words(setting: &Value) -> Option<Vec<String>> {
    if setting["default"].is_boolean() {
        return Some(vec!["true".into(), "false".into()]);
    }
    setting["default"].as_str()?;
    let range = setting["range"].as_str()?.replace(" or ", ", ");
    let words: Vec<String> = range.split(", ").map(str::to_string).collect();
    let bare = |word: &String| {
        word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b.is_ascii_digit())
    };
    (words.len() > 1 && words.iter().all(bare)).then_some(words)
}

fn cost(cost: &Cost) -> String {
    let (series, folds) = cost.size;
    let row = |(model, fits, rate): &(String, usize, Option<f64>)| {
        format!(
            "<tr><th scope=row class=name>{}</th><td class=n>{}</td><td class=n>{}</td><td class=n>{}</td></tr>",
            escape(model),
            count(*fits),
            rate.map_or(MISSING.into(), |rate| format!("{:.3}", 1000.0 * rate)),
            rate.map_or(MISSING.into(), |rate| seconds(rate * *fits as f64)),
        )
    };
    let known: f64 =
        cost.models.iter().filter_map(|(_, fits, rate)| Some(rate.as_ref()? * *fits as f64)).sum();
    let strangers = cost.models.iter().filter(|(_, _, rate)| rate.is_none()).count();
    let total = match (strangers, known) {
        (n, 0.0) if n > 0 => "No run here has used these models yet, so their time is not known; it is measured by the first run.".to_string(),
        (n, known) => format!(
            "It will take <b>{}</b> on {}, by what earlier runs took for one fit{}.",
            match known / cost.threads.max(1) as f64 {
                s if s < 1.0 => "less than a second".to_string(),
                s => format!("about {} s", seconds(s)),
            },
            plural(cost.threads, "thread", "threads"),
            match n { 0 => String::new(), n => format!("; {} never ran here and come on top", plural(n, "model", "models")) }
        ),
    };
    format!(
        "<p>{} × {} × {} = <b>{}</b>. {total}</p>{}",
        plural(series, "series", "series"),
        plural(folds, "fold", "folds"),
        plural(cost.models.len(), "model", "models"),
        plural(series * folds * cost.models.len(), "forecast", "forecasts"),
        scrolling(
            "Cost",
            &format!(
                "<table class=list><thead><tr><th scope=col>Model</th><th scope=col class=n>Fits</th>\
                 <th scope=col class=n>One fit (ms)</th><th scope=col class=n>All (s of processor)</th></tr>\
                 </thead><tbody>{}</tbody></table>",
                cost.models.iter().map(row).collect::<String>()
            )
        )
    )
}
