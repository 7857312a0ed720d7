//! Texts: escapes, Unicode, and bytes that are neither.

use logpush_normalizer::Shape;
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test as wasm;

use crate::common::{at, both_paths, config, golden, only, outcome};

#[test]
#[wasm]
fn a_text_means_the_same_whatever_its_escapes() {
    for (written, text) in [
        (r#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t"),
        (r"a\u0026b\u003cc\u003E", "a&b<c>"),
        (r"\u0000\u001f\u007f", "\0\u{1f}\u{7f}"),
        (r"\u00e9\u20AC", "é€"),
        ("é€", "é€"),
        (r"\ud83d\ude00", "😀"),
        ("😀", "😀"),
        (r"\uDBFF\uDFFF", "\u{10ffff}"),
        (r"\ufffd\uffff", "\u{fffd}\u{ffff}"),
        (
            "\u{feff}\u{2028}\u{2029}\u{85}",
            "\u{feff}\u{2028}\u{2029}\u{85}",
        ),
        ("\u{7f}", "\u{7f}"),
        (r"\\u0041", "\\u0041"),
        (r"\\\u0041", "\\A"),
        (r"\\\\", "\\\\"),
        (r"}],{[\n\u007d", "}],{[\n}"),
        ("1234567890123456\\\"", "1234567890123456\""),
    ] {
        golden(&[(
            written,
            &format!(
                "\"Description\":\"{written}\",\"Kind\":\"{written}\",\"New\":{{\"{written}\":[\"{written}\"]}}"
            ),
            json!({
                "cloudflare.Kind": text,
                "cloudflare.New": {text: [text]},
                "rule.description": text,
            }),
        )]);
    }
}

/// An escape, at every place in and around the blocks of sixteen bytes that the scanner reads.
#[test]
#[wasm]
fn an_escape_may_stand_anywhere() {
    for escape in [r#"\""#, r"\\", r"\n", r"\u00e9", r"\ud83d\ude00"] {
        let text: String = serde_json::from_str(&format!("\"{escape}\"")).unwrap();
        let upload: String = (0..40)
            .map(|before| {
                let padding = "p".repeat(before);
                format!(
                    "{{\"Description\":\"{padding}{escape}x\",\"Ref\":\"{padding}{escape}\"}}\n"
                )
            })
            .collect();
        let documents = outcome(config(Shape::Ecs), upload.as_bytes()).documents;
        for (before, document) in documents.iter().enumerate() {
            let padding = "p".repeat(before);
            assert_eq!(
                at(document, "rule.description"),
                &json!(format!("{padding}{text}x"))
            );
            assert_eq!(
                at(document, "rule.reference"),
                &json!(format!("{padding}{text}"))
            );
        }
    }
}

/// A text of Cloudflare's is taken from a request, so that an attacker can put anything there.
/// Half a surrogate pair, or bytes that are no UTF-8, are replaced, and the document says so.
#[test]
#[wasm]
fn what_is_no_text_is_replaced() {
    let rows: &[(&[u8], &str)] = &[
        (br"\ud800", "\u{fffd}"),
        (br"a\udc00b", "a\u{fffd}b"),
        (br"\ud83d\ud83d\ude00", "\u{fffd}😀"),
        (br"\ude00\ud83d", "\u{fffd}\u{fffd}"),
        (br"\ud83d\u0041", "\u{fffd}A"),
        (br"\ud83dA", "\u{fffd}A"),
        (br"\ud83d\n", "\u{fffd}\n"),
        (br#"\ud83d\\ude00"#, "\u{fffd}\\ude00"),
        (br"\uD800\uDBFF", "\u{fffd}\u{fffd}"),
        (b"\xff", "\u{fffd}"),
        (b"a\x80b", "a\u{fffd}b"),
        (b"\xc3", "\u{fffd}"),
        (b"\xc3(", "\u{fffd}("),
        (b"\xc0\xaf", "\u{fffd}\u{fffd}"),
        (b"\xed\xa0\x80", "\u{fffd}\u{fffd}\u{fffd}"),
        (b"\xf0\x9f\x98", "\u{fffd}"),
        (b"\xf5\x80\x80\x80", "\u{fffd}\u{fffd}\u{fffd}\u{fffd}"),
        (b"\xe9t\xe9", "\u{fffd}t\u{fffd}"),
    ];
    for (bytes, text) in rows {
        let mut upload =
            br#"{"Datetime":1657630626219000000,"Action":"block","ClientRequestPath":"#.to_vec();
        for piece in [b"\"".as_slice(), bytes, b"\",\"New\":[\"", bytes, b"\"]}\n"] {
            upload.extend_from_slice(piece);
        }
        upload.extend_from_slice(br#"{"Action":"allow","Datetime":1}"#);
        let outcome = outcome(config(Shape::Ecs), &upload);
        let document = &outcome.documents[0];
        assert_eq!(at(document, "url.path"), text);
        assert_eq!(at(document, "cloudflare.New"), &json!([text]));
        assert_eq!(at(document, "event.type"), &json!(["denied"]));
        assert_eq!(document["tags"], json!(["text_repaired"]));
        assert_eq!(
            at(document, "error.message"),
            "bytes that are no valid text were replaced by U+FFFD"
        );
        assert_eq!(outcome.summary.repaired, 1);
        // The other record of the upload is not affected.
        assert_eq!(outcome.documents[1]["tags"], Value::Null);
        assert_eq!(at(&outcome.documents[1], "event.action"), "allow");
    }
}

#[test]
#[wasm]
fn a_name_that_is_no_text_is_replaced_too() {
    let document = only(outcome(config(Shape::Ecs), b"{\"N\xffw\":1,\"\\ud800\":2}").documents);
    assert_eq!(
        document["cloudflare"],
        json!({"N\u{fffd}w": 1, "\u{fffd}": 2})
    );
}

#[test]
#[wasm]
fn both_notes_of_a_document_stand_side_by_side() {
    let record = br#"{"ClientRequestPath":"\ud800","Datetime":"x"}"#;
    let document = only(outcome(config(Shape::Ecs), record).documents);
    assert_eq!(
        document["tags"],
        json!(["text_repaired", "time_from_arrival"])
    );
    let message = at(&document, "error.message").as_str().unwrap();
    assert!(
        message.contains("U+FFFD; Datetime is no readable time"),
        "{message}"
    );
}

#[test]
#[wasm]
fn a_control_byte_makes_a_line_no_record() {
    for byte in (0..0x20_u8).filter(|byte| *byte != b'\n') {
        for place in [0, 5, 15, 16, 17, 40] {
            let mut text = vec![b'a'; 41];
            text[place] = byte;
            let mut upload = b"{\"Description\":\"".to_vec();
            upload.extend_from_slice(&text);
            upload.extend_from_slice(b"\"}\n{\"Action\":\"block\"}");
            let outcome = outcome(config(Shape::Ecs), &upload);
            let original = String::from_utf8(upload).unwrap();
            let original = original.lines().next().unwrap().trim_end_matches('\r');
            assert_eq!(at(&outcome.documents[0], "event.kind"), "pipeline_error");
            if byte != b'\r' {
                assert_eq!(at(&outcome.documents[0], "event.original"), original);
            }
            assert_eq!(at(&outcome.documents[1], "event.action"), "block");
        }
    }
}

#[test]
#[wasm]
fn nested_values_come_as_they_are() {
    for value in [
        r#"{"a":{"b":{"c":[1,[2,[3,{}]],[]]}}}"#,
        r#"{"a":1,"b":-0.5e-3,"c":[true,false,null,"",{}]}"#,
        r#"[[],[[]],{"a":{"b":[""]}}]"#,
        r#"{"text":"with \"quotes\", {braces}, [brackets] and \\"}"#,
        r#"[0,-1,1.0,12345678901234567890,1e300]"#,
        "{ \"spaces\" : [ 1 , 2 ] , \"tabs\"\t:\t{ } }",
    ] {
        let parsed: Value = serde_json::from_str(value).unwrap();
        golden(&[(
            value,
            &format!("\"Metadata\":{value},\"New\":{value},\"Action\":\"log\""),
            json!({
                "cloudflare.New": parsed,
                "cloudflare.metadata": parsed,
                "event.action": "log",
                "event.type": ["info"],
            }),
        )]);
    }
}

#[test]
#[wasm]
fn a_number_keeps_its_digits() {
    for number in [
        "123456789012345678901234567890",
        "0.1000000000000000000000000001",
        "1.50",
        "-0",
        "-0.0",
        "1E+2",
        "18446744073709551616",
        // Beyond the range of a double: as text, since receivers refuse the whole event for it.
        "1e999",
        "-1e999",
    ] {
        let record =
            format!(r#"{{"New":{number},"MatchIndex":{number},"Kind":{number},"Datetime":1}}"#);
        let outcome = outcome(config(Shape::Ecs), record.as_bytes());
        for name in ["New", "matchIndex", "Kind"] {
            let member = match number.ends_with("999") {
                true => format!("\"{name}\":\"{number}\""),
                false => format!("\"{name}\":{number}"),
            };
            assert!(
                outcome.lines[0].contains(&member),
                "{member}: {}",
                outcome.lines[0]
            );
        }
        both_paths(&config(Shape::Ecs), &record);
    }
}

#[test]
#[wasm]
fn a_document_is_one_line() {
    let upload = "[{\"Metadata\":{\n\"a\":\r\n[1,\n2]\n},\n\"New\"\n:\n\"x\\ny\"\n}\n]";
    let outcome = outcome(config(Shape::Ecs), upload.as_bytes());
    let line = &outcome.lines[0];
    assert!(!line.contains(['\n', '\r']), "{line}");
    let document = only(outcome.documents);
    assert_eq!(at(&document, "cloudflare.metadata"), &json!({"a": [1, 2]}));
    assert_eq!(at(&document, "cloudflare.New"), "x\ny");
}
