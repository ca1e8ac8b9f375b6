//! Words and numbers: what a reader sees of a value, a name or a metric.

use almanac_data::Measure;

/// A dash in place of a number that is not defined, as HTML.
pub const MISSING: &str = "<span title=\"not defined\">—</span>";

/// Text made safe between tags and inside quoted attributes.
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(c),
        }
    }
    safe
}

/// A sentence as HTML: what it names in backticks becomes code.
pub fn prose(text: &str) -> String {
    let safe = escape(text);
    let parts: Vec<&str> = safe.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return safe;
    }
    let part = |(i, part): (usize, &&str)| match i % 2 {
        0 => part.to_string(),
        _ => format!("<code>{part}</code>"),
    };
    parts.iter().enumerate().map(part).collect()
}

/// A frequency in words: `D` → `daily`; codes that are no single word stay.
pub fn frequency(code: &str) -> String {
    let word = match code {
        "h" => "hourly",
        "D" => "daily",
        "B" => "business days",
        "W" => "weekly",
        "MS" | "ME" => "monthly",
        "QS" | "QE" => "quarterly",
        "YS" | "YE" => "yearly",
        "1" => "steps",
        other => other,
    };
    word.to_string()
}

/// Four significant digits, thousands separated; powers of ten outside 10⁻⁴ … 10⁹; a dash for
/// what is not finite.
pub fn number(value: f64) -> String {
    if !value.is_finite() {
        return "—".to_string();
    }
    if value == 0.0 {
        return "0".to_string();
    }
    let rounded = format!("{value:.3e}");
    let exponent = rounded.split('e').nth(1).and_then(|e| e.parse().ok()).unwrap_or(0_i32);
    match exponent {
        -4..=8 => fixed(value, usize::try_from(3 - exponent).unwrap_or(0)),
        _ => {
            let digits = rounded.split('e').next().unwrap_or_default().replace('-', "−");
            format!("{digits} × 10{}", superscript(exponent))
        }
    }
}

