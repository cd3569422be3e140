//! The demo shop is part of the program: a new picture is a new program.

fn main() {
    println!("cargo:rerun-if-changed=demo");
}
