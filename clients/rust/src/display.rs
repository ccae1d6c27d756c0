//! The contract's values for a person: enum values by their names without the prefix, targets as "provider/model".

use std::fmt;

use crate::pb::{BreakerState, ErrorReason, FinishReason, Target};

/// "provider/model".
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider, self.model)
    }
}

macro_rules! names {
    ($kind:ty, $prefix:literal) => {
        impl $kind {
            /// The value's name without its prefix.
            #[must_use]
            pub fn name(self) -> &'static str {
                let whole = self.as_str_name();
                whole.strip_prefix($prefix).unwrap_or(whole)
            }
        }

        /// The value's name without its prefix.
        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

names!(ErrorReason, "ERROR_REASON_");
names!(FinishReason, "FINISH_REASON_");
names!(BreakerState, "BREAKER_STATE_");
