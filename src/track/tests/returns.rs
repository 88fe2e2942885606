//! Those who are hidden, leave and come back.

use super::*;

#[test]
fn somebody_who_walks_behind_something_comes_out_as_the_same() {
    let mut run = Run::new(|_| ());
    let mut last = TrackedFrame::default();
    for i in 0..60 {
        let x = 100.0 + 8.0 * i as f32;
        let is_hidden = (20..45).contains(&i); // 0.8 s, 200 pixels
        last = if is_hidden { run.detect(&[]) } else { run.detect(&[at(x, 300.0)]) };
        if is_hidden {
            let expected = last.tracks[0].estimate.x;
            assert_eq!(last.tracks[0].state, Lost);
            assert!((expected - x).abs() < 60.0, "{expected} instead of {x}");
        }
    }
    assert_eq!((ids(&last), states(&last)), (vec![1], vec![Confirmed]));
    assert!((last.tracks[0].velocity[0] - 240.0).abs() < 15.0, "{:?}", last.tracks[0].velocity);
}

#[test]
fn somebody_who_stops_behind_something_is_recovered() {
    let mut run = Run::new(|_| ());
    for i in 0..20 {
        run.detect(&[at(100.0 + 8.0 * i as f32, 300.0)]);
    }
    for _ in 0..15 {
        run.detect(&[]);
    }
    assert_eq!(ids(&run.detect(&[at(270.0, 300.0)])), [1]);
}

#[test]
fn who_comes_back_where_they_left_is_the_same_and_elsewhere_is_not() {
    for (comes_back, memory_s, expected) in
        [(at(860.0, 300.0), 5, vec![1, 2]), (at(300.0, 300.0), 5, vec![2, 3]), (at(860.0, 300.0), 0, vec![2, 3])]
    {
        let mut run = Run::new(|o| o.memory = Duration::from_secs(memory_s));
        for i in 0..30 {
            run.detect(&[at(700.0 + 8.0 * i as f32, 300.0), at(100.0, 300.0)]);
        }
        for _ in 0..60 {
            run.detect(&[at(100.0, 300.0)]);
        }
        assert_eq!(ids(&run.detect(&[at(100.0, 300.0), comes_back])), expected, "{comes_back:?} {memory_s}");
    }
}

#[test]
fn looks_tell_who_comes_back() {
    let (red, blue) = ([1.0, 0.1, 0.0], [0.0, 0.2, 1.0]);
    for (looks, expected) in [(red, 1), (blue, 2)] {
        let mut run = Run::new(|_| ());
        let person = |b| [Observation::detected(b, 0.9).with_appearance(&red)];
        run.frame(true, &person(at(100.0, 300.0)));
        for _ in 0..60 {
            run.detect(&[]);
        }
        // Far from where it vanished.
        let back = [Observation::detected(at(800.0, 100.0), 0.9).with_appearance(&looks)];
        assert_eq!(ids(&run.frame(true, &back)), [expected]);
    }
}

#[test]
fn a_false_box_does_not_use_up_what_is_remembered() {
    let mut run = Run::new(|_| ());
    let stays = at(100.0, 300.0);
    for i in 0..30 {
        run.detect(&[at(700.0 + 8.0 * i as f32, 300.0), stays]);
    }
    (0..50).for_each(|_| drop(run.detect(&[stays])));
    let frame = run.detect(&[stays, at(800.0, 300.0)]);
    assert_eq!((ids(&frame), frame.tracks[0].state), (vec![1, 2], Tentative), "perhaps");
    (0..4).for_each(|_| drop(run.detect(&[stays])));
    // Here it really comes.
    let frame = run.detect(&[stays, at(900.0, 300.0)]);
    assert_eq!((ids(&frame), frame.tracks[0].state), (vec![1, 2], Tentative));
    assert_eq!(states(&run.detect(&[stays, at(895.0, 300.0)])), [Confirmed, Confirmed]);
}
