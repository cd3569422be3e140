use jiff::ToSpan as _;

use super::*;
use crate::request::Refusal;

type Tell = watch::Sender<Option<Answer>>;

fn request() -> (Tell, Followed) {
    let (tell, outcome) = watch::channel(None);
    (tell, Followed { customer: None, place: Place::default(), outcome })
}

fn names(store: &Store) -> Vec<u8> {
    let mut names: Vec<u8> = store.entries.keys().map(|name| name[0]).collect();
    names.sort_unstable();
    names
}

const START: Timestamp = Timestamp::UNIX_EPOCH;

#[test]
fn the_oldest_decided_ones_make_room_and_none_that_wait() {
    let mut store = Store::default();
    let mut tells = Vec::new();
    for number in 0..3 {
        assert!(store.make_room(START, 3));
        let (tell, followed) = request();
        store.insert([number; 32], START, followed);
        tells.push(tell);
    }
    assert!(!store.make_room(START, 3), "all three wait");
    tells[1].send_replace(Some(Err(PlaceError::Internal)));
    assert!(!store.make_room(START, 3), "the oldest waits");
    tells[0].send_replace(Some(Err(PlaceError::Internal)));
    assert!(store.make_room(START, 3));
    assert_eq!(names(&store), [1, 2]);
}

#[test]
fn what_is_too_old_is_forgotten_and_a_name_asked_anew_is_as_young_as_its_last() {
    let mut store = Store::default();
    for (name, second) in [(0, 0), (1, 1), (0, 600)] {
        let (tell, followed) = request();
        tell.send_replace(Some(Err(PlaceError::Refused(Refusal::KeyReused))));
        store.insert([name; 32], START + i64::from(second).seconds(), followed);
    }
    assert!(store.make_room(START + 899.seconds(), 10));
    assert_eq!(names(&store), [0, 1]);
    assert!(store.make_room(START + 901.seconds(), 10));
    assert_eq!((names(&store), store.order.len()), (vec![0], 1));
    assert!(store.make_room(START + 1500.seconds(), 10));
    assert_eq!((names(&store), store.order.len()), (vec![], 0));
}

#[test]
fn asking_the_same_again_and_again_does_not_fill_the_store() {
    let mut store = Store::default();
    for _ in 0..100 {
        assert!(store.make_room(START, 5));
        let (tell, followed) = request();
        tell.send_replace(Some(Err(PlaceError::Unavailable)));
        store.insert([1; 32], START, followed);
        assert!(store.order.len() <= 5);
    }
}

#[tokio::test]
async fn a_request_stands_while_it_waits_and_when_it_is_placed() {
    let (tell, mut followed) = request();
    assert!(followed.stands() && followed.outcome().is_none());
    tell.send_replace(Some(Err(PlaceError::Refused(Refusal::KeyReused))));
    assert!(!followed.stands());
    assert!(matches!(followed.decided().await, Some(Err(PlaceError::Refused(_)))));
    // Cut off in the middle.
    let (tell, mut followed) = request();
    drop(tell);
    assert!(!followed.stands());
    assert!(followed.decided().await.is_none());
}
