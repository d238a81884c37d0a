//! Tests of all figures: PNGs with visible text, the same bytes for the same input, valid XML, and
//! no panic whatever the numbers are.

use resvg::tiny_skia::Pixmap;

use super::*;

fn names(count: usize) -> Vec<String> {
    (0..count).map(|i| format!("feature {i}")).collect()
}

fn statistics(sigma: f64, value: f64, features: usize) -> LevelStatistics {
    let list = vec![value; features];
    let (mean, std) = (list.clone(), list.clone());
    LevelStatistics { sigma, mean, std, goal_mean: list.clone(), goal_std: list }
}

/// One figure of every kind from the same numbers.
pub(super) fn all_figures(title: &str, name: &str, values: &[f64]) -> Vec<Figure> {
    let points: Vec<_> = values.iter().enumerate().map(|(i, v)| (i as u64, *v)).collect();
    let mut figures = vec![curves(title, "loss", &[Curve { name, points: &points }]).unwrap()];
    for columns in [1, 2, 3, 5] {
        let rows: Vec<_> = values.iter().flat_map(|v| vec![*v; columns]).collect();
        let points = Points { name, rows: &rows };
        let names = vec![name.to_owned(); columns];
        figures.push(scatter(title, &names, points, points).unwrap());
        figures.push(marginals(title, &names, points, points).unwrap());
        let pixels = Pixels { columns, width: 1, value_range: None };
        figures.push(images(title, pixels, points, points).unwrap());
        let run: Vec<_> = values.iter().map(|v| statistics(v.abs(), *v, columns)).collect();
        figures.push(levels(title, &names, &run).unwrap());
        let step = |v: &f64| TrajectoryStep { step: 3, sigma: *v, rows: rows.clone() };
        let run: Vec<_> = values.iter().map(step).collect();
        figures.push(trajectory(title, &names, &run, &rows).unwrap());
    }
    figures.extend(table_figures(title, name, values));
    let curve: Vec<_> = values.iter().map(|v| (*v, *v)).collect();
    let panel = DensityPanel { name: name.to_owned(), curve, samples: values.to_vec() };
    for draw in [densities, cumulative] {
        figures.push(draw(title, name, &[panel.clone(), panel.clone()]).unwrap());
    }
    let (x, y) = ((0.0, 1.0), (-1.0, 1e300));
    let values_ = values.repeat(2);
    let panel = ContourPanel {
        name: name.to_owned(),
        x,
        y,
        columns: values.len() + 1,
        rows: 2,
        values: [&values_[..], &values[..1], &values[..1]].concat(),
        samples: values_,
    };
    let names = [name.to_owned(), name.to_owned()];
    figures.push(contours(title, &names, &[panel.clone(), panel]).unwrap());
    let baselines: Vec<_> = values.iter().map(|v| (name, *v)).collect();
    let row = |v: &f64| Distance {
        name,
        samples: *v,
        standard_error: Some(*v),
        floor: Some(*v),
        baselines: &baselines,
    };
    figures.push(distances(title, &values.iter().map(row).collect::<Vec<_>>()).unwrap());
    let points: Vec<_> = values.iter().map(|v| (*v, *v)).collect();
    let curve = LevelErrorCurve { name, points: &points };
    figures.push(level_errors(title, &[curve, curve], Some(name)).unwrap());
    figures.extend(nameless_figures(title, values));
    figures
}

/// Figures of tables.
fn table_figures(title: &str, name: &str, values: &[f64]) -> Vec<Figure> {
    let share = |v: &f64| if (0.0..=1.0).contains(v) { *v } else { 0.5 };
    let bar = |v: &f64| ShareBar { name: name.to_owned(), data: share(v), samples: share(v) };
    let bars = values.iter().map(bar).collect();
    let panel = SharePanel { name: name.to_owned(), bars };
    let own = vec![name.to_owned(); values.len()];
    let cells: Vec<f64> = values.iter().flat_map(|v| vec![*v; values.len()]).collect();
    let table = CrossTable {
        names: [name.to_owned(), name.to_owned()],
        values: [own.clone(), own],
        shares: [cells.clone(), cells],
    };
    let errors =
        |columns: usize| vec![[Some(share(&values[0])), None]; columns * (columns - 1) / 2];
    let names = |columns: usize| vec![name.to_owned(); columns];
    vec![
        shares(title, [name, name], &[panel.clone(), panel]).unwrap(),
        cross_table(title, [name, name], &table).unwrap(),
        pair_errors(title, &names(3), &errors(3)).unwrap(),
        pair_errors(title, &names(41), &errors(41)).unwrap(),
    ]
}

