//! Verdicts that no kind of today gives, and conversations of several requests: destinations that are
//! no more than their protocol, so that the seam is known to hold those that come.

use core::cell::RefCell;
use core::fmt;

use logpush_delivery::Millis;
use logpush_delivery::destination::{Destination, Last, Step, Turn};
use logpush_delivery::machine::{Action, Delivery, End, Limits, Machine, Outcome, Refusal, Shared};
use logpush_delivery::part::Part;
use logpush_delivery::request::{Body, Method, Reply, Request};
use logpush_delivery::session::{Conversation, Session};
use logpush_delivery::verdict::{DocumentVerdict, Verdict};
use logpush_normalizer::Document;

use crate::simulation;

const LIMITS: Limits = Limits {
    base: 100,
    budget: 10_000,
    after_max: 60_000,
    requests: 100,
    refused: 256,
};

const URL: &str = "https://siem.example";

/// What is read of a reply, by protocol.
type Protocol = fn(&Turn<'_>, &mut Conversation, &mut Session) -> Step;

struct Spoken(Protocol);

impl fmt::Debug for Spoken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Spoken")
    }
}

impl Destination for Spoken {
    fn title(&self) -> &'static str {
        "a protocol"
    }

    fn encode(&self, part: &Part<'_>, _now: Millis) -> Vec<u8> {
        let texts: Vec<_> = part.documents().map(|document| document.text).collect();
        texts.join(b" ".as_slice())
    }

    fn step(
        &self,
        turn: &Turn<'_>,
        conversation: &mut Conversation,
        session: &mut Session,
    ) -> Step {
        (self.0)(turn, conversation, session)
    }

    fn secrets(&self) -> Vec<&str> {
        Vec::new()
    }
}

/// What was sent, as `METHOD path body`, and the outcome. `answers` are given one by one: a status
/// and a text, or a failure where there is none.
fn deliver(
    protocol: Protocol,
    session: &mut Session,
    answers: &[Option<(u16, &str)>],
) -> (Vec<String>, Outcome) {
    let destination = Spoken(protocol);
    let placeholder = |refusal: &Refusal<'_>| [b"-", refusal.document.text].concat();
    let delivery = Delivery {
        destination: &destination,
        upload: "u",
        limits: LIMITS,
        placeholder: &placeholder,
        shared: &Shared::default(),
    };
    let texts = ["a", "b", "c", "d"].map(str::to_owned);
    let mut machine = Machine::new(&delivery, simulation::batch(&texts, 1), 1);
    let mut sent = Vec::new();
    let mut answers = answers.iter();
    let now = RefCell::new(0);
    loop {
        let at = *now.borrow();
        match machine.next(session, at) {
            Action::Done(outcome) => return (sent, outcome),
            Action::Wait(wait) => *now.borrow_mut() += wait,
            Action::Send(request) => {
                let body = String::from_utf8_lossy(machine.body_of(&request)).into_owned();
                let path = request.url.strip_prefix(URL).unwrap();
                sent.push(format!("{} {path} {body}", request.method.name()));
                match answers.next().expect("an answer") {
                    None => machine.failed("the connection failed", session, at),
                    Some((status, text)) => {
                        let reply = Reply {
                            status: *status,
                            body: (*text).into(),
                            ..Reply::default()
                        };
                        machine.answered(&reply, session, at);
                    }
                }
            }
        }
    }
}

fn failed(reason: &str) -> Step {
    Step::End(Verdict::Unknown {
        after: None,
        reason: reason.to_owned(),
    })
}

