//! Themed figures, for an HTML page with a light and a dark theme. Their colours are CSS variables,
//! and they are so wide that their smallest text can be read.

use super::Figure;
use super::fonts::families;
use super::svg::number;

/// CSS with the colours of [`Figure::themed_svg`]. The light theme has the colours of
/// [`Figure::svg`]; the dark theme applies only on a screen that asks for it, not in print.
pub const FIGURE_CSS: &str = "\
:root {
  --figure-paper: #ffffff;
  --figure-ink: #222222;
  --figure-muted: #5c5c5c;
  --figure-grid: #e8e8e8;
  --figure-black: #000000;
  --figure-backdrop: #949494;
  --figure-series-1: #0072b2;
  --figure-series-2: #d55e00;
  --figure-series-3: #009e73;
  --figure-series-4: #cc79a7;
  --figure-series-5: #332288;
  --figure-series-6: #882255;
  --figure-band-1: #d8eeff;
  --figure-band-2: #b9d8f3;
  --figure-band-3: #9bc3e5;
  --figure-band-4: #7fb0d9;
  --figure-band-5: #639ece;
  --figure-band-6: #478dc4;
  --figure-band-7: #267cbb;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --figure-paper: #16181d;
    --figure-ink: #e6e6e6;
    --figure-muted: #a8abb2;
    --figure-grid: #2b2f37;
    --figure-black: #ffffff;
    --figure-backdrop: #80858f;
    --figure-series-1: #56b4e9;
    --figure-series-2: #f0803c;
    --figure-series-3: #2fc79a;
    --figure-series-4: #e39fc6;
    --figure-series-5: #a79bf0;
    --figure-series-6: #f0e442;
    --figure-band-1: #182f42;
    --figure-band-2: #203f58;
    --figure-band-3: #274f6f;
    --figure-band-4: #2e5e85;
    --figure-band-5: #346e9c;
    --figure-band-6: #3b7fb5;
    --figure-band-7: #4391ce;
  }
}
";

/// Size of the smallest text of a figure on a page, in pixels.
const SMALLEST_TEXT: f64 = 12.0;

/// Size of the smallest text in an SVG document, or `None` without text.
fn smallest_text(svg: &str) -> Option<f64> {
    let sizes = svg.split(" font-size=\"").skip(1).filter_map(|rest| rest.split('"').next());
    sizes.filter_map(|size| size.parse::<f64>().ok()).filter(|size| *size > 0.0).reduce(f64::min)
}

impl Figure {
    /// Width on a page, in whole pixels: the figure's own, or where its smallest text would be below 12 pixels, as
    /// much more.
    fn page_width(&self) -> f64 {
        let scale =
            smallest_text(&self.svg).map_or(1.0, |size| f64::max(SMALLEST_TEXT / size, 1.0));
        (scale * self.width).ceil()
    }

    /// The figure as an `<svg>` element for an HTML page.
    ///
    /// For a dark theme the page must have [`FIGURE_CSS`]; without it the colours are those of
    /// [`Figure::svg`]. The element has a fixed width, at which no text is smaller than 12 pixels, so it belongs
    /// in a box that scrolls. It has no ids, its classes begin with `figure`, and a screen reader reads its title
    /// out.
    pub fn themed_svg(&self) -> String {
        let body = self.svg.split_once("</title>\n").map_or("", |(_, body)| body);
        let mut body = body.replace(" class=\"", " class=\"figure-");
        // Only attributes are replaced, since quotes in text are escaped. No shape has both a
        // coloured fill and a coloured stroke, which would give it two `style` attributes.
        for (name, colour) in light_colours() {
            for property in ["fill", "stroke"] {
                body = body.replace(
                    &format!(" {property}=\"{colour}\""),
                    &format!(" style=\"{property}:var({name},{colour})\""),
                );
            }
        }
        let (title, w, h) = (&self.title, number(self.width), number(self.height));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"figure\" viewBox=\"0 0 {w} {h}\" \
             role=\"img\" aria-label=\"{title}\" font-family=\"{}\" \
             style=\"display:block;width:{page}px;height:auto\">\n{body}",
            families(&self.svg),
            page = self.page_width()
        )
    }
}

/// Names and values of the variables in the CSS's first block, the light theme.
fn light_colours() -> impl Iterator<Item = (&'static str, &'static str)> {
    let block = FIGURE_CSS.split('}').next().unwrap_or("");
    colours(block)
}

fn colours(block: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = block.lines().filter_map(|line| line.trim().strip_suffix(';'));
    lines.filter_map(|line| line.split_once(": "))
}

#[cfg(test)]
mod tests {
    use super::super::style::{BACKDROP, BANDS, BLACK, GRID, INK, MUTED, PALETTE, PAPER};
    use super::super::tests::all_figures;
    use super::*;

    /// Variables of the light and of the dark theme.
    fn themes() -> [Vec<(&'static str, &'static str)>; 2] {
        let (light, dark) = FIGURE_CSS.split_once("@media").unwrap();
        [light, dark].map(|block| colours(block).collect())
    }

