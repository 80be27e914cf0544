//! What docs/deploying holds is what there is: settings, secrets, commands, and what the programs it is written for say of it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};
use std::process::Command;
use std::sync::Once;

use otp_testbed::service::{Home, SECRET};
use otp_testbed::stores::shared;
use otp_testkit::smtp_sink::SmtpSink;
use otp_wire::config::SETTINGS;
use serde_json::Value;
use tempfile::tempdir;

use crate::documented::{DEPLOYING, PAGES, adapted, blocks, blocks_of, file, folder, section};

const UNITS: [&str; 2] = ["otp-server.service", "otp-worker.service"];
/// Names that begin as settings do and are none: what `dev` tells a shell.
const OF_DEV: [&str; 2] = ["OTP_URL", "OTP_API_KEY"];

/// The values of `key=` in a unit, in its order.
fn values<'a>(unit: &'a str, key: &'a str) -> impl Iterator<Item = &'a str> {
    unit.lines().filter_map(move |line| line.strip_prefix(key)?.strip_prefix('='))
}

/// The composition, read as YAML.
fn composition() -> Value {
    serde_saphyr::from_str(&file("compose.yaml")).unwrap()
}

/// The composition with what is said to be laid over it while the secret key is replaced.
fn composition_of_two_keys() -> Value {
    let over: Value = serde_saphyr::from_str(replacing("yaml")).unwrap();
    let mut composition = composition();
    laid_over(&mut composition, &over);
    composition
}

/// What is said to add while the secret key is replaced.
fn replacing(language: &str) -> &'static str {
    blocks_of(language, section(DEPLOYING, "## Replacing the secret key")).next().unwrap()
}

/// As compose does it: members are set, lists grow.
fn laid_over(value: &mut Value, over: &Value) {
    match (value, over) {
        (Value::Object(members), Value::Object(over)) => {
            over.iter().for_each(|(name, over)| laid_over(members.entry(name).or_insert(Value::Null), over));
        }
        (Value::Array(items), Value::Array(over)) => items.extend(over.iter().cloned()),
        (value, over) => *value = over.clone(),
    }
}

/// The services of the composition that run this service's image.
fn of_this_image(composition: &Value) -> impl Iterator<Item = (&String, &Value)> {
    composition["services"].as_object().unwrap().iter().filter(|(_, service)| service["image"] == "otp")
}

/// The words of a list.
fn words(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().map(|word| word.as_str().unwrap()).collect()
}

/// The arguments of a line of the Containerfile, which are a list in brackets.
fn instruction(containerfile: &str, name: &str) -> Vec<String> {
    let line = containerfile.lines().find_map(|line| line.strip_prefix(&format!("{name} ["))).unwrap();
    serde_json::from_str(&format!("[{line}")).unwrap()
}

#[test]
fn every_setting_they_name_is_one() {
    let files = fs::read_dir(folder()).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap());
    let mut seen = 0;
    for text in files.chain(PAGES.map(str::to_owned)) {
        let named = text.split(|character: char| !character.is_ascii_alphanumeric() && character != '_');
        for name in named.filter(|word| word.strip_prefix("OTP_").is_some_and(|rest| !rest.is_empty())) {
            let is_setting = SETTINGS.iter().any(|setting| {
                name == setting.env || setting.secret && name.strip_suffix("_FILE") == Some(setting.env)
            });
            assert!(is_setting || OF_DEV.contains(&name), "there is no setting {name}");
            seen += 1;
        }
    }
    assert!(seen > 50, "{seen}");
    let settings: Value = serde_json::to_value(file("otp.toml").parse::<toml::Table>().unwrap()).unwrap();
    for name in settings.as_object().unwrap().keys() {
        assert!(SETTINGS.iter().any(|setting| setting.name == name), "there is no setting {name}");
    }
}

