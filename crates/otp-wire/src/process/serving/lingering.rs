//! A socket that hears its client out before it is closed. Closed with octets unread, the kernel resets the connection and
//! the answer is lost to a client that is still sending, as to any proxy before it (RFC 9112, section 9.6).

use std::io::{IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;
use tokio::time::{Sleep, sleep};

use super::bounds::{HEARD_OUT, HEARING_OUT};

/// Octets thrown away at a time.
const PIECE: usize = 8 * 1024;

/// A stream whose end is first said to the client, who then has [`HEARING_OUT`] and [`HEARD_OUT`] octets to stop sending.
#[derive(Debug)]
pub(super) struct Lingering<S> {
    stream: S,
    /// Since the end was said.
    hearing_out: Option<Pin<Box<Sleep>>>,
    heard: usize,
    /// Whether the process is: then nobody is waited for who says nothing.
    closing: watch::Receiver<bool>,
}

impl<S> Lingering<S> {
    pub(super) fn over(stream: S, closing: watch::Receiver<bool>) -> Self {
        Self { stream, hearing_out: None, heard: 0, closing }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Lingering<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Lingering<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, octets: &[u8]) -> Poll<Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, octets)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, octets)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        let Self { stream, hearing_out, heard, closing } = &mut *self;
        let time = match hearing_out {
            Some(time) => time,
            None => {
                ready!(Pin::new(&mut *stream).poll_shutdown(context))?;
                hearing_out.insert(Box::pin(sleep(HEARING_OUT)))
            }
        };
        while *heard < HEARD_OUT && time.as_mut().poll(context).is_pending() {
            let mut piece = [0; PIECE];
            let mut piece = ReadBuf::new(&mut piece);
            match Pin::new(&mut *stream).poll_read(context, &mut piece) {
                Poll::Ready(Ok(())) if !piece.filled().is_empty() => *heard += piece.filled().len(),
                Poll::Pending if !*closing.borrow() => return Poll::Pending,
                Poll::Ready(_) | Poll::Pending => break,
            }
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio::time::advance;

    use super::*;

    fn lingering<S>(stream: S) -> Lingering<S> {
        Lingering::over(stream, watch::channel(false).1)
    }

    #[tokio::test]
    async fn a_client_may_end_what_it_was_sending() {
        let (mut client, server) = duplex(PIECE);
        let closing = async {
            let mut server = lingering(server);
            server.write_all(b"no").await.unwrap();
            server.shutdown().await.unwrap();
        };
        let sending = async {
            client.write_all(&[0; PIECE * 5]).await.unwrap();
            let mut answer = String::new();
            client.read_to_string(&mut answer).await.unwrap();
            drop(client);
            answer
        };
        assert_eq!(tokio::join!(closing, sending).1, "no");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_does_not_stop_is_cut() {
        let (mut client, server) = duplex(PIECE);
        let mut server = lingering(server);
        let mut closing = Box::pin(server.shutdown());
        assert!(closing.as_mut().now_or_never().is_none());
        advance(HEARING_OUT / 2).await;
        client.write_all(b"and another thing").await.unwrap();
        assert!(closing.as_mut().now_or_never().is_none());
        advance(HEARING_OUT / 2).await;
        closing.now_or_never().unwrap().unwrap();
    }

    #[tokio::test]
    async fn nobody_is_heard_out_without_end() {
        let (mut client, server) = duplex(PIECE);
        let closing = async { lingering(server).shutdown().await.unwrap() };
        let sending = async {
            let mut sent = 0;
            while client.write_all(&[0; PIECE]).await.is_ok() {
                sent += PIECE;
            }
            sent
        };
        let sent = tokio::join!(closing, sending).1;
        assert!((HEARD_OUT..=HEARD_OUT + PIECE).contains(&sent), "{sent}");
    }

    #[tokio::test]
    async fn nobody_who_says_nothing_keeps_a_process_from_its_end() {
        let (_client, server) = duplex(PIECE);
        let (end, closing) = watch::channel(false);
        let mut server = Lingering::over(server, closing);
        assert!(server.shutdown().now_or_never().is_none());
        end.send_replace(true);
        server.shutdown().now_or_never().unwrap().unwrap();
    }
}
