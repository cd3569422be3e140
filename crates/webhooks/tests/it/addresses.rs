//! Where webhooks may go (SSRF): the address that was looked at is the one that is connected to.

use std::{
    io,
    net::IpAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::future::BoxFuture;
use jiff::Timestamp;
use webhooks::{
    Guard, Secret, Sender,
    names::Names,
    send::{Attempt, Sent},
};

use crate::receiver::Receiver;

/// Names whose addresses the test says, one list a look; the last one again and again.
#[derive(Default)]
struct Book(Mutex<Vec<Vec<&'static str>>>);

impl Names for Book {
    fn addresses<'a>(&'a self, _: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        let mut pages = self.0.lock().unwrap();
        let page = if pages.len() > 1 { pages.remove(0) } else { pages[0].clone() };
        let found = page.iter().map(|address| address.parse().unwrap()).collect();
        Box::pin(async move { Ok(found) })
    }
}

fn sender(allowed: &str, pages: Vec<Vec<&'static str>>) -> Sender {
    let guard = Guard::new(allowed.parse().unwrap());
    let names = Arc::new(Book(Mutex::new(pages))) as Arc<dyn Names>;
    Sender::with_names(&guard, &names).unwrap()
}

async fn send(sender: &Sender, url: &str) -> Sent {
    let secrets = [Secret::new(&kernel::Ids::from_seed(1))];
    let at = Timestamp::UNIX_EPOCH;
    let message = Attempt { url, id: "1", body: "{}", secrets: &secrets, at };
    sender.send(&message).await
}

/// A name that means somebody else a moment later is looked at again at that moment.
#[tokio::test]
async fn a_name_that_is_bound_anew_leads_nowhere() {
    let receiver = Receiver::new().await;
    let url = format!("http://erp.test:{}/", receiver.port());
    let sender = sender("127.0.0.1/32", vec![vec!["127.0.0.1"], vec!["127.0.0.2"]]);
    assert_eq!(send(&sender, &url).await.status, Some(200));
    let refused = send(&sender, &url).await;
    assert_eq!(refused.status, None);
    let error = refused.error.unwrap();
    assert!(error.ends_with("leads to an address that is not public"), "{error}");
    assert!(!error.contains("erp.test"), "nothing of the address is in it: {error}");
    assert_eq!(receiver.requests().len(), 1);
}

#[tokio::test]
async fn of_several_addresses_only_those_that_may_be_are_connected_to() {
    let receiver = Receiver::new().await;
    let url = format!("http://erp.test:{}/", receiver.port());
    let mixed = vec!["10.0.0.1", "127.0.0.2", "::1", "169.254.169.254", "127.0.0.1"];
    assert_eq!(send(&sender("127.0.0.1/32", vec![mixed]), &url).await.status, Some(200));
    for alone in ["10.0.0.1", "::1", "::ffff:10.0.0.1", "169.254.169.254", "fd00:ec2::254"] {
        let sent = send(&sender("127.0.0.1/32", vec![vec![alone]]), &url).await;
        assert_eq!(sent.status, None, "{alone}");
    }
    assert_eq!(receiver.requests().len(), 1);
}

/// A public address is reached by TLS alone, also where a network of one's own is allowed.
#[tokio::test]
async fn plain_http_and_other_ports_are_for_ones_own_networks() {
    let receiver = Receiver::new().await;
    let (port, public) = (receiver.port(), vec![vec!["93.184.216.34"]]);
    for url in [format!("http://erp.test:{port}/"), format!("https://erp.test:{port}/")] {
        let refused = send(&sender("127.0.0.1/32", public.clone()), &url).await;
        assert!(refused.error.unwrap().contains("not public"), "{url}");
        assert!(refused.took < Duration::from_secs(2), "nothing was connected to");
    }
    for (url, why) in [
        ("http://erp.test/", "the address must begin with https://"),
        ("https://erp.test:22/", "the address must use port 443 or 8443"),
        ("https://127.0.0.1/", "the address leads to an address that is not public"),
        ("http://127.0.0.1/", "the address must begin with https://"),
    ] {
        let refused = send(&sender("", public.clone()), url).await;
        assert_eq!(refused.error.as_deref(), Some(why), "{url}");
    }
    assert_eq!(receiver.requests().len(), 0);
}

/// The system's own names, as in a shop: this machine is not for anybody to ask for.
#[tokio::test]
async fn this_machine_is_not_reached_by_its_name() {
    let asks_the_system = Sender::new(&Guard::default()).unwrap();
    let refused = send(&asks_the_system, "https://localhost/").await;
    assert_eq!(refused.status, None);
    assert!(refused.error.unwrap().contains("not public"));
    // Whether a machine's own resolver knows this spelling differs: here it does.
    let knows_it = sender("", vec![vec!["127.0.0.1"]]);
    let dotted = send(&knows_it, "https://localhost.:8443/").await;
    assert_eq!(dotted.status, None);
    assert!(dotted.error.unwrap().contains("not public"));
}

/// Somebody who listens and speaks no TLS, and somebody who listens and says nothing at all.
#[tokio::test]
async fn what_goes_wrong_on_the_way_is_told_in_words() {
    let receiver = Receiver::new().await;
    let sender = sender("127.0.0.1/32", vec![vec!["127.0.0.1"]]);
    let spoken = send(&sender, &format!("https://erp.test:{}/", receiver.port())).await;
    assert_eq!(spoken.status, None);
    assert!(!spoken.error.unwrap().is_empty());
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nobody = send(&sender, &format!("http://erp.test:{free}/")).await;
    let error = nobody.error.unwrap();
    assert!(error.to_lowercase().contains("refused"), "{error}");
}