#[test]
fn every_command_line_in_them_is_one() {
    let composition = composition();
    let containerfile = file("Containerfile");
    let mut lines: Vec<String> = Vec::new();
    for block in PAGES.iter().flat_map(|page| blocks(page)) {
        lines.extend(block.lines().filter_map(command).map(str::to_owned));
    }
    for unit in UNITS.map(file) {
        lines.extend(
            ["ExecStart", "ExecStartPost"]
                .iter()
                .flat_map(|key| values(&unit, key))
                .filter_map(command)
                .map(|line| line.split(" >").next().unwrap().to_owned()),
        );
    }
    let entry = instruction(&containerfile, "ENTRYPOINT");
    lines.push([entry.clone(), instruction(&containerfile, "CMD")].concat().join(" "));
    lines.push(instruction(&containerfile, "    CMD").join(" ")); // Of HEALTHCHECK.
    for (_, service) in of_this_image(&composition) {
        let own = words(&service["entrypoint"]);
        let entry = if own.is_empty() { entry.iter().map(String::as_str).collect() } else { own };
        lines.push([entry, words(&service["command"])].concat().join(" "));
        let checked = words(&service["healthcheck"]["test"]);
        lines.extend((!checked.is_empty()).then(|| checked[1..].join(" ")));
    }
    assert!(lines.len() > 20, "{lines:#?}");
    for line in lines {
        let asked = help(&line);
        assert!(asked.status.success(), "{line}: {}", String::from_utf8_lossy(&asked.stderr));
    }
    assert!(!help("otp-server serv").status.success() && !help("otp-server serve --lisen here").status.success());
}

/// What a line of shell runs of ours, if it does.
fn command(line: &str) -> Option<&str> {
    let at = ["otp-server ", "otp-worker "].iter().find_map(|program| line.find(program))?;
    let is_begun = line[..at].ends_with(['/', ' ', '$']) || at == 0;
    let rest = line[at + "otp-server ".len()..].trim_start();
    let is_run = rest.starts_with(|first: char| first.is_ascii_lowercase()) || rest.starts_with("--");
    (is_begun && is_run).then(|| line[at..].split(" > ").next().unwrap().split('#').next().unwrap())
}

/// Runs a command line for its help: whatever is wrong with what stands before `--help` is said instead.
fn help(line: &str) -> std::process::Output {
    let home = Home::empty();
    let (program, arguments) = line.split_once(' ').unwrap();
    let program = home.command_of(program.rsplit('/').next().unwrap(), &[]).get_program().to_owned();
    let asked = format!("\"$0\" {} --help", arguments.trim());
    Command::new("sh").args(["-ec", &asked]).arg(program).current_dir(home.path()).output().unwrap()
}

#[tokio::test]
async fn what_they_set_is_a_configuration_serve_accepts() {
    let sink = SmtpSink::start().await.unwrap();
    let secrets = tempdir().unwrap();
    let contents = [
        (["secret-key", "secret_key"], SECRET),
        (["email", "email"], &sink.url()),
        (["database", "database"], "postgres://otp:hunter2@localhost/otp"),
        (["secret-key-previous", "secret_key_previous"], "CAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg="),
    ];
    for (name, content) in contents.iter().flat_map(|(names, content)| names.map(|name| (name, content))) {
        fs::write(secrets.path().join(name), format!("{content}\n")).unwrap();
    }
    let place = secrets.path().to_str().unwrap();
    let check = |what: &str, environment: &[(String, String)], flags: &[&str]| {
        let home = Home::empty();
        let output = home
            .command(&["config", "check"])
            .args(flags)
            .env_clear()
            .envs(environment.iter().cloned())
            .output()
            .unwrap();
        assert!(output.status.success(), "{what}: {}", String::from_utf8_lossy(&output.stderr));
    };
    let pair = |text: &str| text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())).unwrap();

    let configured = folder().join("otp.toml");
    let dropped_in = UNITS.map(|name| (name, format!("{}\n{}", file(name), replacing("ini"))));
    for (name, unit) in UNITS.map(|name| (name, file(name))).into_iter().chain(dropped_in) {
        let handed: Vec<&str> = values(&unit, "LoadCredential").map(|it| it.split_once(':').unwrap().0).collect();
        let environment = values(&unit, "Environment").map(|set| {
            let (name, value) = pair(set);
            let credential = value.strip_prefix("%d/");
            assert!(credential.is_none_or(|it| handed.contains(&it)), "{name} names what is not handed over");
            (name, value.replace("%d", place))
        });
        check(name, &environment.collect::<Vec<_>>(), &["--config", configured.to_str().unwrap()]);
    }

    let containerfile = file("Containerfile").replace("\\\n", " ");
    let image = containerfile.lines().find_map(|line| line.strip_prefix("ENV ")).unwrap();
    let image: Vec<(String, String)> = image.split_whitespace().map(pair).collect();
    let compositions = [composition(), composition_of_two_keys()];
    for (name, service) in compositions.iter().flat_map(of_this_image) {
        let handed = words(&service["secrets"]);
        let mut environment: BTreeMap<String, String> = image.iter().cloned().collect();
        for (name, value) in service["environment"].as_object().unwrap() {
            let value = value.as_str().unwrap();
            let secret = value.strip_prefix("/run/secrets/");
            assert!(secret.is_none_or(|it| handed.contains(&it)), "{name} names what is not handed over");
            let asked = match name.as_str() {
                "OTP_PUBLIC_URL" => "https://otp.example.org",
                "OTP_EMAIL_FROM" => "Example <no-reply@example.org>",
                _ => value,
            };
            assert!(!asked.contains("${"), "{name}: {asked}");
            environment.insert(name.clone(), asked.replace("/run/secrets", place));
        }
        check(name, &environment.into_iter().collect::<Vec<_>>(), &[]);
    }
}

