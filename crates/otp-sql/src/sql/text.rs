//! The text of a statement: one for both engines, but for the locks.

use std::sync::OnceLock;

use super::Engine;

/// A statement as it is written down. What stands in braces, `{postgres: …}`, is for that engine alone:
/// there, rows have to be locked as they are read, in the order of the answer; on SQLite a batch holds the
/// lock of all writers already.
pub(crate) struct Text {
    template: &'static str,
    rendered: Rendered,
}

/// A text for each engine, made when it is first needed.
#[derive(Default)]
pub(super) struct Rendered {
    #[cfg(feature = "sqlite")]
    sqlite: OnceLock<String>,
    #[cfg(feature = "postgres")]
    postgres: OnceLock<String>,
}

impl Rendered {
    pub(super) const fn new() -> Self {
        Self {
            #[cfg(feature = "sqlite")]
            sqlite: OnceLock::new(),
            #[cfg(feature = "postgres")]
            postgres: OnceLock::new(),
        }
    }

    pub(super) fn of(&'static self, engine: Engine, render: impl FnOnce() -> String) -> &'static str {
        match engine {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite => self.sqlite.get_or_init(render),
            #[cfg(feature = "postgres")]
            Engine::Postgres => self.postgres.get_or_init(render),
        }
    }
}

impl Text {
    pub(crate) const fn new(template: &'static str) -> Self {
        Self { template, rendered: Rendered::new() }
    }

    /// For `engine`.
    pub(crate) fn on(&'static self, engine: Engine) -> &'static str {
        self.rendered.of(engine, || render(self.template, engine))
    }

    /// The one text it is.
    #[cfg(test)]
    pub(crate) fn texts(&'static self, engine: Engine) -> Vec<&'static str> {
        vec![self.on(engine)]
    }
}

/// `template` with what is for Postgres alone, or without.
pub(super) fn render(template: &str, engine: Engine) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, marked)) = rest.split_once("{postgres: ") {
        let (alone, after) = marked.split_once('}').unwrap_or((marked, ""));
        text.push_str(before);
        text.push_str(if engine.locks_rows() { alone } else { "" });
        rest = after;
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
#[cfg(all(feature = "sqlite", feature = "postgres"))]
mod tests {
    use super::*;

    #[test]
    fn only_one_engine_locks_rows() {
        let template = "(SELECT 1 FROM a {postgres: FOR UPDATE OF a}) UNION SELECT 2 {postgres: FOR UPDATE}";
        assert_eq!(render(template, Engine::Sqlite), "(SELECT 1 FROM a ) UNION SELECT 2 ");
        let locking = "(SELECT 1 FROM a FOR UPDATE OF a) UNION SELECT 2 FOR UPDATE";
        assert_eq!(render(template, Engine::Postgres), locking);
    }
}
