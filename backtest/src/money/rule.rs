//! How an answer becomes a position: what a spec says in `[money]`.

use almanac_data::{Calendar, Freq, Panel, Role};
use serde::{Deserialize, Serialize};

use super::figures::deviation;
use crate::error::PlanError;
use crate::spec::{Spec, TaskName};

/// Microseconds of a year of 365.25 days.
const YEAR: f64 = 365.25 * 86_400e6;
/// Trading days of a year.
const SESSIONS: f64 = 252.0;

/// Levels of cost that every run shows, in basis points.
const ALWAYS: [f64; 2] = [0.0, 50.0];

/// Trading on answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MoneySpec {
    /// From edge to position.
    pub position: Position,
    /// For `threshold`: the edge in basis points that a position needs.
    pub threshold_bp: f64,
    /// For `volatility`: the standard deviation of a year's returns that is aimed at.
    pub target_volatility: f64,
    /// For `volatility`: rows of past that it is measured on.
    pub volatility_rows: usize,
    /// Largest size of a position, as a share of the account.
    pub most: f64,
    /// Costs in basis points of what is traded; 0 and 50 are always among them.
    pub costs_bp: Vec<f64>,
    /// Slippage in basis points, on top of each.
    pub slippage_bp: f64,
    /// Whether nothing is sold short.
    pub long_only: bool,
    /// The column of prices at which a row opens; left out, trades are at the end of the next row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<String>,
    /// Rows in a year; left out, from the calendar.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub periods_per_year: Option<f64>,
}

/// From edge to position. The edge is the forecast change up to the next decision as a share of the
/// last known price, or twice the probability of up less one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Position {
    /// All on the side of the edge.
    #[default]
    Sign,
    /// The same where the edge is larger than a threshold, else nothing.
    Threshold,
    /// The side of the edge, as much as keeps the account's volatility at a target.
    Volatility,
}

impl Default for MoneySpec {
    fn default() -> MoneySpec {
        MoneySpec {
            position: Position::Sign,
            threshold_bp: 10.0,
            target_volatility: 0.1,
            volatility_rows: 60,
            most: 1.0,
            costs_bp: ALWAYS.to_vec(),
            slippage_bp: 0.0,
            long_only: false,
            open: None,
            periods_per_year: None,
        }
    }
}

impl MoneySpec {
    /// Fills in what was left out, and checks the rest against the panel.
    ///
    /// # Errors
    /// A value out of range, an opening price that is no column known at the open, steps without a
    /// length, a price that is not above 0.
    pub fn check(mut self, panel: &Panel) -> Result<MoneySpec, PlanError> {
        let at_least = |field, value: f64, least: f64| {
            let ok = value.is_finite() && least <= value;
            range(ok, field, format!("at least {least}"), value)
        };
        let above = |field, value: f64| {
            range(value.is_finite() && 0.0 < value, field, "above 0".into(), value)
        };
        at_least("threshold_bp", self.threshold_bp, 0.0)?;
        at_least("slippage_bp", self.slippage_bp, 0.0)?;
        above("target_volatility", self.target_volatility)?;
        above("most", self.most)?;
        at_least("volatility_rows", self.volatility_rows as f64, 3.0)?;
        for &cost in &self.costs_bp {
            at_least("costs_bp", cost, 0.0)?;
        }
        self.costs_bp.extend(ALWAYS);
        self.costs_bp.sort_by(f64::total_cmp);
        self.costs_bp.dedup();
        let rows = self.periods_per_year.or_else(|| rows_per_year(&panel.calendar));
        let must = "given: the panel's steps have no length";
        let rows = rows.ok_or_else(|| wrong("periods_per_year", must, "left out"))?;
        above("periods_per_year", rows)?;
        self.periods_per_year = Some(rows);
        if let (Some(name), None) = (&self.open, self.open_column(panel)) {
            let must = "a column of the data that is known at the open";
            return Err(wrong("open", must, &format!("`{name}`")));
        }
        self.prices_are_positive(panel)?;
        Ok(self)
    }

