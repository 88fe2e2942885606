//! Fine-tuned models: other numbers of keypoints and classes than the official ones.

use crate::labelled::{MapWriter, SIZE, folder};
use crate::support::{Ran, Sandbox, json};
use testkit::{Dtype, Spec, Tensor, make_checkpoint, write_safetensors};

/// A small checkpoint whose last layer has `outputs` channels instead of the official number.
fn checkpoint(sandbox: &Sandbox, task: &str, outputs: usize) -> String {
    let mut spec = Spec::tiny(task, 5);
    spec.layers = 2;
    let predictor = format!("decode_head.conv_{task}.");
    let with_outputs = |tensor: Tensor| {
        if !tensor.name.starts_with(&predictor) {
            return tensor;
        }
        let row = tensor.data.len() / tensor.shape[0];
        let data = tensor.data.iter().copied().cycle().take(row * outputs).collect();
        Tensor { shape: [&[outputs], &tensor.shape[1..]].concat(), data, name: tensor.name }
    };
    let tensors: Vec<Tensor> = make_checkpoint(&spec).into_iter().map(with_outputs).collect();
    let name = format!("{task}{outputs}.safetensors");
    write_safetensors(sandbox.path(&name), &tensors, Dtype::F32, &[]);
    name
}

#[test]
fn four_keypoints_are_numbered_and_drawn() {
    let sandbox = Sandbox::new();
    sandbox.picture("a.jpg");
    let model = checkpoint(&sandbox, "pose", 4);
    let args = ["run", "a.jpg", "--model", &model, "--input-size", "128x96", "--out", "o", "--threshold=0"];
    sandbox.ok(&args);
    let document: serde_json::Value =
        serde_json::from_slice(&std::fs::read(sandbox.path("o/a.json")).unwrap()).unwrap();
    let keypoints = document["persons"][0]["keypoints"].as_array().unwrap();
    let names: Vec<_> = keypoints.iter().map(|k| k["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["keypoint_0", "keypoint_1", "keypoint_2", "keypoint_3"]);
    assert!(sandbox.path("o/a_pose.png").is_file());
    let ran = Ran::of(&mut sandbox.command(&[&args[..], &["--flip-test"]].concat()));
    ran.assert_one_error(&["flip test", "4 keypoints", "308"]);
}

#[test]
fn forty_classes_have_colours() {
    let sandbox = Sandbox::new();
    sandbox.picture("a.jpg");
    let model = checkpoint(&sandbox, "seg", 40);
    sandbox.ok(&["run", "a.jpg", "--model", &model, "--input-size", "128x96", "--out", "o", "--save", "png,npy"]);
    assert!(sandbox.path("o/a_seg.png").is_file() && sandbox.path("o/a_seg.npy").is_file());
}

#[test]
fn other_keypoints_and_classes_cannot_be_compared_with_labels() {
    let sandbox = Sandbox::new();
    folder(&sandbox);
    let mut writer = MapWriter::new(&sandbox, "a");
    writer.classes(&vec![1; SIZE.area()]);
    writer.person(vec![serde_json::json!([200, 300, 2]); 308].into());
    writer.write();
    let pose = checkpoint(&sandbox, "pose", 4);
    let seg = checkpoint(&sandbox, "seg", 40);
    let eval = |model: &str| sandbox.command(&["eval", "--data", "d", "--model", model, "--input-size", "128x96"]);
    Ran::of(&mut eval(&pose)).assert_one_error(&["4 keypoints", "308", "a.json"]);
    Ran::of(&mut eval(&seg)).assert_one_error(&["40 classes", "29", "a.json"]);
}

/// Of 17 and 133 keypoints what the 308 labelled ones have too; the 28 classes by their names.
#[test]
fn sets_of_sapiens_v1_are_compared_by_what_they_share() {
    let sandbox = Sandbox::new();
    folder(&sandbox);
    let mut writer = MapWriter::new(&sandbox, "a");
    writer.classes(&vec![1; SIZE.area()]);
    writer.person(vec![serde_json::json!([200, 300, 2]); 308].into());
    writer.write();
    for (task, outputs, shared) in [("pose", 17, 17), ("pose", 133, 83), ("seg", 28, SIZE.area())] {
        let model = checkpoint(&sandbox, task, outputs);
        let file = format!("{task}{outputs}.json");
        sandbox.ok(&["eval", "--data", "d", "--model", &model, "--input-size", "128x96", "--json", &file]);
        let scores = &json(&sandbox.path(&file))["scores"][task];
        if task == "pose" {
            assert_eq!(
                (&scores["keypoints"], &scores["error"]["all"]["visible_keypoints"]),
                (&shared.into(), &shared.into())
            );
            assert_eq!(scores["error"]["body"]["visible_keypoints"], 17);
        } else {
            assert_eq!(scores["pixels"], shared);
        }
        // Drawn and named, and flip-tested.
        let run =
            ["run", "a.jpg", "--model", &model, "--input-size", "128x96", "--out", "o", "--threshold=0", "--flip-test"];
        sandbox.picture("a.jpg");
        sandbox.ok(&run);
        assert!(sandbox.path(&format!("o/a_{task}.png")).is_file());
        if task == "pose" {
            let name = json(&sandbox.path("o/a.json"))["persons"][0]["keypoints"][outputs - 1]["name"].clone();
            assert_eq!(name, if outputs == 17 { "right_ankle" } else { "right_pinky_finger4" });
        }
    }
}
