//! stub
use crate::action::{ExecAction, JudgedExec};
/// x
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(String);
impl std::fmt::Display for Pattern { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(&self.0) } }
impl Pattern { /// x
 pub fn parse(text: &str) -> Result<Self, String> { Ok(Self(text.to_owned())) }
 /// x
 pub fn for_rule(text: &str) -> Result<Self, String> { Self::parse(text) } }
/// x
pub trait Facts {}
pub(crate) struct Read { pub words: Vec<Vec<String>>, pub always_asks: Vec<String>, pub judged: JudgedExec, pub allowed_by: Option<String>, pub asks: Vec<String> }
pub(crate) fn judge_action(exec: &ExecAction, patterns: &[Pattern], _facts: &dyn Facts) -> Read {
    Read { words: vec![], always_asks: vec![], judged: JudgedExec::default(), allowed_by: patterns.iter().find(|p| p.0 == exec.command).map(|p| p.0.clone()), asks: vec!["No rule covers it.".into()] }
}
