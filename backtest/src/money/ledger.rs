//! The accounts of a run's models, fold by fold: a decision a fold, held until the next.
//!
//! ```text
//! rows      ── cutoff[k] ─ entry[k] ═══════════ cutoff[k+1] ─ entry[k+1]        entry: first price after
//! period k               w[k] · (price[k+1]/price[k] − 1)  −  cost · |w[k] − w[k−1]|
//! ```
//!
//! Every series has the same share of the money at each entry, moved between series free of cost;
//! its position is a share of that, kept until the next entry, and closed at the end. For each model
//! and fold two numbers are held, for each model and series one.

use almanac_data::{Answered, FoldResult, Panel, Stamp};

use super::fill::{Decision, Fill, Oracle, Quotes};
use super::rule::MoneySpec;
use crate::plan::Plan;
use crate::spec::TaskName;

/// What answers are, and for which step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// Number of models.
    pub models: usize,
    /// Steps of a forecast.
    pub horizon: usize,
    /// Rows from one decision to the next; `None` where they are given one by one.
    pub step: Option<usize>,
    /// Whether an answer is the probability of up instead of a price.
    pub directions: bool,
}

/// Accounts that grow with a run.
#[derive(Debug, Clone)]
pub struct Ledger<'a> {
    pub(super) panel: &'a Panel,
    pub(super) rule: MoneySpec,
    open: Option<usize>,
    asked: Asked,
    /// By series: the row of its entry into the period at hand.
    entries: Vec<Option<usize>>,
    /// One book a model, and the last of buy and hold.
    pub(super) books: Vec<Book>,
    /// The first entry, and the end of each period: of the first series of each.
    pub(super) at: Vec<Stamp>,
    /// Rows held over all periods, the mean over the series of each.
    pub(super) rows: f64,
    /// Whether the series of some fold traded at different stamps.
    pub(super) apart: bool,
    pub(super) oracle: Option<Oracle>,
}

/// What one model did.
#[derive(Debug, Clone, Default)]
pub(super) struct Book {
    /// By series: its position in the period at hand.
    positions: Vec<f64>,
    /// By period: the mean over series of return before costs, and of what was traded.
    pub gross: Vec<f64>,
    pub traded: Vec<f64>,
    /// Over series and periods: their number, sizes of positions, positions, those that earned.
    pub places: u64,
    pub sizes: f64,
    pub taken: u64,
    pub hits: u64,
}

