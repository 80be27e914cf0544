//! Where a page of customers ends, as an opaque text.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use otp_core::id::TenantId;
use otp_core::port::TenantCursor;
use otp_core::time::Timestamp;

/// `cursor` as text.
pub(super) fn write(cursor: TenantCursor) -> String {
    let mut bytes = [0; 24];
    bytes[..8].copy_from_slice(&cursor.created_at.as_millis().to_be_bytes());
    bytes[8..].copy_from_slice(&cursor.id.to_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The cursor in `text`, if that is one.
pub(super) fn read(text: &str) -> Option<TenantCursor> {
    let bytes: [u8; 24] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
    let (created_at, id) = bytes.split_at(8);
    Some(TenantCursor {
        created_at: Timestamp::from_millis(i64::from_be_bytes(created_at.try_into().ok()?)),
        id: TenantId::from_u128(u128::from_be_bytes(id.try_into().ok()?)),
    })
}
