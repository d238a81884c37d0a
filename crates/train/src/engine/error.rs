//! Why an engine cannot make the steps of a run.

/// Why an engine cannot train a network on a device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// A device that is not the processor.
    #[error(
        "the direct engine needs the backend flex or ndarray, and langevin-train's feature of that name"
    )]
    NotProcessor,
    /// A device that is no GPU.
    #[error("the direct engine for GPUs needs wgpu, cuda or rocm")]
    NotGpu,
    /// A network of the caller's own.
    #[error("the direct engine knows Langevin's multilayer perceptron only")]
    OtherNetwork,
    /// A loss that the engine does not have.
    #[error("the direct engine has squared errors and cross-entropies alone")]
    OtherHeads,
    /// An optimizer that the engine does not have.
    #[error("the direct engine has SGD, Adam and AdamW alone")]
    OtherOptimizer,
    /// Batches of other columns than the network takes and gives.
    #[error(
        "the network takes {} columns of a row and {} more, and gives {}: the batches have {}, {} and {}",
        network[0], network[1], network[2], batch[0], batch[1], batch[2]
    )]
    OtherColumns {
        /// Columns of a row, other columns, and outputs of the network.
        network: [usize; 3],
        /// The same of the batches.
        batch: [usize; 3],
    },
    /// Weights that are no 32-bit floats.
    #[error("the direct engine computes in 32-bit floats alone")]
    NumberType,
    /// Weights that are not trained.
    #[error("the direct engine trains every weight, in 32-bit floats")]
    Frozen,
    /// A weight that is no matrix.
    #[error("{0}")]
    NoMatrix(String),
    /// A GPU that is too small for the network, or for a batch.
    #[error("the direct engine needs {needed} {what} here, and this GPU has {has}")]
    SmallGpu {
        /// What there is too little of.
        what: &'static str,
        /// How much of it is needed.
        needed: usize,
        /// How much of it there is.
        has: usize,
    },
}
