//! Shares as text for people.

/// Share in percent: whole ones from 10 % on, else with the digits that it takes.
pub(crate) fn percent(share: f64) -> String {
    match 100.0 * share {
        0.0 => "none".to_owned(),
        percent if percent >= 9.95 => format!("{percent:.0} %"),
        percent if percent >= 0.095 => format!("{percent:.1} %"),
        percent => format!("{percent:.2} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_short() {
        let written = [0.0, 0.44, 0.099, 0.001, 0.000_25, 1.0].map(percent);
        assert_eq!(written, ["none", "44 %", "9.9 %", "0.1 %", "0.03 %", "100 %"]);
    }
}
