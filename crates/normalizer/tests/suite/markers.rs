//! A marker in every masked field, at any depth, under any spelling of its name, in lines of every kind
//! of brokenness: it is in nothing that comes out.

use logpush_normalizer::datasets::DATASETS;
use logpush_normalizer::{Config, Dataset, Shape, Target};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::common::{config, run};
use crate::properties::settings;

/// Digits, so that a number can hold it too.
const MARKER: &str = "7482910365";

/// The limit of a line, which long ones exceed.
const LINE_MAX: usize = 600;

/// Headers with credentials: masked wherever headers are kept, in every dataset.
const HEADERS: &[&str] = &[
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "x-api-key",
    "cf-access-client-secret",
];

/// The masked fields of all datasets, and headers of those datasets.
fn masked() -> Vec<(&'static Dataset, &'static str)> {
    let mut masked = Vec::new();
    for &dataset in DATASETS {
        let rows = dataset.rows.iter();
        let of_table = rows.filter(|row| row.targets.iter().any(Target::is_masked));
        let before = masked.len();
        for row in of_table {
            masked.push((dataset, row.field));
            let renamed = dataset.renamed.iter();
            let others = renamed.filter(|(_, field)| *field == row.field);
            masked.extend(others.map(|(other, _)| (dataset, *other)));
        }
        if masked.len() > before {
            masked.extend(HEADERS.iter().map(|header| (dataset, *header)));
        }
    }
    assert!(masked.len() >= 4 * (1 + HEADERS.len()), "{}", masked.len());
    masked
}

/// A line in parts, of which every other one is the masked name with its quotes. These stay as they
/// are: another name may be shown.
#[derive(Clone, Debug)]
struct Line(Vec<Vec<u8>>);

impl Line {
    /// A place outside the names.
    fn place(&mut self, index: &Index) -> (&mut Vec<u8>, usize) {
        let lengths = self.0.iter().step_by(2).map(Vec::len);
        let mut at = index.index(lengths.sum());
        for part in self.0.iter_mut().step_by(2) {
            match at.checked_sub(part.len()) {
                Some(behind) => at = behind,
                None => return (part, at),
            }
        }
        unreachable!("an index is below the length")
    }
}

/// A name in other letters, some of them escaped.
fn spelled(name: &'static str) -> impl Strategy<Value = String> {
    let of_letter = prop::collection::vec((any::<bool>(), 0..8_u8), name.len());
    of_letter.prop_map(move |choices| {
        let letters = name.chars().zip(choices);
        let spelled: String = letters
            .map(|(letter, (is_upper, escape))| {
                let letter = match is_upper {
                    true => letter.to_ascii_uppercase(),
                    false => letter,
                };
                match escape {
                    0 => format!("\\u{:04x}", u32::from(letter)),
                    1 => format!("\\u{:04X}", u32::from(letter)),
                    _ => letter.to_string(),
                }
            })
            .collect();
        format!("\"{spelled}\"")
    })
}

/// A value with the marker in it.
fn marked() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just(MARKER.to_owned()),
        Just(format!("-{MARKER}.5e3")),
        Just(format!("\"{MARKER}\"")),
        Just(format!("\"a\\\"{MARKER}\\\\\"")),
        Just(format!("\"{{\\\"a\\\":{MARKER}}}\"")),
        (0..900_usize).prop_map(|len| format!("\"{}{MARKER}\"", "x".repeat(len))),
        (0..900_usize).prop_map(|len| format!("\"{MARKER}{}\"", "y".repeat(len))),
    ];
    leaf.prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|value| format!("[{value}]")),
            inner
                .clone()
                .prop_map(|value| format!("[1, null,{value} ,{{}}]")),
            inner.clone().prop_map(|value| format!("{{\"a\":{value}}}")),
            inner.prop_map(|value| format!("{{\"{MARKER}\":{value} , \"b\":\"\"}}")),
        ]
    })
}

