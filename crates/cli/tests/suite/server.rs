//! A Worker that answers what the test says, and remembers what it was sent.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use flate2::read::MultiGzDecoder;

#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// `POST /logpush`
    pub(crate) line: String,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(header, _)| header.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn plain(&self) -> String {
        let mut plain = String::new();
        MultiGzDecoder::new(self.body.as_slice())
            .read_to_string(&mut plain)
            .unwrap();
        plain
    }
}

/// What is answered to one request; `None` closes the connection instead.
pub(crate) type Answer = Option<(u16, &'static str, String)>;

pub(crate) struct Server {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Answers the request of number `n`, from 0, with `answer(n)`: status, further headers, body.
    pub(crate) fn start(answer: impl Fn(usize) -> Answer + Send + Sync + 'static) -> Self {
        Self::listen(move |stream, seen| serve(stream, &answer, seen))
    }

    fn listen(serve: impl Fn(&TcpStream, &Mutex<Vec<Request>>) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (serve, seen) = (Arc::new(serve), Arc::clone(&requests));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (serve, seen) = (Arc::clone(&serve), Arc::clone(&seen));
                thread::spawn(move || serve(&stream.unwrap(), &seen));
            }
        });
        Self { url, requests }
    }

    /// Answers before it has read the body, and closes the connection.
    pub(crate) fn hasty(status: u16, body: &'static str) -> Self {
        Self::listen(move |stream, seen| {
            let mut reader = BufReader::new(stream);
            seen.lock().unwrap().extend(head(&mut reader));
            respond(stream, status, "Connection: close\r\n", body);
        })
    }

    /// Takes every upload.
    pub(crate) fn accepting() -> Self {
        Self::start(|_| Some((200, "", "{\"dataset\":\"firewall_events\"}".to_owned())))
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

fn serve(stream: &TcpStream, answer: &dyn Fn(usize) -> Answer, seen: &Mutex<Vec<Request>>) {
    let mut reader = BufReader::new(stream);
    while let Some(mut request) = head(&mut reader) {
        let len = request.header("Content-Length").unwrap().parse().unwrap();
        request.body.resize(len, 0);
        if reader.read_exact(&mut request.body).is_err() {
            return;
        }
        let number = {
            let mut seen = seen.lock().unwrap();
            seen.push(request);
            seen.len() - 1
        };
        let Some((status, headers, body)) = answer(number) else {
            return;
        };
        respond(stream, status, headers, &body);
    }
}

/// A request without its body, until the connection ends.
fn head(reader: &mut impl BufRead) -> Option<Request> {
    let mut lines = reader.by_ref().lines().map_while(Result::ok);
    let first = lines.next()?;
    Some(Request {
        line: first.trim_end_matches(" HTTP/1.1").to_owned(),
        headers: lines
            .take_while(|line| !line.is_empty())
            .filter_map(|line| {
                let (name, value) = line.split_once(": ")?;
                Some((name.to_owned(), value.to_owned()))
            })
            .collect(),
        body: Vec::new(),
    })
}

fn respond(mut stream: &TcpStream, status: u16, headers: &str, body: &str) {
    write!(
        stream,
        "HTTP/1.1 {status} Status\r\nContent-Length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
    .unwrap();
}
