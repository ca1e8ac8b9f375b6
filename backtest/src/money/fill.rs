//! When a decision trades: at a price later than all it was made from, by type.

use almanac_data::Stamp;

/// A share of the account to hold, and the last stamp of what it was decided from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decision {
    /// Nothing after this row was known.
    pub known: Stamp,
    /// 1 is all of the account, −1 as much sold short, 0 nothing.
    pub position: f64,
}

/// A price and the row in which it stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quote {
    /// The row's stamp.
    pub at: Stamp,
    /// The price.
    pub price: f64,
}

/// A decision at the price it trades at. There is none whose price was known when it was decided.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fill {
    position: f64,
    quote: Quote,
}

/// A decision that claims a price which it had seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a decision from what was known at {} cannot trade at a price of {}", known.0, at.0)]
pub struct Oracle {
    /// The last stamp that the decision had seen.
    pub known: Stamp,
    /// The stamp of the price.
    pub at: Stamp,
}

impl Fill {
    /// The decision at this price.
    ///
    /// # Errors
    /// A price of a row that the decision had seen.
    pub fn new(decision: Decision, quote: Quote) -> Result<Fill, Oracle> {
        if quote.at <= decision.known {
            return Err(Oracle { known: decision.known, at: quote.at });
        }
        Ok(Fill { position: decision.position, quote })
    }

    /// What is held from now on.
    pub fn position(&self) -> f64 {
        self.position
    }

    /// Where it traded.
    pub fn quote(&self) -> Quote {
        self.quote
    }
}

/// The prices of one series at which one can trade.
#[derive(Debug, Clone, Copy)]
pub struct Quotes<'a> {
    /// The rows' stamps, increasing.
    pub at: &'a [Stamp],
    /// A price each, of the open or of the end of the row; NaN = none.
    pub prices: &'a [f64],
}

impl Quotes<'_> {
    /// The row of the first price after what was known.
    pub fn after(&self, known: Stamp) -> Option<usize> {
        let row = self.at.partition_point(|&at| at <= known);
        self.from(row)
    }

    /// The row of the first price at this row or later.
    pub fn from(&self, row: usize) -> Option<usize> {
        (row..self.prices.len()).find(|&row| !self.prices[row].is_nan())
    }

    /// The row of the last price at this row or before.
    pub fn until(&self, row: usize) -> Option<usize> {
        (0..self.prices.len().min(row + 1)).rev().find(|&row| !self.prices[row].is_nan())
    }

    /// The price of a row.
    pub fn quote(&self, row: usize) -> Quote {
        Quote { at: self.at[row], price: self.prices[row] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who has seen the row of a price cannot trade at it; who has seen the row before can.
    #[test]
    fn an_oracle_is_refused() {
        let quote = Quote { at: Stamp(5), price: 101.0 };
        let decided = |known| Fill::new(Decision { known: Stamp(known), position: 1.0 }, quote);
        assert_eq!(decided(4).unwrap().quote(), quote);
        assert_eq!(decided(5), Err(Oracle { known: Stamp(5), at: Stamp(5) }));
        assert!(decided(6).unwrap_err().to_string().contains("cannot trade"));
    }

    /// Rows 1 3 5 7 with a hole at 5: after 3 the next price is 7's, and up to 5 the last is 3's.
    #[test]
    fn holes_have_no_price() {
        let at = [1, 3, 5, 7].map(Stamp);
        let quotes = Quotes { at: &at, prices: &[10.0, 11.0, f64::NAN, 12.0] };
        assert_eq!(quotes.after(Stamp(3)), Some(3));
        assert_eq!(quotes.after(Stamp(2)), Some(1));
        assert_eq!(quotes.after(Stamp(7)), None);
        assert_eq!(quotes.until(2), Some(1));
        assert_eq!(quotes.quote(3), Quote { at: Stamp(7), price: 12.0 });
    }
}
