//! Reading a case, and holding numbers to it.

use serde_json::Value;

/// The case of this folder.
pub fn case(folder: &str) -> Value {
    let path = format!("{}/tests/golden/{folder}/case.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// The numbers of a list.
pub fn numbers(list: &Value) -> Vec<f64> {
    let list = list.as_array().unwrap_or_else(|| panic!("not a list: {list}"));
    list.iter().map(|value| value.as_f64().unwrap_or(f64::NAN)).collect()
}

/// Fails where `got` is further from `want` than `tolerance`, relative to the largest of `want`.
pub fn assert_close(what: &str, got: &[f64], want: &[f64], tolerance: f64) {
    assert_within(what, got, want, tolerance * largest(want));
}

/// The largest size of these numbers.
pub fn largest(numbers: &[f64]) -> f64 {
    numbers.iter().fold(f64::MIN_POSITIVE, |size, value| size.max(value.abs()))
}

/// Fails where `got` is further from `want` than `most`.
pub fn assert_within(what: &str, got: &[f64], want: &[f64], most: f64) {
    assert_eq!(got.len(), want.len(), "{what}: length");
    for (place, (got, want)) in got.iter().zip(want).enumerate() {
        let off = (got - want).abs();
        assert!(
            off <= most,
            "{what}, place {place}: {got} is {off:.1e} from {want}, not {most:.1e}"
        );
    }
}
