//! The vectors of docs/spec/digests.md, which are trees in JSON.

use arrow_buffer::Buffer;
use salver_tree::{Array, DType, Tree, digest};

use super::Json;

const VECTORS: &str = include_str!("../../../../testdata/tree/digests.json");

#[test]
fn digests_are_those_of_the_vectors() {
    let Tree::List(cases) = Json::parse(VECTORS).unwrap() else { panic!("a list") };
    assert!(cases.len() > 30);
    for case in cases {
        let name = case.at("/name").unwrap().as_str().unwrap();
        let got = digest::hex(&case.at("/tree").unwrap().digest().unwrap());
        assert_eq!(got, case.at("/digest").unwrap().as_str().unwrap(), "{name}");
    }
}

/// Item i is i mod 251: too large for the file of vectors, and the same in tests/python.
#[test]
fn an_array_of_three_blocks() {
    let items: Vec<u8> =
        (0..2_100_003_u32).map(|i| u8::try_from(i % 251).unwrap()).collect();
    let shape = vec![items.len()];
    let array = Array::new(DType::U8, shape, Buffer::from_vec(items)).unwrap();
    let digest = digest::hex(&Tree::Array(array).digest().unwrap());
    let want = "5f9991fcfafd25be8f74ef86074d15e0a9cd8a3f248362444e1a951897297e95";
    assert_eq!(digest, want);
}
