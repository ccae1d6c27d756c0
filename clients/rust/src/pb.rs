//! The messages of the contract, `remora.v1`, generated from `proto/`: their comments are its specification.
//!
//! A field that holds an enum is an `i32`, so that values of later versions survive; the method of its name gives the
//! enum. A message within a message is an `Option`. The generated clients work on any `tower` service; [`crate::Client`]
//! is what takes care of waiting, deadlines and errors.

#![allow(clippy::all, clippy::pedantic, missing_docs, rustdoc::all)]

include!("pb/remora.v1.rs");
