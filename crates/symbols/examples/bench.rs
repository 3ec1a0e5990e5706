use kdive_symbols::*;
fn main() {
    let t = std::time::Instant::now();
    let path = std::env::args().nth(1).unwrap();
    let o = ObjectFile::open(path.as_ref(), &OpenOptions::default()).unwrap();
    eprintln!("open {:?}", t.elapsed());
    let n = bench_index(&o);
    eprintln!("index {n} {:?}", t.elapsed());
}
