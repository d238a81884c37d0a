//! [`Texts`]: the cells of a column that is told, which are those of a category where one of them is no number.

use std::collections::HashMap;

use super::rows::Rows;

/// The most values of a category.
pub const CATEGORY_LIMIT: usize = 100_000;

/// Reason why a column's texts are neither numbers nor a category.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Unsettled {
    /// The number of values, which are too many.
    ManyValues(usize),
    /// A text among numbers.
    OddText(String),
}

/// Texts of a column, each once, by their places in the order in which they came.
#[derive(Clone, Debug, Default)]
pub(super) struct Texts {
    places: HashMap<String, usize>,
    all: Vec<String>,
}

impl Texts {
    /// The place of a text.
    pub fn place(&mut self, text: &str) -> f64 {
        if let Some(place) = self.places.get(text) {
            return *place as f64;
        }
        self.places.insert(text.to_owned(), self.all.len());
        self.all.push(text.to_owned());
        (self.all.len() - 1) as f64
    }

    /// Replaces the places in a column of `rows` by the numbers that the texts are, or where most are none, or the column
    /// `is_category`, by places among the sorted names that are returned. Texts of dropped rows do not count; texts of
    /// one number are one value, by the first of them. NaN, a missing one, stays.
    ///
    /// # Errors
    /// A category of too many values; a text among numbers.
    pub fn settle(
        self,
        column: usize,
        rows: &mut Rows,
        is_category: bool,
        number: impl Fn(&str) -> Option<f64>,
    ) -> Result<Option<Vec<String>>, Unsettled> {
        let mut is_used = vec![false; self.all.len()];
        let places = (0..rows.len()).map(|row| rows.row(row)[column]);
        places.filter(|place| !place.is_nan()).for_each(|place| is_used[place as usize] = true);
        let used: Vec<_> = (0..self.all.len()).filter(|place| is_used[*place]).collect();
        let numbers: Vec<Option<f64>> =
            used.iter().map(|place| number(&self.all[*place])).collect();
        let others = numbers.iter().filter(|number| number.is_none()).count();
        let mut values = vec![f64::NAN; self.all.len()];
        let names = if others == 0 && !is_category {
            let numbers = used.iter().zip(numbers);
            numbers.for_each(|(place, number)| values[*place] = number.unwrap_or(f64::NAN));
            None
        } else {
            if !is_category && 2 * others < used.len() {
                let odd = numbers.iter().position(Option::is_none).unwrap_or(0);
                return Err(Unsettled::OddText(self.all[used[odd]].clone()));
            }
            let text = |i: usize| &self.all[used[i]];
            let mut sorted: Vec<usize> = (0..used.len()).collect();
            // By number where all are, else by spelling; of equal numbers the first text first.
            sorted.sort_by(|a, b| match (others == 0, numbers[*a], numbers[*b]) {
                (true, Some(a), Some(b)) => a.total_cmp(&b),
                _ => text(*a).cmp(text(*b)),
            });
            let mut names: Vec<String> = Vec::new();
            let mut last = None;
            for i in sorted {
                if others > 0 || last != numbers[i] {
                    names.push(text(i).clone());
                }
                last = numbers[i];
                values[used[i]] = (names.len() - 1) as f64;
            }
            if names.len() > CATEGORY_LIMIT {
                return Err(Unsettled::ManyValues(names.len()));
            }
            Some(names)
        };
        for row in 0..rows.len() {
            let value = &mut rows.row_mut(row)[column];
            if !value.is_nan() {
                *value = values[*value as usize];
            }
        }
        Ok(names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(texts: &[&str], is_category: bool) -> (Vec<f64>, Option<Vec<String>>) {
        let (mut all, mut rows) = (Texts::default(), Rows::new(1));
        texts.iter().for_each(|text| rows.push(&[all.place(text)]));
        all.place("of a dropped row");
        let names = all.settle(0, &mut rows, is_category, |text| text.parse().ok());
        ((0..rows.len()).map(|row| rows.row(row)[0]).collect(), names.expect("few values"))
    }

    #[test]
    fn numbers_stay_numbers_and_texts_make_a_category() {
        assert_eq!(settled(&["7", "10", "7"], false), (vec![7.0, 10.0, 7.0], None));
        let names = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
        let mixed = settled(&["b", "10", "a", "b"], false);
        assert_eq!(mixed, (vec![2.0, 0.0, 1.0, 2.0], names(&["10", "a", "b"])));
        let numbers = settled(&["10", "9", "9.0", "10"], true);
        assert_eq!(numbers, (vec![1.0, 0.0, 0.0, 1.0], names(&["9", "10"])));
    }

    #[test]
    fn too_many_values_and_a_text_among_numbers_are_refused() {
        let refused = |text: fn(usize) -> String, number: fn(&str) -> Option<f64>| {
            let (mut all, mut rows) = (Texts::default(), Rows::new(1));
            (0..=CATEGORY_LIMIT).for_each(|i| rows.push(&[all.place(&text(i))]));
            all.settle(0, &mut rows, false, number)
        };
        let many = refused(|i| format!("id {i}"), |_| None);
        assert_eq!(many, Err(Unsettled::ManyValues(CATEGORY_LIMIT + 1)));
        let odd = refused(
            |i| if i == 700 { "3..4".to_owned() } else { i.to_string() },
            |text| text.parse().ok(),
        );
        assert_eq!(odd, Err(Unsettled::OddText("3..4".to_owned())));
    }
}
