//! Facts about the workspace's files, by handle, for the command rules.
use crate::command::Facts;
use crate::view::View;
pub(crate) struct HandleFacts<'a>(#[expect(dead_code)] &'a View);
impl<'a> HandleFacts<'a> { pub(crate) fn new(view: &'a View) -> Self { Self(view) } }
impl Facts for HandleFacts<'_> {}