/// One figure of every kind whose only name is its title.
fn nameless_figures(title: &str, values: &[f64]) -> Vec<Figure> {
    let scale = |v: &f64| NoiseScale { alpha: 0.5, sigma: *v };
    let alone = |v: &f64| NoiseScale { alpha: 1.0, sigma: *v };
    let step = |v: &f64| ConvergenceStep { sigma: *v, value: *v };
    let mode = |v: &f64| ModeSummary {
        center: vec![*v; 2],
        exact_share: *v,
        share: v.abs(),
        exact_std: *v,
        std: Some(vec![v.abs(); 2]),
    };
    vec![
        noise_scales(title, &values.iter().map(scale).collect::<Vec<_>>()).unwrap(),
        noise_scales(title, &values.iter().map(alone).collect::<Vec<_>>()).unwrap(),
        convergence(title, &values.iter().map(step).collect::<Vec<_>>(), Some(values[0])).unwrap(),
        modes(title, &values.iter().map(mode).collect::<Vec<_>>(), values[0]).unwrap(),
    ]
}

fn image(figure: &Figure) -> Pixmap {
    Pixmap::decode_png(&figure.png().unwrap()).unwrap()
}

/// Number of dark pixels in a rectangle, which is given in pixels of the SVG.
fn dark(image: &Pixmap, x: std::ops::Range<u32>, y: std::ops::Range<u32>) -> usize {
    let inside = y.flat_map(|y| x.clone().map(move |x| (2 * x, 2 * y)));
    let is_dark = |(x, y)| image.pixel(x, y).is_some_and(|pixel| pixel.red() < 100);
    inside.filter(|place| is_dark(*place)).count()
}

#[test]
fn png_is_twice_the_size_and_not_blank() {
    for figure in all_figures("title", "name", &[0.1, 1.0, 0.5]) {
        let image = image(&figure);
        let tree = figure.tree().unwrap();
        assert_eq!(image.width(), (2.0 * tree.size().width()).ceil() as u32);
        let corner = image.pixel(0, 0).unwrap();
        assert_eq!(
            (corner.red(), corner.green(), corner.blue(), corner.alpha()),
            (255, 255, 255, 255)
        );
        assert!(image.pixels().iter().any(|pixel| *pixel != corner));
    }
}

#[test]
fn text_is_drawn_without_a_font_on_the_machine() {
    let points = [(0, 1.0), (10, 0.5)];
    let with =
        image(&curves("Title", "loss", &[Curve { name: "curve", points: &points }]).unwrap());
    let without = image(&curves("", "loss", &[Curve { name: "curve", points: &points }]).unwrap());
    let (x, y) = (40..300, 10..36);
    assert_eq!(dark(&without, x.clone(), y.clone()), 0);
    assert!(dark(&with, x, y) > 50);
}

#[test]
fn every_sign_that_figures_use_is_in_the_font() {
    // The embedded font draws a box for a missing character, so that titles of missing characters
    // give equal pictures.
    let draw = |title: &str| {
        image(&curves(title, "loss", &[Curve { name: "", points: &[(0, 1.0)] }]).unwrap())
    };
    let missing = draw("\u{4e00}");
    for sign in "−×±²³√≤≥∞₀₁ασΣµé…·".chars() {
        assert_ne!(draw(&sign.to_string()).data(), missing.data(), "{sign}");
    }
}

#[test]
fn widths_of_text_are_those_of_the_font() {
    for text in ["training step", "WAVE 0123456789", "il.,|/", "loss (mean)"] {
        let mut svg = svg::Svg::new();
        svg.text(0.0, 50.0, svg::Anchor::Start, 100.0, text);
        let drawn = svg.finish("", 2000.0, 100.0);
        let tree = drawn.tree().unwrap();
        let usvg::Node::Text(node) = &tree.root().children()[1] else { panic!("no text") };
        let (got, want) = (style::text_width(text, 100.0), f64::from(node.bounding_box().width()));
        assert!((got - want).abs() < 0.06 * want, "{text}: {got} for {want}");
    }
}

#[test]
fn no_numbers_make_a_figure_panic_or_write_what_is_not_a_number() {
    let cases: [&[f64]; 14] = [
        &[1.0],
        &[0.0],
        &[0.0, 0.0],
        &[3.0, 3.0, 3.0],
        &[-1e9; 3],
        &[f64::NAN, 1.0, f64::INFINITY, 2.0, f64::NEG_INFINITY],
        &[f64::NAN],
        &[1e-12, 1.0, 1e12],
        &[-1e12, 1e-12, 1e12],
        &[1e300, -1e300],
        &[1e-300, 1e300],
        &[f64::MAX, f64::MIN, 5e-324],
        &[5e-324, 1e-310],
        &[1e15, 1e15 + 0.25],
    ];
    for values in cases {
        for figure in all_figures("title", "name", values) {
            assert!(!figure.svg().contains("NaN") && !figure.svg().contains("inf"), "{values:?}");
            figure.tree().unwrap();
        }
    }
}

