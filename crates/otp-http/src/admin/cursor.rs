//! Where a page of customers or users ends, as an opaque text: when its last was made, and his id.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use otp_core::time::Timestamp;

/// The end at what was made at `created_at` and has the bits `id`.
pub(super) fn write(created_at: Timestamp, id: [u8; 16]) -> String {
    let mut bytes = [0; 24];
    bytes[..8].copy_from_slice(&created_at.as_millis().to_be_bytes());
    bytes[8..].copy_from_slice(&id);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The end in `text`, if that is one.
pub(super) fn read(text: &str) -> Option<(Timestamp, u128)> {
    let bytes: [u8; 24] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
    let (created_at, id) = bytes.split_at(8);
    let created_at = Timestamp::from_millis(i64::from_be_bytes(created_at.try_into().ok()?));
    Some((created_at, u128::from_be_bytes(id.try_into().ok()?)))
}
