//! TLS of our own: a certificate and its key from files.

use std::path::Path;
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, InconsistentKeys, ServerConfig};

use crate::Error;
use crate::config::Tls;

/// What greets connections with the certificate.
///
/// # Errors
/// A file that cannot be read or is something else, a key of another certificate.
pub fn acceptor(tls: &Tls) -> Result<TlsAcceptor, Error> {
    let chain: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(&tls.cert).and_then(Iterator::collect);
    let chain = chain.map_err(|e| unread("certificate", &tls.cert, &e))?;
    if chain.is_empty() {
        return Err(unread("certificate", &tls.cert, &pem::Error::NoItemsFound));
    }
    let key = PrivateKeyDer::from_pem_file(&tls.key);
    let key = key.map_err(|e| unread("private key", &tls.key, &e))?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|config| config.with_no_client_auth().with_single_cert(chain, key));
    let mut config = config.map_err(|e| refused(tls, &e))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn unread(what: &str, path: &Path, error: &pem::Error) -> Error {
    let (why, hint) = match error {
        pem::Error::Io(e) => (e.to_string(), None),
        pem::Error::NoItemsFound => {
            let other = if what == "certificate" { "PRIVATE KEY" } else { "CERTIFICATE" };
            let hint =
                format!("it is text with `-----BEGIN`; a block `{other}` is the other file's");
            (format!("there is no {what} in it"), Some(hint))
        }
        error => (error.to_string(), Some("it must be PEM".to_string())),
    };
    Error::mistake(format!("cannot read the {what} {}: {why}", path.display()), hint)
}

fn refused(tls: &Tls, error: &rustls::Error) -> Error {
    let (cert, key) = (tls.cert.display(), tls.key.display());
    match error {
        rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
            let hint = "`tls.key` is the key with which `tls.cert` was made".to_string();
            Error::mistake(format!("{key} is not the key of {cert}"), hint)
        }
        error => Error::mistake(format!("{cert} and {key} cannot be used: {error}"), None),
    }
}
