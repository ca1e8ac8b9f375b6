//! What a page holds, and what it never lets through.

mod sample;

use almanac_dashboards::{PLOTLY_JS, report};
use almanac_data::Report;

fn page(name: &str) -> String {
    report(&sample::report(name).unwrap())
}

/// The page without plotly.js, whose own text is not under test.
fn ours(name: &str) -> String {
    report_without_plotly(&sample::report(name).unwrap())
}

fn report_without_plotly(of: &Report) -> String {
    report(of).replacen(PLOTLY_JS, "", 1)
}

/// The parts stand in reading order, each once, and each is linked from the contents.
#[test]
fn parts_stand_in_reading_order() {
    let page = ours("plain");
    let parts =
        ["leaderboard", "forecasts", "errors", "residuals", "worst", "failures", "audit", "origin"];
    let places: Vec<usize> = parts
        .iter()
        .map(|part| {
            assert_eq!(page.matches(&format!("<a href=\"#{part}\">")).count(), 1, "{part}");
            let heads: Vec<_> = page.match_indices(&format!("<section id={part}>")).collect();
            assert_eq!(heads.len(), 1, "{part}");
            heads[0].0
        })
        .collect();
    assert!(places.is_sorted(), "{places:?}");
}

/// Directions and money have parts of their own where there are some, and none elsewhere.
#[test]
fn traded_runs_have_two_parts_more() {
    let page = ours("traded");
    let place = |part: &str| page.find(&format!("<section id={part}>")).unwrap();
    let order = ["leaderboard", "directions", "money", "errors"].map(place);
    assert!(order.is_sorted(), "{order:?}");
    assert!(
        page.contains("Of 10,000 directions 52.6\u{a0}% were up: always calling up is right 52.6")
    );
    assert!(page.contains("Probability of overfitting: 31.0\u{a0}%."));
    assert!(page.contains("too few models or decisions for a probability of overfitting"));
    assert_eq!(page.matches("buy and hold</span>").count(), 4);
    assert!(!page.contains("<section id=forecasts>") && !page.contains("<section id=residuals>"));
    let plain = ours("plain");
    assert!(!plain.contains("<section id=directions>") && !plain.contains("<section id=money>"));
}

/// A table has test sets and no parts of time; 42 cells a set and metric, one more of the baseline
/// over all three groups, and a spread where there are folds.
#[test]
fn tables_show_their_test_sets() {
    let page = ours("table");
    let place = |part: &str| page.find(&format!("<section id={part}>"));
    let order = ["leaderboard", "sets", "variants", "failures", "origin"].map(place);
    assert!(order.iter().all(Option::is_some) && order.is_sorted(), "{order:?}");
    assert!(
        ["forecasts", "errors", "residuals", "worst", "audit"].iter().all(|p| place(p).is_none())
    );
    assert_eq!(page.matches("<span class=sd> ±").count(), 2 * 43);
    assert_eq!(page.matches("colspan=1>").count(), 2 * 4 * 42);
    let groups = ["variance", "discharge", "full"];
    let heads = groups.map(|group| format!("\">{group}</th>"));
    assert_eq!(heads.each_ref().map(|head| page.matches(head).count()), [8; 3]);
    assert!(heads.map(|head| page.find(&head)).is_sorted());
    assert!(page.contains("<dt>Test sets</dt><dd>4</dd>") && !page.contains("<dt>Season</dt>"));
    assert!(page.contains("<p>Best on MAPE: "));
}

/// Of the three pairs of each of 14 learners one is told apart: the first of each is better by
/// 1.53, and the table over learners counts them.
#[test]
fn variants_are_told_apart() {
    let page = ours("table");
    assert!(page.contains(
        "<td>variance</td><td>discharge</td><td class=n>14</td>\
         <td class=n>14 (14)</td><td class=n>0 (0)</td><td class=n>−1.530</td>"
    ));
    assert!(page.contains(
        "<td class=best>variance</td><td>discharge</td><td class=n>−1.530</td>\
         <td class=n>81.0</td><td class=n>&lt;\u{a0}0.001</td><td class=n>0.210</td>"
    ));
    assert!(page.contains("of 28 tests of equals about 1.4 would be"));
    assert!(!ours("plain").contains("<section id=variants>"));
}

/// Who sees what is asked is not praised: the verdict, what is bold and the charts are of the next.
#[test]
fn a_leak_is_never_the_best() {
    let page = ours("leaky");
    assert!(page.contains(
        "<strong>forest/chaos</strong> is best on sMAPE among models that read only what is known"
    ));
    assert!(page.contains("<strong>Leak:</strong> forest/chaos_and_weekday reads columns"));
    // On the leaderboard, and in its three contrasts twice: alone and over learners.
    assert_eq!(page.matches(">leak</span>").count(), 1 + 2 * 3);
    assert!(page.contains("sMAPE 12.40\u{a0}% for forest/chaos."));
    assert!(
        page.contains("<td class=\"n\" data-v=\"21.672\">")
            && page.contains("<td class=\"n best\" data-v=\"22.882\">")
    );
    let mut all = sample::report("leaky").unwrap();
    all.leaderboard.rows.iter_mut().for_each(|row| row.leaks = true);
    assert!(report(&all).contains("No verdict: every model reads columns before they are known."));
}

