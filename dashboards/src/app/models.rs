//! Models that were trained and kept.

use super::{Frame, encoded, moment, part, shell};
use crate::tables::scrolling;
use crate::text::{MISSING, count, escape, fixed};

/// A kept model.
#[derive(Debug, Default)]
pub struct ModelLine {
    /// Its name, and its number among those of that name.
    pub name: (String, i64),
    /// Its id.
    pub id: String,
    /// The model of the roster, and what it answers.
    pub what: (String, String),
    /// The set that it learnt from, and the one that it follows.
    pub sets: (String, Option<String>),
    /// How its intervals held rows that came later: level, rows, percent held, whether too few.
    pub held: Vec<(f64, u64, Option<f64>, bool)>,
    /// When it was kept, in Unix milliseconds.
    pub kept: i64,
}

/// The page of kept models.
pub fn models(frame: &Frame, all: &[ModelLine]) -> String {
    let list = match all.is_empty() {
        true => {
            "<p class=empty>No model is kept. <code>POST /v1/models</code> trains one and keeps \
                 it; <a href=/docs>the API</a> tells how.</p>"
                .to_string()
        }
        false => scrolling(
            "Models",
            &format!(
                "<table class=list><thead><tr><th scope=col>Name</th><th scope=col>Model</th>\
                 <th scope=col>Task</th><th scope=col>Learnt from</th><th scope=col>Follows</th>\
                 <th scope=col>Intervals since</th><th scope=col>Kept</th></tr></thead>\
                 <tbody>{}</tbody></table>",
                all.iter().map(line).collect::<String>()
            ),
        ),
    };
    let body = format!(
        "<h1>Models</h1><p>Fitted once, kept, and asked again by <code>POST \
         /v1/models/NAME/predict</code>. One that follows a set is judged by every row that is \
         appended there.</p>{}",
        part("models", &list)
    );
    shell(&Frame { title: "Models".into(), part: "/models", ..frame.clone() }, &body)
}

fn line(model: &ModelLine) -> String {
    let held = |(level, rows, percent, drifted): &(f64, u64, Option<f64>, bool)| {
        let percent = percent.map_or(MISSING.into(), |percent| fixed(percent, 1));
        let drifted = if *drifted { " <b>too few: it drifts</b>" } else { "" };
        format!("{level} %: {percent} % of {}{drifted}", count(*rows as usize))
    };
    let held: Vec<String> = model.held.iter().map(held).collect();
    let follows = model.sets.1.as_ref().map_or("nothing".into(), |set| {
        format!("<a class=name href=\"/sets/{}\">{}</a>", encoded(set), escape(set))
    });
    format!(
        "<tr><th scope=row><span class=name>{}@{}</span></th><td class=name>{}</td><td>{}</td>\
         <td class=name>{}</td><td>{follows}</td><td>{}</td><td>{}</td></tr>",
        escape(&model.name.0),
        model.name.1,
        escape(&model.what.0),
        escape(&model.what.1),
        escape(&model.sets.0),
        if held.is_empty() { "—".into() } else { held.join("<br>") },
        moment(model.kept)
    )
}
