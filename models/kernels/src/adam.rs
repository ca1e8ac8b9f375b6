//! Steps of Adam over slices.
//!
//! Kingma & Ba (2015), Adam; Loshchilov & Hutter (2019), Decoupled weight decay.

/// Shares of the old in the running means of slopes and of their squares.
const BETAS: (f32, f32) = (0.9, 0.999);

/// Keeps a step finite where slopes were 0 so far.
const LEAST: f32 = 1e-7;

/// How far one step goes.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    rate: f32,
    shrink: f32,
    root: f32,
    scale: f32,
}

impl Pace {
    /// The pace of step `steps` (from 1): `decay` is a share of the rate, `scale` what slopes are
    /// multiplied by.
    pub fn new(rate: f64, decay: f64, steps: i32, scale: f32) -> Pace {
        let first = 1.0 - f64::from(BETAS.0).powi(steps);
        let root = (1.0 - f64::from(BETAS.1).powi(steps)).sqrt();
        let shrink = 1.0 - rate * decay;
        Pace {
            rate: (rate / first) as f32,
            shrink: shrink as f32,
            root: (1.0 / root) as f32,
            scale,
        }
    }
}

/// One step of every weight; `moments` are the running means of slopes and of their squares.
pub fn step(
    weights: &mut [f32],
    slopes: &[f32],
    (means, squares): (&mut [f32], &mut [f32]),
    pace: &Pace,
) {
    let all = weights.iter_mut().zip(slopes).zip(means.iter_mut().zip(squares));
    for ((weight, slope), (mean, square)) in all {
        let slope = slope * pace.scale;
        *mean += (1.0 - BETAS.0) * (slope - *mean);
        *square += (1.0 - BETAS.1) * (slope * slope - *square);
        *weight = *weight * pace.shrink - pace.rate * *mean / (square.sqrt() * pace.root + LEAST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first step is as long as the rate, whatever the slope; decay shrinks beside it.
    #[test]
    fn first_step_by_hand() {
        let mut weights = [1.0, 1.0];
        let (mut means, mut squares) = ([0.0; 2], [0.0; 2]);
        let pace = Pace::new(0.01, 0.5, 1, 1.0);
        step(&mut weights, &[3.0, -0.2], (&mut means, &mut squares), &pace);
        assert!((weights[0] - (0.995 - 0.01)).abs() < 1e-5, "{weights:?}");
        assert!((weights[1] - (0.995 + 0.01)).abs() < 1e-5, "{weights:?}");
    }
}