/// A member that is no secret.
fn member() -> impl Strategy<Value = String> {
    let text = "[ -~]{0,12}".prop_map(|text| serde_json::Value::from(text).to_string());
    let value = prop_oneof![
        4 => text.clone(),
        1 => Just("{\"a\":[1,{\"b\":\"}{\"}]}".to_owned()),
        1 => Just("[\"x\",2.5e3,true]".to_owned()),
        1 => Just("\"\\u0041\\\\\"".to_owned()),
        1 => (500..800_usize).prop_map(|len| format!("\"{}\"", "z".repeat(len))),
        1 => (60..70_usize).prop_map(|depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth))),
    ];
    let name = prop_oneof![
        3 => select(vec!["\"Other\"", "\"ClientIP\"", "\"Timestamp\"", "\"Datetime\"", "\"Headers\"", "\"\"", "\"a.b\""]).prop_map(str::to_owned),
        1 => text,
    ];
    (name, value).prop_map(|(name, value)| format!("{name}:{value}"))
}

/// How the masked member lies in what stands around it.
fn around() -> impl Strategy<Value = Vec<(String, String)>> {
    let level = prop_oneof![
        3 => select(vec![
            ("{\"Other\":", "}"),
            ("{\"a\":1,\"Subrequests\":", ",\"b\":2}"),
            ("[", "]"),
            ("[1,\"x\",", ",null]"),
        ]).prop_map(|(open, close)| (open.to_owned(), close.to_owned())),
        1 => (50..70_usize).prop_map(|depth| ("[".repeat(depth), "]".repeat(depth))),
    ];
    prop::collection::vec(level, 0..4)
}

/// A record, whole.
fn whole(name: &'static str) -> impl Strategy<Value = Line> {
    let is_header = HEADERS.contains(&name);
    let members = || prop::collection::vec(member(), 0..3);
    let blank = || select(vec!["", "", " ", "\t", "\r"]);
    (
        (members(), around(), members(), members(), members()),
        (spelled(name), blank(), blank(), marked(), any::<bool>()),
    )
        .prop_map(
            move |(
                (outside, mut levels, inside, late, last),
                (name, left, right, value, twice),
            )| {
                // A header is one inside an object.
                if is_header || !levels.is_empty() {
                    levels.insert(0, ("{\"Headers\":".to_owned(), "}".to_owned()));
                }
                let comma = |members: &[String]| {
                    members
                        .iter()
                        .map(|member| format!("{member},"))
                        .collect::<String>()
                };
                let behind = |members: &[String]| {
                    members
                        .iter()
                        .map(|member| format!(",{member}"))
                        .collect::<String>()
                };
                let mut before = String::new();
                let mut after = String::new();
                for (place, (open, close)) in levels.iter().enumerate() {
                    before += open;
                    if place == 0 {
                        // The record's own members go first.
                        before.insert_str(1, &comma(&outside));
                    }
                    after.insert_str(0, close);
                }
                before += "{";
                before += &comma(&inside);
                let mut parts = vec![before, name.clone()];
                if twice {
                    parts.extend([format!("{left}:{right}{value},"), name]);
                }
                let after = format!("{left}:{right}{value}{}}}{after}", behind(&late));
                let after = match after.strip_suffix('}') {
                    Some(rest) if !levels.is_empty() => format!("{rest}{}}}", behind(&last)),
                    _ => after,
                };
                parts.push(after);
                Line(parts.into_iter().map(String::into_bytes).collect())
            },
        )
}

