//! What a caller would do about a failure.

use std::fmt;

use tonic::Code;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $name:literal,)*) => {
        /// What to do about a failed call. [`crate::Error::reason`] says why it failed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Kind {
            $($(#[$doc])* $kind,)*
        }

        impl Kind {
            /// The name that it has in every language's client, such as `RATE_LIMITED`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }
        }
    };
}

kinds! {
    /// No sidecar took the call: start it, check `REMORA_ADDRESS`. Nothing was sent; safe to call again.
    SidecarUnreachable "SIDECAR_UNREACHABLE",
    /// Change the request, or the client's settings; `field_errors` names the fields.
    InvalidRequest "INVALID_REQUEST",
    /// Shorten the conversation; `metadata["limit"]` in tokens, if known.
    ContextTooLong "CONTEXT_TOO_LONG",
    /// A provider's safety system refused: change what is asked.
    ContentFiltered "CONTENT_FILTERED",
    /// The request is over 32 MiB; nothing was sent.
    RequestTooLarge "REQUEST_TOO_LARGE",
    /// No such model, request id or scope; `metadata["closest"]` has known names.
    NotFound "NOT_FOUND",
    /// This caller's own token is missing or wrong.
    Unauthenticated "UNAUTHENTICATED",
    /// A provider refuses the sidecar's key: the operator's to mend.
    CredentialsRejected "CREDENTIALS_REJECTED",
    /// Something is used up.
    ResourceExhausted "RESOURCE_EXHAUSTED",
    /// Come back after `retry_after`.
    RateLimited "RATE_LIMITED",
    /// Money or quota is gone: waiting a little does not help.
    QuotaExhausted "QUOTA_EXHAUSTED",
    /// Temporary: every target failed or is parked; `retry_after` if known.
    Unavailable "UNAVAILABLE",
    /// The answer broke off; what arrived is in `ChatStream::text_so_far`.
    StreamBroken "STREAM_BROKEN",
    /// The connection to the sidecar broke; the call may have run.
    SidecarLost "SIDECAR_LOST",
    /// The call's time ran out.
    DeadlineExceeded "DEADLINE_EXCEEDED",
    /// The call was cancelled, or its stream closed.
    Cancelled "CANCELLED",
    /// This version of the sidecar does not do that; `metadata["field"]`.
    NotBuilt "NOT_BUILT",
    /// A bug in Remora; `metadata["error_id"]` is in its log.
    Internal "INTERNAL",
    /// `ChatStream::text` only: text already handed out became void.
    TextDiscarded "TEXT_DISCARDED",
    /// A failure that is none of these.
    Other "OTHER",
}

impl Kind {
    /// The kind of a failed call: by its reason where that says more than the status code, else by the code.
    pub(crate) fn of(reason: Option<&str>, code: Code) -> Self {
        reason.and_then(Self::of_reason).unwrap_or_else(|| Self::of_code(code))
    }

    fn of_reason(reason: &str) -> Option<Self> {
        Some(match reason {
            "CONTEXT_LENGTH" => Self::ContextTooLong,
            "CONTENT_FILTERED" => Self::ContentFiltered,
            "RATE_LIMITED" | "BUSY" => Self::RateLimited,
            "BILLING" | "SPEND_LIMIT" => Self::QuotaExhausted,
            "STREAM_BROKEN" => Self::StreamBroken,
            _ => return None,
        })
    }

    fn of_code(code: Code) -> Self {
        match code {
            Code::InvalidArgument => Self::InvalidRequest,
            Code::NotFound => Self::NotFound,
            Code::Unauthenticated => Self::Unauthenticated,
            Code::FailedPrecondition => Self::CredentialsRejected,
            Code::ResourceExhausted => Self::ResourceExhausted,
            Code::Unavailable => Self::Unavailable,
            Code::DeadlineExceeded => Self::DeadlineExceeded,
            Code::Cancelled => Self::Cancelled,
            Code::Unimplemented => Self::NotBuilt,
            Code::Internal => Self::Internal,
            _ => Self::Other,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
