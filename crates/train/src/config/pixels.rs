//! [`ImageChannels`] and [`EachColumn`]: what a run file says of the pixels of pictures.

use langevin_data::{CellKind, ChannelAxis, ColumnRange, ColumnSpec, Encoding, SampleValues};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Channels of a picture's pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImageChannels {
    /// Numbers of a pixel: 1 grey, 3 red, green and blue, 4 those and opacity.
    pub count: usize,
    /// Where they lie: `first`, all of one channel and then all of the next, or `last`, side by side for each pixel.
    pub axis: ChannelAxis,
}

/// What is said of each of many columns alike, as pixels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EachColumn {
    /// What the cells hold: `number` or `whole`.
    #[serde(default)]
    pub kind: CellKind,
    /// Texts of its cells that stand for no value, beside data.missing_values.
    #[serde(default)]
    pub missing: Vec<String>,
    /// Most decimal places of a sample; as many as it has where left out.
    #[serde(default)]
    pub decimals: Option<u32>,
    /// Whether each sample is written with all its decimals, as 5.50.
    #[serde(default)]
    pub trailing_zeros: bool,
    /// Where samples may lie, as of one column.
    #[serde(default)]
    pub range: ColumnRange,
    /// Which values samples may have, as of one column.
    #[serde(default)]
    pub values: SampleValues,
    /// How values become features; as data.transform says where left out.
    #[serde(default)]
    pub encoding: Option<Encoding>,
}

impl EachColumn {
    /// The spec of such a column, without a name.
    pub(crate) fn spec(&self) -> ColumnSpec {
        ColumnSpec {
            kind: self.kind,
            missing: self.missing.clone(),
            decimals: self.decimals,
            trailing_zeros: self.trailing_zeros,
            range: self.range,
            values: self.values,
            encoding: self.encoding,
            ..ColumnSpec::named("")
        }
    }
}
