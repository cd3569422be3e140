use axum::{Router, routing::get};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::{Instant, timeout},
};

use super::*;

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

#[tokio::test]
async fn a_taken_port_comes_with_advice() {
    let first = listen(HERE, 0, "the shop", "PORT").unwrap();
    let port = first.local_addr().unwrap().port();
    let error = listen(HERE, port, "the shop", "PORT").unwrap_err().to_string();
    assert!(error.contains(&format!("port {port}")), "{error}");
    assert!(error.contains("PORT="), "{error}");
}

#[tokio::test]
async fn a_request_in_progress_is_finished_and_an_idle_connection_is_not_waited_for() {
    let listener = listen(HERE, 0, "the shop", "PORT").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let slow = async |peer: ConnectInfo<SocketAddr>| {
        sleep(Duration::from_millis(300)).await;
        peer.0.ip().to_string()
    };
    let app = Router::new().route("/", get(slow));
    let stop = CancellationToken::new();
    let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).build().unwrap();
    let asking = async {
        // The first answer leaves an idle connection behind.
        assert_eq!(client.get(&url).send().await.unwrap().text().await.unwrap(), "127.0.0.1");
        let (answer, ()) = tokio::join!(client.get(&url).send(), async {
            sleep(Duration::from_millis(100)).await;
            stop.cancel();
        });
        assert_eq!(answer.unwrap().text().await.unwrap(), "127.0.0.1");
        assert!(client.get(&url).send().await.is_err());
    };
    let serving = serve(listener, app, Limits::generous(), Metrics::new(), stop.clone());
    let serving = timeout(PATIENCE, serving);
    let (served, ()) = tokio::join!(serving, asking);
    served.unwrap();
}

/// A server with these limits, until the test ends. `/` answers, `/hold` answers after three seconds,
/// `/large` answers with more than any buffer between us takes, `/sum` counts a body's bytes.
fn server(limits: Limits) -> (SocketAddr, Metrics, JoinSet<()>) {
    let listener = listen(HERE, 0, "the shop", "PORT").unwrap();
    let address = listener.local_addr().unwrap();
    let hold = async || {
        sleep(Duration::from_secs(3)).await;
        "held"
    };
    let sum = async |body: axum::body::Bytes| body.len().to_string();
    let app = Router::new()
        .route("/", get(async || "hello"))
        .route("/hold", get(hold))
        .route("/large", get(async || vec![b'x'; 64 << 20]))
        .route("/sum", axum::routing::post(sum));
    let (metrics, mut tasks) = (Metrics::new(), JoinSet::new());
    tasks.spawn(serve(listener, app, limits, metrics.clone(), CancellationToken::new()));
    (address, metrics, tasks)
}

/// How long until the server closed the connection, and what it said before.
async fn until_closed(mut client: TcpStream) -> (Duration, String) {
    let began = Instant::now();
    let mut said = Vec::new();
    timeout(PATIENCE, client.read_to_end(&mut said)).await.unwrap().ok();
    (began.elapsed(), String::from_utf8(said).unwrap())
}

async fn connect(address: SocketAddr, text: &str) -> TcpStream {
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(text.as_bytes()).await.unwrap();
    client
}

/// Nothing in a test takes longer, on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);
const ASK: &str = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";

#[tokio::test]
async fn whoever_dribbles_is_cut_and_whoever_asks_is_not() {
    let limits = Limits { read: Duration::from_millis(400), ..Limits::generous() };
    let (address, metrics, _tasks) = server(limits);
    let dribble = async |start: &str| {
        let client = connect(address, start).await;
        let (read, mut write) = client.into_split();
        let feeding = async move {
            while write.write_all(b"a").await.is_ok() {
                sleep(Duration::from_millis(20)).await;
            }
            std::future::pending::<()>().await;
        };
        let mut read = read;
        let mut said = Vec::new();
        let began = Instant::now();
        tokio::select! {
            ended = timeout(PATIENCE, read.read_to_end(&mut said)) => {
                ended.unwrap().ok();
            }
            () = feeding => {}
        }
        assert_eq!(said, b"");
        began.elapsed()
    };
    let patient = async {
        // Asks again and again over one connection, longer than any limit.
        let mut client = TcpStream::connect(address).await.unwrap();
        for _ in 0..20 {
            client.write_all(ASK.as_bytes()).await.unwrap();
            let mut answer = [0; 1024];
            assert!(client.read(&mut answer).await.unwrap() > 0);
            sleep(Duration::from_millis(50)).await;
        }
    };
    let body = "POST /sum HTTP/1.1\r\nhost: x\r\ncontent-length: 50000\r\n\r\n";
    let (head, body, ()) = tokio::join!(dribble("GET / HTTP/1.1\r\nx-"), dribble(body), patient);
    for lasted in [head, body] {
        assert!(
            lasted > Duration::from_millis(250),
            "the clock is coarse, but not that: {lasted:?}"
        );
    }
    let text = metrics.encode().unwrap();
    for reason in ["head", "body"] {
        let line = format!("oxcart_http_connections_cut_total{{reason=\"{reason}\"}} 1");
        assert!(text.contains(&line), "{text}");
    }
}

