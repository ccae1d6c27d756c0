//! Generates the Rust code of the contract, without protoc: `remora-generate PROTO_FOLDER OUT_FOLDER`.

use std::error::Error;
use std::path::PathBuf;

use protox::Compiler;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(protos), Some(out), None) = (arguments.next(), arguments.next(), arguments.next()) else {
        return Err("usage: remora-generate PROTO_FOLDER OUT_FOLDER".into());
    };
    let mut files = std::fs::read_dir(protos.join("remora/v1"))?
        .map(|entry| entry.map(|found| found.path()))
        .collect::<Result<Vec<_>, _>>()?;
    files.sort();
    let contract = Compiler::new([&protos])?
        .include_source_info(true)
        .include_imports(true)
        .open_files(files)?
        .file_descriptor_set();
    tonic_prost_build::configure().build_server(false).build_transport(false).out_dir(out).compile_fds(contract)?;
    Ok(())
}
