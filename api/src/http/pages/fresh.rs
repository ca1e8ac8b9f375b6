//! A new run: a form becomes a spec, and the spec a plan before anything is started.

mod outline;

use almanac_backtest::{
    FoldKind, FoldSpec, ModelSpec, Plan, Refit, RunSpec, ScoreSpec, Spec, TaskName,
};
use almanac_dashboards::app::{self, Chosen, Frame, NewRun};
use almanac_data::{Panel, Source};
use axum::Extension;
use axum::extract::State;
use axum::http::{Uri, header};
use axum::response::Response;
use serde_json::{Map, Value};

use super::super::auth::Who;
use super::super::{Answer, Problem, Shared, jobs};
use super::form::{Pairs, Sealed};
use super::{home, page, see, studio};
use crate::{Error, Roster, scalar};

/// Models that are offered first where none is chosen.
const FIRST: [&str; 3] = ["auto_ets", "theta", "auto_arima"];

/// Sets to choose from: kept ones, then those that come with the program.
pub async fn sets(app: &Shared) -> Answer<Vec<(String, String)>> {
    let kept = app.store.sets("", 1000).await?;
    let one = |set: crate::store::KeptSet| {
        let about = format!("{} ({} series, {} rows)", set.name, set.facts.series, set.facts.rows);
        (set.name, about)
    };
    let mut all: Vec<(String, String)> = kept.into_iter().map(one).collect();
    let known = home::known(app)
        .into_iter()
        .map(|(name, _)| (name.clone(), format!("{name} (comes with Almanac)")));
    all.extend(known);
    Ok(all)
}

/// The form, as the address says or as another run was.
pub async fn form(
    State(app): State<Shared>,
    Extension(frame): Extension<Frame>,
    uri: Uri,
) -> Answer<Response> {
    let mut asked = Pairs::of(&uri)?;
    if !asked.get("like").is_empty() {
        asked = like(&jobs::job(&app, asked.get("like")).await?.spec)?;
    }
    Ok(page(app::new_run(&frame, &view(&app, &asked).await?)))
}

/// Starts the run, or shows the form once more.
pub async fn start(
    State(app): State<Shared>,
    Extension(frame): Extension<Frame>,
    Extension(who): Extension<Who>,
    Sealed(form): Sealed,
) -> Answer<Response> {
    let view = view(&app, &form).await?;
    if form.get("do") != "start" || view.refused.is_some() {
        return Ok(page(app::new_run(&frame, &view)));
    }
    let opened = app.shelf.set(&app, form.get("set")).await?;
    let spec = spec(&form, &opened.read.panel)?;
    let begun = jobs::begin(&app, &who, &spec).await?;
    let place = begun.headers().get(header::LOCATION).and_then(|place| place.to_str().ok());
    Ok(see(place.and_then(|place| place.strip_prefix("/v1")).unwrap_or("/")))
}

/// What a form says, understood.
async fn view(app: &Shared, asked: &Pairs) -> Answer<NewRun> {
    let roster = app.lab.roster(Roster::Models, None)?;
    let text = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_string();
    let kinds = ["forecaster", "network", "regressor"];
    let fits = |line: &&Value| line["kind"].as_str().is_some_and(|kind| kinds.contains(&kind));
    let metrics = app.lab.roster(Roster::Metrics, None)?;
    let models = models(asked);
    let chosen = |model: &(String, Vec<(String, String)>)| {
        let line = roster.iter().filter(fits).find(|line| line["name"] == model.0.as_str());
        let settings =
            line.and_then(|line| line["settings"].as_array().cloned()).unwrap_or_default();
        let about = line.map_or("there is no such model".into(), |line| text(line, "about"));
        Chosen { entry: model.0.clone(), about, settings, written: model.1.clone() }
    };
    let mut view = NewRun {
        sets: sets(app).await?,
        roster: roster
            .iter()
            .filter(fits)
            .map(|l| (text(l, "kind"), text(l, "name"), text(l, "about")))
            .collect(),
        metrics: metrics
            .iter()
            .filter(|m| m["one_for_each"] == "run")
            .map(|m| (text(m, "name"), format!("{}: {}", text(m, "name"), text(m, "about"))))
            .collect(),
        models: models.iter().map(chosen).collect(),
        ..NewRun::default()
    };
    let usual = [
        ("set", ""),
        ("horizon", ""),
        ("count", "3"),
        ("step", ""),
        ("gap", "0"),
        ("kind", "rolling"),
        ("window", ""),
        ("refit", "every"),
        ("primary", ""),
        ("levels", "80, 95"),
    ];
    let field = |(name, usual): (&str, &str)| {
        let said = asked.0.iter().any(|(own, _)| own == name);
        (name.to_string(), if said { asked.get(name) } else { usual }.to_string())
    };
    view.fields = usual.map(field).into();
    if asked.get("set").is_empty() {
        return Ok(view);
    }
    let opened = app.shelf.set(app, asked.get("set")).await?;
    let horizon = horizon(asked, &opened.read.panel).to_string();
    view.fields
        .iter_mut()
        .filter(|(name, _)| name == "horizon")
        .for_each(|(_, value)| *value = horizon.clone());
    let spec = match spec(asked, &opened.read.panel)
        .and_then(|spec| jobs::admit(app, &spec).map(|()| spec))
    {
        Ok(spec) => spec,
        Err(problem) => {
            view.refused = Some(said(&problem));
            return Ok(view);
        }
    };
    view.outline = outline::folds(&spec.folds, &opened.read.panel);
    match Plan::new(&spec, &opened.read.panel) {
        Ok(plan) => view.cost = Some(outline::cost(app, &plan).await?),
        Err(error) => {
            let hint = error.hint();
            view.refused = Some((error.to_string(), hint));
        }
    }
    Ok(view)
}

