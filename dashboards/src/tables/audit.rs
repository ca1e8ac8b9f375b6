//! The audit: how the data was read, what was found in it, and what tidying changed.

use std::collections::BTreeMap;

use almanac_data::{Code, Finding, Fix, Report};

use super::{scrolling, some_of};
use crate::text::{count, escape, plural, prose};

/// Names of series shown for each finding.
const SHOWN: usize = 8;

/// Three short parts under their own headings.
pub fn audit(report: &Report) -> String {
    let reading: String =
        report.audit.reading.iter().map(|line| format!("<li>{}</li>", prose(line))).collect();
    let reading = match reading.as_str() {
        "" => "<p>Nothing was noted.</p>".to_string(),
        lines => format!("<ul>{lines}</ul>"),
    };
    format!(
        "<h3>How it was read</h3>{reading}<h3>What was found</h3>{}<h3>What tidying changed</h3>{}",
        findings(&report.audit.findings),
        fixes(&report.manifest.tidied.fixes)
    )
}

fn findings(findings: &[Finding]) -> String {
    if findings.is_empty() {
        return "<p>Nothing: the data is clean.</p>".to_string();
    }
    let mut by_code: BTreeMap<Code, Vec<&Finding>> = BTreeMap::new();
    for finding in findings {
        by_code.entry(finding.code).or_default().push(finding);
    }
    let row = |(code, found): (&Code, &Vec<&Finding>)| {
        let named = || found.iter().filter_map(|f| f.unique_id.as_deref());
        let rows = found.iter().map(|f| f.count).sum();
        format!(
            "<tr><th scope=row class=words>{}</th><td class=n>{}</td><td class=n>{}</td>\
             <td class=words>{}</td><td class=words>{}</td></tr>",
            words(*code),
            count(rows),
            if named().next().is_some() { count(named().count()) } else { String::new() },
            found.first().map(|f| prose(&f.first)).unwrap_or_default(),
            some_of(named(), SHOWN),
        )
    };
    let table = format!(
        "<table><thead><tr><th scope=col>Finding</th><th scope=col class=n>Rows</th>\
         <th scope=col class=n>Series</th><th scope=col>First seen</th><th scope=col>In</th></tr>\
         </thead><tbody>{}</tbody></table>",
        by_code.iter().map(row).collect::<String>()
    );
    scrolling("Findings", &table)
}

/// What tidying changed.
pub fn fixes(fixes: &[Fix]) -> String {
    if fixes.is_empty() {
        return "<p>Nothing: the models saw the data as it was read.</p>".to_string();
    }
    let row = |fix: &Fix| {
        format!(
            "<tr><th scope=row class=words>{}</th><td class=words>{}</td><td class=n>{}</td>\
             <td class=n>{}</td></tr>",
            words(fix.code),
            escape(&fix.how),
            count(fix.rows),
            count(fix.series)
        )
    };
    let table = format!(
        "<table><thead><tr><th scope=col>Finding</th><th scope=col>Answer</th>\
         <th scope=col class=n>Rows</th><th scope=col class=n>Series</th></tr></thead>\
         <tbody>{}</tbody></table>",
        fixes.iter().map(row).collect::<String>()
    );
    scrolling("Fixes", &table)
}

/// How many of what a code counts: columns where they were left out, rows otherwise.
pub fn counted(code: Code, n: usize) -> String {
    match code {
        Code::Undeclared => plural(n, "column", "columns"),
        _ => plural(n, "row", "rows"),
    }
}

/// A code in words.
pub fn words(code: Code) -> &'static str {
    match code {
        Code::Duplicates => "Rows repeated for one series and time",
        Code::Gaps => "Times that are absent",
        Code::Disorder => "Rows out of order",
        Code::Missing => "Rows without a value",
        Code::Infinite => "Infinite values",
        Code::NotNumeric => "Text where a number is expected",
        Code::BadTime => "Times that could not be read",
        Code::Constant => "Constant series",
        Code::Negative => "Negative values in a positive series",
        Code::Outliers => "Outliers",
        Code::MixedFrequency => "Another frequency than the panel's",
        Code::OffGrid => "Times off the grid",
        Code::TooShort => "Too short for the horizon and a season",
        Code::Undeclared => "Columns left out: nobody declared them",
        Code::NoId => "Rows without a name",
        Code::Zeros => "Zeros that stand for no value",
        Code::Unmatched => "Rows without a partner in another file",
    }
}
