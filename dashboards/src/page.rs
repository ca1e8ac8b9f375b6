//! The page: head, parts in reading order, scripts.

use std::sync::LazyLock;

use almanac_data::{Audit, Measure, Money, Rank, Report, SeriesChart};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::figures::{self, Figure};
use crate::look::{Look, Looks, swatch};
use crate::tables;
use crate::text::{count, escape, fixed, frequency, plural, scored, with_unit};
use crate::verdict::{caveats, leaks, verdict};

/// plotly.js 4.1.1, basic bundle, as its authors minified it: `assets/README.md`.
pub const PLOTLY_JS: &str = include_str!("../assets/plotly-basic.min.js");
pub(crate) const PAGE_JS: &str = include_str!("../assets/page.js");
pub(crate) const PAGE_CSS: &str = include_str!("../assets/page.css");

/// Models that the error charts show before a reader asks for more.
const DRAWN: usize = 7;
/// Skill below which they do not: three times the baseline's error.
const FAR: f64 = -2.0;

/// The policy allows two scripts by their hash and nothing from anywhere else. Styles are free
/// because plotly writes them into the elements it draws.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = |script: &str| STANDARD.encode(Sha256::digest(script.as_bytes()));
    format!(
        "default-src 'none'; script-src 'sha256-{}' 'sha256-{}'; style-src 'unsafe-inline'; \
         img-src data: blob:; base-uri 'none'; form-action 'none'",
        hash(PLOTLY_JS),
        hash(PAGE_JS)
    )
});

/// One self-contained page of a run: `report.html`.
pub fn report(report: &Report) -> String {
    let parts = parts(report);
    let links: String =
        parts.iter().map(|(id, title, _)| format!("<a href=\"#{id}\">{title}</a>")).collect();
    let body: String = parts
        .iter()
        .map(|(id, title, html)| format!("<section id={id}><h2>{title}</h2>{html}</section>"))
        .collect();
    let title = escape(&report.leaderboard.data);
    format!(
        "<!doctype html><html lang=en><head><meta charset=utf-8>\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\
         <meta name=viewport content=\"width=device-width, initial-scale=1\">\
         <meta name=color-scheme content=\"light dark\"><title>{title} · Almanac</title>\
         <style>{PAGE_CSS}</style></head><body><main>{}<nav aria-label=Contents>{links}</nav>\
         <noscript><p class=note>Tables need no scripts; charts and sorting do.</p></noscript>\
         {body}</main><script type=\"application/json\" id=template>{}</script>\
         <script>{PLOTLY_JS}</script><script>{PAGE_JS}</script></body></html>\n",
        *POLICY,
        header(report),
        figures::inert(&figures::template()),
    )
}

/// A page of text and tables without scripts; `title` and `body` are HTML.
pub(crate) fn plain(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=en><head><meta charset=utf-8>\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\
         <meta name=viewport content=\"width=device-width, initial-scale=1\">\
         <meta name=color-scheme content=\"light dark\"><title>{title} · Almanac</title>\
         <style>{PAGE_CSS}</style></head><body><main>{body}</main></body></html>\n"
    )
}

/// The parts in reading order: address within the page, heading, HTML.
pub(crate) fn parts(report: &Report) -> Vec<(&'static str, &'static str, String)> {
    let looks = Looks::new(&report.leaderboard);
    let primary = report.leaderboard.primary_metric.as_str();
    let measure = report.measures.iter().find(|m| m.metric == primary);
    let metric = with_unit(primary, measure);
    let mut parts = vec![("leaderboard", "Leaderboard", leaderboard(report, &looks))];
    if !report.calls.is_empty() {
        parts.push(("directions", "Directions", directions(report, &looks)));
    }
    if let Some(account) = &report.money {
        parts.push(("money", "Money", money(report, account, &looks)));
    }
    let ordered = report.sets.is_empty();
    if !ordered {
        parts.push(("sets", "Test sets", sets(report, &looks)));
    }
    if !report.leaderboard.contrasts.is_empty() {
        parts.push(("variants", "Variants", variants(report)));
    }
    // A probability of up is not of the values before it, and has no intervals; rows have no order.
    let values = ordered && report.leaderboard.task != "direction";
    if values {
        parts.push(("forecasts", "Forecast against actual", forecasts(report, &looks, measure)));
    }
    if ordered {
        parts.push(("errors", "Where the error lies", errors(report, &looks, &metric)));
    }
    if values {
        parts.push(("residuals", "What the errors look like", residuals(report, &looks)));
    }
    if ordered {
        parts.push(("worst", "Worst series first", tables::worst(report, &metric)));
    }
    parts.push(("failures", "Failures", tables::failures(report, &looks)));
    if ordered || report.audit != Audit::default() {
        parts.push(("audit", "The data", tables::audit(report)));
    }
    parts.push(("origin", "How to reproduce", tables::origin(report)));
    parts
}

