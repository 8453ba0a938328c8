//! Why no answer came, in words that a person can act on.

use thiserror::Error;

/// Why a model gave no whole answer. The text says what happened and what to do; it never holds the
/// key, and names the host only of an address.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ProviderError {
    /// There is no key.
    #[error(
        "There is no API key. Put one into the settings folder, or set ANTHROPIC_API_KEY; for OpenAI and servers like it, OPENAI_API_KEY."
    )]
    NoKey,
    /// The server wants a key, and none was sent.
    #[error(
        "{host} wants an API key. Type it where the model is connected, or set OPENAI_API_KEY. It said: {detail}"
    )]
    KeyWanted {
        /// The server.
        host: String,
        /// Its words.
        detail: String,
    },
    /// The key cannot be sent at all.
    #[error(
        "The API key holds characters that no key has, such as blanks or quotation marks. Copy it again and paste it without anything around it."
    )]
    MalformedKey,
    /// The configured address cannot be used.
    #[error(
        "The base_url of the settings cannot be used: {problem}. It looks like https://api.anthropic.com or http://localhost:11434/v1."
    )]
    BaseUrl {
        /// What is wrong with it.
        problem: String,
    },
    /// The connection could not be set up on this computer.
    #[error("Secure connections cannot be set up on this computer: {detail}")]
    Setup {
        /// What the system said.
        detail: String,
    },
    /// The key is not accepted.
    #[error(
        "{host} does not accept the API key. Check it in the settings, or make a new one. It said: {detail}"
    )]
    WrongKey {
        /// The server.
        host: String,
        /// Its words.
        detail: String,
    },
    /// The key may not do this.
    #[error(
        "The API key has no permission for this. Check what the key and its workspace may use. {host} said: {detail}"
    )]
    Permission {
        /// The server.
        host: String,
        /// Its words.
        detail: String,
    },
    /// There is no such model for this key.
    #[error("There is no model named {model:?} for this API key. Choose another in the settings.")]
    ModelNotFound {
        /// The model that was asked for.
        model: String,
    },
    /// A server on this computer has no such model.
    #[error(
        "The server at {address} has no model named {model:?}. Pull or load it there, or name another in the settings. It said: {detail}"
    )]
    ModelNotThere {
        /// Host and port.
        address: String,
        /// The model that was asked for.
        model: String,
        /// The server's words.
        detail: String,
    },
    /// No model was named for a server that has none of its own choice.
    #[error("No model is named for {host}. Name one in the settings, or with --model.")]
    ModelNotNamed {
        /// The server.
        host: String,
    },
    /// No model was named, and the server lists none.
    #[error(
        "The server at {address} lists no model to talk to. Pull or load one there, or name one in the settings."
    )]
    NoModelListed {
        /// Host and port.
        address: String,
    },
    /// The address leads to no API of models.
    #[error("{host} has no API for models at this address. Check base_url in the settings.")]
    NoSuchAddress {
        /// The server.
        host: String,
    },
    /// The account is out of credit.
    #[error(
        "The credit of the account is used up. Add credit in the provider's console, then go on. {host} said: {detail}"
    )]
    Credit {
        /// The server.
        host: String,
        /// Its words.
        detail: String,
    },
    /// The conversation is longer than the model reads.
    #[error(
        "The conversation no longer fits into what the model can read. Start a new session and tell it what is left to do. It said: {detail}"
    )]
    ContextTooLong {
        /// The server's words.
        detail: String,
    },
    /// The request is larger than the server takes.
    #[error(
        "The conversation is larger than {host} takes in one request. Start a new session and tell it what is left to do."
    )]
    TooLarge {
        /// The server.
        host: String,
    },
    /// The server finds the request wrong.
    #[error("{host} did not take the request (status {status}). It said: {detail}")]
    Rejected {
        /// The server.
        host: String,
        /// The HTTP status.
        status: u16,
        /// Its words.
        detail: String,
    },
    /// Too many requests or tokens in too short a time.
    #[error(
        "The rate limit of the account is reached. Wait a minute, then send the message again. {host} said: {detail}"
    )]
    RateLimited {
        /// The server.
        host: String,
        /// Its words.
        detail: String,
    },
    /// The server has too much to do.
    #[error("{host} is overloaded. Try again in a few minutes.")]
    Overloaded {
        /// The server.
        host: String,
    },
    /// The server failed.
    #[error("{host} failed (status {status}). Try again in a few minutes. It said: {detail}")]
    Server {
        /// The server.
        host: String,
        /// The HTTP status.
        status: u16,
        /// Its words.
        detail: String,
    },
    /// The server cannot be reached.
    #[error(
        "{host} cannot be reached: {detail}. Check the network connection, and the proxy settings if there is a proxy."
    )]
    Unreachable {
        /// The server.
        host: String,
        /// What the network said.
        detail: String,
    },
    /// A server on this computer does not answer.
    #[error(
        "Nothing answers at {address}: {detail}. The local server may not be running: start it, or check the port in base_url."
    )]
    NotRunning {
        /// Host and port.
        address: String,
        /// What the network said.
        detail: String,
    },
    /// The server went silent.
    #[error(
        "{host} did not answer for {seconds} seconds. Check the network connection and try again."
    )]
    Timeout {
        /// The server.
        host: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// The connection broke before the answer was whole.
    #[error(
        "The connection to {host} broke before the answer was whole. Send a message to go on from here."
    )]
    Interrupted {
        /// The server.
        host: String,
    },
    /// The server sends elsewhere.
    #[error(
        "{host} redirects to {target} (status {status}). Redirects are not followed, since the API key would go along. Check base_url in the settings."
    )]
    Redirected {
        /// The server.
        host: String,
        /// The host that it names.
        target: String,
        /// The HTTP status.
        status: u16,
    },
    /// What answered is no API of models: a proxy, or the log-in page of a network.
    #[error(
        "Something other than a model answered for {host} (status {status}). A proxy or the log-in page of a network may be in between, or base_url may be wrong. It said: {detail}"
    )]
    Unexpected {
        /// The server.
        host: String,
        /// The HTTP status.
        status: u16,
        /// The start of what came.
        detail: String,
    },
    /// The answer makes no sense.
    #[error("The answer of {host} could not be read: {detail}. Try again.")]
    Malformed {
        /// The server.
        host: String,
        /// What is wrong with it.
        detail: String,
    },
    /// It failed again and again.
    #[error("{last} It was tried {attempts} times.")]
    GaveUp {
        /// How often.
        attempts: u32,
        /// How it failed the last time.
        last: Box<ProviderError>,
    },
    /// The server wants a longer wait than is made without asking.
    #[error(
        "{last} The server asks to wait for {seconds} seconds, longer than is waited unasked: send the message again after that."
    )]
    AskedToWait {
        /// How long.
        seconds: u64,
        /// What failed.
        last: Box<ProviderError>,
    },
    /// Anything else, in whole sentences.
    #[error("{0}")]
    Other(String),
}
