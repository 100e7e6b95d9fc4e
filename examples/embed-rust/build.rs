fn main() {
    x07_build::Build::new("x07/").compile("checksum");
}