fn said(problem: &Problem) -> (String, Option<String>) {
    let (detail, hint) = problem.words();
    (detail.into(), hint.map(str::to_string))
}

/// Models with what was written of their settings, in order; one that is taken away is not among them.
fn models(asked: &Pairs) -> Vec<(String, Vec<(String, String)>)> {
    let mut models: Vec<(String, Vec<(String, String)>)> = Vec::new();
    for (name, value) in &asked.0 {
        match (name.as_str(), models.last_mut()) {
            ("m", _) => models.push((value.clone(), Vec::new())),
            (name, Some((_, settings))) => {
                if let Some(setting) = name.strip_prefix("s.").filter(|_| !value.is_empty()) {
                    settings.push((setting.into(), value.clone()));
                }
            }
            _ => {}
        }
    }
    if let Some(place) = asked.number("drop").filter(|place| *place < models.len()) {
        models.remove(place);
    }
    if !asked.get("add").is_empty() {
        models.push((asked.get("add").into(), Vec::new()));
    }
    let fresh = !asked.0.iter().any(|(name, _)| ["m", "add", "drop"].contains(&name.as_str()));
    if fresh && asked.get("do").is_empty() {
        models = FIRST.map(|name| (name.to_string(), Vec::new())).into();
    }
    models
}

/// What was said, or two seasons of what the shortest half of the series can bear.
fn horizon(asked: &Pairs, panel: &Panel) -> usize {
    let longest = panel.iter().map(|series| series.len()).max().unwrap_or(0);
    let usual = (2 * panel.season).clamp(1, (longest / 8).max(1));
    asked.number("horizon").unwrap_or(usual)
}

/// The form as a spec; what is left out is the program's to choose.
fn spec(asked: &Pairs, panel: &Panel) -> Answer<Spec> {
    let model: Vec<ModelSpec> = models(asked).into_iter().map(model).collect::<Answer<_>>()?;
    if model.is_empty() {
        return Err(Error::mistake("no model is chosen", "add one below".to_string()).into());
    }
    Ok(Spec {
        task: TaskName::Forecast,
        data: Source { set: Some(asked.get("set").into()), ..Source::default() },
        folds: folds(asked, panel)?,
        features: studio::features(panel, &model),
        lift: Map::new(),
        variant: Vec::new(),
        model,
        score: score(asked)?,
        money: None,
        run: RunSpec::default(),
    })
}

fn folds(asked: &Pairs, panel: &Panel) -> Answer<FoldSpec> {
    let number = |name: &str| match asked.get(name) {
        "" => Ok(None),
        text => text
            .parse()
            .map(Some)
            .map_err(|_| Problem::bad(format!("`{name}` is a whole number, not `{text}`"))),
    };
    let kind = if asked.get("kind") == "sliding" { FoldKind::Sliding } else { FoldKind::Rolling };
    Ok(FoldSpec {
        kind,
        horizon: horizon(asked, panel),
        count: number("count")?.unwrap_or(3),
        step: number("step")?,
        window: number("window")?.filter(|_| kind == FoldKind::Sliding),
        gap: number("gap")?.unwrap_or(0),
        refit: if asked.get("refit") == "never" { Refit::Never } else { Refit::Every },
        ..FoldSpec::default()
    })
}

