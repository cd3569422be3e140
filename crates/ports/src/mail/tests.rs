use std::sync::Arc;

use kernel::{Clock as _, Ids, ManualClock, SystemClock};

use super::*;

fn mail(id: Uuid) -> Mail {
    Mail {
        id,
        to: "王小明 <a@example.com>".to_owned(),
        subject: "訂單成立".to_owned(),
        text: "謝謝".to_owned(),
        html: "<p>謝謝</p>".to_owned(),
        inline: Vec::new(),
        headers: vec![("X-Oxcart-Order", "OX-1".to_owned())],
    }
}

fn mailbox(folder: &std::path::Path) -> DevMailbox {
    let clock = Arc::new(ManualClock::at(SystemClock.now()));
    DevMailbox::new(folder.join("mail"), "Oxcart <shop@oxcart.example>", clock).unwrap()
}

#[tokio::test]
async fn a_mail_becomes_a_file_named_by_its_id_and_a_repeated_one_the_same_file() {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = mailbox(folder.path());
    let id = Ids::from_seed(1).uuid(&SystemClock);
    mailbox.send(&mail(id)).await.unwrap();
    mailbox.send(&mail(id)).await.unwrap();

    let names: Vec<String> = std::fs::read_dir(folder.path().join("mail"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(names, [format!("{id}.eml")]);
    let raw = std::fs::read_to_string(folder.path().join("mail").join(&names[0])).unwrap();
    for line in [
        "X-Oxcart-Order: OX-1".to_owned(),
        format!("Message-ID: <{id}@oxcart.example>"),
        "From: Oxcart <shop@oxcart.example>".to_owned(),
    ] {
        assert!(raw.lines().any(|l| l.eq_ignore_ascii_case(&line)), "{line} in\n{raw}");
    }
    assert!(raw.contains("multipart/alternative"));
}

#[tokio::test]
async fn a_mail_that_can_never_be_sent_says_so_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = mailbox(folder.path());
    let good = mail(Ids::from_seed(1).uuid(&SystemClock));
    let no_address = Mail { to: "nobody".to_owned(), ..good.clone() };
    let two = Mail { to: "a@example.com, b@example.com".to_owned(), ..good.clone() };
    let wrapped = Mail { to: "a@example.com\r\nBcc: b@example.com".to_owned(), ..good.clone() };
    let named = Mail { to: "A\r\nBcc: b@example.com <a@example.com>".to_owned(), ..good.clone() };
    let injected = Mail { subject: "a\r\nBcc: b@example.com".to_owned(), ..good.clone() };
    let header = Mail { headers: vec![("X-Oxcart-Order", "1\r\nX: y".to_owned())], ..good };
    for bad in [no_address, two, wrapped, named, injected, header] {
        assert!(matches!(mailbox.send(&bad).await, Err(MailError::Invalid(_))), "{bad:?}");
    }
    assert!(!folder.path().join("mail").exists());
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_worth_another_try() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mail"), "a file").unwrap();
    let mail = mail(Ids::from_seed(1).uuid(&SystemClock));
    let result = mailbox(folder.path()).send(&mail).await;
    assert!(matches!(result, Err(MailError::Unavailable(_))), "{result:?}");
}

#[test]
fn a_picture_travels_with_the_html_that_shows_it() {
    let mut mail = mail(Uuid::from_u128(7));
    mail.html = "<img src=\"cid:barcode-1\">".to_owned();
    mail.inline =
        vec![Inline { cid: "barcode-1", content_type: "image/png", bytes: vec![0x89, 0x50, 0xff] }];
    let sender = sender("Oxcart <shop@oxcart.example>").unwrap();
    let raw = message(&mail, &sender, SystemClock.now().into()).unwrap().formatted();
    let raw = String::from_utf8(raw).unwrap();
    for part in [
        "multipart/alternative",
        "multipart/related",
        "Content-ID: <barcode-1>",
        "Content-Disposition: inline",
        "Content-Type: image/png",
        "Auto-Submitted: auto-generated",
        "iVD/",
    ] {
        assert!(raw.contains(part), "{part} in\n{raw}");
    }
    let whole = "<img src=\"data:image/png;base64,iVD/\">";
    assert_eq!(with_pictures(&mail.html, &mail.inline), whole);
}

/// A mail program reads an address in a header as it is: it is neither broken nor encoded.
#[test]
fn an_address_in_a_header_stays_in_one_piece() {
    let stop =
        "<https://shop.oxcart.example/api/stock-notices/5b1f3c52-8f5e-4a57-9d6e-0c1a2b3c4d5e>";
    let mut mail = mail(Uuid::from_u128(7));
    mail.headers = vec![("List-Unsubscribe", stop.to_owned())];
    let sender = sender("Oxcart <shop@oxcart.example>").unwrap();
    let raw = message(&mail, &sender, SystemClock.now().into()).unwrap().formatted();
    let raw = String::from_utf8(raw).unwrap();
    assert!(raw.contains(&format!("List-Unsubscribe: {stop}\r\n")), "{raw}");
}

#[tokio::test]
async fn what_lies_in_the_folder_can_be_read_again_the_newest_first() {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = mailbox(folder.path());
    assert_eq!(mailbox.list(10).await.unwrap(), []);
    let ids = Ids::from_seed(1);
    let (first, second) = (ids.uuid(&SystemClock), ids.uuid(&SystemClock));
    let picture = Inline { cid: "barcode-1", content_type: "image/png", bytes: vec![1, 2, 3] };
    let html = "<p>謝謝 <img src=\"cid:barcode-1\"></p>".to_owned();
    mailbox.send(&mail(first)).await.unwrap();
    mailbox.send(&Mail { html, inline: vec![picture], ..mail(second) }).await.unwrap();
    std::fs::write(folder.path().join("mail/notes.txt"), "not a mail").unwrap();
    std::fs::write(folder.path().join("mail/readme.eml"), "no mail of ours").unwrap();

    let found = mailbox.list(10).await.unwrap();
    assert_eq!(found.iter().map(|it| it.id).collect::<Vec<_>>(), [second, first]);
    assert_eq!(mailbox.list(1).await.unwrap().len(), 1);
    let newest = mailbox.find(second).await.unwrap().unwrap();
    assert_eq!(newest, found[0]);
    assert_eq!((newest.to.as_str(), newest.subject.as_str()), ("a@example.com", "訂單成立"));
    assert_eq!(newest.text.trim_end(), "謝謝");
    let whole = "<p>謝謝 <img src=\"data:image/png;base64,AQID\"></p>";
    assert_eq!(newest.html.trim_end(), whole);
    assert!(newest.sent_at.is_some());
    assert_eq!(mailbox.find(Uuid::from_u128(1)).await.unwrap(), None);
}