    /// The column of opening prices, by its place in the panel.
    pub(super) fn open_column(&self, panel: &Panel) -> Option<usize> {
        let name = self.open.as_ref()?;
        panel.columns.iter().position(|own| own.name == *name && own.role == Role::Open)
    }

    fn prices_are_positive(&self, panel: &Panel) -> Result<(), PlanError> {
        let open = self.open_column(panel);
        for series in panel.iter() {
            let own = |at: usize| &panel.columns[at].values[series.span().start..series.span().end];
            let opens = open.map(own).unwrap_or_default();
            for prices in [series.y, opens] {
                if let Some(row) = prices.iter().position(|price| *price <= 0.0) {
                    return Err(PlanError::Price {
                        series: series.id.into(),
                        at: panel.calendar.show(series.at[row]),
                        price: prices[row],
                    });
                }
            }
        }
        Ok(())
    }

    /// Rows in a year.
    pub(super) fn rows_per_year(&self) -> f64 {
        self.periods_per_year.unwrap_or(f64::NAN)
    }

    /// The position for an edge, after these prices. Without an edge, nothing.
    pub(super) fn position(&self, edge: f64, past: &[f64]) -> f64 {
        let side = match edge {
            edge if edge > 0.0 => 1.0,
            edge if edge < 0.0 && !self.long_only => -1.0,
            _ => 0.0,
        };
        let size = match self.position {
            Position::Sign => self.most,
            Position::Threshold if edge.abs() * 1e4 > self.threshold_bp => self.most,
            Position::Threshold => 0.0,
            Position::Volatility if side == 0.0 => 0.0,
            Position::Volatility => self.scaled(past),
        };
        side * size
    }

    /// Target over the past's own volatility, at most `most`; nothing where that is unknown.
    fn scaled(&self, past: &[f64]) -> f64 {
        let from = past.len().saturating_sub(self.volatility_rows);
        let known: Vec<f64> = past[from..].iter().copied().filter(|p| !p.is_nan()).collect();
        let returns: Vec<f64> = known.windows(2).map(|pair| (pair[1] / pair[0]).ln()).collect();
        let own = deviation(&returns).map(|sd| sd * self.rows_per_year().sqrt());
        own.map_or(0.0, |own| (self.target_volatility / own).min(self.most))
    }

    /// The rule in words.
    pub(super) fn words(&self) -> String {
        let rule = match self.position {
            Position::Sign => "the side of the edge".to_string(),
            Position::Threshold => {
                format!("the side of an edge above {} bp, else nothing", self.threshold_bp)
            }
            Position::Volatility => format!(
                "the side of the edge, sized for a volatility of {} % a year as of the last {} rows",
                100.0 * self.target_volatility,
                self.volatility_rows
            ),
        };
        let sides = if self.long_only { "long only" } else { "long and short" };
        let at = match &self.open {
            Some(open) => format!("the next row's `{open}`"),
            None => "the end of the next row".into(),
        };
        format!("{rule}; {sides}, at most {} of the account; traded at {at}", self.most)
    }
}

/// Fills in what a spec leaves out of `[money]`, where it has one.
pub fn fill(spec: &mut Spec, panel: &Panel) -> Result<(), PlanError> {
    let Some(money) = spec.money.take() else { return Ok(()) };
    if spec.task == TaskName::Regress {
        return Err(wrong("position", "left out: rows of a table have no prices", "given"));
    }
    spec.money = Some(money.check(panel)?);
    Ok(())
}

fn range(ok: bool, field: &'static str, must: String, got: f64) -> Result<(), PlanError> {
    if ok { Ok(()) } else { Err(wrong(field, &must, &got.to_string())) }
}

fn wrong(field: &'static str, must: &str, got: &str) -> PlanError {
    PlanError::Range { table: "money", field, must: must.into(), got: got.into() }
}

