//! The text of a mail on the wire: read to its final dot, and judged.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt};

/// Largest message, as offered by `SIZE`.
pub(super) const MAX_OCTETS: usize = 10 << 20;
/// Longest line with its CRLF (RFC 5321, section 4.5.3.1.6).
const MAX_LINE: usize = 1000;

/// What a client has asked to be allowed to send.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Permit {
    /// Any octets below the headers (RFC 6152).
    pub(super) eight_bit: bool,
    /// UTF-8 in addresses and headers (RFC 6531).
    pub(super) utf8: bool,
}

/// A reply that refuses a mail.
type Refusal = &'static str;

/// Reads up to the line that is a dot and nothing else, and takes one dot off every line that begins
/// with one (RFC 5321, section 4.5.2). Only CRLF ends a line here: whoever writes a bare CR or LF could
/// end the message in one server's eyes and not in another's.
pub(super) async fn read(wire: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Result<Vec<u8>, Refusal>> {
    let mut text = Vec::new();
    let mut refusal = None;
    let mut at_line_start = true;
    loop {
        let mut line = Vec::new();
        if wire.read_until(b'\n', &mut line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if at_line_start && line == b".\r\n" {
            return Ok(refusal.map_or(Ok(text), Err));
        }
        let bare = line.strip_suffix(b"\r\n").is_none_or(|line| line.contains(&b'\r'));
        if bare {
            refusal = Some("550 5.6.0 bare CR or LF");
        } else if line.len() > MAX_LINE {
            refusal = Some("500 5.6.0 line too long");
        } else if text.len() + line.len() > MAX_OCTETS {
            refusal = Some("552 5.3.4 message too big");
        }
        if refusal.is_none() {
            text.extend_from_slice(if at_line_start { line.strip_prefix(b".").unwrap_or(&line) } else { &line });
        }
        at_line_start = line.ends_with(b"\r\n");
    }
}

/// `text`, unless it holds more than was asked for.
pub(super) fn permitted(text: Vec<u8>, permit: Permit) -> Result<Vec<u8>, Refusal> {
    let end = text.windows(4).position(|octets| octets == b"\r\n\r\n").unwrap_or(text.len());
    let (headers, body) = text.split_at(end);
    if !headers.is_ascii() && !permit.utf8 {
        return Err("554 5.6.7 headers beyond ASCII without SMTPUTF8");
    }
    if !body.is_ascii() && !permit.eight_bit {
        return Err("554 5.6.3 eight-bit text without 8BITMIME");
    }
    Ok(text)
}
