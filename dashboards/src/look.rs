//! How a model looks: the same colour, dash and marker wherever it is drawn.

use almanac_data::Leaderboard;

/// Hues that stay apart for colour-blind readers on light and dark ground; `page.css` names them.
const HUES: usize = 5;

/// Colour, dash and marker of one model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// Place in the leaderboard, from 0: how the page finds the model's traces.
    pub index: usize,
    /// A colour of the page's style, such as `--m1`.
    pub color: &'static str,
    /// Plotly's name of the line style.
    pub dash: &'static str,
    /// The same line style for an SVG stroke.
    pub strokes: &'static str,
    /// Plotly's name of the marker.
    pub symbol: &'static str,
}

impl Look {
    /// Whether it is the grey of the baseline.
    pub fn is_baseline(self) -> bool {
        self.color == BASELINE.color
    }
}

/// The looks of all models of a leaderboard: hues in rank order, a new dash after each round; the
/// baseline is grey.
pub struct Looks {
    looks: Vec<(String, Look)>,
}

impl Looks {
    /// One look a row.
    pub fn new(board: &Leaderboard) -> Looks {
        let mut hue = 0;
        let looks = board.rows.iter().enumerate().map(|(index, row)| {
            let base = row.model == board.baseline;
            let look = Look { index, ..if base { BASELINE } else { coloured(hue) } };
            hue += usize::from(!base);
            (row.model.clone(), look)
        });
        Looks { looks: looks.collect() }
    }

    /// The look of a model; `None` for one that the leaderboard does not know.
    pub fn of(&self, model: &str) -> Option<Look> {
        self.looks.iter().find(|(name, _)| name == model).map(|(_, look)| *look)
    }

    /// Names and looks in rank order.
    pub fn all(&self) -> impl Iterator<Item = (&str, Look)> {
        self.looks.iter().map(|(name, look)| (name.as_str(), *look))
    }
}

const BASELINE: Look =
    Look { index: 0, color: "--m0", dash: "longdash", strokes: "8 3", symbol: "cross" };

fn coloured(hue: usize) -> Look {
    const COLORS: [&str; HUES] = ["--m1", "--m2", "--m3", "--m4", "--m5"];
    const LINES: [(&str, &str, &str); 4] = [
        ("solid", "none", "circle"),
        ("dash", "5 3", "square"),
        ("dot", "1.5 2.5", "diamond"),
        ("dashdot", "6 2 1.5 2", "triangle-up"),
    ];
    let (dash, strokes, symbol) = LINES[hue / HUES % LINES.len()];
    Look { index: 0, color: COLORS[hue % HUES], dash, strokes, symbol }
}

/// A short sample of a model's line, to stand before its name.
pub fn swatch(look: Look) -> String {
    format!(
        "<svg class=swatch viewBox=\"0 0 24 8\" aria-hidden=true><path d=\"M0 4H24\" \
         stroke=\"var({})\" stroke-width=3 stroke-dasharray=\"{}\"/></svg>",
        look.color, look.strokes
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Map;

    fn board(models: usize) -> Leaderboard {
        let row = |i| almanac_data::Rank {
            model: format!("m{i}"),
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
        Leaderboard {
            task: "forecast".to_string(),
            data: "d".to_string(),
            baseline: "m1".to_string(),
            primary_metric: "mae".to_string(),
            rows: (0..models).map(row).collect(),
            contrasts: Vec::new(),
        }
    }

    /// 5 hues × 4 dashes and a grey baseline: 21 models, no two alike.
    #[test]
    fn twenty_one_models_look_different() {
        let looks = Looks::new(&board(21));
        let mut pairs: Vec<_> = looks.all().map(|(_, look)| (look.color, look.dash)).collect();
        pairs.sort();
        pairs.dedup();
        assert_eq!(pairs.len(), 21);
        assert!(looks.of("m1").unwrap().is_baseline());
        assert_eq!(looks.of("stranger"), None);
    }
}
