//! How statements are written down, bound and read. Their modules know the engine's types by the names
//! given here.

mod bind;
mod many;
mod read;

pub(crate) use bind::Bind;
pub(crate) use many::Many;
pub(crate) use read::Read;

/// The engine.
pub(crate) type Db = sqlx::Sqlite;
/// A connection to it.
pub(crate) type Conn = sqlx::SqliteConnection;
/// A row it answers.
pub(crate) type Row = sqlx::sqlite::SqliteRow;
/// A statement and what is bound to it.
pub(crate) type Query<'q> = sqlx::query::Query<'q, Db, sqlx::sqlite::SqliteArguments>;

/// Declares the statements of a module. Each is a `const` text, or, with the number of columns of a
/// row, a [`Many`]. A test prepares all of them on the migrated schema.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident $(($width:literal))? = $text:expr;)*) => {
        $(statements!(@one $(#[$doc])* $name $(($width))? = $text);)*

        #[cfg(test)]
        pub(crate) fn statements() -> Vec<&'static str> {
            let mut texts: Vec<&'static str> = Vec::new();
            $(texts.extend(statements!(@texts $name $(($width))?));)*
            texts
        }
    };
    (@one $(#[$doc:meta])* $name:ident = $text:expr) => { $(#[$doc])* pub(super) const $name: &str = $text; };
    (@one $(#[$doc:meta])* $name:ident ($width:literal) = $text:expr) => {
        $(#[$doc])* pub(super) static $name: $crate::sql::Many = $crate::sql::Many::new($text, $width);
    };
    (@texts $name:ident) => { [$name] };
    (@texts $name:ident ($width:literal)) => { $name.texts() };
}
pub(crate) use statements;
