//! Where tensors live: a value of the run, not of the build.
//!
//! `wgpu` is built with the cargo feature of that name and runs on any graphics adapter that Vulkan or
//! OpenGL reaches; recurrent layers are unfused there. `auto` is the processor: networks of this size
//! are many tiny steps, which an adapter has to show that it does faster.

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
    /// The first graphics adapter, through burn's wgpu backend.
    Wgpu,
}

impl Device {
    /// Every device, whether this program was built for it or not.
    pub const ALL: [Device; 3] = [Device::Auto, Device::Cpu, Device::Wgpu];

    /// Its name in specs.
    pub fn name(self) -> &'static str {
        match self {
            Device::Auto => "auto",
            Device::Cpu => "cpu",
            Device::Wgpu => "wgpu",
        }
    }

    /// The device without gradients.
    ///
    /// # Errors
    /// A device that this program was not built for, or that is not there.
    pub(crate) fn open(self) -> Result<Place, FitError> {
        match self {
            Device::Auto | Device::Cpu => Ok(Place::flex()),
            Device::Wgpu => adapter(),
        }
    }
}

#[cfg(not(feature = "wgpu"))]
fn adapter() -> Result<Place, FitError> {
    let message = "this program was built without wgpu: build it with --features wgpu";
    Err(FitError::Failed(message.into()))
}

/// The first adapter, one that is no processor in disguise before others. Asked once, since to list
/// them takes a while, and before any tensor, since burn panics where there is none.
#[cfg(feature = "wgpu")]
fn adapter() -> Result<Place, FitError> {
    use burn::tensor::{DeviceKind, DeviceType};
    use std::sync::OnceLock;

    static FOUND: OnceLock<Option<Place>> = OnceLock::new();
    let first = || {
        let software = Place::wgpu(DeviceKind::Cpu);
        let mut found = Place::enumerate(DeviceType::Wgpu).into_vec();
        found.sort_by_key(|place| *place == software);
        found.into_iter().next()
    };
    let message = "no graphics adapter is reached through Vulkan or OpenGL";
    FOUND.get_or_init(first).clone().ok_or_else(|| FitError::Failed(message.into()))
}
