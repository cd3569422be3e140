//! The independent auditor: keeps its own books from commands and answers alone, and compares them
//! with everything that can be seen. It shares no code with the product: an error would have to be
//! made twice, in two ways of thinking, to stay hidden.

mod books;
mod compare;
mod rules;
mod search;

pub use self::books::Books;
pub use self::search::Done;

use super::scenario::World;

/// The auditor of one run.
#[derive(Debug)]
pub struct Auditor {
    books: Books,
}

impl Auditor {
    /// Opens the books of a shop.
    pub fn open(world: &World) -> Self {
        Self { books: Books::open(world) }
    }

    /// The books as they are.
    pub const fn books(&self) -> &Books {
        &self.books
    }
}
