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
#[serde(try_from = "String", into = "&'static str")]
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
    /// Every device that this program was built with.
    pub const BUILT: &[Device] = &[
        Device::Auto,
        Device::Cpu,
        #[cfg(feature = "wgpu")]
        Device::Wgpu,
    ];

    /// Its name in specs.
    pub fn name(self) -> &'static str {
        match self {
            Device::Auto => "auto",
            Device::Cpu => "cpu",
            Device::Wgpu => "wgpu",
        }
    }

    /// The same, or what `auto` stands for.
    pub fn chosen(self) -> Device {
        match self {
            Device::Auto => Device::Cpu,
            other => other,
        }
    }

    /// The device without gradients.
    ///
    /// # Errors
    /// A device that is not there.
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

impl From<Device> for &'static str {
    fn from(device: Device) -> &'static str {
        device.name()
    }
}

impl TryFrom<String> for Device {
    type Error = String;

    fn try_from(name: String) -> Result<Device, String> {
        Device::BUILT.iter().copied().find(|device| device.name() == name).ok_or_else(|| {
            let names: Vec<&str> = Device::BUILT.iter().map(|device| device.name()).collect();
            let names = names.join(" and ");
            match name.as_str() {
                "wgpu" => {
                    format!("no device `wgpu` in this build ({names}): --features wgpu adds it")
                }
                _ => format!("no device `{name}` in this build: it has {names}"),
            }
        })
    }
}
