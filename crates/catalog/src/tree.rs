//! Categories as a tree: which may lie below which.

use std::collections::{HashMap, HashSet};

use kernel::id::CategoryId;

/// Shelves within shelves, at most: 1 is a tree without branches.
pub const DEPTH_MAX: usize = 4;

/// Where each category lies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree(HashMap<CategoryId, Option<CategoryId>>);

/// Why a category cannot lie there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misplaced {
    /// There is no such category to lie in.
    UnknownParent,
    /// It would lie in itself, or in one that lies in it.
    Cycle,
    /// Something would lie deeper than [`DEPTH_MAX`].
    TooDeep,
}

impl Tree {
    /// The tree of these, each with what it lies in.
    pub fn new(categories: impl IntoIterator<Item = (CategoryId, Option<CategoryId>)>) -> Self {
        Self(categories.into_iter().collect())
    }

    /// Puts a category, new or known, into another or at the top. Refused, nothing has moved.
    pub fn place(&mut self, id: CategoryId, parent: Option<CategoryId>) -> Result<(), Misplaced> {
        let above = match parent {
            None => 0,
            Some(parent) if !self.0.contains_key(&parent) && parent != id => {
                return Err(Misplaced::UnknownParent);
            }
            Some(parent) => {
                let path = self.path(parent);
                if parent == id || path.contains(&id) {
                    return Err(Misplaced::Cycle);
                }
                path.len()
            }
        };
        if above + self.height(id) > DEPTH_MAX {
            return Err(Misplaced::TooDeep);
        }
        self.0.insert(id, parent);
        Ok(())
    }

    /// From the top down to a category, itself included. A circle, which cannot be, ends where it
    /// closes.
    pub fn path(&self, id: CategoryId) -> Vec<CategoryId> {
        let mut path = Vec::new();
        let mut seen = HashSet::new();
        let mut next = Some(id).filter(|id| self.0.contains_key(id));
        while let Some(id) = next.filter(|id| seen.insert(*id)) {
            path.push(id);
            next = self.0.get(&id).copied().flatten();
        }
        path.reverse();
        path
    }

    /// How many levels a category and what lies in it take; a new one takes one.
    fn height(&self, id: CategoryId) -> usize {
        let own = self.path(id).len();
        let deepest = self.0.keys().map(|other| self.path(*other));
        let within = deepest.filter(|path| path.contains(&id)).map(|path| path.len());
        within.max().map_or(1, |depth| depth + 1 - own)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn id(number: u8) -> CategoryId {
        CategoryId::from(Uuid::from_u128(u128::from(number) + 1))
    }

    #[test]
    fn what_cannot_be_is_told_apart_and_moves_nothing() {
        let mut tree = Tree::default();
        tree.place(id(0), None).unwrap();
        tree.place(id(1), Some(id(0))).unwrap();
        tree.place(id(2), Some(id(1))).unwrap();
        tree.place(id(3), Some(id(2))).unwrap();
        let before = tree.clone();
        assert_eq!(tree.place(id(9), Some(id(8))), Err(Misplaced::UnknownParent));
        assert_eq!(tree.place(id(9), Some(id(9))), Err(Misplaced::Cycle));
        assert_eq!(tree.place(id(0), Some(id(0))), Err(Misplaced::Cycle));
        assert_eq!(tree.place(id(0), Some(id(2))), Err(Misplaced::Cycle));
        assert_eq!(tree.place(id(9), Some(id(3))), Err(Misplaced::TooDeep));
        assert_eq!(tree, before);
        assert_eq!(tree.path(id(3)), [id(0), id(1), id(2), id(3)]);
        tree.place(id(4), None).unwrap();
        assert_eq!(tree.place(id(0), Some(id(4))), Err(Misplaced::TooDeep), "all that is below");
        tree.place(id(2), Some(id(4))).unwrap();
        assert_eq!(tree.path(id(3)), [id(4), id(2), id(3)]);
        assert!(tree.path(id(77)).is_empty());
    }

    proptest! {
        #[test]
        fn random_moves_never_make_a_circle_nor_go_too_deep(
            moves in proptest::collection::vec((0_u8..12, proptest::option::of(0_u8..12)), 0..80)
        ) {
            let mut tree = Tree::default();
            for (what, whereto) in moves {
                let before = tree.clone();
                if tree.place(id(what), whereto.map(id)).is_err() {
                    prop_assert_eq!(&tree, &before);
                }
                for category in tree.0.keys() {
                    let path = tree.path(*category);
                    prop_assert!(path.len() <= DEPTH_MAX);
                    // It ends at the top, not where a circle closes.
                    prop_assert_eq!(tree.0[&path[0]], None);
                    prop_assert_eq!(path.last(), Some(category));
                }
            }
        }
    }
}
