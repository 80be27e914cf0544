//! What one client, and all of them together, may hold of a process that serves HTTP. Behind a proxy they hold for the proxy's
//! connections, so nothing here may be tighter than what a proxy of many clients needs.

use std::time::Duration;

use hyper_util::rt::TokioExecutor;
use hyper_util::server::conn::auto::Builder;

/// Descriptors that connections never take: pools of the database and of Redis, mail, files, the sockets themselves.
pub(super) const KEPT_DESCRIPTORS: u64 = 256;

/// How long a new connection may take until its first call has begun, which is when its head has come whole. One that
/// says nothing or a letter a minute costs a client next to nothing, so it must not cost more here.
pub(super) const FIRST_CALL: Duration = Duration::from_secs(10);

/// How long nothing may move on a connection that has made a call: no call begun or answered, no part of an answer taken. Longer
/// than the 60 s for which proxies keep theirs, so that it is they who close: a call sent into a connection that
/// is being closed is lost.
pub(super) const IDLE: Duration = Duration::from_secs(75);

/// How long a connection that is being closed may take to say so (HTTP/2 does) before it is cut.
pub(super) const FAREWELL: Duration = Duration::from_secs(1);

/// How long a client may go on sending what nobody wants any more, after it was answered and told that the connection ends. In a full
/// room its place is free for whoever comes.
pub(super) const HEARING_OUT: Duration = Duration::from_secs(5);

/// Octets that are heard out. More than most send by mistake, and no reason to send without end.
pub(super) const HEARD_OUT: usize = 4 * 1024 * 1024;

/// Octets held for all calls together whose bodies have not come whole, heads included: bodies are read before it is known who sends
/// them, and over HTTP/2 one connection may begin a hundred.
pub(super) const UNFINISHED: usize = 256 * 1024 * 1024;

/// Octets held for one such call at the most: a head, and the largest body that a route takes. More is thrown away as it comes.
pub(super) const UNFINISHED_CALL: usize = HEAD + 256 * 1024;

/// Octets of a head, request line and all headers. A session's cookie, a token and a key are three; browsers send the cookies
/// of every customer of the site.
const HEAD: usize = 32 * 1024;

/// Headers of a call; browsers and proxies send about thirty. Each costs more to take apart than it does to send.
const HEADERS: usize = 100;

/// Calls at once on one connection of HTTP/2: what RFC 9113, section 6.5.2, advises as the least.
const STREAMS: u32 = 100;

/// Calls a client may take back before they were begun (CVE-2023-44487, rapid reset): beyond that the connection ends.
const RESETS: usize = 20;

/// Calls a client may have us take back by breaking the rules (CVE-2025-8671): beyond that the connection ends. A good
/// client makes none.
const PROVOKED_RESETS: usize = 64;

/// Octets of one call's body that may wait until somebody reads them. A whole body of nearly all routes.
const STREAM_WINDOW: u32 = 64 * 1024;

/// Octets of bodies that may wait on one connection, however many calls it makes.
const CONNECTION_WINDOW: u32 = 256 * 1024;

/// Octets of one answer that may wait until the client takes them.
const SEND_BUFFER: usize = 64 * 1024;

/// HTTP/1 and HTTP/2 within these bounds. Dead peers need no pings: [`IDLE`] ends them like any other who says nothing.
pub(super) fn protocol() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    // Time is bounded for both protocols alike, from outside.
    builder.http1().header_read_timeout(None).max_buf_size(HEAD).max_headers(HEADERS);
    builder
        .http2()
        .max_concurrent_streams(STREAMS)
        .max_pending_accept_reset_streams(RESETS)
        .max_local_error_reset_streams(PROVOKED_RESETS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(SEND_BUFFER)
        // Counted as RFC 9113 does, by 32 octets more for each header; CONTINUATION frames are counted by it, too.
        .max_header_list_size(HEAD as u32);
    builder
}
