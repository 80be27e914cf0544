//! The figures as tables of Markdown, each beside what it is compared with and what it should be.

use std::fmt::{Result, Write};

use crate::measure::{Quantiles, Sample};
use crate::scenario::{Asked, Footprint, Growth, Report, Row};

/// All tables of `report`.
pub(crate) fn tables(report: &Report) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    _ = write_all(&mut text, report);
    text
}

fn write_all(text: &mut String, report: &Report) -> Result {
    if !report.rows.is_empty() {
        writeln!(text, "| store | what | connections | | per second | server µs | store µs | p50 ms | p99 ms |")?;
        writeln!(text, "|---|---|---:|---|---:|---:|---:|---:|---:|")?;
        report.rows.iter().try_for_each(|row| compared(text, row))?;
    }
    if !report.footprints.is_empty() {
        writeln!(text, "\n| store | ready after | idle | after load | 4096 connections | p99 ms alone | crowded |")?;
        writeln!(text, "|---|---:|---:|---:|---:|---:|---:|")?;
        report.footprints.iter().try_for_each(|footprint| taken_up(text, footprint))?;
    }
    if !report.growth.is_empty() {
        writeln!(text, "\n| store | users | tenants | cycles/s | server µs | store µs | p50 ms | p99 ms |")?;
        writeln!(text, "|---|---:|---:|---:|---:|---:|---:|---:|")?;
        report.growth.iter().try_for_each(|growth| grown(text, growth))?;
    }
    if !report.analytics.is_empty() {
        writeln!(text, "\n| store | asked of a year | p50 ms | longest ms |")?;
        writeln!(text, "|---|---|---:|---:|")?;
        for Asked { engine, path, p50, max } in &report.analytics {
            writeln!(text, "| {engine} | `{path}` | {p50:.1} | {max:.1} |")?;
        }
    }
    Ok(())
}

/// The bare server, the service, and how they compare.
fn compared(text: &mut String, row: &Row) -> Result {
    let load = format!("| {} | {} | {} ", row.engine, row.what, row.connections);
    for (who, sample) in [("bare", &row.bare), ("service", &row.service)] {
        if let Some(sample) = sample {
            writeln!(text, "{load}| {who} {}", figures(sample))?;
            failures(text, sample)?;
        }
    }
    if let Some(trouble) = &row.trouble {
        writeln!(text, "{load}| service | {} | | | | |", trouble.replace('\n', " "))?;
    }
    if let (Some(bare), Some(service)) = (&row.bare, &row.service) {
        let (rate, server) = (service.rate / bare.rate, service.server_cpu / bare.server_cpu);
        let store = times(service.store_cpu / bare.store_cpu);
        let p50 = slower(bare, service, |quantiles| quantiles.p50);
        let p99 = slower(bare, service, |quantiles| quantiles.p99);
        writeln!(text, "{load}| **ratio** | **× {rate:.2}** | × {server:.2} | {store} | {p50} | {p99} |")?;
    }
    Ok(())
}

fn taken_up(text: &mut String, footprint: &Footprint) -> Result {
    let Footprint { engine, started_in, idle, after_load, crowded, alone_cycles, crowded_cycles } = footprint;
    let [idle, after_load, crowded] = [idle, after_load, crowded].map(|octets| octets / (1024 * 1024));
    let [alone, among] = [alone_cycles, crowded_cycles].map(|sample| calls(sample, |quantiles| quantiles.p99));
    let ready = started_in / 1000;
    writeln!(text, "| {engine} | {ready} ms | {idle} MB | {after_load} MB | {crowded} MB | {alone} | {among} |")?;
    failures(text, alone_cycles)?;
    failures(text, crowded_cycles)
}

fn grown(text: &mut String, growth: &Growth) -> Result {
    let Growth { engine, users, tenants, sample } = growth;
    writeln!(text, "| {engine} | {users} | {tenants} {}", figures(sample))?;
    failures(text, sample)
}

/// The cells every measurement has.
fn figures(sample: &Sample) -> String {
    let Sample { rate, server_cpu, store_cpu, .. } = sample;
    let (p50, p99) = (calls(sample, |quantiles| quantiles.p50), calls(sample, |quantiles| quantiles.p99));
    format!("| {rate:.0} | {server_cpu:.0} | {store_cpu:.0} | {p50} | {p99} |")
}

fn failures(text: &mut String, sample: &Sample) -> Result {
    sample.failures.iter().try_for_each(|(failure, count)| writeln!(text, "| | | | failed | {count} × {failure} |"))
}

/// A quantile of each call that was made, in milliseconds: of requests and of codes, or of who one is.
fn calls(sample: &Sample, quantile: fn(&Quantiles) -> f64) -> String {
    let calls = [&sample.request, &sample.verify, &sample.me].map(quantile);
    let made = calls.iter().filter(|time| **time > 0.0);
    made.map(|time| format!("{:.2}", time / 1000.0)).collect::<Vec<_>>().join(", ")
}

/// How much slower the service is, by a quantile of each call that was made.
fn slower(bare: &Sample, service: &Sample, quantile: fn(&Quantiles) -> f64) -> String {
    let calls = |sample: &Sample| [&sample.request, &sample.verify, &sample.me].map(quantile);
    let ratios = calls(service).into_iter().zip(calls(bare)).filter(|(_, bare)| *bare > 0.0);
    ratios.map(|(service, bare)| times(service / bare)).collect::<Vec<_>>().join(", ")
}

/// A ratio, if there was something to compare with.
fn times(ratio: f64) -> String {
    if ratio.is_finite() { format!("× {ratio:.2}") } else { String::new() }
}