pub(crate) fn header(report: &Report) -> String {
    let run = &report.manifest;
    let whole = |stamp: &str| format!("<span class=whole>{}</span>", escape(stamp));
    let of_panel = || {
        vec![
            ("Horizon", plural(report.horizon, "step", "steps")),
            ("Folds", count(report.folds.len())),
            ("Series", count(run.series)),
            ("Rows", count(run.rows)),
            ("Span", format!("{} to {}", whole(&run.span.0), whole(&run.span.1))),
            ("Frequency", escape(&frequency(&run.freq))),
            ("Season", plural(run.season, "step", "steps")),
            ("Models", count(report.leaderboard.rows.len())),
        ]
    };
    let of_table = || {
        vec![
            ("Test sets", count(run.series)),
            ("Folds", count(report.sets.iter().map(|set| set.folds).sum())),
            ("Rows judged", count(run.rows)),
            ("Models", count(report.leaderboard.rows.len())),
        ]
    };
    let facts = if report.sets.is_empty() { of_panel() } else { of_table() };
    format!(
        "<header><p class=kicker>Almanac · {} backtest</p><h1>{}</h1><p class=verdict>{}</p>\
         <p class=caveats>{}</p>{}</header>",
        escape(&report.leaderboard.task),
        escape(&report.leaderboard.data),
        verdict(report),
        caveats(report),
        tables::facts("facts wide", &facts)
    )
}

fn leaderboard(report: &Report, looks: &Looks) -> String {
    format!(
        "{}{}<p class=note>Press a head to sort. Skill is the share of the baseline's score that is \
         saved. p is the chance of a difference as large as this between equally good models \
         (Diebold-Mariano, two-sided). Models in the set cannot be told from the best at 90 %. \
         Bold marks the best of a column.</p>",
        leaks(report),
        tables::leaderboard(report, looks)
    )
}

fn sets(report: &Report, looks: &Looks) -> String {
    let best = report.leaderboard.best();
    let look = |row: &Rank| looks.of(&row.model).map(|look| (row.model.clone(), look));
    let figures = best.and_then(look).map(|(model, look)| {
        let figures = report.sets.iter().filter_map(|set| figures::prediction(set, &model, look));
        let figures: String = figures.map(|figure| figure.html()).collect();
        format!(
            "<h3>Predicted against actual</h3><p>Points on the dashed line are met; a cloud that \
             leans off it misses high or low values.</p><div class=\"grid two\">{figures}</div>"
        )
    });
    format!(
        "{}<p class=note>Mean over the folds of a test set ± their standard deviation, where there \
         are two or more. Bold marks the best of a column.</p>{}{}",
        tables::winners(report),
        tables::sets(report, looks),
        figures.unwrap_or_default()
    )
}

fn variants(report: &Report) -> String {
    let tests = report.leaderboard.contrasts.iter().filter(|c| c.p_paired.is_some()).count();
    let first = report.leaderboard.contrasts.first();
    let over = match first.and_then(|contrast| Some((contrast.set.as_ref()?, contrast.units))) {
        None => "series of the first's score less the second's".to_string(),
        Some((set, units)) => format!(
            "folds of a test set ({}: {}) of the first's score less the second's; such folds share \
             most of the rows they learn from, so that p is too small",
            escape(set),
            count(units)
        ),
    };
    format!(
        "<p>Each learner with each two of its variants: does the one know more than the other? A \
         difference is the mean over {over}.</p>{}<p class=note>p, paired: Student's test of the differences. p, \
         two-sample: Welch's, which takes the two for strangers and so sees less. Bold is the \
         better one where the paired p is below 0.05; of {} tests of equals about {} would be, by \
         luck.</p>",
        tables::contrasts(report),
        count(tests),
        fixed(0.05 * tests as f64, 1)
    )
}

fn directions(report: &Report, looks: &Looks) -> String {
    format!(
        "{}{}",
        tables::calls(&report.calls, looks),
        drawn(figures::calls(&report.calls, looks), "No direction was met.")
    )
}

