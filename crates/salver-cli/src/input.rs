//! What arguments say.

use salver::{Error, ErrorKind, Op, Result};
use serde_json::Value as Json;

/// Splits repeated options at commas, as Gen3's command line does: `-x a,b -x c` is a, b, c.
pub(crate) fn split_commas(values: &[String]) -> Vec<String> {
    let parts = values.iter().flat_map(|v| v.split(','));
    parts.map(str::trim).filter(|v| !v.is_empty()).map(str::to_owned).collect()
}

/// `key=value` pairs, separated by commas, in one or more options; values stay text.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] for a pair without `=` or a key that is given twice.
pub(crate) fn pairs(values: &[String]) -> Result<Vec<(String, String)>> {
    let mut out: Vec<(String, String)> = Vec::new();
    for part in split_commas(values) {
        let Some((key, value)) = part.split_once('=') else {
            let error =
                Error::new(ErrorKind::InvalidInput, Op("cli.data_id"), "not a pair");
            return Err(error.with("given", part).hint("such as `instrument=HST-ACS`"));
        };
        if out.iter().any(|(k, _)| k == key) {
            let message = "a key is given twice";
            return Err(Error::new(ErrorKind::InvalidInput, Op("cli.data_id"), message)
                .with("key", key));
        }
        out.push((key.trim().to_owned(), value.trim().to_owned()));
    }
    Ok(out)
}

/// A read parameter, `name=value`: the value is JSON, or a list of names separated by commas.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] without `=`.
pub(crate) fn parameter(text: &str) -> Result<(String, Json)> {
    let Some((name, value)) = text.split_once('=') else {
        let error =
            Error::new(ErrorKind::InvalidInput, Op("cli.parameter"), "not a pair");
        return Err(error.with("given", text).hint("such as `columns=ra,dec`"));
    };
    let parsed = serde_json::from_str(value).unwrap_or_else(|_| {
        let names: Vec<_> = value.split(',').map(str::trim).collect();
        match names.as_slice() {
            [one] => Json::from(*one),
            many => Json::from(many),
        }
    });
    Ok((name.trim().to_owned(), parsed))
}

/// Numbers separated by blanks or commas: `6.03 -72.08`.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] for anything else.
pub(crate) fn numbers(text: &str) -> Result<Vec<f64>> {
    let parts = text.split([' ', ',']).filter(|p| !p.is_empty());
    let parse = |p: &str| {
        p.parse::<f64>().ok().filter(|f| f.is_finite()).ok_or_else(|| {
            Error::new(ErrorKind::InvalidInput, Op("cli.numbers"), "not a number")
                .with("given", p)
        })
    };
    parts.map(parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(values: &[&str]) -> Vec<String> {
        values.iter().map(|&v| v.to_owned()).collect()
    }

    #[test]
    fn commas_and_repeats_are_the_same() {
        let got = split_commas(&strings(&["a,b", " c ,"]));
        assert_eq!(got, strings(&["a", "b", "c"]));
    }

    #[test]
    fn a_parameter_is_json_or_names() {
        use serde_json::json;
        assert_eq!(parameter("columns=ra, dec").unwrap().1, json!(["ra", "dec"]));
        assert_eq!(parameter("columns=ra").unwrap().1, json!("ra"));
        assert_eq!(parameter("bbox={\"x0\":1}").unwrap().1, json!({"x0": 1}));
        assert!(parameter("columns").is_err());
    }

    #[test]
    fn a_pair_needs_its_sign_and_a_key_comes_once() {
        let got = pairs(&strings(&["instrument=A,detector=1", "x=a=b"])).unwrap();
        assert_eq!(got[2], ("x".to_owned(), "a=b".to_owned()));
        assert!(pairs(&strings(&["detector"])).is_err());
        assert!(pairs(&strings(&["a=1", "a=2"])).is_err());
    }
}
