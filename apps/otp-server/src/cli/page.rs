//! The page that documents every command: `docs/command-line.md`, made of the same definition as the help.

use std::fmt::Write;

use clap::{Arg, Command, CommandFactory};
use otp_wire::config::SETTINGS;
use otp_wire::process::{Exit, HEADING};

use super::Cli;

#[test]
fn every_command_is_documented() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/command-line.md");
    let page = page();
    #[expect(clippy::disallowed_methods, reason = "asks whoever runs the tests whether to renew the page")]
    if std::env::var("UPDATE_DOCS").is_ok() {
        std::fs::write(path, &page).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(committed == page, "docs/command-line.md is out of date: run the tests with UPDATE_DOCS=1");
}

fn page() -> String {
    let mut cli = Cli::command();
    cli.build();
    let mut page = String::from(
        "# Command line\n\
         \n\
         <!-- Generated from `apps/otp-server/src/cli`. Run `UPDATE_DOCS=1 cargo test -p otp-server` to renew it. -->\n\
         \n",
    );
    let about = cli.get_long_about().map(ToString::to_string).unwrap_or_default();
    write!(
        page,
        "{about}\n\nData goes to stdout, everything else to stderr. `--help` says what stands here, of one command. `otp-worker run` \
         takes the same settings.\n\n"
    )
    .unwrap();
    exit_codes(&mut page);
    settings(&mut page);
    page.push_str("## Commands\n\n");
    for command in cli.get_subcommands().filter(is_documented) {
        section(&mut page, command);
    }
    page.truncate(page.trim_end().len());
    page.push('\n');
    page
}

fn exit_codes(page: &mut String) {
    page.push_str("## Exit codes\n\n| code | meaning |\n|---|---|\n");
    for exit in Exit::ALL {
        writeln!(page, "| {} | {} |", exit.code(), exit.meaning()).unwrap();
    }
    page.push('\n');
}

fn settings(page: &mut String) {
    page.push_str(
        "## Settings\n\n\
         Flags win over the environment, that over `--config FILE` (TOML), that over defaults. A secret has no flag, for every process may read\n\
         another's arguments; it may stand in a file named by its variable with `_FILE` behind it.\n\n\
         | in the file | environment | flag | default | |\n|---|---|---|---|---|\n",
    );
    for setting in SETTINGS {
        let flag = match setting.secret {
            true => "–".to_owned(),
            false => format!("`--{}`", setting.name.replace('_', "-")),
        };
        let default = if setting.default.is_empty() { "–".to_owned() } else { format!("`{}`", setting.default) };
        writeln!(page, "| `{}` | `{}` | {flag} | {default} | {} |", setting.name, setting.env, cell(setting.help))
            .unwrap();
    }
    page.push('\n');
}

/// A command and those below it.
fn section(page: &mut String, command: &Command) {
    if command.has_subcommands() {
        return command.get_subcommands().filter(is_documented).for_each(|inner| section(page, inner));
    }
    let words = command.get_bin_name().unwrap_or_default();
    let about = command.get_long_about().map(ToString::to_string).unwrap_or_default();
    let example = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let example = example.trim_start_matches("Example:\n  ");
    write!(page, "### {words}\n\n{}\n\n```sh\n{example}\n```\n\n", about.replace("\n\n", ".\n\n")).unwrap();
    let own: Vec<&Arg> = command.get_arguments().filter(|argument| is_own(argument)).collect();
    if own.is_empty() {
        return;
    }
    page.push_str("| | |\n|---|---|\n");
    for argument in own {
        let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        writeln!(page, "| `{}` | {}{} |", spelled(argument), cell(&help), values(argument)).unwrap();
    }
    page.push('\n');
}

/// Whether it is not clap's own.
fn is_documented(command: &&Command) -> bool {
    command.get_name() != "help"
}

/// Whether it is the command's, and not every command's.
fn is_own(argument: &Arg) -> bool {
    argument.get_help_heading() != Some(HEADING) && !["help", "version"].contains(&argument.get_id().as_str())
}

/// As it is written on a command line.
fn spelled(argument: &Arg) -> String {
    let takes = argument.get_action().takes_values();
    let name = argument.get_value_names().and_then(|names| names.first()).map(ToString::to_string).unwrap_or_default();
    match argument.get_long() {
        Some(long) if takes => format!("--{long} {name}"),
        Some(long) => format!("--{long}"),
        None => name,
    }
}

/// Which values there are, and what it is unless said.
fn values(argument: &Arg) -> String {
    if !argument.get_action().takes_values() {
        return String::new();
    }
    let names: Vec<String> =
        argument.get_possible_values().iter().map(|value| format!("`{}`", value.get_name())).collect();
    let values = if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) };
    match argument.get_default_values().first() {
        Some(default) => format!("{values}; unless said, `{}`", default.to_string_lossy()),
        None => values,
    }
}

/// `text` in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}