/// Rows in a year: 252 trading days where days are business days; `None` for plain steps.
fn rows_per_year(calendar: &Calendar) -> Option<f64> {
    match calendar.freq {
        Freq::Steps(_) => None,
        Freq::Micros(step) => Some(YEAR / step as f64),
        Freq::Days(days) => Some(365.25 / days as f64),
        Freq::BusinessDays => Some(SESSIONS),
        Freq::Months { count, .. } => Some(12.0 / count as f64),
        Freq::Sessions { .. } | Freq::Slots(_) => Some(SESSIONS * calendar.season() as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use almanac_data::{Clock, Column, Stamp};

    fn panel(y: &[f64]) -> Panel {
        let at = (0..y.len() as i64).map(|day| Stamp(day * 86_400_000_000)).collect();
        let calendar = Calendar::new(Clock::Date, Freq::BusinessDays);
        Panel::new("p", calendar, vec![("a".into(), y.len())], at, y.to_vec()).unwrap()
    }

    fn spec(toml: &str) -> MoneySpec {
        toml::from_str(toml).unwrap()
    }

    /// An edge of 20 bp is above a threshold of 15 and not above 20; sold short where allowed.
    #[test]
    fn sides_and_thresholds() {
        let at = |toml: &str, edge| spec(toml).position(edge, &[]);
        assert_eq!([0.002, -0.002, 0.0, f64::NAN].map(|e| at("", e)), [1.0, -1.0, 0.0, 0.0]);
        assert_eq!(at("long_only = true\nmost = 0.5", -0.002), 0.0);
        assert_eq!(at("long_only = true\nmost = 0.5", 0.002), 0.5);
        assert_eq!(at("position = \"threshold\"\nthreshold_bp = 15", -0.002), -1.0);
        assert_eq!(at("position = \"threshold\"\nthreshold_bp = 20", 0.002), 0.0);
    }

    /// Log returns l and −l deviate by l·√2; 252 of them a year, l = 1 %: 22.4 %. The target of a
    /// tenth buys 0.445, and never more than `most`.
    #[test]
    fn sized_by_volatility() {
        let past = [100.0, 100.0 * 0.01_f64.exp(), 100.0];
        let spec = spec("position = \"volatility\"").check(&panel(&past)).unwrap();
        let expected = 0.1 / (0.01 * 2.0_f64.sqrt() * 252.0_f64.sqrt());
        assert!((spec.position(-0.5, &past) + expected).abs() < 1e-12);
        assert_eq!(spec.position(0.5, &[100.0, 100.0, 100.0]), 1.0);
        assert_eq!(spec.position(0.5, &past[..2]), 0.0);
    }

    /// 0 and 50 are always there; 252 rows a year come from the calendar.
    #[test]
    fn left_out_is_filled_in() {
        let full = spec("costs_bp = [10, 50]").check(&panel(&[1.0, 2.0])).unwrap();
        assert_eq!((full.costs_bp, full.periods_per_year), (vec![0.0, 10.0, 50.0], Some(252.0)));
        let steps =
            Panel::new("s", Calendar::steps(), vec![("a".into(), 1)], vec![Stamp(1)], vec![1.0]);
        let error = spec("").check(&steps.unwrap()).unwrap_err();
        assert!(error.to_string().starts_with("money.periods_per_year must be given"), "{error}");
    }

    /// A price of zero has no returns; an opening price known only later is none.
    #[test]
    fn prices_must_be_prices() {
        let error = spec("").check(&panel(&[1.0, 0.0])).unwrap_err();
        assert!(error.to_string().contains("`a` has 0 at 1970-01-02"), "{error}");
        let column = |role| Column {
            name: "open".into(),
            role,
            values: vec![1.0, -1.0],
            labels: Vec::new(),
        };
        let open = |role| {
            let panel = panel(&[1.0, 2.0]).with_column(column(role)).unwrap();
            spec("open = \"open\"").check(&panel).unwrap_err().to_string()
        };
        assert!(open(Role::Close).contains("known at the open, not `open`"));
        assert!(open(Role::Open).contains("`a` has -1"));
        assert!(toml::from_str::<MoneySpec>("cost_bp = [1]").is_err());
    }
}
