//! What a ledger says: figures of each account under each cost, and how far they can be trusted.

use almanac_data::{Account, Money};

use super::figures::{break_even, earned, some, thinned};
use super::fill::Oracle;
use super::ledger::{Book, Ledger};
use super::overfit::overfitting;
use super::sharpe::{Shape, bar};

impl Ledger<'_> {
    /// The accounts of these models, by their place in the run and their names, as if everything was
    /// sold where the last forecast ends.
    ///
    /// # Errors
    /// An answer that had seen the price at which the others of its fold traded.
    pub fn money(&self, order: &[(usize, &str)]) -> Result<Money, Oracle> {
        if let Some(oracle) = self.oracle {
            return Err(oracle);
        }
        let mut whole = self.clone();
        whole.end(&vec![None; self.panel.len()]);
        Ok(whole.statement(order))
    }

    /// Why there is no money, where an answer was refused.
    pub fn refused(&self) -> Option<String> {
        self.oracle.map(|oracle| format!("money is left out: {oracle}"))
    }

    fn statement(&self, order: &[(usize, &str)]) -> Money {
        let costs_bp: Vec<f64> =
            self.rule.costs_bp.iter().map(|cost| cost + self.rule.slippage_bp).collect();
        let rates: Vec<f64> = costs_bp.iter().map(|cost| cost / 1e4).collect();
        let years = self.rows / self.rule.rows_per_year();
        let models: Vec<&Book> = order.iter().map(|&(model, _)| &self.books[model]).collect();
        let by_rate = |rate: &f64| models.iter().map(|book| book.net(*rate)).collect();
        let net: Vec<Vec<Vec<f64>>> = rates.iter().map(by_rate).collect();
        let ratio = |own: &Vec<f64>| Shape::of(own).map(|shape| shape.sharpe);
        let bars: Vec<f64> = net
            .iter()
            .map(|models| bar(&models.iter().filter_map(ratio).collect::<Vec<_>>()))
            .collect();
        let account = |name: &str, book: &Book| Account {
            name: name.into(),
            turnover: some(book.traded.iter().sum::<f64>() / years),
            hit_rate: some(book.hits as f64 / book.taken as f64),
            exposure: some(book.sizes / book.places as f64),
            break_even_bp: break_even(&book.gross, &book.traded).map(|cost| 1e4 * cost),
            earned: rates
                .iter()
                .zip(&bars)
                .map(|(rate, bar)| earned(&book.net(*rate), years, *bar))
                .collect(),
        };
        let show = |&at: &almanac_data::Stamp| self.panel.calendar.show(at);
        Money {
            rule: self.rule.words(),
            costs_bp,
            periods: self.at.len().saturating_sub(1),
            years,
            at: thinned(&self.at, |part| part[part.len() - 1]).iter().map(show).collect(),
            accounts: order.iter().zip(&models).map(|(o, book)| account(o.1, book)).collect(),
            hold: account("buy and hold", &self.books[self.books.len() - 1]),
            overfitting: net.iter().map(|models| overfitting(models)).collect(),
            notes: self.notes(),
        }
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = vec![
            format!(
                "{} periods from one decision to the next; a drawdown inside a period is not seen",
                self.at.len().saturating_sub(1)
            ),
            "every series has an equal share of the money at each decision, moved between series \
             free of cost; cash and sold shares earn nothing"
                .into(),
        ];
        if self.rule.slippage_bp > 0.0 {
            notes.push(format!("{} bp of each cost are slippage", self.rule.slippage_bp));
        }
        if self.apart {
            notes.push(
                "series do not trade on the same days: the portfolio is one of folds, not of dates"
                    .into(),
            );
        }
        notes
    }
}

impl Book {
    /// The return of each period after costs, a share of what is traded.
    fn net(&self, rate: f64) -> Vec<f64> {
        self.gross.iter().zip(&self.traded).map(|(gross, traded)| gross - rate * traded).collect()
    }
}
