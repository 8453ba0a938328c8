//! Lets a program whose `main` is not ours, a test for one, be its own supervisor: the loader calls
//! this before `main`.

use crate::child;
use std::ffi::{CStr, c_char, c_int};

extern "C" fn at_load(count: c_int, arguments: *const *const c_char, _: *const *const c_char) {
    if count < 1 || arguments.is_null() {
        return;
    }
    child::note_that_asked();
    // SAFETY: glibc calls what stands in `.init_array` with the arguments of `main`; there is at
    // least one, and each is a C string.
    let name = unsafe { CStr::from_ptr(*arguments) };
    if name == child::NAME {
        child::supervise();
    }
}

// SAFETY: `.init_array` holds pointers to functions of this very signature.
#[used]
#[unsafe(link_section = ".init_array")]
static AT_LOAD: extern "C" fn(c_int, *const *const c_char, *const *const c_char) = at_load;
