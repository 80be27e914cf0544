//! How statements are written down, bound, run and read. The other modules know neither engine: they
//! know the names given here.

mod bind;
mod conn;
mod many;
mod query;
mod read;
mod text;
mod writes;

pub(crate) use conn::{Conn, Row};
pub(crate) use many::{Column, Many};
pub(crate) use query::{Arg, Query, query};
pub(crate) use text::Text;
pub(crate) use writes::Writes;

/// Comes after every id, whose alphabet ends with `z`: where a list begins at its start.
pub(crate) const AFTER_EVERY_ID: &str = "~";

/// Which engine a statement is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    /// One file, one writer.
    #[cfg(feature = "sqlite")]
    Sqlite,
    /// A server, any number of writers.
    #[cfg(feature = "postgres")]
    Postgres,
}

impl Engine {
    /// Whether what a batch decides on has to be locked row by row.
    pub(crate) const fn locks_rows(self) -> bool {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite => false,
            #[cfg(feature = "postgres")]
            Self::Postgres => true,
        }
    }

    /// Every engine of this build.
    #[cfg(test)]
    pub(crate) const ALL: &[Self] = &[
        #[cfg(feature = "sqlite")]
        Self::Sqlite,
        #[cfg(feature = "postgres")]
        Self::Postgres,
    ];
}

/// Declares the statements of a module: each a [`Text`], or, with the types of a row, a [`Many`]. A test
/// prepares all of them on the migrated schema of every engine.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident $(($($column:ident),+))? = $text:expr;)*) => {
        $(statements!(@one $(#[$doc])* $name $(($($column),+))? = $text);)*

        #[cfg(test)]
        pub(crate) fn statements(engine: $crate::sql::Engine) -> Vec<&'static str> {
            let mut texts: Vec<&'static str> = Vec::new();
            $(texts.extend($name.texts(engine));)*
            texts
        }
    };
    (@one $(#[$doc:meta])* $name:ident = $text:expr) => {
        $(#[$doc])* pub(super) static $name: $crate::sql::Text = $crate::sql::Text::new($text);
    };
    (@one $(#[$doc:meta])* $name:ident ($($column:ident),+) = $text:expr) => {
        $(#[$doc])* pub(super) static $name: $crate::sql::Many =
            $crate::sql::Many::new($text, &[$($crate::sql::Column::$column),+]);
    };
}
pub(crate) use statements;
