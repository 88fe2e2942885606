//! The program of the README: keypoints of a picture, printed.

use sapiens::engine::{Engine, LoadOptions, ModelSource, Request};
use sapiens::image::Image;

fn main() -> sapiens::Result<()> {
    let models = [ModelSource::Demo]; // or ModelSource::Path("sapiens2_0.4b_pose.safetensors".into())
    let engine = Engine::load(&models, &LoadOptions::default(), &mut |_, _, _| Ok(()))?;
    let result = engine.run(&Image::open("assets/standing.jpg")?, &Request::default())?;
    let names = &sapiens::skeleton::keypoints().names;
    for (name, k) in names.iter().zip(result.people[0].pose.iter().flatten()) {
        println!("{name} {:.1} {:.1} {:.2}", k.x, k.y, k.score);
    }
    Ok(())
}
