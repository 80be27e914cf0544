//! A page before it is laid out: parts that can be pointed at, and found.

/// A page.
pub(super) struct Page {
    /// Where it is, seen from where the service is reached.
    pub(super) path: String,
    pub(super) title: &'static str,
    pub(super) parts: Vec<Part>,
    /// What stands beside it, as HTML.
    pub(super) contents: String,
}

/// A part of a page.
pub(super) struct Part {
    /// The fragment that points at it; empty, if that is the page itself.
    pub(super) id: String,
    pub(super) title: String,
    /// All of it, heading included.
    pub(super) html: String,
}

impl Page {
    /// What leads from it to where the service is reached.
    pub(super) fn root(&self) -> String {
        "../".repeat(self.path.matches('/').count())
    }
}

impl Part {
    /// What stands before every other part of the page called `title`.
    pub(super) fn opening(title: &str, html: String) -> Self {
        Self { id: String::new(), title: title.to_owned(), html }
    }

    /// Where it is, if it is a part of `page`.
    pub(super) fn place(&self, page: &Page) -> String {
        if self.id.is_empty() { page.path.clone() } else { format!("{}#{}", page.path, self.id) }
    }
}
