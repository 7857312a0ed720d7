//! The nesting of a document, leaf by leaf.

use crate::bytes::writer::{Fragment, Writer};
use crate::plan::{GroupId, Leaf, Plan};
use crate::record::Span;

/// Writes leaves, and opens and closes the objects on the way.
pub(crate) struct Emitter<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) writer: &'a mut Writer,
    /// The object that is open.
    pub(crate) group: GroupId,
    /// Whether it has no member yet.
    pub(crate) fresh: bool,
}

impl Emitter<'_> {
    /// Opens the leaf's object, and writes its name (or the whole of a constant).
    pub(crate) fn begin(&mut self, leaf: &Leaf) {
        let (text, is_first) = self.arrive(leaf);
        self.writer.fragment(text, is_first);
    }

    /// Writes a whole leaf.
    #[inline(always)] // Bench row "core, native".
    pub(crate) fn member(&mut self, leaf: &Leaf, value: &[u8], span: Span) {
        let (text, is_first) = self.arrive(leaf);
        self.writer.member(text, is_first, value, span);
    }

    /// Writes a member of `cloudflare` under the name that it came with, and `marks` underscores.
    pub(crate) fn kept(&mut self, leaf: &Leaf, text: &[u8], name: Span, marks: usize, value: Span) {
        if leaf.group != self.group {
            self.move_to(leaf.group);
        }
        if !self.fresh {
            self.writer.byte(b',');
        }
        self.fresh = false;
        self.writer.byte(b'"');
        self.writer.put(name.of(text));
        for _ in 0..marks {
            self.writer.byte(b'_');
        }
        self.writer.put(b"\":");
        self.writer
            .slice(text, value.start as usize, value.end as usize);
    }

    /// Closes and opens objects until `group` is open.
    pub(crate) fn move_to(&mut self, group: GroupId) {
        // No ECS path of a table has more than five names.
        let mut to_open = [GroupId::ROOT; 8];
        let mut count = 0;
        let (mut from, mut to) = (self.group, group);
        while from != to {
            if self.depth(from) >= self.depth(to) {
                self.writer.byte(b'}');
                self.fresh = false;
                from = self.parent(from);
            } else {
                if let Some(place) = to_open.get_mut(count) {
                    *place = to;
                }
                count += 1;
                to = self.parent(to);
            }
        }
        for index in to_open.iter().take(count).rev() {
            if let Some(group) = self.plan.groups.get(index.index()) {
                self.writer.fragment(&group.text, self.fresh);
                self.fresh = true;
            }
        }
        self.group = group;
    }

    /// What is to be written before the leaf's value, and whether it is its object's first.
    fn arrive<'leaf>(&mut self, leaf: &'leaf Leaf) -> (&'leaf Fragment, bool) {
        if leaf.group != self.group {
            match &leaf.jump {
                // The leaf before was written: the way from there is known.
                Some(jump) if jump.from == self.group && !self.fresh => {
                    self.group = leaf.group;
                    return (&jump.text, false);
                }
                _ => self.move_to(leaf.group),
            }
        }
        (&leaf.text, core::mem::replace(&mut self.fresh, false))
    }

    fn depth(&self, group: GroupId) -> u16 {
        self.plan
            .groups
            .get(group.index())
            .map_or(0, |group| group.depth)
    }

    fn parent(&self, group: GroupId) -> GroupId {
        self.plan
            .groups
            .get(group.index())
            .map_or(GroupId::ROOT, |group| group.parent)
    }
}
