//! `trainer key` and `trainer sign` as processes.
#![cfg(unix)]

mod process;

use process::{text, trainer};
use scaleiq_core::model::{Bundle, ModelKey, Origin};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use trainer::export::SignKey;
use trainer::monitor::versions::Versions;

/// The shipped model in a new folder.
fn copy_shipped(to: &Path) {
    fs::create_dir_all(to).unwrap();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/edge");
    for entry in fs::read_dir(shipped).unwrap().flatten() {
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[test]
fn a_key_is_made_signs_and_is_told_again() {
    let at = tempfile::tempdir().unwrap();
    let path = |name: &str| at.path().join(name).to_str().unwrap().to_owned();
    let (key, model) = (path("key.pem"), path("model"));
    let made = trainer(&["key", "--out", &key]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let public: ModelKey = text(&made.stdout).parse().unwrap();
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(trainer(&["key", "--of", &key]).stdout, made.stdout);
    assert!(!trainer(&["key", "--out", &key]).status.success());

    copy_shipped(Path::new(&model));
    let signed = trainer(&["sign", "--model", &model, "--key", &key]);
    assert!(signed.status.success(), "{}", text(&signed.stderr));
    assert!(text(&signed.stderr).contains("card.json.sig and model.pack.sig"));
    let origin = Origin::Folder { path: Path::new(&model), key: Some(&public) };
    Bundle::card_of(origin).unwrap();

    let wrong = trainer(&["sign", "--model", &model, "--key", &path("model/card.json")]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(text(&wrong.stderr).contains("no private key of Ed25519"), "{}", text(&wrong.stderr));
}

#[test]
fn a_version_that_comes_back_is_signed_as_it_was() {
    let at = tempfile::tempdir().unwrap();
    let key = SignKey::generate(&at.path().join("key.pem")).unwrap();
    let versions = Versions::open(&at.path().join("versions")).unwrap();
    for version in [1, 2] {
        copy_shipped(&versions.folder(version));
        key.sign(&versions.folder(version)).unwrap();
        versions.put_in_force(version, "a test").unwrap();
    }
    // The second one is spoilt: it is not taken, and the one before it is.
    fs::write(versions.folder(2).join("card.json"), "{}").unwrap();
    let (path, public) = (versions.current_path(), key.public());
    let open = || Bundle::card_of(Origin::Folder { path: &path, key: Some(&public) });
    assert!(open().unwrap_err().to_string().contains("not made over this card"));
    let folder = at.path().join("versions");
    let back = trainer(&["refresh", "--rollback", "--versions", folder.to_str().unwrap()]);
    assert!(
        text(&back.stdout).starts_with("version 1 is in force again"),
        "{}",
        text(&back.stderr)
    );
    open().unwrap();
}
