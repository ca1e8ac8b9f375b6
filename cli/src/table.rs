//! Tables for people: aligned, and as wide as the terminal lets them be.

/// A column: its title, how its cells stand, and when it gives way.
pub struct Column {
    title: String,
    right: bool,
    /// Columns with a higher rank leave first when the terminal is narrow; 0 stays.
    rank: usize,
}

/// Columns and rows of text.
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

impl Column {
    /// Text, flush left.
    pub fn left(title: impl Into<String>, rank: usize) -> Column {
        Column { title: title.into(), right: false, rank }
    }

    /// Numbers, flush right.
    pub fn right(title: impl Into<String>, rank: usize) -> Column {
        Column { title: title.into(), right: true, rank }
    }
}

impl Table {
    /// A table without rows.
    pub fn new(columns: Vec<Column>) -> Table {
        Table { columns, rows: Vec::new() }
    }

    /// Adds a row, one cell a column.
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// The lines of the table, title first, none wider than `width` while there is a column that
    /// may leave; and the titles of the columns that left.
    pub fn lines(&self, width: usize) -> (Vec<String>, Vec<&str>) {
        let mut kept: Vec<usize> = (0..self.columns.len()).collect();
        let mut gone = Vec::new();
        let total = |kept: &[usize]| {
            kept.iter().map(|&c| self.width(c)).sum::<usize>() + 2 * kept.len().saturating_sub(1)
        };
        while total(&kept) > width {
            let rank = |&place: &usize| (self.columns[kept[place]].rank, place);
            let Some(last) = (0..kept.len()).max_by_key(rank) else { break };
            if self.columns[kept[last]].rank == 0 {
                break;
            }
            gone.push(self.columns[kept.remove(last)].title.as_str());
        }
        gone.reverse();
        let titles = self.columns.iter().map(|column| column.title.clone()).collect();
        let lines = std::iter::once(&titles).chain(&self.rows);
        (lines.map(|cells| self.line(cells, &kept)).collect(), gone)
    }

    fn line(&self, cells: &[String], kept: &[usize]) -> String {
        let cell = |&c: &usize| {
            let gap = " ".repeat(self.width(c).saturating_sub(cells[c].chars().count()));
            if self.columns[c].right { gap + &cells[c] } else { cells[c].clone() + &gap }
        };
        let line = kept.iter().map(cell).collect::<Vec<_>>().join("  ");
        line.trim_end().to_string()
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().map(|row| &row[column]);
        let all = cells.chain([&self.columns[column].title]);
        all.map(|cell| cell.chars().count()).max().unwrap_or(0)
    }
}

/// A number with five digits that tell, or in powers of ten where that would be long.
pub fn number(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() {
        return "-".into();
    }
    if size != 0.0 && !(1e-4..1e9).contains(&size) {
        return format!("{value:.3e}");
    }
    let whole = if size < 1.0 { 0 } else { size.log10() as usize };
    format!("{value:.*}", 4_usize.saturating_sub(whole))
}

/// Seconds for people: `0.42 s`, `12.3 s`, `4 min 05 s`, `3 h 20 min`.
pub fn seconds(value: f64) -> String {
    let whole = value.round() as u64;
    match value {
        v if v < 10.0 => format!("{v:.2} s"),
        v if v < 100.0 => format!("{v:.1} s"),
        v if v < 3600.0 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole % 3600 / 60),
    }
}

/// Bytes for people, in powers of 1024.
pub fn bytes(count: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut size = count as f64;
    let mut unit = 0;
    while size >= 1024.0 && unit + 1 < units.len() {
        size /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{count} B") } else { format!("{size:.1} {}", units[unit]) }
}

/// `1 series`, `2 folds`: a count and its noun.
pub fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 || noun.ends_with('s') { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// On a narrow terminal the column of highest rank leaves, and is named.
    #[test]
    fn narrow() {
        let columns =
            vec![Column::left("model", 0), Column::right("mae", 1), Column::right("p", 2)];
        let mut table = Table::new(columns);
        table.row(vec!["naive".into(), "12.5".into(), "0.03".into()]);
        assert_eq!(table.lines(80).0, ["model   mae     p", "naive  12.5  0.03"]);
        assert_eq!(table.lines(12), (vec!["model   mae".into(), "naive  12.5".into()], vec!["p"]));
        assert_eq!(table.lines(3).0, ["model", "naive"]);
    }

    /// Five digits tell, whatever the size.
    #[test]
    fn numbers() {
        let shown = [21.6724, 0.86844, 123456.7, -3.5, 0.0, 2.5e-7, 1e12, f64::NAN].map(number);
        let expected =
            ["21.672", "0.8684", "123457", "-3.5000", "0.0000", "2.500e-7", "1.000e12", "-"];
        assert_eq!(shown, expected);
        assert_eq!([0.4, 245.0, 12_000.0].map(seconds), ["0.40 s", "4 min 05 s", "3 h 20 min"]);
        assert_eq!([17, 1536, 3 << 30].map(bytes), ["17 B", "1.5 KiB", "3.0 GiB"]);
    }
}
