//! Against a real PostgreSQL: every test runs servers of its own.

use std::{
    os::unix::fs::{MetadataExt as _, PermissionsExt},
    path::Path,
    sync::Arc,
    time::Duration,
};

use nix::{
    sys::signal::Signal,
    unistd::{Pid, Uid, geteuid, getpgid},
};
use sqlx::{Connection as _, PgConnection};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::{
    Durability, Origin, PrivateError, PrivateOptions, PrivateServer,
    process::{Running, processes, send},
};

fn dir_with_mode(mode: u32) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::set_permissions(dir.path(), PermissionsExt::from_mode(mode)).unwrap();
    dir
}

fn open_dir() -> TempDir {
    dir_with_mode(0o711)
}

fn options(dir: &Path) -> PrivateOptions {
    PrivateOptions {
        lock_wait: Duration::from_millis(200),
        start_timeout: Duration::from_mins(1),
        ..PrivateOptions::new(dir.join("data"))
    }
}

async fn connect(server: &PrivateServer) -> PgConnection {
    PgConnection::connect(&server.url("postgres")).await.unwrap()
}

async fn setting(server: &PrivateServer, name: &str) -> String {
    let mut conn = connect(server).await;
    sqlx::query_scalar("SELECT current_setting($1)").bind(name).fetch_one(&mut conn).await.unwrap()
}

fn is_running(server: &PrivateServer) -> bool {
    Running::find(&server.layout.cluster, &server.layout.name).is_some()
}

