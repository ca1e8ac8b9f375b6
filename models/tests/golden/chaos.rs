//! Chaos tools against plain quadratic loops, and the figures that are known of the maps.

use almanac_kernels::chaos::{autocorrelation, cao, divergence, period, slope};

use crate::{assert_close, case, numbers};

/// A map's values after its first hundred.
fn run(start: [f64; 2], keep: usize, next: fn([f64; 2]) -> [f64; 2]) -> Vec<f64> {
    let states = std::iter::successors(Some(start), |&state| Some(next(state)));
    states.skip(101).take(keep).map(|[x, _]| x).collect()
}

fn maps() -> [(&'static str, Vec<f64>); 3] {
    let mut state: u64 = 12345;
    let noise = (0..500).map(|_| {
        state = (1_103_515_245 * state + 12345) % (1 << 31);
        state as f64 / f64::from(1u32 << 31)
    });
    let noise = noise.collect();
    [
        ("henon", run([0.1, 0.1], 1000, |[x, y]| [1.0 - 1.4 * x * x + y, 0.3 * x])),
        ("logistic", run([0.3, 0.0], 1000, |[x, _]| [4.0 * x * (1.0 - x), 0.0])),
        ("noise", noise),
    ]
}

/// Every number of every map, to nine digits.
#[test]
fn chaos_as_plain_loops() {
    let case = case("chaos");
    let tolerance = case["tolerance"].as_f64().unwrap();
    for (name, y) in maps() {
        let want = |key| numbers(&case["maps"][name][key]);
        assert_eq!([y[0], y[1], y[y.len() - 1]].to_vec(), want("first"), "{name}");
        let (near, far) = (cao(&y, 1, 7), cao(&y, 3, 4));
        let curve = divergence(&y, [2, 1], 1, 6);
        for (key, got) in [
            ("e1", near.e1),
            ("e2", near.e2),
            ("e1_lag_3", far.e1),
            ("e2_lag_3", far.e2),
            ("divergence", curve.clone()),
            ("divergence_3_2_10", divergence(&y, [3, 2], 10, 6)),
            ("acf", autocorrelation(&y, 10)),
        ] {
            assert_close(&format!("{name}: {key}"), &got, &want(key), tolerance);
        }
        let one = |key: &str| case["maps"][name][key].as_f64().unwrap();
        assert_close(name, &[slope(&curve).unwrap()], &[one("exponent")], tolerance);
        assert_close(name, &[period(&y).unwrap()], &[one("period")], tolerance);
    }
}

/// Hénon's map lies in two dimensions and parts at 0.424 a row; the logistic map at 0.696, near ln 2.
#[test]
fn figures_known_of_the_maps() {
    let [(_, henon), (_, logistic), (_, noise)] = maps();
    let near = cao(&henon, 1, 7);
    let digits = |values: &[f64]| values.iter().map(|v| format!("{v:.4}")).collect::<Vec<_>>();
    let e1 = ["0.0017", "0.9543", "0.9794", "0.9919", "0.9898", "1.0160", "0.9880"];
    let e2 = ["0.0590", "1.3779", "1.3550", "1.4114", "1.3998", "1.4814", "1.3941"];
    assert_eq!(
        (digits(&near.e1), digits(&near.e2)),
        (e1.map(String::from).to_vec(), e2.map(String::from).to_vec())
    );
    assert_eq!(near.dimension(), Some(2));
    assert_eq!(cao(&noise, 1, 4).dimension(), None);
    let exponent = |y: &[f64]| format!("{:.3}", slope(&divergence(y, [2, 1], 1, 6)).unwrap());
    assert_eq!((exponent(&henon), exponent(&logistic)), ("0.424".into(), "0.696".into()));
}