#[test]
fn what_the_composition_speaks_of_is_in_it() {
    let composition = composition_of_two_keys();
    let has = |kind: &str, name: &str| composition[kind].as_object().unwrap().contains_key(name);
    for (name, service) in composition["services"].as_object().unwrap() {
        for secret in words(&service["secrets"]) {
            assert!(has("secrets", secret), "{name}: {secret}");
        }
        for other in service["depends_on"].as_object().into_iter().flatten().map(|(other, _)| other) {
            assert!(has("services", other), "{name}: {other}");
        }
        for volume in words(&service["volumes"]) {
            assert!(has("volumes", volume.split(':').next().unwrap()), "{name}: {volume}");
        }
        if let Some(file) = service.pointer("/build/dockerfile").and_then(Value::as_str) {
            assert!(folder().join(service["build"]["context"].as_str().unwrap()).join(file).exists(), "{name}: {file}");
        }
    }
    let commands = blocks(DEPLOYING).flat_map(str::lines).flat_map(|line| line.split(" && "));
    let mut seen = 0;
    for command in commands.filter_map(|command| command.strip_prefix("docker compose ")) {
        let (verb, rest) = command.split_once(' ').unwrap_or((command, ""));
        let names = rest.split(' ').filter(|word| !word.is_empty() && !word.starts_with("--"));
        for name in names.take(if verb == "up" { usize::MAX } else { 1 }) {
            assert!(has("services", name), "{command}");
            seen += 1;
        }
    }
    assert!(seen >= 4, "{seen}");
}

#[test]
fn an_upgrade_migrates_before_a_process_of_the_composition_is_replaced() {
    let upgrading = section(DEPLOYING, "## Upgrading");
    let commands = blocks(upgrading).find(|block| block.contains("docker compose")).unwrap();
    let at = |command: &str| commands.find(command).unwrap_or_else(|| panic!("{command}: {commands}"));
    assert!(at("build") < at("run --rm migrate") && at("migrate") < at("up --detach --no-deps server worker"));
}

#[test]
fn a_unit_is_started_until_it_can_be_and_waited_for_as_long() {
    for (name, unit) in UNITS.map(|name| (name, file(name))) {
        let all = |key: &str| unit.lines().filter(|line| line.starts_with(key)).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(all("StartLimit"), ["StartLimitIntervalSec=0"], "{name}: it gives up while a database is away");
        assert_eq!(all("RestartPreventExitStatus"), ["RestartPreventExitStatus=3"], "{name}");
        if values(&unit, "ExecStartPost").next().is_some() {
            assert_eq!(all("TimeoutStartSec"), ["TimeoutStartSec=infinity"], "{name}");
        }
    }
}

#[test]
fn the_image_is_built_from_what_it_copies() {
    let (root, context) = (folder().join("../.."), tempdir().unwrap());
    let containerfile = file("Containerfile");
    for line in containerfile.lines().filter_map(|line| line.strip_prefix("COPY ")).filter(|it| !it.starts_with("--")) {
        let (sources, _) = line.rsplit_once(' ').unwrap();
        for source in sources.split(' ').flat_map(|source| named(&root, source)) {
            let copied = context.path().join(&source);
            fs::create_dir_all(copied.parent().unwrap()).unwrap();
            std::os::unix::fs::symlink(root.join(source).canonicalize().unwrap(), copied).unwrap();
        }
    }
    let taken_in = ["apps", "crates"].map(|folder| taken_in(&root, Path::new(folder))).concat();
    assert!(taken_in.len() > 20, "{taken_in:?}");
    for file in taken_in {
        assert!(context.path().join(&file).is_file(), "{} is compiled in and not copied", file.display());
    }
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--locked", "--offline", "--no-deps", "--format-version", "1"]).current_dir(context.path());
    let read = cargo.output().unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    let workspace = String::from_utf8(read.stdout).unwrap();
    let built = containerfile.lines().find(|line| line.contains("cargo build")).unwrap();
    for package in built.split("--package ").skip(1).map(str::trim) {
        assert!(workspace.contains(&format!("\"name\":\"{package}\"")), "{package}");
    }
}

