//! What is not in `butler.yaml`.

use std::sync::OnceLock;

use serde_json::Value;

/// The defaults below every `butler.yaml`: registry managers, path templates, formatters.
///
/// Source: Gen3 format §1.4, §9.2 and §10.2 (docs/spec/gen3.md). Storage classes have their own
/// list, in salver-model.
#[must_use]
pub fn defaults() -> &'static Value {
    static DEFAULTS: OnceLock<Value> = OnceLock::new();
    DEFAULTS.get_or_init(|| {
        let text = include_str!("../../data/defaults.json");
        serde_json::from_str(text).unwrap_or(Value::Null)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::at;

    #[test]
    fn the_defaults_name_the_six_managers_and_a_template() {
        let managers = at(defaults(), "registry.managers").unwrap().as_object().unwrap();
        assert_eq!(managers.len(), 6);
        assert!(at(defaults(), "datastore.templates.default").is_some());
        let json = "lsst.daf.butler.formatters.json.JsonFormatter";
        assert_eq!(at(defaults(), "datastore.formatters.int").unwrap(), json);
    }
}