impl<'a> Ledger<'a> {
    /// Nothing traded yet, by a rule that [`MoneySpec::check`] has filled in.
    pub fn new(panel: &'a Panel, rule: &MoneySpec, asked: Asked) -> Ledger<'a> {
        let book = Book { positions: vec![0.0; panel.len()], ..Book::default() };
        Ledger {
            panel,
            open: rule.open_column(panel),
            rule: rule.clone(),
            asked,
            entries: vec![None; panel.len()],
            books: vec![book; asked.models + 1],
            at: Vec::new(),
            rows: 0.0,
            apart: false,
            oracle: None,
        }
    }

    /// Accounts for the models of a plan, where its spec asks for money.
    pub(crate) fn of(plan: &Plan<'a>) -> Option<Ledger<'a>> {
        let asked = Asked {
            models: plan.models.len(),
            horizon: plan.folds.horizon,
            step: plan.folds.step,
            directions: plan.spec().task == TaskName::Direction,
        };
        let rule = plan.spec().money.as_ref()?;
        Some(Ledger::new(plan.panel, rule, asked))
    }

    /// Takes in the decisions of one fold, later than those before: ends the period at hand at the
    /// prices at which they trade, and begins the next with the series that have one to leave at.
    pub fn feed(&mut self, result: &FoldResult) {
        let mut fills = vec![None; self.panel.len()];
        for answers in result.answers.chunk_by(|a, b| a.series == b.series) {
            let [first, ..] = answers else { continue };
            let quotes = self.quotes(first.series);
            let row = quotes.after(first.cutoff).filter(|row| quotes.from(row + 1).is_some());
            if let Some(row) = row.filter(|_| !first.mean.is_empty()) {
                match self.decide(answers, row) {
                    Ok(positions) => fills[first.series] = Some((row, positions)),
                    Err(oracle) => self.oracle = Some(oracle),
                }
            }
        }
        let exit = |fill: &Option<(usize, Vec<f64>)>| fill.as_ref().map(|(row, _)| *row);
        self.end(&fills.iter().map(exit).collect::<Vec<_>>());
        self.begin(&fills);
    }

    /// The position of each model at the price of this row, and all of buy and hold.
    fn decide(&self, answers: &[Answered], row: usize) -> Result<Vec<f64>, Oracle> {
        let mut positions = vec![0.0; self.books.len()];
        positions[self.asked.models] = 1.0;
        for answered in answers {
            let own = self.panel.series(answered.series);
            let past = &own.y[..own.at.partition_point(|&at| at <= answered.cutoff)];
            let position = self.rule.position(self.edge(answered, past), past);
            let decision = Decision { known: answered.cutoff, position };
            let fill = Fill::new(decision, self.quotes(answered.series).quote(row))?;
            positions[answered.model] = fill.position();
        }
        Ok(positions)
    }

    /// What the answer says of the time up to the next decision, or of its whole horizon.
    fn edge(&self, answered: &Answered, past: &[f64]) -> f64 {
        let steps = self.asked.step.unwrap_or(self.asked.horizon).min(answered.mean.len());
        let said = answered.mean[..steps].last().copied().unwrap_or(f64::NAN);
        if self.asked.directions {
            return 2.0 * said - 1.0;
        }
        let last = past.iter().rev().find(|price| !price.is_nan());
        last.map_or(f64::NAN, |last| said / last - 1.0)
    }

    fn quotes(&self, series: usize) -> Quotes<'a> {
        let own = self.panel.series(series);
        let span = own.span();
        let open = self.open.map(|at| &self.panel.columns[at].values[span.start..span.end]);
        Quotes { at: own.at, prices: open.unwrap_or(own.y) }
    }

    /// Ends the period at hand: each series at the row of its next entry; without one, where its
    /// forecast ended or its prices do, and nothing is held on.
    pub(super) fn end(&mut self, next: &[Option<usize>]) {
        let share = 1.0 / self.entries.iter().flatten().count() as f64;
        let mut first = None;
        for (series, next) in next.iter().enumerate() {
            let Some(entry) = self.entries[series].take() else { continue };
            let quotes = self.quotes(series);
            let leave = || quotes.until(entry + self.asked.step.unwrap_or(self.asked.horizon));
            let exit = next.or_else(leave).unwrap_or(entry);
            let growth = quotes.quote(exit).price / quotes.quote(entry).price - 1.0;
            self.rows += share * (exit - entry) as f64;
            first.get_or_insert(quotes.quote(exit).at);
            for book in &mut self.books {
                book.earn(series, growth, share);
                if next.is_none() {
                    book.hold(series, 0.0, share);
                }
            }
        }
        self.at.extend(first);
    }

    /// Begins a period: by series, the row at which it is entered and each model's position.
    fn begin(&mut self, fills: &[Option<(usize, Vec<f64>)>]) {
        let Some(at) = (0..fills.len()).find_map(|series| self.entered(series, &fills[series]))
        else {
            return;
        };
        if self.at.is_empty() {
            self.at.push(at);
        }
        for book in &mut self.books {
            book.gross.push(0.0);
            book.traded.push(0.0);
        }
        let share = 1.0 / fills.iter().flatten().count() as f64;
        for (series, fill) in fills.iter().enumerate() {
            let Some((row, positions)) = fill else { continue };
            self.entries[series] = Some(*row);
            self.apart |= self.entered(series, fill) != Some(at);
            for (book, &position) in self.books.iter_mut().zip(positions) {
                book.hold(series, position, share);
                book.places += 1;
                book.sizes += position.abs();
                book.taken += u64::from(position != 0.0);
            }
        }
    }

    fn entered(&self, series: usize, fill: &Option<(usize, Vec<f64>)>) -> Option<Stamp> {
        fill.as_ref().map(|(row, _)| self.panel.series(series).at[*row])
    }
}

impl Book {
    /// The account's series grew so much, while it was held as it is.
    fn earn(&mut self, series: usize, growth: f64, share: f64) {
        let earned = self.positions[series] * growth;
        self.hits += u64::from(earned > 0.0);
        if let Some(gross) = self.gross.last_mut() {
            *gross += share * earned;
        }
    }

