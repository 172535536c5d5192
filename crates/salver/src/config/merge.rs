//! Merging and looking up.

use serde_json::{Map, Value};

/// What stands for the folder of `butler.yaml` in any text of the configuration.
pub(crate) const BUTLER_ROOT: &str = "<butlerRoot>";

/// Lays `over` on top of `base`: mappings merge key by key, everything else replaces.
///
/// ```
/// use serde_json::json;
///
/// let mut base = json!({"a": {"b": 1, "c": [1, 2]}});
/// salver::config::merge(&mut base, &json!({"a": {"c": [3]}}));
/// assert_eq!(base, json!({"a": {"b": 1, "c": [3]}}));
/// ```
pub fn merge(base: &mut Value, over: &Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => merge_maps(base, over),
        (base, over) => base.clone_from(over),
    }
}

fn merge_maps(base: &mut Map<String, Value>, over: &Map<String, Value>) {
    for (key, value) in over {
        match base.get_mut(key) {
            Some(there) => merge(there, value),
            None => {
                base.insert(key.clone(), value.clone());
            }
        }
    }
}

/// The value at a path of keys joined with `.`.
#[must_use]
pub fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(value, |node, key| node.as_object()?.get(key))
}

/// Replaces `<butlerRoot>` in every text.
pub fn substitute(value: &mut Value, root: &str) {
    match value {
        Value::String(text) if text.contains(BUTLER_ROOT) => {
            *text = text.replace(BUTLER_ROOT, root);
        }
        Value::Array(items) => items.iter_mut().for_each(|v| substitute(v, root)),
        Value::Object(map) => map.values_mut().for_each(|v| substitute(v, root)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_and_scalars_replace_and_mappings_merge() {
        let mut base = json!({"a": {"x": 1}, "b": [1, 2], "c": {"d": {"e": 1, "f": 2}}});
        merge(&mut base, &json!({"a": 5, "b": [9], "c": {"d": {"f": 3}, "g": null}}));
        let want = json!({"a": 5, "b": [9], "c": {"d": {"e": 1, "f": 3}, "g": null}});
        assert_eq!(base, want);
    }

    #[test]
    fn a_dotted_path_stops_at_what_is_no_mapping() {
        let value = json!({"a": {"b": 1}});
        assert_eq!(at(&value, "a.b"), Some(&json!(1)));
        assert_eq!(at(&value, "a.b.c"), None);
    }

    #[test]
    fn the_root_is_replaced_everywhere() {
        let mut value =
            json!({"a": ["<butlerRoot>/x", 1], "b": "sqlite:///<butlerRoot>/g"});
        substitute(&mut value, "/repo");
        assert_eq!(value, json!({"a": ["/repo/x", 1], "b": "sqlite:////repo/g"}));
    }
}
