//! Time: forms, zones, and the frequencies of whole panels.

use almanac_data::{Clock, Code, Freq};

use super::{csv, shown};

fn days(form: impl Fn(u32) -> String) -> String {
    let rows: Vec<String> = (1..=31).map(|day| format!("{};{day}\n", form(day))).collect();
    format!("ds;y\n{}", rows.concat())
}

/// One January in many forms, each found and said.
#[test]
fn forms_are_found_and_said() {
    let iso = csv(&days(|day| format!("2021-01-{day:02}")), "").unwrap();
    let forms: [(&str, &dyn Fn(u32) -> String); 7] = [
        ("%d/%m/%Y", &|day| format!("{day:02}/01/2021")),
        ("%m/%d/%Y", &|day| format!("1/{day}/2021")),
        ("%d.%m.%Y", &|day| format!("{day}.1.2021")),
        ("%d %B %Y", &|day| format!("{day} January 2021")),
        ("%Y%m%d", &|day| format!("202101{day:02}")),
        ("%m/%d/%Y %I:%M %p", &|day| format!("01/{day:02}/2021 12:00 AM")),
        ("ISO 8601", &|day| format!("2021-01-{day:02} 00:00:00")),
    ];
    for (said, form) in forms {
        let read = csv(&days(form), "").unwrap();
        assert_eq!(shown(&read), shown(&iso), "{said}");
        assert!(
            read.audit.reading.iter().any(|line| line.contains(&format!("({said})"))),
            "{said}"
        );
    }
}

#[test]
fn a_stated_form_settles_the_order() {
    let text = "ds,y\n01/02/2020,1\n02/02/2020,2\n";
    let months = csv(text, "date_format = \"%m/%d/%Y\"").unwrap();
    assert_eq!(shown(&months), ["f 2020-01-02=1 2020-02-02=2"]);
    let unix = csv("ds,y\n86400,1\n172800,2\n", "date_format = \"%s\"").unwrap();
    assert!(shown(&unix)[0].starts_with("f 1970-01-02T00:00:00+00:00=1"));
}

/// Integers, also as `1.0`, are steps; the usual distance is the step.
#[test]
fn steps() {
    let read = csv("ds,y\n10.0,1\n20.0,2\n40.0,4\n", "").unwrap();
    assert_eq!(shown(&read), ["f 10=1 20=2 30=NaN 40=4"]);
    assert_eq!(read.panel.calendar.freq, Freq::Steps(10));
    let years = csv("year,y\n1990,1\n1991,2\n", "").unwrap();
    assert_eq!(shown(&years), ["f 1990=1 1991=2"]);
}

/// Offsets lead to one instant, and the stated zone to local time.
#[test]
fn offsets_become_instants() {
    let text =
        "ds,y\n2021-06-01T00:00:00+02:00,1\n2021-05-31T23:00:00Z,2\n2021-06-01T05:30:00+05:30,3\n";
    let utc = csv(text, "").unwrap();
    let hours = ["22", "23", "00"].map(|hour| {
        format!("2021-{}T{hour}:00:00+00:00", if hour == "00" { "06-01" } else { "05-31" })
    });
    assert_eq!(shown(&utc), [format!("f {}=1 {}=2 {}=3", hours[0], hours[1], hours[2])]);
    let berlin = csv(text, "zone = \"Europe/Berlin\"").unwrap();
    assert!(shown(&berlin)[0].starts_with("f 2021-06-01T00:00:00+02:00=1"));
}

/// The hour that Berlin repeats in October is two hours, the one it skips in March is no gap.
#[test]
fn days_of_25_and_23_hours() {
    let rows = |day: &str, hours: &[u32]| -> String {
        hours.iter().map(|hour| format!("{day} {hour:02}:00,{hour}\n")).collect()
    };
    let autumn: Vec<u32> = (0..3).chain(2..24).collect();
    let text = format!("ds,y\n{}", rows("2023-10-29", &autumn));
    let read = csv(&text, "zone = \"Europe/Berlin\"").unwrap();
    assert_eq!((read.panel.rows(), read.panel.calendar.freq), (25, "h".parse().unwrap()));
    assert!(shown(&read)[0].contains("2023-10-29T02:00:00+02:00=2 2023-10-29T02:00:00+01:00=2"));
    let spring: Vec<u32> = (0..2).chain(3..24).collect();
    let text = format!("ds,y\n{}", rows("2023-03-26", &spring));
    let read = csv(&text, "zone = \"Europe/Berlin\"").unwrap();
    assert_eq!((read.panel.rows(), read.audit.count(Code::Gaps)), (23, 0));
}

