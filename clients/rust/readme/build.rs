//! Takes the programs out of README.md: the first is this crate's, the others must compile.

use std::io::Write as _;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let readme = "../README.md";
    println!("cargo::rerun-if-changed={readme}");
    let out = env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?;
    let text = fs::read_to_string(readme)?;
    let mut programs =
        text.split("\n```rust\n").skip(1).map(|rest| rest.split_inclusive("\n```").next().unwrap_or(rest));
    let mut next = || programs.next().map(|program| program.trim_end_matches("```").to_owned());
    fs::write(Path::new(&out).join("first.rs"), next().ok_or(io::ErrorKind::NotFound)?)?;
    let mut others = Vec::new();
    while let Some(program) = next() {
        writeln!(others, "mod program_{} {{\n{program}}}", others.len())?;
    }
    fs::write(Path::new(&out).join("others.rs"), others)
}