    /// Relative luminance of a colour, as WCAG 2.2 defines it.
    fn luminance(colour: &str) -> f64 {
        let channel = |at: usize| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    /// Contrast ratio of two colours, as WCAG 2.2 defines it.
    fn contrast(one: &str, other: &str) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (f64::max(one, other) + 0.05) / (f64::min(one, other) + 0.05)
    }

    #[test]
    fn contrast_is_that_of_wcag() {
        assert!((contrast("#000000", "#ffffff") - 21.0).abs() < 1e-9);
        assert!((contrast("#767676", "#ffffff") - 4.54).abs() < 0.005, "the known grey");
    }

    #[test]
    fn text_and_marks_stand_out_from_the_paper_in_both_themes() {
        for theme in themes() {
            let paper = theme.iter().find(|(name, _)| *name == "--figure-paper").unwrap().1;
            for (name, colour) in theme {
                let least = match name {
                    // Grid lines only guide the eye: the ticks say the same.
                    "--figure-paper" | "--figure-grid" => continue,
                    band if band.starts_with("--figure-band") => continue,
                    "--figure-ink" | "--figure-muted" => 4.5,
                    _ => 3.0,
                };
                let got = contrast(colour, paper);
                assert!(got >= least, "{name}: {colour} on {paper} has {got:.2}");
            }
        }
    }

    #[test]
    fn bands_leave_the_paper_step_by_step_and_black_stands_out_from_all() {
        for theme in themes() {
            let colour = |name: &str| theme.iter().find(|(known, _)| *known == name).unwrap().1;
            let bands = (1..=7).map(|i| colour(&format!("--figure-band-{i}")));
            let all: Vec<_> = [colour("--figure-paper")].into_iter().chain(bands).collect();
            let away = |other: &str| contrast(all[0], other);
            for pair in all.windows(2) {
                assert!(away(pair[1]) > away(pair[0]), "{pair:?}: in order in grey");
                assert!(contrast(pair[0], pair[1]) > 1.15, "{pair:?}");
                assert!(contrast(colour("--figure-black"), pair[1]) > 3.0, "{pair:?}");
            }
        }
    }

    #[test]
    fn both_themes_have_the_same_variables_and_every_colour_is_its_own() {
        let [light, dark] = themes();
        let names = |theme: &[(&'static str, _)]| theme.iter().map(|(n, _)| *n).collect::<Vec<_>>();
        assert_eq!(names(&light), names(&dark));
        assert_eq!(light.len(), 19);
        for theme in [light, dark] {
            let different: std::collections::BTreeSet<_> = theme.iter().map(|(_, c)| c).collect();
            assert_eq!(different.len(), theme.len());
        }
    }

    #[test]
    fn a_light_page_has_the_colours_of_the_figures_alone() {
        let alone =
            [PAPER, INK, MUTED, GRID, BLACK, BACKDROP].into_iter().chain(PALETTE).chain(BANDS);
        assert!(alone.eq(light_colours().map(|(_, colour)| colour)));
    }

    #[test]
    fn no_colour_is_left_that_a_dark_page_cannot_change() {
        for figure in all_figures("title", "#222222 fill=\"#222222\"", &[0.1, 1.0, 0.5]) {
            let themed = figure.themed_svg();
            let parsed = resvg::usvg::roxmltree::Document::parse(&themed).unwrap();
            for node in parsed.descendants() {
                for attribute in node.attributes() {
                    let (name, value) = (attribute.name(), attribute.value());
                    let fixed = value.contains('#') && !value.contains("var(--figure-");
                    assert!(!fixed || name == "aria-label", "{name}={value}");
                    assert_ne!(name, "id");
                    if name == "class" {
                        assert!(value.starts_with("figure"), "{value}");
                    }
                }
            }
            let texts = parsed.descendants().filter_map(|node| node.text());
            assert!(texts.into_iter().all(|text| !text.contains("var(")), "text is as it was");
        }
    }

    #[test]
    fn a_page_gives_the_width_and_a_screen_reader_the_title() {
        let figure = &all_figures("<the \"title\">", "name", &[0.1, 1.0, 0.5])[0];
        let themed = figure.themed_svg();
        let parsed = resvg::usvg::roxmltree::Document::parse(&themed).unwrap();
        let root = parsed.root_element();
        assert_eq!(root.attribute("aria-label"), Some("<the \"title\">"));
        assert_eq!(root.attribute("role"), Some("img"));
        assert_eq!((root.attribute("width"), root.attribute("height")), (None, None));
        assert!(root.attribute("viewBox").unwrap().starts_with("0 0 760 "));
        // Its smallest text is 11.5 pixels high: 760 · 12 / 11.5, rounded up.
        assert!(root.attribute("style").unwrap().contains("width:794px"), "{root:?}");
    }

    #[test]
    fn no_text_is_smaller_than_twelve_pixels_on_a_page() {
        for figure in all_figures("title", "a name", &[0.1, 1.0, 0.5]) {
            let smallest = smallest_text(&figure.svg).expect("every figure has text");
            let shown = smallest * figure.page_width() / figure.width;
            assert!((12.0..12.1).contains(&shown) || smallest > 12.0, "{shown}: {}", figure.title);
        }
        assert_eq!(smallest_text("<text font-size=\"9\"/><text font-size=\"8.5\"/>"), Some(8.5));
        assert_eq!(smallest_text("<svg/>"), None);
    }
}
