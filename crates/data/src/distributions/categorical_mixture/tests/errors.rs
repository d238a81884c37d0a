//! What a mixture refuses, by the field's name.

use super::*;

#[test]
fn bad_parameters_are_named() {
    let (all, _) = parts(2, &[2, 3]);
    let said = |change: &dyn Fn(&mut Vec<ProductComponent>), weights: Option<Vec<f64>>| {
        let mut components = all.clone();
        change(&mut components);
        let made = CategoricalMixture::new(components, weights);
        made.err().map_or_else(String::new, |error| error.to_string())
    };
    let nothing = |_: &mut Vec<ProductComponent>| {};
    assert_eq!(said(&nothing, None), "");
    assert_eq!(
        said(&|c| c.clear(), None),
        "components: must hold at least one component, got none"
    );
    assert_eq!(
        said(&|c| c[0] = ProductComponent::default(), None),
        "components[0]: must have 1 to 65536 numbers and values, got 0"
    );
    let first = "as the first component's";
    for (change, message) in [
        (
            &(|c: &mut Vec<ProductComponent>| c[2].means.push(0.0))
                as &dyn Fn(&mut Vec<ProductComponent>),
            format!("components[2].means: must have the length 2, {first}, got 3"),
        ),
        (
            &|c| c[1].stds.clear(),
            "components[1].stds: must have the length 2, one a mean, got 0".to_owned(),
        ),
        (
            &|c| c[3].shares.push(vec![1.0, 1.0]),
            format!("components[3].shares: must have the length 2, {first}, got 3"),
        ),
        (
            &|c| c[3].shares[1].push(0.1),
            format!("components[3].shares[1]: must have the length 3, {first}, got 4"),
        ),
        (
            &|c| c[0].means[1] = f64::NAN,
            "components[0].means: must hold finite numbers, got NaN".to_owned(),
        ),
        (
            &|c| c[0].stds[1] = 0.0,
            "components[0].stds[1]: must be finite and above 0, got 0".to_owned(),
        ),
        (
            &|c| c[1].shares[1][2] = -0.5,
            "components[1].shares[1][2]: must be finite and above 0, got -0.5".to_owned(),
        ),
        (
            &|c| c.iter_mut().for_each(|own| own.shares[0] = vec![1.0]),
            "components[0].shares[0]: must hold at least two shares, got 1".to_owned(),
        ),
        (
            &|c| c[0].means[0] = 1e200,
            "components: the standard deviation of number 0: must be finite and above 0, got inf"
                .to_owned(),
        ),
    ] {
        assert_eq!(said(change, None), message);
    }
    assert_eq!(
        said(&nothing, Some(vec![1.0; 3])),
        "weights: must have the length 4, one a component, got 3"
    );
    assert_eq!(
        said(&nothing, Some(vec![1.0, 1.0, 0.0, 1.0])),
        "weights[2]: must be finite and above 0, got 0"
    );
}

#[test]
fn names_stand_once_and_are_as_many_as_there_are_columns_and_values() {
    let own = mixture(1, &[2]);
    let names = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let said = |texts: &[&str]| own.clone().with_names(names(texts)).expect_err("bad").to_string();
    assert_eq!(said(&["a"]), "names: must have the length 2, one a column, got 1");
    assert_eq!(said(&["a", "a"]), "names[1]: must be a name that stands once, got \"a\"");
    assert_eq!(said(&["a", " "]), "names[1]: must be a name that stands once, got \" \"");
    let said =
        |values: Vec<Vec<String>>| own.clone().with_values(values).expect_err("bad").to_string();
    assert_eq!(said(Vec::new()), "values: must hold 1 lists, one a category, got 0");
    assert_eq!(said(vec![names(&["a"])]), "values[0]: must have the length 2, one a value, got 1");
}
