//! Documents that would be larger than the intake takes.

use logpush_normalizer::{Config, Shape};
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test as wasm;

use crate::common::{at, config, limited, only, outcome};

const LIMIT: usize = 250_000;

/// The one document of a record, which had to be cut.
fn cut(config: &Config, record: &str) -> (Value, usize) {
    let outcome = outcome(config.clone(), record.as_bytes());
    assert_eq!(outcome.summary.truncated, 1, "{record:.100}");
    assert_eq!(outcome.summary.errors, 0);
    let length = outcome.lines[0].len();
    let document = only(outcome.documents);
    let tags = document["tags"].as_array().unwrap();
    assert!(tags.contains(&json!("truncated")));
    (document, length)
}

fn label(document: &Value) -> &str {
    at(document, "labels.truncated").as_str().unwrap()
}

#[test]
#[wasm]
fn one_long_text_is_cut_to_what_fits() {
    for piece in [
        "a",
        "é",
        "€",
        "😀",
        "\\\"",
        "\\\\",
        "\\u00e9",
        "\\ud83d\\ude00",
        "a\\n",
        "\\u0001",
    ] {
        let text = piece.repeat(600_000 / piece.len());
        let record = format!(
            r#"{{"Action":"block","ClientIP":"192.0.2.1","Datetime":1657630626219000000,"Description":"{text}","RayID":"7299f155dda47d6b"}}"#
        );
        let (document, length) = cut(&config(Shape::Ecs), &record);
        assert!((LIMIT - 4096..=LIMIT).contains(&length), "{length}");
        let whole: String = serde_json::from_str(&format!("\"{text}\"")).unwrap();
        let kept = at(&document, "rule.description").as_str().unwrap();
        assert!(whole.starts_with(kept) && !kept.is_empty(), "{piece}");
        assert_eq!(label(&document), "rule.description");
        assert_eq!(document["tags"], json!(["truncated"]));
        // Everything else is whole.
        assert_eq!(at(&document, "@timestamp"), crate::common::TIME);
        assert_eq!(at(&document, "source.ip"), "192.0.2.1");
        assert_eq!(at(&document, "http.request.id"), "7299f155dda47d6b");
        assert_eq!(at(&document, "event.type"), &json!(["denied"]));
    }
}

#[test]
#[wasm]
fn the_limit_is_exact() {
    let record = format!(
        r#"{{"Datetime":1657630626,"Description":"{}"}}"#,
        "d".repeat(5000)
    );
    let length = outcome(config(Shape::Ecs), record.as_bytes()).lines[0].len();
    for (limit, truncated) in [(length + 1, 0), (length, 0), (length - 1, 1)] {
        let config = limited(|limits| limits.document_bytes = limit);
        assert_eq!(
            outcome(config, record.as_bytes()).summary.truncated,
            truncated
        );
    }
}

#[test]
#[wasm]
fn the_longest_texts_are_cut_and_the_others_stay() {
    let record = format!(
        r#"{{"ClientRequestPath":"{}","ClientRequestUserAgent":"{}","Description":"{}","Ref":"{}"}}"#,
        "p".repeat(200_000),
        "u".repeat(150_000),
        "d".repeat(60_000),
        "r".repeat(1000)
    );
    let (document, length) = cut(&config(Shape::Ecs), &record);
    assert!((LIMIT - 4096..=LIMIT).contains(&length), "{length}");
    assert_eq!(
        label(&document),
        "url.original, url.path, user_agent.original"
    );

    let size = |path| at(&document, path).as_str().unwrap().len();
    assert_eq!(size("rule.description"), 60_000);
    assert_eq!(size("rule.reference"), 1000);
    assert_eq!(size("url.original"), size("url.path"));
    assert_eq!(size("url.path"), size("user_agent.original"));
    assert_eq!(document["tags"], json!(["time_from_arrival", "truncated"]));
    assert!(
        at(&document, "error.message")
            .as_str()
            .unwrap()
            .starts_with("Datetime is missing")
    );
}

