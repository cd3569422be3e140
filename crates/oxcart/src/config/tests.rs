use std::io::Write as _;

use super::*;

fn read(variables: &[(&str, &str)]) -> Result<Config> {
    read_with(variables, None)
}

fn read_with(variables: &[(&str, &str)], file: Option<&Path>) -> Result<Config> {
    let variables = variables.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    Config::read(variables, file)
}

fn error(variables: &[(&str, &str)]) -> String {
    format!("{:#}", read(variables).unwrap_err())
}

#[test]
fn defaults_make_a_shop() {
    let config = read(&[("HOME", "/root"), ("OXCART_TEST_DATABASE_URL", "x")]).unwrap();
    assert_eq!(config.port, 8080);
    assert_eq!(config.public_url().unwrap(), "http://localhost:8080");
    assert_eq!(config.simulator_url().unwrap(), "http://localhost:8081");
    assert!(config.database_url.is_none());
}

#[test]
fn the_environment_goes_before_the_file() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "port = 9000\nreservation_minutes = 5\ndev_clock = true").unwrap();
    let config = read_with(&[("PORT", "9100")], Some(file.path())).unwrap();
    assert_eq!((config.port, config.reservation_minutes, config.dev_clock), (9100, 5, true));
    assert_eq!(config.simulator_port().unwrap(), 9101);
}

#[test]
fn text_stays_text() {
    let config = read(&[("OXCART_ADMIN_PASSWORD", "0012345678")]).unwrap();
    assert_eq!(config.admin_password.unwrap().reveal(), "0012345678");
    let config = read(&[("OXCART_PUBLIC_URL", "https://shop.example/"), ("PORT", "")]).unwrap();
    assert_eq!(config.public_url().unwrap(), "https://shop.example");
    assert_eq!(config.simulator_url().unwrap(), "http://shop.example:8081");
}

#[test]
fn a_check_code_is_assumed_for_the_simulator_only() {
    let given = |mode: &str| {
        let production = [
            ("OXCART_ECPAY_MODE", mode),
            ("OXCART_ECPAY_MERCHANT_ID", "1"),
            ("OXCART_ECPAY_HASH_KEY", "2"),
            ("OXCART_ECPAY_HASH_IV", "3"),
        ];
        read(&production).unwrap().check_code().unwrap()
    };
    assert_eq!((given("simulator"), given("stage"), given("production")), (Some(0), None, None));
    let config = read(&[("OXCART_ECPAY_CHECK_CODE", "25938934")]).unwrap();
    assert_eq!(config.check_code().unwrap(), Some(25_938_934));
    assert!(error(&[("OXCART_ECPAY_CHECK_CODE", "x")]).contains("OXCART_ECPAY_CHECK_CODE"));
}

#[test]
fn a_key_nobody_knows_is_an_error() {
    let message = error(&[("OXCART_RESERVATION_MINUTE", "5")]);
    assert!(message.contains("Did you mean OXCART_RESERVATION_MINUTES?"), "{message}");
    assert!(error(&[("OXCART_DATTA", "x")]).contains("Did you mean OXCART_DATA?"));
    let message = error(&[("OXCART_XYZ", "5")]);
    assert!(!message.contains("Did you mean"), "{message}");

    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "prot = 9000").unwrap();
    let message = format!("{:#}", read_with(&[], Some(file.path())).unwrap_err());
    assert!(message.contains("prot"), "{message}");
    assert!(read_with(&[], Some(Path::new("/no/such/file.toml"))).is_err());
}

#[test]
fn a_wrong_value_names_its_variable() {
    for (variable, text, expected) in [
        ("PORT", "80800", "expected a number from 0 to 65535"),
        ("OXCART_BIND", "localhost", "expected an IP address"),
        ("OXCART_ECPAY_MODE", "live", "expected simulator, stage or production"),
        ("OXCART_DEV_CLOCK", "maybe", "expected true or false"),
        ("OXCART_RATE_LIMIT_EXEMPT", "10.0.0.0/33", "is no network"),
        ("OXCART_WEBHOOK_ALLOW", "localhost", "is no network"),
        ("OXCART_WEBHOOK_LOG_DAYS", "0", "must be at least 1"),
        ("OXCART_PUBLIC_URL", "shop.example", "expected an address"),
        ("OXCART_PUBLIC_URL", "https://shop.example/de", "expected an address"),
        ("OXCART_LOG_FORMAT", "xml", "expected human or json"),
        ("OXCART_MAIL", "smtp.example.com", "expected folder"),
        ("OXCART_MAIL", "smtp://u:p@mail.example?tls=none", "for everybody to read"),
        ("OXCART_SMS", "twilio://u:p@example.com", "expected off"),
    ] {
        let message = error(&[(variable, text)]);
        assert!(message.contains(variable), "{message}");
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn real_money_needs_everything_and_no_toys() {
    let message = error(&[("OXCART_ECPAY_MODE", "production"), ("OXCART_ECPAY_HASH_KEY", "k")]);
    assert!(message.contains("OXCART_ECPAY_MERCHANT_ID, OXCART_ECPAY_HASH_IV"), "{message}");
    let real = [
        ("OXCART_ECPAY_MODE", "production"),
        ("OXCART_ECPAY_MERCHANT_ID", "1"),
        ("OXCART_ECPAY_HASH_KEY", "k"),
        ("OXCART_ECPAY_HASH_IV", "v"),
    ];
    assert!(read(&real).is_ok());
    let toy = [&real[..], &[("OXCART_DEV_CLOCK", "true")]].concat();
    assert!(error(&toy).contains("OXCART_DEV_CLOCK"));
}

#[test]
fn secrets_are_never_shown() {
    let secret = "pssst-nobody-may-see-this";
    let mail = format!("smtps://shop:{secret}@mail.example");
    let sms = format!("mitake://shop:{secret}@smsapi.mitake.com.tw");
    let config = read(&[
        ("DATABASE_URL", secret),
        ("OXCART_ADMIN_PASSWORD", secret),
        ("OXCART_ECPAY_MERCHANT_ID", "3002607"),
        ("OXCART_ECPAY_HASH_KEY", secret),
        ("OXCART_ECPAY_HASH_IV", secret),
        ("OXCART_MAIL", mail.as_str()),
        ("OXCART_SMS", sms.as_str()),
    ])
    .unwrap();
    let shown = config.shown();
    assert_eq!(shown.len(), KEYS.len());
    assert!(shown.iter().all(|(_, value)| !value.contains(secret)));
    assert!(!format!("{config:?}").contains(secret));
    let value = |name: &str| &shown.iter().find(|(key, _)| key.variable == name).unwrap().1;
    assert_eq!(value("OXCART_MAIL"), "smtps://shop:••••••@mail.example:465");
    assert_eq!(value("OXCART_SMS"), "mitake://shop:••••••@smsapi.mitake.com.tw/api/mtk");
    let port = shown.iter().find(|(key, _)| key.variable == "PORT").unwrap();
    assert_eq!((port.0.doc.trim(), port.1.as_str()), ("The port of the shop.", "8080"));
}
