//! A client for HTTP/1.1 (RFC 9112) that costs next to nothing: one connection, kept open, one request at a time.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Octets asked of the socket at once: more than any answer has.
const PIECE: usize = 4096;

/// A connection to a server, kept open from one request to the next.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    /// The request that is made.
    request: Vec<u8>,
    /// The answer that is read.
    answer: Vec<u8>,
}

/// An answer, as long as no other request is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer<'a> {
    /// Its status code.
    pub(crate) status: u16,
    /// Its body.
    pub(crate) body: &'a [u8],
}

impl Connection {
    /// Connects.
    pub(crate) async fn open(server: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(server).await.with_context(|| format!("nobody listens at {server}"))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, request: Vec::with_capacity(PIECE), answer: Vec::with_capacity(PIECE) })
    }

    /// Posts JSON to `path`, with `headers`, each ended by CRLF.
    pub(crate) async fn post(&mut self, path: &str, headers: &str, json: &str) -> Result<Answer<'_>> {
        let length = json.len().to_string();
        let head = " HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n";
        self.exchange(&["POST ", path, head, headers, "content-length: ", &length, "\r\n\r\n", json]).await
    }

    /// Gets `path`, with `headers`, each ended by CRLF.
    pub(crate) async fn get(&mut self, path: &str, headers: &str) -> Result<Answer<'_>> {
        self.exchange(&["GET ", path, " HTTP/1.1\r\nhost: 127.0.0.1\r\n", headers, "\r\n"]).await
    }

    async fn exchange(&mut self, request: &[&str]) -> Result<Answer<'_>> {
        self.request.clear();
        for part in request {
            self.request.extend_from_slice(part.as_bytes());
        }
        self.stream.write_all(&self.request).await?;
        self.answer.clear();
        loop {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                bail!("the server closed the connection");
            }
            if let Some(head) = Head::read(&self.answer)?
                && self.answer.len() >= head.length + head.content_length
            {
                let body = &self.answer[head.length..head.length + head.content_length];
                return Ok(Answer { status: head.status, body });
            }
            self.answer.reserve(PIECE);
        }
    }
}

/// What the head of an answer says.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    /// Octets of the head itself.
    length: usize,
    /// Octets of the body.
    content_length: usize,
}

impl Head {
    /// The head at the beginning of `octets`, once it is there as a whole.
    fn read(octets: &[u8]) -> Result<Option<Self>> {
        let Some(end) = octets.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
        let head = std::str::from_utf8(&octets[..end])?;
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).context("no status line")?.parse()?;
        let headers = lines.filter_map(|line| line.split_once(':'));
        let lengths = headers.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        let mut lengths = lengths.map(|(_, value)| value.trim().parse::<usize>());
        // No server that is measured here answers in chunks.
        let content_length = lengths.next().context("the answer does not say how long it is")??;
        Ok(Some(Self { status, length: end + 4, content_length }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_read_once_they_are_whole() {
        let answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nContent-Length: 2\r\n\r\n{}";
        let head = Head::read(answer).unwrap().unwrap();
        assert_eq!(head, Head { status: 200, length: answer.len() - 2, content_length: 2 });
        for end in 0..head.length {
            assert_eq!(Head::read(&answer[..end]).unwrap(), None);
        }
        assert!(Head::read(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").is_err());
    }
}