/// Local noon of a zone with clock changes stays daily.
#[test]
fn daily_stamps_follow_the_zone() {
    let rows: String = (20..=31).map(|day| format!("2023-03-{day} 12:00,{day}\n")).collect();
    let read = csv(&format!("ds,y\n{rows}"), "zone = \"Europe/Berlin\"").unwrap();
    assert_eq!(read.panel.calendar.freq, Freq::Days(1));
    assert_eq!((read.panel.rows(), read.audit.count(Code::Gaps)), (12, 0));
}

/// Monday to Friday; the day on which no series trades is closed, the day on which one does not is a gap.
#[test]
fn business_days() {
    let mut text = String::from("unique_id,ds,y\n");
    for (id, absent) in [("a", [8, 99]), ("b", [8, 15])] {
        for day in (6..=24).filter(|day| ![11, 12, 18, 19].contains(day) && !absent.contains(day)) {
            text.push_str(&format!("{id},2020-01-{day:02},1\n"));
        }
    }
    let read = csv(&text, "").unwrap();
    let calendar = &read.panel.calendar;
    assert_eq!(calendar.freq, Freq::BusinessDays);
    let closed: Vec<String> = calendar.closed.iter().map(|&at| calendar.show(at)).collect();
    assert_eq!(closed, ["2020-01-08"]);
    assert_eq!((read.audit.count(Code::Gaps), read.panel.rows()), (1, 28));
    let gap = read.audit.findings.iter().find(|found| found.code == Code::Gaps).unwrap();
    assert_eq!((gap.unique_id.as_deref(), gap.first.as_str()), (Some("b"), "2020-01-15"));
}

/// Bars from 09:00 to 15:00 on weekdays; a bar that one series lacks is a gap, a short day of all is not.
#[test]
fn sessions() {
    let mut text = String::from("unique_id,ds,y\n");
    for id in ["a", "b"] {
        for day in (6..=17).filter(|day| ![11, 12].contains(day)) {
            let last = if day == 10 { 11 } else { 15 };
            for hour in (9..=last).filter(|&hour| (id, day, hour) != ("b", 14, 12)) {
                text.push_str(&format!("{id},2020-01-{day:02} {hour:02}:00,1\n"));
            }
        }
    }
    let read = csv(&text, "").unwrap();
    let hour = 3_600_000_000;
    let freq = Freq::Sessions { every: hour, open: 9 * hour, close: 15 * hour };
    assert_eq!((read.panel.calendar.freq, read.panel.season), (freq, 7));
    assert_eq!(read.audit.count(Code::Gaps), 1);
    assert_eq!(read.panel.calendar.clock, Clock::Wall);
}

/// Month ends come back from a February of 28 days; a month left out is a gap.
#[test]
fn month_ends() {
    let text = "ds,y\n2021-01-31,1\n2021-02-28,2\n2021-04-30,4\n2021-05-31,5\n";
    let read = csv(text, "").unwrap();
    let months = "f 2021-01-31=1 2021-02-28=2 2021-03-31=NaN 2021-04-30=4 2021-05-31=5";
    assert_eq!((shown(&read)[0].as_str(), read.panel.season), (months, 12));
    assert_eq!(shown(&csv(text, "freq = \"MS\"").unwrap()), [months]);
}

#[test]
fn quarters_and_months_without_days() {
    let quarters = csv("ds,y\n2020Q1,1\n2020Q2,2\n2020Q4,4\n", "").unwrap();
    assert_eq!(shown(&quarters), ["f 2020-01-01=1 2020-04-01=2 2020-07-01=NaN 2020-10-01=4"]);
    let months = csv("month,y\n2020-11,1\n2020-12,2\n2021-01,3\n", "").unwrap();
    assert_eq!(shown(&months), ["f 2020-11-01=1 2020-12-01=2 2021-01-01=3"]);
}

/// A few quarters among months: refused unless the frequency is stated, then counted.
#[test]
fn a_stated_frequency_takes_mixed_series() {
    let mut text = String::from("unique_id,ds,y\n");
    for k in 0..24 {
        text.push_str(&format!("m,{}-{:02}-01,1\n", 2000 + k / 12, k % 12 + 1));
    }
    for k in 0..8 {
        text.push_str(&format!("q,{}-{:02}-01,1\n", 2000 + k / 4, k % 4 * 3 + 1));
    }
    assert!(csv(&text, "").unwrap_err().to_string().contains("`MS in 1 series`, `QS in 1 series`"));
    let read = csv(&text, "freq = \"MS\"").unwrap();
    assert_eq!((read.audit.count(Code::MixedFrequency), read.audit.count(Code::Gaps)), (8, 14));
}

#[test]
fn a_season_may_be_stated() {
    assert_eq!(csv("ds,y\n1,1\n2,2\n", "season = 12").unwrap().panel.season, 12);
}