/// A number with so many decimals, thousands separated.
pub fn fixed(value: f64, decimals: usize) -> String {
    let written = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = written.split_once('.').unwrap_or((&written, ""));
    let sign =
        if value < 0.0 && written.contains(|c| ('1'..='9').contains(&c)) { "−" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{}{point}{fraction}", grouped(whole))
}

/// A count, thousands separated.
pub fn count(n: usize) -> String {
    grouped(&n.to_string())
}

/// A count with its noun: `1 series`, `2 models`.
pub fn plural(n: usize, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

/// Decimals that give the smallest value of a column four significant digits; the middle one
/// where the column spans more than two powers of ten.
pub fn decimals(column: &[f64]) -> usize {
    let mut sizes: Vec<f64> =
        column.iter().map(|v| v.abs()).filter(|v| v.is_finite() && *v > 0.0).collect();
    sizes.sort_by(f64::total_cmp);
    let [smallest, .., largest] = sizes[..] else {
        return sizes.first().map_or(0, |only| places(*only));
    };
    places(if largest <= 100.0 * smallest { smallest } else { sizes[sizes.len() / 2] })
}

fn places(size: f64) -> usize {
    (3.0 - size.log10().floor()).clamp(0.0, 6.0) as usize
}

/// A cell of a column of so many decimals, as HTML; its own digits where those would not show it.
pub fn aligned(value: f64, decimals: usize) -> String {
    let size = value.abs();
    if !value.is_finite() {
        return MISSING.to_string();
    }
    let shown = value == 0.0 || (10.0 * 0.1_f64.powi(decimals as i32) <= size && size < 1e9);
    if shown { fixed(value, decimals) } else { number(value) }
}

/// A p-value, as HTML: `0.034`, `< 0.001`.
pub fn p_value(p: f64) -> String {
    match p {
        p if !p.is_finite() => MISSING.to_string(),
        p if p < 0.001 => "&lt;\u{a0}0.001".to_string(),
        p => format!("{p:.3}"),
    }
}

/// Seconds, as HTML, to the millisecond at most: `14.2`, `0.835`, `< 0.001`.
pub fn seconds(s: f64) -> String {
    match s {
        s if !s.is_finite() => MISSING.to_string(),
        s if s < 0.0005 => "&lt;\u{a0}0.001".to_string(),
        s if s < 10.0 => fixed(s, 3),
        s if s < 1000.0 => fixed(s, 1),
        s => fixed(s, 0),
    }
}

/// Bytes in the unit that suits their size.
pub fn bytes(n: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let (mut size, mut unit) = (n as f64, 0);
    while size >= 1024.0 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    match unit {
        0 => format!("{} bytes", grouped(&n.to_string())),
        _ => format!("{size:.1} {}", UNITS[unit]),
    }
}

/// A level of trading cost in words: `before costs`, `at 50 bp`.
pub fn at_cost(bp: f64) -> String {
    if bp == 0.0 { "before costs".to_string() } else { format!("at {bp} bp") }
}

/// The usual spelling of a metric: `smape` → `sMAPE`, `coverage-80` → `coverage 80`.
pub fn metric(name: &str) -> String {
    match name {
        "smape" => "sMAPE".to_string(),
        "r2" => "R²".to_string(),
        "mae" | "rmse" | "mape" | "wape" | "mase" | "rmsse" | "owa" | "crps" | "msis" | "mse" => {
            name.to_uppercase()
        }
        _ => name.replace(['_', '-'], " "),
    }
}

/// A metric with its unit in brackets, where it has one of its own: `sMAPE (%)`.
pub fn with_unit(name: &str, measure: Option<&Measure>) -> String {
    match measure.map(|m| m.unit.as_str()) {
        None | Some("" | "value") => metric(name),
        Some(unit) => format!("{} ({unit})", metric(name)),
    }
}

/// A metric with a score: `sMAPE 21.67 %`.
pub fn scored(name: &str, measure: Option<&Measure>, score: f64) -> String {
    format!("{} {}", metric(name), score_with_unit(measure, score))
}

/// A score, with the unit where it has one of its own: `21.67 %`.
pub fn score_with_unit(measure: Option<&Measure>, score: f64) -> String {
    match measure.map(|m| m.unit.as_str()) {
        None | Some("" | "value") => number(score),
        Some(unit) => format!("{}\u{a0}{unit}", number(score)),
    }
}

fn grouped(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

fn superscript(exponent: i32) -> String {
    let raised = |c| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        c => char::from_u32(0x2070 + (c as u32 - '0' as u32)).unwrap_or(c),
    };
    exponent.to_string().chars().map(raised).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four digits carry over: 9999.6 is 10,000 and not 9,1000.
    #[test]
    fn numbers_keep_four_digits() {
        let shown = [0.0, 21.6721, 9999.6, 1234567.0, -0.0012344, 1e12, -2.5e-7];
        let expected =
            ["0", "21.67", "10,000", "1,234,567", "−0.001234", "1.000 × 10¹²", "−2.500 × 10⁻⁷"];
        assert_eq!(shown.map(number), expected);
        assert_eq!(number(f64::NAN), "—");
        assert_eq!(aligned(f64::INFINITY, 2), MISSING);
    }

    /// 0.8684 of {0.8684, 1.03} needs four decimals. The middle of {0.9, 21.5, 1030} is 21.5: two;
    /// there 0.0001 would vanish and keeps its own.
    #[test]
    fn a_column_shares_its_decimals() {
        assert_eq!(decimals(&[1.03, 0.8684]), 4);
        assert_eq!(decimals(&[1030.0, f64::NAN, 21.5, 0.9]), 2);
        assert_eq!(aligned(1030.0, 2), "1,030.00");
        assert_eq!(aligned(0.0001, 2), "0.0001000");
        assert_eq!(aligned(-0.0, 2), "0.00");
        assert_eq!(decimals(&[]), 0);
    }

    #[test]
    fn markup_becomes_text() {
        assert_eq!(escape("<b a='\"'>&"), "&lt;b a=&#39;&quot;&#39;&gt;&amp;");
    }

    /// A pair of backticks makes code; one alone stays what it is.
    #[test]
    fn backticks_come_in_pairs() {
        assert_eq!(prose("id: `a<b`, target"), "id: <code>a&lt;b</code>, target");
        assert_eq!(prose("a ` b"), "a ` b");
    }

    #[test]
    fn sizes_and_probabilities_are_readable() {
        assert_eq!(bytes(999), "999 bytes");
        assert_eq!(bytes(3 * 1024 * 1024 / 2), "1.5 MiB");
        assert_eq!(p_value(0.0004), "&lt;\u{a0}0.001");
        assert_eq!(p_value(0.0344), "0.034");
    }
}
