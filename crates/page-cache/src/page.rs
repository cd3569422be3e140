//! A page that is kept: how long it may be shown, and how it is sent.

use std::{
    fmt::Write as _,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};
use bytes::Bytes;

use crate::{answer::Terms, encoding::Forms, request::Asked};

/// Who we are in `Cache-Status` (RFC 9211).
const CACHE: &str = "oxcart";
pub const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");
const SECOND: i64 = 1_000_000;
/// While the origin fails, it is asked again this often.
const RETRY: i64 = SECOND;
/// What a page takes besides its bytes.
const OVERHEAD: usize = 512;

/// What belongs to one answer, or is ours to say.
const NOT_KEPT: [HeaderName; 8] = [
    header::AGE,
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::DATE,
    header::ETAG,
    header::LAST_MODIFIED,
    header::VARY,
    CACHE_STATUS,
];

/// How a page was come by, as `Cache-Status` tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Story {
    /// It was there.
    Hit,
    /// It was there, and a newer one is being made.
    Stale,
    /// It was there, and the origin fails.
    Rescued,
    /// It was made for this request.
    Miss,
    /// It was made for another request, which this one joined.
    Collapsed,
}

/// What may be done with a page now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is as good as new.
    Fresh,
    /// It may be shown while a new one is made.
    Stale,
    /// It may be shown when there is nothing else.
    LastResort,
    /// Nobody may see it any more.
    Over,
}

/// A page that is kept.
#[derive(Debug)]
pub struct Page {
    headers: HeaderMap,
    forms: Arc<Forms>,
    generation: i64,
    /// When it was asked for, and until when it may be what: microseconds.
    asked_at: i64,
    fresh_until: i64,
    stale_until: i64,
    kept_until: i64,
    /// Until when it is shown without asking, because the origin just failed.
    spared_until: AtomicI64,
}

impl Page {
    /// A page that was asked for at `asked_at`, in microseconds.
    pub fn new(
        mut headers: HeaderMap,
        forms: Arc<Forms>,
        terms: Terms,
        generation: i64,
        asked_at: i64,
    ) -> Self {
        for name in &NOT_KEPT {
            headers.remove(name);
        }
        // Its forms, and who sends a cookie of ours is answered by the origin.
        let vary = HeaderValue::from_static("accept-encoding, cookie");
        headers.insert(header::VARY, vary);
        let fresh_until = asked_at + terms.fresh * SECOND;
        let stale_until = fresh_until + terms.stale * SECOND;
        let kept_until = stale_until.max(fresh_until + terms.on_error * SECOND);
        Self {
            headers,
            forms,
            generation,
            asked_at,
            fresh_until,
            stale_until,
            kept_until,
            spared_until: AtomicI64::new(i64::MIN),
        }
    }

    /// What may be done with it at `now`, in microseconds.
    pub fn state(&self, generation: i64, now: i64) -> State {
        let current = self.generation == generation;
        if now >= self.kept_until {
            State::Over
        } else if current && now < self.fresh_until {
            State::Fresh
        } else if current && now < self.stale_until
            || now < self.spared_until.load(Ordering::Relaxed)
        {
            State::Stale
        } else {
            State::LastResort
        }
    }

    /// The origin failed: for a moment, this is shown at once.
    pub fn spare(&self, now: i64) {
        self.spared_until.store(now + RETRY, Ordering::Relaxed);
    }

    /// Its forms, if this is the same page to the byte.
    pub fn same(&self, body: &Bytes) -> Option<Arc<Forms>> {
        self.forms.is(body).then(|| Arc::clone(&self.forms))
    }

    /// For how long it is of any use, in microseconds.
    pub fn life(&self) -> u64 {
        u64::try_from(self.kept_until - self.asked_at).unwrap_or(0)
    }

