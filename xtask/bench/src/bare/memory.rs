//! Rows in a map, gone with the process: what the HTTP server alone can do.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use anyhow::Result;
use async_trait::async_trait;

use super::Rows;

/// The rows: the address, and whether it is open.
#[derive(Default)]
pub(super) struct Map(Mutex<HashMap<String, (String, bool)>>);

#[async_trait]
impl Rows for Map {
    async fn insert(&self, id: &str, email: &str) -> Result<()> {
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rows.insert(id.to_owned(), (email.to_owned(), true));
        Ok(())
    }

    async fn close(&self, id: &str) -> Result<bool> {
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(rows.get_mut(id).is_some_and(|(_, open)| std::mem::take(open)))
    }

    async fn email(&self, id: &str) -> Result<Option<String>> {
        let rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(rows.get(id).map(|(email, _)| email.clone()))
    }
}
