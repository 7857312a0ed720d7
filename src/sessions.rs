//! What destinations remember between uploads: tokens, channels, what was odd about the last answer. It
//! lives as long as the isolate, and no longer than the configuration of its destination.

use core::cell::RefCell;
use std::rc::Rc;

use logpush_delivery::session::Session;

use crate::config::Target;

/// A session that several uploads of a destination use at the same time.
pub(crate) type Shared = Rc<RefCell<Session>>;

/// Destinations of which sessions are kept: the latest.
const KEPT: usize = 32;

thread_local! {
    static SESSIONS: RefCell<Sessions> = RefCell::default();
}

/// The session of a destination.
pub(crate) fn of(name: &str, target: &Target<'_>) -> Shared {
    let fingerprint = target.fingerprint();
    SESSIONS.with_borrow_mut(|sessions| sessions.get(name, fingerprint))
}

/// The sessions, the one that was used last behind the others.
#[derive(Default)]
struct Sessions(Vec<Kept>);

struct Kept {
    name: String,
    fingerprint: u128,
    session: Shared,
}

impl Sessions {
    fn get(&mut self, name: &str, fingerprint: u128) -> Shared {
        let place = self.0.iter().position(|kept| kept.name == name);
        let kept = place.map(|place| self.0.remove(place));
        let kept = match kept {
            Some(kept) if kept.fingerprint == fingerprint => kept,
            _ => Kept {
                name: name.to_owned(),
                fingerprint,
                session: Shared::default(),
            },
        };
        let session = Rc::clone(&kept.session);
        self.0.push(kept);
        if self.0.len() > KEPT {
            self.0.remove(0);
        }
        session
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_lives_as_long_as_its_configuration() {
        let mut sessions = Sessions::default();
        let has_token = |session: &Shared| session.borrow().get("token", 0).is_some();
        let first = sessions.get("siem", 1);
        first.borrow_mut().put("token", "t".to_owned(), None);
        assert!(has_token(&sessions.get("siem", 1)));
        assert!(!has_token(&sessions.get("lake", 1)));
        assert!(!has_token(&sessions.get("siem", 2)), "another key");
        assert!(!has_token(&sessions.get("siem", 1)), "the first one again");
    }

    #[test]
    fn the_sessions_are_those_of_the_latest_destinations() {
        let mut sessions = Sessions::default();
        for n in 0..100 {
            sessions.get(&format!("d{n}"), 1);
            sessions.get("siem", 1);
        }
        assert_eq!(sessions.0.len(), KEPT);
        assert!(sessions.0.iter().any(|kept| kept.name == "siem"));
        assert!(!sessions.0.iter().any(|kept| kept.name == "d0"));
    }
}
