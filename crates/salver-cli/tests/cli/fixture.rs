//! A repository to run commands on.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A new repository made by the command itself: instrument `Cam` with two detectors, run `r`,
/// dataset types `note` (dict in YAML: detector) and `number` (int, no dimensions).
pub(super) struct Repo {
    pub(super) folder: TempDir,
}

/// What a command answered.
pub(super) struct Answer {
    pub(super) code: i32,
    pub(super) out: String,
    pub(super) err: String,
}

impl Repo {
    pub(super) fn new() -> Self {
        Self::seeded("")
    }

    /// With a seed configuration.
    pub(super) fn seeded(seed: &str) -> Self {
        let repo = Self { folder: tempfile::tempdir().unwrap() };
        let file = repo.write("seed.yaml", if seed.is_empty() { "{}" } else { seed });
        repo.good(&["create", "REPO", "--seed-config", file.to_str().unwrap()]);
        let records = repo.write(
            "records.yaml",
            "instrument: [{name: Cam}]\n\
             detector:\n  - {instrument: Cam, id: 1, full_name: D1}\n  \
               - {instrument: Cam, id: 2, full_name: D2}\n",
        );
        repo.good(&["insert-dimension-records", "REPO", records.to_str().unwrap()]);
        repo.good(&[
            "register-dataset-type",
            "REPO",
            "note",
            "StructuredDataDict",
            "detector",
        ]);
        repo.good(&["register-dataset-type", "REPO", "number", "int"]);
        repo
    }

    pub(super) fn root(&self) -> PathBuf {
        self.folder.path().join("repo")
    }

    /// A file beside the repository.
    pub(super) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        write(&path, text.as_bytes());
        path
    }

    /// Runs a command; `REPO` stands for the repository, `TMP` for the folder around it.
    pub(super) fn run(&self, arguments: &[&str]) -> Answer {
        self.run_with(arguments, &[])
    }

    /// As [`Repo::run`], with more of an environment.
    pub(super) fn run_with(
        &self,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Answer {
        let folder = self.folder.path().to_str().unwrap();
        let place = |a: &&str| {
            a.replace("REPO", &format!("{folder}/repo")).replace("TMP", folder)
        };
        let output = Command::new(env!("CARGO_BIN_EXE_salver"))
            .args(arguments.iter().map(place))
            .current_dir(folder)
            .env_remove("DAF_BUTLER_REPOSITORIES")
            .env_remove("DAF_BUTLER_REPOSITORY_INDEX")
            .env_remove("DAF_BUTLER_CONFIG_PATH")
            .envs(environment.iter().copied())
            .output()
            .unwrap();
        Answer::new(&output, self.folder.path())
    }

    /// Runs a command that must succeed, and gives what it printed.
    pub(super) fn good(&self, arguments: &[&str]) -> String {
        let answer = self.run(arguments);
        assert_eq!(answer.code, 0, "{arguments:?}: {}", answer.err);
        answer.out
    }

    /// Runs a command that must fail, and gives what it said.
    pub(super) fn bad(&self, arguments: &[&str]) -> String {
        let answer = self.run(arguments);
        assert_eq!(answer.code, 1, "{arguments:?}: {}{}", answer.out, answer.err);
        answer.err
    }

    /// Puts a note of a detector into the run `r`.
    pub(super) fn put_note(&self, detector: &str) -> String {
        let file = self.write("note.json", "{\"text\": \"a note\"}");
        self.good(&[
            "put",
            "REPO",
            "note",
            file.to_str().unwrap(),
            "--run",
            "r",
            "--data-id",
            &format!("instrument=Cam,detector={detector}"),
        ])
    }

    /// Names of the files below the repository, but configuration and database.
    pub(super) fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![self.root()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let name =
                    path.strip_prefix(self.root()).unwrap().to_str().unwrap().to_owned();
                if !name.starts_with("gen3.sqlite3") && name != "butler.yaml" {
                    found.push(name);
                }
            }
        }
        found.sort();
        found
    }
}

impl Answer {
    fn new(output: &Output, folder: &Path) -> Self {
        let text = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes);
            let text = text.replace(folder.to_str().unwrap(), "TMP");
            without_ids(&text)
        };
        Self {
            code: output.status.code().unwrap_or(-1),
            out: text(&output.stdout),
            err: text(&output.stderr),
        }
    }
}

/// Writes a file of a test.
pub(super) fn write(path: &Path, bytes: &[u8]) {
    use std::io::Write as _;
    options().open(path).unwrap().write_all(bytes).unwrap();
}

#[expect(clippy::disallowed_types, reason = "a test's own files")]
fn options() -> std::fs::OpenOptions {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    options
}

/// UUIDs replaced by `ID`: their random part must not be in a snapshot.
fn without_ids(text: &str) -> String {
    let bytes = text.as_bytes();
    let is_id = |at: usize| {
        let piece = bytes.get(at..at + 36);
        piece.is_some_and(|p| {
            p.iter().enumerate().all(|(i, b)| match i {
                8 | 13 | 18 | 23 => *b == b'-',
                _ => b.is_ascii_hexdigit(),
            })
        })
    };
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if is_id(at) {
            out.extend_from_slice(b"00000000-0000-0000-0000-000000000000");
            at += 36;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8(out).unwrap()
}
