//! stub
/// x
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sensitivity { /// x
 Ordinary, /// x
 Sensitive(&'static str), /// x
 Secret(&'static str) }
/// x
pub fn classify(path: &str) -> Sensitivity { if path.contains(".env") { Sensitivity::Secret("stub") } else if path.contains(".git/") { Sensitivity::Sensitive("stub") } else { Sensitivity::Ordinary } }
