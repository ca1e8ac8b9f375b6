//! Writes a page of a report made in code to stdout: `sample_report NAME`.

#[path = "../tests/sample/mod.rs"]
mod sample;

fn main() {
    let name = std::env::args().nth(1).unwrap_or_else(|| "plain".to_string());
    match sample::report(&name) {
        Some(report) => print!("{}", almanac_dashboards::report(&report)),
        None => {
            eprintln!("error: no sample `{name}`\nhint: there are {}", sample::NAMES.join(", "));
            std::process::exit(2);
        }
    }
}
