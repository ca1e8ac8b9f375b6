//! What a feature may see, enforced by type: values up to an origin, and of the row asked only
//! what is known in advance.

use almanac_data::{Calendar, Role, Stamp};

/// One series laid out for features: its values, its stamps and the columns beside it.
pub struct Track<'a> {
    /// The series' name.
    pub id: &'a str,
    /// Values, oldest first, none missing; grows where forecasts are fed back.
    pub y: Vec<f64>,
    /// Stamps of the values and of the rows ahead.
    pub at: Vec<Stamp>,
    /// What stamps mean.
    pub calendar: &'a Calendar,
    /// Observations in one season; 1 = none.
    pub season: usize,
    /// Columns beside the values.
    pub beside: Vec<Beside<'a>>,
    /// Whether columns known at the end of their row may be read in the row asked.
    pub same_row: bool,
}

/// One column beside the values.
#[derive(Debug, Clone, Copy)]
pub struct Beside<'a> {
    /// Its name.
    pub name: &'a str,
    /// When it becomes known.
    pub role: Role,
    /// Over the past's rows; one value where the column is static.
    pub past: &'a [f64],
    /// Over the rows ahead, as far as they are known.
    pub ahead: &'a [f64],
}

/// What may be seen when the row `step` after the origin is asked.
#[derive(Clone, Copy)]
pub struct Seen<'a> {
    /// Values up to the origin, oldest first, none missing.
    pub y: &'a [f64],
    /// Rows from the origin to the row asked, from 1; 0 where none is asked.
    pub step: usize,
    /// Stamp of the row asked.
    pub when: Stamp,
    track: &'a Track<'a>,
}

impl<'a> Track<'a> {
    /// All of the past; no row is asked.
    pub fn past(&'a self) -> Seen<'a> {
        let when = self.y.len().checked_sub(1).and_then(|row| self.at.get(row));
        Seen { y: &self.y, step: 0, when: when.copied().unwrap_or_default(), track: self }
    }

    /// The row `step` after the first `origin` values, and what may be seen of it.
    pub fn seen(&'a self, origin: usize, step: usize) -> Seen<'a> {
        Seen { y: &self.y[..origin], step, when: self.at[origin + step - 1], track: self }
    }
}

impl<'a> Seen<'a> {
    /// The series' name.
    pub fn id(&self) -> &'a str {
        self.track.id
    }

    /// What stamps mean.
    pub fn calendar(&self) -> &'a Calendar {
        self.track.calendar
    }

    /// Observations in one season; 1 = none.
    pub fn season(&self) -> usize {
        self.track.season
    }

    /// The row asked, counted from the first value.
    pub fn asked(&self) -> usize {
        self.y.len() + self.step - 1
    }

    /// The value `lag` rows before the row asked; NaN where it is not known.
    pub fn lag(&self, lag: usize) -> f64 {
        let row = self.asked().checked_sub(lag);
        row.and_then(|row| self.y.get(row)).copied().unwrap_or(f64::NAN)
    }

    /// What could be seen one step before a row of this past; the end of it where `origin` is later.
    pub fn earlier(&self, origin: usize) -> Seen<'a> {
        self.track.seen(origin.min(self.y.len()), 1)
    }

    /// Columns beside the values, in the order of their declaration: name and role.
    pub fn columns(&self) -> impl Iterator<Item = (&'a str, Role)> {
        self.track.beside.iter().map(|beside| (beside.name, beside.role))
    }

    /// A column's value `lag` rows before the row asked; 0 is that row itself. NaN where the row
    /// is not there, where its value is missing, and where it is not known at the origin.
    pub fn column(&self, name: &str, lag: usize) -> f64 {
        let Some(beside) = self.track.beside.iter().find(|beside| beside.name == name) else {
            return f64::NAN;
        };
        if beside.role == Role::Static {
            return beside.past.first().copied().unwrap_or(f64::NAN);
        }
        let Some(row) = self.asked().checked_sub(lag) else { return f64::NAN };
        let known = row < self.y.len()
            || beside.role == Role::Known
            || (self.track.same_row && row == self.y.len());
        let value = match row.checked_sub(beside.past.len()) {
            None => beside.past.get(row),
            Some(ahead) => beside.ahead.get(ahead),
        };
        value.copied().filter(|_| known).unwrap_or(f64::NAN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// At origin 2, step 1: a past column is known at lag 1, a known one at lag 0 too.
    #[test]
    fn what_is_known_when() {
        let calendar = Calendar::steps();
        let column = |name, role| Beside { name, role, past: &[1.0, 2.0, 3.0], ahead: &[4.0] };
        let mut track = Track {
            id: "a",
            y: vec![10.0, 20.0, 30.0],
            at: (1..=4).map(Stamp).collect(),
            calendar: &calendar,
            season: 1,
            beside: vec![column("volume", Role::Past), column("holiday", Role::Known)],
            same_row: false,
        };
        let seen = track.seen(2, 1);
        assert_eq!((seen.y, seen.when), (&[10.0, 20.0][..], Stamp(3)));
        assert_eq!((seen.column("volume", 1), seen.column("holiday", 0)), (2.0, 3.0));
        assert!(seen.column("volume", 0).is_nan() && seen.column("stranger", 1).is_nan());
        let two = track.seen(2, 2);
        assert!(two.column("volume", 1).is_nan());
        assert_eq!((two.column("volume", 2), two.column("holiday", 0)), (2.0, 4.0));
        track.same_row = true;
        assert_eq!(track.seen(2, 1).column("volume", 0), 3.0);
    }
}
