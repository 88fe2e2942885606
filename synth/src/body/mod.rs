//! People: proportions, the skeleton, poses, and the flesh around the bones.

pub mod face;
mod feet;
mod flesh;
mod gesture;
mod hands;
mod head;
mod landmarks;
pub mod look;
mod motion;
mod pose;
mod shape;
mod skeleton;

pub use flesh::{Figure, Parts, class as flesh_class, group};
pub use landmarks::{Landmark, Reach};
pub use look::Look;
pub use motion::{Motion, Performance};
pub use pose::{Family, Pose};
pub use shape::Shape;
pub use skeleton::{FINGERS, Joint, Posed, Side};
