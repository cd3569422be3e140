//! Prints the API's description: `cargo run -p api --example openapi`.

#![expect(clippy::print_stdout, reason = "printing is all it does")]

fn main() -> Result<(), serde_json::Error> {
    println!("{}", serde_json::to_string_pretty(&api::openapi::description())?);
    Ok(())
}
