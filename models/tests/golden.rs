//! Numbers that other programs computed: a folder each, with the script that made it.

#[path = "golden/arima.rs"]
mod arima;
#[path = "golden/battery.rs"]
mod battery;
#[path = "golden/chaos.rs"]
mod chaos;
#[path = "golden/ets.rs"]
mod ets;
#[path = "golden/garch.rs"]
mod garch;
#[path = "golden/gradient_boosting.rs"]
mod gradient_boosting;
#[path = "golden/indicators.rs"]
mod indicators;
#[path = "golden/intermittent.rs"]
mod intermittent;
#[path = "golden/kernel_learners.rs"]
mod kernel_learners;
#[path = "golden/linear_learners.rs"]
mod linear_learners;
#[path = "golden/mlp.rs"]
mod mlp;
#[path = "golden/read.rs"]
mod read;
#[path = "golden/smooth_learners.rs"]
mod smooth_learners;
#[path = "golden/stl.rs"]
mod stl;
#[path = "golden/theta.rs"]
mod theta;
#[path = "golden/trees.rs"]
mod trees;
#[path = "golden/windows.rs"]
mod windows;

use read::{assert_close, case, numbers};