/// What a source of the Containerfile names below `root`: itself, or the files of a folder with an ending.
fn named(root: &Path, source: &str) -> Vec<String> {
    let Some((folder, ending)) = source.split_once('*') else { return vec![source.to_owned()] };
    let files =
        fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    let names = files.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned());
    names.filter(|name| name.ends_with(ending)).map(|name| format!("{folder}{name}")).collect()
}

/// The files that libraries and programs below `folder` take in as they are compiled, as seen from `root`.
fn taken_in(root: &Path, folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(root.join(folder)).unwrap() {
        let path = folder.join(entry.unwrap().file_name());
        if root.join(&path).is_dir() {
            // The image is built without tests.
            files.extend(if path.ends_with("tests") { Vec::new() } else { taken_in(root, &path) });
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let source = fs::read_to_string(root.join(&path)).unwrap();
            files.extend(named_in(&source, |file| plain(&folder.join(file)), |file| root.join(file).is_file()));
        }
    }
    files
}

/// The files `source` takes in, found from where it stands. What a macro puts together of texts handed to it may be any text
/// there is that makes the name of a file that `exists`.
fn named_in(source: &str, found: impl Fn(&str) -> PathBuf, exists: impl Fn(&Path) -> bool) -> Vec<PathBuf> {
    let calls = ["include_str!(", "include_bytes!("].into_iter().flat_map(|call| source.split(call).skip(1));
    let taken = calls.flat_map(|argument| {
        if let Some((file, _)) = argument.strip_prefix('"').and_then(|rest| rest.split_once('"')) {
            return vec![found(file)];
        }
        let begun = argument.strip_prefix("concat!(\"").and_then(|rest| rest.split_once("\", $"));
        let (begun, _) = begun.unwrap_or_else(|| panic!("what is taken in? {argument}"));
        let texts = source.split('"').filter(|text| text.starts_with(char::is_alphanumeric));
        let files: Vec<PathBuf> =
            texts.map(|text| found(&format!("{begun}{text}"))).filter(|file| exists(file)).collect();
        assert!(!files.is_empty(), "what is taken in? {argument}");
        files
    });
    taken.collect()
}

/// `path` without what leads up again.
fn plain(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut plain, part| {
        if part == Component::ParentDir {
            assert!(plain.pop(), "{} leads out of the repository", path.display());
        } else {
            plain.push(part);
        }
        plain
    })
}

#[test]
fn systemd_takes_the_units_and_finds_them_shut() {
    static TOLD: Once = Once::new();
    if shared::installed("systemd-analyze", "--version", &TOLD).is_none() {
        return;
    }
    let place = tempdir().unwrap();
    let server = Home::empty().command(&[]).get_program().to_owned();
    let built = Path::new(&server).parent().unwrap().to_str().unwrap();
    for name in UNITS {
        let unit = place.path().join(name);
        fs::write(&unit, adapted(&file(name), &[("/usr/local/bin", built)])).unwrap();
        fs::set_permissions(&unit, PermissionsExt::from_mode(0o644)).unwrap();
        // 15 is an exposure of 1.5 out of 10.
        for arguments in [&["verify"][..], &["security", "--offline=true", "--threshold=15", "--no-pager"]] {
            let output = Command::new("systemd-analyze").args(arguments).arg(&unit).output().unwrap();
            let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{arguments:?}: {said}");
            assert!(arguments[0] != "verify" || said.is_empty(), "{said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unit_has_started_once_it_is_ready_and_not_once_it_has_ended() {
    let sink = SmtpSink::start().await.unwrap();
    let home = Home::serving(&sink.url());
    let server = Home::empty().command(&[]).get_program().to_owned();
    let built = Path::new(&server).parent().unwrap().to_str().unwrap();
    let unit = file(UNITS[0]);
    let waits = values(&unit, "ExecStartPost").next().unwrap().strip_prefix("/bin/sh -c '").unwrap();
    let waits = waits.strip_suffix('\'').unwrap();
    let waits = adapted(waits, &[("/usr/local/bin", built), ("127.0.0.1:8080", &format!("127.0.0.1:{}", home.port))]);
    let started = |process: &str| Command::new("sh").args(["-c", &waits]).env("MAINPID", process).status().unwrap();
    let mut ended = Command::new("true").spawn().unwrap();
    ended.wait().unwrap();
    assert!(!started(&ended.id().to_string()).success());
    let _server = home.serve();
    assert!(started(&std::process::id().to_string()).success());
}
