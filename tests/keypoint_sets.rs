//! `docs/keypoints.md` lists which keypoint of one set is which of another, as the library says it.
//! `SAPIENS_UPDATE=1 cargo test --test keypoint_sets` writes the table. And the sets are drawn.

use sapiens::export::picture::Picture;
use sapiens::geometry::Size;
use sapiens::render::Style;
use sapiens::skeleton::{KEYPOINT_COUNTS, keypoint_counterpart, keypoint_set, keypoints};
use sapiens::task::pose::Keypoint;
use std::fmt::Write;

const BEGIN: &str = "<!-- table: tests/keypoint_sets.rs -->\n";
const END: &str = "<!-- end of table -->";

/// A row for every place that two sets or more have, in the order of 133, which has them all but the wrists' second names.
fn table() -> String {
    let mut text = String::from("| 133 | name there | 308 | name there | 17 |\n|---|---|---|---|---|\n");
    let name = |set: usize, index: usize| keypoint_set(set).unwrap().names[index];
    for index in 0..133 {
        let (dense, coco) = (keypoint_counterpart(133, index, 308), keypoint_counterpart(133, index, 17));
        let Some(dense) = dense else {
            assert_eq!(coco, None, "what 17 has, 308 has");
            continue;
        };
        let other = name(308, dense);
        let other = if other == name(133, index) { "the same".to_owned() } else { format!("`{other}`") };
        let coco = coco.map_or("-".to_owned(), |i| i.to_string());
        writeln!(text, "| {index} | `{}` | {dense} | {other} | {coco} |", name(133, index)).unwrap();
    }
    text
}

#[test]
fn the_documentation_has_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/keypoints.md");
    let text = std::fs::read_to_string(path).unwrap().replace("\r\n", "\n");
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (found, after) = rest.split_once(END).unwrap();
    let expected = table();
    if std::env::var_os("SAPIENS_UPDATE").is_some() {
        std::fs::write(path, format!("{before}{BEGIN}{expected}{END}{after}")).unwrap();
        return;
    }
    assert_eq!(found, expected, "SAPIENS_UPDATE=1 writes it");
    // What it says about the rest, in words.
    let without = |from: usize, to: usize| (0..from).filter(|&i| keypoint_counterpart(from, i, to).is_none()).count();
    for (from, to) in [(308, 133), (308, 17), (133, 308), (133, 17)] {
        let said = format!("{from} to {to}: {} of {from}", from - without(from, to));
        assert!(text.contains(&said), "docs/keypoints.md does not say `{said}`");
    }
    assert_eq!((without(17, 133), without(17, 308)), (0, 0));
}

/// A figure on which points of the same place lie at the same place, whatever the set.
fn figure(set: usize) -> Vec<Keypoint> {
    let place = |i: usize| {
        let at = keypoint_counterpart(set, i, 308).unwrap_or(i) as f32;
        Keypoint { x: 20.0 + (at * 37.0) % 160.0, y: 20.0 + (at * 53.0) % 160.0, score: 0.9 }
    };
    (0..set).map(place).collect()
}

#[test]
fn every_set_is_drawn_with_its_links_and_colours() {
    let (size, style) = (Size::new(200, 200), Style::new(0.3));
    let black = vec![0; 3 * size.area()];
    let picture = Picture::new(size, &black).unwrap();
    for count in KEYPOINT_COUNTS {
        let set = keypoint_set(count).unwrap();
        let pose = figure(count);
        let drawn = style.skeletons(picture, &[&pose]).unwrap();
        // In the middle of a line alone: its colour, or one that lies over it.
        let lit = set.links.iter().filter(|link| {
            let (a, b) = (pose[link.from], pose[link.to]);
            let (x, y) = (((a.x + b.x) / 2.0).round() as usize, ((a.y + b.y) / 2.0).round() as usize);
            drawn[3 * (y * size.width + x)..][..3] != [0, 0, 0]
        });
        assert_eq!(lit.count(), set.links.len(), "{count}");
    }
    // A set without names is drawn as white points without lines.
    let pose = &figure(17)[..5];
    let drawn = style.skeletons(picture, &[pose]).unwrap();
    assert!(drawn.as_chunks::<3>().0.iter().all(|[r, g, b]| r == g && g == b) && drawn.iter().any(|v| *v > 200));
    assert_eq!(keypoints().names.len(), 308);
}