#[test]
fn the_verdict_is_a_sentence() {
    assert!(ours("traded").contains(
        "<strong>forest</strong> is best on accuracy: 0.5480 against 0.5040 for the baseline \
         seasonal_naive, 8.7\u{a0}% higher"
    ));
    assert!(ours("traded").contains("Always calling up is right 52.6\u{a0}% of the time."));
    assert!(ours("plain").contains(
        "<strong>auto_ets</strong> is best on sMAPE: 21.67\u{a0}% against 26.51\u{a0}% for the \
         baseline seasonal_naive, 18\u{a0}% lower, a difference that is significant \
         (Diebold-Mariano, p\u{a0}&lt;\u{a0}0.001)."
    ));
    assert!(ours("one").contains("there is no other model to compare it with."));
    assert!(ours("bare").contains("No model has a score on sMAPE."));
}

/// When the baseline wins, the page says so instead of praising it.
#[test]
fn a_baseline_on_top_is_said_plainly() {
    let mut odd = sample::report("plain").unwrap();
    odd.leaderboard.baseline = "auto_ets".to_string();
    let page = report(&odd);
    assert!(page.contains("No model beats the baseline: <strong>auto_ets</strong> is best"));
    assert!(page.contains("theta comes next with 22.88\u{a0}%, a difference that is significant"));
}

/// Without a test there is no claim: neither significant nor not.
#[test]
fn an_untested_difference_is_not_called_significant() {
    let mut untested = sample::report("plain").unwrap();
    untested.leaderboard.rows[0].p_value = None;
    let page = report(&untested);
    assert!(page.contains("18\u{a0}% lower, with too little data to tell whether the difference"));
    assert!(!page.contains("significant"));
}

/// Every text is hostile here; none may open a tag, end an attribute or end the data, whatever the
/// verdict is.
#[test]
fn hostile_text_stays_text() {
    let hostile = sample::report("hostile").unwrap();
    let (mut baseline_first, mut alone) = (hostile.clone(), hostile.clone());
    let (mut no_scores, mut no_baseline, mut crowd) =
        (hostile.clone(), hostile.clone(), hostile.clone());
    baseline_first.leaderboard.baseline = hostile.leaderboard.rows[0].model.clone();
    alone.leaderboard = baseline_first.leaderboard.clone();
    alone.leaderboard.rows.truncate(1);
    no_scores.leaderboard.rows[0].scores.clear();
    no_baseline.leaderboard.rows[2].scores.clear();
    crowd.leaderboard.rows.extend(hostile.leaderboard.rows.clone());
    let table = sample::report("hostile_table").unwrap();
    for report in [hostile, baseline_first, alone, no_scores, no_baseline, crowd, table] {
        let page = report_without_plotly(&report);
        assert!(!page.contains("<img"), "a picture got through");
        assert_eq!(page.matches("<script").count(), page.matches("</script>").count());
        assert_eq!((page.matches("<script>").count(), page.matches("<b>").count()), (2, 0));
        assert!(page.contains("&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;"));
    }
}

/// Plotly reads some markup in text, so text is escaped there once more; and the data as a whole
/// holds no `<`, so that nothing in it can end its element.
#[test]
fn hostile_text_stays_text_in_figures() {
    let pages = ours("hostile") + &ours("hostile_table");
    for data in pages.split("<script type=\"application/json\">").skip(1) {
        let data = data.split("</script>").next().unwrap();
        assert!(!data.contains('<'), "{data}");
        for part in ["script", "img", "b\\u003e"] {
            assert!(!data.contains(&format!("\\u003c{part}")), "{part} in {data}");
        }
    }
}

/// Nothing is fetched: no address in an attribute but those within the page.
#[test]
fn nothing_comes_from_elsewhere() {
    for name in sample::NAMES {
        let page = ours(name);
        for attribute in ["src=\"", "href=\"h", "@import", "url("] {
            assert!(!page.contains(attribute), "{name}: {attribute}");
        }
        assert!(page.contains("default-src 'none'; script-src 'sha256-"));
        assert_eq!(self::page(name).matches(PLOTLY_JS).count(), 1);
    }
}

/// What is not a number is a dash with a word, never `NaN`, `inf` or `null`.
#[test]
fn no_number_is_shown_as_nan() {
    for name in sample::NAMES {
        let page = ours(name);
        let shown: String = page
            .split("<script")
            .map(|part| part.split_once("</script>").map_or(part, |(_, after)| after))
            .collect();
        for word in ["NaN", ">inf", ">null"] {
            assert!(!shown.contains(word), "{name} shows {word}");
        }
    }
    assert!(ours("plain").contains("<span title=\"not defined\">—</span>"));
}

/// A reader without scripts still gets every model and score; 240 failures make six groups.
#[test]
fn tables_need_no_script() {
    let page = ours("many");
    assert_eq!(page.matches("<summary>settings</summary>").count(), 15);
    assert!(page.contains("<td class=n>40</td>"));
    assert!(page.contains(" and 34 more</td>"));
}

/// The first seven and the baseline are drawn, but not one that is far behind the baseline.
#[test]
fn a_crowd_does_not_hide_the_best() {
    let page = ours("many");
    let pressed = |model: usize| {
        page.contains(&format!("<button type=button data-model={model} aria-pressed=true>"))
    };
    let drawn: Vec<usize> = (0..15).filter(|&model| pressed(model)).collect();
    assert_eq!(drawn, [0, 1, 2, 3, 4, 6]);
}

/// A pure function: the same report, the same page.
#[test]
fn the_same_report_gives_the_same_page() {
    assert!(page("many") == page("many"));
}
