//! The page in a real browser: `chromium` in the path, or what `ALMANAC_BROWSER` names; without
//! one the test says so and ends.

mod devtools;
#[path = "../sample/mod.rs"]
mod sample;

use std::path::Path;

use devtools::Tab;
use serde_json::json;

#[test]
fn pages_work_in_a_browser() {
    let Some(browser) = devtools::browser() else {
        println!("skipped: no chromium in the path, and ALMANAC_BROWSER is not set");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let mut tab = Tab::open(&browser);
    for name in sample::NAMES {
        let file = folder.path().join(format!("{name}.html"));
        let report = sample::report(name).unwrap();
        std::fs::write(&file, almanac_dashboards::report(&report)).unwrap();
        draws_everything_quietly(&mut tab, name, &file);
        fits_a_phone(&mut tab, name);
    }
    let plain = folder.path().join("plain.html");
    tab.show(1440, "light");
    tab.go(&format!("file://{}", plain.display()));
    sorts_by_a_click(&mut tab);
    switches_models(&mut tab);
    follows_the_colour_scheme(&mut tab);
    refuses_strange_scripts(&mut tab);
}

/// No message, no request but the page's own, no dialog, every figure drawn.
fn draws_everything_quietly(tab: &mut Tab, name: &str, file: &Path) {
    tab.show(1440, "light");
    // A redraw of the page before may still have had something to say.
    tab.happened();
    for (event, params) in tab.go(&format!("file://{}", file.display())) {
        match event.as_str() {
            "Network.requestWillBeSent" => {
                let url = params["request"]["url"].as_str().unwrap_or_default();
                assert_eq!(url, format!("file://{}", file.display()), "{name} fetches");
            }
            "Runtime.exceptionThrown"
            | "Runtime.consoleAPICalled"
            | "Log.entryAdded"
            | "Page.javascriptDialogOpening" => panic!("{name}: {event}: {params}"),
            _ => {}
        }
    }
    let figures = tab.run("document.querySelectorAll('[data-figure]').length");
    let drawn = tab.run("document.querySelectorAll('[data-figure]:has(.main-svg)').length");
    let expected = match name {
        "bare" => 0,
        "one" => 6,
        "traded" => 6,
        "hostile" => 13,
        "table" => 4,
        "hostile_table" => 2,
        "leaky" => 7,
        _ => 8,
    };
    assert_eq!((&figures, &drawn), (&json!(expected), &json!(expected)), "{name}");
    assert_eq!(tab.run("document.querySelectorAll('img, b').length"), 0, "{name}");
}

/// Nothing is wider than a phone: not the page, and no drawing.
fn fits_a_phone(tab: &mut Tab, name: &str) {
    tab.show(390, "dark");
    tab.until("document.documentElement.scrollWidth", json!(390), name);
    let wide = "[...document.querySelectorAll('.main-svg')].filter((svg) => \
                svg.getBoundingClientRect().right > 390).length";
    tab.until(wide, json!(0), name);
}

/// One press sorts upwards, a second downwards; a missing score stays last.
fn sorts_by_a_click(tab: &mut Tab) {
    let press = |tab: &mut Tab, head: &str| {
        tab.run(&format!(
            "[...document.querySelectorAll('.sortable th button')]\
             .find((b) => b.textContent.startsWith('{head}')).click()"
        ));
        tab.run("[...document.querySelectorAll('.sortable tbody .name')].map((e) => e.textContent)")
    };
    let coverage = json!(["naive", "seasonal_naive", "mstl", "auto_arima", "auto_ets", "theta"]);
    assert_eq!(press(tab, "coverage"), coverage);
    let downwards = json!(["auto_ets", "auto_arima", "mstl", "seasonal_naive", "naive", "theta"]);
    assert_eq!(press(tab, "coverage"), downwards);
    let sorted = tab.run("document.querySelector('[aria-sort]').textContent");
    assert_eq!(sorted, "coverage 80 (%)");
}

/// The picker shows one model at a time; the legend takes one line away and brings it back.
fn switches_models(tab: &mut Tab) {
    let shown = |tab: &mut Tab, part: &str| {
        tab.run(&format!(
            "document.querySelector('#{part} [data-figure]').data.filter((t) => t.visible && \
             t.meta !== undefined).map((t) => t.name)"
        ))
    };
    let of = |model: &str| json!([format!("{model}, 95 %"), format!("{model}, 80 %"), model]);
    assert_eq!(shown(tab, "forecasts"), of("auto_ets"));
    tab.run(
        "{ const picker = document.querySelector('#forecasts select'); picker.value = 3; \
         picker.dispatchEvent(new Event('change')); }",
    );
    assert_eq!(shown(tab, "forecasts"), of("mstl"));
    let press = "document.querySelector('#errors [data-model=\"1\"]').click()";
    let all = json!(["auto_ets", "theta", "auto_arima", "mstl", "seasonal_naive", "naive"]);
    assert_eq!(shown(tab, "errors"), all);
    tab.run(press);
    let fewer = json!(["auto_ets", "auto_arima", "mstl", "seasonal_naive", "naive"]);
    assert_eq!(shown(tab, "errors"), fewer);
    tab.run(press);
    assert_eq!(shown(tab, "errors"), all);
}

/// Dark ground changes the page and repaints the figures.
fn follows_the_colour_scheme(tab: &mut Tab) {
    let colors = "[getComputedStyle(document.body).backgroundColor, \
                  document.querySelector('#errors [data-figure]').data[0].line.color]";
    tab.show(1440, "light");
    tab.until(colors, json!(["rgb(255, 255, 255)", "#0b57a4"]), "light");
    tab.show(1440, "dark");
    tab.until(colors, json!(["rgb(20, 23, 27)", "#4c9bf0"]), "dark");
}

/// A script that got into the page all the same does not run.
fn refuses_strange_scripts(tab: &mut Tab) {
    tab.run(
        "{ const script = document.createElement('script'); script.textContent = \
         'window.strange = 1'; document.body.append(script); }",
    );
    assert_eq!(tab.run("typeof window.strange"), "undefined");
}
