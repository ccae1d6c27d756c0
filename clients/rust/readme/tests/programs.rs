//! The first program of README.md prints an answer, and the others compile.

#[path = "../../tests/fake/mod.rs"]
mod fake;

/// Compiled, never run.
#[expect(dead_code, reason = "programs have a main of their own")]
mod others {
    include!(concat!(env!("OUT_DIR"), "/others.rs"));
}

use fake::{Fake, completed, delta, ok};

#[tokio::test(flavor = "multi_thread")]
async fn the_first_program_prints_the_answer() {
    let fake = Fake::serving(vec![delta(0, "Because of "), delta(0, "Rayleigh."), completed(), ok()]).await;
    let program = std::process::Command::new(env!("CARGO_BIN_EXE_remora-readme"))
        .env("REMORA_ADDRESS", &fake.address)
        .env_remove("REMORA_TOKEN")
        .output();
    let ran = program.expect("it was built");
    assert_eq!(String::from_utf8_lossy(&ran.stderr), "");
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "Because of Rayleigh.");
    assert!(ran.status.success());
}
