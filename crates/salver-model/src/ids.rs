//! Dataset identifiers that follow from what a dataset is.
//!
//! Source: Gen3 format §11 (docs/spec/gen3.md). New datasets get random identifiers from
//! [`salver_core::IdSource`]; raw data get these, so that ingesting twice gives the same.

use uuid::Uuid;

use crate::{DataId, DatasetType};

/// Gen3's namespace: the version 5 UUID of the DNS name `lsst.org`.
pub const NAMESPACE: Uuid = Uuid::from_u128(0x840b_31d9_05cd_5161_b2c8_00d3_2b28_0d0f);

/// How an identifier is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdMode {
    /// From the dataset type and the data ID.
    DataIdType,
    /// From the dataset type, the run and the data ID.
    DataIdTypeRun,
}

/// The identifier that follows from dataset type, data ID and, for [`IdMode::DataIdTypeRun`], run.
#[must_use]
pub fn dataset_id(
    mode: IdMode,
    dataset_type: &DatasetType,
    data_id: &DataId,
    run: &str,
) -> Uuid {
    let mut name = format!("dataset_type={}", dataset_type.name());
    if mode == IdMode::DataIdTypeRun {
        name.push_str(",run=");
        name.push_str(run);
    }
    let mut pairs: Vec<_> =
        data_id.group().required().iter().zip(data_id.required_values()).collect();
    pairs.sort_by_key(|(k, _)| *k);
    for (key, value) in pairs {
        name.extend([",", key, "=", &value.plain()]);
    }
    Uuid::new_v5(&NAMESPACE, name.as_bytes())
}

/// The identifier that stands for an integer identifier of a very old export.
#[must_use]
pub fn from_integer(id: i64) -> Uuid {
    let namespace = Uuid::from_u128(0x4d48_51f4_2890_4d41_8779_5f38_a3f5_062b);
    Uuid::new_v3(&namespace, id.to_string().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DataId, DatasetType, Universe};

    #[test]
    fn identifiers_are_those_of_the_format() {
        let universe = Universe::default_v8();
        let group = universe.group(["exposure", "detector"]).unwrap();
        let raw = DatasetType::new("raw", group.clone(), "StructuredDataDict").unwrap();
        let id = |detector: i64, exposure: i64, mode| {
            let values = vec!["CamA".into(), detector.into(), exposure.into()];
            let data_id = DataId::new(group.clone(), values).unwrap();
            dataset_id(mode, &raw, &data_id, "CamA/raw/all").to_string()
        };
        assert_eq!(
            id(0, 1, IdMode::DataIdTypeRun),
            "96b7dcb8-d064-5611-b23f-5476340ac7b6"
        );
        assert_eq!(id(1, 8, IdMode::DataIdType), "0a66e9a9-a83f-5abe-bae7-ebb0db3f7937");
        assert_eq!(Uuid::new_v5(&Uuid::NAMESPACE_DNS, b"lsst.org"), NAMESPACE);
    }
}