    /// From now on this much of it is held.
    fn hold(&mut self, series: usize, position: f64, share: f64) {
        if let Some(traded) = self.traded.last_mut() {
            *traded += share * (position - self.positions[series]).abs();
        }
        self.positions[series] = position;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use almanac_data::{Calendar, Column, Money, Role};

    /// 100 → 110 → 99 → 118.8 → 118.8: a tenth up, a tenth down, a fifth up, nothing.
    const PRICES: [f64; 5] = [100.0, 110.0, 99.0, 118.8, 118.8];

    fn panel(series: &[&[f64]]) -> Panel {
        let mut ends = Vec::new();
        let mut at = Vec::new();
        for (place, own) in series.iter().enumerate() {
            at.extend((0..own.len() as i64).map(Stamp));
            ends.push((format!("s{place}"), at.len()));
        }
        Panel::new("p", Calendar::steps(), ends, at, series.concat()).unwrap()
    }

    /// What a model says at a cutoff: the price it expects next.
    fn answer(place: (usize, usize), cutoff: i64, mean: &[f64]) -> Answered {
        Answered {
            model: place.1,
            series: place.0,
            cutoff: Stamp(cutoff),
            ds: Vec::new(),
            y: Vec::new(),
            mean: mean.to_vec(),
            bands: Vec::new(),
            scores: Vec::new(),
            error: None,
            filled: 0,
            fit_s: 0.0,
            predict_s: 0.0,
        }
    }

    /// The money of one model over folds of step 1, whose edges at cutoffs 0, 1, … of each series are
    /// these; a year has as many rows as there are.
    fn money(panel: &Panel, rule: &str, edges: &[&[f64]]) -> Money {
        let rule: MoneySpec = toml::from_str(&format!("periods_per_year = 4\n{rule}")).unwrap();
        let asked = Asked { models: 1, horizon: 1, step: Some(1), directions: true };
        let mut ledger = Ledger::new(panel, &rule.check(panel).unwrap(), asked);
        for fold in 0..edges.iter().map(|own| own.len()).max().unwrap() {
            let said = |(series, own): (usize, &&[f64])| {
                let edge = own.get(fold)?;
                Some(answer((series, 0), fold as i64, &[(1.0 + edge) / 2.0]))
            };
            let answers = edges.iter().enumerate().filter_map(said).collect();
            ledger.feed(&FoldResult { fold, answers });
        }
        ledger.money(&[(0, "m")]).unwrap()
    }

    #[track_caller]
    fn close(got: &[f64], expected: &[f64]) {
        assert_eq!(got.len(), expected.len(), "{got:?}");
        let near = got.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12);
        assert!(near, "{got:?} instead of {expected:?}");
    }

    /// Up, down, up at cutoffs 0, 1, 2 trade at rows 1, 2, 3: they meet −10 %, +20 % sold short and
    /// nothing. One bought, two turned, two turned and one sold: 1 + 2 + 3. What is decided at row 3
    /// could only trade at the last price and never leave, so it does not.
    #[test]
    fn decisions_trade_at_the_next_price() {
        let money = money(&panel(&[&PRICES]), "", &[&[0.1, -0.1, 0.1, -0.1]]);
        let [free, fifty] = money.accounts[0].earned.as_slice() else { panic!("{money:?}") };
        close(&free.equity, &[1.0, 0.9, 0.72, 0.72]);
        close(&fifty.equity, &[1.0, 0.895, 0.895 * 0.79, 0.895 * 0.79 * 0.985]);
        close(&money.costs_bp, &[0.0, 50.0]);
        assert_eq!(money.at, ["1", "2", "3", "4"]);
        assert_eq!((money.periods, money.years), (3, 0.75));
        let account = &money.accounts[0];
        assert_eq!((account.turnover, account.exposure), (Some(6.0 / 0.75), Some(1.0)));
        assert_eq!((account.hit_rate, account.break_even_bp), (Some(0.0), None));
        close(&money.hold.earned[1].equity, &[1.0, 0.895, 0.895 * 1.2, 0.895 * 1.2 * 0.995]);
    }

    /// The same signal one bar later: nothing, up, down meet −10 %, +20 % and nothing; then 1 is
    /// bought, 2 are turned and 1 is bought back: 0 + 1 + 3.
    #[test]
    fn a_bar_later_is_another_account() {
        let money = money(&panel(&[&PRICES]), "", &[&[0.0, 0.1, -0.1, 0.1]]);
        let [free, fifty] = money.accounts[0].earned.as_slice() else { panic!("{money:?}") };
        close(&free.equity, &[1.0, 1.0, 1.2, 1.2]);
        close(&fifty.equity, &[1.0, 1.0, 1.195, 1.195 * 0.985]);
        let account = &money.accounts[0];
        assert_eq!(account.hit_rate, Some(0.5));
        assert_eq!(account.exposure, Some(2.0 / 3.0));
    }

    /// Who knows the next close, and always says so, trades at that close: the knowledge is worth
    /// nothing. Here it is the first signal above, and loses.
    #[test]
    fn knowing_the_next_close_earns_nothing_of_it() {
        let panel = panel(&[&PRICES]);
        let rule = MoneySpec { periods_per_year: Some(4.0), ..MoneySpec::default() };
        let asked = Asked { models: 1, horizon: 1, step: Some(1), directions: false };
        let mut ledger = Ledger::new(&panel, &rule, asked);
        for fold in 0..3 {
            let answers = vec![answer((0, 0), fold as i64, &[PRICES[fold + 1]])];
            ledger.feed(&FoldResult { fold, answers });
        }
        close(
            &ledger.money(&[(0, "m")]).unwrap().accounts[0].earned[0].equity,
            &[1.0, 0.9, 0.72, 0.72],
        );
    }

