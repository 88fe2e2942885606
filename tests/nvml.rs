//! The safe face of NVIDIA's management library, over a stand-in compiled here: there need not be a card.
#![cfg(unix)]

use sapiens::error::ErrorKind;
use sapiens::runtime::Nvml;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Two cards; what fails is chosen when it is compiled. It counts starts and ends in a file.
const STAND_IN: &str = r#"
#include <stdio.h>
#include <string.h>
#ifndef INIT
#define INIT 0
#endif
#ifndef MEMORY
#define MEMORY 0
#endif
typedef struct { unsigned long long total, free, used; } memory_t;
static int cards[2];
static void note(char c) { FILE *f = fopen(NOTES, "a"); fputc(c, f); fclose(f); }
int nvmlInit_v2(void) { note('i'); return INIT; }
int nvmlShutdown(void) { note('s'); return 0; }
const char *nvmlErrorString(int status) { return status == 9 ? "Driver Not Loaded" : status == 3 ? "Not Supported" : "?"; }
#ifndef WITHOUT_COUNT
int nvmlDeviceGetCount_v2(unsigned int *count) { *count = 2; return 0; }
#endif
int nvmlDeviceGetHandleByIndex_v2(unsigned int i, void **card) { if (i > 1) return 2; *card = &cards[i]; return 0; }
int nvmlDeviceGetName(void *card, char *name, unsigned int length) {
  memset(name, 'x', length); /* a driver that ends no text */
  if (card == &cards[0]) snprintf(name, length, "Card A");
  return 0;
}
int nvmlDeviceGetMemoryInfo(void *card, memory_t *m) {
  m->total = card == &cards[0] ? 8ull << 30 : 24ull << 30; m->free = m->total / 2; m->used = m->total - m->free; return MEMORY;
}
"#;

fn stand_in(folder: &Path, flags: &[&str]) -> PathBuf {
    let (source, library) = (folder.join("nvml.c"), folder.join(format!("nvml{}.so", flags.concat())));
    std::fs::write(&source, STAND_IN).unwrap();
    let notes = format!("-DNOTES=\"{}\"", folder.join("notes").display());
    let ran =
        Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(notes).args(flags).arg(&source).output();
    let ran = ran.expect("this test needs a C compiler `cc` (Debian package gcc)");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    library
}

fn notes(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("notes")).unwrap_or_default()
}

#[test]
fn cards_have_names_and_memory() {
    let folder = tempfile::tempdir().unwrap();
    let library = stand_in(folder.path(), &[]);
    let cards = Nvml::open(Some(&library)).unwrap().devices().unwrap();
    assert_eq!(cards.len(), 2);
    assert_eq!((cards[0].name.as_str(), cards[0].total, cards[0].free), ("Card A", 8 << 30, 4 << 30));
    assert!(cards[1].name.chars().all(|c| c == 'x') && cards[1].name.len() == 95, "{}", cards[1].name);
    assert_eq!(notes(folder.path()), "is", "started once, ended once");
}

#[test]
fn what_the_driver_refuses_is_said_in_its_words() {
    let folder = tempfile::tempdir().unwrap();
    let error = Nvml::open(Some(&stand_in(folder.path(), &["-DINIT=9"]))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Device);
    assert!(error.to_string().contains("could not start: Driver Not Loaded (NVML error 9)"), "{error}");
    assert_eq!(notes(folder.path()), "i", "what was not started is not ended");
    let error = Nvml::open(Some(&stand_in(folder.path(), &["-DMEMORY=3"]))).unwrap().devices().unwrap_err();
    assert!(error.to_string().contains("the memory of card 0: Not Supported"), "{error}");
}

#[test]
fn another_library_and_none() {
    let folder = tempfile::tempdir().unwrap();
    let library = stand_in(folder.path(), &["-DWITHOUT_COUNT"]);
    let error = Nvml::open(Some(&library)).unwrap().devices().unwrap_err();
    assert!(error.kind() == ErrorKind::Library && error.to_string().contains("nvmlDeviceGetCount_v2"), "{error}");
    let error = Nvml::open(Some(&folder.path().join("none.so"))).unwrap_err();
    assert!(error.kind() == ErrorKind::NotFound && error.to_string().contains("NVIDIA driver"), "{error}");
}
