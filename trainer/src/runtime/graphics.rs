//! What wgpu says of this machine's graphics adapters, in the version that Burn computes with.

use std::fmt::{Display, Formatter, Result};

/// Graphics interfaces in the order in which Burn takes the first that reaches a GPU.
const BACKENDS: [wgpu::Backends; 4] =
    [wgpu::Backends::VULKAN, wgpu::Backends::METAL, wgpu::Backends::DX12, wgpu::Backends::GL];

/// What is said of an adapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graphics {
    /// Its name.
    pub name: String,
    /// The interface by which it is reached.
    pub backend: String,
    /// Its driver, with the version.
    pub driver: String,
    /// Whether it computes in software: good for proving the path, useless for speed.
    pub is_software: bool,
    /// Largest buffer, in bytes. What memory there is in all wgpu does not say.
    pub max_buffer_bytes: u64,
    /// Memory that the invocations of a workgroup share, in bytes.
    pub shared_bytes: u32,
    /// Whether shaders compute in half precision.
    pub has_f16: bool,
    /// Fewest and most invocations that work in step, where shaders can use that.
    pub subgroup: Option<[u32; 2]>,
}

impl Graphics {
    fn of(adapter: &wgpu::Adapter) -> Self {
        let (info, features, limits) = (adapter.get_info(), adapter.features(), adapter.limits());
        let subgroup = [info.subgroup_min_size, info.subgroup_max_size];
        Self {
            name: info.name,
            backend: info.backend.to_string(),
            driver: format!("{} {}", info.driver, info.driver_info).trim().into(),
            is_software: info.device_type == wgpu::DeviceType::Cpu,
            max_buffer_bytes: limits.max_buffer_size,
            shared_bytes: limits.max_compute_workgroup_storage_size,
            has_f16: features.contains(wgpu::Features::SHADER_F16),
            subgroup: features.contains(wgpu::Features::SUBGROUP).then_some(subgroup),
        }
    }
}

impl Display for Graphics {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self { backend, driver, .. } = self;
        let (buffer, shared) = (self.max_buffer_bytes >> 20, self.shared_bytes >> 10);
        write!(f, "{backend}, {driver}; buffers to {buffer} MiB, {shared} KiB for a workgroup; ")?;
        f.write_str(if self.has_f16 { "f16, " } else { "no f16, " })?;
        match self.subgroup {
            Some([least, most]) if least == most => write!(f, "subgroups of {most}"),
            Some([least, most]) => write!(f, "subgroups of {least} to {most}"),
            None => f.write_str("no subgroups"),
        }
    }
}

/// All adapters, by every interface: one card may be there more than once.
#[must_use]
pub fn all() -> Vec<Graphics> {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().build() else {
        return Vec::new();
    };
    let on = |backends: wgpu::Backends| {
        let without_display = wgpu::InstanceDescriptor::new_without_display_handle();
        let instance =
            wgpu::Instance::new(wgpu::InstanceDescriptor { backends, ..without_display });
        runtime.block_on(instance.enumerate_adapters(backends))
    };
    BACKENDS.into_iter().flat_map(on).map(|adapter| Graphics::of(&adapter)).collect()
}
