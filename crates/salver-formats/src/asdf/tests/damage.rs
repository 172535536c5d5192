//! Hostile and damaged files: an error with node or offset, and memory in proportion.

use salver_core::{Error, ErrorKind};

use super::{file, made, read};

fn refused(bytes: Vec<u8>) -> Error {
    let error = read(bytes).unwrap_err();
    let kinds = [ErrorKind::Corrupt, ErrorKind::Unsupported, ErrorKind::Limit];
    assert!(kinds.contains(&error.kind()), "{error}");
    error
}

fn array(fields: &str) -> String {
    format!("a: !core/ndarray-1.1.0 {{source: 0, byteorder: little, {fields}}}")
}

#[test]
fn an_array_larger_than_its_block_names_node_and_block() {
    let huge = array("datatype: float64, shape: [1000000000, 1000000000]");
    let error = refused(made(&huge, &[(&[0; 8], b"\0\0\0\0", 8)]));
    assert!(error.to_string().contains("node: /a"), "{error}");
    let over = array("datatype: float64, shape: [9223372036854775807, 9]");
    refused(made(&over, &[(&[0; 8], b"\0\0\0\0", 8)]));
    let strided = array("datatype: int8, shape: [3], strides: [-5], offset: 1");
    refused(made(&strided, &[(&[0; 8], b"\0\0\0\0", 8)]));
}

#[test]
fn items_that_repeat_without_end_are_a_limit() {
    let same = array("datatype: int8, shape: [1000000000000], strides: [0]");
    let error = refused(made(&same, &[(&[0; 8], b"\0\0\0\0", 8)]));
    assert_eq!(error.kind(), ErrorKind::Limit);
}

#[test]
fn compression_bombs_are_refused_before_memory_is_taken() {
    let big = array("datatype: int8, shape: [1099511627776]");
    for codec in [b"zlib", b"lz4\0", b"zstd", b"bzp2"] {
        let error = refused(made(&big, &[(&[1; 64], codec, 1 << 40)]));
        assert!(error.to_string().contains("more than it can"), "{error}");
    }
    let small = array("datatype: int8, shape: [100]");
    for codec in [b"zlib", b"lz4\0", b"zstd", b"bzp2", b"????"] {
        refused(made(&small, &[(&[1; 64], codec, 100)]));
    }
}

#[test]
fn text_that_unfolds_or_nests_without_end_is_refused() {
    let mut bomb = String::from("a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n");
    for i in 1..12 {
        let alias = format!("*a{}", i - 1);
        let all = [alias.as_str(); 10].join(", ");
        bomb = format!("{bomb}a{i}: &a{i} [{all}]\n");
    }
    assert_eq!(refused(made(&bomb, &[])).kind(), ErrorKind::Limit);
    refused(made("a: &x [*x]", &[]));
    refused(made(&format!("a: {}", "[".repeat(100_000)), &[]));
}

#[test]
fn blocks_that_are_not_there_are_corrupt() {
    refused(made(&array("datatype: int8, shape: [1]"), &[]));
    refused(made(&array("datatype: int9, shape: [1]"), &[(&[0; 8], b"\0\0\0\0", 8)]));
    refused(b"#ASDF".to_vec());
    refused(b"not ASDF at all".to_vec());
    let mut garbage = made("a: 1", &[]);
    garbage.extend_from_slice(b"garbage");
    let error = refused(garbage);
    assert!(error.context().iter().any(|(key, _)| *key == "offset"), "{error}");
}

#[test]
fn files_cut_anywhere_never_panic() {
    for name in ["arrays_lz4.asdf", "arrays_zlib.asdf", "tables.asdf", "streamed.asdf"] {
        let whole = file(name);
        for cut in (0..whole.len()).step_by(37) {
            drop(read(whole[..cut].to_vec()));
        }
    }
}

#[test]
fn a_wrong_block_index_does_not_matter() {
    let mut bytes = file("arrays_none.asdf");
    let at = bytes.windows(12).rposition(|w| w == b"%YAML 1.1\n--").unwrap();
    bytes[at + 16] ^= 1;
    assert_eq!(read(bytes).unwrap(), read(file("arrays_none.asdf")).unwrap());
}
