//! The figures as tables of Markdown.

use std::fmt::Write;

use crate::measure::{Quantiles, Sample};
use crate::scenario::Row;

/// The table of `rows`.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut table = String::from(
        "| store | what | connections | | per second | server µs | store µs | p50 ms | p99 ms |\n\
         |---|---|---|---|---|---|---|---|---|\n",
    );
    for row in rows {
        // Writing to a string cannot fail.
        _ = lines(&mut table, row);
    }
    table
}

fn lines(table: &mut String, row: &Row) -> std::fmt::Result {
    let Row { engine, what, connections, .. } = row;
    for (who, sample) in [("bare", &row.bare), ("service", &row.service)] {
        if let Some(sample) = sample {
            let Sample { rate, server_cpu, store_cpu, .. } = sample;
            let (p50, p99) = (calls(sample, |times| times.p50), calls(sample, |times| times.p99));
            write!(table, "| {engine} | {what} | {connections} | {who} ")?;
            writeln!(table, "| {rate:.0} | {server_cpu:.0} | {store_cpu:.0} | {p50} | {p99} |")?;
            for (failure, count) in &sample.failures {
                writeln!(table, "| {engine} | {what} | {connections} | {who} | failed: {count} × {failure} | | | | |")?;
            }
        }
    }
    if let Some(trouble) = &row.trouble {
        writeln!(table, "| {engine} | {what} | {connections} | service | {} | | | | |", trouble.replace('\n', " "))?;
    }
    if let (Some(bare), Some(service)) = (&row.bare, &row.service) {
        let [request, verify, me] = [
            service.request.p99 / bare.request.p99,
            service.verify.p99 / bare.verify.p99,
            service.me.p99 / bare.me.p99,
        ];
        let ratios: Vec<String> =
            [request, verify, me].iter().filter(|r| r.is_finite()).map(|r| format!("× {r:.2}")).collect();
        write!(table, "| {engine} | {what} | {connections} | **ratio** | **× {:.2}** ", service.rate / bare.rate)?;
        writeln!(table, "| × {:.2} | | | {} |", service.server_cpu / bare.server_cpu, ratios.join(", "))?;
    }
    Ok(())
}

/// A quantile of each call that was made, in milliseconds: of requests and of codes, or of who one is.
fn calls(sample: &Sample, quantile: fn(&Quantiles) -> f64) -> String {
    let calls = [&sample.request, &sample.verify, &sample.me].map(quantile);
    let made = calls.iter().filter(|time| **time > 0.0);
    made.map(|time| format!("{:.2}", time / 1000.0)).collect::<Vec<_>>().join(", ")
}
