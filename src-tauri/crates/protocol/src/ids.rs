//! Identifiers. Each is an opaque string to everything but the code that made it.

use serde::{Deserialize, Serialize};
use std::fmt;
use ts_rs::TS;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
        #[ts(export, type = "string")]
        pub struct $name(String);

        impl $name {
            /// Wraps an identifier that was made elsewhere.
            pub fn new(id: impl Into<String>) -> Self {
                Self(id.into())
            }

            /// The identifier as it stands on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id! {
    /// One session: a conversation in one workspace, over any number of program starts.
    SessionId
}
id! {
    /// One tool call; unique within its session.
    CallId
}
id! {
    /// One proposal put to the person (or to the policy); decided at most once.
    ApprovalId
}
id! {
    /// One rule that the person made.
    RuleId
}
