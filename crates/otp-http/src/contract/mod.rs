//! The contract of every route, told once: the router serves it, and the OpenAPI document and the pages under `/docs`
//! describe it.
//!
//! What a route does not say itself follows from the types of its handler: its [`Capability`](crate::call::Capability)
//! says which credentials open it and how it is refused without, its [`Input`](crate::call::Input) what it is asked.

mod document;
mod examples;
mod operation;
mod problems;
mod route;
mod scalar;
mod shape;

pub(crate) use document::{PROBLEM_JSON, document};
pub(crate) use examples::{Example, of as example};
pub(crate) use operation::{Header, Operation};
pub(crate) use route::{Routes, delete, get, post, put, unchecked};
pub(crate) use scalar::*;
pub(crate) use shape::{Shape, closed};