/// An answer that is a verdict by itself: a letter for each document, or `upto N`, `final N`.
fn verdicts(turn: &Turn<'_>, _: &mut Conversation, _: &mut Session) -> Step {
    let reply = match turn.last {
        Last::Reply(reply) => reply,
        Last::Failure(reason) => return failed(reason),
        _ => return Step::Send(Request::post(URL, turn.payload.len())),
    };
    let text = core::str::from_utf8(&reply.body).unwrap();
    let reason = "no".to_owned();
    Step::End(match text.split_once(' ') {
        Some(("upto", place)) => Verdict::UpTo(place.parse().unwrap(), reason),
        Some(("final", refused)) => Verdict::Final {
            refused: refused.parse().unwrap(),
            reason,
        },
        _ => Verdict::Each(
            text.chars()
                .map(|letter| match letter {
                    't' => DocumentVerdict::Taken,
                    'k' => DocumentVerdict::AlreadyThere,
                    'h' => DocumentVerdict::Held {
                        status: 403,
                        words: reason.clone(),
                    },
                    'a' => DocumentVerdict::Again(reason.clone()),
                    _ => DocumentVerdict::Refused(reason.clone()),
                })
                .collect(),
        ),
    })
}

#[test]
fn verdicts_about_single_documents_are_followed_to_the_letter() {
    for (answers, sent, ends) in [
        // Elasticsearch: what is taken or refused is not sent again.
        (vec!["tttt"], "abcd", "taken abcd"),
        (vec!["tata", "tt"], "abcd bd", "taken abcd"),
        (
            vec!["atra", "aa", "ta", "t", "t"],
            "abcd ad ad d -c",
            "taken abd refused c",
        ),
        (vec!["rttr", "tt"], "abcd -a-d", "taken bc refused ad"),
        (vec!["trtt", "r", "t"], "abcd -b -b", "taken acd refused b"),
        (vec!["ttt", "tttt"], "abcd abcd", "taken abcd"),
        (vec!["ttttt", "tttt"], "abcd abcd", "taken abcd"),
        (vec!["tktk"], "abcd", "taken abcd"),
        // Splunk: before the place it is stored, at the place refused, behind it not looked at.
        (
            vec!["upto 2", "upto 0", "t", "t"],
            "abcd c -c d",
            "taken abd refused c",
        ),
        (
            vec!["upto 0", "upto 0", "t", "ttt"],
            "abcd a -a bcd",
            "taken bcd refused a",
        ),
        (vec!["upto 3", "t"], "abcd d", "taken abcd"),
        (vec!["upto 4", "tttt"], "abcd abcd", "taken abcd"),
        // OTLP: not told which, and not to be sent again.
        (vec!["final 0"], "abcd", "taken abcd"),
        (vec!["final 1"], "abcd", "unknown abcd"),
        (vec!["final 4", "tttt"], "abcd -a-b-c-d", "refused abcd"),
        (vec!["final 4", "final 2"], "abcd -a-b-c-d", "refused abcd"),
    ] {
        let replies: Vec<_> = answers.iter().map(|answer| Some((200, *answer))).collect();
        let (requests, outcome) = deliver(verdicts, &mut Session::default(), &replies);
        let bodies = requests.iter().map(|request| {
            let (_, body) = request.split_at("POST  ".len());
            body.replace(' ', "")
        });
        assert_eq!(bodies.collect::<Vec<_>>().join(" "), sent, "{answers:?}");
        assert_eq!(ends_of(&outcome), ends, "{answers:?}");
        assert_eq!(outcome.end, End::Complete, "{answers:?}");
        assert_eq!(requests.len(), answers.len());
    }
}

#[test]
fn what_is_given_up_is_not_tried_again() {
    let shared = Shared::default();
    let delivery = Delivery {
        destination: &Spoken(verdicts),
        upload: "u",
        limits: LIMITS,
        placeholder: &|_| Vec::new(),
        shared: &shared,
    };
    let texts = ["a".to_owned()];
    let mut machine = Machine::new(&delivery, simulation::batch(&texts, 1), 1);
    let session = &mut Session::default();
    assert!(matches!(machine.next(session, 0), Action::Send(_)));
    shared.give_up();
    machine.failed("no answer", session, 0);
    let Action::Done(outcome) = machine.next(session, 0) else {
        panic!("it goes on");
    };
    let reason = "no answer".to_owned();
    let end = End::Unavailable {
        reason,
        after: None,
    };
    assert_eq!((outcome.end, outcome.owed), (end, 1));
}

