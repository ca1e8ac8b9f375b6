//! Directions called and met: counts, and the share that was right beside the base rate.

use almanac_data::Calls;

use super::scrolling;
use crate::look::{Looks, swatch};
use crate::text::{MISSING, count, escape, fixed};

/// A row a model: right calls with their interval, and the four counts.
pub fn calls(calls: &[Calls], looks: &Looks) -> String {
    let row = |own: &Calls| {
        let cells = [own.true_up, own.false_down, own.true_down, own.false_up];
        let counts: String =
            cells.iter().map(|n| format!("<td class=n>{}</td>", count(*n as usize))).collect();
        let interval = match own.count() {
            0 => MISSING.to_string(),
            _ => format!("{} to {}", percent(own.interval.0), percent(own.interval.1)),
        };
        format!(
            "<tr><th scope=row>{}<span class=name>{}</span></th><td class=n>{}</td>\
             <td class=n>{interval}</td>{counts}</tr>",
            looks.of(&own.model).map(swatch).unwrap_or_default(),
            escape(&own.model),
            percent(own.accuracy()),
        )
    };
    let table = format!(
        "<table><thead><tr><th scope=col>Model</th><th scope=col class=n>Right (%)</th>\
         <th scope=col class=n>95 % interval</th><th scope=col class=n>Ups called up</th>\
         <th scope=col class=n>Ups called down</th><th scope=col class=n>Downs called down</th>\
         <th scope=col class=n>Downs called up</th></tr></thead><tbody>{}</tbody></table>",
        calls.iter().map(row).collect::<String>()
    );
    format!("{}{}", base_rate(calls), scrolling("Directions", &table))
}

fn base_rate(calls: &[Calls]) -> String {
    let met = calls.iter().find_map(|own| Some((own, own.usual()?)));
    let Some((met, (usual, share))) = met else { return String::new() };
    format!(
        "<p>Of {} directions {}\u{a0}% were up: always calling {} is right {}\u{a0}% of the \
         time.</p>",
        count(met.count() as usize),
        percent(met.base_rate()),
        usual,
        percent(share),
    )
}

fn percent(share: f64) -> String {
    if share.is_finite() { fixed(100.0 * share, 1) } else { MISSING.to_string() }
}