#[tokio::test]
async fn an_idle_connection_is_closed_and_a_held_answer_is_not_idle() {
    let limits = Limits { idle: Duration::from_millis(300), ..Limits::generous() };
    let (address, _, _tasks) = server(limits);
    let idle = until_closed(TcpStream::connect(address).await.unwrap());
    let kept = until_closed(connect(address, ASK).await);
    let held = until_closed(connect(address, "GET /hold HTTP/1.1\r\nhost: x\r\n\r\n").await);
    let (idle, kept, held) = tokio::join!(idle, kept, held);
    assert_eq!(idle.1, "");
    assert!(kept.1.ends_with("hello") && held.1.ends_with("held"), "{kept:?} {held:?}");
    // The clock is coarse: up to a quarter of the limit early.
    for (lasted, from) in [(idle.0, 220), (kept.0, 220), (held.0, 3_220)] {
        assert!(lasted > Duration::from_millis(from), "{lasted:?}");
    }
}

#[tokio::test]
async fn whoever_does_not_read_is_cut() {
    let limits = Limits { write: Duration::from_millis(400), ..Limits::generous() };
    let (address, metrics, _tasks) = server(limits);
    let lazy = connect(address, "GET /large HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let cut = "oxcart_http_connections_cut_total{reason=\"answer\"} 1";
    let waiting = async {
        while !metrics.encode().unwrap().contains(cut) {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, waiting).await.unwrap();
    let (_, said) = until_closed(lazy).await;
    assert!(said.len() < 64 << 20, "cut in the middle");
    // Whoever reads gets it whole.
    let eager = connect(address, "GET /large HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    assert!(until_closed(eager.await).await.1.len() > 64 << 20);
}

#[tokio::test]
async fn the_idle_make_room_and_when_all_are_busy_newcomers_are_told() {
    let limits = Limits { connections: 4, ..Limits::generous() };
    let (address, metrics, _tasks) = server(limits);
    let mut idle = Vec::new();
    for _ in 0..4 {
        idle.push(TcpStream::connect(address).await.unwrap());
    }
    sleep(Duration::from_millis(2_500)).await;
    // Four idle ones are inside; four who ask take their places, one after the other.
    let mut asking = Vec::new();
    for _ in 0..4 {
        asking.push(connect(address, "GET /hold HTTP/1.1\r\nhost: x\r\n\r\n").await);
        sleep(Duration::from_millis(20)).await;
    }
    let (_, said) = until_closed(connect(address, ASK).await).await;
    assert!(said.starts_with("HTTP/1.1 503 ") && said.contains("retry-after: 1\r\n"), "{said}");
    for client in idle {
        assert_eq!(until_closed(client).await.1, "");
    }
    for client in &mut asking {
        let mut answer = [0; 1024];
        let read = client.read(&mut answer).await.unwrap();
        assert!(answer[..read].ends_with(b"held"));
    }
    let text = metrics.encode().unwrap();
    assert!(text.contains("oxcart_http_connections_cut_total{reason=\"crowded\"} 4"), "{text}");
    assert!(text.contains("turned_away_total{how=\"answered\"} 1"), "{text}");
    assert!(text.contains("oxcart_http_connections 4"), "{text}");
}

#[tokio::test]
async fn an_answer_given_early_reaches_a_client_that_is_still_sending() {
    let (address, _, _tasks) = server(Limits::generous());
    let head = "POST /sum HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000000\r\n\r\n";
    let client = connect(address, head).await;
    let (mut read, mut write) = client.into_split();
    let sending = async move {
        let (mut sent, chunk) = (0_u64, vec![b'x'; 64 * 1024]);
        while write.write_all(&chunk).await.is_ok() {
            sent += 64 * 1024;
        }
        sent
    };
    let reading = async move {
        let mut said = Vec::new();
        read.read_to_end(&mut said).await.ok();
        String::from_utf8(said).unwrap()
    };
    let both = async { tokio::join!(sending, reading) };
    let (sent, said) = timeout(PATIENCE, both).await.unwrap();
    assert!(said.starts_with("HTTP/1.1 413 "), "{said}");
    assert!(sent < 64 << 20, "the rest is not even taken in: {sent}");
}
