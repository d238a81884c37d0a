//! Where the numbers of a layer lie.

use langevin_core::Activation;

use super::super::{
    buffer::Buffer,
    form::{Form, Transposed},
    panels,
    team::Team,
};

#[test]
fn transposed_weights_lie_by_outputs_whatever_the_widths_of_panels() {
    // Both sides of both widths of a panel, whole and partly filled, and no multiple of four.
    for width in [1, 5, 16, 17, 32, 45, 70] {
        for outputs in [1, 3, 16, 18, 32, 39] {
            let form = Form {
                features: 2,
                outputs,
                extra_features: 0,
                width,
                depth: 1,
                activation: Activation::Relu,
                residual: false,
                frequencies: Vec::new(),
                fades: false,
            };
            let layers = form.layers(panels::width);
            let layer = &layers[1];
            let weight: Vec<f32> = (1..=outputs * width).map(|number| number as f32).collect();
            let mut parameters = Buffer::zeros(layer.end());
            layer.write_weight(&mut parameters, &weight);
            let mut transposed = Transposed::new(&layers);
            transposed.update(&layers, &parameters, &Team::new(1), None);
            let columns = panels::width(width);
            for panel in 0..width.div_ceil(columns) {
                let rows = transposed.of(layer, 1, panel).chunks_exact(columns);
                for (row, weight) in rows.zip(weight.chunks_exact(width)) {
                    let mut expected = vec![0.0; columns];
                    let own = &weight[panel * columns..width.min((panel + 1) * columns)];
                    expected[..own.len()].copy_from_slice(own);
                    assert_eq!(row, expected, "{outputs} x {width}, panel {panel}");
                }
            }
        }
    }
}