#[test]
#[wasm]
fn a_field_that_gives_way_is_named_as_documents_have_it() {
    let config = limited(|limits| limits.line_bytes = 256);
    for (name, expected) in [("", "_"), (" ", "_"), ("a.", "a._"), ("a", "a")] {
        let record = format!(r#"{{"Action":"log","{name}":"{}"}}"#, "x".repeat(1000));
        let (document, _) = cut(&config, &record);
        assert_eq!(label(&document), expected);
        assert!(document["cloudflare"][expected].is_string(), "{document}");
    }
}

#[test]
#[wasm]
fn many_long_texts_are_cut_alike() {
    let members: Vec<String> = (0..100)
        .map(|number| format!("\"field{number:02}\":\"{}\"", "x".repeat(9000)))
        .collect();
    let (document, length) = cut(&config(Shape::Ecs), &format!("{{{}}}", members.join(",")));
    assert!((LIMIT - 4096..=LIMIT).contains(&length), "{length}");
    for number in 0..100 {
        let kept = &document["cloudflare"][format!("field{number:02}")];
        assert!(kept.as_str().unwrap().len() > 2000);
    }
    // Not all names are told: the label has a bound too.
    assert_eq!(label(&document).split(", ").count(), 16);
    assert!(label(&document).starts_with("cloudflare.field00, cloudflare.field01, "));
}

#[test]
#[wasm]
fn texts_inside_lists_and_objects_are_cut_too() {
    let record = format!(
        r#"{{"Metadata":{{"a":[{{"b":"{}"}}],"short":1}},"New":["{}"]}}"#,
        "x".repeat(300_000),
        "y".repeat(300_000)
    );
    let (document, _) = cut(&config(Shape::Ecs), &record);
    assert_eq!(at(&document, "cloudflare.metadata.short"), &json!(1));
    assert!(
        document["cloudflare"]["metadata"]["a"][0]["b"]
            .as_str()
            .unwrap()
            .len()
            > 100_000
    );
    assert!(document["cloudflare"]["New"][0].as_str().unwrap().len() > 100_000);
    let mut names: Vec<&str> = label(&document).split(", ").collect();
    names.sort_unstable();
    assert_eq!(names, ["cloudflare.New", "cloudflare.metadata.a.b"]);
}

/// No single text is long: the whole value gives way to the beginning of its JSON, of its own kind.
#[test]
#[wasm]
fn a_large_object_or_list_gives_way_to_its_beginning() {
    let object: Vec<String> = (0..30_000)
        .map(|number| format!("\"k{number}\":\"v\\\"\""))
        .collect();
    let object = format!("{{{}}}", object.join(","));
    let list: Vec<String> = (0..60_000).map(|number| number.to_string()).collect();
    let list = format!("[{}]", list.join(","));
    for shape in [Shape::Ecs, Shape::Native] {
        let record = format!(
            r#"{{"Action":"block","Datetime":1657630626219000000,"Metadata":{object},"Ref":"r"}}"#
        );
        let (document, length) = cut(&config(shape), &record);
        assert!(length <= LIMIT);
        let (kept, name) = match shape {
            Shape::Ecs => (&document["cloudflare"]["metadata"], "cloudflare.metadata"),
            Shape::Native | Shape::Raw | Shape::RawJson => {
                (&document["metadata"], "Metadata, metadata")
            }
        };
        let beginning = kept["truncated"].as_str().unwrap();
        assert!(
            object.starts_with(beginning) && beginning.len() > 40_000,
            "{}",
            beginning.len()
        );
        assert_eq!(label(&document), name);

        let record = format!(
            r#"{{"Action":"block","Datetime":1657630626219000000,"New":{list},"Ref":"r"}}"#
        );
        let (document, length) = cut(&config(shape), &record);
        assert!(length <= LIMIT);
        let kept = match shape {
            Shape::Ecs => &document["cloudflare"]["New"],
            Shape::Native | Shape::Raw | Shape::RawJson => &document["New"],
        };
        let beginning = kept[0].as_str().unwrap();
        assert!(list.starts_with(beginning) && beginning.len() > 40_000);
    }
}

/// Nothing can be cut: what is left is a document that says so, with the record's beginning.
#[test]
#[wasm]
fn a_record_of_very_many_small_values_becomes_an_error() {
    let members: Vec<String> = (0..30_000)
        .map(|number| format!("\"k{number}\":\"value\""))
        .collect();
    let record = format!("{{{}}}", members.join(","));
    for shape in [Shape::Ecs, Shape::Native] {
        let outcome = outcome(
            config(shape),
            format!("{record}\n{{\"Action\":\"block\"}}").as_bytes(),
        );
        assert_eq!((outcome.summary.errors, outcome.summary.truncated), (1, 0));
        let document = &outcome.documents[0];
        assert_eq!(at(document, "event.kind"), "pipeline_error");
        let message = at(document, "error.message").as_str().unwrap();
        assert!(
            message.contains("cannot be cut to the limit of 250000"),
            "{message}"
        );
        let original = at(document, "event.original").as_str().unwrap();
        assert_eq!(original, &record[..32 * 1024]);
        assert_eq!(document["tags"], json!(["truncated"]));
    }
}

#[test]
#[wasm]
fn a_native_record_is_cut_as_well() {
    let record = format!(
        r#"{{"Action":"block","Datetime":1657630626219000000,"ClientRequestPath":"{}","RuleID":"r","Metadata":{{"a":"{}"}}}}"#,
        "p".repeat(400_000),
        "m".repeat(200)
    );
    let (document, length) = cut(&config(Shape::Native), &record);
    assert!((LIMIT - 4096..=LIMIT).contains(&length), "{length}");
    assert_eq!(label(&document), "ClientRequestPath");
    assert_eq!(document["Datetime"], json!(1_657_630_626_219_000_000_i64));
    assert_eq!(document["RuleId"], "r");
    assert_eq!(document["metadata"], json!({"a": "m".repeat(200)}));
    assert!(document["ClientRequestPath"].as_str().unwrap().len() > 200_000);
}

#[test]
#[wasm]
fn the_label_has_the_names_as_they_are() {
    for (name, shown) in [
        ("New", "cloudflare.New"),
        (r#"a \"b\" \\ c"#, r#"cloudflare.a "b" \ c"#),
        (r"\u00e9\ud83d\ude00\n", "cloudflare.é😀\n"),
        ("é.b", "cloudflare.é.b"),
    ] {
        let record = format!("{{\"{name}\":\"{}\"}}", "x".repeat(300_000));
        let (document, _) = cut(&config(Shape::Ecs), &record);
        assert_eq!(label(&document), shown);
    }
}

/// Names of cut fields are an attacker's too: long, with quotes and escapes in them.
#[test]
#[wasm]
fn the_label_is_bounded_whatever_the_names() {
    for (piece, times) in [
        ("\\\\", 200),
        ("\\\"", 200),
        ("\\u0001", 100),
        ("é", 300),
        ("n", 500),
        ("\\ud83d\\ude00", 50),
    ] {
        let members: Vec<String> = (0..20)
            .map(|number| {
                format!(
                    "\"{}{number:02}\":\"{}\"",
                    piece.repeat(times),
                    "x".repeat(20_000)
                )
            })
            .collect();
        for record in [
            format!("{{{}}}", members.join(",")),
            format!("{{\"Metadata\":{{{}}}}}", members.join(",")),
        ] {
            for shape in [Shape::Ecs, Shape::Native] {
                let (document, length) = cut(&config(shape), &record);
                assert!((LIMIT - 8192..=LIMIT).contains(&length), "{length}");
                assert!(label(&document).len() <= 16 * 130);
            }
        }
    }
}

/// Down to little more than a kilobyte, every document is within the limit, and valid (which `outcome` checks).
#[test]
#[wasm]
fn small_limits_hold_too() {
    let long = format!(
        r#"{{"Description":"{}","New":[{}1]}}"#,
        "d\\n".repeat(4000),
        "1,".repeat(900)
    );
    let uploads = [
        long.clone(),
        format!("{long}x"),
        "\u{1}".repeat(5000),
        format!("\"{}\"", "\\u0001".repeat(2000)),
        crate::fields::FULL.to_owned(),
    ];
    for limit in (1100..6000).step_by(311) {
        for upload in &uploads {
            for shape in [Shape::Ecs, Shape::Native] {
                let mut config = limited(|limits| limits.document_bytes = limit);
                config.shape = shape;
                for keep_original in [false, true] {
                    config.keep_original = keep_original;
                    outcome(config.clone(), upload.as_bytes());
                }
            }
        }
    }
}
