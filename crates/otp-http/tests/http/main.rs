//! The HTTP contract, asked of the real router over the reference adapter, with a clock that stands
//! still and entropy that repeats.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what a test cannot have, fails it")]

mod accounts;
mod analytics;
mod api_keys;
mod audit;
mod configuration;
mod contract;
mod cookies;
mod cors;
mod credentials;
mod customers;
mod docs;
mod edge;
mod examples;
mod forgery;
mod gate;
mod health;
mod jwks;
mod kv;
mod limits;
mod many_faults;
mod modes;
mod onboarding;
mod once;
mod order;
mod outages;
mod page;
mod persons;
mod problems;
mod quotas;
mod requests;
mod secrets;
mod sessions;
mod sign_in;
mod signup;
mod signup_again;
mod signup_asked;
mod totality;
mod users;
mod world;
