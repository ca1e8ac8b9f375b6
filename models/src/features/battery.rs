//! Battery: what the discharge curves of a cell's first cycles say of its life.
//!
//! ```text
//! ΔQ(V) = Q_late(V) − Q_early(V)        m_k its k-th moment about the mean, over the curve's points
//! variance    log₁₀ m₂
//! discharge   variance, log₁₀|min ΔQ|, log₁₀|m₃/m₂^1.5|, log₁₀(m₄/m₂²), Q₂, max Q − Q₂
//! full        variance, log₁₀|min ΔQ|, Q₂, slope and intercept of capacity on the cycle's number
//! cycles      cycle by cycle its capacity and the means of `parts` equal parts of its curve
//! ```
//!
//! A cycle's capacity is its curve's last point; no cycle after the late one is read. The full group also
//! has charge time, temperature and resistance: columns of the table, named in `beside`. Testers err: a
//! capacity more than a tenth from the cell's median is kept unless `spikes = "drop"`; of cycles, the
//! cycle before it then stands there. NaN where two curves do not differ. Cycles are for networks, with
//! `channels = parts + 1`. Severson et al., Nature Energy 4, 2019.

use almanac_data::{Curves, FitError, Matrix, Table, nearest};
use serde::{Deserialize, Serialize};

use super::Or;

/// A group of features.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Group {
    /// One.
    Variance,
    /// Six, all from discharge.
    Discharge,
    /// Five from discharge, and columns beside them.
    Full,
    /// Every cycle for itself, step by step.
    Cycles,
}

/// What to do with capacities that cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Spikes {
    /// Take them as they are.
    #[default]
    Keep,
    /// Leave those cycles out.
    Drop,
}

/// What may stand there, in words.
pub const FORM: &str = "\"variance\", \"discharge\", \"full\" or \"cycles\", or { group = \"full\", early = \
                        10, late = 100, spikes = \"keep\", beside = [\"chargetime\"] }, or { group = \
                        \"cycles\", parts = 4, late = 100 }";

/// A group, the cycles that it compares, and columns of the table to put beside it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Or<Group, Written>")]
pub struct Battery {
    /// Which features.
    pub group: Group,
    /// The cycle that the late one is compared with.
    pub early: u32,
    /// The last cycle that is read.
    pub late: u32,
    /// What to do with capacities that cannot be.
    pub spikes: Spikes,
    /// Columns of the table that are features too.
    pub beside: Vec<String>,
    /// Parts of a cycle's curve, for `cycles`.
    pub parts: usize,
}

/// Parts of a curve beyond it are none.
const MOST_PARTS: usize = 1000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    group: Group,
    #[serde(default = "early")]
    early: u32,
    #[serde(default = "late")]
    late: u32,
    #[serde(default)]
    spikes: Spikes,
    #[serde(default)]
    beside: Vec<String>,
    #[serde(default)]
    parts: usize,
}

fn early() -> u32 {
    10
}

fn late() -> u32 {
    100
}

impl TryFrom<Or<Group, Written>> for Battery {
    type Error = String;

    fn try_from(written: Or<Group, Written>) -> Result<Battery, String> {
        let Written { group, early, late, spikes, beside, parts } = match written {
            Or::Table(written) => written,
            Or::Short(group) => Written {
                group,
                early: early(),
                late: late(),
                spikes: Spikes::Keep,
                beside: Vec::new(),
                parts: 0,
            },
        };
        match early < late {
            _ if parts > MOST_PARTS => Err(format!("a curve has at most {MOST_PARTS} parts")),
            true => Ok(Battery { group, early, late, spikes, beside, parts }),
            false => Err(format!("early cycle {early} must come before late cycle {late}")),
        }
    }
}

/// The curves of one cell.
struct Cell<'a> {
    id: &'a str,
    cycles: &'a [u32],
    curves: &'a [f32],
    points: usize,
}

impl Battery {
    /// Names of the columns from curves, in order.
    fn names(&self) -> Vec<String> {
        let fixed: &[&str] = match self.group {
            Group::Variance => &["var_dq"],
            Group::Discharge => {
                &["var_dq", "min_dq", "skew_dq", "kurt_dq", "q_2", "q_max_less_q_2"]
            }
            Group::Full => &["var_dq", "min_dq", "q_2", "q_slope", "q_intercept"],
            Group::Cycles => {
                let part = |cycle: u32, part: usize| match part {
                    0 => format!("q_{cycle}"),
                    part => format!("q_{cycle}_part_{part}"),
                };
                let of = |cycle| (0..=self.parts).map(move |at| part(cycle, at));
                return (2..=self.late).flat_map(of).collect();
            }
        };
        fixed.iter().map(|name| name.to_string()).collect()
    }