/// What breaks a line.
#[derive(Clone, Debug)]
enum Damage {
    None,
    /// The line ends here.
    Cut(Index),
    Remove(Index),
    Insert(Index, &'static [u8]),
    Replace(Index, u8),
    /// A line break in the middle.
    Break(Index),
    /// A record without a line break before it, or behind it.
    Glued(&'static str, &'static str),
}

fn damage() -> impl Strategy<Value = Damage> {
    const PIECES: &[&[u8]] = &[
        b"\"", b"\\", b"{", b"}", b"[", b"]", b",", b":", b"}{", b"\x01", b"\xff", b"\xc3", b"\0",
        b"nul", b"'", b"\\u", b"\\ud800", b"/*", b"\"\"", b"{}", b"\t\r",
    ];
    prop_oneof![
        3 => Just(Damage::None),
        2 => any::<Index>().prop_map(Damage::Cut),
        2 => any::<Index>().prop_map(Damage::Remove),
        4 => (any::<Index>(), select(PIECES)).prop_map(|(place, piece)| Damage::Insert(place, piece)),
        2 => (any::<Index>(), select(b"\"\\{}[],: \x01\xff".to_vec())).prop_map(|(place, byte)| Damage::Replace(place, byte)),
        2 => any::<Index>().prop_map(Damage::Break),
        1 => select(vec![("{\"a\":1}", ""), ("{\"a\":1},", ""), ("", "{\"a\":1}"), ("x", ""), ("", "x"), ("[", "]"), ("\u{feff}", "")])
            .prop_map(|(before, behind)| Damage::Glued(before, behind)),
    ]
}

/// The line with the damage done.
fn damaged(line: &Line, damage: &Damage) -> Vec<u8> {
    let mut line = line.clone();
    match damage {
        Damage::None => {}
        Damage::Cut(index) => {
            let mut bytes = line.0.concat();
            bytes.truncate(index.index(bytes.len()).max(1));
            return bytes;
        }
        Damage::Remove(index) => {
            let (part, at) = line.place(index);
            part.remove(at);
        }
        Damage::Insert(index, piece) => {
            let (part, at) = line.place(index);
            part.splice(at..at, piece.iter().copied());
        }
        Damage::Replace(index, byte) => {
            let (part, at) = line.place(index);
            part[at] = *byte;
        }
        Damage::Break(index) => {
            let (part, at) = line.place(index);
            part.insert(at, b'\n');
        }
        Damage::Glued(before, behind) => {
            return [before.as_bytes(), &line.0.concat(), behind.as_bytes()].concat();
        }
    }
    line.0.concat()
}

proptest! {
    #![proptest_config(settings(1500))]

    #[test]
    fn a_marker_is_in_nothing_that_comes_out(
        (dataset, line) in select(masked()).prop_flat_map(|(dataset, name)| (Just(dataset), whole(name))),
        damage in damage(),
        shape in select(vec![Shape::Ecs, Shape::Native, Shape::Raw]),
        keep_original in any::<bool>(),
        is_known in prop::bool::weighted(0.8),
        chunk in select(vec![1_usize, 13, 100_000]),
        document_bytes in select(vec![1500_usize, 100_000]),
    ) {
        let mut config = Config {
            dataset: is_known.then_some(dataset),
            keep_original,
            ..config(shape)
        };
        config.limits.line_bytes = LINE_MAX;
        config.limits.document_bytes = document_bytes;
        // A record before it, so that the upload is no array, and one behind.
        let upload = [b"{}\n".as_slice(), &damaged(&line, &damage), b"\n{}\n"].concat();
        let shown: Vec<String> = match run(config, &upload, chunk) {
            Ok((batches, summary)) => {
                let bodies = batches.iter().map(|batch| String::from_utf8_lossy(&batch.body).into_owned());
                let lines: Vec<_> = bodies.flat_map(|body| body.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
                // A record that is not said to be of a dataset may be taken for one of another, which masks
                // other fields.
                let lines = lines.into_iter().filter(|line| is_known || (shape != Shape::Raw && line.contains("pipeline_error")));
                lines.chain([format!("{summary:?}")]).collect()
            }
            Err(error) => vec![format!("{error} {error:?}")],
        };
        for text in shown {
            prop_assert!(
                !text.contains(MARKER),
                "{}, {damage:?}: {} gives {text}", dataset.name, String::from_utf8_lossy(&upload)
            );
        }
    }
}