#[test]
fn empty_input_is_an_error() {
    let none = Points { name: "", rows: &[] };
    assert!(matches!(curves("", "loss", &[]), Err(FigureError::Empty { .. })));
    let curve = Curve { name: "", points: &[] };
    assert!(matches!(curves("", "loss", &[curve]), Err(FigureError::Empty { .. })));
    assert!(matches!(scatter("", &names(2), none, none), Err(FigureError::Empty { .. })));
    assert!(matches!(scatter("", &[], none, none), Err(FigureError::Empty { .. })));
    assert!(matches!(marginals("", &names(2), none, none), Err(FigureError::Empty { .. })));
    assert!(matches!(marginals("", &[], none, none), Err(FigureError::Empty { .. })));
    let pixels = Pixels { columns: 4, width: 2, value_range: None };
    assert!(matches!(images("", pixels, none, none), Err(FigureError::Empty { .. })));
    assert!(matches!(distances("", &[]), Err(FigureError::Empty { .. })));
    assert!(matches!(levels("", &names(1), &[]), Err(FigureError::Empty { .. })));
    assert!(matches!(noise_scales("", &[]), Err(FigureError::Empty { .. })));
    assert!(matches!(trajectory("", &names(1), &[], &[]), Err(FigureError::Empty { .. })));
    assert!(matches!(trajectory("", &[], &[], &[]), Err(FigureError::Empty { .. })));
    assert!(matches!(densities("", "", &[]), Err(FigureError::Empty { .. })));
    assert!(matches!(cumulative("", "", &[]), Err(FigureError::Empty { .. })));
    let two = [String::new(), String::new()];
    assert!(matches!(contours("", &two, &[]), Err(FigureError::Empty { .. })));
    assert!(matches!(modes("", &[], 1.0), Err(FigureError::Empty { .. })));
    assert!(matches!(convergence("", &[], None), Err(FigureError::Empty { .. })));
    assert!(matches!(shares("", ["", ""], &[]), Err(FigureError::Empty { .. })));
    assert!(matches!(pair_errors("", &names(1), &[]), Err(FigureError::Empty { .. })));
}

#[test]
fn names_are_escaped_and_long_ones_cut() {
    let long = "<a name> & \"more\" ".repeat(40);
    let nameless = nameless_figures(&long, &[0.1, 1.0, 0.5]).len();
    let figures = all_figures(&long, &long, &[0.1, 1.0, 0.5]);
    let named = figures.len() - nameless;
    for (i, figure) in figures.iter().enumerate() {
        let least = if i < named { 2 } else { 1 };
        let parsed = usvg::roxmltree::Document::parse(figure.svg()).unwrap();
        let texts = parsed.descendants().filter(|node| node.has_tag_name("text"));
        let cut = texts.filter_map(|n| n.text()).filter(|t| t.contains('…')).collect::<Vec<_>>();
        assert!(cut.len() >= least && cut.iter().all(|text| text.contains("<a")), "{cut:?}");
        let width = f64::from(figure.tree().unwrap().size().width());
        assert!(cut.iter().all(|text| style::text_width(text, 12.0) < width));
    }
}

#[test]
fn equal_input_gives_equal_bytes() {
    let draw = || all_figures("title", "name", &[0.1, 2.0, 0.7, -1.0]);
    for (i, (one, other)) in draw().iter().zip(draw()).enumerate() {
        assert_eq!(one, &other);
        if i < 4 {
            assert_eq!(one.png().unwrap(), other.png().unwrap());
        }
    }
}

#[test]
fn a_hundred_thousand_points_stay_below_a_megabyte() {
    let points: Vec<_> = (0..100_000).map(|i| (i, 1.0 / (1.0 + i as f64))).collect();
    let figure = curves("long", "loss", &[Curve { name: "a", points: &points }]).unwrap();
    assert!(figure.svg().len() < 1_000_000);
    let noise: Vec<_> = (0..100_000).map(|i| (i, (i as f64).sin())).collect();
    let figure = curves("long", "loss", &[Curve { name: "a", points: &noise }; 6]).unwrap();
    assert!(figure.svg().len() < 1_000_000);
    let run = vec![statistics(1.0, 1.0, 4); 5000];
    assert!(levels("long", &names(4), &run).unwrap().svg().len() < 1_000_000);
}
