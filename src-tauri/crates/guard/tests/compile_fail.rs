//! Code that acts without an approval does not compile.
#![allow(missing_docs)]

#[test]
fn approvals_cannot_be_forged_copied_or_used_twice() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