    /// About how many bytes it takes.
    pub fn weight(&self) -> usize {
        let headers: usize =
            self.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 64).sum();
        self.forms.weight() + headers + OVERHEAD
    }

    /// The answer to who asked for it.
    pub fn reply(
        &self,
        asked: &Asked,
        none_match: Option<&HeaderValue>,
        story: Story,
        now: i64,
    ) -> Response {
        let form = self.forms.best(asked.accepted);
        let mut reply = Response::new(Body::empty());
        let mut headers = self.headers.clone();
        headers.insert(header::ETAG, form.etag.clone());
        let age = (now - self.asked_at).max(0) / SECOND;
        headers.insert(header::AGE, HeaderValue::from(age));
        let ttl = (self.fresh_until - now).div_euclid(SECOND);
        headers.insert(CACHE_STATUS, status(story, ttl));
        if none_match.is_some_and(|tags| names(tags, &form.etag)) {
            headers.remove(header::CONTENT_TYPE);
            *reply.status_mut() = StatusCode::NOT_MODIFIED;
        } else {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(form.body.len()));
            if let Some(coding) = form.coding {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
            }
            if !asked.head {
                *reply.body_mut() = Body::from(form.body.clone());
            }
        }
        *reply.headers_mut() = headers;
        reply
    }
}

/// Whether `If-None-Match` names this tag; weakly, as RFC 9110 §13.1.2 has it.
fn names(tags: &HeaderValue, etag: &HeaderValue) -> bool {
    tags.to_str().is_ok_and(|tags| {
        tags.split(',').map(str::trim).any(|tag| {
            tag == "*" || tag.strip_prefix("W/").unwrap_or(tag).as_bytes() == etag.as_bytes()
        })
    })
}

fn status(story: Story, ttl: i64) -> HeaderValue {
    let mut text = String::with_capacity(48);
    let written = match story {
        Story::Hit | Story::Stale => write!(text, "{CACHE}; hit; ttl={ttl}"),
        Story::Rescued => write!(text, "{CACHE}; hit; ttl={ttl}; detail=stale-if-error"),
        Story::Miss => write!(text, "{CACHE}; fwd=miss; stored; ttl={ttl}"),
        Story::Collapsed => write!(text, "{CACHE}; fwd=miss; collapsed; ttl={ttl}"),
    };
    debug_assert!(written.is_ok(), "text can always grow");
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(CACHE))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(terms: Terms) -> Page {
        let forms = Arc::new(Forms::of(Bytes::from_static(b"<p>")));
        Page::new(HeaderMap::new(), forms, terms, 7, 100 * SECOND)
    }

    #[test]
    fn a_page_grows_old() {
        let page = page(Terms { fresh: 2, stale: 5, on_error: 60 });
        let state =
            |generation, tenths: i64| page.state(generation, 100 * SECOND + tenths * SECOND / 10);
        assert_eq!((state(7, 0), state(7, 19)), (State::Fresh, State::Fresh));
        assert_eq!((state(7, 20), state(7, 69)), (State::Stale, State::Stale));
        assert_eq!((state(7, 70), state(7, 619)), (State::LastResort, State::LastResort));
        assert_eq!(state(7, 620), State::Over);
        // Another state of the catalogue: at once, but for the worst.
        assert_eq!((state(8, 0), state(6, 0)), (State::LastResort, State::LastResort));
        assert_eq!(state(8, 620), State::Over);
        assert_eq!(page.life(), 62_000_000);
    }

    #[test]
    fn after_a_failure_it_is_shown_for_a_second_without_asking() {
        let page = page(Terms { fresh: 1, stale: 0, on_error: 60 });
        let at = |seconds: i64| (100 + seconds) * SECOND;
        assert_eq!(page.state(7, at(10)), State::LastResort);
        page.spare(at(10));
        assert_eq!(page.state(7, at(10)), State::Stale);
        assert_eq!(page.state(8, at(10)), State::Stale);
        assert_eq!(page.state(7, at(11)), State::LastResort);
        page.spare(at(60));
        assert_eq!(page.state(7, at(61)), State::Over);
    }

    #[test]
    fn tags_are_compared_weakly() {
        let named = |tags: &str| {
            names(&HeaderValue::from_str(tags).unwrap(), &HeaderValue::from_static("\"a-br\""))
        };
        for tags in ["\"a-br\"", "W/\"a-br\"", "\"x\", \"a-br\"", "*"] {
            assert!(named(tags), "{tags}");
        }
        for tags in ["\"a\"", "a-br", "", "\"a-gzip\", \"a\""] {
            assert!(!named(tags), "{tags}");
        }
    }
}
