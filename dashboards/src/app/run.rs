//! A run: the report's own parts, and a look at any series, model and fold.

use almanac_data::{Better, Report, SeriesChart};

use super::forms::{carried, choice, field, line};
use super::{Frame, encoded, pages, part, section, shell};
use crate::figures;
use crate::look::Looks;
use crate::page;
use crate::tables::{facts, scrolling};
use crate::text::{aligned, count, decimals, escape, number, score_with_unit, with_unit};

/// What a reader chose, all of it in the address.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Choice {
    /// The model.
    pub model: String,
    /// The series.
    pub series: String,
    /// The fold, from 0.
    pub fold: usize,
    /// What names of series must hold.
    pub search: String,
    /// The page of series, from 0.
    pub page: usize,
}

/// Series with their scores.
#[derive(Debug, Default)]
pub struct Names {
    /// How many there are, of the search.
    pub found: usize,
    /// Series on a page.
    pub per_page: usize,
    /// Those of this page, the chosen model's worst first.
    pub page: Vec<Scored>,
}

/// A series with the chosen model's score and the baseline's.
#[derive(Debug, Clone)]
pub struct Scored {
    /// Its name.
    pub id: String,
    /// The chosen model's score, mean over folds; NaN where there is none.
    pub score: f64,
    /// The baseline's.
    pub baseline: f64,
}

/// What the page shows.
#[derive(Debug)]
pub struct Explorer<'a> {
    /// The run.
    pub id: &'a str,
    /// What was found out.
    pub report: &'a Report,
    /// What is chosen.
    pub choice: Choice,
    /// The chosen series at the chosen fold; none where it has no forecast there.
    pub chart: Option<SeriesChart>,
    /// The chosen model's score of it at that fold.
    pub score: Option<f64>,
    /// Series to choose from.
    pub names: Names,
}

impl Explorer<'_> {
    fn address(&self, choice: &Choice) -> String {
        let Choice { model, series, fold, search, page } = choice;
        let search = match search.as_str() {
            "" => String::new(),
            search => format!("&q={}", encoded(search)),
        };
        let page = if *page > 0 { format!("&page={page}") } else { String::new() };
        format!(
            "/runs/{}?model={}&series={}&fold={}{search}{page}",
            encoded(self.id),
            encoded(model),
            encoded(series),
            fold + 1
        )
    }

    fn measure(&self) -> Option<&almanac_data::Measure> {
        let primary = &self.report.leaderboard.primary_metric;
        self.report.measures.iter().find(|measure| measure.metric == *primary)
    }
}

/// The page of a run.
pub fn run(frame: &Frame, view: &Explorer<'_>) -> String {
    let looks = Looks::new(&view.report.leaderboard);
    let mut parts = page::parts(view.report);
    for (id, _, html) in &mut parts {
        match *id {
            "forecasts" => *html = part("explorer", &explorer(view, &looks)),
            "worst" => *html = part("series", &worst(view)),
            _ => {}
        }
    }
    parts.push(("files", "Download", files(frame, view)));
    let links: String =
        parts.iter().map(|(id, title, _)| format!("<a href=\"#{id}\">{title}</a>")).collect();
    let body: String = parts.iter().map(|(id, title, html)| section(id, title, html)).collect();
    let body = format!(
        "{}<nav class=contents aria-label=Contents>{links}</nav>{body}",
        page::header(view.report)
    );
    let title = format!("{} · run", view.report.leaderboard.data);
    shell(&Frame { title, part: "/", ..frame.clone() }, &body)
}

/// A look at one series, one model, one fold.
fn explorer(view: &Explorer<'_>, looks: &Looks) -> String {
    let chosen = &view.choice;
    let names: Vec<&str> = looks.all().map(|(name, _)| name).collect();
    let models = choice("model", "model", &chosen.model, names.iter().map(|name| (*name, *name)));
    let fold = (chosen.fold + 1).to_string();
    let form = format!(
        "<form method=get action=\"/runs/{}#forecasts\" data-live class=row>{}{}{}\
         <button>Show</button></form>",
        encoded(view.id),
        field("model", "Model", &models, ""),
        field(
            "series",
            "Series",
            &line("series", "series", &chosen.series, "type=search list=ids"),
            ""
        ),
        carried([("fold", fold.as_str()), ("q", chosen.search.as_str())]),
    );
    let ids = view.names.page.iter().map(|one| format!("<option value=\"{}\">", escape(&one.id)));
    let list = format!("<datalist id=ids>{}</datalist>", ids.collect::<String>());
    let figure = drawn(view, looks);
    format!(
        "<p>The thin line is what happened, the coloured line what the model said at the dotted \
         cutoff, with its intervals shaded, the widest palest.</p>{form}{list}{}{figure}",
        strip(view)
    )
}

fn drawn(view: &Explorer<'_>, looks: &Looks) -> String {
    let Some(chart) = &view.chart else {
        return "<p class=empty>This series has no forecast at this fold: nothing was observed before \
                it, or there is no such series. Choose another below.</p>"
            .into();
    };
    let model = &view.choice.model;
    let score = match view.score {
        Some(score) => format!(
            "{} {} for {model}",
            crate::text::metric(&view.report.leaderboard.primary_metric),
            score_with_unit(view.measure(), score),
        ),
        None => format!("{model} has no score here"),
    };
    let title = format!("{}, fold {}", chart.unique_id, view.choice.fold + 1);
    let figure = figures::forecast(chart, looks, &score);
    figures::Figure { title, ..figure }.always().html()
}

