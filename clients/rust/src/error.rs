//! The one error of the client.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tonic::Code;

use crate::Kind;
use crate::pb::FailoverReport;

/// A failed call: what to do ([`Error::kind`]), why ([`Error::reason`]), and everything the sidecar told of it.
///
/// It never holds what the caller wrote or a model answered, nor the token. Cloning it is cheap.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

/// One thing wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldError {
    /// The field's path, such as `messages[1].parts[0]`.
    pub field: String,
    /// What is wrong with it.
    pub description: String,
}

#[derive(Clone)]
pub(crate) struct Inner {
    pub(crate) kind: Kind,
    pub(crate) message: String,
    pub(crate) reason: Option<String>,
    pub(crate) code: Option<Code>,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) field_errors: Vec<FieldError>,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) report: Option<FailoverReport>,
    pub(crate) request_id: String,
    pub(crate) trace_id: String,
    pub(crate) source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self::from(Inner {
            kind,
            message: message.into(),
            reason: None,
            code: None,
            retry_after: None,
            field_errors: Vec::new(),
            metadata: BTreeMap::new(),
            report: None,
            request_id: String::new(),
            trace_id: String::new(),
            source: None,
        })
    }

    pub(crate) fn with(self, change: impl FnOnce(&mut Inner)) -> Self {
        let mut inner = Arc::unwrap_or_clone(self.0);
        change(&mut inner);
        Self::from(inner)
    }

    /// What to do.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// Why: the name of a value of [`crate::pb::ErrorReason`] without its prefix, such as `OVERLOADED`, or one of a later
    /// version. `None`: the sidecar did not say.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// The gRPC status. `None`: the call was never made, or the failure is the client's own.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        self.0.code
    }

    /// The failure in one line for a person.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// How long until a target is callable again. `None`: not known.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Everything wrong with the request; empty if that is not why.
    #[must_use]
    pub fn field_errors(&self) -> &[FieldError] {
        &self.0.field_errors
    }

    /// What the reason adds, such as `provider`, `model`, `limit` or `closest`: see [`crate::pb::ErrorReason`].
    #[must_use]
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.0.metadata
    }

    /// What was tried, at most a few KiB; [`crate::Client::get_report`] has it whole for ten minutes.
    #[must_use]
    pub fn report(&self) -> Option<&FailoverReport> {
        self.0.report.as_ref()
    }

    /// The call's request id; empty if it has none.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.0.request_id
    }

    /// The trace id, 32 hexadecimal digits; empty if the call has none.
    #[must_use]
    pub fn trace_id(&self) -> &str {
        &self.0.trace_id
    }
}

impl From<Inner> for Error {
    fn from(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }
}

/// What there is of it; what is absent is left out, and so is the report.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, message, field_errors, request_id, trace_id, .. } = &*self.0;
        let mut shown = f.debug_struct("Error");
        shown.field("kind", kind);
        if let Some(reason) = self.reason() {
            shown.field("reason", &reason);
        }
        if let Some(code) = self.code() {
            shown.field("code", &code);
        }
        shown.field("message", message);
        if !field_errors.is_empty() {
            shown.field("field_errors", field_errors);
        }
        if !request_id.is_empty() {
            shown.field("request_id", request_id).field("trace_id", trace_id);
        }
        if let Some(source) = &self.0.source {
            shown.field("source", source);
        }
        shown.finish_non_exhaustive()
    }
}

/// The reason and the message, the request id, and a line for each field error that the message does not tell.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(reason) = self.reason() {
            write!(f, "{reason}: ")?;
        }
        f.write_str(self.message())?;
        if !self.request_id().is_empty() {
            write!(f, " (request {})", self.request_id())?;
        }
        for error in self.field_errors() {
            let told = format!("{}: {}", error.field, error.description);
            // The sidecar's message begins with the first of them.
            if !self.message().starts_with(&told) {
                write!(f, "\n  {told}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