#[test]
fn a_document_that_meets_a_fault_of_the_set_up_holds_the_destination() {
    let told = |answers: &[Option<(u16, &str)>]| {
        let (sent, outcome) = deliver(verdicts, &mut Session::default(), answers);
        (sent.len(), ends_of(&outcome), outcome)
    };
    // What is refused beside it is looked at anew after the repair.
    let (requests, ends, outcome) = told(&[Some((200, "thrt"))]);
    assert_eq!((requests, ends.as_str(), outcome.owed), (1, "taken ad", 2));
    let held = End::Held {
        status: Some(403),
        words: "no".to_owned(),
    };
    assert_eq!(outcome.end, held);
    let (requests, ends, outcome) = told(&[Some((200, "taat")), Some((200, "th"))]);
    assert_eq!((requests, ends.as_str(), outcome.owed), (2, "taken abd", 1));
    assert_eq!(outcome.end, held);
}

#[test]
fn what_was_there_before_is_counted_where_nobody_here_sent_it() {
    for (answers, already_there) in [
        (vec![Some((200, "tttt"))], 0),
        (vec![Some((200, "tktk"))], 2),
        // Nothing was stored of those that are sent again.
        (vec![Some((200, "aaaa")), Some((200, "kttt"))], 1),
        (vec![Some((200, "takk")), Some((200, "k"))], 3),
        // What a lost answer was about may be there.
        (vec![None, Some((200, "kktt"))], 0),
        (vec![Some((200, "ttt")), Some((200, "kktt"))], 0),
    ] {
        let (_, outcome) = deliver(verdicts, &mut Session::default(), &answers);
        assert_eq!(ends_of(&outcome), "taken abcd", "{answers:?}");
        assert_eq!(outcome.counts.already_there, already_there, "{answers:?}");
    }
}

fn ends_of(outcome: &Outcome) -> String {
    let letters = |records: &mut dyn Iterator<Item = u64>| {
        records
            .map(|record| char::from(b'a' + record as u8))
            .collect::<String>()
    };
    let taken = letters(&mut outcome.taken.iter().cloned().flatten());
    let refused = letters(&mut outcome.refused.iter().map(|refused| refused.record));
    let unknown = outcome
        .unknown
        .iter()
        .flat_map(|unknown| &unknown.documents);
    let unknown = letters(&mut unknown.map(|document| document.record));
    [("taken", taken), ("refused", refused), ("unknown", unknown)]
        .iter()
        .filter(|(_, letters)| !letters.is_empty())
        .map(|(end, letters)| format!("{end} {letters}"))
        .collect::<Vec<_>>()
        .join(" ")
}

/// Sentinel, Google SecOps: a token that is asked for, kept, and asked for once more when it is refused.
fn with_a_token(turn: &Turn<'_>, conversation: &mut Conversation, session: &mut Session) -> Step {
    const ASKED: u32 = 1;
    const SENT: u32 = 2;
    const SENT_WITH_A_NEW_ONE: u32 = 3;
    let send = |token: &str| {
        let request = Request::post(&format!("{URL}/logs?{token}"), turn.payload.len());
        Step::Send(request.header("Authorization", token))
    };
    let ask = |conversation: &mut Conversation| {
        conversation.stage = ASKED;
        let mut request = Request::post(&format!("{URL}/token"), 0);
        request.body = Body::Own(b"grant".to_vec());
        Step::Send(request)
    };
    match (turn.last, conversation.stage) {
        (Last::Failure(reason), _) => failed(reason),
        (Last::Nothing | Last::Wait, _) => match session.get("token", turn.now) {
            Some(token) => {
                conversation.stage = SENT;
                send(token)
            }
            None => ask(conversation),
        },
        (Last::Reply(reply), ASKED) if reply.is_success() => {
            let token = String::from_utf8_lossy(&reply.body).into_owned();
            conversation.stage = SENT_WITH_A_NEW_ONE;
            let step = send(&token);
            session.put("token", token, Some(turn.now + 3_000));
            step
        }
        (Last::Reply(reply), SENT) if reply.status == 401 => {
            session.forget("token");
            ask(conversation)
        }
        (Last::Reply(reply), _) if reply.is_success() => Step::End(Verdict::Accepted),
        (Last::Reply(reply), _) => Step::End(Verdict::Held {
            status: Some(reply.status),
            words: "the token is refused".to_owned(),
        }),
    }
}

