//! models/kernels