#[tokio::test]
async fn a_server_is_made_stopped_and_started_with_its_data() {
    let dir = open_dir();
    let server = PrivateServer::start(options(dir.path())).await.unwrap();
    assert_eq!(server.origin(), Origin::Created);
    for (name, value) in [
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("full_page_writes", "on"),
        ("listen_addresses", ""),
        ("server_encoding", "UTF8"),
        ("TimeZone", "UTC"),
    ] {
        assert_eq!(setting(&server, name).await, value, "{name}");
    }
    let pid = server.pid().await.unwrap();
    let owner = std::fs::metadata(format!("/proc/{pid}")).unwrap().uid();
    assert!(!Uid::from_raw(owner).is_root());
    assert_eq!(getpgid(Some(Pid::from_raw(pid))).unwrap().as_raw(), pid, "not our group");
    assert_eq!(server.layout.socket_dir.metadata().unwrap().mode() & 0o777, 0o700);

    assert!(server.ensure_database("shop").await.unwrap());
    assert!(!server.ensure_database("shop").await.unwrap());
    let error = server.ensure_database("shop; --").await.unwrap_err();
    assert!(matches!(error, PrivateError::DatabaseName { .. }));

    // A session left open does not keep it from stopping.
    let open_session = connect(&server).await;
    server.stop().await.unwrap();
    assert!(!is_running(&server));
    assert_eq!(processes(&server.layout.name), [] as [i32; 0]);
    drop((open_session, server));

    let server = PrivateServer::start(options(dir.path())).await.unwrap();
    assert_eq!(server.origin(), Origin::Started);
    assert!(!server.ensure_database("shop").await.unwrap());
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_left_running_is_adopted_and_only_one_is_in_charge() {
    let dir = open_dir();
    let data = dir.path().join("data");
    assert!(PrivateServer::find(&data).unwrap().is_none());
    let first = PrivateServer::start(options(dir.path())).await.unwrap();
    let pid = first.pid().await;
    let neighbour = PrivateServer::find(&data).unwrap().unwrap();
    assert_eq!(neighbour.url("shop"), first.url("shop"));

    let second = PrivateServer::start(options(dir.path())).await;
    assert!(matches!(second, Err(PrivateError::Locked { .. })), "{second:?}");

    drop(first);
    let second = PrivateServer::start(options(dir.path())).await.unwrap();
    assert_eq!((second.origin(), second.pid().await), (Origin::Adopted, pid));
    drop(second);

    // A server that is less durable than asked for is not taken as it is.
    let careless = PrivateOptions { durability: Durability::Off, ..options(dir.path()) };
    let third = PrivateServer::start(careless).await.unwrap();
    assert_eq!(third.origin(), Origin::Started);
    assert_eq!(setting(&third, "fsync").await, "off");
    third.stop().await.unwrap();
    assert!(!is_running(&third));
    assert!(PrivateServer::find(&data).unwrap().is_none());
}

#[tokio::test]
async fn a_killed_server_is_started_again_with_everything_committed() {
    let dir = open_dir();
    let server = Arc::new(PrivateServer::start(options(dir.path())).await.unwrap());
    let cancel = CancellationToken::new();
    let watching = async {
        let mut conn = connect(&server).await;
        sqlx::raw_sql("CREATE TABLE kept (n int); INSERT INTO kept VALUES (42)")
            .execute(&mut conn)
            .await
            .unwrap();
        for round in 1..=2 {
            send(server.pid().await.unwrap(), Signal::SIGKILL);
            let deadline = Instant::now() + Duration::from_secs(30);
            while server.restarts() < round {
                assert!(Instant::now() < deadline, "not started again");
                sleep(Duration::from_millis(20)).await;
            }
            let mut conn = connect(&server).await;
            let n: i32 =
                sqlx::query_scalar("SELECT n FROM kept").fetch_one(&mut conn).await.unwrap();
            assert_eq!(n, 42);
        }
        cancel.cancel();
    };
    tokio::join!(server.watch(&cancel), watching);
    server.stop().await.unwrap();
    // Stopped is stopped: nobody starts it again.
    server.watch(&CancellationToken::new()).await;
    assert!(!is_running(&server));
}

#[tokio::test]
async fn a_pid_file_that_names_a_stranger_is_no_hindrance() {
    let dir = open_dir();
    let server = PrivateServer::start(options(dir.path())).await.unwrap();
    send(server.pid().await.unwrap(), Signal::SIGKILL);
    while server.running.lock().await.as_mut().unwrap().is_alive() {
        sleep(Duration::from_millis(10)).await;
    }
    // Of the same account: PostgreSQL itself would take it for a living server.
    let mut stranger = server.account.command(Path::new("sleep"), Path::new("/"));
    let mut stranger = stranger.arg("60").spawn().unwrap();
    let file = server.layout.cluster.join("postmaster.pid");
    let text = std::fs::read_to_string(&file).unwrap();
    let (_, rest) = text.split_once('\n').unwrap();
    std::fs::write(&file, format!("{}\n{rest}", stranger.id())).unwrap();
    drop(server);

    let server = PrivateServer::start(options(dir.path())).await.unwrap();
    assert_eq!(server.origin(), Origin::Started);
    assert!(stranger.try_wait().unwrap().is_none(), "the stranger lives");
    stranger.kill().unwrap();
    stranger.wait().unwrap();
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_directory_closed_to_the_server_and_a_long_path_work_too() {
    // 0700 and, run as root, not the server's.
    let dir = dir_with_mode(0o700);
    let closed = dir.path().join("long-".repeat(20));
    let server = PrivateServer::start(options(&closed)).await.unwrap();
    let cluster = server.cluster_dir().to_owned();
    assert_eq!(cluster.starts_with("/var/lib/oxcart"), geteuid().is_root(), "{cluster:?}");
    assert!(server.url("x").len() < 200);
    server.stop().await.unwrap();
    drop(server);

    let server = PrivateServer::start(options(&closed)).await.unwrap();
    assert_eq!(server.origin(), Origin::Started);
    assert_eq!(server.cluster_dir(), cluster);
    server.stop().await.unwrap();
    if geteuid().is_root() {
        std::fs::remove_dir_all(cluster.parent().unwrap()).unwrap();
    }

    let open = open_dir();
    let long = open.path().join("long-".repeat(20));
    let server = PrivateServer::start(options(&long)).await.unwrap();
    assert!(server.layout.socket_dir.starts_with("/tmp"));
    assert_eq!(setting(&server, "fsync").await, "on");
    server.stop().await.unwrap();
    assert!(!server.layout.socket_dir.exists());
}

#[tokio::test]
async fn a_server_that_cannot_start_says_why() {
    let dir = open_dir();
    let server = PrivateServer::start(options(dir.path())).await.unwrap();
    server.stop().await.unwrap();
    let config = server.layout.cluster.join("postgresql.conf");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, format!("{text}\nno_such_setting = 1\n")).unwrap();
    drop(server);
    let error = PrivateServer::start(options(dir.path())).await.unwrap_err().to_string();
    assert!(error.contains("no_such_setting"), "{error}");
    assert!(error.contains("postgres.log"), "{error}");
}
