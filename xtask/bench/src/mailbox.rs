//! Where the mail of the servers that are measured goes: an SMTP server (RFC 5321) that takes everything
//! and keeps nothing.

use std::net::Ipv4Addr;

use anyhow::Result;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Takes mail until the runtime ends; answers where, as the configuration names it.
pub(crate) async fn open() -> Result<String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let url = format!("smtp://{}?tls=none", listener.local_addr()?);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // Whoever hangs up in the middle is a server that is being ended.
            tokio::spawn(async move { take(stream).await.ok() });
        }
    });
    Ok(url)
}

async fn take(stream: TcpStream) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    let mut line = Vec::new();
    let mut in_message = false;
    stream.write_all(b"220 mailbox\r\n").await?;
    loop {
        line.clear();
        if stream.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        if in_message {
            if line == b".\r\n" {
                in_message = false;
                stream.write_all(b"250 taken\r\n").await?;
            }
            continue;
        }
        let answer: &[u8] = match line.get(..4).map(<[u8]>::to_ascii_uppercase).as_deref() {
            Some(b"EHLO") => b"250-mailbox\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 PIPELINING\r\n",
            Some(b"DATA") => {
                in_message = true;
                b"354 go on\r\n"
            }
            Some(b"QUIT") => {
                stream.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => b"250 ok\r\n",
        };
        stream.write_all(answer).await?;
    }
}
