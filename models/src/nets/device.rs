//! Where tensors live: a value of the run, not of the build.

use almanac_data::FitError;
use burn::tensor::Device as Place;
use serde::{Deserialize, Serialize};

/// Where networks are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Device {
    /// The fastest there is for networks of this size: the processor.
    #[default]
    Auto,
    /// The processor, through burn's flex backend and fused recurrent kernels.
    Cpu,
}

impl Device {
    /// The device without gradients.
    ///
    /// # Errors
    /// A device that this program was not built for, or that is not there.
    pub(crate) fn open(self) -> Result<Place, FitError> {
        match self {
            Device::Auto | Device::Cpu => Ok(Place::flex()),
        }
    }
}
