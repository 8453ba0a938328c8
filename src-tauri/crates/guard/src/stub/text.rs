//! stub
use countersign_protocol::TextWarning;
/// x
#[derive(Debug, Clone)]
pub struct Revealed { /// x
 pub shown: String, /// x
 pub warnings: Vec<TextWarning> }
/// x
pub fn reveal(text: &str) -> Revealed { Revealed { shown: text.to_owned(), warnings: vec![] } }
/// x
pub fn reveal_line(text: &str) -> Revealed { reveal(text) }
