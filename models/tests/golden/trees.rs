//! Trees and what is made of them against scikit-learn.

use almanac_data::Matrix;
use almanac_models::{Ctx, classify, find, regress};
use serde_json::Value;

use crate::{assert_close, case, numbers};

fn table(rows: &Value) -> Matrix {
    let rows: Vec<Vec<f64>> = rows.as_array().unwrap().iter().map(numbers).collect();
    let names = (0..rows[0].len()).map(|column| format!("x{column}")).collect();
    Matrix::from_rows(names, &rows.concat()).unwrap()
}

/// What a learner answers, values or chances, and its importance.
fn answer(run: &Value, ctx: &Ctx, x: &Matrix, y: &Value, ask: &Matrix) -> [Vec<f64>; 2] {
    let (name, settings) = (run["name"].as_str().unwrap(), run["settings"].as_object().unwrap());
    if run["kind"] == "regress" {
        let learner = (find(regress::ROSTER, name).ok().unwrap().build)(settings).unwrap();
        let fitted = learner.fit(ctx, x, &numbers(y)).unwrap();
        return [fitted.predict(ask).unwrap(), fitted.importance().unwrap()];
    }
    let of: Vec<usize> = numbers(y).iter().map(|&class| class as usize).collect();
    let learner = (find(classify::ROSTER, name).ok().unwrap().build)(settings).unwrap();
    let classes = classify::Classes { of: &of, count: 3 };
    let fitted = learner.fit(ctx, x, &classes).unwrap();
    [fitted.chances(ask).unwrap(), fitted.importance().unwrap()]
}

/// Single trees, with holes and without, and trees boosted by weights make the same splits.
#[test]
fn trees_as_scikit_learn() {
    let case = case("trees");
    let tolerance = case["tolerance"].as_f64().unwrap();
    for run in case["runs"].as_array().unwrap() {
        let holes = run["holes"].as_bool().unwrap();
        let (x, ask) = if holes { ("x_holes", "ask_holes") } else { ("x", "ask") };
        let y = if run["kind"] == "regress" { "y" } else { "classes" };
        let (x, ask) = (table(&case[x]), table(&case[ask]));
        let [got, importance] = answer(run, &Ctx::new(1), &x, &case[y], &ask);
        let label = format!("{} {} {}, holes {holes}", run["kind"], run["name"], run["settings"]);
        assert_close(&label, &got, &numbers(&run["expect"]), tolerance);
        assert_close(&label, &importance, &numbers(&run["expect_importance"]), tolerance);
    }
}

/// Random methods have the same mean error over seeds, and the same mean importance.
#[test]
fn forests_as_scikit_learn() {
    const SEEDS: usize = 8;
    let case = case("forests");
    let all = table(&case["x"]);
    let fit_rows = case["fit_rows"].as_u64().unwrap() as usize;
    let (fit, ask): (Vec<usize>, Vec<usize>) = (0..all.rows()).partition(|&row| row < fit_rows);
    let (x, ask) = (all.select(&fit), all.select(&ask));
    for run in case["runs"].as_array().unwrap() {
        let values = run["kind"] == "regress";
        let y = case[if values { "y" } else { "classes" }].as_array().unwrap();
        let (seen, truth) = y.split_at(fit_rows);
        let truth = numbers(&Value::from(truth));
        let (mut mean, mut importance) = (0.0, vec![0.0; x.width()]);
        for seed in 0..SEEDS {
            let ctx = Ctx::new(seed as u64);
            let [got, shares] = answer(run, &ctx, &x, &Value::from(seen), &ask);
            mean += if values { rmse(&got, &truth) } else { brier(&got, &truth) } / SEEDS as f64;
            importance.iter_mut().zip(shares).for_each(|(sum, s)| *sum += s / SEEDS as f64);
        }
        let [want, deviation] = ["error", "deviation"].map(|key| run[key].as_f64().unwrap());
        let allowed = 4.0 * deviation * (1.0 / SEEDS as f64 + 1.0 / 40.0).sqrt();
        let label = format!("{} {} {}", run["kind"], run["name"], run["settings"]);
        assert!((mean - want).abs() < allowed, "{label}: {mean} for {want} ± {allowed}");
        if run["importance"].is_array() {
            let want = numbers(&run["importance"]);
            let off = importance.iter().zip(&want).map(|(got, want)| (got - want).abs());
            assert!(off.fold(0.0, f64::max) < 0.02, "{label}: {importance:?} for {want:?}");
        }
    }
}

fn rmse(got: &[f64], truth: &[f64]) -> f64 {
    let squares = got.iter().zip(truth).map(|(got, truth)| (got - truth).powi(2));
    (squares.sum::<f64>() / truth.len() as f64).sqrt()
}

/// The mean over rows of the squared distance between chances and what came.
fn brier(got: &[f64], truth: &[f64]) -> f64 {
    let row = |(got, truth): (&[f64], &f64)| {
        let came = |class: usize| f64::from(u8::from(class == *truth as usize));
        got.iter().enumerate().map(|(class, p)| (p - came(class)).powi(2)).sum::<f64>()
    };
    got.chunks(3).zip(truth).map(row).sum::<f64>() / truth.len() as f64
}
