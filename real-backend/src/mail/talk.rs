//! The talk with the mail server: each step may take as long as `smtp_connect_timeout` says.
use std::fmt::Display;
use std::time::Duration;

use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::extension::ClientId;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Parcel;

/// Delivers a mail, or says why not.
pub async fn deliver(parcel: &Parcel) -> Result<(), String> {
    let patience = parcel.patience;
    let to = TcpStream::connect((parcel.host.as_str(), parcel.port));
    let stream = within(patience, "it cannot be reached", to).await?;
    let hello = ClientId::Domain(parcel.hello.clone());
    let greeting = AsyncSmtpConnection::connect_with_transport(Box::new(stream), &hello);
    let mut connection = within(patience, "it does not greet", greeting).await?;
    within(patience, "it does not take the mail", connection.send(&parcel.envelope, &parcel.bytes)).await?;
    // the mail is there; how the server says goodbye is its own affair
    let _ = timeout(patience, connection.quit()).await;
    Ok(())
}

async fn within<T, E: Display>(
    patience: Duration,
    what: &str,
    step: impl Future<Output = Result<T, E>>,
) -> Result<T, String> {
    match timeout(patience, step).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(why)) => Err(format!("{what}: {why}")),
        Err(_) => Err(format!("{what}: nothing for {} s", patience.as_secs())),
    }
}
