//! The conformance suite of [`Store`]: one function for each clause of its contract.

use std::path::Path;

use salver_core::{ErrorKind, Result};
use salver_store::{Key, LinkMode, Store, Sync, Unsynced};

/// Runs every clause on an empty store.
///
/// # Errors
/// An error of the store where the contract allows none.
///
/// # Panics
/// Where the store breaks its contract; the message names the clause.
pub async fn store_suite(store: &dyn Store) -> Result<()> {
    clause_1_whole_or_nothing(store).await?;
    clause_2_create_only(store).await?;
    clause_3_dropped_stages(store).await?;
    clause_4_absent_keys(store).await?;
    clause_5_removal(store).await?;
    clause_6_names(store).await?;
    clause_8_sync(store).await?;
    if store.capabilities().links {
        links_never_replace(store).await?;
    }
    Ok(())
}

/// Puts bytes under a key; whether the name was free.
async fn put(store: &dyn Store, key: &str, bytes: &[u8]) -> Result<bool> {
    let key = Key::parse(key)?;
    let mut stage = store.stage(&key).await?;
    stage.write(bytes)?;
    stage.finish(Sync::Now).await?;
    let mut unsynced = Unsynced::default();
    let taken = stage.publish(&key, &mut unsynced).await?;
    store.sync(&unsynced).await?;
    Ok(taken)
}

async fn bytes(store: &dyn Store, key: &str) -> Result<Vec<u8>> {
    let source = store.open(&Key::parse(key)?, None).await?;
    Ok(source.read(std::slice::from_ref(&(0..source.len())))?.concat())
}

async fn clause_1_whole_or_nothing(store: &dyn Store) -> Result<()> {
    let key = Key::parse("c1/a.bin")?;
    let mut stage = store.stage(&key).await?;
    for piece in 0..40_u8 {
        stage.write(&vec![piece; 10_000])?;
        assert_eq!(store.size(&key).await?, None, "clause 1: visible while written");
    }
    assert_eq!(stage.written(), 400_000, "clause 1: count of bytes");
    assert_eq!(stage.finish(Sync::Now).await?, 400_000, "clause 1: length");
    assert_eq!(store.size(&key).await?, None, "clause 1: visible before publish");
    let mut unsynced = Unsynced::default();
    assert!(stage.publish(&key, &mut unsynced).await?, "clause 1: the name is free");
    store.sync(&unsynced).await?;
    drop(stage);
    let got = bytes(store, "c1/a.bin").await?;
    assert_eq!(got.len(), 400_000, "clause 1: all of it");
    assert!(
        got.chunks(10_000)
            .enumerate()
            .all(|(i, c)| { c.iter().all(|&b| usize::from(b) == i) }),
        "clause 1: in order"
    );
    Ok(())
}

async fn clause_2_create_only(store: &dyn Store) -> Result<()> {
    assert!(put(store, "c2/a", b"first").await?, "clause 2: a free name");
    let (taken, other) = (Key::parse("c2/a")?, Key::parse("c2/b")?);
    let mut stage = store.stage(&taken).await?;
    stage.write(b"second")?;
    stage.finish(Sync::Now).await?;
    let mut unsynced = Unsynced::default();
    if store.capabilities().create_only {
        let answer = stage.publish(&taken, &mut unsynced).await?;
        assert!(!answer, "clause 2: a taken name");
        assert_eq!(bytes(store, "c2/a").await?, b"first", "clause 2: unchanged");
    }
    let answer = stage.publish(&other, &mut unsynced).await?;
    assert!(answer, "clause 2: another name can be tried");
    assert_eq!(bytes(store, "c2/b").await?, b"second", "clause 2: the other name");
    stage.unpublish().await?;
    assert_eq!(store.size(&other).await?, None, "clause 2: taken back");
    Ok(())
}

async fn clause_3_dropped_stages(store: &dyn Store) -> Result<()> {
    let key = Key::parse("c3/a")?;
    let mut stage = store.stage(&key).await?;
    stage.write(b"half")?;
    drop(stage);
    assert_eq!(store.size(&key).await?, None, "clause 3: dropped in the middle");
    let mut stage = store.stage(&key).await?;
    stage.write(b"whole")?;
    stage.finish(Sync::Now).await?;
    drop(stage);
    assert_eq!(store.size(&key).await?, None, "clause 3: dropped at the end");
    Ok(())
}

