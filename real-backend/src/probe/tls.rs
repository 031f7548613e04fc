//! TLS to a web server, whatever certificate it shows: as keepalived, a check does not ask who answers.
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::client::{ClientConfig, Resumption};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{DigitallySignedStruct, Error, SignatureScheme};
use vrrplab_engine::health::Answer;

use super::ends::{not_asked, refused};
use super::pace::Pace;

/// What all checks over TLS share; made when the first one needs it.
#[derive(Clone, Default)]
pub struct Client(Arc<OnceLock<Arc<ClientConfig>>>);

impl Client {
    /// The handshake on a connection; a server name is sent where there is one.
    pub async fn greet<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        name: Option<&str>,
        ip: IpAddr,
        pace: &Pace,
    ) -> Result<TlsStream<S>, Answer> {
        let config = self.config().map_err(|why| not_asked(&io::Error::other(why)))?;
        // an address in the place of a name is not sent
        let named = name.and_then(|name| ServerName::try_from(name.to_owned()).ok());
        let name = named.unwrap_or_else(|| ServerName::from(ip));
        let greeted = pace.step(TlsConnector::from(config).connect(name, stream)).await?;
        greeted.map_err(|why| match why.raw_os_error() {
            Some(_) => refused(&why),
            None => Answer::Page(Vec::new()), // it said nothing that TLS knows
        })
    }

    fn config(&self) -> Result<Arc<ClientConfig>, Error> {
        if let Some(config) = self.0.get() {
            return Ok(config.clone());
        }
        let provider = ring::default_provider();
        let anyone = Arc::new(Anyone::new(&provider));
        let versions = ClientConfig::builder_with_provider(Arc::new(provider)).with_safe_default_protocol_versions()?;
        let trusting = versions.dangerous().with_custom_certificate_verifier(anyone);
        let mut config = trusting.with_no_client_auth();
        config.resumption = Resumption::disabled(); // each attempt stands for itself
        Ok(self.0.get_or_init(|| Arc::new(config)).clone())
    }
}

/// Believes everybody.
#[derive(Debug)]
struct Anyone {
    schemes: Vec<SignatureScheme>,
}

impl Anyone {
    fn new(provider: &CryptoProvider) -> Anyone {
        Anyone { schemes: provider.signature_verification_algorithms.supported_schemes() }
    }
}

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes.clone()
    }
}