#[test]
fn a_token_is_kept_and_renewed_once() {
    let mut session = Session::default();
    let told = |answers: &[Option<(u16, &str)>], session: &mut Session| {
        let (sent, outcome) = deliver(with_a_token, session, answers);
        (sent.join(", "), outcome.end)
    };
    let (sent, end) = told(&[Some((200, "t1")), Some((204, ""))], &mut session);
    assert_eq!(sent, "POST /token grant, POST /logs?t1 a b c d");
    assert_eq!(end, End::Complete);
    let (sent, _) = told(&[Some((204, ""))], &mut session);
    assert_eq!(sent, "POST /logs?t1 a b c d");
    let (sent, end) = told(
        &[Some((401, "")), Some((200, "t2")), Some((204, ""))],
        &mut session,
    );
    assert_eq!(
        sent,
        "POST /logs?t1 a b c d, POST /token grant, POST /logs?t2 a b c d"
    );
    assert_eq!(end, End::Complete);
    let (_, end) = told(
        &[Some((401, "")), Some((200, "t3")), Some((401, ""))],
        &mut session,
    );
    assert!(
        matches!(
            end,
            End::Held {
                status: Some(401),
                ..
            }
        ),
        "{end:?}"
    );
}

/// Splunk with acknowledgements: what is stored is told later, when asked.
fn acknowledged(turn: &Turn<'_>, conversation: &mut Conversation, _: &mut Session) -> Step {
    const POSTED: u32 = 1;
    const POLLING: u32 = 2;
    match (turn.last, conversation.stage) {
        (Last::Nothing, _) => {
            conversation.stage = POSTED;
            Step::Send(Request::post(&format!("{URL}/event"), turn.payload.len()))
        }
        (Last::Reply(reply), POSTED) => {
            conversation.stage = POLLING;
            conversation
                .notes
                .push(String::from_utf8_lossy(&reply.body).into_owned());
            Step::Wait(1_000)
        }
        (Last::Wait, POLLING) => {
            let mut request = Request::post(&format!("{URL}/ack"), 0);
            request.body = Body::Own(conversation.notes.concat().into_bytes());
            Step::Send(request)
        }
        (Last::Reply(reply), POLLING) if reply.body == b"true" => Step::End(Verdict::Accepted),
        // Asking again costs nothing: the events are not sent again for that.
        (Last::Reply(_) | Last::Failure(_), POLLING) => Step::Wait(1_000),
        (Last::Failure(reason), _) => failed(reason),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_acknowledgement_is_polled_within_the_budget() {
    let no = Some((200, "false"));
    let answers = [Some((200, "7")), no, None, Some((200, "true"))];
    let (sent, outcome) = deliver(acknowledged, &mut Session::default(), &answers);
    assert_eq!(
        sent,
        [
            "POST /event a b c d",
            "POST /ack 7",
            "POST /ack 7",
            "POST /ack 7"
        ]
    );
    assert_eq!(outcome.end, End::Complete);
    let answers = [[Some((200, "7"))].as_slice(), &[no; 40]].concat();
    let (sent, outcome) = deliver(acknowledged, &mut Session::default(), &answers);
    assert!(
        matches!(outcome.end, End::Unavailable { .. }),
        "{:?}",
        outcome.end
    );
    assert!(sent.len() < 20, "{sent:?}");
}

/// S3: an object in pieces, whose names follow from the upload and the records.
fn in_pieces(turn: &Turn<'_>, conversation: &mut Conversation, _: &mut Session) -> Step {
    let first = turn.part.records().next().unwrap();
    let url = format!("{URL}/{}/{first}", turn.part.upload());
    let request = |method, query: &str, body| {
        Step::Send(Request {
            method,
            url: format!("{url}{query}"),
            headers: Vec::new(),
            body,
        })
    };
    let mut tag = match turn.last {
        Last::Failure(reason) => return failed(reason),
        Last::Reply(reply) => Some(String::from_utf8_lossy(&reply.body).into_owned()),
        _ => None,
    };
    conversation.notes.extend(tag.take());
    conversation.stage += 1;
    match conversation.stage {
        1 => request(Method::Post, "?uploads", Body::Empty),
        2 => request(Method::Put, "?1", Body::Payload(0..3)),
        3 => request(Method::Put, "?2", Body::Payload(3..7)),
        4 => {
            let tags = conversation.notes.join(",").into_bytes();
            request(Method::Post, "?complete", Body::Own(tags))
        }
        _ => Step::End(Verdict::Accepted),
    }
}

#[test]
fn a_payload_goes_in_pieces() {
    let answers = ["id", "e1", "e2", ""].map(|text| Some((200, text)));
    let (sent, outcome) = deliver(in_pieces, &mut Session::default(), &answers);
    assert_eq!(
        sent,
        [
            "POST /u/0?uploads ",
            "PUT /u/0?1 a b",
            "PUT /u/0?2  c d",
            "POST /u/0?complete id,e1,e2"
        ]
    );
    assert_eq!(outcome.end, End::Complete);
    // A piece fails: the next try overwrites the object.
    let answers = [Some((200, "id")), None].into_iter().chain(answers);
    let (sent, outcome) = deliver(
        in_pieces,
        &mut Session::default(),
        &answers.collect::<Vec<_>>(),
    );
    assert_eq!((sent.len(), outcome.end), (6, End::Complete));
}

/// Never ends, and never waits.
fn endless(turn: &Turn<'_>, _: &mut Conversation, _: &mut Session) -> Step {
    match turn.last {
        Last::Nothing => Step::Send(Request::post(URL, 0)),
        _ => Step::Wait(0),
    }
}

#[test]
fn a_conversation_that_does_not_end_is_ended() {
    let answers = [Some((200, "")); 20];
    let (sent, outcome) = deliver(endless, &mut Session::default(), &answers);
    assert!(
        matches!(outcome.end, End::Unavailable { .. }),
        "{:?}",
        outcome.end
    );
    assert!(sent.len() < 20);
}

/// Datadog: what is too old is refused before it is sent, since the destination would drop it.
fn not_too_old(turn: &Turn<'_>, _: &mut Conversation, _: &mut Session) -> Step {
    let fits = |document: Document<'_>| document.text != b"b";
    match turn.last {
        Last::Nothing if !turn.part.documents().all(fits) => {
            let verdicts = turn.part.documents().map(|document| match fits(document) {
                true => DocumentVerdict::Again("it goes with others".to_owned()),
                false => DocumentVerdict::Refused("it is older than 18 hours".to_owned()),
            });
            Step::End(Verdict::Each(verdicts.collect()))
        }
        Last::Nothing => Step::Send(Request::post(URL, turn.payload.len())),
        _ => Step::End(Verdict::Accepted),
    }
}

#[test]
fn a_document_is_refused_before_it_is_sent() {
    let answers = [Some((202, "")); 2];
    let (sent, outcome) = deliver(not_too_old, &mut Session::default(), &answers);
    assert_eq!(sent, ["POST  a c d", "POST  -b"]);
    assert_eq!(ends_of(&outcome), "taken acd refused b");
}