    /// The group's columns for each row of the table, and those named beside it.
    ///
    /// # Errors
    /// A table without curves, a row without the cycles that are compared, a column that is not there.
    pub fn read(&self, table: &Table) -> Result<Matrix, FitError> {
        let lacks = || FitError::Failed(format!("`{}` has no curves of cycles", table.name));
        let Curves { points, rows } = table.curves.as_ref().ok_or_else(lacks)?;
        if self.parts > *points {
            let message = format!("a curve of {points} points has no {} parts", self.parts);
            return Err(FitError::Failed(message));
        }
        let names = self.names();
        let mut values = vec![Vec::with_capacity(rows.len()); names.len()];
        for (id, (cycles, curves)) in table.ids.iter().zip(rows) {
            let cell = Cell { id, cycles, curves, points: *points };
            let cell = match self.group {
                Group::Cycles => self.steps(&cell)?,
                _ => self.row(&cell)?,
            };
            values.iter_mut().zip(cell).for_each(|(column, value)| column.push(value));
        }
        let mut columns: Vec<(String, Vec<f64>)> = names.into_iter().zip(values).collect();
        for name in &self.beside {
            let all = table.x.names();
            let place = all.iter().position(|column| column == name).ok_or_else(|| {
                let near = nearest(name, all.iter().map(String::as_str));
                let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                FitError::Failed(format!("there is no column `{name}`{near}"))
            })?;
            columns.push((name.clone(), table.x.column(place).to_vec()));
        }
        Matrix::from_columns(columns).map_err(|error| FitError::Failed(error.to_string()))
    }

    fn row(&self, cell: &Cell<'_>) -> Result<Vec<f64>, FitError> {
        let [early, late] = [cell.curve(self.early)?, cell.curve(self.late)?];
        let pairs = late.iter().zip(early);
        let delta: Vec<f64> =
            pairs.map(|(late, early)| f64::from(*late) - f64::from(*early)).collect();
        let mean = delta.iter().sum::<f64>() / delta.len() as f64;
        let moment =
            |k| delta.iter().map(|dq| (dq - mean).powi(k)).sum::<f64>() / delta.len() as f64;
        let variance = moment(2);
        let log = |value: f64| if value == 0.0 { f64::NAN } else { value.abs().log10() };
        let lowest = || log(delta.iter().copied().fold(f64::INFINITY, f64::min));
        if self.group == Group::Variance {
            return Ok(vec![log(variance)]);
        }
        let first = f64::from(*cell.curve(2)?.last().unwrap_or(&f32::NAN));
        let capacities = cell.capacities(self.late, self.spikes);
        Ok(match self.group {
            Group::Full => {
                let [slope, intercept] = line(&capacities);
                vec![log(variance), lowest(), first, slope, intercept]
            }
            _ => {
                let most = capacities.iter().map(|(_, q)| *q).fold(f64::NEG_INFINITY, f64::max);
                let (skew, kurt) = (moment(3) / variance.powf(1.5), moment(4) / variance.powi(2));
                vec![log(variance), lowest(), log(skew), log(kurt), first, most - first]
            }
        })
    }
}

impl Battery {
    /// Cycle by cycle its capacity and the means of the parts of its curve.
    fn steps(&self, cell: &Cell<'_>) -> Result<Vec<f64>, FitError> {
        let kept = cell.capacities(self.late, self.spikes);
        let kept: Vec<u32> = kept.iter().map(|(cycle, _)| *cycle as u32).collect();
        let mut all = Vec::new();
        for cycle in 2..=self.late {
            cell.curve(cycle)?;
            let at = kept.partition_point(|&kept| kept <= cycle).saturating_sub(1);
            let curve = cell.curve(kept.get(at).copied().unwrap_or(cycle))?;
            all.push(curve.last().copied().map_or(f64::NAN, f64::from));
            for part in 0..self.parts {
                let [from, to] = [part, part + 1].map(|k| k * curve.len() / self.parts);
                let sum: f64 = curve[from..to].iter().copied().map(f64::from).sum();
                all.push(sum / (to - from) as f64);
            }
        }
        Ok(all)
    }
}

impl Cell<'_> {
    fn curve(&self, cycle: u32) -> Result<&[f32], FitError> {
        let place = self.cycles.binary_search(&cycle).map_err(|_| {
            FitError::Failed(format!("cell `{}` has no curve of cycle {cycle}", self.id))
        })?;
        Ok(&self.curves[place * self.points..][..self.points])
    }

    /// Cycles from 2 to the last that is read, each with its capacity.
    fn capacities(&self, late: u32, spikes: Spikes) -> Vec<(f64, f64)> {
        let lasts = self.curves.chunks_exact(self.points).filter_map(<[f32]>::last);
        let all = self.cycles.iter().zip(lasts).filter(|(cycle, _)| (2..=late).contains(*cycle));
        let mut all: Vec<(f64, f64)> = all.map(|(&c, &q)| (f64::from(c), f64::from(q))).collect();
        if spikes == Spikes::Drop {
            let mut sorted: Vec<f64> = all.iter().map(|(_, q)| *q).collect();
            sorted.sort_by(f64::total_cmp);
            let median = sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN);
            all.retain(|(_, q)| (q - median).abs() <= 0.1 * median);
        }
        all
    }
}

