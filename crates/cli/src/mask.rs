//! The mask, which keeps secrets out of everything that is printed.

use core::cell::RefCell;

use crate::percent::encode;

/// The secrets known so far. All output passes through [`Mask::hide`].
#[derive(Default)]
pub(crate) struct Mask(RefCell<Vec<String>>);

/// The shortest value that is masked. A shorter one is not a secret, and hiding it would garble the
/// words around it.
const SECRET_MIN: usize = 8;

const HIDDEN: &str = "[secret]";

impl Mask {
    pub(crate) fn add(&self, secret: &str) {
        if secret.len() < SECRET_MIN {
            return;
        }
        let json = serde_json::Value::from(secret).to_string();
        let in_json = json.trim_matches('"').to_owned();
        let mut secrets = self.0.borrow_mut();
        for form in [secret.to_owned(), encode(secret), in_json] {
            if !secrets.contains(&form) {
                secrets.push(form);
            }
        }
        // The longest first, since one may be a prefix of another.
        secrets.sort_by_key(|form| core::cmp::Reverse(form.len()));
    }

    pub(crate) fn hide(&self, text: &str) -> String {
        self.0
            .borrow()
            .iter()
            .fold(text.to_owned(), |text, secret| text.replace(secret, HIDDEN))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_hidden_in_every_form() {
        let mask = Mask::default();
        mask.add("pass word\"1");
        mask.add("pass word\"1 and more");
        mask.add("no");
        for (text, shown) in [
            ("it is pass word\"1.", "it is [secret]."),
            ("header_A=pass%20word%221", "header_A=[secret]"),
            (r#""pass word\"1""#, r#""[secret]""#),
            ("pass word\"1 and more", "[secret]"),
            ("no", "no"),
        ] {
            assert_eq!(mask.hide(text), shown);
        }
    }
}
