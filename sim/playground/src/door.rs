//! How JavaScript reaches the simulator: numbers go through calls, texts through two rooms of memory.
//!
//! `vrrplab_room(n)` is where a question of `n` bytes is to be written, `vrrplab_answer()` answers it and returns how long the
//! answer is, which then lies at `vrrplab_read()`. A question that ends in a trap leaves the reason there.
use std::cell::RefCell;

thread_local! {
    static QUESTION: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static ANSWER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Makes room for a question of so many bytes, and says where it is.
#[unsafe(no_mangle)]
pub extern "C" fn vrrplab_room(length: usize) -> *const u8 {
    leave_reasons();
    QUESTION.with_borrow_mut(|question| {
        question.clear();
        question.resize(length, 0);
        question.as_ptr()
    })
}

/// Answers the question, and returns how long the answer is.
#[unsafe(no_mangle)]
pub extern "C" fn vrrplab_answer() -> usize {
    ANSWER.with_borrow_mut(Vec::clear);
    let question = QUESTION.with_borrow_mut(std::mem::take);
    let answer = crate::answer(&String::from_utf8_lossy(&question));
    ANSWER.with_borrow_mut(|room| *room = answer.into_bytes());
    vrrplab_length()
}

/// How long the answer is.
#[unsafe(no_mangle)]
pub extern "C" fn vrrplab_length() -> usize {
    ANSWER.with_borrow(Vec::len)
}

/// Where the answer is.
#[unsafe(no_mangle)]
pub extern "C" fn vrrplab_read() -> *const u8 {
    ANSWER.with_borrow(|answer| answer.as_ptr())
}

/// In a browser nobody reads standard error: why the simulator stopped becomes the answer.
fn leave_reasons() {
    if cfg!(target_arch = "wasm32") {
        std::panic::set_hook(Box::new(|why| {
            ANSWER.with(|answer| {
                if let Ok(mut answer) = answer.try_borrow_mut() {
                    *answer = why.to_string().into_bytes();
                }
            });
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_that_is_none_is_answered() {
        assert!(!vrrplab_room(3).is_null());
        QUESTION.with_borrow_mut(|question| question.copy_from_slice(b"{]!"));
        let length = vrrplab_answer();
        let answer = ANSWER.with_borrow(|answer| String::from_utf8(answer.clone())).unwrap();
        assert_eq!(answer.len(), length);
        assert!(answer.starts_with(r#"{"error":"the question is not understood"#), "{answer}");
        assert!(!vrrplab_read().is_null());
    }
}