async fn clause_4_absent_keys(store: &dyn Store) -> Result<()> {
    put(store, "c4/empty", b"").await?;
    for expected in [None, Some(0), Some(100)] {
        let absent = store.open(&Key::parse("c4/no")?, expected).await;
        let kind = absent.err().map(|e| e.kind());
        assert_eq!(kind, Some(ErrorKind::NotFound), "clause 4: open");
        let below = store.open(&Key::parse("c4/empty/x")?, expected).await;
        let kind = below.err().map(|e| e.kind());
        assert_eq!(kind, Some(ErrorKind::NotFound), "clause 4: below an object");
        let empty = store.open(&Key::parse("c4/empty")?, expected).await?;
        assert_eq!(empty.len(), 0, "clause 4: an empty object is there");
    }
    assert_eq!(store.size(&Key::parse("c4/no")?).await?, None, "clause 4: size");
    assert_eq!(store.size(&Key::parse("c4/empty")?).await?, Some(0), "clause 4: size");
    Ok(())
}

async fn clause_5_removal(store: &dyn Store) -> Result<()> {
    let key = Key::parse("c5/a")?;
    assert!(!store.remove(&key).await?, "clause 5: absent");
    put(store, "c5/a", b"x").await?;
    assert!(store.remove(&key).await?, "clause 5: present");
    assert_eq!(store.size(&key).await?, None, "clause 5: gone");
    assert!(!store.remove(&key).await?, "clause 5: absent again");
    assert!(put(store, "c5/a", b"y").await?, "clause 5: the name is free again");
    Ok(())
}

async fn clause_6_names(store: &dyn Store) -> Result<()> {
    for name in ["c6/u x+é#%/run.1/a b", "c6/%41", "c6/...", "c6/-", "c6/a\\b", "c6/~"] {
        assert!(put(store, name, name.as_bytes()).await?, "clause 6: {name}");
        assert_eq!(bytes(store, name).await?, name.as_bytes(), "clause 6: {name}");
        let uri = store.uri(&Key::parse(name)?);
        let plain = |b: u8| b.is_ascii_graphic() && b != b'#';
        assert!(uri.bytes().all(plain), "clause 6: the URI {uri} is encoded");
    }
    Ok(())
}

async fn clause_8_sync(store: &dyn Store) -> Result<()> {
    let mut unsynced = Unsynced::default();
    for i in 0..20 {
        let name = format!("c8/{i}/a");
        let key = Key::parse(&name)?;
        let mut stage = store.stage(&key).await?;
        stage.write(name.as_bytes())?;
        stage.finish(Sync::Later).await?;
        assert!(stage.publish(&key, &mut unsynced).await?, "clause 8: {name}");
    }
    assert!(!unsynced.is_empty(), "clause 8: something is left to sync");
    store.sync(&unsynced).await?;
    assert_eq!(bytes(store, "c8/7/a").await?, b"c8/7/a", "clause 8: after the sync");
    Ok(())
}

async fn links_never_replace(store: &dyn Store) -> Result<()> {
    put(store, "c9/from", b"x").await?;
    let from = salver_store::path_of_uri(&store.uri(&Key::parse("c9/from")?))?;
    let key = Key::parse("c9/to/link")?;
    for mode in [LinkMode::Hard, LinkMode::Symbolic, LinkMode::Relative] {
        let mut unsynced = Unsynced::default();
        let free = store.link(&from, &key, mode, &mut unsynced).await?;
        assert!(free, "clause 2: a free name for a link");
        assert_eq!(bytes(store, "c9/to/link").await?, b"x", "a link is read through");
        let free = store.link(&from, &key, mode, &mut unsynced).await?;
        assert!(!free, "clause 2: a taken name for a link");
        assert!(store.remove(&key).await?, "clause 5: a link");
        assert_eq!(bytes(store, "c9/from").await?, b"x", "clause 5: not what it names");
        assert!(store.link(&from, &key, mode, &mut unsynced).await?, "free again");
        links_are_taken_back(store, &from, mode).await?;
    }
    Ok(())
}

async fn links_are_taken_back(
    store: &dyn Store,
    from: &Path,
    mode: LinkMode,
) -> Result<()> {
    let key = Key::parse("c9/to/link")?;
    assert!(store.unlink(from, &key, mode).await?, "a link is taken back");
    assert!(!store.unlink(from, &key, mode).await?, "once");
    put(store, "c9/to/link", b"other").await?;
    assert!(!store.unlink(from, &key, mode).await?, "what is no link stays");
    assert!(store.remove(&key).await?, "clause 5: the other object");
    Ok(())
}