fn money(report: &Report, money: &Money, looks: &Looks) -> String {
    let mut costs = vec![0, money.costs_bp.len().saturating_sub(1)];
    costs.dedup();
    let pair = |&cost: &usize| {
        let both = [figures::equity(money, cost, looks), figures::drawdown(money, cost, looks)];
        both.map(|figure| figure.html()).concat()
    };
    format!(
        "{}{}<div class=\"grid two\">{}</div>{}",
        tables::positions(money, looks),
        legend(report, looks),
        costs.iter().map(pair).collect::<String>(),
        tables::earnings(money, looks)
    )
}

fn forecasts(report: &Report, looks: &Looks, measure: Option<&Measure>) -> String {
    let primary = report.leaderboard.primary_metric.as_str();
    if report.charts.is_empty() {
        return "<p>No series has a forecast to show.</p>".to_string();
    }
    let forecast_models = |name: &str| {
        report.charts.iter().any(|chart| chart.models.iter().any(|bands| bands.model == name))
    };
    let best = report.leaderboard.best().map_or("", |row| &row.model);
    let figure = |chart: &SeriesChart| {
        let score = format!("{} for {best}", scored(primary, measure, chart.score));
        figures::forecast(chart, looks, &score).html()
    };
    let figures: String = report.charts.iter().map(figure).collect();
    format!(
        "<p>The thin line is what happened; the coloured line is what the model said at the \
         dotted cutoff, with its intervals shaded, the widest palest. Look for actual values that \
         leave the shade on one side (bias) or too often (overconfidence).</p>{}{figures}",
        picker(report, looks, forecast_models)
    )
}

fn errors(report: &Report, looks: &Looks, metric: &str) -> String {
    let steps = figures::by_step(&report.by_step, looks, metric);
    let folds = figures::by_fold(&report.by_fold, &report.folds, looks, metric);
    let legend = match (&steps, &folds) {
        (None, None) => String::new(),
        _ => format!(
            "<p>Mean {}, one line a model. Press a name to show or hide its line; pale names are \
             hidden.</p>{}",
            escape(metric),
            legend(report, looks)
        ),
    };
    format!(
        "{legend}<div class=\"grid two\">{}{}</div>",
        drawn(steps, "There is one step ahead only, so there is no error by step."),
        drawn(folds, "There is one fold only, so there is no error by fold.")
    )
}

fn residuals(report: &Report, looks: &Looks) -> String {
    let all = &report.diagnostics;
    if all.is_empty() {
        return "<p>There are too few errors to describe.</p>".to_string();
    }
    format!(
        "{}<div class=\"grid three\">{}{}{}</div>",
        picker(report, looks, |name| all.iter().any(|d| d.model == name)),
        drawn(figures::acf(all, looks), "There are too few errors for an autocorrelation."),
        drawn(figures::qq(all, looks), "There are too few errors for their quantiles."),
        drawn(figures::coverage(all, looks), "No model gave intervals.")
    )
}

fn drawn(figure: Option<Figure>, otherwise: &str) -> String {
    figure.map_or_else(|| format!("<p class=note>{otherwise}</p>"), |figure| figure.html())
}

/// A choice of one model for the charts of a part.
fn picker(report: &Report, looks: &Looks, offered: impl Fn(&str) -> bool) -> String {
    let best = report.leaderboard.best().map(|row| row.model.as_str());
    let option = |(name, look): (&str, Look)| {
        let chosen = if Some(name) == best && look.index > 0 { " selected" } else { "" };
        format!("<option value={}{chosen}>{}</option>", look.index, escape(name))
    };
    let options: String = looks.all().filter(|(name, _)| offered(name)).map(option).collect();
    format!("<p class=picker><label>Model <select data-picker>{options}</select></label></p>")
}

/// Buttons that show and hide models in the charts of a part. Models far behind the baseline wait
/// for a press: one of them would flatten all the others.
fn legend(report: &Report, looks: &Looks) -> String {
    let button = |((name, look), row): ((&str, Look), &Rank)| {
        let near = row.skill.is_none_or(|skill| skill > FAR);
        let pressed = look.is_baseline() || (look.index < DRAWN && near);
        format!(
            "<button type=button data-model={} aria-pressed={pressed}>{}<span>{}</span></button>",
            look.index,
            swatch(look),
            escape(name)
        )
    };
    format!(
        "<div class=legend role=group aria-label=\"Models drawn\">{}</div>",
        looks.all().zip(&report.leaderboard.rows).map(button).collect::<String>()
    )
}
