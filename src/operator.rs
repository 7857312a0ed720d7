//! The operator's routes: dead letters, to list, inspect, replay and delete; and what the ledger knows.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use logpush_normalizer::datasets;
use serde_json::{Value, json};
use worker::{Bucket, Date, Env, Headers, Include, Method, Request};

use crate::answer::Answer;
use crate::config::{self, Variables};
use crate::durable::bindings::{self, Bindings, Route};
use crate::durable::dead_letter::{About, Kind, Letter};
use crate::durable::key;
use crate::durable::work::{self, WorkItem};
use crate::ledger::{Ledger, Minute};

/// Dead letters in one answer.
const LISTED: u32 = 100;

/// What of a dead letter is shown: its documents are at most one batch, 10 MiB.
const SHOWN: usize = 100;

/// What of the ledger is told: an hour, in minutes.
const MINUTES: u64 = 60;

/// Handles what is below `/api/`.
pub(crate) async fn handle(
    request: &Request,
    env: &Env,
    variables: &Variables,
    path: &str,
) -> Answer {
    if let Err(answer) = authenticate(request.headers(), variables) {
        return answer;
    }
    let bindings = match bindings::route(env) {
        Ok(Route::Durable(bindings)) => bindings,
        Ok(Route::Direct) => {
            return Answer::error(
                404,
                "nothing is stored on the direct route",
                "add the bindings UPLOADS, WORK and LEDGER to wrangler.toml",
            );
        }
        Err(problem) => return Answer::error(503, &problem, "see wrangler.toml"),
    };
    let below = |name: &str| {
        path.strip_prefix(name)
            .filter(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if let Some(rest) = below("dead-letters") {
        return dead_letters(request, &bindings, rest).await;
    }
    match below("ledger") {
        Some("" | "/") if request.method() == Method::Get => ledger(&bindings).await,
        Some("" | "/") => Answer::method_not_allowed("GET"),
        _ => Answer::not_found(&format!("/api/{path}")),
    }
}

/// What is on its way, and what the last hour came to, by dataset.
async fn ledger(bindings: &Bindings) -> Answer {
    let ledger = Ledger::new(bindings.ledger.clone());
    let since = (Date::now().as_millis() / 60_000).saturating_sub(MINUTES);
    let mut told = serde_json::Map::new();
    for dataset in datasets::DATASETS {
        let mut pending = Vec::new();
        let mut minutes: BTreeMap<u64, Minute> = BTreeMap::new();
        let mut drift = BTreeSet::new();
        let mut silent = 0;
        for shard in Ledger::shards(dataset.name) {
            let Some(overview) = ledger.overview(&shard, since).await else {
                silent += 1;
                continue;
            };
            pending.extend(overview.pending);
            drift.extend(overview.drift);
            for minute in overview.minutes {
                minutes.entry(minute.minute).or_default().add(&minute);
            }
        }
        pending.sort_by_key(|state| state.arrived);
        told.insert(
            dataset.name.to_owned(),
            json!({
                "pending": pending,
                "minutes": minutes.values().collect::<Vec<_>>(),
                "unknown_fields": drift,
                "silent_shards": silent,
            }),
        );
    }
    Answer::json(200, &Value::Object(told))
}

async fn dead_letters(request: &Request, bindings: &Bindings, path: &str) -> Answer {
    let answer = match path.trim_start_matches('/') {
        "" if request.method() == Method::Get => list(request, &bindings.uploads).await,
        "" => return Answer::method_not_allowed("GET"),
        id => one(request.method(), id, bindings).await,
    };
    answer.unwrap_or_else(|error| {
        Answer::error(503, &format!("R2 fails: {error}"), "try again later")
    })
}

async fn one(method: Method, id: &str, bindings: &Bindings) -> worker::Result<Answer> {
    let (id, is_replay) = match id.strip_suffix("/replay") {
        Some(id) => (id, true),
        None => (id, false),
    };
    let key = format!("{}{id}", key::DEAD);
    if key::parse(&key).is_none() {
        return Ok(not_found());
    }
    let bucket = &bindings.uploads;
    match (method, is_replay) {
        (Method::Get | Method::Head, false) => inspect(bucket, &key).await,
        (Method::Post, true) => replay(bindings, &key).await,
        (Method::Delete, false) => {
            if bucket.head(&key).await?.is_none() {
                return Ok(not_found());
            }
            bucket.delete(&key).await?;
            Ok(Answer::json(200, &json!({ "id": id, "deleted": true })))
        }
        (_, true) => Ok(Answer::method_not_allowed("POST")),
        (_, false) => Ok(Answer::method_not_allowed("GET, DELETE")),
    }
}

async fn list(request: &Request, bucket: &Bucket) -> worker::Result<Answer> {
    let query = query_of(request);
    let mut list = bucket
        .list()
        .prefix(format!(
            "{}{}",
            key::DEAD,
            query("dataset").map_or_else(String::new, |dataset| format!("{dataset}/"))
        ))
        .limit(LISTED)
        .include(vec![Include::CustomMetadata]);
    if let Some(cursor) = query("cursor") {
        list = list.cursor(cursor);
    }
    let page = list.execute().await?;
    let letters: Vec<Value> = page
        .objects()
        .iter()
        .map(|object| described(&object.key(), object.size(), &About::of(object)))
        .collect();
    let cursor = page.truncated().then(|| page.cursor()).flatten();
    Ok(Answer::json(
        200,
        &json!({ "dead_letters": letters, "cursor": cursor }),
    ))
}

async fn inspect(bucket: &Bucket, key: &str) -> worker::Result<Answer> {
    let Some(object) = bucket.get(key).execute().await? else {
        return Ok(not_found());
    };
    let about = About::of(&object);
    let mut letter = described(key, object.size(), &about);
    match (about.kind, object.body()) {
        (Kind::Documents, Some(body)) => {
            let text = body.text().await?;
            let documents: Vec<Value> = text
                .lines()
                .take(SHOWN)
                .filter_map(|line| serde_json::from_str::<Letter<'_>>(line).ok())
                .filter_map(|letter| serde_json::to_value(letter).ok())
                .collect();
            if let Some(letter) = letter.as_object_mut() {
                letter.insert("documents".to_owned(), Value::Array(documents));
            }
        }
        (Kind::Message, Some(body)) => {
            let text = body.text().await?;
            if let Some(letter) = letter.as_object_mut() {
                letter.insert("message".to_owned(), Value::String(text));
            }
        }
        // An upload can be large: `npx wrangler r2 object get` has it.
        _ => {}
    }
    Ok(Answer::json(200, &letter))
}

async fn replay(bindings: &Bindings, key: &str) -> worker::Result<Answer> {
    let Some(object) = bindings.uploads.head(key).await? else {
        return Ok(not_found());
    };
    if About::of(&object).kind == Kind::Message {
        return Ok(Answer::error(
            409,
            "a message cannot be replayed: it names no upload",
            "send a work item or delete the dead letter",
        ));
    }
    let item = WorkItem::new(key, Some(&object.etag()));
    Ok(
        match work::send(&bindings.work, &item, Duration::ZERO).await {
            Ok(()) => Answer::json(202, &json!({ "id": id_of(key), "replaying": true })),
            Err(_) => Answer::error(503, "the queue takes no work item", "try again later"),
        },
    )
}

fn described(key: &str, size: u64, about: &About) -> Value {
    let mut value = serde_json::to_value(about).unwrap_or_default();
    if let Some(about) = value.as_object_mut() {
        about.insert("id".to_owned(), json!(id_of(key)));
        about.insert("bytes".to_owned(), json!(size));
    }
    value
}

fn id_of(key: &str) -> &str {
    key.strip_prefix(key::DEAD).unwrap_or(key)
}

fn not_found() -> Answer {
    Answer::error(
        404,
        "there is no such dead letter",
        "GET /api/dead-letters lists them",
    )
}

fn authenticate(headers: &Headers, variables: &Variables) -> Result<(), Answer> {
    let secrets = config::operator_secrets(variables).map_err(|problem| {
        Answer::error(
            503,
            &problem,
            "npx wrangler secret put OPERATOR_SECRET opens the operator's routes",
        )
    })?;
    let authorization = headers.get("Authorization").ok().flatten();
    if secrets.allow(None, authorization.as_deref()) {
        return Ok(());
    }
    Err(Answer::error(
        401,
        "the operator's secret is wrong or missing",
        "send Authorization: Bearer with the value of OPERATOR_SECRET",
    )
    .with_header("WWW-Authenticate", "Bearer realm=\"logpush-ecs\""))
}

/// The value of a name in the request's query, of plain characters only.
fn query_of(request: &Request) -> impl Fn(&str) -> Option<String> {
    let query = request
        .inner()
        .url()
        .split_once('?')
        .map(|(_, query)| query.to_owned())
        .unwrap_or_default();
    move |name| {
        query.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=')?;
            (key == name && !value.is_empty()).then(|| decoded(value))
        })
    }
}

/// `%3D` and the like.
fn decoded(value: &str) -> String {
    js_sys::decode_uri_component(value).map_or_else(|_| value.to_owned(), String::from)
}