    /// A model that saw row 1 when the others of its fold had seen row 0 cannot trade at row 1.
    #[test]
    fn an_oracle_among_models_is_refused() {
        let panel = panel(&[&PRICES]);
        let rule = MoneySpec { periods_per_year: Some(4.0), ..MoneySpec::default() };
        let asked = Asked { models: 2, horizon: 1, step: Some(1), directions: true };
        let mut ledger = Ledger::new(&panel, &rule, asked);
        let answers = vec![answer((0, 0), 0, &[0.6]), answer((0, 1), 1, &[0.6])];
        ledger.feed(&FoldResult { fold: 0, answers });
        let refused = ledger.money(&[(0, "a"), (1, "b")]).unwrap_err();
        assert_eq!(refused, Oracle { known: Stamp(1), at: Stamp(1) });
    }

    /// With opening prices 100 105 105 126, what is decided at row 0 holds from the open of row 1 to
    /// that of row 2, where nothing moved, and what is decided at row 1 gains the fifth after it.
    #[test]
    fn an_opening_price_is_the_next_price() {
        let values = vec![100.0, 105.0, 105.0, 126.0, 126.0];
        let column = Column { name: "first".into(), role: Role::Open, values, labels: Vec::new() };
        let panel = panel(&[&PRICES]).with_column(column).unwrap();
        let money = money(&panel, "open = \"first\"", &[&[0.1, 0.1]]);
        close(&money.accounts[0].earned[0].equity, &[1.0, 1.0, 1.2]);
        close(&money.accounts[0].earned[1].equity, &[1.0, 0.995, 0.995 * 1.195]);
    }

    /// Half the money each: one series gains a fifth where the other is sold short and loses a
    /// fifth; then the second has no prices left and the first is alone.
    #[test]
    fn a_portfolio_is_the_mean_of_its_series() {
        let panel = panel(&[&[10.0, 10.0, 12.0, 13.2], &[5.0, 5.0, 6.0]]);
        let money = money(&panel, "", &[&[1.0, 1.0], &[-1.0, -1.0]]);
        close(&money.accounts[0].earned[0].equity, &[1.0, 1.0, 1.1]);
        // Bought 1 and sold short 1 of half each; the short is closed; the first is sold.
        close(&[money.accounts[0].turnover.unwrap() * money.years], &[0.5 + 0.5 + 0.5 + 1.0]);
        close(&money.hold.earned[0].equity, &[1.0, 1.2, 1.32]);
    }

    /// Decisions two rows apart, forecasts of two steps: the second step is what counts, and the
    /// position is held for both. 100 → 99 is nothing said; up at row 2 trades at 118.8.
    #[test]
    fn a_horizon_is_held_whole() {
        let prices = [100.0, 110.0, 99.0, 120.0, 90.0, 96.0];
        let panel = panel(&[&prices]);
        let rule = MoneySpec { periods_per_year: Some(4.0), ..MoneySpec::default() };
        let asked = Asked { models: 1, horizon: 2, step: Some(2), directions: false };
        let mut ledger = Ledger::new(&panel, &rule, asked);
        for (fold, mean) in [[90.0, 101.0], [120.0, 98.0]].iter().enumerate() {
            let answers = vec![answer((0, 0), 2 * fold as i64, mean)];
            ledger.feed(&FoldResult { fold, answers });
        }
        let money = ledger.money(&[(0, "m")]).unwrap();
        let up = 120.0 / 110.0;
        close(&money.accounts[0].earned[0].equity, &[1.0, up, up * (1.0 - (96.0 / 120.0 - 1.0))]);
        assert_eq!((money.periods, money.years), (2, 1.0));
    }

    /// Looking at the money in the middle of a run changes nothing of what follows.
    #[test]
    fn a_look_is_no_trade() {
        let panel = panel(&[&PRICES]);
        let rule = MoneySpec { periods_per_year: Some(4.0), ..MoneySpec::default() };
        let asked = Asked { models: 1, horizon: 1, step: Some(1), directions: true };
        let run = |look: bool| {
            let mut ledger = Ledger::new(&panel, &rule, asked);
            for fold in 0..3 {
                let answers = vec![answer((0, 0), fold as i64, &[0.3 * fold as f64])];
                ledger.feed(&FoldResult { fold, answers });
                if look {
                    ledger.money(&[(0, "m")]).unwrap();
                }
            }
            ledger.money(&[(0, "m")]).unwrap()
        };
        assert_eq!(run(true), run(false));
    }
}
