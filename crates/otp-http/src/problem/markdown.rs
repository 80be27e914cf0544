//! The page that documents every problem: `docs/errors.md`, generated from the codes themselves.

use std::fmt::Write;

use super::{Flaw, ProblemCode};

/// The page, in Markdown: one heading per code, so that the fragment of a problem's `type` finds it.
pub fn errors_markdown() -> String {
    let mut page = String::from(
        "# Errors\n\
         \n\
         <!-- Generated from `crates/otp-http/src/problem`. Run `UPDATE_DOCS=1 cargo test -p otp-http` to renew it. -->\n\
         \n\
         Every error is `application/problem+json` (RFC 9457): `success` (false), `type` (the address of its paragraph\n\
         here), `title`, `status`, `detail`, `code`, `requestId`, and what its paragraph names. Programs go by `code`.\n\
         \n",
    );
    for code in ProblemCode::ALL {
        // Writing to a string cannot fail.
        let _ = write!(
            page,
            "## {}\n\n{} · {}\n\n{}\n\n**What to do:** {}\n\n",
            code.as_str(),
            code.status().as_u16(),
            code.title(),
            code.detail(),
            code.remedy()
        );
        if *code == ProblemCode::InvalidRequest {
            page.push_str("| `code` in `errors` | meaning |\n|---|---|\n");
            for flaw in Flaw::ALL {
                let _ = writeln!(page, "| `{}` | {} |", flaw.code(), flaw.message());
            }
            page.push('\n');
        }
    }
    page.truncate(page.trim_end().len());
    page.push('\n');
    page
}