fn model((entry, settings): (String, Vec<(String, String)>)) -> Answer<ModelSpec> {
    let mut model = ModelSpec::of(&entry);
    for (name, text) in settings {
        let value = serde_json::to_value(scalar(&text)).map_err(|e| Problem::bad(e.to_string()))?;
        insert(&mut model.settings, &name, value);
    }
    Ok(model)
}

/// Where one metric is to rank, the usual ones stand beside it.
fn score(asked: &Pairs) -> Answer<ScoreSpec> {
    let said = asked.0.iter().any(|(name, _)| name == "levels");
    let levels = studio::levels(if said { asked.get("levels") } else { "80, 95" })?;
    let primary = Some(asked.get("primary").to_string()).filter(|primary| !primary.is_empty());
    let usual = |primary: &String| {
        let usual = ["mase", "smape", "rmse", "mae"].map(str::to_string);
        let others = usual.into_iter().filter(|own| own != primary);
        [primary.clone()].into_iter().chain(others).collect()
    };
    let metrics = primary.as_ref().map_or(Vec::new(), usual);
    Ok(ScoreSpec { metrics, primary, levels, ..ScoreSpec::default() })
}

/// A setting by its dotted path.
fn insert(into: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            into.insert(path.into(), value);
        }
        Some((table, rest)) => {
            let own = into.entry(table).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(own) = own {
                insert(own, rest, value);
            }
        }
    }
}

/// A spec as the form that would have said it, as far as the form can.
fn like(text: &str) -> Answer<Pairs> {
    let spec: Spec = crate::from_text("spec".as_ref(), text, &[])?;
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, value: String| pairs.push((name.into(), value));
    add("set", spec.data.set.clone().unwrap_or_default());
    add("horizon", spec.folds.horizon.to_string());
    add("count", spec.folds.count.to_string());
    add("gap", spec.folds.gap.to_string());
    add("step", spec.folds.step.map_or(String::new(), |step| step.to_string()));
    add("kind", if spec.folds.kind == FoldKind::Sliding { "sliding" } else { "rolling" }.into());
    add("window", spec.folds.window.map_or(String::new(), |window| window.to_string()));
    add("refit", if spec.folds.refit == Refit::Never { "never" } else { "every" }.into());
    add("primary", spec.score.primary.clone().unwrap_or_default());
    let levels: Vec<String> = spec.score.levels.iter().map(f64::to_string).collect();
    add("levels", levels.join(", "));
    for model in &spec.model {
        add("m", model.entry.clone());
        for (name, value) in &model.settings {
            flat(name, value, &mut add);
        }
    }
    Ok(Pairs(pairs))
}

fn flat(name: &str, value: &Value, add: &mut impl FnMut(&str, String)) {
    match value {
        Value::Object(own) => {
            own.iter().for_each(|(inner, value)| flat(&format!("{name}.{inner}"), value, add))
        }
        Value::String(text) => add(&format!("s.{name}"), text.clone()),
        other => add(&format!("s.{name}"), other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Settings belong to the model before them; one is taken away by its place, one added at the end.
    #[test]
    fn models_in_order() {
        let pairs = [
            ("m", "ets"),
            ("s.model", "AAA"),
            ("m", "cnn"),
            ("s.train.epochs", "5"),
            ("drop", "0"),
            ("add", "naive"),
        ];
        let asked = Pairs(pairs.map(|(name, value)| (name.to_string(), value.to_string())).into());
        let found = models(&asked);
        assert_eq!(found[0], ("cnn".into(), vec![("train.epochs".into(), "5".into())]));
        assert_eq!((found.len(), found[1].0.as_str()), (2, "naive"));
    }

    /// A spec that became a form becomes the same spec.
    #[test]
    fn there_and_back() {
        let text = "[data]\nset = \"x\"\n[folds]\nhorizon = 7\ncount = 2\nrefit = \"never\"\n[[model]]\nuse = \"cnn\"\n\
                    train = { epochs = 5 }\n[score]\nlevels = [80]\n";
        let asked = like(text).unwrap();
        let at = (0..60).map(almanac_data::Stamp).collect();
        let y = (0..60).map(f64::from).collect();
        let panel = Panel::new("x", almanac_data::Calendar::steps(), vec![("a".into(), 60)], at, y)
            .unwrap();
        let back = spec(&asked, &panel).unwrap();
        assert_eq!(
            (back.folds.horizon, back.folds.refit, back.score.levels),
            (7, Refit::Never, vec![80.0])
        );
        assert_eq!(back.model[0].settings["train"]["epochs"], 5);
    }
}