/// The folds as a strip of links, the chosen model's worst the darkest.
fn strip(view: &Explorer<'_>) -> String {
    let report = view.report;
    let curve = report.by_fold.iter().find(|curve| curve.name == view.choice.model);
    let score = |fold: usize| curve.and_then(|curve| curve.values.get(fold).copied());
    let scores: Vec<f64> = (0..report.folds.len()).filter_map(score).collect();
    let badness = |value: f64| match view.measure().map(|measure| measure.better) {
        Some(Better::Higher) => -value,
        Some(Better::Near(target)) => (value - target).abs(),
        _ => value,
    };
    let finite = || scores.iter().copied().filter(|v| v.is_finite()).map(badness);
    let (least, most) =
        (finite().fold(f64::INFINITY, f64::min), finite().fold(-f64::INFINITY, f64::max));
    let cell = |(fold, cutoff): (usize, &String)| {
        let own = score(fold);
        let share = match own.filter(|v| v.is_finite()) {
            Some(value) if most > least => (badness(value) - least) / (most - least),
            _ => 0.0,
        };
        let here = if fold == view.choice.fold { " aria-current=true" } else { "" };
        let address = view.address(&Choice { fold, ..view.choice.clone() });
        format!(
            "<li><a data-go href=\"{}#forecasts\"{here} style=\"--share:{share:.2}\">\
             <span>{}</span><b>{}</b></a></li>",
            escape(&address),
            escape(cutoff),
            own.map_or("—".into(), number),
        )
    };
    let metric = with_unit(&report.leaderboard.primary_metric, view.measure());
    format!(
        "<p class=note>Folds by their cutoff, with the model's {} over all series; the longer the bar \
         below a fold, the worse it is. Press one to look at it.</p><ol class=strip>{}</ol>",
        escape(&metric),
        report.folds.iter().enumerate().map(cell).collect::<String>()
    )
}

fn worst(view: &Explorer<'_>) -> String {
    let (names, chosen) = (&view.names, &view.choice);
    let form = format!(
        "<form method=get action=\"/runs/{}#worst\" data-live role=search>{}{}<button>Find</button></form>",
        encoded(view.id),
        carried([("model", chosen.model.as_str()), ("series", chosen.series.as_str())]),
        field(
            "find",
            "Find series whose name holds",
            &line("find", "q", &chosen.search, "type=search"),
            ""
        )
    );
    if names.page.is_empty() {
        return form + "<p class=empty>No series has a name that holds this.</p>";
    }
    let scores: Vec<f64> = names.page.iter().flat_map(|one| [one.score, one.baseline]).collect();
    let digits = decimals(&scores);
    let row = |(place, one): (usize, &Scored)| {
        let address = view.address(&Choice { series: one.id.clone(), ..chosen.clone() });
        let here = if one.id == chosen.series { " aria-current=true" } else { "" };
        format!(
            "<tr><td class=n>{}</td><th scope=row><a class=name data-go href=\"{}#forecasts\"{here}>{}</a>\
             </th><td class=n>{}</td><td class=n>{}</td></tr>",
            count(chosen.page * names.per_page + place + 1),
            escape(&address),
            escape(&one.id),
            aligned(one.score, digits),
            aligned(one.baseline, digits),
        )
    };
    let metric = with_unit(&view.report.leaderboard.primary_metric, view.measure());
    let table = format!(
        "<table class=list><thead><tr><th scope=col class=n>#</th><th scope=col>Series</th>\
         <th scope=col class=n>{} of {}</th><th scope=col class=n>of the baseline, {}</th></tr></thead>\
         <tbody>{}</tbody></table>",
        escape(&metric),
        escape(&chosen.model),
        escape(&view.report.leaderboard.baseline),
        names.page.iter().enumerate().map(row).collect::<String>()
    );
    let to = |page: usize| view.address(&Choice { page, ..chosen.clone() }) + "#worst";
    format!(
        "<p>Where {} errs most; press a series to see its forecasts.</p>{form}{}{}",
        escape(&chosen.model),
        scrolling("Series by score", &table),
        pages((names.found, chosen.page, names.per_page), &to)
    )
}

/// Files of a run that a reader may take along: name, ending, what is in it.
const FILES: [(&str, &str); 8] = [
    ("leaderboard.csv", "the leaderboard as a table"),
    ("leaderboard.json", "the same, settings included"),
    ("scores.csv", "every score: model, series, fold, metric"),
    ("scores.parquet", "the same, small"),
    ("forecasts.csv", "every forecast with its intervals and what happened"),
    ("forecasts.parquet", "the same, small"),
    ("report.html", "a page that needs no server"),
    ("spec.toml", "what was asked: `almanac backtest spec.toml` runs it again"),
];

fn files(frame: &Frame, view: &Explorer<'_>) -> String {
    let place = format!("/runs/{}", encoded(view.id));
    let row = |(name, about): &(&str, &str)| {
        let about = crate::text::prose(about);
        format!("<li><a href=\"{place}/files/{name}\" download>{name}</a>: {about}</li>")
    };
    let list: String = FILES.iter().map(row).collect();
    let delete = format!(
        "<details><summary>Delete this run</summary><form method=post action=\"{place}/delete\">{}\
         <p>Its tables and its report go. There is no way back.</p>\
         <button class=danger>Delete</button></form></details>",
        frame.sealed()
    );
    format!(
        "<p class=actions><a class=button href=\"{place}/files/run.zip\" download>The whole run (zip)</a>\
         <a class=button href=\"/compare?a={0}\">Compare with another run</a>{1}</p><ul>{list}</ul>\
         <p class=note>Each chart above has its own data below it.</p>{2}{3}",
        encoded(view.id),
        if frame.writes {
            format!(
                "<a class=button href=\"/runs/new?like={}\">Change and run again</a>",
                encoded(view.id)
            )
        } else {
            String::new()
        },
        facts("facts", &[("Run", format!("<code>{}</code>", escape(view.id)))]),
        if frame.writes { delete } else { String::new() },
    )
}