/// Slope and intercept of the least squares line.
fn line(points: &[(f64, f64)]) -> [f64; 2] {
    let n = points.len() as f64;
    let mean = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0 / n, y + point.1 / n));
    let across: f64 = points.iter().map(|(x, _)| (x - mean.0).powi(2)).sum();
    let along: f64 = points.iter().map(|(x, y)| (x - mean.0) * (y - mean.1)).sum();
    let slope = along / across;
    [slope, mean.1 - slope * mean.0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// One cell of three cycles over two points; column `ir` beside.
    fn table() -> Table {
        let curves = vec![0.0, 1.0, 0.0, 1.0, -0.5, 0.7, 9.0, 9.0];
        Table {
            ids: vec!["b1c0".into()],
            x: Matrix::from_columns(vec![("ir".into(), vec![5.0])]).unwrap(),
            curves: Some(Curves { points: 2, rows: vec![(vec![2, 10, 100, 101], curves)] }),
            name: "cells".into(),
            target: "life".into(),
            y: vec![500.0],
            classes: Vec::new(),
            labels: Vec::new(),
        }
    }

    fn read(text: &str) -> Result<Matrix, String> {
        let battery: Battery = serde_json::from_str(text).map_err(|e| e.to_string())?;
        battery.read(&table()).map_err(|e| e.to_string())
    }

    fn assert_near(got: Matrix, want: &[f64]) {
        let got: Vec<f64> = got.row(0).collect();
        assert_eq!(got.len(), want.len(), "{got:?}");
        for (got, want) in got.iter().zip(want) {
            assert!((got - want).abs() < 1e-6, "{got} {want}");
        }
    }

    /// ΔQ is −½ and −0.3: variance 0.01, smallest −½; capacities 1, 1 and 0.7 lie on the line
    /// through (37⅓, 0.9) with slope −0.3·62⅔/(35⅓² + 27⅓² + 62⅔²).
    #[test]
    fn groups_by_hand() {
        assert_near(read(r#""variance""#).unwrap(), &[-2.0]);
        let slope =
            -0.3 * (188.0 / 3.0) / ((106.0f64.powi(2) + 82.0f64.powi(2) + 188.0f64.powi(2)) / 9.0);
        let want = [-2.0, 0.5f64.log10(), 1.0, slope, 0.9 - slope * 112.0 / 3.0, 5.0];
        assert_near(read(r#"{"group":"full","beside":["ir"]}"#).unwrap(), &want);
    }

    /// Curves 0 1, −½ 0.7 and 2 2 of cycles 2 to 4: capacity and both halves; 2 is no capacity of
    /// this cell, so the cycle before stands there.
    #[test]
    fn cycles_by_hand() {
        let mut table = table();
        let curves = vec![0.0, 1.0, -0.5, 1.0, 2.0, 2.0];
        table.curves = Some(Curves { points: 2, rows: vec![(vec![2, 3, 4], curves)] });
        let read = |spikes: &str, late: u32| {
            let form = json!({ "group": "cycles", "early": 1, "late": late, "parts": 2,
                               "spikes": spikes, "beside": ["ir"] });
            let battery: Battery = serde_json::from_value(form).unwrap();
            battery.read(&table).map_err(|e| e.to_string())
        };
        let own = [1.0, 0.0, 1.0, 1.0, -0.5, 1.0];
        let kept = read("keep", 4).unwrap();
        assert_eq!(kept.names()[..4], ["q_2", "q_2_part_1", "q_2_part_2", "q_3"]);
        assert_near(kept, &[&own[..], &[2.0, 2.0, 2.0, 5.0]].concat());
        assert_near(read("drop", 4).unwrap(), &[&own[..], &[1.0, -0.5, 1.0, 5.0]].concat());
        assert!(read("keep", 5).unwrap_err().contains("no curve of cycle 5"));
    }

    /// A spread of two points has no skew (its logarithm is none) and kurtosis 1; no cycle has more
    /// capacity than the second.
    #[test]
    fn discharge_by_hand() {
        let got = read(r#""discharge""#).unwrap();
        let row: Vec<f64> = got.row(0).collect();
        assert!(row[2].is_nan() || row[2] < -6.0, "{}", row[2]);
        assert!(row[3].abs() < 1e-6 && row[4] == 1.0 && row[5] == 0.0, "{row:?}");
    }

    /// A capacity of 0.7 is more than a tenth from the median of 1: without it the line is flat.
    #[test]
    fn spikes_are_dropped_when_asked() {
        let got = read(r#"{"group":"full","spikes":"drop"}"#).unwrap();
        assert_eq!(got.row(0).skip(3).collect::<Vec<_>>(), [0.0, 1.0]);
    }

    /// A cycle and a column that are not there are named.
    #[test]
    fn what_lacks_is_named() {
        let error = read(r#"{"group":"variance","late":99}"#).unwrap_err();
        assert_eq!(error, "cell `b1c0` has no curve of cycle 99");
        let error = read(r#"{"group":"full","beside":["irr"]}"#).unwrap_err();
        assert!(error.contains("did you mean `ir`?"), "{error}");
        assert!(read(r#"{"group":"full","early":100,"late":10}"#).unwrap_err().contains("before"));
    }
}
