//! The list of all conversions. A new one is a file and an entry here.

/// Hands the list to a macro: a file, its words in a table, the checks that it makes, and the forms
/// in which a finding is written: cut out as one piece, or written by a function.
macro_rules! for_all_conversions {
    ($then:ident) => {
        $then! {
            action {
                words: action_type, denied;
                checks: Action => check_action, Denied => check_denied;
            }
            country {
                words: country_code, country_name;
                checks: Country => check_country;
                pieces: CountryName => country::country_name_of;
                written: CountryCode => country::write_code;
            }
            dns {
                words: answers;
                checks: Answers(types: Words) => check_answers;
                written: Objects => Found::write_objects;
            }
            email {
                words: attachments, hosts;
                checks: Attachments => check_attachments, Hosts => check_hosts;
                pieces: Addresses => Found::nothing, Extracted => Found::nothing;
            }
            domain {
                words: dns_name, domain, host, name, port;
                checks: Host => check_host, Name => check_name;
                pieces: HostPart(part: Part) => domain::host_part;
            }
            hash {
                words: hash, ja3;
                checks: Hash => check_hash;
                pieces: HashOf(algorithm: Algorithm) => hash::hash_of;
            }
            ip {
                words: ip, ips, otherwise_ip;
                checks: Ip => check_ip, Ips => check_ips;
            }
            kept {
                words: keep, masked;
            }
            known {
                words: known;
                checks: Known => check_known;
            }
            lookup {
                words: code, code_if, lookup, lookup_if, lookup_number;
                checks: Code(words: Words, coverage: Coverage) => check_code,
                    Lookup(words: Words, coverage: Coverage) => check_lookup;
                pieces: Word => Found::word;
            }
            member {
                words: inside;
            }
            number {
                words: as_number, bits, count, float, milliseconds, port_number, positive, positive_port, status, sum;
                checks: AsNumber => check_as_number, Bits => check_bits, Float => check_float,
                    Integer(range: Range) => check_integer, Milliseconds => check_milliseconds;
                written: Number => number::write_number;
            }
            place {
                words: location, place, region;
                checks: Degrees => check_degrees, Place => check_place, Region => check_region;
                pieces: PlacePart(part: PlacePart) => place::place_part;
                written: PlaceRegion => place::write_place_region;
            }
            protocol {
                words: http_outcome, http_protocol, http_version, tls_protocol, tls_version;
                checks: Http => check_http, HttpOutcome => check_http_outcome, Tls => check_tls;
                pieces: ProtocolName => protocol::name, ProtocolVersion => protocol::version;
            }
            text {
                words: first, lower, module, names, text, texts;
                checks: First => check_first, Names => check_names, Plain => check_scalar, Scalar => check_scalar, Texts => check_texts;
                pieces: Whole => Found::whole, Place => Found::place, Elements => Found::nothing;
                written: Lower => text::write_lower, Module => text::write_module;
            }
            timestamp {
                words: since, timestamp;
                checks: Time => check_time;
                written: Time => timestamp::write_time;
            }
            address {
                words: authority, path, query, scheme, tls_scheme, uri, url;
                checks: Path => check_path, Query => check_query, Uri => check_uri, Url => check_url;
                pieces: UrlPart(part: UrlPart) => address::url_part;
            }
            verb {
                words: identity, verb;
                checks: Identity => check_identity, Verb => check_verb;
            }
        }
    };
}

pub(super) use for_all_conversions;
