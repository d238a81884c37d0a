//! What random numbers and rows cost: `cargo bench -p langevin-data`.
//!
//! "time" divided by the count in a name's row is the cost of one number; divan prints its inverse
//! as items per second.

use divan::{Bencher, counter::ItemsCount};
use langevin_data::{Dataset, GaussianMixture, Part, Purpose, Streams, TwoMoons};

const COUNT: usize = 1 << 16;

fn main() {
    divan::main();
}

#[divan::bench]
fn words(bencher: Bencher) {
    let streams = Streams::new(0);
    bencher.counter(ItemsCount::new(COUNT)).bench(|| {
        let mut stream = streams.at(Purpose::Noise, 0, 0);
        (0..COUNT).fold(0, |sum, _| sum ^ stream.next_word())
    });
}

#[divan::bench]
fn uniforms(bencher: Bencher) {
    let (streams, mut out) = (Streams::new(0), vec![0.0; COUNT]);
    bencher.counter(ItemsCount::new(COUNT)).bench_local(|| {
        streams.at(Purpose::Noise, 0, 0).fill_uniform(&mut out);
    });
}

#[divan::bench]
fn normals(bencher: Bencher) {
    let (streams, mut out) = (Streams::new(0), vec![0.0; COUNT]);
    bencher.counter(ItemsCount::new(COUNT)).bench_local(|| {
        streams.at(Purpose::Noise, 0, 0).fill_normal(&mut out);
    });
}

#[divan::bench]
fn seek_and_two_normals(bencher: Bencher) {
    let (streams, mut out) = (Streams::new(0), [0.0; 2]);
    bencher.bench_local(|| {
        streams.at(Purpose::Noise, divan::black_box(1_000), 77).fill_normal(&mut out);
        out
    });
}

#[divan::bench]
fn rows_of_a_mixture(bencher: Bencher) {
    let means = vec![vec![-1.0, -1.0], vec![1.0, 1.0]];
    let mixture = GaussianMixture::new(means, 0.1, None);
    if let Ok(mixture) = mixture {
        rows(bencher, &mixture);
    }
}

#[divan::bench]
fn rows_of_two_moons(bencher: Bencher) {
    if let Ok(moons) = TwoMoons::new(0.1) {
        rows(bencher, &moons);
    }
}

fn rows(bencher: Bencher, data: &dyn Dataset) {
    let (streams, mut out) = (Streams::new(0), vec![0.0; 2048]);
    bencher.counter(ItemsCount::new(1024_usize)).bench_local(|| {
        data.draw(Part::Training, &mut streams.at(Purpose::Data, 0, 0), &mut out);
    });
}
